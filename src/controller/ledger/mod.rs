//! What the controller remembers: a few numbers per workload and per report, never the object. Pure.
//!
//! A name is there once, whether a workload exists under it or only a report: at a start the reports are listed first,
//! and two tables of them all, one of which empties while the other fills, would take twice the memory. The table is
//! an [`IndexMap`] since that one grows in place; a `HashMap` has to have both its old and its new table while it
//! grows, and leaves up to half of it empty.

mod coverage;
mod entry;
mod lead;
mod reports;
mod said;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::id::Id;
use super::owners::{Cron, Owned, Tombstones};
use crate::rollup::FindingSet;
use crate::severity::Severity;
use crate::workload::{Kind, OwnerClaim};
use entry::Place;

pub use coverage::Coverage;
pub use entry::{Entry, Key, Seen, Stray};
pub use lead::Due;
pub use reports::News;
pub use said::{Gone, Said};

/// All workloads that exist and all reports that exist.
#[derive(Debug, Default)]
pub struct Ledger {
    places: IndexMap<Key, Place>,
    /// More reports under a name than have their place: those on predecessors, which are evidence, or on their way out.
    others: HashMap<Key, Vec<Stray>>,
    /// What the finding log says of workloads and no report of theirs, or not yet.
    said: HashMap<Key, (Id, Said)>,
    namespaces: HashSet<Arc<str>>,
    rounds: HashMap<Kind, u32>,
    audits: u32,
    /// Of the last list of reports. What was not in it is forgotten, so that no number is met again when it begins anew.
    report_round: u16,
    counts: HashMap<(Kind, Severity), i64>,
    tombstones: Tombstones,
}

impl Ledger {
    /// A workload, if it exists.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.places.get(key)?.workload()
    }

    /// A workload, if it exists under this uid.
    pub fn get_uid(&self, key: &Key, uid: Id) -> Option<&Entry> {
        self.get(key).filter(|entry| entry.uid == uid)
    }

    fn get_mut(&mut self, key: &Key) -> Option<&mut Entry> {
        self.places.get_mut(key)?.workload_mut()
    }

    /// All workloads of a kind.
    fn workloads(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Entry)> {
        let of_kind = self.places.iter().filter(move |(key, _)| key.kind == kind);
        of_kind.filter_map(|(key, place)| Some((key, place.workload()?)))
    }

    /// Whether no workload exists.
    pub fn is_empty(&self) -> bool {
        self.counts.values().all(|count| *count == 0)
    }

    /// How many workloads of each kind and severity exist.
    pub fn counts(&self) -> &HashMap<(Kind, Severity), i64> {
        &self.counts
    }

    /// A list of a kind begins.
    pub fn begin_list(&mut self, kind: Kind) {
        let round = self.rounds.entry(kind).or_default();
        *round = round.wrapping_add(1);
    }

    /// A list of a kind is complete: what was not in it is gone, and given.
    pub fn end_list(&mut self, kind: Kind, now: i64) -> Vec<(Key, Gone)> {
        let round = self.round(kind);
        let missing = self.workloads(kind).filter(|(_, entry)| entry.round != round);
        let missing: Vec<Key> = missing.map(|(key, _)| key.clone()).collect();
        missing.into_iter().filter_map(|key| self.remove(&key, now).map(|gone| (key, gone))).collect()
    }

    /// Takes note of a workload. Gives the other one that was there under the same name, and is gone by that.
    ///
    /// The report about it is found by itself among the strays.
    pub fn observe(&mut self, key: &Key, seen: Seen, now: i64) -> Option<Gone> {
        let is_other = self.get(key).is_some_and(|entry| entry.uid != seen.uid);
        let gone = if is_other { self.remove(key, now) } else { None };
        let (round, audit) = (self.round(key.kind), self.audits);
        if let Some(entry) = self.get_mut(key) {
            let before = entry.severity;
            let (known, cron) = (entry.known.take(), entry.cron.take());
            *entry = seen.entry(round, audit, known, cron);
            self.count(key.kind, before, -1);
        } else {
            let known = self.make_place(key, seen.uid);
            self.put(key, Place::Workload(seen.entry(round, audit, known, None)));
        }
        self.count(key.kind, seen.severity, 1);
        gone
    }

    /// Takes note of the findings of a CronJob, whose spec was last changed at `changed`.
    pub fn set_findings(&mut self, key: &Key, findings: FindingSet, changed: i64) {
        let Some(entry) = self.get_mut(key) else { return };
        match &mut entry.cron {
            Some(cron) => cron.update(findings, changed),
            none => *none = Some(Box::new(Cron::new(findings, changed))),
        }
    }

    /// What a Job is to the CronJob that it names; `None` if there is none of that name and uid.
    pub fn judge_owner(
        &self,
        job: &Key,
        claim: &OwnerClaim,
        findings: &FindingSet,
        created: i64,
        now: i64,
    ) -> Option<Owned> {
        let uid = Id::of(&claim.uid);
        let key = Key {
            namespace: Arc::clone(&job.namespace),
            kind: Kind::CronJob,
            name: claim.name.as_str().into(),
        };
        let cron = self.get_uid(&key, uid).and_then(|entry| entry.cron.as_deref());
        cron.or_else(|| self.tombstones.get(uid, now)).map(|cron| cron.judge(findings, created))
    }

    /// Takes note that a workload was seen again as it was.
    pub fn seen_again(&mut self, key: &Key) {
        let round = self.round(key.kind);
        if let Some(entry) = self.get_mut(key) {
            entry.round = round;
        }
    }

    /// Takes note that a workload is about to be removed.
    pub fn dying(&mut self, key: &Key) {
        if let Some(entry) = self.get_mut(key) {
            entry.is_dying = true;
        }
    }

    /// A workload is gone. The report about it becomes a stray. Gives what was known of it, if it was there.
    pub fn remove(&mut self, key: &Key, now: i64) -> Option<Gone> {
        let entry = self.get_mut(key)?;
        let (uid, severity, cron, known) = (entry.uid, entry.severity, entry.cron.take(), entry.known);
        let gone = Gone { uid, last: self.last_said(key, uid), known };
        self.said.remove(key);
        self.count(key.kind, severity, -1);
        if let Some(cron) = cron {
            self.tombstones.add(uid, *cron, now);
        }
        match known {
            Some(known) => self.put(key, Place::Report(Stray { uid, known, marked: None, since: now })),
            None => drop(self.places.swap_remove(key)),
        }
        Some(gone)
    }

    /// Forgets which objects have not changed: the next list judges all of them.
    pub fn forget_versions(&mut self, kind: Kind) {
        for (_, place) in self.places.iter_mut().filter(|(key, _)| key.kind == kind) {
            if let Some(entry) = place.workload_mut() {
                entry.version = 0;
            }
        }
    }

    /// An audit begins.
    pub fn begin_audit(&mut self) {
        self.audits = self.audits.wrapping_add(1);
    }

    /// A workload is in the audit's list: its uid and version as they are remembered.
    pub fn audit(&mut self, key: &Key) -> Option<(Id, u64)> {
        let audit = self.audits;
        self.get_mut(key).map(|entry| {
            entry.audit = audit;
            (entry.uid, entry.version)
        })
    }

    /// The workloads of a kind that were not in the audit's list, and of which nothing was heard since it began.
    pub fn not_audited(&self, kind: Kind) -> impl Iterator<Item = (Key, u64)> {
        let missing = self.workloads(kind).filter(|(_, entry)| entry.audit != self.audits);
        missing.map(|(key, entry)| (key.clone(), entry.version))
    }

    /// After a list the tables are about as large as they need to be.
    pub fn shrink(&mut self) {
        if self.places.len() < self.places.capacity() / 4 {
            self.places.shrink_to(self.places.len() * 2);
        }
        self.others.shrink_to_fit();
        self.said.shrink_to_fit();
        self.namespaces = self.places.keys().map(|key| Arc::clone(&key.namespace)).collect();
    }

    fn put(&mut self, key: &Key, place: Place) {
        if let Some(there) = self.places.get_mut(key) {
            *there = place;
            return;
        }
        let namespace = if let Some(known) = self.namespaces.get(&key.namespace) {
            Arc::clone(known)
        } else {
            self.namespaces.insert(Arc::clone(&key.namespace));
            Arc::clone(&key.namespace)
        };
        self.places.insert(Key { namespace, ..key.clone() }, place);
    }

    fn round(&self, kind: Kind) -> u32 {
        self.rounds.get(&kind).copied().unwrap_or_default()
    }

    fn count(&mut self, kind: Kind, severity: Severity, change: i64) {
        *self.counts.entry((kind, severity)).or_default() += change;
    }
}

#[cfg(test)]
mod report_tests;
#[cfg(test)]
mod tests;
