//! Kubernetes Events on the workload, when its severity changes.
//!
//! kube's own recorder is not used: it shows the note of the first of several similar events, so that a score
//! of 90 reads as the earlier 10.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;

use crate::api::report::JobRiskReport;
use crate::report::{Digest, SUBJECT_API_VERSION};
use crate::severity::Severity;

/// Who reports.
const CONTROLLER: &str = "jobrisk.io/controller";
/// What is done.
const ACTION: &str = "Assess";
/// The API's limit on a note.
const MAX_NOTE: usize = 1024;

/// Why an event is written. All texts are constants: nothing of a workload gets into a reason.
pub mod reasons {
    /// The first verdict above None.
    pub const RISK_DETECTED: &str = "RiskDetected";
    /// The severity rose.
    pub const RISK_INCREASED: &str = "RiskIncreased";
    /// The severity fell.
    pub const RISK_REDUCED: &str = "RiskReduced";
    /// The severity fell to None.
    pub const RISK_CLEARED: &str = "RiskCleared";
}

/// The reason for a change of severity, or nothing where there is no change.
pub fn reason(before: Severity, now: Severity) -> Option<&'static str> {
    match (before, now) {
        (before, now) if before == now => None,
        (Severity::None, _) => Some(reasons::RISK_DETECTED),
        (_, Severity::None) => Some(reasons::RISK_CLEARED),
        (before, now) if now > before => Some(reasons::RISK_INCREASED),
        _ => Some(reasons::RISK_REDUCED),
    }
}

/// The Event on a change of severity, if there is one.
///
/// Its name follows from the workload and the verdict: when the controller ends between writing the report and
/// the Event, and says it again, the second one is refused as existing.
pub fn event(
    report: &JobRiskReport,
    digest: Digest,
    before: Option<Severity>,
    now: Timestamp,
    instance: &str,
) -> Option<Event> {
    let status = report.status.as_ref()?;
    let before = before.unwrap_or_default();
    let reason = reason(before, status.severity)?;
    let subject = &report.spec.subject;
    let namespace = report.metadata.namespace.clone();
    let uid_start: String = subject.uid.chars().take(8).collect();
    let event_type = if status.severity >= Severity::Medium { "Warning" } else { "Normal" };
    Some(Event {
        metadata: ObjectMeta {
            name: Some(format!("{}.{uid_start}{}", subject.name, digest.short())),
            namespace: namespace.clone(),
            ..ObjectMeta::default()
        },
        action: Some(ACTION.to_owned()),
        reason: Some(reason.to_owned()),
        note: Some(note(report, before)),
        type_: Some(event_type.to_owned()),
        event_time: Some(MicroTime(now)),
        regarding: Some(ObjectReference {
            api_version: Some(SUBJECT_API_VERSION.to_owned()),
            kind: Some(subject.kind.clone()),
            name: Some(subject.name.clone()),
            namespace: namespace.clone(),
            uid: Some(subject.uid.clone()),
            ..ObjectReference::default()
        }),
        related: Some(ObjectReference {
            api_version: Some("jobrisk.io/v1alpha1".to_owned()),
            kind: Some("JobRiskReport".to_owned()),
            name: report.metadata.name.clone(),
            namespace,
            ..ObjectReference::default()
        }),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance.chars().take(128).collect()),
        ..Event::default()
    })
}

/// The sentence that people read in `kubectl describe`: rule ids and numbers, nothing of the workload.
fn note(report: &JobRiskReport, before: Severity) -> String {
    let Some(status) = &report.status else { return String::new() };
    let mut rules: Vec<&str> = Vec::new();
    for finding in &status.findings {
        if !rules.contains(&finding.rule.as_str()) {
            rules.push(&finding.rule);
        }
    }
    let listed = if rules.is_empty() { "no findings".to_owned() } else { rules.join(", ") };
    let name = report.metadata.name.as_deref().unwrap_or_default();
    let note = format!(
        "Severity {} (was {before}), risk score {}: {listed}. See jobriskreport {name}.",
        status.severity, status.risk_score
    );
    note.chars().take(MAX_NOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_of_severity_has_a_reason() {
        for (before, now, expected) in [
            (Severity::None, Severity::None, None),
            (Severity::High, Severity::High, None),
            (Severity::None, Severity::Low, Some("RiskDetected")),
            (Severity::Low, Severity::High, Some("RiskIncreased")),
            (Severity::High, Severity::Low, Some("RiskReduced")),
            (Severity::Low, Severity::None, Some("RiskCleared")),
        ] {
            assert_eq!(reason(before, now), expected, "{before} -> {now}");
        }
    }
}
