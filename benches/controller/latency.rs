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

use futures::{Stream, StreamExt as _};
use jobrisk::api::report::JobRiskReport;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::{ListParams, PartialObjectMeta, PostParams, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::cluster::{self, Cluster};
use crate::controller::Controller;
use crate::numbers::{Line, quantile, ratio};

const BLOCK: usize = 20;
const OURS: &str = "ours";
const BARE: &str = "bare";
/// What is in flight at the end of a block ends.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn measure(cluster: &Cluster, jobs: usize) -> Vec<Line> {
    cluster.create_namespace(OURS);
    cluster.create_namespace(BARE);
    let controller = Controller::start(cluster.kubeconfig());
    controller.ready();
    let (ours, bare) = cluster.block_on(take_turns(cluster, &controller, jobs));
    controller.stop();

    let goals = [(50, "median", "<= 1.50"), (99, "p99", "<= 1.50"), (100, "max", "-")];
    let unit = quantile(&bare, 50);
    goals
        .map(|(percent, name, goal)| {
            let (ours, bare) = (quantile(&ours, percent), quantile(&bare, percent));
            let both = format!("({:.2} / {:.2})", ratio(ours, unit), ratio(bare, unit));
            Line {
                what: format!("created to reported, {name} of {jobs} (in bare medians)"),
                measured: format!("{:.2} {both}", ratio(ours, bare)),
                goal: goal.to_owned(),
            }
        })
        .into()
}

async fn take_turns(
    cluster: &Cluster,
    controller: &Controller,
    jobs: usize,
) -> (Vec<Duration>, Vec<Duration>) {
    let mut creator = Creator::new(cluster, open_watch(cluster).await);
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

type Reports =
    std::pin::Pin<Box<dyn Stream<Item = kube::Result<WatchEvent<PartialObjectMeta<JobRiskReport>>>>>>;

async fn open_watch(cluster: &Cluster) -> Reports {
    let api: Api<JobRiskReport> = Api::all(cluster.admin());
    let from = api.list_metadata(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    Box::pin(api.watch_metadata(&WatchParams::default(), &from).await.unwrap())
}

/// Creates Jobs one after another, each when the report on the one before is seen.
struct Creator<'a> {
    cluster: &'a Cluster,
    reports: Reports,
    count: usize,
}

impl<'a> Creator<'a> {
    fn new(cluster: &'a Cluster, reports: Reports) -> Self {
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
            api.create(&PostParams::default(), &cluster::job(&name, false)).await.unwrap();
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
            let event = tokio::time::timeout(Duration::from_secs(30), self.reports.next()).await;
            let event = event.unwrap_or_else(|_| panic!("no report {names:?} in {namespace}"));
            if let WatchEvent::Added(report) = event.unwrap().unwrap()
                && report.metadata.namespace.as_deref() == Some(namespace)
            {
                names.retain(|name| report.metadata.name.as_ref() != Some(name));
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
