//! Lines to try, and the fields of the schema.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jobrisk::assess::assess;
use jobrisk::finding_log::schema::schema;
use jobrisk::finding_log::{About, Line, Stamp, Verdict};
use jobrisk::report::report;
use jobrisk::severity::Severity;
use jobrisk::workload::Kind;
use jobrisk::workload::decode::from_json;
use serde_json::Value;

use crate::verdicts::all;

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stamp(sequence: u64) -> Stamp {
    Stamp { time: "2026-01-01T00:00:00Z".to_owned(), instance: "jobrisk-0".to_owned(), sequence }
}

/// A line on each of the samples, and one on the end of a workload.
pub(crate) fn lines() -> Vec<Line> {
    let mut lines: Vec<Line> = all()
        .into_iter()
        .zip(1..)
        .map(|(sample, sequence)| {
            let yaml = file(&format!("tests/samples/{}", sample.file));
            let object: Value = serde_saphyr::from_str(&yaml).unwrap();
            let object = from_json(object.to_string().as_bytes()).unwrap();
            let written = report(&assess(sample.kind, &object)).report;
            let mut line = Line::verdict(&stamp(sequence), sample.kind, &written, None, false).unwrap();
            line.row.user = Some("somebody".to_owned());
            line
        })
        .collect();
    let last = Verdict { severity: Severity::High, risk_score: 60 };
    let about =
        About { kind: Kind::Job, namespace: "n", name: "a", uid: "u", report: "job-a", last, retained: true };
    lines.push(Line::deleted(&stamp(100), &about));
    lines
}

/// The names of all fields: `rules`, and those in lists as `findings[].rule`.
pub(crate) fn fields() -> BTreeSet<String> {
    let schema = schema();
    let mut fields = BTreeSet::new();
    collect(&schema, &schema, "", &mut fields);
    assert!(fields.contains("findings[].evidence") && fields.contains("attribution.verified"), "{fields:?}");
    fields
}

fn collect(root: &Value, schema: &Value, prefix: &str, fields: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return collect(root, root.pointer(name.trim_start_matches('#')).unwrap(), prefix, fields);
    }
    for alternative in schema["anyOf"].as_array().into_iter().flatten() {
        collect(root, alternative, prefix, fields);
    }
    if !schema["items"].is_null() {
        collect(root, &schema["items"], &format!("{}[].", prefix.trim_end_matches('.')), fields);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{name}");
        collect(root, property, &format!("{name}."), fields);
        fields.insert(name);
    }
}

/// The names in a piece of Markdown that stand as code.
pub(crate) fn code(markdown: &str) -> Vec<String> {
    markdown.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rows of the tables of a document, as their cells.
pub(crate) fn rows(document: &str) -> Vec<Vec<String>> {
    let rows = document.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}
