use super::*;
use crate::api::report::Peak;
use crate::controller::stored::Known;
use crate::finding_log::Verdict;

fn known(id: &str) -> Known {
    Known {
        id: Id::of(id),
        generation: 1,
        digest: None,
        is_trimmed: false,
        history: 0,
        severity: Severity::High,
        risk_score: 50,
        peak: Peak { severity: Severity::High, risk_score: 50, subject_generation: 1 },
        runs: 0,
        subject_generation: 1,
        name: 0,
        vouched: None,
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
    let gone = ledger.observe(&key(), seen("second"), 2).expect("it is another");
    assert_eq!((gone.uid, gone.known.map(|known| known.id)), (Id::of("first"), Some(Id::of("a"))));
    assert_eq!(ledger.get_uid(&key(), Id::of("second")).unwrap().known, None);
    assert_eq!(strays(&ledger), ids(&["a"]));
    ledger.wrote(&key(), Id::of("second"), known("b"), None, 3);
    assert!(ledger.remove(&key(), 4).is_some() && ledger.remove(&key(), 4).is_none());
    assert_eq!(strays(&ledger), ids(&["a", "b"]));
    assert_eq!(ledger.counts().values().sum::<i64>(), 0);
    // Each goes by itself, wherever it is kept.
    ledger.report_gone(&key(), Id::of("second"), Id::of("b"));
    assert_eq!(strays(&ledger), ids(&["a"]));
    ledger.report_gone(&key(), Id::of("first"), Id::of("a"));
    assert_eq!(strays(&ledger), ids(&[]));
    assert_eq!(ledger.observe(&key(), seen("third"), 5), None, "nothing is in its place");
}

#[test]
fn a_list_of_reports_forgets_those_that_are_not_in_it() {
    let mut ledger = Ledger::default();
    ledger.observe(&key(), seen("uid"), 1);
    ledger.begin_reports();
    ledger.wrote(&key(), Id::of("uid"), known("its"), None, 1);
    ledger.report_seen(&key(), Id::of("earlier"), known("stray"), None, 1);
    assert_eq!(ledger.end_reports(), (vec![], vec![]));
    ledger.begin_reports();
    let (without, gone) = ledger.end_reports();
    assert_eq!(without, [key()]);
    assert_eq!(gone.iter().map(|(_, stray)| stray.known.id).collect::<Vec<_>>(), [Id::of("stray")]);
    assert_eq!((ledger.get(&key()).unwrap().known, strays(&ledger)), (None, ids(&[])));
}

#[test]
fn what_was_said_is_remembered_until_a_report_says_it() {
    let digest = |text: &str| crate::report::Digest::parse(&text.repeat(64));
    let verdict = |severity| Verdict { severity, risk_score: 1 };
    let (uid, low, high) = (Id::of("uid"), verdict(Severity::Low), known("its").verdict());
    let mut ledger = Ledger::default();
    ledger.observe(&key(), seen("uid"), 1);
    assert_eq!(ledger.last_said(&key(), uid), None);
    ledger.say(&key(), uid, Some(Said { digest: digest("a").unwrap(), verdict: low }));
    ledger.say(&key(), Id::of("other"), None);
    ledger.observe(&key(), seen("uid"), 2);
    assert_eq!(ledger.last_said(&key(), uid), Some(low));
    // An earlier verdict is written.
    ledger.wrote(&key(), uid, Known { digest: digest("b"), ..known("its") }, None, 3);
    assert_eq!(ledger.last_said(&key(), uid), Some(low));
    ledger.wrote(&key(), uid, Known { digest: digest("a"), ..known("its") }, None, 4);
    assert_eq!(ledger.said(&key(), uid), None);
    assert_eq!(ledger.last_said(&key(), uid), Some(high));
    // Somebody removes the report, and then the workload.
    assert!(ledger.report_gone(&key(), uid, Id::of("its")));
    let gone = ledger.remove(&key(), 5).unwrap();
    assert_eq!((gone.last, gone.known), (Some(high), None));
}

#[test]
fn what_is_remembered_of_a_workload_is_small() {
    // With its name, two hundred bytes are the budget: 2 MiB for ten thousand.
    let size = size_of::<(u64, Key, Place)>();
    assert!(size <= 200, "{size} bytes");
}
