//! From a created Job to its report: by the controller, and by a bare client that watches Jobs and applies
//! the same report to each.
//!
//! The two take turns in blocks. While it is the bare client's, the controller is frozen; the Jobs of the bare
//! client are in a namespace of their own, which is all that it watches.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use jobrisk::api::report::JobRiskReport;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::cluster::{self, Cluster};
use crate::controller::Controller;
use crate::numbers::{Line, Wanted, quantile, ratio};
use crate::sizes::Sizes;
use crate::watched::NewReports;
use crate::workloads::{What, job};

const BLOCK: usize = 20;
const OURS: &str = "ours";
const BARE: &str = "bare";
/// What is in flight at the end of a block ends.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let (cluster, jobs) = (&Cluster::start(), sizes.jobs);
    cluster.create_namespace(OURS);
    cluster.create_namespace(BARE);
    let controller = Controller::start(cluster.kubeconfig());
    controller.ready();
    let (ours, bare) = cluster.block_on(take_turns(cluster, &controller, jobs));
    controller.stop();

    let unit = quantile(&bare, 50);
    [(50, "median", Wanted::AtMost(1.5)), (99, "p99", Wanted::AtMost(1.5)), (100, "max", Wanted::Nothing)]
        .map(|(percent, name, wanted)| {
            let (ours, bare) = (quantile(&ours, percent), quantile(&bare, percent));
            let what = format!("created to reported / bare client: {name} of {jobs}");
            let medians = format!("{:.2} / {:.2} medians", ratio(ours, unit), ratio(bare, unit));
            Line::new(what, ratio(ours, bare), "", wanted).with(&medians)
        })
        .into()
}

async fn take_turns(
    cluster: &Cluster,
    controller: &Controller,
    jobs: usize,
) -> (Vec<Duration>, Vec<Duration>) {
    let mut creator = Creator::new(cluster, NewReports::watch(cluster).await);
    // Not counted: the first of each are slower, and the bare client needs a report to copy.
    let mut warm_up = Vec::new();
    creator.create(OURS, "job-", BLOCK, &mut warm_up).await;
    let copied: Api<JobRiskReport> = Api::namespaced(cluster.admin(), OURS);
    let client = BareClient::start(cluster.kubeconfig(), &copied.get("job-0").await.unwrap());

    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for turn in 0.. {
        let block = if turn == 0 { BLOCK } else { BLOCK.min(jobs - bare.len()) };
        if block == 0 {
            break;
        }
        controller.freeze();
        let times = if turn == 0 { &mut warm_up } else { &mut bare };
        let created = creator.create(BARE, "bare-", block, times).await;
        tokio::time::sleep(PAUSE).await;
        controller.thaw();
        creator.seen(BARE, created.iter().map(|job| format!("job-{job}")).collect()).await;
        tokio::time::sleep(PAUSE).await;
        if turn > 0 {
            creator.create(OURS, "job-", block, &mut ours).await;
            tokio::time::sleep(PAUSE).await;
        }
    }
    client.stop();
    (ours, bare)
}

/// Creates Jobs one after another, each when the report on the one before is seen.
struct Creator<'a> {
    cluster: &'a Cluster,
    reports: NewReports,
    count: usize,
}

impl<'a> Creator<'a> {
    fn new(cluster: &'a Cluster, reports: NewReports) -> Self {
        Self { cluster, reports, count: 0 }
    }

    async fn create(
        &mut self,
        namespace: &str,
        report: &str,
        jobs: usize,
        times: &mut Vec<Duration>,
    ) -> Vec<String> {
        let api: Api<Job> = Api::namespaced(self.cluster.admin(), namespace);
        let mut created = Vec::new();
        for _ in 0..jobs {
            let name = self.count.to_string();
            self.count += 1;
            api.create(&PostParams::default(), &job(&name, What::Build)).await.unwrap();
            let start = Instant::now();
            self.seen(namespace, vec![format!("{report}{name}")]).await;
            times.push(start.elapsed());
            created.push(name);
        }
        created
    }

    /// Waits until each of these reports was in the watch.
    async fn seen(&mut self, namespace: &str, mut names: Vec<String>) {
        while !names.is_empty() {
            let (seen_in, seen) =
                self.reports.next().await.unwrap_or_else(|| panic!("no report {names:?} in {namespace}"));
            if seen_in == namespace {
                names.retain(|name| *name != seen);
            }
        }
    }
}

/// The least that can be done: a watch without a cache, and one apply for each Job that is added.
struct BareClient {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl BareClient {
    fn start(kubeconfig: &Path, report: &JobRiskReport) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (open, opened) = mpsc::channel();
        let (kubeconfig, report): (PathBuf, _) = (kubeconfig.into(), cluster::like(report, ""));
        let thread = thread::spawn(move || {
            cluster::runtime().block_on(async {
                tokio::select! {
                    () = react(&kubeconfig, report, &open) => panic!("the watch of the bare client ended"),
                    _ = stopped => {}
                }
            });
        });
        opened.recv().unwrap();
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

async fn react(kubeconfig: &Path, mut report: Value, open: &mpsc::Sender<()>) {
    let client = cluster::client(kubeconfig).await;
    let api: Api<Job> = Api::namespaced(client.clone(), BARE);
    let from = api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let mut jobs = pin!(api.watch(&WatchParams::default(), &from).await.unwrap());
    open.send(()).unwrap();
    while let Some(event) = jobs.next().await {
        let WatchEvent::Added(Job { metadata: job, .. }) = event.unwrap() else { continue };
        report["metadata"]["name"] = json!(format!("bare-{}", job.name.as_ref().unwrap()));
        report["metadata"]["namespace"] = json!(BARE);
        for reference in ["/metadata/ownerReferences/0", "/spec/subject"] {
            let reference = report.pointer_mut(reference).unwrap();
            reference["name"] = json!(job.name);
            reference["uid"] = json!(job.uid);
        }
        cluster::apply(&client, &report).await;
    }
}
