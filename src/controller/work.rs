//! What is begun: writes, reads, chores, audits. Each is a future that gives a [`Done`] when it ends.

use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use k8s_openapi::jiff::Timestamp;
use kube::api::GetParams;
use kube::core::Request;
use kube::{Client, Resource as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::arrive::Arrival;
use super::audit::{self, Audit};
use super::health::Source;
use super::id::Id;
use super::ledger::{Key, Stray};
use super::owners::Maker;
use super::plan::{Chore, Plan, chores, plan};
use super::queue::Work;
use super::stored::Known;
use super::trouble::Trouble;
use super::watch::Watched;
use super::write::{Order, Receipt, Writer, name_of};
use super::{Controller, READS_UNDER_WAY, WRITES_UNDER_WAY, seconds};
use crate::api::report::DifferingRun;
use crate::assess::Assessment;
use crate::report::DEFINITION;
use crate::rollup::FindingSet;
use crate::workload::{Kind, OwnerClaim};

/// How often reports without a workload are looked through.
const CHORES_INTERVAL: Duration = Duration::from_secs(10);
/// Chores under way at one time.
const CHORES_UNDER_WAY: usize = 4;
/// Runs that wait to be named. Beyond that they are not: each has its own report.
const MAX_RUNS_WAITING: usize = 256;
/// The time between looks at a report whose workload has a write under way.
const BUSY_PATIENCE: Duration = Duration::from_millis(200);

/// Something that has ended.
pub(super) enum Done {
    /// A write.
    Wrote { order: Box<Order>, since: Instant, receipt: Receipt },
    /// The read of a workload that has to be judged anew.
    Read { key: Key, tampered: bool, is_owed: bool, result: Result<Option<Watched>, Trouble> },
    /// The look at a Job's owner.
    LookedUp { lookup: Box<Lookup>, result: Result<Option<Watched>, Trouble> },
    /// A report became evidence.
    Marked { key: Key, stray: Stray, time: i64, result: Result<Option<Known>, Trouble> },
    /// A report was removed.
    Deleted { key: Key, stray: Stray, result: Result<(), Trouble> },
    /// A run was named.
    Named { run: NamedRun, result: Result<Option<Known>, Trouble> },
    /// The definition of reports was read.
    Definition(Result<Option<String>, Trouble>),
    /// A page of an audit was read.
    Audited(Result<audit::Page, Trouble>),
    /// An Event of our own was written.
    Announced(Result<(), Trouble>),
}

/// A Job whose owner is not known.
pub(super) struct Lookup {
    pub(super) arrival: Arrival,
    pub(super) assessment: Box<Assessment>,
    /// The verdict if the claim is false.
    pub(super) disowned: Box<Assessment>,
    pub(super) claim: OwnerClaim,
    /// Who made it, if that is proven.
    pub(super) maker: Maker,
    pub(super) findings: FindingSet,
    pub(super) created: String,
}

/// A run that its CronJob's report has to name.
#[derive(Debug, Clone)]
pub(super) struct NamedRun {
    /// The CronJob.
    pub(super) key: Key,
    /// Its uid.
    pub(super) uid: Id,
    pub(super) run: DifferingRun,
}

impl Controller {
    /// Begins what can be begun.
    pub(super) fn begin_work(&mut self, now: Instant) {
        // Nothing else begins a write.
        if self.leads() {
            self.begin_writes(now);
            self.begin_naming();
            self.begin_chores(now);
        }
        self.begin_reads(now);
        self.begin_audit(now);
    }

    pub(super) fn begin(&mut self, future: impl Future<Output = Done> + Send + 'static) {
        let future: BoxFuture<'static, Done> = future.boxed();
        self.running.push(future);
    }

    fn begin_writes(&mut self, now: Instant) {
        while self.queue.under_way() < WRITES_UNDER_WAY
            && let Some(work) = self.queue.next(now)
        {
            match work {
                Work::Write(order, since) => self.begin_write(order, since, now),
                Work::Read(key) => self.begin_read(key, false, true),
            }
        }
    }

    fn begin_write(&mut self, mut order: Box<Order>, since: Instant, now: Instant) {
        // What was written since the order was made is what stands there now, also if the workload is gone since.
        let known = self.ledger.known_of(&order.key, order.uid);
        match plan(order.draft.digest, known, self.ledger.strays_of(&order.key)) {
            // The object changed while this same verdict on it was being written.
            Plan::Nothing => return self.queue.done(&order.key, true),
            Plan::Write { name, before } => (order.name, order.before) = (name, before),
        }
        if order.announcement().is_some() {
            order.announce = self.budget.take(now);
            if !order.announce {
                self.shared.metrics.suppressed();
            }
        }
        let writer = self.writer.clone();
        self.begin(async move {
            let receipt = writer.carry_out(&order).await;
            Done::Wrote { order, since, receipt }
        });
    }

    fn begin_reads(&mut self, now: Instant) {
        while self.reads < READS_UNDER_WAY
            && let Some(first) = self.rereads.first_entry()
            && first.key().0 <= now
        {
            let ((_, key), tampered) = first.remove_entry();
            if self.queue.is_under_way(&key) {
                self.rereads.insert((now + BUSY_PATIENCE, key), tampered);
            } else if self.ledger.get(&key).is_some_and(|entry| !entry.is_dying) {
                self.begin_read(key, tampered, false);
            }
        }
    }

    fn begin_read(&mut self, key: Key, tampered: bool, is_owed: bool) {
        self.reads += 1;
        let client = self.client.clone();
        self.begin(async move {
            let result = read(client, &key).await;
            Done::Read { key, tampered, is_owed, result }
        });
    }

    /// Looks at the CronJob that a Job says it was made by.
    pub(super) fn look_up(&mut self, lookup: Lookup) {
        self.lookups += 1;
        let owner = Key::new(Kind::CronJob, &lookup.arrival.key.namespace, &lookup.claim.name);
        let client = self.client.clone();
        let lookup = Box::new(lookup);
        self.begin(async move {
            let result = read(client, &owner).await;
            Done::LookedUp { lookup, result }
        });
    }

    pub(super) fn name_run(&mut self, run: NamedRun) {
        if self.runs.len() < MAX_RUNS_WAITING {
            self.runs.push_back(run);
        }
    }

    fn begin_naming(&mut self) {
        for _ in 0..self.runs.len() {
            let Some(run) = self.runs.pop_front() else { return };
            let Some(entry) = self.ledger.get_uid(&run.key, run.uid) else { continue };
            let known = entry.known.filter(|known| known.digest.is_some());
            // Its report is being written, or will be: then the run is named.
            let busy = self.queue.is_under_way(&run.key) || self.queue.is_waiting(&run.key);
            match known {
                Some(known) if !busy && self.queue.under_way() < WRITES_UNDER_WAY => {
                    self.queue.take(&run.key);
                    let name = name_of(&run.key, run.uid, &known);
                    let writer = self.writer.clone();
                    self.begin(async move {
                        let result = writer.name_run(&run.key, &name, known.id, &run.run).await;
                        Done::Named { run, result }
                    });
                }
                None if !busy => {}
                _ => self.runs.push_back(run),
            }
        }
    }

    /// Has the report on a workload removed for which its CronJob's report speaks.
    pub(super) fn remove_covered(&mut self, key: &Key) {
        let Some(entry) = self.ledger.get(key) else { return };
        let Some(known) = entry.known else { return };
        let stray = Stray { uid: entry.uid, known, marked: None, since: seconds() };
        if !self.chores_under_way.contains(&known.id) {
            self.chores.push_back(Chore::Delete(key.clone(), stray));
        }
    }

    fn begin_chores(&mut self, now: Instant) {
        let everything = Source::ALL.iter().all(|source| self.listed.contains(source));
        if everything && self.chores.is_empty() && now >= self.chores_due {
            self.chores_due = now + CHORES_INTERVAL;
            let found = chores(&self.ledger, self.settings.retention, seconds());
            self.chores.extend(found);
        }
        for _ in 0..self.chores.len() {
            if self.chores_under_way.len() >= CHORES_UNDER_WAY {
                return;
            }
            let Some(chore) = self.chores.pop_front() else { return };
            let (Chore::Mark(key, stray) | Chore::Delete(key, stray)) = &chore;
            if self.chores_under_way.contains(&stray.known.id) {
                continue;
            }
            if self.queue.is_under_way(key) {
                self.chores.push_back(chore);
                continue;
            }
            self.begin_chore(chore);
        }
    }

    fn begin_chore(&mut self, chore: Chore) {
        match chore {
            Chore::Mark(key, stray) => {
                let Some(definition) = self.definition.clone() else { return };
                let (writer, name) = self.take_report(&key, &stray);
                let time = stray.marked.unwrap_or(stray.since);
                self.begin(async move {
                    let text = Timestamp::from_second(time).unwrap_or_default().to_string();
                    let result = writer.mark(&key, &name, &stray.known, &definition, &text).await;
                    Done::Marked { key, stray, time, result }
                });
            }
            Chore::Delete(key, stray) => {
                let (writer, name) = self.take_report(&key, &stray);
                self.begin(async move {
                    let result = writer.delete(&key, &name, stray.known.id).await;
                    Done::Deleted { key, stray, result }
                });
            }
        }
    }

    /// Takes a report for a chore: gives what carries it out, and the report's name.
    fn take_report(&mut self, key: &Key, stray: &Stray) -> (Writer, String) {
        self.queue.take(key);
        self.chores_under_way.insert(stray.known.id);
        (self.writer.clone(), name_of(key, stray.uid, &stray.known))
    }

    fn begin_audit(&mut self, now: Instant) {
        if self.audit.is_some() || now < self.audit_due {
            return;
        }
        if self.audits_to_do.is_empty() {
            self.audits_to_do = Kind::ALL.map(|kind| (kind, None)).into();
        }
        while let Some((kind, before)) = self.audits_to_do.pop() {
            if self.listed.contains(&super::source(kind)) {
                self.audit = Some(Audit::begin(kind, before, &mut self.ledger));
                self.begin_audit_page(kind, None);
                return;
            }
        }
        self.audit_due = now + self.settings.audit_interval;
    }

    pub(super) fn begin_audit_page(&mut self, kind: Kind, next: Option<String>) {
        let client = self.client.clone();
        self.begin(async move { Done::Audited(audit::page(client, kind, next).await) });
    }

    /// Asks for the uid of the definition of reports: another one is the owner of nothing that exists.
    pub(super) fn ask_for_definition(&mut self) {
        if !self.is_definition_asked {
            self.is_definition_asked = true;
            let client = self.client.clone();
            self.begin(async move { Done::Definition(definition(client).await) });
        }
    }
}

/// Reads a workload. What cannot be the name of an object is the name of none.
async fn read(client: Client, key: &Key) -> Result<Option<Watched>, Trouble> {
    let is_name = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty()
            && text.len() <= 253
            && bytes
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
            && !text.starts_with('.')
    };
    if !is_name(&key.name) || !is_name(&key.namespace) {
        return Ok(None);
    }
    get(client, &Watched::url_path(&key.kind, Some(&key.namespace)), &key.name).await
}

/// Reads the object of this name in a collection.
async fn get<T: DeserializeOwned>(client: Client, path: &str, name: &str) -> Result<Option<T>, Trouble> {
    let request = Request::new(path).get(name, &GetParams::default()).map_err(kube::Error::BuildRequest)?;
    match client.request(request).await {
        Ok(object) => Ok(Some(object)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn definition(client: Client) -> Result<Option<String>, Trouble> {
    #[derive(Deserialize)]
    struct Object {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        uid: Option<String>,
    }
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    Ok(get::<Object>(client, path, DEFINITION).await?.and_then(|object| object.metadata.uid))
}
