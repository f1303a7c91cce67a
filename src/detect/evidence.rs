//! The object itself: what contradicts, hides or cannot be read.

use super::catalog::{RULE, Rule, Sample};
use crate::score::Family;
use crate::severity::Severity;
use crate::workload::Unreadable;

/// The rule that says that something was not judged.
pub const UNREADABLE: &str = "evd-unreadable";

pub(super) static RULES: &[Rule] = &[Rule {
    id: UNREADABLE,
    message: "has content that could not be read",
    meaning: "A value has another type than the Kubernetes API defines, a list or a script is larger than is read, or \
              judging the object failed. What stands there was not judged. An API server stores no value of a wrong \
              type unless it is newer than jobrisk; in a manifest it is a mistake that the API server would refuse. A \
              script that is larger than is read may be padding.",
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
        // Padding a script past the limits must not hide what comes after them.
        for run in facts.runs.iter().filter(|run| run.execution.truncated) {
            let evidence = "too large or too deeply nested to be read to its end";
            found.hit(Some(&run.container.name), run.path(), evidence);
        }
        for _ in unreadable.places.len()..unreadable.total.min(Unreadable::MAX_KEPT * 64) {
            found.hit(None, "", "");
        }
    },
    samples: &[
        Sample::Hit(35, "containers: 7"),
        Sample::Hit(35, "containers: [{name: a, securityContext: {privileged: 'true'}}]"),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [sh, -c, '( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( id ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) )']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, '( ( ( id ) ) )']}]"),
        Sample::Miss("containers: null"),
        Sample::Miss("containers: [{name: a, unknownField: [1, {b: c}]}]"),
    ],
    ..RULE
}];
