//! Jobs that are deleted 200 ms after they were created, 20 a second. Their reports go with them: they are seen by a
//! watch.

use std::collections::HashSet;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use tokio::time::{interval, sleep};

use crate::cluster::Cluster;
use crate::controller::Controller;
use crate::numbers::{Line, Wanted, number};
use crate::sizes::Sizes;
use crate::watched::NewReports;
use crate::workloads::{What, job};

const NAMESPACE: &str = "short";
const LIFE: Duration = Duration::from_millis(200);
const PACE: Duration = Duration::from_millis(50);
/// After this time without a report no other comes.
const SILENCE: Duration = Duration::from_secs(10);

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let cluster = Cluster::start();
    cluster.create_namespace(NAMESPACE);
    let controller = Controller::start(cluster.kubeconfig());
    controller.ready();
    let jobs = sizes.short_lived;
    let reported = cluster.block_on(create_and_delete(&cluster, jobs));
    controller.stop();
    let share = number(reported) / number(jobs) * 100.0;
    let what =
        format!("Jobs that live {} ms, {} a second: reported", LIFE.as_millis(), 1000 / PACE.as_millis());
    vec![Line::new(what, share, " %", Wanted::AtLeast(99.9)).with(&format!("{reported} of {jobs}"))]
}

async fn create_and_delete(cluster: &Cluster, jobs: usize) -> usize {
    let mut reports = NewReports::watch(cluster).await;
    let live = async {
        let api: Api<Job> = Api::namespaced(cluster.admin(), NAMESPACE);
        let (mut ticks, mut lives) = (interval(PACE), FuturesUnordered::new());
        let mut begun = 0;
        while begun < jobs || !lives.is_empty() {
            tokio::select! {
                _ = ticks.tick(), if begun < jobs => {
                    let (api, name) = (&api, begun.to_string());
                    begun += 1;
                    lives.push(async move {
                        api.create(&PostParams::default(), &job(&name, What::Build)).await.unwrap();
                        sleep(LIFE).await;
                        api.delete(&name, &DeleteParams::background()).await.unwrap();
                    });
                }
                Some(()) = lives.next() => {}
            }
        }
    };
    let watch = async {
        let mut seen = HashSet::new();
        while seen.len() < jobs
            && let Some((_, report)) = reports.next_within(SILENCE).await
        {
            seen.insert(report);
        }
        seen.len()
    };
    tokio::join!(live, watch).1
}
