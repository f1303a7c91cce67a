//! A start at which every report is there already: what is written, and how long it takes next to the bare
//! lists.

use jobrisk::api::report::JobRiskReport;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::Resource;
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;

use crate::cluster::{self, Cluster, settle, timed};
use crate::controller::Controller;
use crate::numbers::{Line, of_rounds};
use crate::sync::NAMESPACE;

/// The controller's own.
const PAGE_SIZE: u32 = 100;

pub(crate) fn measure(cluster: &Cluster, reports: usize, rounds: usize) -> [Line; 3] {
    cluster.create_namespace(NAMESPACE);
    cluster.create_jobs(NAMESPACE, 0..reports);
    let first = Controller::start(cluster.kubeconfig());
    first.wrote(reports);
    first.stop();
    settle();

    let before = cluster.writes();
    let (mut ours, mut bare, mut peak_kib) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let controller = Controller::start(cluster.kubeconfig());
        ours.push(controller.ready());
        settle();
        peak_kib = peak_kib.max(controller.peak_kib());
        controller.stop();
        bare.push(cluster.block_on(timed(list(cluster))));
        settle();
    }
    let writes = cluster.writes() - before;
    [
        Line {
            what: format!("{rounds} restarts with {reports} reports, writes"),
            measured: format!("{writes:.0}"),
            goal: "0".to_owned(),
        },
        Line {
            what: "start to ready / bare lists".to_owned(),
            measured: of_rounds(&ours, &bare),
            goal: "<= 1.20".to_owned(),
        },
        Line::memory(&format!("restart with {reports} reports"), peak_kib, reports),
    ]
}

/// What the controller has to list, from a kubeconfig on; nothing is decoded but where the next page is.
async fn list(cluster: &Cluster) {
    let client = cluster::client(cluster.kubeconfig()).await;
    let client = &client;
    let pages = |url: String, metadata: bool| async move {
        let mut params = ListParams::default().limit(PAGE_SIZE);
        loop {
            let request = Request::new(url.as_str());
            let request = if metadata { request.list_metadata(&params) } else { request.list(&params) };
            let text = client.request_text(request.unwrap()).await.unwrap();
            match serde_json::from_str::<Page>(&text).unwrap().metadata.next {
                Some(token) if !token.is_empty() => params = params.continue_token(&token),
                _ => return,
            }
        }
    };
    pages(JobRiskReport::url_path(&(), None), true).await;
    tokio::join!(pages(Job::url_path(&(), None), false), pages(CronJob::url_path(&(), None), false));
}

#[derive(Deserialize)]
struct Page {
    metadata: PageMetadata,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}
