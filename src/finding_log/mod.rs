//! The finding log: the durable record of verdicts, for a SIEM. One line of JSON for each change of a verdict, for the
//! end of a workload, and for what somebody does to reports.
//!
//! [`Line`] is the format, [`schema`] its JSON Schema, [`export`] what it is in the words of OCSF and ECS. docs/siem
//! describes it for its readers, with what may change within a version.

pub mod export;
mod json;
mod make;
pub mod schema;

pub use json::MAX_LINE;
pub use make::{About, Stamp, Verdict};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::report::{Attribution, Finding};
use crate::search::Row;
use crate::severity::Severity;
use crate::workload::Kind;

/// What says of a line that it is one of this log.
pub const SCHEMA: &str = "jobrisk.io/finding-log";
/// The version of the format. The second number rises with what is added, the first with what goes or changes its
/// meaning.
pub const SCHEMA_VERSION: &str = "1.0";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// The first verdict on a workload is None.
    Assessed,
    /// The severity is above None, and was not before.
    Detected,
    /// The severity rose.
    Raised,
    /// The severity fell, and is still above None.
    Lowered,
    /// The verdict is another one of the same severity.
    Changed,
    /// The severity fell to None.
    Cleared,
    /// The workload is gone, and its severity was above None.
    Deleted,
    /// The Job turned out to be a run of a CronJob, whose verdict speaks for it from now on.
    Merged,
    /// Somebody else changed or removed the report on a living workload. It is put back.
    Tampered,
    /// Somebody else changed the report that was kept of a deleted workload. It cannot be put back.
    EvidenceChanged,
    /// Somebody else removed the report that was kept of a deleted workload. It cannot be put back.
    EvidenceRemoved,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Assessed,
        Self::Detected,
        Self::Raised,
        Self::Lowered,
        Self::Changed,
        Self::Cleared,
        Self::Deleted,
        Self::Merged,
        Self::Tampered,
        Self::EvidenceChanged,
        Self::EvidenceRemoved,
    ];

    /// As written in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assessed => "assessed",
            Self::Detected => "detected",
            Self::Raised => "raised",
            Self::Lowered => "lowered",
            Self::Changed => "changed",
            Self::Cleared => "cleared",
            Self::Deleted => "deleted",
            Self::Merged => "merged",
            Self::Tampered => "tampered",
            Self::EvidenceChanged => "evidenceChanged",
            Self::EvidenceRemoved => "evidenceRemoved",
        }
    }

    /// Whether the line has the whole verdict. The others are about what is remembered only in part.
    pub const fn has_verdict(self) -> bool {
        !matches!(self, Self::Deleted | Self::Merged | Self::EvidenceChanged | Self::EvidenceRemoved)
    }

    /// The action of a verdict after another, or after none.
    pub(crate) fn of_change(before: Option<Severity>, now: Severity) -> Self {
        match (before, now) {
            (None, Severity::None) => Self::Assessed,
            (None | Some(Severity::None), now) if now > Severity::None => Self::Detected,
            (Some(before), now) if before == now => Self::Changed,
            (_, Severity::None) => Self::Cleared,
            (Some(before), now) if now > before => Self::Raised,
            _ => Self::Lowered,
        }
    }
}

/// A line of the finding log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Always `jobrisk.io/finding-log`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// The version of the format, as two numbers.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: String,
    /// The version of jobrisk that wrote the line.
    #[schemars(length(max = 64))]
    pub product_version: String,
    /// The instance of jobrisk that wrote the line.
    #[schemars(length(max = 128))]
    pub instance: String,
    /// Counts the lines of one run of an instance, from 1. A number that is missing is a line that was lost.
    #[schemars(range(min = 1))]
    pub sequence: u64,
    /// The same for the same event: a line that is there twice, as can happen around a restart, has it twice.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub id: String,
    /// What happened.
    pub action: Action,
    /// The columns of the search.
    #[serde(flatten)]
    pub row: Row,
    /// The kind of the workload: `Job` or `CronJob`.
    #[schemars(extend("enum" = Kind::ALL.map(Kind::as_str)))]
    pub kind: String,
    /// The uid of the workload.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// Names what all lines about this workload are about, for systems that keep findings: it stays the same from
    /// `detected` to `deleted`, and no other workload ever has it.
    #[schemars(length(max = 80))]
    pub finding_uid: String,
    /// The severity; where the line has no verdict of its own, the last one.
    pub severity: Severity,
    /// The severity before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_severity: Option<Severity>,
    /// The risk, 0 to 100; where the line has no verdict of its own, the last one.
    #[schemars(range(min = 0, max = 100))]
    pub risk_score: i32,
    /// The risk before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub previous_risk_score: Option<i32>,
    /// The name of the JobRiskReport.
    #[schemars(length(max = 253))]
    pub report: String,
    /// Whether the report outlives its workload.
    pub retained: bool,
    /// The verdict in full.
    #[serde(flatten)]
    pub details: Option<Details>,
}

/// What a line says beyond the numbers, where it has a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The generation of the workload that was judged.
    pub generation: i64,
    /// The ATT&CK techniques of all findings, sorted.
    #[schemars(length(max = 64), inner(length(max = 16)))]
    pub techniques: Vec<String>,
    /// The rules of the findings in the report, worst first, each once.
    #[schemars(length(max = 20), inner(length(max = 64)))]
    pub rules: Vec<String>,
    /// How many findings there are, also those that are not listed.
    #[schemars(range(min = 0))]
    pub findings_total: i64,
    /// The worst findings, worst first, as many as have room.
    #[schemars(length(max = 20))]
    pub findings: Vec<Finding>,
    /// Who made the last change, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
}

#[cfg(test)]
mod tests;
