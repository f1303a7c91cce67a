//! Writing one report: a server-side apply, and the Event beside it.

use k8s_openapi::api::events::v1::Event;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, ValidationDirective};
use kube::{Api, Client, Resource as _};
use serde_json::json;

use super::events::{self, Announcement};
use super::id::Id;
use super::ledger::Key;
use super::plan::LAST_NAME;
use super::queue::Scope;
use super::stored::{Known, Stored};
use super::trouble::{Category, Trouble};
use crate::api::report::{DifferingRun, JobRiskReport, SUBJECT_FIXED};
use crate::report::{Draft, RETAINED_FROM, damaged, evidence, raised_peak, report_names, with_run};
use crate::severity::Severity;

/// The field manager of reports.
pub const FIELD_MANAGER: &str = "jobrisk";

/// How often a change of a report is tried again that somebody else changes at the same time.
const ATTEMPTS: usize = 4;

/// A report that has to be written, and what stood there before about the same uid.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which workload.
    pub key: Key,
    /// Its uid.
    pub uid: Id,
    /// The report, without its peak.
    pub draft: Draft,
    /// Which of its names it gets.
    pub name: u8,
    /// The report before.
    pub before: Option<Known>,
    /// Somebody else changed or removed the report.
    pub tampered: bool,
    /// Whether an Event may be written.
    pub announce: bool,
}

impl Order {
    /// The severity that the report will say.
    pub fn severity(&self) -> Severity {
        self.draft.report.status.as_ref().map(|status| status.severity).unwrap_or_default()
    }

    /// Whether nobody waits for it: the severity stays, or falls without a change of the workload, as after a change of
    /// the rules.
    pub fn is_calm(&self) -> bool {
        let generation = self.draft.report.status.as_ref().map(|status| status.subject_generation);
        !self.tampered
            && self.before.is_some_and(|before| {
                before.severity == self.severity()
                    || (before.severity > self.severity() && generation == Some(before.subject_generation))
            })
    }

    /// Whether it has to be kept, whatever becomes of the workload.
    pub fn is_urgent(&self) -> bool {
        self.severity() >= RETAINED_FROM
    }

    /// What an Event would say about it, if there is something to be said.
    pub fn announcement(&self) -> Option<Announcement> {
        let status = self.draft.report.status.as_ref()?;
        events::announcement(self.before.as_ref(), status, self.tampered)
    }
}

/// What came of an order.
#[derive(Debug)]
pub struct Receipt {
    /// What stands in the report now, or why it could not be written.
    pub report: Result<Known, Trouble>,
    /// Whether the Event could be written; nothing if none was due.
    pub event: Option<Result<(), Trouble>>,
}

/// Writes reports and Events.
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
    ///
    /// The Event is sent at the same time as the report: neither waits for the other, and of a crash between the two
    /// there is next to no time.
    pub async fn carry_out(&self, order: &Order) -> Receipt {
        let Order { key, name, before, announce, .. } = order;
        let (name, before) = (*name, *before);
        let mut draft = order.draft.clone();
        let names = report_names(key.kind, &key.name, &draft.report.spec.subject.uid);
        draft.report.metadata.name = names.get(usize::from(name)).cloned();
        let now = Timestamp::now();
        let announcement = order.announcement().filter(|_| *announce);
        let event = announcement.and_then(|what| {
            events::event(
                &draft.report,
                draft.digest,
                before.map(|before| before.severity),
                what,
                now,
                &self.instance,
            )
        });
        let publish = async {
            match event {
                Some(event) => Some(self.publish(&event).await),
                None => None,
            }
        };
        let (report, event) = futures::join!(self.apply(key, &mut draft, &names, name, before), publish);
        Receipt { report, event }
    }

    async fn apply(
        &self,
        key: &Key,
        draft: &mut Draft,
        names: &[String; 3],
        first: u8,
        before: Option<Known>,
    ) -> Result<Known, Trouble> {
        let api: Api<Stored> = Api::namespaced(self.client.clone(), &key.namespace);
        let uid = draft.report.spec.subject.uid.clone();
        if let Some(status) = draft.report.status.as_mut() {
            status.peak = Some(raised_peak(before.map(|before| before.peak), status));
        }
        // What a report remembers beyond its peak is not kept in memory.
        if let Some(before) = before.filter(|before| before.runs > 0)
            && let Some(name) = names.get(usize::from(before.name))
            && let Some(existing) = api.get_opt(name).await?.filter(|it| it.subject_uid() == Some(&uid))
            && let (Some(status), Some(existing)) = (draft.report.status.as_mut(), existing.status())
        {
            status.differing_runs.clone_from(&existing.differing_runs);
        }
        let mut name = first;
        for _ in 0..ATTEMPTS {
            draft.report.metadata.name = names.get(usize::from(name)).cloned();
            match patch(&api, &draft.report).await {
                Ok(stored) => match stored.known() {
                    Some(known) if known.digest == Some(draft.digest) && !stored.is_dying => {
                        return Ok(known);
                    }
                    // Somebody's fields stand beside ours, or somebody keeps it from going.
                    _ => remove(&api, &stored).await?,
                },
                Err(error) if is_other_subject(&error) => {
                    let Some(existing) =
                        api.get_opt(names.get(usize::from(name)).map_or("", String::as_str)).await?
                    else {
                        continue;
                    };
                    if is_evidence(&existing, key) && name < LAST_NAME {
                        name += 1;
                    } else if existing.subject_uid() != Some(&uid) {
                        // The report on a predecessor that the garbage collector has not come to, or never will where
                        // the workload was deleted with its dependents orphaned; or one that somebody put in our way.
                        remove(&api, &existing).await?;
                    }
                }
                Err(error) => return Err((&error).into()),
            }
        }
        Err(contested())
    }

    /// Makes evidence of the report on a workload that is gone. Gives what stands in it then, or nothing if it is gone
    /// too.
    ///
    /// One whose seal is broken, or was made by somebody else, is marked as changed.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn mark(
        &self,
        key: &Key,
        name: &str,
        known: &Known,
        definition: &str,
        time: &str,
    ) -> Result<Option<Known>, Trouble> {
        self.amend(key, name, known.id, |report| {
            let report = if known.is_sealed() { report } else { changed_by_others(report, known) };
            evidence(report, definition, time)
        })
        .await
    }

    /// Names a run in the report of its CronJob. Gives what stands in it then, or nothing if there is no such report.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn name_run(
        &self,
        key: &Key,
        name: &str,
        report: Id,
        run: &DifferingRun,
    ) -> Result<Option<Known>, Trouble> {
        self.amend(key, name, report, |mut report| {
            if let Some(status) = report.status.as_mut() {
                status.differing_runs = with_run(std::mem::take(&mut status.differing_runs), run.clone());
            }
            report
        })
        .await
    }

    /// Reads a report, changes it and writes it back, unless somebody else has changed it in between: then again.
    async fn amend(
        &self,
        key: &Key,
        name: &str,
        report: Id,
        change: impl Fn(JobRiskReport) -> JobRiskReport,
    ) -> Result<Option<Known>, Trouble> {
        let api: Api<Stored> = Api::namespaced(self.client.clone(), &key.namespace);
        for _ in 0..ATTEMPTS {
            let Some(existing) = api.get_opt(name).await? else { return Ok(None) };
            let is_it = existing.id() == report && !existing.is_dying;
            let Some(content) = existing.report().filter(|_| is_it) else { return Ok(None) };
            let mut changed = change(content);
            changed.metadata.resource_version.clone_from(&existing.meta().resource_version);
            match patch(&api, &changed).await {
                Ok(stored) => return Ok(stored.known()),
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(None),
                Err(error) => return Err((&error).into()),
            }
        }
        Err(contested())
    }

    /// Deletes a report, if it is still this one.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn delete(&self, key: &Key, name: &str, report: Id) -> Result<(), Trouble> {
        let api: Api<Stored> = Api::namespaced(self.client.clone(), &key.namespace);
        match api.get_opt(name).await?.filter(|existing| existing.id() == report) {
            Some(existing) => remove(&api, &existing).await,
            None => Ok(()),
        }
    }

    /// Writes an Event. One that exists was said before: see its name.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn publish(&self, event: &Event) -> Result<(), Trouble> {
        let namespace = event.metadata.namespace.as_deref().unwrap_or_default();
        let api: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        match api.create(&PostParams::default(), event).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            Err(error) => Err((&error).into()),
        }
    }
}

/// A report that somebody else has changed and that cannot be written again says so. What is remembered of it is put back.
fn changed_by_others(report: JobRiskReport, known: &Known) -> JobRiskReport {
    damaged(report, known.severity, known.risk_score.into(), known.peak)
}

/// The attempts to change a report are used up.
fn contested() -> Trouble {
    Trouble::new(Category::Other, "somebody else keeps changing the report at the same time")
}

async fn patch(api: &Api<Stored>, report: &JobRiskReport) -> kube::Result<Stored> {
    let params = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply(FIELD_MANAGER).force()
    };
    api.patch(report.metadata.name.as_deref().unwrap_or_default(), &params, &Patch::Apply(report)).await
}

/// Removes a report, and what holds it back. The precondition makes sure that nothing but that one goes.
async fn remove(api: &Api<Stored>, existing: &Stored) -> Result<(), Trouble> {
    let meta = existing.meta();
    let name = meta.name.as_deref().unwrap_or_default();
    let preconditions = Preconditions { uid: meta.uid.clone(), ..Preconditions::default() };
    let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
    is_gone(api.delete(name, &params).await.map(|_| ()))?;
    if existing.has_finalizers {
        // No report of ours has one: without this, whoever adds one could keep a false report for ever.
        let release = json!({ "metadata": { "uid": meta.uid, "finalizers": null } });
        is_gone(api.patch(name, &PatchParams::default(), &Patch::Merge(release)).await.map(|_| ()))?;
    }
    Ok(())
}

/// Gone already, or another by now, is as good as gone.
fn is_gone(result: kube::Result<()>) -> Result<(), Trouble> {
    match result {
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        result => Ok(result?),
    }
}

/// Whether a report is kept as evidence of a predecessor of a workload.
fn is_evidence(stored: &Stored, key: &Key) -> bool {
    stored.subject().is_some_and(|subject| subject.key == *key)
        && stored.known().is_some_and(|known| known.digest.is_some() && known.is_retained())
}

/// Whether the API server refused because the report is about another uid.
fn is_other_subject(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 422 && status.message.contains(SUBJECT_FIXED))
}

/// What a failure to write says of other reports.
pub fn scope(trouble: &Trouble) -> Scope {
    match trouble.category {
        Category::Refused | Category::NoNamespace => Scope::Namespace,
        _ => Scope::Workload,
    }
}

/// The name that a known report has.
pub fn name_of(key: &Key, uid: Id, known: &Known) -> String {
    name_in(key, &uid.to_string(), known.name)
}

/// The name of a report that has this one of its names.
pub fn name_in(key: &Key, uid: &str, name: u8) -> String {
    let names = report_names(key.kind, &key.name, uid);
    names.into_iter().nth(usize::from(name)).unwrap_or_default()
}
