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
pub(crate) struct NewReports(Events);

impl NewReports {
    pub(crate) async fn watch(cluster: &Cluster) -> Self {
        let api: Api<JobRiskReport> = Api::all(cluster.admin());
        let page = ListParams::default().limit(1);
        let from = api.list_metadata(&page).await.unwrap().metadata.resource_version.unwrap();
        Self(Box::pin(api.watch_metadata(&WatchParams::default(), &from).await.unwrap()))
    }

    /// Namespace and name of the next; `None` when none comes for a long time.
    pub(crate) async fn next(&mut self) -> Option<(String, String)> {
        self.next_within(LIMIT).await
    }

    pub(crate) async fn next_within(&mut self, limit: Duration) -> Option<(String, String)> {
        let next = async {
            loop {
                let event = self.0.next().await.expect("the watch of the bench ended").unwrap();
                if let WatchEvent::Added(report) = event {
                    let metadata = report.metadata;
                    return (metadata.namespace.unwrap(), metadata.name.unwrap());
                }
            }
        };
        tokio::time::timeout(limit, next).await.ok()
    }
}
