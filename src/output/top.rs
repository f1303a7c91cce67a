//! The reports of a cluster, as `jobrisk top` shows them.

use std::io::{self, Write};

use serde::Serialize;

use super::age::age;
use super::grid::{self, Cell};
use super::json::SCHEMA_VERSION;
use super::paint::color_of;
use crate::cluster::reports::{Attribution, Report};
use crate::cluster::watched::{Change, Happened};
use crate::search::Row;
use crate::text::SafeText;
use crate::tool::Tool;

/// The widest cells of the table that is not wide.
const MAX_NAME: usize = 48;
const MAX_USER: usize = 44;
const MAX_RULE: usize = 32;
/// The techniques that it lists.
const MAX_TECHNIQUES: usize = 2;

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TopFormat {
    /// For people.
    Table,
    /// The table with nothing cut, and with the six indicators.
    Wide,
    /// One versioned JSON object; with --watch one for each change. See docs/top.md.
    Json,
}

/// How reports are shown.
#[derive(Debug, Clone, Copy)]
pub struct TopView {
    /// The format.
    pub format: TopFormat,
    /// Whether the table has the namespaces.
    pub namespaces: bool,
    /// Whether the table is coloured.
    pub color: bool,
    /// The time, in seconds since 1970, from which ages are counted.
    pub now: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: &'static str,
    tool: Tool,
    reports: &'a [&'a Report],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeDocument<'a> {
    schema_version: &'static str,
    change: Happened,
    report: &'a Report,
}

/// Writes the reports, in the order in which they come.
///
/// # Errors
/// Those of the writer.
pub fn write(reports: &[&Report], view: TopView, out: &mut dyn Write) -> io::Result<()> {
    if view.format == TopFormat::Json {
        let document = Document { schema_version: SCHEMA_VERSION, tool: Tool::THIS, reports };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        return writeln!(out);
    }
    if reports.is_empty() {
        return Ok(());
    }
    let mut rows = vec![header(view)];
    rows.extend(reports.iter().map(|report| cells(report, view)));
    grid::write(&rows, out)
}

/// The table of reports whose lines are written one after the other, each when something changes.
#[derive(Debug, Default)]
pub struct ChangeLines {
    widths: Option<Vec<usize>>,
}

impl ChangeLines {
    /// Writes a line for each change. The first ones decide about the widths of the columns.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, changes: &[Change], view: TopView, out: &mut dyn Write) -> io::Result<()> {
        if view.format == TopFormat::Json {
            for Change { happened, report } in changes {
                let document = ChangeDocument { schema_version: SCHEMA_VERSION, change: *happened, report };
                serde_json::to_writer(&mut *out, &document)?;
                writeln!(out)?;
            }
            return Ok(());
        }
        let with = |first: &str, row: Vec<Cell>| [vec![Cell::new(first)], row].concat();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        if self.widths.is_none() {
            rows.push(with("CHANGE", header(view)));
        }
        for Change { happened, report } in changes {
            rows.push(with(happened.as_str(), cells(report, view)));
        }
        let widths = self.widths.get_or_insert_with(|| grid::widths(&rows));
        rows.iter().try_for_each(|row| writeln!(out, "{}", grid::line(row, widths)))
    }
}

fn header(view: TopView) -> Vec<Cell> {
    let mut names = Vec::new();
    if view.namespaces {
        names.push(Cell::new("NAMESPACE"));
    }
    names.extend(["KIND", "WORKLOAD"].map(Cell::new));
    names.push(Cell::number("SCORE"));
    names.extend(["SEVERITY", "TOP", "TECHNIQUES", "USER", "AGE"].map(Cell::new));
    if view.format == TopFormat::Wide {
        // The columns of the search, by its names.
        names.extend(Row::signs().iter().map(|name| Cell::number(*name)));
    }
    names
}

fn cells(report: &Report, view: TopView) -> Vec<Cell> {
    let is_wide = view.format == TopFormat::Wide;
    let cut = |cell: Cell, limit: usize| if is_wide { cell } else { cell.cut(limit) };
    let mut cells = Vec::new();
    if view.namespaces {
        cells.push(cut(Cell::new(report.namespace.as_str()), MAX_NAME));
    }
    let mut name = cut(Cell::new(report.workload.name.as_str()), MAX_NAME);
    if report.foreign {
        name = name.remark("(not by jobrisk)");
    } else if report.subject_deleted.is_some() {
        name = name.remark("(deleted)");
    }
    let severity = report.severity.map_or("", |severity| severity.as_str());
    let color = report.severity.filter(|_| view.color).map(color_of);
    cells.extend([
        cut(Cell::new(report.workload.kind.as_str()), MAX_RULE),
        name,
        optional(report.risk_score),
        Cell::new(severity).colored(color),
        cut(Cell::new(report.rules.first().map_or("", |rule| rule.as_str())), MAX_RULE),
        Cell::new(&techniques(report, is_wide)),
        user(report.attribution.as_ref(), cut),
        Cell::new(&report.created_seconds.map(|created| age(view.now - created)).unwrap_or_default()),
    ]);
    if is_wide {
        // The sum is what the report says.
        let signs = Row::default().with_indicators(report.indicators).answers().into_iter().take(6);
        cells.extend(signs.map(|sign| Cell::number(&sign.unwrap_or_default())));
        cells.push(optional(report.suspicion_score));
    }
    cells
}

fn optional(number: Option<i64>) -> Cell {
    Cell::number(&number.map(|number| number.to_string()).unwrap_or_default())
}

/// The ids, in the narrow table the first of them and how many follow.
fn techniques(report: &Report, all: bool) -> String {
    let listed = if all { report.techniques.len() } else { MAX_TECHNIQUES };
    let ids: Vec<&str> = report.techniques.iter().take(listed).map(SafeText::as_str).collect();
    let more = report.techniques.len() - ids.len();
    let ids = ids.join(",");
    if more > 0 { format!("{ids},+{more}") } else { ids }
}

/// The user; with a question mark where nobody vouches for it.
fn user(attribution: Option<&Attribution>, cut: impl Fn(Cell, usize) -> Cell) -> Cell {
    let Some((user, verified)) =
        attribution.and_then(|attribution| Some((attribution.user.as_ref()?, attribution.verified)))
    else {
        return Cell::new("");
    };
    let cell = cut(Cell::new(user.as_str()), MAX_USER);
    if verified { cell } else { cell.remark("(?)") }
}
