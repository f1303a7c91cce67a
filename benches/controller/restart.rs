//! A start at which every report is there already: what is written, and how long it takes next to the bare
//! lists.

use jobrisk::api::report::JobRiskReport;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::Resource as _;

use crate::cluster::{self, Cluster, list_all, settle, timed};
use crate::controller::Controller;
use crate::numbers::{Line, Wanted};
use crate::sizes::Sizes;

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let (workloads, rounds) = (sizes.workloads, 3 * sizes.rounds);
    let cluster = Cluster::start();
    cluster.create_many(workloads);
    let first = Controller::start(cluster.kubeconfig());
    first.wrote(workloads);
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
        bare.push(cluster.block_on(timed(list(&cluster))));
        settle();
    }
    let writes = cluster.writes() - before;
    vec![
        Line::new(
            format!("{rounds} restarts with {workloads} reports: writes"),
            writes,
            "",
            Wanted::Exactly(0.0),
        ),
        Line::of_rounds("start to ready / bare lists".to_owned(), &ours, &bare, Wanted::AtMost(1.2)),
        Line::memory("restart", peak_kib, workloads),
    ]
}

/// What the controller has to list, from a kubeconfig on.
async fn list(cluster: &Cluster) {
    let client = &cluster::client(cluster.kubeconfig()).await;
    list_all(client, &JobRiskReport::url_path(&(), None)).await;
    let (jobs, cron_jobs) = (Job::url_path(&(), None), CronJob::url_path(&(), None));
    tokio::join!(list_all(client, &jobs), list_all(client, &cron_jobs));
}
