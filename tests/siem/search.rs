//! The Splunk searches and the Sigma rules, and the columns of the original search.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jobrisk::finding_log::Action;
use jobrisk::search::{ONLY_IN_AUDIT_LOGS, Row};
use jobrisk::severity::Severity;
use serde_json::Value;

use crate::lines::{fields, file, lines};
use crate::support::run_to_end;

/// Commands, functions, options and words of Splunk's language in the searches.
const WORDS: [&str; 22] = [
    "index",
    "kubernetes",
    "sourcetype",
    "sort",
    "dedup",
    "search",
    "where",
    "table",
    "eval",
    "fillnull",
    "value",
    "streamstats",
    "current",
    "f",
    "window",
    "last",
    "as",
    "by",
    "NOT",
    "IN",
    "AND",
    "OR",
];

/// The words of a search outside of quotes, and those in quotes.
fn words(search: &str) -> (Vec<String>, Vec<String>) {
    let mut parts = search.split('"');
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next() {
        let is_word = |character: char| character.is_alphanumeric() || "_.{}:".contains(character);
        outside.extend(
            part.split(|character| !is_word(character)).filter(|word| !word.is_empty()).map(str::to_owned),
        );
        inside.extend(parts.next().map(str::to_owned));
    }
    (outside, inside)
}

fn searches() -> Vec<String> {
    let document = file("docs/siem/splunk.md");
    let blocks = document.split("```spl\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_field_of_the_splunk_searches_exists() {
    let known = fields();
    let searches = searches();
    assert!(searches.len() >= 4);
    for search in searches {
        let (outside, inside) = words(&search);
        // Names that the search itself gives.
        let given: BTreeSet<&str> = search
            .split_whitespace()
            .zip(search.split_whitespace().skip(1))
            .filter_map(|(word, next)| match word {
                "as" => Some(next),
                "eval" => next.split('=').next(),
                _ => None,
            })
            .collect();
        for word in outside {
            let field = word.replace("{}", "[]");
            let is_number = word.chars().all(|character| character.is_ascii_digit());
            let is_known = known.contains(&field)
                || known.contains(field.trim_end_matches("[]"))
                || WORDS.contains(&word.as_str())
                || given.contains(word.as_str())
                || is_number;
            assert!(is_known, "{word} is no field: {search}");
        }
        let values = ["jobrisk:finding", "jobrisk.io/finding-log", "1.*", "-"];
        for value in inside {
            let is_known = values.contains(&value.as_str())
                || Action::ALL.iter().any(|action| action.as_str() == value)
                || Severity::ALL.iter().any(|severity| severity.as_str() == value);
            assert!(is_known, "{value} is no value: {search}");
        }
    }
}

#[test]
fn the_splunk_search_has_the_columns_of_the_original_in_their_order() {
    let searches = searches();
    let table = searches[0].lines().find_map(|line| line.strip_prefix("| table ")).unwrap();
    let columns: Vec<&str> = table.split(", ").collect();
    assert_eq!(columns, Row::COLUMNS);
}

#[test]
fn every_field_and_value_of_the_sigma_rules_exists() {
    let known = fields();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/siem/sigma");
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display();
        let rule: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for field in ["title", "id", "status", "description", "author", "date", "level"] {
            assert!(rule[field].is_string(), "{name}: {field}");
        }
        assert!(ids.insert(rule["id"].as_str().unwrap().to_owned()), "{name}: the id of another rule");
        assert_eq!(
            (&rule["logsource"]["product"], &rule["logsource"]["service"]),
            (&"kubernetes".into(), &"jobrisk".into())
        );
        for field in rule["fields"].as_array().unwrap() {
            assert!(known.contains(field.as_str().unwrap()), "{name}: no field {field}");
        }
        let detection = rule["detection"].as_object().unwrap();
        let condition = detection["condition"].as_str().unwrap();
        for (selection, fields) in detection.iter().filter(|(selection, _)| *selection != "condition") {
            assert!(condition.split(' ').any(|word| word == selection), "{name}: {selection} is not used");
            for (field, value) in fields.as_object().unwrap() {
                let field = field.split('|').next().unwrap();
                assert!(known.contains(field), "{name}: no field {field}");
                let values: Vec<&Value> = value.as_array().map_or(vec![value], |all| all.iter().collect());
                let exists = |value: &Value| match field {
                    "action" => Action::ALL.iter().any(|action| *value == action.as_str()),
                    "severity" => Severity::ALL.iter().any(|severity| *value == severity.as_str()),
                    "schema" => *value == jobrisk::finding_log::SCHEMA,
                    "schemaVersion" => {
                        jobrisk::finding_log::SCHEMA_VERSION.starts_with(value.as_str().unwrap())
                    }
                    _ => value.as_i64().is_some_and(|number| (0..=6).contains(&number)),
                };
                assert!(values.iter().all(|value| exists(value)), "{name}: {field}: {values:?}");
            }
        }
        for tag in rule["tags"].as_array().unwrap() {
            let tag = tag.as_str().unwrap().strip_prefix("attack.").unwrap();
            let known = if let Some(technique) = tag.strip_prefix('t').filter(|rest| rest.starts_with('1')) {
                jobrisk::detect::catalog::attack::technique(&format!("T{technique}")).is_some()
            } else {
                jobrisk::detect::catalog::attack::TACTICS.iter().any(|(short, _)| *short == tag)
            };
            assert!(known, "{name}: {tag}");
        }
    }
    assert_eq!(ids.len(), 3);
}

#[test]
fn the_log_has_the_columns_of_scan_and_sees_a_shell_in_a_list_too() {
    let output = run_to_end(&[
        "scan",
        "--format=spl",
        "--fail-on=never",
        &crate::verdicts::folder().display().to_string(),
    ]);
    let mut table = output.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let header = table.next().unwrap();
    let known: Vec<&str> =
        header.iter().copied().filter(|column| !ONLY_IN_AUDIT_LOGS.contains(column)).collect();
    assert_eq!(known, Row::COLUMNS);
    let scanned: BTreeMap<String, BTreeMap<&str, &str>> = table
        .map(|cells| header.iter().copied().zip(cells).collect::<BTreeMap<_, _>>())
        .map(|row| (row["resource_name"].to_owned(), row))
        .collect();
    let logged: Vec<Value> = lines()
        .into_iter()
        .filter(|line| line.details.is_some())
        .map(|line| serde_json::to_value(line).unwrap())
        .collect();
    assert_eq!(scanned.len(), logged.len());
    let mut differences = Vec::new();
    for line in logged {
        let name = line["resource_name"].as_str().unwrap();
        let row = &scanned[name];
        for column in ["objectRef.resource", "verb", "namespace", "resource_name"] {
            assert_eq!(
                line[column].as_str().map(|text| if text.is_empty() { "-" } else { text }),
                Some(row[column]),
                "{name}"
            );
        }
        for column in &Row::COLUMNS[6..] {
            let (log, search) = (line[*column].to_string(), row[column]);
            if log != search {
                differences.push(format!("{name} {column}: {log} in the log, {search} by the search"));
            }
        }
    }
    differences.sort();
    assert_eq!(differences, DIFFERENCES);
}

/// Where parsed fields and the expressions of the search differ on the samples: all four have `["/bin/sh", "-c", …]`, in
/// whose JSON there is no blank before `-c`.
const DIFFERENCES: [&str; 8] = [
    "ci-build IsSuspiciousCommand: 1 in the log, 0 by the search",
    "ci-build SuspicionScore: 2 in the log, 1 by the search",
    "docker-socket IsSuspiciousCommand: 1 in the log, 0 by the search",
    "docker-socket SuspicionScore: 4 in the log, 3 by the search",
    "log-rotation IsSuspiciousCommand: 1 in the log, 0 by the search",
    "log-rotation SuspicionScore: 2 in the log, 1 by the search",
    "privileged-etc IsSuspiciousCommand: 1 in the log, 0 by the search",
    "privileged-etc SuspicionScore: 5 in the log, 4 by the search",
];
