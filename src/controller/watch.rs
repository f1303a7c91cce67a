//! Watching Jobs and CronJobs through our own thin types.

use std::borrow::Cow;
use std::fmt;

use futures::{Stream, StreamExt as _};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::NamespaceResourceScope;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource};
use serde::{Deserialize, Deserializer};

use crate::workload::Kind;
use crate::workload::decode::Object;

/// Objects of one list page. A page is the most that is in memory of the objects themselves.
const PAGE_SIZE: u32 = 100;

/// After this many seconds the server ends a watch, and it is started again where it ended. Bounds how long a
/// dead connection goes unnoticed.
const WATCH_SECONDS: u32 = 60;

/// A Job or CronJob as the watch delivers it.
///
/// It implements [`Resource`] over the thin types, so that kube's watcher never decodes anything that a
/// workload's author could make undecodable.
#[derive(Clone)]
pub struct Watched {
    meta: ObjectMeta,
    /// The decoded object.
    pub object: Object,
}

impl fmt::Debug for Watched {
    /// Never prints the object: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Watched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Object::deserialize(deserializer)?;
        let mut meta = ObjectMeta::default();
        if let Some(read) = object.metadata.get() {
            meta.name = read.name.get().cloned();
            meta.namespace = read.namespace.get().cloned();
            meta.uid = read.uid.get().cloned();
            meta.resource_version = read.resource_version.get().cloned();
        }
        Ok(Self { meta, object })
    }
}

impl Resource for Watched {
    type DynamicType = Kind;
    type Scope = NamespaceResourceScope;

    fn kind(kind: &Kind) -> Cow<'_, str> {
        kind.as_str().into()
    }
    fn group(_: &Kind) -> Cow<'_, str> {
        "batch".into()
    }
    fn version(_: &Kind) -> Cow<'_, str> {
        "v1".into()
    }
    fn plural(kind: &Kind) -> Cow<'_, str> {
        kind.plural().into()
    }
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

/// What the watch of a kind has to say.
pub type Event = Result<watcher::Event<Watched>, watcher::Error>;

/// The endless stream of events of one kind in all namespaces: a list in pages, then a watch, again after errors
/// with a growing, jittered delay.
pub fn watch(client: Client, kind: Kind) -> impl Stream<Item = (Kind, Event)> + Send {
    let api: Api<Watched> = Api::all_with(client, &kind);
    let config = watcher::Config::default().page_size(PAGE_SIZE).timeout(WATCH_SECONDS);
    watcher(api, config).default_backoff().map(move |event| (kind, event))
}
