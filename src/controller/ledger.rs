//! What the controller remembers: a digest per workload, never the object. Pure.

use std::collections::HashMap;

use crate::api::report::Peak;
use crate::report::Digest;
use crate::severity::Severity;
use crate::workload::Kind;

/// Which workload.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Job or CronJob.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// What stands in a report that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The workload's uid.
    pub uid: Box<str>,
    /// The digest; none where the annotation is not one of ours.
    pub digest: Option<Digest>,
    /// The severity by the label.
    pub severity: Option<Severity>,
    /// The peak; not known for reports that were found at start, since only their metadata is listed.
    pub peak: Option<Peak>,
}

/// A workload that exists.
#[derive(Debug, Clone)]
struct Seen {
    severity: Severity,
    /// The list in which it was last seen.
    round: u64,
}

/// What to do about a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The report says so already.
    Nothing,
    /// The report has to be written. What stood in it before, about this same uid.
    Write {
        /// The report on this uid before, if there is one.
        before: Option<Written>,
    },
}

/// All workloads that exist and all reports that were written.
#[derive(Debug, Default)]
pub struct Ledger {
    seen: HashMap<Key, Seen>,
    written: HashMap<Key, Written>,
    rounds: HashMap<Kind, u64>,
    counts: HashMap<(Kind, Severity), i64>,
}

impl Ledger {
    /// Takes note of a report that exists.
    pub fn note_written(&mut self, key: Key, written: Written) {
        self.written.insert(key, written);
    }

    /// Takes note of all reports that exist, and forgets those that do not.
    pub fn set_written(&mut self, found: impl IntoIterator<Item = (Key, Written)>) {
        self.written = found.into_iter().collect();
    }

    /// What stands in the report on a workload, if it is about this uid.
    pub fn written(&self, key: &Key, uid: &str) -> Option<&Written> {
        self.written.get(key).filter(|written| &*written.uid == uid)
    }

    /// Whether a workload exists, as far as is known.
    pub fn exists(&self, key: &Key) -> bool {
        self.seen.contains_key(key)
    }

    /// A list of a kind begins.
    pub fn begin_list(&mut self, kind: Kind) {
        *self.rounds.entry(kind).or_default() += 1;
    }

    /// A list of a kind is complete: what was not in it is gone.
    pub fn end_list(&mut self, kind: Kind) -> usize {
        let round = self.rounds.get(&kind).copied().unwrap_or_default();
        let gone: Vec<Key> = self
            .seen
            .iter()
            .filter(|(key, seen)| key.kind == kind && seen.round != round)
            .map(|(key, _)| key.clone())
            .collect();
        for key in &gone {
            self.gone(key);
        }
        gone.len()
    }

    /// Takes note of a verdict and decides whether it has to be written.
    pub fn observe(&mut self, key: &Key, uid: &str, severity: Severity, digest: Digest) -> Decision {
        let round = self.rounds.get(&key.kind).copied().unwrap_or_default();
        let earlier = self.seen.insert(key.clone(), Seen { severity, round });
        self.count(key.kind, severity, 1);
        if let Some(earlier) = earlier {
            self.count(key.kind, earlier.severity, -1);
        }
        match self.written(key, uid) {
            Some(written) if written.digest == Some(digest) => Decision::Nothing,
            before => Decision::Write { before: before.cloned() },
        }
    }

    /// A workload is gone, and its report with it.
    pub fn gone(&mut self, key: &Key) {
        if let Some(seen) = self.seen.remove(key) {
            self.count(key.kind, seen.severity, -1);
        }
        self.written.remove(key);
    }

    /// How many workloads there are of each kind and severity.
    pub fn counts(&self) -> &HashMap<(Kind, Severity), i64> {
        &self.counts
    }

    fn count(&mut self, kind: Kind, severity: Severity, change: i64) {
        *self.counts.entry((kind, severity)).or_default() += change;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::report::report;
    use crate::workload::decode::from_json;

    fn key(name: &str) -> Key {
        Key { kind: Kind::Job, namespace: "n".into(), name: name.into() }
    }

    fn digest_of(json: &str) -> Digest {
        report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap())).digest
    }

    #[test]
    fn only_a_change_is_written() {
        let mut ledger = Ledger::default();
        let (clean, risky) = (digest_of("{}"), digest_of(r#"{"spec":7}"#));
        ledger.begin_list(Kind::Job);
        assert_eq!(ledger.observe(&key("a"), "1", Severity::None, clean), Decision::Write { before: None });
        let written =
            Written { uid: "1".into(), digest: Some(clean), severity: Some(Severity::None), peak: None };
        ledger.note_written(key("a"), written.clone());
        assert_eq!(ledger.observe(&key("a"), "1", Severity::None, clean), Decision::Nothing);
        assert_eq!(
            ledger.observe(&key("a"), "1", Severity::High, risky),
            Decision::Write { before: Some(written) }
        );
        // A successor of the same name is another subject, whatever its digest.
        assert_eq!(ledger.observe(&key("a"), "2", Severity::None, clean), Decision::Write { before: None });
    }

    #[test]
    fn a_list_shows_what_is_gone_and_only_of_its_kind() {
        let mut ledger = Ledger::default();
        let digest = digest_of("{}");
        ledger.begin_list(Kind::Job);
        ledger.observe(&key("a"), "1", Severity::None, digest);
        ledger.observe(&key("b"), "2", Severity::High, digest);
        let other = Key { kind: Kind::CronJob, ..key("c") };
        ledger.observe(&other, "3", Severity::Low, digest);
        assert_eq!(ledger.end_list(Kind::Job), 0);
        ledger.begin_list(Kind::Job);
        ledger.observe(&key("b"), "2", Severity::High, digest);
        assert_eq!(ledger.end_list(Kind::Job), 1);
        let counts = ledger.counts();
        assert_eq!(counts.get(&(Kind::Job, Severity::High)), Some(&1));
        assert_eq!(counts.get(&(Kind::CronJob, Severity::Low)), Some(&1));
        assert_eq!(counts.values().sum::<i64>(), 2);
    }
}
