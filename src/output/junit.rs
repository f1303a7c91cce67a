//! JUnit XML: a suite for each file, a case for each workload, a failure for each that fails the scan.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Error, Results, Settings, Workload};

/// The cases of one file.
#[derive(Default)]
struct Suite<'a> {
    workloads: Vec<&'a Workload>,
    errors: Vec<&'a Error>,
}

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Suite<'_>> = BTreeMap::new();
    for workload in results.listed(settings) {
        suites.entry(&workload.source.file).or_default().workloads.push(workload);
    }
    for error in &results.errors {
        suites.entry(&error.file).or_default().errors.push(error);
    }
    let count = |suite: &Suite<'_>| {
        let failures = suite.workloads.iter().filter(|workload| settings.fails(workload)).count();
        (suite.workloads.len() + suite.errors.len(), failures, suite.errors.len())
    };
    let (tests, failures, errors) = suites
        .values()
        .map(count)
        .fold((0, 0, 0), |sum, suite| (sum.0 + suite.0, sum.1 + suite.1, sum.2 + suite.2));
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="jobrisk" tests="{tests}" failures="{failures}" errors="{errors}">"#)?;
    for (file, suite) in &suites {
        let (tests, failures, errors) = count(suite);
        let name = xml(file);
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="{errors}" skipped="0">"#
        )?;
        for workload in &suite.workloads {
            case(workload, settings, out)?;
        }
        for error in &suite.errors {
            let line = error.line.map(|line| format!(":{line}")).unwrap_or_default();
            writeln!(out, r#"    <testcase classname="{name}" name="readable{line}">"#)?;
            writeln!(out, r#"      <error type="unreadable" message="{}"/>"#, xml(&error.line()))?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn case(workload: &Workload, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let file = xml(&workload.source.file);
    let title = workload.title();
    write!(out, r#"    <testcase classname="{file}" name="{}""#, xml(&title))?;
    write!(out, r#" file="{file}" line="{}""#, workload.source.position.line)?;
    if !settings.fails(workload) {
        return writeln!(out, "/>");
    }
    let rules = workload.findings.first().map_or("", |located| located.finding.message.as_str());
    let message = format!("{} (risk {}): {rules}", workload.severity, workload.risk_score);
    writeln!(out, ">")?;
    write!(out, r#"      <failure type="{}" message="{}">"#, workload.severity, xml(&message))?;
    for located in &workload.findings {
        let finding = &located.finding;
        let line = format!(
            "{}:{}:{}: {} {}: {}: {}",
            workload.source.file,
            located.position.line,
            located.position.column,
            finding.severity,
            finding.rule,
            finding.message,
            finding.evidence,
        );
        writeln!(out, "{}", xml(&line))?;
    }
    writeln!(out, "</failure>")?;
    writeln!(out, "    </testcase>")
}

/// Text for XML 1.0: markup escaped, and the characters replaced that it cannot hold even escaped.
fn xml(text: &str) -> Cow<'_, str> {
    let is_ordinary = |character: char| {
        is_allowed(character) && !matches!(character, '<' | '>' | '&' | '"' | '\'' | '\n' | '\r' | '\t')
    };
    if text.chars().all(is_ordinary) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\n' => safe.push_str("&#10;"),
            '\r' => safe.push_str("&#13;"),
            '\t' => safe.push_str("&#9;"),
            _ if is_allowed(character) => safe.push(character),
            _ => safe.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(safe)
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        assert_eq!(xml("plain ü"), "plain ü");
        assert_eq!(
            xml("]]></failure><a b=\"c\" d='e'>&"),
            "]]&gt;&lt;/failure&gt;&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;"
        );
        assert_eq!(xml("a\u{0}\u{1b}\u{fffe}\nb"), "a\u{fffd}\u{fffd}\u{fffd}&#10;b");
    }
}
