//! The table of the Splunk search that jobrisk replaces, so that the two can be laid side by side.

mod search;

use std::cmp::Reverse;
use std::io::{self, Write};

pub use search::SearchRow;

use super::grid::{self, Cell};
use super::{Results, Settings, Workload};
use search::EXPRESSIONS;

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
        .map(Cell::new)
        .collect();
    let mut table: Vec<Vec<Cell>> = vec![header];
    table.extend(rows.into_iter().map(|(workload, row)| cells(workload, row)));
    grid::write(&table, out)
}

fn cells(workload: &Workload, row: &SearchRow) -> Vec<Cell> {
    let number = |matched: bool| Cell::new(if matched { "1" } else { "0" });
    let mut cells = vec![
        Cell::new(row.time.as_str()),
        Cell::new(&format!("{}s", workload.kind.to_lowercase())),
        // Applying a manifest is a request to create what is in it.
        Cell::new("create"),
    ];
    // What the audit log tells and a manifest does not.
    cells.extend([""; 3].map(Cell::new));
    cells.extend([workload.namespace.as_str(), workload.name.as_str()].map(Cell::new));
    cells.extend(row.matches.map(number));
    cells.push(Cell::new(&row.score().to_string()));
    cells
}
