//! What has to be done so that the reports say what is true. Pure: from what is wanted and what exists.

use super::ledger::{Key, Ledger, Stray};
use super::stored::Known;
use crate::report::Digest;

/// How long the garbage collector has for the report on a workload that is gone, in seconds. Then it is removed here.
const COLLECTED_AFTER: i64 = 10;

/// What to do about a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The report says so already.
    Nothing,
    /// The report has to be written.
    Write {
        /// Which of the report's names it gets.
        name: u8,
        /// What stands in it now.
        before: Option<Known>,
    },
}

/// What to do about a verdict with this digest, with the report that exists and those on predecessors.
pub fn plan<'a>(digest: Digest, known: Option<Known>, strays: impl Iterator<Item = &'a Stray>) -> Plan {
    if known.is_some_and(|known| known.digest == Some(digest)) {
        return Plan::Nothing;
    }
    let name = known.map_or_else(|| free_name(strays), |known| known.name);
    Plan::Write { name, before: known }
}

/// The first name that no evidence has. A report that is no evidence makes room.
fn free_name<'a>(strays: impl Iterator<Item = &'a Stray>) -> u8 {
    let taken: Vec<u8> = strays.filter(|stray| stray.is_evidence()).map(|stray| stray.known.name).collect();
    (0..LAST_NAME).find(|name| !taken.contains(name)).unwrap_or(LAST_NAME)
}

/// The last of a report's names, which is made so that nobody can have taken it.
pub const LAST_NAME: u8 = 2;

/// How long and how many reports outlive their workloads.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// For how many seconds.
    pub seconds: i64,
    /// How many in a namespace.
    pub per_namespace: usize,
}

/// Something to be done about a report without a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chore {
    /// It becomes evidence: it has to say when its workload went; or it is evidence, and has to say that somebody else
    /// has changed it.
    Mark(Key, Stray),
    /// It has to go.
    Delete(Key, Stray),
}

/// What to do about the reports without a workload, at a time in seconds since 1970.
///
/// Only to be asked when everything has been listed: before that, every report seems to be without a workload.
pub fn chores(ledger: &Ledger, retention: Retention, now: i64) -> Vec<Chore> {
    let mut chores = Vec::new();
    let mut evidence: Vec<(&Key, &Stray, i64)> = Vec::new();
    for (key, stray) in ledger.strays() {
        match stray.marked {
            _ if !stray.is_evidence() => {
                if now - stray.since >= COLLECTED_AFTER {
                    chores.push(Chore::Delete(key.clone(), stray.clone()));
                }
            }
            None => chores.push(Chore::Mark(key.clone(), stray.clone())),
            Some(marked) if now - marked >= retention.seconds => {
                chores.push(Chore::Delete(key.clone(), stray.clone()));
            }
            // Somebody else has changed it.
            Some(_) if !stray.known.is_sealed() => chores.push(Chore::Mark(key.clone(), stray.clone())),
            Some(marked) => evidence.push((key, stray, marked)),
        }
    }
    // Per namespace the worst and newest first: what is beyond the limit goes.
    evidence.sort_by(|(key_a, a, marked_a), (key_b, b, marked_b)| {
        let rank = |stray: &Stray, marked: i64| (stray.known.severity, stray.known.risk_score, marked);
        key_a.namespace.cmp(&key_b.namespace).then(rank(b, *marked_b).cmp(&rank(a, *marked_a)))
    });
    let mut count = 0;
    let mut namespace = None;
    for (key, stray, _) in evidence {
        if namespace != Some(&key.namespace) {
            (count, namespace) = (0, Some(&key.namespace));
        }
        count += 1;
        if count > retention.per_namespace {
            chores.push(Chore::Delete(key.clone(), stray.clone()));
        }
    }
    chores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::report::Peak;
    use crate::assess::assess;
    use crate::controller::id::Id;
    use crate::report::report;
    use crate::severity::Severity;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    fn digest_of(name: &str) -> Digest {
        let json = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
        report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap())).digest
    }

    fn known(id: &str, severity: Severity, digest: Option<Digest>, name: u8) -> Known {
        let peak = Peak { severity, risk_score: 1, subject_generation: 1 };
        Known {
            id: Id::of(id),
            generation: 1,
            digest,
            is_trimmed: false,
            history: 0,
            severity,
            risk_score: 1,
            peak,
            runs: 0,
            subject_generation: 1,
            name,
            vouched: None,
            round: 0,
        }
    }

    fn stray(id: &str, severity: Severity, marked: Option<i64>, name: u8) -> Stray {
        let known = known(id, severity, Some(digest_of(id)), name);
        Stray { uid: Id::of(id), known, marked, since: 1000 }
    }

    #[test]
    fn only_what_differs_is_written() {
        let (one, other) = (digest_of("a"), digest_of("b"));
        let same = known("r", Severity::Low, Some(one), 0);
        assert_eq!(plan(one, Some(same), std::iter::empty()), Plan::Nothing);
        assert_eq!(plan(other, Some(same), std::iter::empty()), Plan::Write { name: 0, before: Some(same) });
        let damaged = known("r", Severity::Low, None, 1);
        assert_eq!(
            plan(one, Some(damaged), std::iter::empty()),
            Plan::Write { name: 1, before: Some(damaged) }
        );
        assert_eq!(plan(one, None, std::iter::empty()), Plan::Write { name: 0, before: None });
    }

    #[test]
    fn evidence_keeps_its_name() {
        let name = |strays: &[Stray]| match plan(digest_of("a"), None, strays.iter()) {
            Plan::Write { name, .. } => name,
            Plan::Nothing => panic!("nothing"),
        };
        assert_eq!(name(&[stray("1", Severity::Low, None, 0)]), 0);
        assert_eq!(name(&[stray("1", Severity::High, None, 0)]), 1);
        assert_eq!(name(&[stray("1", Severity::High, None, 1)]), 0);
        let all = [stray("1", Severity::High, None, 0), stray("2", Severity::High, Some(1), 1)];
        assert_eq!(name(&all), LAST_NAME);
    }

    #[test]
    fn evidence_is_marked_kept_and_bounded() {
        let retention = Retention { seconds: 1000, per_namespace: 2 };
        let mut ledger = Ledger::default();
        let strays = [
            ("low", Severity::Low, None),
            ("unmarked", Severity::High, None),
            ("old", Severity::Critical, Some(500)),
            ("a", Severity::High, Some(1100)),
            ("b", Severity::Critical, Some(1050)),
            ("c", Severity::High, Some(1200)),
        ];
        for (name, severity, marked) in strays {
            let key = Key::new(Kind::Job, "n", name);
            ledger.wrote(&key, Id::of(name), known(name, severity, Some(digest_of(name)), 0), marked, 1000);
        }
        // Somebody else has changed it, and has made it look harmless.
        let changed = known("changed", Severity::None, None, 0);
        ledger.wrote(&Key::new(Kind::Job, "other", "changed"), Id::of("changed"), changed, Some(900), 1000);
        let names = |now: i64| {
            let mut names: Vec<String> = chores(&ledger, retention, now)
                .into_iter()
                .map(|chore| match chore {
                    Chore::Mark(key, _) => format!("mark {}", key.name),
                    Chore::Delete(key, _) => format!("delete {}", key.name),
                })
                .collect();
            names.sort();
            names
        };
        assert_eq!(
            names(1005),
            ["delete a", "delete c", "mark changed", "mark unmarked"].map(ToOwned::to_owned)
        );
        assert_eq!(
            names(1500),
            ["delete a", "delete low", "delete old", "mark changed", "mark unmarked"].map(ToOwned::to_owned)
        );
    }
}
