//! The side of an instance that follows another, and of one that takes over. Pure.

use std::hash::BuildHasher as _;

use super::{Key, Ledger, Stray};
use crate::controller::id::Id;
use crate::controller::stored::Known;
use crate::report::Digest;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// The report on this workload has to be written.
    Report(Key),
    /// The report on this workload has to go, since another speaks for it.
    Removal(Key),
}

impl Ledger {
    /// What the report on a workload has to say.
    pub fn set_verdict(&mut self, key: &Key, uid: Id, verdict: Digest) {
        let hash = self.short(verdict);
        if let Some(entry) = self.get_mut(key).filter(|entry| entry.uid == uid) {
            entry.verdict = hash;
        }
    }

    fn short(&self, digest: Digest) -> u32 {
        // The tables here have a random key as it is.
        u32::try_from(self.others.hasher().hash_one(digest) >> 32).unwrap_or_default()
    }

    /// A report is there that another instance has written: what stands in it is taken as it is.
    pub fn report_told(&mut self, key: &Key, uid: Id, seen: Known, marked: Option<i64>, now: i64) {
        let seen = Known { round: self.report_round, ..seen };
        let Some(entry) = self.get_mut(key).filter(|entry| entry.uid == uid) else {
            // What is remembered of evidence shows whether somebody changes it, whoever leads.
            self.stray_seen(key, Stray { uid, known: seen, marked, since: now });
            return;
        };
        match &mut entry.known {
            Some(known) if known.id == seen.id && seen.generation < known.generation => {
                known.round = seen.round;
            }
            known => *known = Some(seen),
        }
    }

    /// What the reports do not say, or should not. A workload that is about to go keeps what it has.
    pub fn due(&self) -> impl Iterator<Item = Due> {
        let workloads = self.places.iter().filter_map(|(key, place)| Some((key, place.workload()?)));
        workloads.filter(|(_, entry)| !entry.is_dying).filter_map(|(key, entry)| {
            if entry.is_covered {
                return entry.known.map(|_| Due::Removal(key.clone()));
            }
            let written = entry.known.and_then(|known| known.digest).map(|digest| self.short(digest));
            let is_right = entry.verdict != 0 && written == Some(entry.verdict);
            (!is_right).then(|| Due::Report(key.clone()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::controller::ledger::Seen;
    use crate::report::report;
    use crate::severity::Severity;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    fn digest_of(name: &str) -> Digest {
        let json = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
        report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap())).digest
    }

    fn known(id: &str, digest: Digest, generation: i64) -> Known {
        Known {
            id: Id::of(id),
            generation,
            digest: Some(digest),
            history: 0,
            severity: Severity::Low,
            risk_score: 1,
            peak: crate::api::report::Peak { severity: Severity::Low, risk_score: 1, subject_generation: 1 },
            runs: 0,
            subject_generation: 1,
            name: 0,
            is_trimmed: false,
            vouched: None,
            round: 0,
        }
    }

    #[test]
    fn what_a_new_leader_writes_is_what_the_reports_do_not_say() {
        let (right, wrong) = (digest_of("a"), digest_of("b"));
        let mut ledger = Ledger::default();
        let mut observe = |name: &str, is_covered: bool, is_dying: bool, told: Option<Known>| {
            let (key, uid) = (Key::new(Kind::Job, "n", name), Id::of(name));
            let severity = Severity::Low;
            let seen = Seen { uid, version: 1, severity, is_dying, is_covered, is_partial: false };
            ledger.observe(&key, seen, 0);
            if !is_covered {
                ledger.set_verdict(&key, uid, right);
            }
            if let Some(told) = told {
                ledger.report_told(&key, uid, told, None, 0);
            }
        };
        observe("right", false, false, Some(known("1", right, 1)));
        observe("wrong", false, false, Some(known("2", wrong, 1)));
        observe("missing", false, false, None);
        observe("going", false, true, None);
        observe("covered", true, false, None);
        observe("covered-later", true, false, Some(known("3", right, 1)));
        // It was changed, and an earlier state of it comes late.
        observe("put-right", false, false, Some(known("4", right, 2)));
        ledger.report_told(
            &Key::new(Kind::Job, "n", "put-right"),
            Id::of("put-right"),
            known("4", wrong, 1),
            None,
            0,
        );
        let mut due: Vec<String> = ledger
            .due()
            .map(|due| match due {
                Due::Report(key) => format!("write {}", key.name),
                Due::Removal(key) => format!("remove {}", key.name),
            })
            .collect();
        due.sort();
        assert_eq!(due, ["remove covered-later", "write missing", "write wrong"]);
    }
}
