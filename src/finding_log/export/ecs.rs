//! A line as a document of the Elastic Common Schema. docs/siem/ecs.md has the table of it.

use serde_json::{Value, json};

use super::without_nulls;
use super::words::technique_and_sub;
use crate::detect::catalog::attack;
use crate::finding_log::{Action, Line};
use crate::report::SUBJECT_API_VERSION;
use crate::severity::Severity;

/// The version of ECS.
pub const VERSION: &str = "9.3.0";
/// What the ids of techniques are of.
const MITRE: &str = "MITRE ATT&CK";

pub(super) fn document(line: &Line) -> Value {
    let rule = line.worst_rule().map(|(id, known)| {
        json!({
            "id": id,
            "name": known.map_or(id, |rule| rule.title),
            "description": known.map(|rule| rule.meaning),
            "reference": known.and_then(|rule| rule.references.first()),
            "ruleset": "jobrisk",
            "version": line.product_version,
        })
    });
    let mut tags = vec!["jobrisk"];
    if line.retained {
        tags.push("retained");
    }
    without_nulls(json!({
        "@timestamp": line.row.time,
        "ecs": {"version": VERSION},
        "message": line.sentence(),
        "tags": tags,
        "event": {
            "kind": if line.is_alert() { "alert" } else { "event" },
            "category": ["configuration"],
            "type": [event_type(line.action)],
            "action": line.action,
            "id": line.id,
            "module": "jobrisk",
            "dataset": "jobrisk.finding",
            "provider": line.instance,
            "sequence": line.sequence,
            "severity": severity(line.severity),
            "risk_score": line.risk_score,
            "reason": line.title(),
        },
        "rule": rule,
        "threat": threat(line),
        "orchestrator": {
            "type": "kubernetes",
            "api_version": SUBJECT_API_VERSION,
            "namespace": line.row.namespace,
            "resource": {"id": line.uid, "name": line.row.name, "type": line.kind},
        },
        "observer": {
            "vendor": "jobrisk",
            "product": "jobrisk",
            "type": "controller",
            "name": line.instance,
            "version": line.product_version,
        },
        "user": line.row.user.as_ref().map(|user| json!({"name": user})),
        "related": line.row.user.as_ref().map(|user| json!({"user": [user]})),
        "jobrisk": line,
    }))
}

fn event_type(action: Action) -> &'static str {
    match action {
        Action::Assessed | Action::Detected => "creation",
        Action::Raised
        | Action::Lowered
        | Action::Changed
        | Action::Cleared
        | Action::Tampered
        | Action::EvidenceChanged => "change",
        Action::Deleted | Action::EvidenceRemoved => "deletion",
        Action::Merged => "info",
    }
}

/// On the scale of Elastic's own rules.
fn severity(severity: Severity) -> i64 {
    match severity {
        Severity::None => 0,
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
        Severity::Critical => 99,
    }
}

/// The techniques as lists, each id and name once.
fn threat(line: &Line) -> Value {
    let (mut tactics, mut techniques, mut subs) = (Vec::new(), Vec::new(), Vec::new());
    for technique in line.known_techniques() {
        let (parent, sub) = technique_and_sub(technique);
        add(&mut techniques, parent);
        if let Some(sub) = sub {
            add(&mut subs, sub);
        }
        for tactic in technique.tactics {
            add(&mut tactics, attack::tactic(tactic));
        }
    }
    if techniques.is_empty() {
        return Value::Null;
    }
    let (ids, names): (Vec<&str>, Vec<&str>) = techniques.into_iter().unzip();
    let (sub_ids, sub_names): (Vec<&str>, Vec<&str>) = subs.into_iter().unzip();
    let subs = (!sub_ids.is_empty()).then(|| json!({"id": sub_ids, "name": sub_names}));
    json!({
        "framework": MITRE,
        "tactic": {"name": tactics},
        "technique": {"id": ids, "name": names, "subtechnique": subs},
    })
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
