//! The table of the Splunk search that jobrisk replaces, so that the two can be laid side by side.

mod search;

use std::cmp::Reverse;
use std::io::{self, Write};

pub use search::SearchRow;

use super::grid::{self, Cell};
use super::{Results, Settings, Workload};
use crate::search::{ONLY_IN_AUDIT_LOGS, Row};

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<(&Workload, &SearchRow)> =
        results.listed(settings).filter_map(|workload| Some((workload, workload.search.as_ref()?))).collect();
    // As the search: highest score first, then newest first. Equal ones stay in the order of the files.
    rows.sort_by_key(|(_, row)| Reverse((row.score(), row.time.as_str())));
    let header = with_unknown(Row::COLUMNS.iter().map(|column| Cell::new(column)), Cell::new);
    let mut table: Vec<Vec<Cell>> = vec![header];
    table.extend(rows.into_iter().map(|(workload, row)| cells(workload, row)));
    grid::write(&table, out)
}

fn cells(workload: &Workload, row: &SearchRow) -> Vec<Cell> {
    let row = Row {
        time: Some(row.time.to_string()),
        resource: format!("{}s", workload.kind.to_lowercase()),
        // Applying a manifest is a request to create what is in it.
        verb: Some("create".to_owned()),
        user: None,
        namespace: workload.namespace.to_string(),
        name: workload.name.to_string(),
        ..Row::default()
    }
    .with_matches(row.matches);
    let known = row.cells().into_iter().map(|value| Cell::new(&value.unwrap_or_default()));
    with_unknown(known, |_| Cell::new(""))
}

/// The columns with those beside them that only an audit log has.
fn with_unknown(known: impl Iterator<Item = Cell>, unknown: impl Fn(&'static str) -> Cell) -> Vec<Cell> {
    let mut all: Vec<Cell> = known.collect();
    let behind = Row::COLUMNS.iter().position(|column| *column == "user").map_or(0, |user| user + 1);
    all.splice(behind..behind, ONLY_IN_AUDIT_LOGS.map(unknown));
    all
}
