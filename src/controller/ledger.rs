//! What the controller remembers: a few numbers per workload and per report, never the object. Pure.

mod coverage;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::id::Id;
use super::owners::{Cron, Owned, Tombstones};
use super::stored::Known;
use crate::rollup::FindingSet;
use crate::severity::Severity;
use crate::workload::{Kind, OwnerClaim};

pub use coverage::Coverage;

/// Which workload.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace. Shared between the keys of one namespace in the ledger.
    pub namespace: Arc<str>,
    /// Job or CronJob.
    pub kind: Kind,
    /// Its name.
    pub name: Box<str>,
}

impl Key {
    /// The key of a workload.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), kind, name: name.into() }
    }
}

/// A workload that exists.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its uid.
    pub uid: Id,
    /// A hash of its resourceVersion, by which an object that has not changed is recognised.
    pub version: u64,
    /// Its severity.
    pub severity: Severity,
    /// The API server is about to remove it.
    pub is_dying: bool,
    /// The report of its CronJob speaks for it.
    pub is_covered: bool,
    /// Part of it could not be read or judged.
    pub is_partial: bool,
    /// The report about it, if there is one.
    pub known: Option<Known>,
    /// Of a CronJob: what its Jobs are compared with.
    pub cron: Option<Box<Cron>>,
    /// The list in which it was last seen.
    round: u32,
    /// The audit in which it was last seen, or before which something was last heard of it.
    audit: u32,
}

/// A report about a workload that does not exist, or not under this uid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The uid of the workload that it is about.
    pub uid: Id,
    /// What stands in it.
    pub known: Known,
    /// When the workload was seen to be gone, in seconds since 1970, if the report says so.
    pub marked: Option<i64>,
    /// Since when it is a stray, in seconds since 1970.
    pub since: i64,
}

/// What a change of a report means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It is what was written, or an earlier state of it, or about nothing that exists.
    Expected,
    /// Somebody else wrote it.
    Tampered,
}

/// All workloads that exist and all reports that exist.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: HashMap<Key, Entry>,
    strays: HashMap<Key, Vec<Stray>>,
    namespaces: HashSet<Arc<str>>,
    rounds: HashMap<Kind, u32>,
    audits: u32,
    report_round: u32,
    counts: HashMap<(Kind, Severity), i64>,
    tombstones: Tombstones,
}

impl Ledger {
    /// A workload, if it exists.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// A workload, if it exists under this uid.
    pub fn get_uid(&self, key: &Key, uid: Id) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| entry.uid == uid)
    }

    /// The reports about predecessors of a workload.
    pub fn strays_of(&self, key: &Key) -> &[Stray] {
        self.strays.get(key).map_or(&[], Vec::as_slice)
    }

    /// All reports without a workload.
    pub fn strays(&self) -> impl Iterator<Item = (&Key, &Stray)> {
        self.strays.iter().flat_map(|(key, strays)| strays.iter().map(move |stray| (key, stray)))
    }

    /// Whether no workload exists.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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

    /// A list of a kind is complete: what was not in it is gone. Says how many were not.
    pub fn end_list(&mut self, kind: Kind, now: i64) -> usize {
        let round = self.round(kind);
        let missing = self.entries.iter().filter(|(key, entry)| key.kind == kind && entry.round != round);
        let missing: Vec<Key> = missing.map(|(key, _)| key.clone()).collect();
        for key in &missing {
            self.remove(key, now);
        }
        missing.len()
    }

    /// Takes note of a workload. Says whether it is in place of another that was there under the same name.
    ///
    /// The report about it is found by itself among the strays.
    pub fn observe(&mut self, key: &Key, seen: Seen, now: i64) -> bool {
        let is_other = self.entries.get(key).is_some_and(|entry| entry.uid != seen.uid);
        if is_other {
            self.remove(key, now);
        }
        let (round, audit) = (self.round(key.kind), self.audits);
        if let Some(entry) = self.entries.get_mut(key) {
            let before = entry.severity;
            let (known, cron) = (entry.known.take(), entry.cron.take());
            *entry = seen.entry(round, audit, known, cron);
            self.count(key.kind, before, -1);
        } else {
            let known = self.take_stray(key, seen.uid).map(|stray| stray.known);
            let key = self.interned(key);
            self.entries.insert(key, seen.entry(round, audit, known, None));
        }
        self.count(key.kind, seen.severity, 1);
        is_other
    }

    /// Takes note of the findings of a CronJob, whose spec was last changed at `changed`.
    pub fn set_findings(&mut self, key: &Key, findings: FindingSet, changed: i64) {
        let Some(entry) = self.entries.get_mut(key) else { return };
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
        if let Some(entry) = self.entries.get_mut(key) {
            entry.round = round;
        }
    }

    /// Takes note that a workload is about to be removed.
    pub fn dying(&mut self, key: &Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.is_dying = true;
        }
    }

    /// A workload is gone. The report about it becomes a stray. Says whether it was there.
    pub fn remove(&mut self, key: &Key, now: i64) -> bool {
        let Some((key, entry)) = self.entries.remove_entry(key) else { return false };
        self.count(key.kind, entry.severity, -1);
        if let Some(cron) = entry.cron {
            self.tombstones.add(entry.uid, *cron, now);
        }
        if let Some(known) = entry.known {
            let stray = Stray { uid: entry.uid, known, marked: None, since: now };
            self.strays.entry(key).or_default().push(stray);
        }
        true
    }

    /// A report was written.
    pub fn wrote(&mut self, key: &Key, uid: Id, mut known: Known, marked: Option<i64>, now: i64) {
        known.round = self.report_round;
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.uid == uid) {
            entry.known = Some(known);
            return;
        }
        self.set_stray(key, Stray { uid, known, marked, since: now });
    }

    /// Forgets which objects have not changed: the next list judges all of them.
    pub fn forget_versions(&mut self, kind: Kind) {
        for (_, entry) in self.entries.iter_mut().filter(|(key, _)| key.kind == kind) {
            entry.version = 0;
        }
    }

    /// An audit begins.
    pub fn begin_audit(&mut self) {
        self.audits = self.audits.wrapping_add(1);
    }

    /// A workload is in the audit's list: its uid and version as they are remembered.
    pub fn audit(&mut self, key: &Key) -> Option<(Id, u64)> {
        let audit = self.audits;
        self.entries.get_mut(key).map(|entry| {
            entry.audit = audit;
            (entry.uid, entry.version)
        })
    }

    /// The workloads of a kind that were not in the audit's list, and of which nothing was heard since it began.
    pub fn not_audited(&self, kind: Kind) -> impl Iterator<Item = (Key, u64)> {
        let missing =
            self.entries.iter().filter(move |(key, entry)| key.kind == kind && entry.audit != self.audits);
        missing.map(|(key, entry)| (key.clone(), entry.version))
    }

    /// A list of reports begins.
    pub fn begin_reports(&mut self) {
        self.report_round = self.report_round.wrapping_add(1);
    }

    /// A list of reports is complete. Those that were not in it are gone: gives the workloads that they were about.
    pub fn end_reports(&mut self) -> Vec<Key> {
        let round = self.report_round;
        self.strays.retain(|_, strays| {
            strays.retain(|stray| stray.known.round == round);
            !strays.is_empty()
        });
        let mut without = Vec::new();
        for (key, entry) in &mut self.entries {
            if entry.known.is_some_and(|known| known.round != round) {
                entry.known = None;
                without.push(key.clone());
            }
        }
        self.strays.shrink_to_fit();
        without
    }

    /// All reports are gone, with their definition.
    pub fn forget_reports(&mut self) {
        self.strays.clear();
        for entry in self.entries.values_mut() {
            entry.known = None;
        }
    }

    /// A report is there, new or changed or listed again.
    pub fn report_seen(&mut self, key: &Key, uid: Id, seen: Known, marked: Option<i64>, now: i64) -> News {
        let seen = Known { round: self.report_round, ..seen };
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.uid == uid) else {
            self.set_stray(key, Stray { uid, known: seen, marked, since: now });
            return News::Expected;
        };
        match &mut entry.known {
            Some(known) if known.id == seen.id => {
                known.round = seen.round;
                if seen.generation < known.generation || seen.is_as(known) {
                    return News::Expected;
                }
                // What is remembered of it stays what was written: its peak, above all.
                known.digest = None;
                known.generation = seen.generation;
                News::Tampered
            }
            known => {
                // Somebody wrote it first, or in place of ours.
                let before = known.map_or(seen, |before| Known { peak: before.peak, runs: 0, ..seen });
                *known = Some(Known { digest: None, ..before });
                News::Tampered
            }
        }
    }

    /// A report is gone: whether it is one that should be there.
    pub fn report_gone(&mut self, key: &Key, uid: Id, report: Id) -> bool {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.uid == uid)
            && entry.known.is_some_and(|known| known.id == report)
        {
            entry.known = None;
            return !entry.is_dying && !entry.is_covered;
        }
        if let Some(strays) = self.strays.get_mut(key) {
            strays.retain(|stray| stray.known.id != report);
            if strays.is_empty() {
                self.strays.remove(key);
            }
        }
        false
    }

    /// After a list the maps are as large as they need to be.
    pub fn shrink(&mut self) {
        self.strays.shrink_to_fit();
        self.namespaces = self.entries.keys().map(|key| Arc::clone(&key.namespace)).collect();
    }

    fn set_stray(&mut self, key: &Key, stray: Stray) {
        let strays = self.strays.entry(key.clone()).or_default();
        match strays.iter_mut().find(|known| known.known.id == stray.known.id) {
            Some(known) if stray.known.generation < known.known.generation => {
                known.known.round = stray.known.round;
            }
            Some(known) => *known = Stray { since: known.since, ..stray },
            None => strays.push(stray),
        }
    }

    fn take_stray(&mut self, key: &Key, uid: Id) -> Option<Stray> {
        let strays = self.strays.get_mut(key)?;
        let index = strays.iter().position(|stray| stray.uid == uid)?;
        let stray = strays.swap_remove(index);
        if strays.is_empty() {
            self.strays.remove(key);
        }
        Some(stray)
    }

    fn interned(&mut self, key: &Key) -> Key {
        let namespace = if let Some(known) = self.namespaces.get(&key.namespace) {
            Arc::clone(known)
        } else {
            self.namespaces.insert(Arc::clone(&key.namespace));
            Arc::clone(&key.namespace)
        };
        Key { namespace, ..key.clone() }
    }

    fn round(&self, kind: Kind) -> u32 {
        self.rounds.get(&kind).copied().unwrap_or_default()
    }

    fn count(&mut self, kind: Kind, severity: Severity, change: i64) {
        *self.counts.entry((kind, severity)).or_default() += change;
    }
}

/// What is taken note of when a workload arrives.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Its uid.
    pub uid: Id,
    /// A hash of its resourceVersion.
    pub version: u64,
    /// Its severity.
    pub severity: Severity,
    /// The API server is about to remove it.
    pub is_dying: bool,
    /// The report of its CronJob speaks for it.
    pub is_covered: bool,
    /// Part of it could not be read or judged.
    pub is_partial: bool,
}

impl Seen {
    fn entry(self, round: u32, audit: u32, known: Option<Known>, cron: Option<Box<Cron>>) -> Entry {
        let Self { uid, version, severity, is_dying, is_covered, is_partial } = self;
        Entry { uid, version, severity, is_dying, is_covered, is_partial, known, cron, round, audit }
    }
}
