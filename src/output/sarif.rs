//! SARIF 2.1.0, as GitHub's code scanning wants it: the rules that were found with their pages, relative URIs, stable fingerprints.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Error, Finding, Results, Settings, Workload};
use crate::detect::Rule;
use crate::detect::catalog;
use crate::rules;
use crate::severity::Severity;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    // Only those that were found: with their pages the whole catalogue would take most of a megabyte.
    let found: HashSet<&str> = results
        .listed(settings)
        .flat_map(|workload| workload.findings.iter().map(|finding| finding.finding.rule.as_str()))
        .collect();
    let catalogue: Vec<&Rule> = catalog::rules().filter(|rule| found.contains(rule.id)).collect();
    let indexes: HashMap<&str, usize> =
        catalogue.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
    let mut seen = HashMap::new();
    let mut entries = Vec::new();
    for workload in results.listed(settings) {
        // Where the sum of findings is worse than each, the worst one stands for it.
        let mut severity = workload.severity;
        for finding in &workload.findings {
            let severity = std::mem::take(&mut severity).max(finding.finding.severity);
            entries.push(result(workload, finding, severity, &indexes, &mut seen, settings));
        }
    }
    let notifications: Vec<Value> =
        results.errors.iter().map(|error| notification(error, settings)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "jobrisk",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": catalogue.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": results.errors.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "columnKind": "unicodeCodePoints",
            "results": entries,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn descriptor(rule: &Rule) -> Value {
    let (text, markdown) = rules::help(rule);
    let tags: Vec<String> = ["security".to_owned(), "kubernetes".to_owned()]
        .into_iter()
        .chain(rule.techniques.iter().map(|technique| format!("external/mitre/{technique}")))
        .collect();
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": format!("A Job or CronJob {}. {}", rule.message, rule.meaning)},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"security-severity": security_severity(rule.severity), "tags": tags, "precision": precision(rule.severity)},
    })
}

/// How sure it is that a finding alone is abuse, in the words of code scanning.
const fn precision(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "very-high",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low | Severity::None => "low",
    }
}

fn result(
    workload: &Workload,
    located: &Finding,
    severity: Severity,
    indexes: &HashMap<&str, usize>,
    seen: &mut HashMap<String, usize>,
    settings: &Settings,
) -> Value {
    let finding = &located.finding;
    let uri = uri(&workload.source.file, settings);
    let evidence = match finding.evidence.as_str() {
        "" => String::new(),
        evidence => format!(": {evidence}"),
    };
    let mut fingerprint = fingerprint(&uri, workload, located);
    let times = seen.entry(fingerprint.clone()).or_insert(0);
    *times += 1;
    // The form that GitHub's own uploader gives it: a hash and how often it has come before.
    let _ = write!(fingerprint, ":{times}");
    json!({
        "ruleId": finding.rule,
        "ruleIndex": indexes.get(finding.rule.as_str()),
        "level": level(severity),
        "rank": workload.risk_score,
        "message": {"text": format!("{} {}{evidence}", workload.title(), finding.message)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri},
                "region": {"startLine": located.position.line, "startColumn": located.position.column},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.path, "kind": "property"}],
        }],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint, "jobriskFinding/v1": fingerprint},
        "properties": {
            "workloadSeverity": workload.severity,
            "riskScore": workload.risk_score,
            "techniques": finding.techniques,
        },
    })
}

/// What makes a finding the same one after the file was edited around it: neither lines nor evidence.
fn fingerprint(uri: &str, workload: &Workload, located: &Finding) -> String {
    let mut hash = Sha256::new();
    let parts = [
        located.finding.rule.as_str(),
        uri,
        workload.kind,
        workload.namespace.as_str(),
        workload.name.as_str(),
        &located.finding.path,
    ];
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn notification(error: &Error, settings: &Settings) -> Value {
    let mut location = json!({"artifactLocation": {"uri": uri(&error.file, settings)}});
    if let (Some(line), Some(column), Some(map)) = (error.line, error.column, location.as_object_mut()) {
        map.insert("region".to_owned(), json!({"startLine": line, "startColumn": column}));
    }
    json!({
        "level": "error",
        "message": {"text": error.message},
        "locations": [{"physicalLocation": location}],
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::None => "note",
    }
}

/// The middle of GitHub's bands: over 9 is critical, from 7 high, from 4 medium.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::None => "0.1",
    }
}

/// Relative to the working directory, which is the checkout in continuous integration; absolute elsewhere.
fn uri(file: &str, settings: &Settings) -> String {
    if file == "-" {
        return "stdin".to_owned();
    }
    let below =
        file.strip_prefix(settings.working_directory.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let mut relative = below.unwrap_or(file);
    while let Some(rest) = relative.strip_prefix("./") {
        relative = rest.trim_start_matches('/');
    }
    let mut uri = if relative.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in relative.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_where_they_can_be() {
        let settings = Settings {
            fail_on: None,
            min_severity: Severity::None,
            color: false,
            working_directory: "/srv/repo".to_owned(),
        };
        for (file, expected) in [
            ("deploy/a.yaml", "deploy/a.yaml"),
            (".//deploy/a b.yaml", "deploy/a%20b.yaml"),
            ("/srv/repo/x/ü#?.yaml", "x/%C3%BC%23%3F.yaml"),
            ("/srv/repository/x.yaml", "file:///srv/repository/x.yaml"),
            ("../x:y.yaml", "../x%3Ay.yaml"),
            ("-", "stdin"),
        ] {
            assert_eq!(uri(file, &settings), expected);
        }
    }
}
