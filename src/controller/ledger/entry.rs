//! What is remembered of one workload or one report. All of it is small: there may be a hundred thousand.

use std::sync::Arc;

use crate::controller::id::Id;
use crate::controller::owners::Cron;
use crate::controller::stored::Known;
use crate::severity::Severity;
use crate::workload::Kind;

/// Which workload.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace. Shared between the keys of one namespace in the ledger.
    pub namespace: Arc<str>,
    /// Job or CronJob.
    pub kind: Kind,
    /// Its name.
    pub name: Box<str>,
}

impl Key {
    /// The key of a workload.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), kind, name: name.into() }
    }
}

/// What there is under a name.
#[derive(Debug)]
pub(super) enum Place {
    /// A workload that exists.
    Workload(Entry),
    /// No workload, but a report.
    Report(Stray),
}

impl Place {
    pub(super) fn workload(&self) -> Option<&Entry> {
        match self {
            Self::Workload(entry) => Some(entry),
            Self::Report(_) => None,
        }
    }

    pub(super) fn workload_mut(&mut self) -> Option<&mut Entry> {
        match self {
            Self::Workload(entry) => Some(entry),
            Self::Report(_) => None,
        }
    }

    pub(super) fn stray(&self) -> Option<&Stray> {
        match self {
            Self::Workload(_) => None,
            Self::Report(stray) => Some(stray),
        }
    }

    pub(super) fn stray_mut(&mut self) -> Option<&mut Stray> {
        match self {
            Self::Workload(_) => None,
            Self::Report(stray) => Some(stray),
        }
    }
}

/// A workload that exists.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its uid.
    pub uid: Id,
    /// A hash of its resourceVersion, by which an object that has not changed is recognised.
    pub version: u64,
    /// Its severity.
    pub severity: Severity,
    /// The API server is about to remove it.
    pub is_dying: bool,
    /// The report of its CronJob speaks for it.
    pub is_covered: bool,
    /// Part of it could not be read or judged.
    pub is_partial: bool,
    /// The report about it, if there is one.
    pub known: Option<Known>,
    /// A hash of what its report has to say, with a key of this process: 32 bits are all that there is room for, and
    /// nobody can look for another verdict with the same ones. 0 as long as it was not judged.
    pub(super) verdict: u32,
    /// Of a CronJob: what its Jobs are compared with.
    pub cron: Option<Box<Cron>>,
    /// The list in which it was last seen.
    pub(super) round: u32,
    /// The audit in which it was last seen, or before which something was last heard of it.
    pub(super) audit: u32,
}

/// A report about a workload that does not exist, or not under this uid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The uid of the workload that it is about.
    pub uid: Id,
    /// What stands in it.
    pub known: Known,
    /// When the workload was seen to be gone, in seconds since 1970, if the report says so.
    pub marked: Option<i64>,
    /// Since when it is a stray, in seconds since 1970.
    pub since: i64,
}

impl Stray {
    /// Whether it is kept as evidence. One that says so stays evidence, whatever else somebody has made it say.
    pub fn is_evidence(&self) -> bool {
        self.marked.is_some() || self.known.is_retained()
    }
}

/// What is taken note of when a workload arrives.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Its uid.
    pub uid: Id,
    /// A hash of its resourceVersion.
    pub version: u64,
    /// Its severity.
    pub severity: Severity,
    /// The API server is about to remove it.
    pub is_dying: bool,
    /// The report of its CronJob speaks for it.
    pub is_covered: bool,
    /// Part of it could not be read or judged.
    pub is_partial: bool,
}

impl Seen {
    pub(super) fn entry(
        self,
        round: u32,
        audit: u32,
        known: Option<Known>,
        cron: Option<Box<Cron>>,
    ) -> Entry {
        let Self { uid, version, severity, is_dying, is_covered, is_partial } = self;
        let verdict = 0;
        Entry { uid, version, severity, is_dying, is_covered, is_partial, known, verdict, cron, round, audit }
    }
}
