//! The side of the finding log: what it says of a workload, and what was last known of one that is gone.

use super::{Key, Ledger};
use crate::controller::id::Id;
use crate::controller::stored::Known;
use crate::finding_log::Verdict;
use crate::report::Digest;

/// A verdict that stands in the finding log and in no report, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The digest of the report that is to say it.
    pub digest: Digest,
    /// The verdict.
    pub verdict: Verdict,
}

/// A workload that exists no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// Its uid.
    pub uid: Id,
    /// What was last said of it, in the finding log or a report; nothing if nothing was.
    pub last: Option<Verdict>,
    /// The report about it.
    pub known: Option<Known>,
}

impl Ledger {
    /// What the finding log says of a workload and no report does.
    pub fn said(&self, key: &Key, uid: Id) -> Option<Said> {
        self.said.get(key).filter(|(of, _)| *of == uid).map(|(_, said)| *said)
    }

    /// What was last said of a workload that exists, in the finding log or a report.
    pub fn last_said(&self, key: &Key, uid: Id) -> Option<Verdict> {
        let known = || self.get_uid(key, uid)?.known.as_ref().map(Known::verdict);
        self.said(key, uid).map(|said| said.verdict).or_else(known)
    }

    /// Takes note of what the finding log says of a workload that exists, beyond its report; nothing if it is the same.
    pub fn say(&mut self, key: &Key, uid: Id, said: Option<Said>) {
        if self.said(key, uid).is_some() {
            self.said.remove(key);
        }
        if let Some(said) = said.filter(|_| self.get_uid(key, uid).is_some()) {
            self.said.insert(key.clone(), (uid, said));
        }
    }

    /// A report that is as it was written says this of a workload: the finding log said it before.
    pub(super) fn is_reported(&mut self, key: &Key, known: &Known) {
        if self.said.get(key).is_some_and(|(_, said)| known.digest == Some(said.digest)) {
            self.said.remove(key);
        }
    }

    /// The report on a workload is gone. What it said stays said.
    pub(super) fn forget_report(&mut self, key: &Key) {
        let Some(entry) = self.get_mut(key) else { return };
        let (uid, known) = (entry.uid, entry.known.take());
        if let Some(known) = known
            && let Some(digest) = known.digest
        {
            self.said.entry(key.clone()).or_insert((uid, Said { digest, verdict: known.verdict() }));
        }
    }
}
