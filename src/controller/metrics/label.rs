//! The labels of metrics and every value that each may have: all of them constants, none of them from a workload.

use crate::controller::health::Source;
use crate::controller::trouble::Category;
use crate::detect::catalog;
use crate::severity::Severity;
use crate::workload::Kind;

/// The value for what went well.
pub const OK: &str = "ok";
/// The value for an Event that was left out, since there had been too many.
pub const SUPPRESSED: &str = "suppressed";
/// The value for a report that was marked as evidence.
pub const MARKED: &str = "marked";
/// The value for evidence that was removed after its time.
pub const EXPIRED: &str = "expired";

/// The value for evidence that somebody else removed, or that went with its namespace.
pub const REMOVED: &str = "removed";

/// The value for a line of the finding log that was written.
pub const WRITTEN: &str = "written";
/// The value for one that was not, since nobody reads standard output.
pub const DROPPED: &str = "dropped";
/// The value for one that could not be written.
pub const FAILED: &str = "failed";
/// The value for one that was too long.
pub const TOO_LONG: &str = "too_long";

/// A label of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The kind of a workload.
    Kind,
    /// The severity of a workload.
    Severity,
    /// The id of a rule.
    Rule,
    /// What is listed and watched.
    Resource,
    /// Why a request failed.
    Reason,
    /// What came of writing a report.
    WriteResult,
    /// What came of writing an Event.
    EventResult,
    /// What became of a report that outlived its workload.
    Fate,
    /// What became of a line of the finding log.
    Line,
    /// Which report speaks for a workload.
    Report,
    /// Why a verdict is not reported yet.
    Wait,
    /// The version of the program.
    Version,
}

impl Label {
    /// The name that stands in a sample.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Severity => "severity",
            Self::Rule => "rule",
            Self::Resource => "resource",
            Self::Reason => "reason",
            Self::WriteResult | Self::EventResult | Self::Fate | Self::Line => "result",
            Self::Report => "report",
            Self::Wait => "state",
            Self::Version => "version",
        }
    }

    /// Every value that it may have.
    pub fn values(self) -> Vec<&'static str> {
        let reasons = || Category::ALL.map(Category::as_str);
        match self {
            Self::Kind => Kind::ALL.map(Kind::as_str).into(),
            Self::Severity => Severity::ALL.map(Severity::as_label).into(),
            Self::Rule => catalog::rules().map(|rule| rule.id).collect(),
            Self::Resource => Source::ALL.map(Source::name).into(),
            Self::Reason => reasons().into(),
            Self::WriteResult => [OK].into_iter().chain(reasons()).collect(),
            Self::EventResult => [OK, SUPPRESSED].into_iter().chain(reasons()).collect(),
            Self::Fate => vec![MARKED, EXPIRED, REMOVED],
            Self::Line => vec![WRITTEN, DROPPED, FAILED, TOO_LONG],
            Self::Report => Report::ALL.map(Report::as_str).into(),
            Self::Wait => Wait::ALL.map(Wait::as_str).into(),
            Self::Version => vec![env!("CARGO_PKG_VERSION")],
        }
    }
}

/// Which report speaks for a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Its own.
    Own,
    /// That of the `CronJob` that runs it.
    CronJob,
    /// None yet.
    None,
}

impl Report {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::CronJob, Self::None];

    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::CronJob => "cronjob",
            Self::None => "none",
        }
    }
}

/// Why a verdict is not reported yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It waits for its turn, or to be tried again.
    Waiting,
    /// Its namespace refuses reports.
    Refused,
}

impl Wait {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Waiting, Self::Refused];

    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }
}
