//! The first start in a cluster where nothing has a report yet, next to a loop that only applies: the same
//! reports, ready-made, as many at one time.

use futures::{StreamExt as _, stream};
use jobrisk::api::report::JobRiskReport;
use serde_json::Value;

use crate::cluster::{self, AT_ONE_TIME, Cluster, timed};
use crate::controller::Controller;
use crate::numbers::{Line, Wanted};
use crate::sizes::Sizes;

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let Sizes { workloads, rounds, .. } = *sizes;
    let cluster = Cluster::start();
    cluster.create_many(workloads);
    let (mut ours, mut bare, mut peak_kib) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let controller = Controller::start(cluster.kubeconfig());
        ours.push(controller.wrote(workloads));
        peak_kib = peak_kib.max(controller.peak_kib());
        controller.stop();
        let reports = copies(&cluster);
        assert_eq!(reports.len(), workloads);
        cluster.delete_reports();
        bare.push(cluster.block_on(timed(apply_all(&cluster, &reports))));
        cluster.delete_reports();
    }
    let what = format!("bare applies / first sync of {workloads}, {AT_ONE_TIME} at one time");
    vec![
        Line::of_rounds(what, &bare, &ours, Wanted::AtLeast(0.85)),
        Line::memory("first sync", peak_kib, workloads),
    ]
}

fn copies(cluster: &Cluster) -> Vec<Value> {
    let name = |report: &JobRiskReport| format!("bare-{}", report.spec.subject.name);
    cluster.reports().iter().map(|report| cluster::like(report, &name(report))).collect()
}

async fn apply_all(cluster: &Cluster, reports: &[Value]) {
    let client = cluster::client(cluster.kubeconfig()).await;
    stream::iter(reports)
        .map(|report| cluster::apply(&client, report))
        .buffer_unordered(AT_ONE_TIME)
        .for_each(|()| async {})
        .await;
}
