//! What several formats say of a line.

use k8s_openapi::jiff::Timestamp;

use crate::detect::Rule;
use crate::detect::catalog::attack::{self, Technique};
use crate::detect::catalog::rule;
use crate::finding_log::{Action, Line};
use crate::severity::Severity;

impl Line {
    /// When.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.row.time.as_ref()?.parse().ok()
    }

    /// The workload as people write it.
    fn workload(&self) -> String {
        format!("{} {}/{}", self.kind, self.row.namespace, self.row.name)
    }

    /// What was found, in few words.
    pub(super) fn title(&self) -> String {
        let worst = self.details.as_ref().and_then(|details| details.findings.first());
        match worst {
            Some(finding) => format!("{} {}", self.workload(), finding.message),
            None => format!("{}: risk {}", self.workload(), self.severity),
        }
    }

    /// What happened, as a sentence.
    pub(super) fn sentence(&self) -> String {
        let (workload, severity) = (self.workload(), self.severity);
        let of_report = |what: &str| {
            format!("{workload}: somebody else {what} its report {}. Severity {severity}.", self.report)
        };
        match self.action {
            Action::Deleted => format!("{workload} is gone. Its last severity was {severity}."),
            Action::Merged => format!("{workload} is a run of its CronJob, whose verdict speaks for it."),
            Action::Tampered => of_report("changed or removed") + " The report is put back.",
            Action::EvidenceChanged => of_report("changed the evidence of the deleted workload,"),
            Action::EvidenceRemoved => of_report("removed the evidence of the deleted workload,"),
            _ => {
                let before =
                    self.previous_severity.map(|before| format!(" (was {before})")).unwrap_or_default();
                let rules = self.details.as_ref().map(|details| details.rules.join(", ")).unwrap_or_default();
                let rules = if rules.is_empty() { "no findings".to_owned() } else { rules };
                format!("{workload}: severity {severity}{before}, risk score {}: {rules}.", self.risk_score)
            }
        }
    }

    /// The rule of the worst finding, and what the catalogue says of it if this version knows it.
    pub(super) fn worst_rule(&self) -> Option<(&str, Option<&'static Rule>)> {
        let id = self.details.as_ref()?.rules.first()?;
        Some((id, rule(id)))
    }

    /// The techniques that this version knows.
    pub(super) fn known_techniques(&self) -> impl Iterator<Item = &'static Technique> {
        let ids = self.details.iter().flat_map(|details| &details.techniques);
        ids.filter_map(|id| attack::technique(id))
    }

    /// Whether somebody should look at it.
    pub(super) fn is_alert(&self) -> bool {
        match self.action {
            Action::Detected
            | Action::Raised
            | Action::Tampered
            | Action::EvidenceChanged
            | Action::EvidenceRemoved => true,
            Action::Changed | Action::Lowered => self.severity >= Severity::Medium,
            Action::Assessed | Action::Cleared | Action::Deleted | Action::Merged => false,
        }
    }
}

/// The id and the name of the technique, and those of the sub-technique if it is one.
pub(super) fn technique_and_sub(
    technique: &Technique,
) -> ((&'static str, &'static str), Option<(&'static str, &'static str)>) {
    match (technique.parent(), technique.name.split_once(": ")) {
        (Some(parent), Some((name, own))) => ((parent, name), Some((technique.id, own))),
        _ => ((technique.id, technique.name), None),
    }
}
