//! Writing one report: a server-side apply, then the Event and the line of the finding log.

use std::io::Write as _;
use std::time::Duration;

use k8s_openapi::api::events::v1::Event;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, ValidationDirective};
use kube::{Api, Client};

use super::events;
use super::ledger::{Key, Written};
use super::trouble::Trouble;
use crate::api::report::{JobRiskReport, SUBJECT_FIXED};
use crate::report::{Digest, Draft, FindingLine, raised_peak};

/// The field manager of reports.
pub const FIELD_MANAGER: &str = "jobrisk";

/// How long one request may take.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// A report that has to be written, and what stood there before about the same uid.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which workload.
    pub key: Key,
    /// The report, without its peak.
    pub draft: Draft,
    /// The report before.
    pub before: Option<Written>,
}

/// What came of an order.
#[derive(Debug)]
pub struct Receipt {
    /// Which workload.
    pub key: Key,
    /// What stands in the report now, or why it could not be written.
    pub report: Result<Written, Trouble>,
    /// Whether the Event could be written; nothing if none was due.
    pub event: Option<Result<(), Trouble>>,
}

/// Writes reports.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    instance: String,
}

impl Writer {
    /// A writer that names `instance` in its Events.
    pub fn new(client: Client, instance: String) -> Self {
        Self { client, instance }
    }

    /// Carries out an order. Every request in it has a limit, and it never fails as a whole.
    pub async fn carry_out(self, order: Order) -> Receipt {
        let Order { key, draft: Draft { mut report, digest }, before } = order;
        let written = match self.apply(&key, &mut report, before.as_ref(), digest).await {
            Ok(written) => written,
            Err(trouble) => return Receipt { key, report: Err(trouble), event: None },
        };
        let severity_before = before.and_then(|before| before.severity);
        let now = Timestamp::now();
        log_finding(FindingLine::new(now.to_string(), key.kind, &report, severity_before));
        let event = match events::event(&report, digest, severity_before, now, &self.instance) {
            Some(event) => Some(self.publish(&key, &event).await),
            None => None,
        };
        Receipt { key, report: Ok(written), event }
    }

    async fn apply(
        &self,
        key: &Key,
        report: &mut JobRiskReport,
        before: Option<&Written>,
        digest: Digest,
    ) -> Result<Written, Trouble> {
        let api: Api<JobRiskReport> = Api::namespaced(self.client.clone(), &key.namespace);
        let name = report.metadata.name.clone().unwrap_or_default();
        let uid = report.spec.subject.uid.clone();
        // A report from before this process started is known by its metadata only: its peak has to be read.
        let peak = match before {
            Some(Written { peak: Some(peak), .. }) => Some(*peak),
            Some(_) => limited(api.get_opt(&name))
                .await?
                .filter(|existing| existing.spec.subject.uid == uid)
                .and_then(|existing| existing.status?.peak),
            None => None,
        };
        if let Some(status) = report.status.as_mut() {
            status.peak = Some(raised_peak(peak, status));
        }
        let params = PatchParams {
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::apply(FIELD_MANAGER).force()
        };
        let patch = Patch::Apply(&*report);
        let first = within_limit(api.patch(&name, &params, &patch)).await?;
        if let Err(error) = first {
            if !is_other_subject(&error) || !self.remove_predecessor(&api, &name, &uid).await? {
                return Err((&error).into());
            }
            limited(api.patch(&name, &params, &patch)).await?;
        }
        let status = report.status.as_ref();
        Ok(Written {
            uid: uid.into(),
            digest: Some(digest),
            severity: status.map(|status| status.severity),
            peak: status.and_then(|status| status.peak),
        })
    }

    /// Deletes the report on a predecessor of the same name, if there is one.
    ///
    /// Usually the garbage collector has done so when its owner went. It has not yet, or never will where the
    /// workload was deleted with its dependents orphaned. The precondition makes sure that nothing but that
    /// one report is deleted.
    async fn remove_predecessor(
        &self,
        api: &Api<JobRiskReport>,
        name: &str,
        uid: &str,
    ) -> Result<bool, Trouble> {
        let Some(existing) = limited(api.get_opt(name)).await? else { return Ok(true) };
        if existing.spec.subject.uid == uid {
            return Ok(false);
        }
        let preconditions = Preconditions { uid: existing.metadata.uid, ..Preconditions::default() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match within_limit(api.delete(name, &params)).await? {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(true),
            Err(error) => Err((&error).into()),
        }
    }

    async fn publish(&self, key: &Key, event: &Event) -> Result<(), Trouble> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), &key.namespace);
        match within_limit(api.create(&PostParams::default(), event)).await? {
            Ok(_) => Ok(()),
            // Said before: see the event's name.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            Err(error) => Err((&error).into()),
        }
    }
}

/// Whether the API server refused because the report is about another uid.
fn is_other_subject(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 422 && status.message.contains(SUBJECT_FIXED))
}

async fn within_limit<T>(request: impl Future<Output = T>) -> Result<T, Trouble> {
    tokio::time::timeout(REQUEST_LIMIT, request).await.map_err(|_| Trouble::timeout(REQUEST_LIMIT.as_secs()))
}

async fn limited<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, Trouble> {
    within_limit(request).await?.map_err(|error| (&error).into())
}

/// One line on standard output. A closed or full pipe must not end detection, so errors are dropped.
fn log_finding(line: Option<FindingLine>) {
    if let Some(json) = line.and_then(|line| serde_json::to_string(&line).ok()) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{json}").and_then(|()| out.flush());
    }
}
