//! What the page shows of a workload beyond its report.

use super::script::{Script, is_executed};
use crate::assess::Assessment;
use crate::manifest::Manifest;
use crate::output::Finding;
use crate::score::{Family, Floor, Summand, summands};

/// The summands of the score, and the scripts around the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// What counts, by family; families without findings are left out.
    pub(super) families: Vec<(Family, Vec<Summand>)>,
    /// The floors that apply.
    pub(super) floors: Vec<&'static Floor>,
    /// For each finding that is listed.
    pub(super) scripts: Vec<Option<Script>>,
}

impl Detail {
    /// The details of a manifest's verdict.
    pub fn of(manifest: &Manifest<'_>, assessment: &Assessment, findings: &[Finding]) -> Self {
        let families = Family::ALL
            .into_iter()
            .map(|family| (family, summands(&assessment.findings, family)))
            .filter(|(_, summands)| !summands.is_empty())
            .collect();
        let script = |located: &Finding| {
            let finding = &located.finding;
            let text = manifest.text(&finding.path).filter(|_| is_executed(&finding.path))?;
            Script::around(text, finding.evidence.as_str())
        };
        Self {
            families,
            floors: assessment.score.floors.clone(),
            scripts: findings.iter().map(script).collect(),
        }
    }
}
