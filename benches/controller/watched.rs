//! The reports as they come, seen by a watch.

use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use jobrisk::api::report::JobRiskReport;
use kube::Api;
use kube::api::{ListParams, PartialObjectMeta, WatchEvent, WatchParams};

use crate::cluster::Cluster;

/// More than any report ever takes.
const LIMIT: Duration = Duration::from_secs(60);

type Events = Pin<Box<dyn Stream<Item = kube::Result<WatchEvent<PartialObjectMeta<JobRiskReport>>>>>>;

/// The reports that are new from now on.
pub(crate) struct NewReports {
    api: Api<JobRiskReport>,
    /// The resourceVersion of what was last seen.
    from: String,
    events: Events,
}

impl NewReports {
    pub(crate) async fn watch(cluster: &Cluster) -> Self {
        let api: Api<JobRiskReport> = Api::all(cluster.admin());
        let page = ListParams::default().limit(1);
        let from = api.list_metadata(&page).await.unwrap().metadata.resource_version.unwrap();
        let events = open(&api, &from).await;
        Self { api, from, events }
    }

    /// Namespace and name of the next; `None` when none comes for a long time.
    pub(crate) async fn next(&mut self) -> Option<(String, String)> {
        self.next_within(LIMIT).await
    }

    pub(crate) async fn next_within(&mut self, limit: Duration) -> Option<(String, String)> {
        let next = async {
            loop {
                let Some(event) = self.events.next().await else {
                    // After a time, and when anything about the definition of reports changes.
                    self.events = open(&self.api, &self.from).await;
                    continue;
                };
                match event.unwrap() {
                    WatchEvent::Added(report) => {
                        let metadata = report.metadata;
                        self.from = metadata.resource_version.unwrap();
                        return (metadata.namespace.unwrap(), metadata.name.unwrap());
                    }
                    WatchEvent::Modified(report) | WatchEvent::Deleted(report) => {
                        self.from = report.metadata.resource_version.unwrap();
                    }
                    WatchEvent::Bookmark(_) => {}
                    WatchEvent::Error(status) => panic!("the watch of the bench failed: {status:?}"),
                }
            }
        };
        tokio::time::timeout(limit, next).await.ok()
    }
}

async fn open(api: &Api<JobRiskReport>, from: &str) -> Events {
    Box::pin(api.watch_metadata(&WatchParams::default(), from).await.unwrap())
}
