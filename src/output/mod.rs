//! The result of `jobrisk scan`, and the formats it is written in; and what the commands on a cluster show, in [`top`] and
//! [`status`].
//!
//! Everything in [`Results`] is safe to print: names and evidence are [`SafeText`], file names and messages are
//! escaped when they enter. The writers only have to add what their format asks for.

mod age;
mod grid;
mod html;
mod json;
mod junit;
mod paint;
mod sarif;
mod spl;
pub mod status;
mod table;
pub mod top;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::api::report::{Attribution, Explanation, Finding as ReportFinding};
use crate::assess::Assessment;
use crate::detect::Indicators;
use crate::manifest::{Manifest, Position, Problem};
use crate::report;
use crate::severity::Severity;
use crate::text::{SafeText, escaped};
use crate::workload::MAX_NAME;

pub use html::Detail;
pub use spl::SearchRow;

/// The longest message of an error.
const MAX_MESSAGE: usize = 300;
/// How many other kinds are counted by name.
const MAX_KINDS: usize = 200;

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One versioned JSON object; see docs/scan.md.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for test reports.
    Junit,
    /// The table of the Splunk search that jobrisk replaces, its expressions applied to the text as they are.
    Spl,
    /// One self-contained page for a browser.
    Html,
}

/// What decides about the output besides its format.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Workloads from this severity on fail the scan; none do if there is none.
    pub fail_on: Option<Severity>,
    /// Workloads below are counted but not listed.
    pub min_severity: Severity,
    /// Whether the table is coloured.
    pub color: bool,
    /// What URIs are relative to.
    pub working_directory: String,
}

impl Settings {
    /// Whether a workload fails the scan.
    pub fn fails(&self, workload: &Workload) -> bool {
        self.fail_on.is_some_and(|limit| workload.severity >= limit)
    }
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Results {
    /// The files that were read, in order.
    pub files: Vec<String>,
    /// All workloads, by file and place in it.
    pub workloads: Vec<Workload>,
    /// Objects of other kinds.
    pub skipped: Skipped,
    /// What could not be read.
    pub errors: Vec<Error>,
}

/// Objects that are no Job or CronJob.
#[derive(Debug, Default, Serialize)]
pub struct Skipped {
    /// How many.
    pub total: usize,
    /// How many of each kind; an empty kind is what is no Kubernetes object, and further kinds are only in the total.
    pub kinds: BTreeMap<String, usize>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Error {
    /// The file, escaped.
    pub file: String,
    /// Where, if it is not about the whole file.
    pub line: Option<u32>,
    /// Where in the line.
    pub column: Option<u32>,
    /// What is wrong, escaped.
    pub message: String,
}

/// Where a workload comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The file, escaped; `-` for standard input.
    pub file: String,
    /// The number of the document in it, from 1.
    pub document: u32,
    /// Where in a list, `items[2]`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// Where the object begins.
    #[serde(flatten)]
    pub position: Position,
}

/// A finding with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// As in a report.
    #[serde(flatten)]
    pub finding: ReportFinding,
    /// Where the field stands, or the nearest field above it that is there.
    #[serde(flatten)]
    pub position: Position,
}

/// The verdict on a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Where it comes from.
    pub source: Source,
    /// `Job` or `CronJob`.
    pub kind: &'static str,
    /// Its namespace; empty if the manifest names none.
    pub namespace: SafeText,
    /// Its name; for one with `generateName` that, followed by `*`.
    pub name: SafeText,
    /// The severity.
    pub severity: Severity,
    /// The risk, 0 to 100.
    pub risk_score: i32,
    /// How many indicators are set, 0 to 6.
    pub suspicion_score: i32,
    /// The indicators.
    pub indicators: Indicators,
    /// ATT&CK technique ids.
    pub techniques: Vec<String>,
    /// The worst findings, worst first.
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub findings_total: i64,
    /// How many of them are not listed.
    pub findings_omitted: i64,
    /// How the score came about.
    pub explanation: Explanation,
    /// Who made it, by its own word: nobody vouches for what stands in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// What the Splunk search says, for the format that shows it.
    #[serde(skip)]
    pub search: Option<SearchRow>,
    /// What a page shows beyond the report, for the format that does.
    #[serde(skip)]
    pub detail: Option<Detail>,
}

impl Workload {
    /// The verdict on a manifest in `file`, whose name is not escaped yet.
    pub fn new(file: &str, manifest: &Manifest<'_>, assessment: &Assessment) -> Self {
        let status = report::status(assessment, report::attribution(assessment));
        let findings = status
            .findings
            .into_iter()
            .map(|finding| Finding { position: manifest.locate(&finding.path), finding })
            .collect();
        let name = match manifest.generate_name {
            Some(prefix) if assessment.name.is_empty() => SafeText::new(&format!("{prefix}*"), MAX_NAME),
            _ => SafeText::new(&assessment.name, MAX_NAME),
        };
        Self {
            source: Source {
                file: escaped(file).into_owned(),
                document: manifest.document,
                item: manifest.item.clone(),
                position: manifest.position(),
            },
            kind: assessment.kind.as_str(),
            namespace: SafeText::new(&assessment.namespace, MAX_NAME),
            name,
            severity: status.severity,
            risk_score: status.risk_score,
            suspicion_score: status.suspicion_score,
            indicators: status.indicators,
            techniques: status.techniques,
            findings,
            findings_total: status.findings_total,
            findings_omitted: status.findings_omitted,
            explanation: status.explanation,
            attribution: status.attribution,
            search: None,
            detail: None,
        }
    }

    /// Adds what only this format shows, which takes another look at the manifest.
    ///
    /// # Errors
    /// When there is too much to look at.
    pub fn complete(
        &mut self,
        format: Format,
        manifest: &Manifest<'_>,
        assessment: &Assessment,
    ) -> Result<(), Problem> {
        match format {
            Format::Spl => {
                let problem = |message: &str| Problem {
                    position: Some(manifest.position()),
                    message: format!("no row for {}: {message}", self.title()),
                };
                self.search = Some(SearchRow::of(manifest).map_err(problem)?);
            }
            Format::Html => self.detail = Some(Detail::of(manifest, assessment, &self.findings)),
            Format::Table | Format::Json | Format::Sarif | Format::Junit => {}
        }
        Ok(())
    }

    /// `CronJob shop/backup`; without a namespace `CronJob backup`.
    fn title(&self) -> String {
        let slash = if self.namespace.as_str().is_empty() { "" } else { "/" };
        let name = if self.name.as_str().is_empty() { "(no name)" } else { self.name.as_str() };
        format!("{} {}{slash}{name}", self.kind, self.namespace)
    }
}

impl Error {
    /// A problem with `file`, whose name is not escaped yet.
    pub fn new(file: &str, problem: &Problem) -> Self {
        Self {
            file: escaped(file).into_owned(),
            line: problem.position.map(|position| position.line),
            column: problem.position.map(|position| position.column),
            message: SafeText::new(&problem.message, MAX_MESSAGE).to_string(),
        }
    }

    /// The one line about it: `file:line:column: message`.
    pub fn line(&self) -> String {
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!(":{line}:{column}"),
            _ => String::new(),
        };
        format!("{}{place}: {}", self.file, self.message)
    }
}

impl Skipped {
    /// Counts an object.
    pub fn add(&mut self, kind: &str) {
        self.add_many(&SafeText::new(kind, 63).to_string(), 1);
    }

    fn add_many(&mut self, kind: &str, count: usize) {
        self.total += count;
        if let Some(known) = self.kinds.get_mut(kind) {
            *known += count;
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(kind.to_owned(), count);
        }
    }
}

impl Results {
    /// Adds what was found in a further file.
    pub fn append(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
        self.workloads.append(&mut other.workloads);
        self.errors.append(&mut other.errors);
        let named: usize = other.skipped.kinds.values().sum();
        for (kind, count) in &other.skipped.kinds {
            self.skipped.add_many(kind, *count);
        }
        self.skipped.total += other.skipped.total - named;
    }

    /// How many workloads are of a severity.
    fn count(&self, severity: Severity) -> usize {
        self.workloads.iter().filter(|workload| workload.severity == severity).count()
    }

    /// The workloads that are listed.
    fn listed<'a>(&'a self, settings: &Settings) -> impl Iterator<Item = &'a Workload> {
        let lowest = settings.min_severity;
        self.workloads.iter().filter(move |workload| workload.severity >= lowest)
    }
}

/// Writes the results.
///
/// # Errors
/// Those of the writer.
pub fn write(format: Format, results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Table => table::write(results, settings, out),
        Format::Json => json::write(results, settings, out),
        Format::Sarif => sarif::write(results, settings, out),
        Format::Junit => junit::write(results, settings, out),
        Format::Spl => spl::write(results, settings, out),
        Format::Html => html::write(results, settings, out),
    }
}
