//! Which of several instances writes: the one that holds a Lease.
//!
//! * Whoever wants it changes it on the condition that nobody else has changed it since it was read, so one gets it.
//! * The holder renews it. It may write for a term that is counted from the start of the last renewal that succeeded,
//!   and ends a margin before others may take the lease. The end is in the [fence](super::fence), which needs nobody
//!   to close it.
//! * The others take it when they have not seen it move for its duration, by their own clocks. Times that stand in it
//!   are for people.
//!
//! It is our own since the write path hangs on it: of the libraries for it, the one that fits this client takes an expired
//! lease without the condition that nobody else has done so, so that two can take it for theirs, and compares its own
//! wall clock with the times that another wrote (kube-lease-manager 0.13.1).

pub mod record;
pub mod times;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{GetParams, Patch, PatchParams, PostParams};
use kube::core::Request;
use serde_json::{Value, json};

use super::Shared;
use super::fence::Moment;
use super::trouble::{Category, Trouble, Troubles};
use super::write::FIELD_MANAGER;
use crate::text::SafeText;
use record::{Lease, Seen, Step};
use times::Times;

const LEASE: &str = "read and renew the lease by which one of several instances writes";

/// The least time between two attempts.
const PAUSE: Duration = Duration::from_millis(200);
/// How long giving it back may take at the end.
const RELEASE_LIMIT: Duration = Duration::from_secs(2);

/// Which lease, and for how long.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its times.
    pub times: Times,
}

/// An instance that wants the lease, or has it.
pub struct Candidate {
    client: Client,
    shared: Arc<Shared>,
    settings: Settings,
    path: String,
    identity: String,
    seen: Seen,
    /// What was seen may not be what is stored.
    is_stale: bool,
    /// It was told that this instance leads.
    is_told: bool,
    troubles: Troubles,
}

/// Why a lease was not changed.
enum Failure {
    /// Somebody else has changed it.
    Contested,
    Trouble(Trouble),
}

impl Candidate {
    /// A candidate called `instance`. Closes the fence of `shared`, which opens when it holds the lease.
    pub fn new(client: Client, settings: Settings, instance: &str, shared: Arc<Shared>) -> Self {
        shared.fence.close();
        // The same Pod started anew, or another process of the same name, is another candidate.
        let unique = RandomState::new().build_hasher().finish();
        Self {
            client,
            shared,
            path: format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", settings.namespace),
            settings,
            identity: format!("{instance}_{unique:016x}"),
            seen: Seen::default(),
            is_stale: true,
            is_told: false,
            troubles: Troubles::default(),
        }
    }

    /// Takes and renews the lease, for ever.
    pub async fn run(&mut self) {
        loop {
            let wait = self.turn().await;
            self.tell();
            tokio::time::sleep(wait).await;
        }
    }

    /// Does what is due, and says how long nothing is.
    async fn turn(&mut self) -> Duration {
        let Settings { times, .. } = self.settings;
        if self.is_stale || !self.shared.fence.is_open() {
            match within(times.limit(), self.read()).await {
                Ok(lease) => {
                    self.seen.take_in(lease, Moment::now());
                    self.is_stale = false;
                    if self.seen.lease().is_some_and(|lease| lease.holder() != Some(&self.identity)) {
                        self.shared.fence.close();
                    }
                    self.troubles.end(LEASE);
                }
                Err(failure) => return self.failed(failure),
            }
        }
        // Before the request: whatever time it takes is taken from the term.
        let begin = Moment::now();
        let step = match self.seen.step(&self.identity, times, begin) {
            // Somebody has removed it, and nobody else can have it yet.
            Step::Wait(_) if self.seen.lease().is_none() && self.shared.fence.is_open() => Step::Create,
            step => step,
        };
        let changed = match step {
            Step::Wait(time) => return time.min(times.retry()),
            Step::Create => within(times.limit(), self.create()).await,
            Step::Take => within(times.limit(), self.take()).await,
        };
        match changed {
            Ok(lease) => {
                self.shared.fence.open_until(begin.after(times.term()));
                self.seen.take_in(Some(lease), Moment::now());
                self.troubles.end(LEASE);
                times.renew().saturating_sub(Moment::now().since(begin))
            }
            Err(failure) => self.failed(failure),
        }
    }

    /// A request failed: says how long to wait before the next. It may have been carried out all the same.
    fn failed(&mut self, failure: Failure) -> Duration {
        self.is_stale = true;
        match failure {
            Failure::Contested => PAUSE,
            Failure::Trouble(trouble) => {
                self.troubles.begin(LEASE, &trouble);
                // One that got no answer has waited already.
                if trouble.category == Category::Timeout { PAUSE } else { self.settings.times.retry() }
            }
        }
    }

    /// Says when this instance begins or ceases to lead.
    fn tell(&mut self) {
        let leads = self.shared.fence.is_open();
        if leads == self.is_told {
            return;
        }
        self.is_told = leads;
        let lease = format!("{}/{}", self.settings.namespace, self.settings.name);
        if leads {
            tracing::info!(lease, identity = self.identity, "leading: this instance writes");
        } else {
            let holder = self.seen.lease().and_then(Lease::holder).unwrap_or_default();
            tracing::warn!(
                lease,
                holder = SafeText::new(holder, 253).as_str(),
                "not leading any more: this instance only watches"
            );
        }
    }

    async fn read(&self) -> Result<Option<Lease>, Failure> {
        let request = Request::new(&self.path).get(&self.settings.name, &GetParams::default());
        match self.client.request(request.map_err(kube::Error::BuildRequest)?).await {
            Ok(lease) => Ok(Some(lease)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(&self) -> Result<Lease, Failure> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": self.settings.name, "namespace": self.settings.namespace },
            "spec": self.held(true, 0),
        });
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let request = Request::new(&self.path).create(&params, lease.to_string().into_bytes());
        Ok(self.client.request(request.map_err(kube::Error::BuildRequest)?).await?)
    }

    async fn take(&self) -> Result<Lease, Failure> {
        let Some(lease) = self.seen.lease() else { return Err(Failure::Contested) };
        let is_new = lease.holder() != Some(&self.identity);
        let spec = self.held(is_new, lease.transitions() + i64::from(is_new));
        self.change(lease, spec).await
    }

    /// What stands in it when this instance holds it.
    fn held(&self, is_new: bool, transitions: i64) -> Value {
        let now = format!("{:.6}", Timestamp::now());
        let spec = json!({
            "holderIdentity": self.identity,
            "leaseDurationSeconds": self.settings.times.duration().as_secs(),
            "renewTime": now,
            "leaseTransitions": i32::try_from(transitions).unwrap_or(0),
        });
        match spec {
            Value::Object(fields) if is_new => {
                fields.into_iter().chain([("acquireTime".to_owned(), json!(now))]).collect()
            }
            spec => spec,
        }
    }

    /// Changes it, unless somebody else has done so since it was seen. Labels and annotations stay.
    async fn change(&self, seen: &Lease, spec: Value) -> Result<Lease, Failure> {
        let patch = Patch::Merge(json!({ "metadata": { "resourceVersion": seen.version() }, "spec": spec }));
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let request = Request::new(&self.path).patch(&self.settings.name, &params, &patch);
        Ok(self.client.request(request.map_err(kube::Error::BuildRequest)?).await?)
    }

    /// Gives the lease back, so that another can take it at once. Nothing may be under way any more that writes.
    pub async fn release(mut self) {
        if !self.shared.fence.is_open() {
            return;
        }
        self.shared.fence.close();
        let released = tokio::time::timeout(RELEASE_LIMIT, async {
            // The last renewal may have been broken off.
            let lease = self.read().await?;
            self.seen.take_in(lease, Moment::now());
            match self.seen.lease().filter(|lease| lease.holder() == Some(&self.identity)) {
                Some(lease) => self
                    .change(lease, json!({ "holderIdentity": null, "renewTime": null, "acquireTime": null }))
                    .await
                    .map(|_| true),
                None => Ok(false),
            }
        });
        match released.await {
            Ok(Ok(true)) => tracing::info!("the lease is given back"),
            Ok(Ok(false)) => {}
            _ => tracing::warn!("the lease could not be given back; it can be taken when its time is over"),
        }
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match &error {
            // Changed or made by another in between, or gone.
            kube::Error::Api(status) if status.code == 409 => Self::Contested,
            kube::Error::Api(status) if status.code == 404 && !status.message.contains("namespaces \"") => {
                Self::Contested
            }
            error => Self::Trouble(match Trouble::from(error) {
                Trouble { category: Category::NoNamespace, .. } => Trouble::new(
                    Category::Other,
                    "the namespace of the lease does not exist: see --lease-namespace",
                ),
                trouble => trouble,
            }),
        }
    }
}

/// The result of a request, if it comes within a limit.
async fn within<T>(limit: Duration, request: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limit, request).await.unwrap_or_else(|_| {
        let says = format!("no answer within {} ms", limit.as_millis());
        Err(Failure::Trouble(Trouble::new(Category::Timeout, &says)))
    })
}
