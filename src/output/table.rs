//! The table for people.

use std::io::{self, Write};

use super::paint::{color_of, painted};
use super::{Results, Settings, Workload};
use crate::severity::Severity;

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let mut listed: Vec<&Workload> = results.listed(settings).collect();
    // Worst first; equal ones stay in the order of the files.
    listed.sort_by_key(|workload| std::cmp::Reverse((workload.severity, workload.risk_score)));
    let titles: Vec<String> = listed.iter().map(|workload| workload.title()).collect();
    let width = titles.iter().map(|title| title.chars().count()).max().unwrap_or(0).clamp(8, 60);
    if !listed.is_empty() {
        writeln!(out, "SEVERITY  SCORE  SUSPICION  {:width$}  SOURCE", "WORKLOAD")?;
    }
    for (workload, title) in listed.into_iter().zip(titles) {
        let severity = paint(workload.severity, 8, settings.color);
        let source = &workload.source;
        writeln!(
            out,
            "{severity}  {:>5}  {:>9}  {title:width$}  {}:{}",
            workload.risk_score, workload.suspicion_score, source.file, source.position.line,
        )?;
        for located in &workload.findings {
            let finding = &located.finding;
            let position = located.position;
            let place = format!("{}:{}", position.line, position.column);
            let severity = paint(finding.severity, 8, settings.color);
            write!(out, "  {severity} {place:>7}  {}: {}", finding.rule, finding.message)?;
            match finding.evidence.as_str() {
                "" => writeln!(out)?,
                evidence => writeln!(out, ": {evidence}")?,
            }
        }
        if workload.findings_omitted > 0 {
            writeln!(out, "           … and {} more findings", workload.findings_omitted)?;
        }
    }
    summary(results, settings, out)
}

fn summary(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let total = results.workloads.len();
    if results.listed(settings).next().is_some() {
        writeln!(out)?;
    }
    write!(out, "{} in {}", plural(total, "workload"), plural(results.files.len(), "file"))?;
    let mut separator = ": ";
    for severity in Severity::ALL.into_iter().rev() {
        let count = results.count(severity);
        if count > 0 {
            write!(out, "{separator}{count} {}", severity.as_label())?;
            separator = ", ";
        }
    }
    writeln!(out)?;
    if results.skipped.total > 0 {
        writeln!(out, "{} of other kinds skipped", plural(results.skipped.total, "object"))?;
    }
    if !results.errors.is_empty() {
        writeln!(out, "{} not read: see standard error", plural(results.errors.len(), "document or file"))?;
    }
    // The rule of the worst finding, so that the command can be copied as it stands.
    let worst = results.listed(settings).max_by_key(|workload| (workload.severity, workload.risk_score));
    if let Some(finding) = worst.and_then(|workload| workload.findings.first()) {
        writeln!(out, "What a finding means and what to do: jobrisk rules {}", finding.finding.rule)?;
    }
    Ok(())
}

fn plural(count: usize, noun: &str) -> String {
    match (count, noun) {
        (1, _) => format!("1 {noun}"),
        (_, "document or file") => format!("{count} documents or files"),
        _ => format!("{count} {noun}s"),
    }
}

fn paint(severity: Severity, width: usize, color: bool) -> String {
    let text = format!("{:width$}", severity.as_str());
    if color { painted(&text, color_of(severity)) } else { text }
}
