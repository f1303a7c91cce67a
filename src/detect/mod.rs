//! Rules over the view of a workload: facts in, findings out. Pure.
//!
//! [`catalog`] is the one table of rules; each family of rules has a file with its entries and their checks.
//! A check reads [`Facts`], the workload with everything normalised once, and adds hits to [`Findings`].

mod address;
pub mod catalog;
mod code;
mod code_strings;
mod command;
mod cron;
mod derive;
mod embedded;
mod evidence;
mod excerpt;
mod facts;
mod files;
mod findings;
mod flow;
mod handed;
mod host;
mod identity;
mod image;
mod indicators;
mod miners;
mod network;
mod placement;
mod runs;
mod schedule;
pub(crate) mod system;
mod texts;
mod words;
mod written;

pub use catalog::{Rule, Sample};
pub use evidence::UNREADABLE;
pub use facts::Facts;
pub use findings::{Findings, Hit};
pub use indicators::Indicators;

use crate::workload::Workload;

/// Runs every rule of the catalogue over a workload.
pub fn detect(workload: &Workload) -> Detection {
    detect_at(workload, 0)
}

/// [`detect`] for a workload that stands in the text of another, that many deep.
fn detect_at(workload: &Workload, depth: u8) -> Detection {
    let facts = Facts::at_depth(workload, depth);
    let mut findings = Findings::default();
    for rule in catalog::rules() {
        (rule.check)(&facts, &mut findings.of(rule));
    }
    Detection { indicators: Indicators::of(&facts), findings }
}

/// What the rules and the six indicators say about a workload.
#[derive(Debug, Clone)]
pub struct Detection {
    /// What the rules found.
    pub findings: Findings,
    /// The six indicators of the original search.
    pub indicators: Indicators,
}
