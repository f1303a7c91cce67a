//! What changes when this instance begins or ceases to be the one that writes.
//!
//! One that follows watches and judges all the same, and takes what stands in a report for what the leader wrote. When it
//! becomes the leader it lists the reports once, since its watch may be behind the last writes of the leader before, and
//! then reads and judges again the workloads of which the report is not what it would have written: so what is right is
//! not written again.

use std::time::Instant;

use super::Controller;
use super::health::Source;
use super::ledger::Due;

/// Whether this instance writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    /// It does not.
    Follows,
    /// It may, and learns what stands in the reports.
    CatchesUp,
    /// It does.
    Leads,
}

impl Controller {
    /// Whether this instance writes.
    pub(super) fn leads(&self) -> bool {
        self.lead == Lead::Leads
    }

    /// Takes note of what the fence says.
    pub(super) fn look_at_the_lead(&mut self) {
        match (self.lead, self.shared.fence.is_open()) {
            (Lead::Follows, true) => {
                self.lead = Lead::CatchesUp;
                self.relist.insert(Source::Reports);
            }
            (Lead::CatchesUp | Lead::Leads, false) => {
                self.lead = Lead::Follows;
                // What waits is for the leader now, who sees the same.
                self.queue.clear();
                self.rereads.clear();
                self.chores.clear();
                self.runs.clear();
            }
            _ => {}
        }
    }

    /// The reports were listed.
    pub(super) fn caught_up(&mut self) {
        if self.lead != Lead::CatchesUp {
            return;
        }
        self.lead = Lead::Leads;
        let now = Instant::now();
        let due: Vec<Due> = self.ledger.due().collect();
        tracing::info!(differ = due.len(), "caught up with what the leader before has written");
        for due in due {
            match due {
                Due::Report(key) => {
                    self.rereads.insert((now, key), false);
                }
                Due::Removal(key) => self.remove_covered(&key),
            }
        }
        self.chores_due = now;
    }
}
