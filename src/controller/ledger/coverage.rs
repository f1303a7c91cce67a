//! How far reports speak for the workloads that exist. Pure.

use super::Ledger;
use crate::workload::Kind;

/// What speaks for the workloads of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Workloads with a report of their own, as it was written.
    pub own: usize,
    /// Workloads for which the report of their `CronJob` speaks.
    pub cron_job: usize,
    /// Workloads for which nothing speaks yet.
    pub none: usize,
    /// Workloads of which part could not be read or judged; they are among those above.
    pub unreadable: usize,
}

impl Ledger {
    /// What speaks for the workloads of each kind. Looks at each of them.
    pub fn coverage(&self) -> [(Kind, Coverage); Kind::ALL.len()] {
        let mut all = Kind::ALL.map(|kind| (kind, Coverage::default()));
        for (key, place) in &self.places {
            let Some(entry) = place.workload() else { continue };
            let Some((_, coverage)) = all.iter_mut().find(|(kind, _)| *kind == key.kind) else { continue };
            let is_reported = entry.known.is_some_and(|known| known.digest.is_some());
            let count = match (is_reported, entry.is_covered) {
                (true, _) => &mut coverage.own,
                (false, true) => &mut coverage.cron_job,
                (false, false) => &mut coverage.none,
            };
            *count += 1;
            coverage.unreadable += usize::from(entry.is_partial);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::id::Id;
    use crate::controller::ledger::{Key, Seen};
    use crate::severity::Severity;

    #[test]
    fn each_workload_counts_once() {
        let mut ledger = Ledger::default();
        let mut see = |kind, name: &str, is_covered, is_partial| {
            let (uid, severity) = (Id::of(name), Severity::None);
            let seen = Seen { uid, version: 1, severity, is_dying: false, is_covered, is_partial };
            ledger.observe(&Key::new(kind, "n", name), seen, 0);
        };
        see(Kind::Job, "new", false, true);
        see(Kind::Job, "run-1", true, false);
        see(Kind::Job, "run-2", true, false);
        see(Kind::CronJob, "new", false, false);
        let of = |kind| ledger.coverage().into_iter().find(|(of, _)| *of == kind).unwrap().1;
        assert_eq!(of(Kind::Job), Coverage { own: 0, cron_job: 2, none: 1, unreadable: 1 });
        assert_eq!(of(Kind::CronJob), Coverage { own: 0, cron_job: 0, none: 1, unreadable: 0 });
    }
}
