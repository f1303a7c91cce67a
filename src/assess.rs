//! The engine as one function: a decoded object in, an assessment out.

use crate::detect::{Findings, Indicators, UNREADABLE, detect};
use crate::score::{Score, score};
use crate::workload::decode::Object;
use crate::workload::stamps::Stamps;
use crate::workload::{FieldManager, Kind, OwnerClaim, Workload};

/// What is thought of a workload. Holds nothing of the object but its identity and safe excerpts.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Job or CronJob.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its generation.
    pub generation: i64,
    /// Who last changed it, by the client's own word.
    pub last_change: Option<FieldManager>,
    /// Who made and who changed it, by its annotations.
    pub stamps: Stamps,
    /// The CronJob that it says it was made by.
    pub owner: Option<OwnerClaim>,
    /// What the rules found.
    pub findings: Findings,
    /// The six indicators.
    pub indicators: Indicators,
    /// The score with its explanation.
    pub score: Score,
}

impl Assessment {
    /// Whether part of the object could not be read or judged.
    pub fn is_partial(&self) -> bool {
        self.findings.by_rule().any(|(rule, _)| rule.id == UNREADABLE)
    }
}

/// Judges a decoded object.
pub fn assess(kind: Kind, object: &Object) -> Assessment {
    assess_workload(Workload::from_object(kind, object))
}

/// Judges a decoded Job whose claim of an owner is known to be false.
pub fn assess_disowned(kind: Kind, object: &Object) -> Assessment {
    let mut workload = Workload::from_object(kind, object);
    workload.disprove_owner();
    assess_workload(workload)
}

/// Judges the view of a workload.
pub fn assess_workload(workload: Workload) -> Assessment {
    let detection = detect(&workload);
    let score = score(&detection.findings, &workload.namespace);
    Assessment {
        kind: workload.kind,
        namespace: workload.namespace,
        name: workload.name,
        uid: workload.uid,
        generation: workload.generation,
        last_change: workload.last_change,
        stamps: workload.stamps,
        owner: workload.owner,
        findings: detection.findings,
        indicators: detection.indicators,
        score,
    }
}
