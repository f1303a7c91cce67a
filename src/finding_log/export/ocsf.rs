//! A line as a Detection Finding of OCSF. docs/siem/ocsf.md has the table of it.

use serde_json::{Value, json};

use super::words::technique_and_sub;
use super::{NO_TIME, NoLine, without_nulls};
use crate::detect::catalog::attack;
use crate::finding_log::{Action, Line};
use crate::report::SUBJECT_API_VERSION;
use crate::severity::Severity;

/// The version of OCSF.
pub const VERSION: &str = "1.5.0";
/// The class Detection Finding, and its category.
const CLASS: i64 = 2004;
const CATEGORY: i64 = 2;

pub(super) fn finding(line: &Line) -> Result<Value, NoLine> {
    let time = line.time().ok_or(NoLine::Meaning(NO_TIME))?.as_millisecond();
    let (activity, activity_name) = activity(line.action);
    let (status, status_name) = status(line);
    let (severity, severity_name) = severity(line.severity);
    Ok(without_nulls(json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + activity,
        "type_name": format!("Detection Finding: {activity_name}"),
        "time": time,
        "message": line.sentence(),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "is_alert": line.is_alert(),
        "risk_score": line.risk_score,
        "risk_level_id": severity - 1,
        "risk_level": if line.severity == Severity::None { "Info" } else { severity_name },
        "finding_info": info(line, time),
        "resources": [{
            "uid": line.uid,
            "name": line.row.name,
            "namespace": line.row.namespace,
            "type": line.kind,
            "version": SUBJECT_API_VERSION,
        }],
        "evidences": evidences(line),
        "metadata": {
            "version": VERSION,
            "uid": line.id,
            "sequence": line.sequence,
            "log_name": line.schema,
            "log_version": line.schema_version,
            "log_provider": line.instance,
            "original_time": line.row.time,
            "product": {"name": "jobrisk", "vendor_name": "jobrisk", "version": line.product_version},
        },
        "unmapped": unmapped(line),
    })))
}

/// What happened to the finding, of which there is one for each workload.
fn activity(action: Action) -> (i64, &'static str) {
    match action {
        Action::Assessed | Action::Detected => (1, "Create"),
        Action::Raised
        | Action::Lowered
        | Action::Changed
        | Action::Tampered
        | Action::EvidenceChanged
        | Action::EvidenceRemoved => (2, "Update"),
        Action::Cleared | Action::Deleted | Action::Merged => (3, "Close"),
    }
}

fn status(line: &Line) -> (i64, &'static str) {
    match line.action {
        Action::Deleted | Action::EvidenceChanged | Action::EvidenceRemoved => (5, "Archived"),
        Action::Merged => (4, "Resolved"),
        _ if line.severity == Severity::None => (4, "Resolved"),
        _ => (1, "New"),
    }
}

fn severity(severity: Severity) -> (i64, &'static str) {
    match severity {
        Severity::None => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn info(line: &Line, time: i64) -> Value {
    let rules = line.details.as_ref().map(|details| details.rules.as_slice()).unwrap_or_default();
    let analytic = |id: &str| {
        let known = crate::detect::catalog::rule(id);
        json!({
            "type_id": 1,
            "type": "Rule",
            "uid": id,
            "name": known.map_or(id, |rule| rule.title),
            "version": line.product_version,
        })
    };
    let others: Vec<Value> = rules.iter().skip(1).map(|id| analytic(id)).collect();
    let attacks: Vec<Value> = attacks(line);
    json!({
        "uid": line.finding_uid,
        "title": line.title(),
        "desc": line.sentence(),
        "types": ["Kubernetes workload risk"],
        "modified_time": time,
        "analytic": rules.first().map(|id| analytic(id)),
        "related_analytics": (!others.is_empty()).then_some(others),
        "attacks": (!attacks.is_empty()).then_some(attacks),
        "src_url": line.worst_rule().and_then(|(_, rule)| rule).and_then(|rule| rule.references.first()),
    })
}

/// One for each tactic that a technique serves: each may name one.
fn attacks(line: &Line) -> Vec<Value> {
    let attack = |technique: &'static attack::Technique, tactic: &'static str| {
        let ((id, name), sub) = technique_and_sub(technique);
        json!({
            "version": attack::VERSION,
            "tactic": {"name": attack::tactic(tactic)},
            "technique": {"uid": id, "name": name},
            "sub_technique": sub.map(|(id, name)| json!({"uid": id, "name": name})),
        })
    };
    line.known_techniques()
        .flat_map(|technique| technique.tactics.iter().map(move |tactic| attack(technique, tactic)))
        .collect()
}

/// The findings, and who made the change if that is known.
fn evidences(line: &Line) -> Value {
    let findings = line.details.iter().flat_map(|details| &details.findings);
    let mut evidences: Vec<Value> = findings.map(|finding| json!({"data": finding})).collect();
    if let Some(user) = &line.row.user {
        evidences.push(json!({"actor": {"user": {"name": user}}}));
    }
    if evidences.is_empty() { Value::Null } else { json!(evidences) }
}

/// What has no place in the class.
fn unmapped(line: &Line) -> Value {
    let row = serde_json::to_value(&line.row).unwrap_or_default();
    let Value::Object(mut fields) = row else { return Value::Null };
    let more = json!({
        "action": line.action,
        "report": line.report,
        "retained": line.retained,
        "previousSeverity": line.previous_severity,
        "previousRiskScore": line.previous_risk_score,
        "generation": line.details.as_ref().map(|details| details.generation),
        "techniques": line.details.as_ref().map(|details| &details.techniques),
        "findingsTotal": line.details.as_ref().map(|details| details.findings_total),
        "attribution": line.details.as_ref().and_then(|details| details.attribution.as_ref()),
    });
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Value::Object(fields)
}
