//! Following one kind of object for ever: kube's watcher, and what it lacks.
//!
//! kube's watcher resumes after an error from where it was, for ever, also where that can never work again. Here it is
//! thrown away and begun anew, with a list, after some failures in a row; the delay between failures grows, and shrinks
//! only when it has worked for a while, so that an API server in trouble is not listed in a loop.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::BoxStream;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::NamespaceResourceScope;
use kube::runtime::watcher;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::backoff;
use super::transport::{is_too_large, smaller_page};
use crate::workload::Kind;
use crate::workload::decode::{self, Object};
use crate::workload::stamps::Stamps;

/// Objects of one list page, unless they are large. A page is the most that is in memory of the objects themselves.
const PAGE_SIZE: u32 = 100;

/// After this many seconds the server ends a watch, and it is started again where it ended. Bounds how long a
/// dead connection goes unnoticed.
pub const WATCH_SECONDS: u32 = 60;

/// The delay after the first failure.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The longest delay after failures.
const LONGEST_DELAY: Duration = Duration::from_secs(20);
/// After this time without a failure the next one is a first one again.
const STEADY_AFTER: Duration = Duration::from_secs(45);
/// After this many failures in a row without an event between them, a list is made.
const FAILURES_TO_LIST: u32 = 3;

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

/// A resourceVersion as a number: the number that it is on every API server, or a hash.
pub fn version(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    })
}

impl Watched {
    /// Its resourceVersion, by which an object that has not changed is recognised.
    pub fn version(&self) -> u64 {
        version(self.meta.resource_version.as_deref().unwrap_or_default())
    }

    /// Its generation.
    pub fn generation(&self) -> i64 {
        self.metadata().and_then(|meta| meta.generation.get()).copied().unwrap_or_default()
    }

    /// Its creationTimestamp, which only the API server sets, as text.
    pub fn created(&self) -> &str {
        self.metadata().and_then(|meta| meta.creation_timestamp.get()).map_or("", String::as_str)
    }

    /// Who made and who changed it, by its annotations.
    pub fn stamps(&self) -> Stamps {
        let annotations = self.metadata().and_then(|meta| meta.annotations.get());
        annotations.map(|own| Stamps::of(&own.entries)).unwrap_or_default()
    }

    /// Whether the API server is about to remove it.
    pub fn is_dying(&self) -> bool {
        self.metadata().is_some_and(|meta| meta.deletion_timestamp.get().is_some())
    }

    fn metadata(&self) -> Option<&decode::ObjectMeta> {
        self.object.metadata.get().map(AsRef::as_ref)
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

/// What a watch has to say.
pub type Event<K> = Result<watcher::Event<K>, watcher::Error>;

/// Follows all objects of a kind in all namespaces: a list in pages, then a watch. Never ends.
pub struct Follower<K> {
    /// Begins with a list in pages of so many objects.
    start: Box<dyn Fn(u32) -> BoxStream<'static, Event<K>> + Send>,
    page_size: u32,
    stream: Option<BoxStream<'static, Event<K>>>,
    delay: Delay,
    /// Failures since the last event.
    failures: u32,
    /// Within a list.
    listing: bool,
}

impl Follower<Watched> {
    /// Follows Jobs or CronJobs.
    pub fn workloads(client: Client, kind: Kind) -> Self {
        Self::new(Api::all_with(client, &kind))
    }
}

impl<K> Follower<K>
where
    K: Resource + Clone + DeserializeOwned + fmt::Debug + Send + 'static,
{
    /// Follows the objects of `api`.
    pub fn new(api: Api<K>) -> Self {
        Self::with(api, watcher::Config::default())
    }

    /// Follows the one object of this name, which may not be there.
    pub fn named(api: Api<K>, name: &str) -> Self {
        Self::with(api, watcher::Config::default().fields(&format!("metadata.name={name}")))
    }

    fn with(api: Api<K>, config: watcher::Config) -> Self {
        let config = config.timeout(WATCH_SECONDS);
        Self {
            start: Box::new(move |page| watcher(api.clone(), config.clone().page_size(page)).boxed()),
            page_size: PAGE_SIZE,
            stream: None,
            delay: Delay::default(),
            failures: 0,
            listing: true,
        }
    }

    /// Lists everything anew: what is remembered of the objects is not what is stored.
    pub fn list_again(&mut self) {
        self.stream = None;
        self.listing = true;
    }

    /// Whether a list is under way or due. What it has to say can wait; what a watch says cannot.
    pub fn is_listing(&self) -> bool {
        self.listing
    }

    /// What happens next. To drop the future loses nothing.
    ///
    /// # Errors
    /// Those of lists and watches. The next call tries again, after a delay.
    pub async fn next(&mut self) -> Event<K> {
        loop {
            self.delay.wait().await;
            let stream = self.stream.get_or_insert_with(|| (self.start)(self.page_size));
            match stream.next().await {
                Some(Ok(event)) => {
                    self.succeeded(&event);
                    return Ok(event);
                }
                Some(Err(error)) if is_too_large(&error) && self.page_size > 1 => {
                    self.page_size = smaller_page(self.page_size);
                    self.list_again();
                }
                Some(Err(error)) => {
                    self.failed(&error);
                    return Err(error);
                }
                // kube's watcher does not end.
                None => {
                    self.list_again();
                    self.delay.grow(Instant::now());
                    return Err(watcher::Error::NoResourceVersion);
                }
            }
        }
    }

    fn succeeded(&mut self, event: &watcher::Event<K>) {
        match event {
            watcher::Event::Init => self.listing = true,
            watcher::Event::InitDone => {
                self.listing = false;
                self.page_size = PAGE_SIZE;
            }
            _ => {}
        }
        // The beginning of a list is no sign that it will work.
        if !matches!(event, watcher::Event::Init) {
            self.failures = 0;
        }
    }

    fn failed(&mut self, error: &watcher::Error) {
        self.failures += 1;
        self.delay.grow(Instant::now());
        if self.failures >= FAILURES_TO_LIST || is_gone(error) {
            self.list_again();
            self.failures = 0;
        }
    }
}

/// Whether the version from which a watch was to be resumed is not there any more.
fn is_gone(error: &watcher::Error) -> bool {
    let (watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error)) = error else {
        return false;
    };
    matches!(error, kube::Error::Api(status) if status.code == 410)
}

/// The time to wait before the next attempt.
#[derive(Debug, Default)]
struct Delay {
    until: Option<Instant>,
    /// The last failure: when, how many there were in a row before it, and what was waited after it.
    last: Option<(Instant, u32, Duration)>,
}

impl Delay {
    async fn wait(&mut self) {
        if let Some(until) = self.until {
            tokio::time::sleep_until(until.into()).await;
            self.until = None;
        }
    }

    fn grow(&mut self, now: Instant) {
        let failures = match self.last {
            Some((failed, before, waited)) if now.duration_since(failed) < waited + STEADY_AFTER => {
                before.saturating_add(1)
            }
            _ => 0,
        };
        let delay = backoff::delay(FIRST_DELAY, LONGEST_DELAY, failures);
        self.last = Some((now, failures, delay));
        // Up to a quarter more, so that those that failed together do not knock together again.
        self.until = Some(now + delay.mul_f64(1.0 + f64::from(random()) / 1024.0));
    }
}

/// A random number. Hash keys are random, and nothing more is needed here.
fn random() -> u8 {
    let [byte, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_start_anew_after_a_quiet_time() {
        let (mut delay, mut now) = (Delay::default(), Instant::now());
        let mut next = |now: Instant| {
            delay.grow(now);
            let wait = delay.until.unwrap() - now;
            (wait >= delay.last.unwrap().2 && wait <= delay.last.unwrap().2.mul_f64(1.25), wait)
        };
        let mut waits = Vec::new();
        for _ in 0..12 {
            let (within, wait) = next(now);
            assert!(within, "{wait:?}");
            waits.push(wait);
            now += wait;
        }
        assert!(waits[0] < Duration::from_secs(1) && waits[11] >= LONGEST_DELAY);
        // At most 12 attempts in two minutes, however long it goes on.
        assert!(waits.iter().sum::<Duration>() > Duration::from_secs(120));
        let (_, wait) = next(now + LONGEST_DELAY + STEADY_AFTER + Duration::from_secs(1));
        assert!(wait < Duration::from_secs(1));
    }
}
