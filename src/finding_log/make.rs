//! How a line comes about.

use sha2::{Digest as _, Sha256};

use super::{Action, Details, Line, SCHEMA, SCHEMA_VERSION};
use crate::api::report::{JobRiskReport, ReportStatus};
use crate::fingerprint::half;
use crate::report::{RETAINED_FROM, rules_of};
use crate::search::Row;
use crate::severity::Severity;
use crate::text::escaped;
use crate::workload::{Kind, MAX_NAME};

/// The longest uid and the longest name of an instance.
const MAX_UID: usize = 64;

/// Who writes a line, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// The instance that writes it.
    pub instance: String,
    /// The number of the line.
    pub sequence: u64,
}

/// What is remembered of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The severity.
    pub severity: Severity,
    /// The risk.
    pub risk_score: i32,
}

/// A workload of which only this is remembered.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// The name of its report.
    pub report: &'a str,
    /// The last verdict on it.
    pub last: Verdict,
    /// Whether its report outlives it.
    pub retained: bool,
}

impl Line {
    /// The line on a verdict, after another or none; nothing for a report without one. `tampered`: it is given again,
    /// since somebody else changed or removed the report.
    pub fn verdict(
        stamp: &Stamp,
        kind: Kind,
        report: &JobRiskReport,
        before: Option<Verdict>,
        tampered: bool,
    ) -> Option<Self> {
        let status = report.status.as_ref()?;
        let now = Verdict { severity: status.severity, risk_score: status.risk_score };
        let action = if tampered {
            Action::Tampered
        } else {
            Action::of_change(before.map(|before| before.severity), now.severity)
        };
        let subject = &report.spec.subject;
        let about = About {
            kind,
            namespace: report.metadata.namespace.as_deref().unwrap_or_default(),
            name: &subject.name,
            uid: &subject.uid,
            report: report.metadata.name.as_deref().unwrap_or_default(),
            last: now,
            retained: now.severity >= RETAINED_FROM,
        };
        let annotations = report.metadata.annotations.as_ref();
        let digest = annotations.and_then(|all| all.get(crate::api::report::keys::DIGEST));
        // Being tampered with is an event each time, and no change of the verdict.
        let before = before.filter(|_| !tampered);
        let which = if tampered { &stamp.time } else { digest.map_or("", String::as_str) };
        let mut line =
            Self::about(stamp, action, &about, &[which, before.map_or("", |it| it.severity.as_str())]);
        line.row = line.row.with_indicators(status.indicators);
        line.row.verb = match (tampered, before) {
            (true, _) => None,
            (false, None) => Some("create".to_owned()),
            (false, Some(_)) => Some("update".to_owned()),
        };
        let verified = status.attribution.as_ref().filter(|who| who.verified);
        line.row.user = verified.and_then(|who| who.actor.user.as_ref()).map(ToString::to_string);
        line.previous_severity = before.map(|before| before.severity);
        line.previous_risk_score = before.map(|before| before.risk_score);
        line.details = Some(Details::of(status));
        Some(line)
    }

    /// The line on the end of a workload.
    pub fn deleted(stamp: &Stamp, about: &About<'_>) -> Self {
        // A report may be written after the end of its workload: then it is said again, with that.
        let mut line =
            Self::about(stamp, Action::Deleted, about, &[if about.retained { "retained" } else { "" }]);
        line.row.verb = Some("delete".to_owned());
        line
    }

    /// The line on a Job for which the verdict on its CronJob speaks.
    pub fn merged(stamp: &Stamp, about: &About<'_>) -> Self {
        Self::about(stamp, Action::Merged, about, &[])
    }

    /// The line on a report that was kept of a deleted workload and that somebody else removed, or else changed.
    pub fn evidence(stamp: &Stamp, about: &About<'_>, is_removed: bool) -> Self {
        let action = if is_removed { Action::EvidenceRemoved } else { Action::EvidenceChanged };
        Self::about(stamp, action, about, &[&stamp.time])
    }

    /// A line with what all of them have. `parts` tell it from others of the same action on the same workload.
    fn about(stamp: &Stamp, action: Action, about: &About<'_>, parts: &[&str]) -> Self {
        let uid = safe(about.uid, MAX_UID);
        Self {
            schema: SCHEMA.to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            product_version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: safe(&stamp.instance, MAX_UID),
            sequence: stamp.sequence,
            id: id(about.uid, action, parts),
            action,
            row: Row {
                time: Some(stamp.time.clone()),
                resource: about.kind.plural().to_owned(),
                namespace: safe(about.namespace, MAX_NAME),
                name: safe(about.name, MAX_NAME),
                ..Row::default()
            },
            kind: about.kind.as_str().to_owned(),
            finding_uid: format!("jobrisk-{uid}"),
            uid,
            severity: about.last.severity,
            previous_severity: None,
            risk_score: about.last.risk_score,
            previous_risk_score: None,
            report: safe(about.report, MAX_NAME),
            retained: about.retained,
            details: None,
        }
    }
}

impl Details {
    fn of(status: &ReportStatus) -> Self {
        Self {
            generation: status.subject_generation,
            techniques: status.techniques.clone(),
            rules: rules_of(&status.findings).into_iter().map(str::to_owned).collect(),
            findings_total: status.findings_total,
            findings: status.findings.clone(),
            attribution: status.attribution.clone(),
        }
    }
}

/// A name as it is, unless it is none that an API server stores. Names are never masked: they are what is looked for.
fn safe(name: &str, limit: usize) -> String {
    escaped(name).chars().take(limit).collect()
}

/// What names an event: 128 bits of a hash, so that nobody can craft two events with the same.
fn id(uid: &str, action: Action, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in [uid, action.as_str()].iter().chain(parts) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    format!("{:032x}", half(hash))
}
