//! `docs/metrics.md`, from the table of metrics.

use std::fmt::Write as _;

use super::Metrics;
use super::label::Label;

const HEADER: &str = "\
<!-- Generated from src/controller/metrics. Do not edit: run `make generate`. -->

# Metrics

`jobrisk run` serves them at `/metrics`, in Prometheus' text format. Each series is there from the start with the value
0, so that `increase()` and `rate()` miss no first count. The values of a label are those below and no others: none is a
name, and none comes from a workload.

The alerts on them are in [manifests/monitoring](../manifests/monitoring), each with a page in
[runbooks](runbooks/README.md).

";

/// The page, as Markdown.
pub fn page() -> String {
    let metrics = Metrics::default();
    let mut out = HEADER.to_owned();
    out.push_str("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    let mut seen: Vec<(Label, Vec<&str>)> = Vec::new();
    for row in metrics.rows() {
        let labels: Vec<String> = row.labels.iter().map(|label| format!("`{}`", label.name())).collect();
        // Writing to a String does not fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            row.name,
            row.kind.as_str(),
            labels.join(", "),
            row.meaning
        );
        for label in &row.labels {
            match seen.iter_mut().find(|(known, _)| known == label) {
                Some((_, metrics)) => metrics.push(row.name),
                None => seen.push((*label, vec![row.name])),
            }
        }
    }
    out.push_str("\n## Labels\n\n| label | of | values |\n|---|---|---|\n");
    for (label, metrics) in seen {
        let of: Vec<String> = metrics.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", label.name(), of.join(", "), values(label));
    }
    out
}

fn values(label: Label) -> String {
    match label {
        Label::Version => "the version of the program, one at a time".to_owned(),
        Label::Rule => "the ids of the [rules](rules/README.md)".to_owned(),
        _ => label.values().iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "),
    }
}
