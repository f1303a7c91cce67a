//! Reports that somebody else changes, and workloads that come and go.

use super::*;
use crate::api::report::Peak;
use crate::assess::assess;
use crate::controller::stored::Known;
use crate::report::{Digest, RETAINED_FROM, report};
use crate::workload::decode::from_json;

const NOW: i64 = 1_000;

fn key(kind: Kind, name: &str) -> Key {
    Key::new(kind, "n", name)
}

fn seen(uid: &str, version: u64, severity: Severity) -> Seen {
    Seen { uid: Id::of(uid), version, severity, is_dying: false, is_covered: false, is_partial: false }
}

fn digest_of(name: &str) -> Digest {
    let json = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap())).digest
}

/// A report of ours that says the same as every other with this `says`.
fn known(id: &str, generation: i64, severity: Severity, says: &str) -> Known {
    Known {
        id: Id::of(id),
        generation,
        digest: Some(digest_of(says)),
        is_trimmed: false,
        history: 0,
        severity,
        risk_score: 50,
        peak: Peak { severity, risk_score: 50, subject_generation: 1 },
        runs: 0,
        subject_generation: 1,
        name: 0,
        vouched: None,
        round: 0,
    }
}

/// A ledger with one Job, and the report on it.
fn with_job(severity: Severity) -> (Ledger, Key, Id) {
    let (mut ledger, key, uid) = (Ledger::default(), key(Kind::Job, "a"), Id::of("1"));
    ledger.observe(&key, seen("1", 1, severity), NOW);
    ledger.wrote(&key, uid, known("r", 1, severity, "a"), None, NOW);
    (ledger, key, uid)
}

fn stray_of(ledger: &Ledger, key: &Key) -> Stray {
    let strays: Vec<&Stray> = ledger.strays_of(key).collect();
    assert_eq!(strays.len(), 1, "{strays:?}");
    strays[0].clone()
}

#[test]
fn what_a_complete_list_does_not_have_is_gone_and_nothing_before_its_end() {
    let mut ledger = Ledger::default();
    let [a, b, other] = [key(Kind::Job, "a"), key(Kind::Job, "b"), key(Kind::CronJob, "a")];
    for key in [&a, &b, &other] {
        ledger.observe(key, seen("1", 1, Severity::Low), NOW);
    }
    ledger.begin_list(Kind::Job);
    ledger.seen_again(&a);
    assert!(ledger.get(&b).is_some(), "a list that is not complete removes nothing");
    assert_eq!(ledger.end_list(Kind::Job, NOW).len(), 1);
    assert!(ledger.get(&a).is_some() && ledger.get(&b).is_none() && ledger.get(&other).is_some());
}

#[test]
fn workloads_are_counted_by_kind_and_severity() {
    let mut ledger = Ledger::default();
    let count = |ledger: &Ledger, severity| ledger.counts().get(&(Kind::Job, severity)).copied().unwrap_or(0);
    ledger.observe(&key(Kind::Job, "a"), seen("1", 1, Severity::Low), NOW);
    ledger.observe(&key(Kind::Job, "b"), seen("2", 1, Severity::Low), NOW);
    ledger.observe(&key(Kind::CronJob, "b"), seen("3", 1, Severity::Low), NOW);
    ledger.observe(&key(Kind::Job, "a"), seen("1", 2, Severity::High), NOW);
    assert_eq!((count(&ledger, Severity::Low), count(&ledger, Severity::High)), (1, 1));
    assert!(
        ledger.observe(&key(Kind::Job, "a"), seen("4", 1, Severity::Low), NOW).is_some(),
        "another uid is another workload"
    );
    ledger.remove(&key(Kind::Job, "b"), NOW);
    assert_eq!(ledger.remove(&key(Kind::Job, "b"), NOW), None);
    assert_eq!((count(&ledger, Severity::Low), count(&ledger, Severity::High)), (1, 0));
}

#[test]
fn the_report_on_what_is_gone_is_a_stray_and_its_successor_does_not_take_it() {
    let (mut ledger, key, uid) = with_job(Severity::High);
    assert!(ledger.observe(&key, seen("2", 1, Severity::None), NOW).is_some());
    let stray = stray_of(&ledger, &key);
    assert_eq!((stray.uid, stray.since, stray.marked), (uid, NOW, None));
    assert_eq!(ledger.get(&key).unwrap().known, None);
    // The same one again, as after a list that came too early: it takes its report back.
    ledger.observe(&key, seen("1", 1, Severity::High), NOW);
    assert_eq!(ledger.get(&key).unwrap().known, Some(known("r", 1, Severity::High, "a")));
    assert_eq!(ledger.strays().count(), 0);
}

#[test]
fn what_was_written_of_a_workload_is_known_also_when_it_is_gone() {
    let (mut ledger, key, uid) = with_job(RETAINED_FROM);
    let written = Some(known("r", 1, RETAINED_FROM, "a"));
    assert_eq!(ledger.known_of(&key, uid), written);
    ledger.remove(&key, NOW);
    assert_eq!(ledger.known_of(&key, uid), written);
    ledger.observe(&key, seen("2", 1, Severity::None), NOW);
    assert_eq!(ledger.known_of(&key, uid), written);
    assert_eq!(ledger.known_of(&key, Id::of("2")), None, "what is said of another is not said of it");
}

#[test]
fn a_report_that_is_found_before_its_workload_waits_for_it() {
    let (mut ledger, key) = (Ledger::default(), key(Kind::Job, "a"));
    let found = known("r", 3, Severity::Low, "a");
    assert_eq!(ledger.report_seen(&key, Id::of("1"), found, None, NOW), News::Expected);
    ledger.observe(&key, seen("1", 1, Severity::Low), NOW);
    assert_eq!(ledger.get(&key).unwrap().known, Some(found));
    assert_eq!(ledger.strays().count(), 0);
}

#[test]
fn a_report_that_is_not_as_it_was_written_was_changed() {
    let (mut ledger, key, uid) = with_job(Severity::High);
    let mut heard = |known| ledger.report_seen(&key, uid, known, None, NOW);
    let written = known("r", 1, Severity::High, "a");
    assert_eq!(heard(written), News::Expected);
    // An answer that is late.
    assert_eq!(heard(Known { generation: 0, digest: None, ..written }), News::Expected);
    assert_eq!(heard(Known { generation: 2, history: 7, ..written }), News::Tampered);
    assert_eq!(heard(Known { generation: 3, digest: None, ..written }), News::Tampered);
    let other = known("other", 1, Severity::None, "b");
    assert_eq!(heard(other), News::Tampered, "one in place of ours");
    let remembered = ledger.get(&key).unwrap().known.unwrap();
    assert_eq!((remembered.digest, remembered.peak), (None, written.peak));
}

#[test]
fn a_report_that_is_gone_is_missed_unless_its_workload_goes_too() {
    let (mut ledger, key, uid) = with_job(Severity::Low);
    assert!(!ledger.report_gone(&key, uid, Id::of("another")));
    assert!(ledger.report_gone(&key, uid, Id::of("r")));
    assert!(!ledger.report_gone(&key, uid, Id::of("r")), "it was said already");
    let (mut ledger, key, uid) = with_job(Severity::Low);
    ledger.dying(&key);
    assert!(!ledger.report_gone(&key, uid, Id::of("r")));
}

#[test]
fn evidence_that_somebody_else_changes_keeps_what_is_remembered_of_it() {
    let (mut ledger, key, uid) = with_job(RETAINED_FROM);
    ledger.remove(&key, NOW);
    let written = known("r", 1, RETAINED_FROM, "a");
    // It is marked, and that is heard of.
    let marked = known("r", 2, RETAINED_FROM, "a, gone");
    ledger.wrote(&key, uid, marked, Some(NOW), NOW);
    assert_eq!(ledger.report_seen(&key, uid, marked, Some(NOW), NOW), News::Expected);
    assert_eq!(ledger.report_seen(&key, uid, written, None, NOW), News::Expected, "an answer that is late");
    // The seal is broken, and all that made it evidence is taken away.
    let lie = Known { generation: 3, digest: None, severity: Severity::None, risk_score: 0, ..marked };
    assert_eq!(ledger.report_seen(&key, uid, lie, None, NOW + 5), News::EvidenceTampered);
    assert_eq!(ledger.report_seen(&key, uid, Known { generation: 4, ..lie }, None, NOW + 6), News::Expected);
    let stray = stray_of(&ledger, &key);
    assert!(stray.is_evidence() && stray.marked == Some(NOW));
    assert_eq!(stray.known, Known { digest: None, generation: 4, ..marked });
    // Sealed again, by us or in our stead.
    let sealed = known("r", 5, RETAINED_FROM, "changed");
    assert_eq!(ledger.report_seen(&key, uid, sealed, Some(NOW), NOW + 7), News::Expected);
    assert_eq!(stray_of(&ledger, &key).known, sealed);
    // By somebody who knows how.
    let forged = known("r", 6, Severity::None, "all is well");
    assert_eq!(ledger.report_seen(&key, uid, forged, Some(NOW), NOW + 8), News::EvidenceTampered);
    assert_eq!(stray_of(&ledger, &key).known.severity, RETAINED_FROM);
}

#[test]
fn the_mark_of_a_write_whose_answer_was_lost_is_ours() {
    let (mut ledger, key, uid) = with_job(RETAINED_FROM);
    ledger.remove(&key, NOW);
    let marked = known("r", 2, RETAINED_FROM, "a, gone");
    assert_eq!(ledger.report_seen(&key, uid, marked, Some(NOW), NOW), News::Expected);
    assert_eq!(stray_of(&ledger, &key).marked, Some(NOW));
    assert!(ledger.has_evidence(&key, Id::of("r")) && !ledger.has_evidence(&key, Id::of("x")));
}

#[test]
fn an_owner_that_the_garbage_collector_takes_out_is_no_change_by_others() {
    let (mut ledger, key, uid) = with_job(RETAINED_FROM);
    ledger.remove(&key, NOW);
    let trimmed = Known { digest: None, is_trimmed: true, ..known("r", 1, RETAINED_FROM, "a") };
    assert_eq!(ledger.report_seen(&key, uid, trimmed, None, NOW), News::Expected);
    assert!(stray_of(&ledger, &key).known.is_sealed());
    // Of a report on what lives it is one.
    let (mut ledger, key, uid) = with_job(RETAINED_FROM);
    assert_eq!(ledger.report_seen(&key, uid, trimmed, None, NOW), News::Tampered);
}

#[test]
fn a_list_of_reports_shows_which_are_missing() {
    let (mut ledger, a, _) = with_job(Severity::Low);
    let b = key(Kind::Job, "b");
    ledger.observe(&b, seen("2", 1, Severity::Low), NOW);
    ledger.wrote(&b, Id::of("2"), known("s", 1, Severity::Low, "b"), None, NOW);
    ledger.report_seen(&key(Kind::Job, "c"), Id::of("3"), known("t", 1, Severity::High, "c"), Some(1), NOW);
    ledger.begin_reports();
    ledger.report_seen(&a, Id::of("1"), known("r", 1, Severity::Low, "a"), None, NOW);
    assert_eq!(ledger.end_reports().0, [b]);
    assert_eq!(ledger.strays().count(), 0, "evidence that is not listed is gone");
    ledger.forget_reports();
    assert_eq!(ledger.get(&a).unwrap().known, None);
}

#[test]
fn versions_are_forgotten_for_one_kind() {
    let mut ledger = Ledger::default();
    ledger.observe(&key(Kind::Job, "a"), seen("1", 7, Severity::Low), NOW);
    ledger.observe(&key(Kind::CronJob, "a"), seen("2", 7, Severity::Low), NOW);
    ledger.forget_versions(Kind::Job);
    assert_eq!(ledger.get(&key(Kind::Job, "a")).unwrap().version, 0);
    assert_eq!(ledger.get(&key(Kind::CronJob, "a")).unwrap().version, 7);
}
