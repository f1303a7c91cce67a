//! A day of a `CronJob` that runs every minute, in a hurry: each run is a Job as its controller makes it, and the three
//! newest stay. What is written of all that.

use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::cluster::Cluster;
use crate::controller::Controller;
use crate::numbers::{Line, Wanted};
use crate::sizes::Sizes;
use crate::support::proxy::Entry;
use crate::workloads::{What, job};

const NAMESPACE: &str = "runs";
const NAME: &str = "every-minute";
/// Runs that stay, as by the default of `successfulJobsHistoryLimit`.
const KEPT: usize = 3;

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let cluster = Cluster::start();
    cluster.create_namespace(NAMESPACE);
    let (proxy, kubeconfig) = cluster.counting_proxy();
    let controller = Controller::start(&kubeconfig);
    controller.ready();
    let runs = sizes.runs;
    cluster.block_on(run(&cluster, runs));
    controller.idle();
    let reports = cluster.reports().len();
    let writes = proxy.writes(0);
    let of =
        |resource: &str| writes.iter().filter(|entry: &&Entry| entry.request.resource == resource).count();
    controller.stop();
    vec![
        Line::count(format!("{runs} runs of a CronJob: reports"), reports, Wanted::Exactly(1.0)),
        Line::count(
            format!("{runs} runs of a CronJob: writes of reports"),
            of("jobriskreports"),
            Wanted::AtMost(2.0),
        ),
        Line::count(
            format!("{runs} runs of a CronJob: other writes"),
            writes.len() - of("jobriskreports"),
            Wanted::Nothing,
        )
        .with("the Event on the CronJob"),
    ]
}

async fn run(cluster: &Cluster, runs: usize) {
    let template = job(NAME, What::ReverseShell);
    let cron_job = json!({
        "metadata": { "name": NAME },
        // Suspended, so that nobody else makes runs.
        "spec": { "suspend": true, "schedule": "* * * * *", "jobTemplate": { "spec": template.spec } },
    });
    let cron_jobs: Api<CronJob> = Api::namespaced(cluster.admin(), NAMESPACE);
    let cron_job = serde_json::from_value(cron_job).unwrap();
    let uid = cron_jobs.create(&PostParams::default(), &cron_job).await.unwrap().metadata.uid.unwrap();
    let jobs: Api<Job> = Api::namespaced(cluster.admin(), NAMESPACE);
    let name = |run: usize| format!("{NAME}-{}", 29_000_000 + run);
    for run in 0..runs {
        let mut job = job(&name(run), What::ReverseShell);
        let owner = json!([{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": NAME, "uid": uid,
            "controller": true, "blockOwnerDeletion": true,
        }]);
        job.metadata.owner_references = serde_json::from_value(owner).unwrap();
        jobs.create(&PostParams::default(), &job).await.unwrap();
        let status = json!({ "status": { "lastScheduleTime": Timestamp::now().to_string() } });
        cron_jobs.patch_status(NAME, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
        if let Some(old) = run.checked_sub(KEPT) {
            jobs.delete(&name(old), &DeleteParams::background()).await.unwrap();
        }
    }
}
