use super::*;
use crate::controller::ledger::Seen;
use crate::severity::Severity;

fn key(name: &str) -> Key {
    Key::new(Kind::Job, "n", name)
}

fn remember(ledger: &mut Ledger, name: &str, uid: &str, version: u64) {
    let severity = Severity::None;
    let seen =
        Seen { uid: Id::of(uid), version, severity, is_dying: false, is_covered: false, is_partial: false };
    ledger.observe(&key(name), seen, 0);
}

/// A ledger with Jobs `a` and `b`, at version 1.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for (name, uid) in [("a", "1"), ("b", "2")] {
        remember(&mut ledger, name, uid, 1);
    }
    ledger
}

fn page(items: &[(&str, &str, u64)]) -> Page {
    let items = items.iter().map(|(name, uid, version)| (key(name), Id::of(uid), *version));
    Page { items: items.collect(), next: None }
}

fn audit(ledger: &mut Ledger, before: Option<Differences>, pages: &[Page]) -> Outcome {
    let mut audit = Audit::begin(Kind::Job, before, ledger);
    for Page { items, .. } in pages {
        audit.page(Page { items: items.clone(), next: None }, ledger);
    }
    audit.end(ledger)
}

/// What a first audit found, which a second one is to look at again.
fn found(outcome: Outcome) -> Differences {
    match outcome {
        Outcome::Again(differences) => differences,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_stored_as_it_is_remembered_agrees() {
    let pages = [page(&[("a", "1", 1)]), page(&[("b", "2", 1)])];
    assert_eq!(audit(&mut ledger(), None, &pages), Outcome::Agrees);
    assert_eq!(audit(&mut Ledger::default(), None, &[page(&[])]), Outcome::Agrees);
}

#[test]
fn what_differs_twice_is_drift() {
    for (what, stored) in [
        ("a change", page(&[("a", "1", 2), ("b", "2", 1)])),
        ("another of the same name", page(&[("a", "9", 1), ("b", "2", 1)])),
        ("one that is gone", page(&[("b", "2", 1)])),
        ("one that was never seen", page(&[("a", "1", 1), ("b", "2", 1), ("c", "3", 1)])),
    ] {
        let mut ledger = ledger();
        let first = found(audit(&mut ledger, None, std::slice::from_ref(&stored)));
        assert_eq!(first.len(), 1, "{what}");
        assert_eq!(audit(&mut ledger, Some(first), &[stored]), Outcome::Drift(1), "{what}");
    }
}

#[test]
fn what_the_watch_says_between_the_two_is_no_drift() {
    let mut ledger = ledger();
    // The watch was behind the list at first.
    let first = found(audit(&mut ledger, None, &[page(&[("a", "1", 2), ("b", "2", 1)])]));
    remember(&mut ledger, "a", "1", 2);
    assert_eq!(audit(&mut ledger, Some(first), &[page(&[("a", "1", 2), ("b", "2", 1)])]), Outcome::Agrees);
    // Or it is behind again, with another change: that is not the difference of before.
    let first = found(audit(&mut ledger, None, &[page(&[("a", "1", 3), ("b", "2", 1)])]));
    remember(&mut ledger, "a", "1", 3);
    assert_eq!(audit(&mut ledger, Some(first), &[page(&[("a", "1", 4), ("b", "2", 1)])]), Outcome::Agrees);
}

#[test]
fn what_arrives_during_an_audit_is_not_missing_in_it() {
    let mut ledger = ledger();
    let mut audit = Audit::begin(Kind::Job, None, &mut ledger);
    audit.page(page(&[("a", "1", 1)]), &mut ledger);
    remember(&mut ledger, "new", "3", 5);
    ledger.remove(&key("b"), 0);
    assert_eq!(audit.end(&ledger), Outcome::Agrees);
}

#[test]
fn a_page_is_read_without_what_is_not_needed() {
    let json = r#"{"kind": "PartialObjectMetadataList", "metadata": {"continue": "more", "resourceVersion": "7"},
        "items": [{"metadata": {"name": "a", "namespace": "n", "uid": "1", "resourceVersion": "5",
            "managedFields": [{"time": "9999-12-31T23:59:59-12:00", "fieldsV1": {"f:x": {}}}]}}]}"#;
    let list: List = serde_json::from_str(json).unwrap();
    assert_eq!(list.metadata.next.as_deref(), Some("more"));
    assert_eq!(list.items.unwrap()[0].metadata.resource_version.as_deref(), Some("5"));
    let empty: List = serde_json::from_str(r#"{"metadata": {}, "items": null}"#).unwrap();
    assert!(empty.items.is_none() && empty.metadata.next.is_none());
}
