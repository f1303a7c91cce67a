//! The documents and the generated schema.

use std::collections::BTreeSet;

use jobrisk::finding_log::export::{ECS_VERSION, Format, OCSF_VERSION, convert};
use jobrisk::finding_log::{Action, MAX_LINE, SCHEMA_VERSION, schema};
use serde_json::Value;

use crate::lines::{code, fields, file, lines, rows};

#[test]
fn the_schema_in_the_repository_is_that_of_the_type() {
    assert!(file("docs/siem/finding-log.schema.json") == schema::text(), "run `make generate`");
    let schema: Value = serde_json::from_str(&schema::text()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn lines_on_the_samples_are_valid() {
    let validator = jsonschema::draft202012::new(&schema::schema()).unwrap();
    for line in lines() {
        let line: Value = serde_json::from_str(&line.text().unwrap()).unwrap();
        let problems: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn every_field_and_every_action_is_documented_and_no_other() {
    let document = file("docs/siem/finding-log.md");
    let section = |title: &str| {
        let (_, rest) = document.split_once(&format!("\n## {title}\n")).unwrap();
        rest.split("\n## ").next().unwrap().to_owned()
    };
    let named = |text: &str| -> BTreeSet<String> {
        rows(text).iter().skip(1).flat_map(|cells| code(&cells[0])).collect()
    };
    let is_top = |field: &String| !field.contains("[]") && !field.starts_with("attribution.");
    let top: BTreeSet<String> = fields().into_iter().filter(is_top).collect();
    assert_eq!(named(&section("Fields")), top);
    let actions: BTreeSet<String> = Action::ALL.map(|action| action.as_str().to_owned()).into();
    assert_eq!(named(&section("When a line is written")), actions);
    assert!(section("Versions").contains(&format!("now `{SCHEMA_VERSION}`")));
    assert_eq!(MAX_LINE, 4096);
    assert!(document.contains("at most 4 096 bytes"));
    // Which are marked as those of a verdict.
    let marked: BTreeSet<String> = section("Fields")
        .split("`*")
        .filter(|before| before.contains('`'))
        .filter_map(|before| before.rsplit('`').next().map(str::to_owned))
        .filter(|name| top.contains(name))
        .collect();
    let deleted = serde_json::to_value(lines().pop().unwrap()).unwrap();
    let detected = serde_json::to_value(&lines()[0]).unwrap();
    let of_verdicts: BTreeSet<String> = detected
        .as_object()
        .unwrap()
        .keys()
        .filter(|field| deleted.get(field).is_none() && *field != "user")
        .cloned()
        .chain(["attribution".to_owned()])
        .collect();
    assert_eq!(marked, of_verdicts);
}

/// The paths of all values: lists of objects as `a[].b`, others as `a`.
fn paths(value: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                paths(value, &path, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                paths(item, &format!("{prefix}[]"), found);
            }
        }
        _ => {
            found.insert(prefix.to_owned());
        }
    }
}

/// The table names exactly what the export writes, and takes it from fields that exist.
fn check_table(document: &str, format: Format, version: &str) {
    let text = file(document);
    assert!(text.contains(version), "{document}");
    let (known, table) = (fields(), rows(&text));
    let mut written = BTreeSet::new();
    for line in lines() {
        let converted = convert(&line.text().unwrap(), format).unwrap();
        paths(&serde_json::from_str(&converted).unwrap(), "", &mut written);
    }
    let mut named = BTreeSet::new();
    for cells in table.iter().skip(1) {
        for field in code(&cells[1]) {
            assert!(known.contains(&field), "{document}: no field {field}");
        }
        named.extend(code(&cells[0]));
    }
    // A row may stand for all below it.
    let covers = |row: &String, path: &String| {
        path == row || path.strip_prefix(row.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    for path in &written {
        assert!(named.iter().any(|row| covers(row, path)), "{document} does not say what {path} is");
    }
    for row in &named {
        assert!(written.iter().any(|path| covers(row, path)), "{document}: nothing is written as {row}");
    }
}

#[test]
fn the_mapping_to_ocsf_is_what_its_table_says() {
    check_table("docs/siem/ocsf.md", Format::Ocsf, OCSF_VERSION);
}

#[test]
fn the_mapping_to_ecs_is_what_its_table_says() {
    check_table("docs/siem/ecs.md", Format::Ecs, ECS_VERSION);
}
