use super::*;
use crate::api::report::Peak;
use crate::controller::stored::Known;

fn known(id: &str) -> Known {
    Known {
        id: Id::of(id),
        generation: 1,
        digest: None,
        history: 0,
        severity: Severity::High,
        risk_score: 50,
        peak: Peak { severity: Severity::High, risk_score: 50, subject_generation: 1 },
        runs: 0,
        subject_generation: 1,
        name: 0,
        round: 0,
    }
}

fn seen(uid: &str) -> Seen {
    Seen {
        uid: Id::of(uid),
        version: 1,
        severity: Severity::High,
        is_dying: false,
        is_covered: false,
        is_partial: false,
    }
}

fn key() -> Key {
    Key::new(Kind::Job, "n", "job")
}

/// The ids of the reports under the name that are not about the workload there.
fn strays(ledger: &Ledger) -> Vec<Id> {
    let mut ids: Vec<Id> = ledger.strays_of(&key()).map(|stray| stray.known.id).collect();
    ids.sort();
    let mut all: Vec<Id> = ledger.strays().map(|(_, stray)| stray.known.id).collect();
    all.sort();
    assert_eq!(ids, all);
    ids
}

fn ids(ids: &[&str]) -> Vec<Id> {
    let mut ids: Vec<Id> = ids.iter().map(|id| Id::of(id)).collect();
    ids.sort();
    ids
}

#[test]
fn a_workload_finds_its_report_among_those_that_were_listed() {
    for order in [["ours", "other"], ["other", "ours"]] {
        let mut ledger = Ledger::default();
        for report in order {
            ledger.report_seen(&key(), Id::of(&format!("uid-{report}")), known(report), None, 1);
        }
        assert!(ledger.get(&key()).is_none() && ledger.is_empty());
        assert_eq!(strays(&ledger), ids(&["ours", "other"]));
        ledger.observe(&key(), seen("uid-ours"), 2);
        assert_eq!(ledger.get(&key()).unwrap().known.unwrap().id, Id::of("ours"));
        assert_eq!(strays(&ledger), ids(&["other"]));
    }
}

#[test]
fn what_is_left_of_a_workload_gives_way_to_its_successor() {
    let mut ledger = Ledger::default();
    ledger.observe(&key(), seen("first"), 1);
    ledger.wrote(&key(), Id::of("first"), known("a"), None, 1);
    assert!(ledger.observe(&key(), seen("second"), 2), "it is another");
    assert_eq!(ledger.get_uid(&key(), Id::of("second")).unwrap().known, None);
    assert_eq!(strays(&ledger), ids(&["a"]));
    ledger.wrote(&key(), Id::of("second"), known("b"), None, 3);
    assert!(ledger.remove(&key(), 4) && !ledger.remove(&key(), 4));
    assert_eq!(strays(&ledger), ids(&["a", "b"]));
    assert_eq!(ledger.counts().values().sum::<i64>(), 0);
    // Each goes by itself, wherever it is kept.
    ledger.report_gone(&key(), Id::of("second"), Id::of("b"));
    assert_eq!(strays(&ledger), ids(&["a"]));
    ledger.report_gone(&key(), Id::of("first"), Id::of("a"));
    assert_eq!(strays(&ledger), ids(&[]));
    assert!(!ledger.observe(&key(), seen("third"), 5), "nothing is in its place");
}

#[test]
fn a_list_of_reports_forgets_those_that_are_not_in_it() {
    let mut ledger = Ledger::default();
    ledger.observe(&key(), seen("uid"), 1);
    ledger.begin_reports();
    ledger.wrote(&key(), Id::of("uid"), known("its"), None, 1);
    ledger.report_seen(&key(), Id::of("earlier"), known("stray"), None, 1);
    assert_eq!(ledger.end_reports(), []);
    ledger.begin_reports();
    assert_eq!(ledger.end_reports(), [key()]);
    assert_eq!((ledger.get(&key()).unwrap().known, strays(&ledger)), (None, ids(&[])));
}

#[test]
fn what_is_remembered_of_a_workload_is_small() {
    // With its name, two hundred bytes are the budget: 2 MiB for ten thousand.
    let size = size_of::<(u64, Key, Place)>();
    assert!(size <= 200, "{size} bytes");
}
