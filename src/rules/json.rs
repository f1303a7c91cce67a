//! The catalogue as JSON. Its shape is part of jobrisk's interface: the index in docs/rules/ describes it.

use serde::Serialize;

use super::index;
use crate::detect::catalog::attack;
use crate::detect::catalog::reserved::RESERVED;
use crate::detect::{Rule, Sample};
use crate::severity::Severity;
use crate::tool::Tool;

/// Raised when a field is removed or changes its meaning; new fields do not raise it.
const SCHEMA_VERSION: &str = "1";

/// The catalogue, or one rule of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    schema_version: &'static str,
    tool: Tool,
    attack_version: &'static str,
    rules: Vec<RuleEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reserved: Vec<ReservedEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleEntry {
    id: &'static str,
    title: &'static str,
    family: &'static str,
    severity: Severity,
    points: i32,
    message: &'static str,
    meaning: &'static str,
    false_positives: &'static str,
    techniques: Vec<TechniqueEntry>,
    confirm: Vec<StepEntry>,
    exposes: Vec<&'static str>,
    if_attack: &'static str,
    if_meant: &'static str,
    references: &'static [&'static str],
    samples: Vec<SampleEntry>,
}

#[derive(Serialize)]
struct TechniqueEntry {
    id: &'static str,
    name: &'static str,
    tactics: &'static [&'static str],
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepEntry {
    command: String,
    look_for: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

#[derive(Serialize)]
struct SampleEntry {
    /// Whether the YAML is a pod spec or a whole object.
    of: &'static str,
    /// The points that the rule gives; null where it must not hit.
    points: Option<i32>,
    yaml: &'static str,
}

#[derive(Serialize)]
struct ReservedEntry {
    id: &'static str,
    title: &'static str,
    needs: &'static str,
}

/// All rules, and the reserved ids.
pub(super) fn catalogue() -> Document {
    let mut document = document(&index::sorted());
    document.reserved = RESERVED
        .iter()
        .map(|entry| ReservedEntry { id: entry.id, title: entry.title, needs: entry.needs })
        .collect();
    document
}

/// These rules.
pub(super) fn document(rules: &[&'static Rule]) -> Document {
    Document {
        schema_version: SCHEMA_VERSION,
        tool: Tool::THIS,
        attack_version: attack::VERSION,
        rules: rules.iter().map(|rule| entry(rule)).collect(),
        reserved: Vec::new(),
    }
}

fn entry(rule: &'static Rule) -> RuleEntry {
    let techniques = rule.techniques.iter().filter_map(|id| attack::technique(id));
    RuleEntry {
        id: rule.id,
        title: rule.title,
        family: rule.family.as_str(),
        severity: rule.severity,
        points: rule.points,
        message: rule.message,
        meaning: rule.meaning,
        false_positives: rule.false_positives,
        techniques: techniques
            .map(|technique| TechniqueEntry {
                id: technique.id,
                name: technique.name,
                tactics: technique.tactics,
                url: technique.url(),
            })
            .collect(),
        confirm: rule
            .confirm
            .iter()
            .map(|step| StepEntry { command: step.command(), look_for: step.look_for(), hint: step.hint() })
            .collect(),
        exposes: rule.remedy.exposes.iter().map(|exposed| exposed.name()).collect(),
        if_attack: rule.remedy.attack,
        if_meant: rule.remedy.benign,
        references: rule.references,
        samples: rule.samples.iter().map(sample).collect(),
    }
}

fn sample(sample: &'static Sample) -> SampleEntry {
    let (of, points, yaml) = match sample {
        Sample::Hit(points, yaml) => ("podSpec", Some(*points), yaml),
        Sample::Miss(yaml) => ("podSpec", None, yaml),
        Sample::HitObject(points, yaml) => ("object", Some(*points), yaml),
        Sample::MissObject(yaml) => ("object", None, yaml),
        Sample::HitDisproved(points, yaml) => ("objectWithDisprovedOwner", Some(*points), yaml),
    };
    SampleEntry { of, points, yaml }
}
