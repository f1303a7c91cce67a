//! One namespace gets 100 Jobs a second, every tenth of them risky; meanwhile Jobs come one by one in another.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::{self, FuturesUnordered};
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::PostParams;
use tokio::time::{MissedTickBehavior, interval};

use crate::cluster::Cluster;
use crate::controller::Controller;
use crate::numbers::{Line, Wanted, number, quantile};
use crate::sizes::Sizes;
use crate::watched::NewReports;
use crate::workloads::{What, job};

const FLOODED: &str = "flooded";
const CALM: &str = "calm";
/// Jobs a second in the flooded namespace.
const RATE: usize = 100;
/// The time between two Jobs in the calm one.
const CALM_PACE: Duration = Duration::from_millis(200);

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let cluster = Cluster::start();
    for namespace in [FLOODED, CALM] {
        cluster.create_namespace(namespace);
    }
    let controller = Controller::start(cluster.kubeconfig());
    controller.ready();
    let seconds = sizes.flood_seconds;
    let (flood, took, calm, seen) = cluster.block_on(flood(&cluster, seconds * RATE));
    controller.stop();

    let delays: Vec<Duration> = calm
        .iter()
        .filter_map(|(job, created)| {
            Some(seen.get(&(CALM.to_owned(), job.clone()))?.duration_since(*created))
        })
        .collect();
    let reported = seen.keys().filter(|(namespace, _)| namespace == FLOODED).count();
    let delay = |percent| quantile(&delays, percent).as_secs_f64();
    let rate = number(flood) / took.as_secs_f64();
    vec![
        Line::new(
            "another namespace: created to reported, p99".to_owned(),
            delay(99),
            " s",
            Wanted::AtMost(5.0),
        )
        .with(&format!("median {:.3} s", delay(50))),
        Line::count(
            format!("another namespace: of {} Jobs without report", calm.len()),
            calm.len() - delays.len(),
            Wanted::Exactly(0.0),
        ),
        Line::count(
            format!("flooded, {rate:.0} Jobs a second: of {flood} without report"),
            flood - reported,
            Wanted::Exactly(0.0),
        ),
    ]
}

type Seen = HashMap<(String, String), Instant>;

/// Jobs created in the flooded namespace and in what time; those in the calm one; and when reports were seen.
async fn flood(cluster: &Cluster, jobs: usize) -> (usize, Duration, Vec<(String, Instant)>, Seen) {
    let mut reports = NewReports::watch(cluster).await;
    let start = Instant::now();
    let flood = async {
        let api: Api<Job> = Api::namespaced(cluster.admin(), FLOODED);
        let mut ticks = interval(Duration::from_secs(1) / u32::try_from(RATE).unwrap());
        // What is late is made up for, so that the rate holds.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut creating = FuturesUnordered::new();
        for number in 0..jobs {
            ticks.tick().await;
            let (api, what) = (&api, if number % 10 == 9 { What::ReverseShell } else { What::Build });
            creating.push(async move {
                api.create(&PostParams::default(), &job(&number.to_string(), what)).await.unwrap();
            });
            while creating.len() > 32 {
                creating.next().await;
            }
        }
        creating.for_each(|()| async {}).await;
        start.elapsed()
    };
    let calm = async {
        let api: Api<Job> = Api::namespaced(cluster.admin(), CALM);
        let count = jobs * 1000 / RATE / usize::try_from(CALM_PACE.as_millis()).unwrap();
        let created = stream::unfold(interval(CALM_PACE), |mut ticks| async {
            ticks.tick().await;
            Some(((), ticks))
        });
        let created = created.take(count).enumerate().then(|(number, ())| {
            let api = &api;
            async move {
                let job = job(&number.to_string(), What::Build);
                api.create(&PostParams::default(), &job).await.unwrap();
                (format!("job-{number}"), Instant::now())
            }
        });
        created.collect::<Vec<_>>().await
    };
    let expected = jobs + jobs * 1000 / RATE / usize::try_from(CALM_PACE.as_millis()).unwrap();
    let watch = async {
        let mut seen = Seen::new();
        while seen.len() < expected
            && let Some(report) = reports.next().await
        {
            seen.insert(report, Instant::now());
        }
        seen
    };
    let (took, calm, seen) = tokio::join!(flood, calm, watch);
    (jobs, took, calm, seen)
}
