//! What happens when something has ended, well or not.

use std::time::Instant;

use k8s_openapi::api::events::v1::Event;
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;

use super::arrive::Why;
use super::audit::{self, Outcome};
use super::ledger::{Key, Stray};
use super::metrics::label::{EXPIRED, MARKED, REMOVED};
use super::owners::Owned;
use super::queue::Scope;
use super::stored::Known;
use super::trouble::{Category, Trouble};
use super::watch::Watched;
use super::work::{Done, Lookup, NamedRun};
use super::write::{Order, Receipt, name_of, scope};
use super::{AUDIT_AGAIN, Controller, events, seconds};
use crate::report::RETAINED_FROM;
use crate::workload::Kind;

const WRITE: &str = "write jobriskreports.jobrisk.io";
const EVENTS: &str = "write events.events.k8s.io";
const READ: &str = "read jobs.batch and cronjobs.batch";
const DEFINITION: &str = "read the definition of reports, without which none outlives its workload";
const AUDIT: &str = "compare what is remembered with what is stored";

/// The most workloads of which it is remembered when their report was put back.
const MAX_PUT_BACK: usize = 4096;

impl Controller {
    pub(super) fn settle(&mut self, done: Done) {
        match done {
            Done::Wrote { order, since, receipt } => self.wrote(*order, since, receipt),
            Done::Read { key, tampered, is_owed, result } => self.read(&key, tampered, is_owed, result),
            Done::LookedUp { lookup, result } => self.looked_up(*lookup, result),
            Done::Marked { key, stray, time, result } => self.marked(&key, &stray, time, result),
            Done::Deleted { key, stray, result } => self.deleted(&key, &stray, result),
            Done::Named { run, result } => self.named(&run, result),
            Done::Definition(result) => self.defined(result),
            Done::Audited(result) => self.audited(result),
            Done::Announced(result) => self.announced(result),
        }
    }

    fn wrote(&mut self, order: Order, since: Instant, receipt: Receipt) {
        let now = Instant::now();
        let key = order.key.clone();
        match receipt.report {
            Ok(known) => {
                self.troubles.end_in(WRITE, &key.namespace);
                self.shared.metrics.wrote();
                self.count_raise(&order);
                self.shared.metrics.reported_after(now.saturating_duration_since(since));
                if order.tampered {
                    self.shared.metrics.tampered();
                    if self.put_back.len() > MAX_PUT_BACK {
                        self.put_back.clear();
                    }
                    self.put_back.insert(key.clone(), now);
                }
                self.ledger.wrote(&key, order.uid, known, None, seconds());
                if self.ledger.get_uid(&key, order.uid).is_none() {
                    self.chores_due = now;
                }
                self.queue.done(&key, true);
            }
            Err(trouble) => self.not_written(order, since, &trouble, now),
        }
        self.take_in_unsettled(&key);
        if let Some(result) = receipt.event {
            self.announced(result);
        }
    }

    /// Counts a severity that nobody was told of before. A report that was only put back says nothing new.
    fn count_raise(&self, order: &Order) {
        let before = order.before.map(|before| before.severity).unwrap_or_default();
        if order.severity() > before && !order.tampered {
            self.shared.metrics.raised(order.key.kind, order.severity());
        }
    }

    fn not_written(&mut self, order: Order, since: Instant, trouble: &Trouble, now: Instant) {
        let key = order.key.clone();
        self.shared.metrics.not_written(trouble.category);
        if trouble.category == Category::NotLeader {
            // Whether it was carried out, the reports will say.
            return self.queue.done(&key, false);
        }
        if trouble.category == Category::NotInstalled {
            self.troubles.begin(WRITE, trouble);
            self.queue.done(&key, false);
            return self.reports_lost();
        }
        let scope = scope(trouble);
        if scope == Scope::Namespace {
            if self.troubles.begin_in(WRITE, &key.namespace, trouble) {
                self.announce_refusal(&key, trouble.category);
            }
        } else {
            self.troubles.begin(WRITE, trouble);
        }
        let is_gone = self.ledger.get_uid(&key, order.uid).is_none();
        // Of what is gone only what would be kept as evidence is still worth a try, unless the namespace is gone too.
        let is_pointless = is_gone && (order.severity() < RETAINED_FROM || scope == Scope::Namespace);
        if trouble.category == Category::NoNamespace || is_pointless {
            self.queue.done(&key, false);
        } else {
            self.queue.failed(order, since, scope, now);
        }
    }

    /// Says in the controller's own namespace that another one takes no reports.
    fn announce_refusal(&mut self, key: &Key, category: Category) {
        if category == Category::NoNamespace || !self.budget.take(Instant::now()) {
            return;
        }
        if let Some(pod) = &self.settings.pod {
            let event = events::refusal(&key.namespace, category.as_str(), pod, Timestamp::now());
            self.announce(event);
        }
    }

    /// Says of a report whose workload is gone that somebody else has changed it.
    fn announce_changed_evidence(&mut self, key: &Key, stray: &Stray) {
        if !self.budget.take(Instant::now()) {
            return self.shared.metrics.suppressed();
        }
        let name = name_of(key, stray.uid, &stray.known);
        let report = stray.known.id.to_string();
        let event = events::changed_evidence(
            &key.namespace,
            &name,
            &report,
            Timestamp::now(),
            &self.settings.instance,
        );
        self.announce(event);
    }

    fn announce(&mut self, event: Event) {
        let writer = self.writer.clone();
        self.begin(async move { Done::Announced(writer.publish(&event).await) });
    }

    fn announced(&mut self, result: Result<(), Trouble>) {
        match result {
            Ok(()) => {
                self.troubles.end(EVENTS);
                self.shared.metrics.published();
            }
            Err(trouble) => {
                // A namespace that is being deleted takes no Events either, and that is told for reports.
                if trouble.category != Category::Refused && trouble.category != Category::NoNamespace {
                    self.troubles.begin(EVENTS, &trouble);
                }
                self.shared.metrics.not_published(trouble.category);
            }
        }
    }

    fn read(&mut self, key: &Key, tampered: bool, is_owed: bool, result: Result<Option<Watched>, Trouble>) {
        self.reads = self.reads.saturating_sub(1);
        if is_owed {
            self.queue.read(key);
        }
        match result {
            Ok(object) => {
                self.troubles.end(READ);
                // Gone by now, or another: the watch says so.
                if let Some(object) = object
                    && self.ledger.get(key).is_some()
                {
                    self.arrived(key.kind, &object, Why::Read { tampered });
                }
            }
            Err(trouble) => {
                self.troubles.begin(READ, &trouble);
                self.rereads.insert((Instant::now() + AUDIT_AGAIN, key.clone()), tampered);
            }
        }
        self.take_in_unsettled(key);
    }

    fn looked_up(&mut self, lookup: Lookup, result: Result<Option<Watched>, Trouble>) {
        self.lookups = self.lookups.saturating_sub(1);
        let Lookup { mut arrival, assessment, disowned, claim, maker, findings, created } = lookup;
        match self.ledger.get_uid(&arrival.key, arrival.uid) {
            // It has changed, and is judged as it is now.
            Some(entry) if entry.version != 0 && entry.version > arrival.version => return,
            Some(_) => {}
            None => arrival.is_gone = true,
        }
        let owned = match result {
            Ok(owner) => {
                self.troubles.end(READ);
                let owner = owner.filter(|owner| owner.meta().uid.as_deref() == Some(&*claim.uid));
                owner.and_then(|owner| {
                    self.arrived(Kind::CronJob, &owner, Why::Watch);
                    self.ledger.judge_owner(&arrival.key, &claim, &findings, arrival.created, seconds())
                })
            }
            Err(trouble) => {
                // Nobody knows: it is judged without its owner, and again when everything is listed again.
                self.troubles.begin(READ, &trouble);
                self.accept(&arrival, &assessment);
                return;
            }
        };
        match maker.weigh(owned) {
            Some(Owned::Covered) => self.cover(&arrival, &assessment),
            Some(Owned::Differs) => self.differs(&arrival, &assessment, &created),
            Some(Owned::Forged) | None => self.differs(&arrival, &disowned, &created),
        }
    }

    fn marked(&mut self, key: &Key, stray: &Stray, time: i64, result: Result<Option<Known>, Trouble>) {
        self.put_down(key, stray);
        match result {
            Ok(Some(known)) => {
                self.ledger.wrote(key, stray.uid, known, Some(time), seconds());
                if !stray.known.is_sealed() {
                    self.say_evidence_changed(key, stray);
                    self.shared.metrics.tampered();
                    self.announce_changed_evidence(key, stray);
                }
                if stray.marked.is_none() {
                    self.say_marked(key, stray);
                    self.shared.metrics.retained(MARKED);
                }
            }
            // Gone, or there is nothing left in it.
            Ok(None) => {
                self.shared.metrics.retained(REMOVED);
                self.say_removed(key, stray);
                self.ledger.report_gone(key, stray.uid, stray.known.id);
            }
            Err(trouble) => self.troubles.begin(WRITE, &trouble),
        }
        self.take_in_unsettled(key);
    }

    fn deleted(&mut self, key: &Key, stray: &Stray, result: Result<(), Trouble>) {
        self.put_down(key, stray);
        match result {
            Ok(()) => {
                if stray.marked.is_some() {
                    self.shared.metrics.retained(EXPIRED);
                }
                self.say_merged(key, stray);
                self.ledger.report_gone(key, stray.uid, stray.known.id);
            }
            Err(trouble) => {
                self.perhaps_deleted(stray.known.id);
                self.troubles.begin(WRITE, &trouble);
            }
        }
        self.take_in_unsettled(key);
    }

    /// A chore has ended.
    fn put_down(&mut self, key: &Key, stray: &Stray) {
        self.chores_under_way.remove(&stray.known.id);
        self.queue.done(key, false);
    }

    fn named(&mut self, run: &NamedRun, result: Result<Option<Known>, Trouble>) {
        let key = &run.key;
        self.queue.done(key, false);
        match result {
            Ok(Some(known)) => self.ledger.wrote(key, run.uid, known, None, seconds()),
            Ok(None) => {}
            Err(trouble) => self.troubles.begin(WRITE, &trouble),
        }
        self.take_in_unsettled(key);
    }

    fn defined(&mut self, result: Result<Option<String>, Trouble>) {
        self.is_definition_asked = false;
        match result {
            Ok(definition) => {
                self.troubles.end(DEFINITION);
                let changed =
                    self.definition.is_some() && definition.is_some() && self.definition != definition;
                let learned = self.definition.is_none() && definition.is_some();
                self.definition = definition.or_else(|| self.definition.take());
                // What was judged meanwhile names another owner, or none.
                if changed || (learned && !self.ledger.is_empty()) {
                    for kind in Kind::ALL {
                        self.judge_again(kind);
                    }
                }
            }
            Err(trouble) => self.troubles.begin(DEFINITION, &trouble),
        }
        self.is_definition_settled = true;
    }

    fn audited(&mut self, result: Result<audit::Page, Trouble>) {
        let Some(mut audit) = self.audit.take() else { return };
        match result {
            Ok(mut page) => {
                self.troubles.end(AUDIT);
                let next = page.next.take();
                let kind = audit.kind;
                audit.page(page, &mut self.ledger);
                if next.is_some() {
                    self.audit = Some(audit);
                    return self.begin_audit_page(kind, next);
                }
                self.shared.metrics.audited(kind, seconds());
                match audit.end(&self.ledger) {
                    Outcome::Agrees => {}
                    Outcome::Again(differs) => {
                        self.audits_to_do.insert(0, (kind, Some(differs)));
                        self.audit_due = Instant::now() + AUDIT_AGAIN;
                    }
                    Outcome::Drift(count) => {
                        self.shared.metrics.drifted(kind, count);
                        tracing::warn!(
                            kind = kind.as_str(),
                            count,
                            "what is stored is not what the watch said; listing again"
                        );
                        self.judge_again(kind);
                    }
                }
                if self.audits_to_do.is_empty() {
                    self.audit_due = Instant::now() + self.settings.audit_interval;
                }
            }
            Err(trouble) => {
                self.troubles.begin(AUDIT, &trouble);
                self.audits_to_do.clear();
                self.audit_due = Instant::now() + self.settings.audit_interval.min(AUDIT_AGAIN * 3);
            }
        }
    }
}
