//! The JSON object. Its shape is part of jobrisk's interface: see docs/scan.md.

use std::io::{self, Write};

use serde::Serialize;

use super::{Error, Results, Settings, Skipped, Workload};
use crate::severity::Severity;
use crate::tool::Tool;

/// Raised when a field is removed or changes its meaning; new fields do not raise it.
pub(super) const SCHEMA_VERSION: &str = "1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: &'static str,
    tool: Tool,
    summary: Summary,
    workloads: Vec<&'a Workload>,
    skipped: &'a Skipped,
    errors: &'a [Error],
}

/// Counts everything, also what is not listed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    files: usize,
    workloads: usize,
    by_severity: BySeverity,
    fail_on: Option<Severity>,
    failing: usize,
    skipped: usize,
    errors: usize,
}

#[derive(Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    none: usize,
}

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        tool: Tool::THIS,
        summary: Summary {
            files: results.files.len(),
            workloads: results.workloads.len(),
            by_severity: BySeverity {
                critical: results.count(Severity::Critical),
                high: results.count(Severity::High),
                medium: results.count(Severity::Medium),
                low: results.count(Severity::Low),
                none: results.count(Severity::None),
            },
            fail_on: settings.fail_on,
            failing: results.workloads.iter().filter(|workload| settings.fails(workload)).count(),
            skipped: results.skipped.total,
            errors: results.errors.len(),
        },
        workloads: results.listed(settings).collect(),
        skipped: &results.skipped,
        errors: &results.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
