//! The shape of the machine-readable formats. Which rules hit is tested elsewhere and changes more often.

use serde_json::{Value, json};

use crate::command::{ATTACK, BENIGN, Folder, JSON};

/// A value with all scalars replaced by the names of their types, and lists by their first element.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(elements) => json!(elements.first().map(shape).into_iter().collect::<Vec<_>>()),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), shape(value))).collect())
        }
    }
}

#[test]
fn the_json_has_the_documented_shape() {
    let folder = Folder::with(&[("a.yaml", ATTACK), ("b.yaml", "kind: [\n")]);
    let document = folder.scan(JSON).json();
    assert_eq!(document["schemaVersion"], "1");
    let expected = json!({
        "schemaVersion": "string",
        "tool": {"name": "string", "version": "string"},
        "summary": {
            "files": "number", "workloads": "number", "failOn": "string", "failing": "number",
            "bySeverity": {"critical": "number", "high": "number", "medium": "number", "low": "number", "none": "number"},
            "skipped": "number", "errors": "number",
        },
        "workloads": [{
            "source": {"file": "string", "document": "number", "line": "number", "column": "number"},
            "kind": "string", "namespace": "string", "name": "string",
            "severity": "string", "riskScore": "number", "suspicionScore": "number",
            "indicators": {
                "suspiciousImage": "boolean", "suspiciousCommand": "boolean", "hostPathMount": "boolean",
                "privileged": "boolean", "hostNetwork": "boolean", "sensitiveMount": "boolean",
            },
            "techniques": ["string"],
            "findings": [{
                "rule": "string", "severity": "string", "points": "number", "techniques": ["string"],
                "container": "string", "path": "string", "line": "number", "column": "number",
                "evidence": "string", "message": "string",
            }],
            "findingsTotal": "number", "findingsOmitted": "number",
            "explanation": {
                "host": "number", "command": "number", "image": "number", "identity": "number",
                "placement": "number", "schedule": "number", "evidence": "number", "network": "number",
                "combination": "number", "floors": [], "total": "number",
            },
        }],
        "skipped": {"total": "number", "kinds": {}},
        "errors": [{"file": "string", "line": "number", "column": "number", "message": "string"}],
    });
    assert_eq!(shape(&document), expected);
}

#[test]
fn findings_have_their_place() {
    let folder = Folder::with(&[("a.yaml", ATTACK)]);
    let document = folder.scan(JSON).json();
    let findings = document["workloads"][0]["findings"].as_array().unwrap();
    let shell = findings.iter().find(|finding| finding["rule"] == "cmd-reverse-shell").unwrap();
    // The `nc` of the command, or another word of it.
    assert_eq!(shell["line"], 14);
    let column = shell["column"].as_u64().unwrap();
    assert!((23..=60).contains(&column), "{shell}");
}

#[test]
fn min_severity_hides_and_still_counts() {
    let folder = Folder::with(&[("a.yaml", ATTACK), ("b.yaml", BENIGN)]);
    assert_eq!(folder.scan(JSON).workloads().len(), 2);
    let document = folder.scan(&["--min-severity", "critical", "--format", "json", "b.yaml"]).json();
    assert_eq!(document["workloads"], json!([]));
    assert_eq!(document["summary"]["workloads"], 1);
    assert!(!folder.scan(&["."]).stdout.contains("report"));
    assert!(folder.scan(&["--min-severity", "none", "."]).stdout.contains("Job report"));
}

#[test]
fn colour_is_for_terminals_or_on_request() {
    let folder = Folder::with(&[("a.yaml", ATTACK)]);
    assert!(!folder.scan(&["."]).stdout.contains('\u{1b}'));
    assert!(folder.scan(&["--color", "always", "."]).stdout.contains("\u{1b}["));
}

#[test]
fn the_sarif_is_what_code_scanning_wants() {
    let folder = Folder::with(&[("deploy/a b.yaml", ATTACK), ("bad.yaml", "kind: [\n")]);
    let document = folder.scan(&["--format", "sarif", "."]).json();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "jobrisk");
    for rule in driver["rules"].as_array().unwrap() {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
        let severity: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!((0.0..=10.0).contains(&severity));
        assert_eq!(rule["properties"]["tags"][0], "security");
    }
    let results = run["results"].as_array().unwrap();
    let shell = results.iter().find(|result| result["ruleId"] == "cmd-reverse-shell").unwrap();
    let index = usize::try_from(shell["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(driver["rules"][index]["id"], "cmd-reverse-shell");
    assert_eq!(shell["level"], "error");
    let location = &shell["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "deploy/a%20b.yaml");
    assert_eq!(location["region"]["startLine"], 14);
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), 1);
}

#[test]
fn fingerprints_survive_moved_lines() {
    let fingerprints = |yaml: &str| -> Vec<Value> {
        let folder = Folder::with(&[("a.yaml", yaml)]);
        let document = folder.scan(&["--format", "sarif", "a.yaml"]).json();
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        results.into_iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    let before = fingerprints(ATTACK);
    let moved = fingerprints(&format!("# a comment\n\n---\n{ATTACK}"));
    assert_eq!(before, moved);
    let twice = fingerprints(&format!("{ATTACK}---\n{ATTACK}"));
    assert_eq!(twice.len(), 2 * before.len());
    assert!((0..twice.len()).all(|index| !twice[index + 1..].contains(&twice[index])), "{twice:?}");
}

#[test]
fn the_junit_names_failures_and_errors() {
    let folder = Folder::with(&[("a.yaml", ATTACK), ("b.yaml", BENIGN), ("c.yaml", "kind: [\n")]);
    let xml = folder.scan(&["--format", "junit", "."]).stdout;
    for line in [
        r#"<testsuites name="jobrisk" tests="3" failures="1" errors="1">"#,
        r#"<testsuite name="./a.yaml" tests="1" failures="1" errors="0" skipped="0">"#,
        r#"<testcase classname="./b.yaml" name="Job report" file="./b.yaml" line="1"/>"#,
        r#"<error type="unreadable" message="./c.yaml:1:"#,
    ] {
        assert!(xml.contains(line), "{line}\n{xml}");
    }
    let passed = folder.scan(&["--format", "junit", "--fail-on", "never", "a.yaml"]).stdout;
    assert!(passed.contains(r#"failures="0""#) && !passed.contains("<failure"), "{passed}");
}
