//! The one table of rules.
//!
//! A rule is one entry: the check, the words, the points, the techniques and the samples that prove it. To add
//! one, write its entry into the table of its family's file; nothing else needs a change.

pub mod attack;
pub mod guide;
pub(super) mod links;
pub mod reserved;

pub use guide::{Exposure, Remedy, Step};

use super::facts::Facts;
use super::findings::Collector;
use super::{command, evidence, host, identity, image, network, placement, schedule};
use crate::score::Family;
use crate::severity::Severity;

/// A rule of the catalogue.
#[allow(
    clippy::struct_excessive_bools,
    reason = "attributes by which the score combines rules, each on its own"
)]
pub struct Rule {
    /// Stable identifier, `<family>-<name>`: part of the API of reports.
    pub id: &'static str,
    /// What it is called: a short noun phrase, up to 60 characters.
    pub title: &'static str,
    /// What a finding says in a report: the second half of a sentence about the workload, up to 100 characters.
    pub message: &'static str,
    /// What it means and why it matters, for the reader of the documentation.
    pub meaning: &'static str,
    /// Ordinary causes of a hit.
    pub false_positives: &'static str,
    /// How to see whether it is true: the steps of this rule, between those that are the same for all.
    pub confirm: &'static [Step],
    /// How to mend it, as an attack and as an honest need.
    pub remedy: Remedy,
    /// The group in which its points overlap with those of similar rules.
    pub family: Family,
    /// Its severity alone.
    pub severity: Severity,
    /// What it adds to the score, before the weights of [`crate::score`].
    pub points: i32,
    /// ATT&CK technique ids (enterprise matrix).
    pub techniques: &'static [&'static str],
    /// Where to read on, besides the pages of [`Rule::techniques`].
    pub references: &'static [&'static str],
    /// Its hits count one by one, by path, up to the limit of [`crate::score`].
    pub counts_per_path: bool,
    /// With it, a hostile command reaches the node.
    pub gives_node_access: bool,
    /// It says that the workload passes itself off as a part of Kubernetes.
    pub imitates_system: bool,
    /// It says that the workload asks for a certain node, or for those of the control plane.
    pub chooses_node: bool,
    /// Looks at the facts and adds hits.
    pub check: fn(&Facts<'_>, &mut Collector<'_>),
    /// Samples that prove the check.
    pub samples: &'static [Sample],
}

/// A pod spec in YAML (or a whole object), and what a rule must say to it.
pub enum Sample {
    /// The rule must hit, with this many points.
    Hit(i32, &'static str),
    /// The rule must not hit: a benign look-alike.
    Miss(&'static str),
    /// As [`Sample::Hit`], for a rule about more than the pod: a whole Job or CronJob in YAML.
    HitObject(i32, &'static str),
    /// As [`Sample::Miss`], with a whole Job or CronJob.
    MissObject(&'static str),
    /// As [`Sample::HitObject`], for a Job whose claim of an owner was looked into and is false.
    HitDisproved(i32, &'static str),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

/// The defaults of an entry, for `..` in the tables of the families.
pub(super) const RULE: Rule = Rule {
    id: "",
    title: "",
    message: "",
    meaning: "",
    false_positives: "",
    confirm: &[],
    remedy: Remedy { exposes: &[], attack: "", benign: "" },
    family: Family::Host,
    severity: Severity::None,
    points: 0,
    techniques: &[],
    references: &[],
    counts_per_path: false,
    gives_node_access: false,
    imitates_system: false,
    chooses_node: false,
    check: |_, _| {},
    samples: &[],
};

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let families = [
        host::RULES,
        host::security::RULES,
        host::paths::RULES,
        host::volumes::RULES,
        image::RULES,
        identity::RULES,
        placement::RULES,
        network::RULES,
        evidence::RULES,
        evidence::claims::RULES,
        evidence::owner::RULES,
    ];
    // The commands and the schedule come last: some of their rules look at what was found before.
    families.into_iter().chain(command::TABLES).chain([schedule::RULES]).flatten()
}

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests;
