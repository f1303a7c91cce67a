//! The table of the Splunk search that jobrisk replaces, so that the two can be laid side by side.

mod search;

use std::cmp::Reverse;
use std::io::{self, Write};

pub use search::SearchRow;

use super::{Results, Settings, Workload};
use search::EXPRESSIONS;

/// What the audit log tells and a manifest does not.
const UNKNOWN: &str = "-";

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<(&Workload, &SearchRow)> =
        results.listed(settings).filter_map(|workload| Some((workload, workload.search.as_ref()?))).collect();
    // As the search: highest score first, then newest first. Equal ones stay in the order of the files.
    rows.sort_by_key(|(_, row)| Reverse((row.score(), row.time.as_str())));
    let header = ["_time", "objectRef.resource", "verb", "user", "user_agent", "source_ip", "namespace"]
        .into_iter()
        .chain(["resource_name"])
        .chain(EXPRESSIONS.map(|(column, _)| column))
        .chain(["SuspicionScore"])
        .map(str::to_owned)
        .collect();
    let mut table: Vec<Vec<String>> = vec![header];
    table.extend(rows.into_iter().map(|(workload, row)| cells(workload, row)));
    let columns = table.first().map_or(0, Vec::len);
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| length(cell)).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in &table {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - length(cell)));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn length(cell: &str) -> usize {
    cell.chars().count()
}

fn cells(workload: &Workload, row: &SearchRow) -> Vec<String> {
    let number = |matched: bool| if matched { "1" } else { "0" }.to_owned();
    let mut cells = vec![
        cell(row.time.as_str()),
        format!("{}s", workload.kind.to_lowercase()),
        // Applying a manifest is a request to create what is in it.
        "create".to_owned(),
    ];
    cells.extend([UNKNOWN; 3].map(str::to_owned));
    cells.extend([cell(workload.namespace.as_str()), cell(workload.name.as_str())]);
    cells.extend(row.matches.map(number));
    cells.push(row.score().to_string());
    cells
}

/// A value without blanks, which separate the columns; a name that an API server takes has none.
fn cell(value: &str) -> String {
    if value.is_empty() {
        return UNKNOWN.to_owned();
    }
    value.chars().map(|character| if character.is_whitespace() { '\u{2423}' } else { character }).collect()
}
