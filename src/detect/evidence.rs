//! The object itself: what contradicts, hides or cannot be read.

use super::catalog::{RULE, Rule, Sample};
use crate::score::Family;
use crate::severity::Severity;
use crate::workload::Unreadable;

pub(super) static RULES: &[Rule] = &[Rule {
    id: "evd-unreadable",
    message: "has content that could not be read",
    meaning: "A value has another type than the Kubernetes API defines, a list is longer than is read, or judging \
              the object failed. What stands there was not judged. An API server stores no such object unless it \
              is newer than jobrisk or was tampered with; in a manifest it is a mistake that the API server would \
              refuse.",
    false_positives: "Manifests with a mistake; an API server that is much newer than jobrisk.",
    family: Family::Evidence,
    severity: Severity::High,
    points: 35,
    techniques: &["T1027"],
    check: |facts, found| {
        let unreadable = &facts.workload.unreadable;
        for place in &unreadable.places {
            found.hit(None, &place.path, &place.problem);
        }
        for _ in unreadable.places.len()..unreadable.total.min(Unreadable::MAX_KEPT * 64) {
            found.hit(None, "", "");
        }
    },
    samples: &[
        Sample::Hit(35, "containers: 7"),
        Sample::Hit(35, "containers: [{name: a, securityContext: {privileged: 'true'}}]"),
        Sample::Miss("containers: null"),
        Sample::Miss("containers: [{name: a, unknownField: [1, {b: c}]}]"),
    ],
    ..RULE
}];
