//! The first start in a cluster where nothing has a report yet, next to a loop that only applies: the same
//! reports, ready-made, as many at one time.

use futures::{StreamExt as _, stream};
use jobrisk::api::report::JobRiskReport;
use kube::Api;
use kube::api::ListParams;
use serde_json::Value;

use crate::cluster::{self, AT_ONE_TIME, Cluster, timed};
use crate::controller::Controller;
use crate::numbers::{Line, of_rounds};

pub(crate) const NAMESPACE: &str = "load";

/// `present` of the workloads are there already.
pub(crate) fn measure(cluster: &Cluster, present: usize, workloads: usize, rounds: usize) -> [Line; 2] {
    cluster.create_jobs(NAMESPACE, present..workloads);
    let (mut ours, mut bare, mut peak_kib) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        cluster.delete_reports(NAMESPACE);
        let controller = Controller::start(cluster.kubeconfig());
        ours.push(controller.wrote(workloads));
        peak_kib = peak_kib.max(controller.peak_kib());
        controller.stop();
        let reports = copies(cluster);
        assert_eq!(reports.len(), workloads);
        cluster.delete_reports(NAMESPACE);
        bare.push(cluster.block_on(timed(apply_all(cluster, &reports))));
    }
    let line = Line {
        what: format!("bare applies / first sync of {workloads}, {AT_ONE_TIME} at one time"),
        measured: of_rounds(&bare, &ours),
        goal: ">= 0.85".to_owned(),
    };
    [line, Line::memory(&format!("first sync of {workloads}"), peak_kib, workloads)]
}

fn copies(cluster: &Cluster) -> Vec<Value> {
    let api: Api<JobRiskReport> = Api::namespaced(cluster.admin(), NAMESPACE);
    let reports = cluster.block_on(api.list(&ListParams::default())).unwrap();
    let name = |report: &JobRiskReport| format!("bare-{}", report.spec.subject.name);
    reports.items.iter().map(|report| cluster::like(report, &name(report))).collect()
}

async fn apply_all(cluster: &Cluster, reports: &[Value]) {
    let client = cluster::client(cluster.kubeconfig()).await;
    stream::iter(reports)
        .map(|report| cluster::apply(&client, report))
        .buffer_unordered(AT_ONE_TIME)
        .for_each(|()| async {})
        .await;
}
