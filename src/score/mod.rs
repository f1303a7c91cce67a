//! From findings to a score, a severity, and an explanation by which anyone can redo the sum.
//!
//! The arithmetic, all of it:
//!
//! 1. Every rule counts once, with its highest points; host path rules count once per path, four times at most.
//! 2. Within a family the points are sorted, highest first, and weighted 1, 0.6, 0.4, 0.3, 0.2, 0.15, then
//!    0.1 for each further one: the tenth host mount says less than the first. The sum is rounded to the
//!    nearest integer (half up) and cut at the family's cap.
//! 3. Host access together with a command that wants it is an attack, where each alone is posture or a
//!    foothold: a quarter of the smaller of the two families is added (rounded half up).
//! 4. The total is cut at 100. Its band is the severity: 70 Critical, 45 High, 25 Medium, 5 Low.
//! 5. Floors raise the severity, never lower it, and are named in the explanation.

mod floor;
mod formula;

use std::collections::BTreeMap;

pub use floor::{FLOORS, Floor, STRONG_INTENT};
pub use formula::{Formula, decimal};

use crate::detect::{Findings, Rule};
use crate::severity::Severity;

/// A group of rules whose points overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Access to the node.
    Host,
    /// What is run.
    Command,
    /// Which image runs it.
    Image,
    /// Under which identity.
    Identity,
    /// On which node.
    Placement,
    /// When and how often.
    Schedule,
    /// Traces removed, disguises, contradictions.
    Evidence,
    /// Network settings.
    Network,
}

impl Family {
    /// All families, in the order of the explanation.
    pub const ALL: [Self; 8] = [
        Self::Host,
        Self::Command,
        Self::Image,
        Self::Identity,
        Self::Placement,
        Self::Schedule,
        Self::Evidence,
        Self::Network,
    ];

    /// As written in reports and machine-readable lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Command => "command",
            Self::Image => "image",
            Self::Identity => "identity",
            Self::Placement => "placement",
            Self::Schedule => "schedule",
            Self::Evidence => "evidence",
            Self::Network => "network",
        }
    }

    /// As a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Host => "Host access",
            Self::Command => "Command",
            Self::Image => "Image",
            Self::Identity => "Identity",
            Self::Placement => "Placement",
            Self::Schedule => "Schedule and scale",
            Self::Evidence => "Traces and disguises",
            Self::Network => "Network",
        }
    }

    /// What its rules look at, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Host => "What the pod can reach of the node that it runs on.",
            Self::Command => {
                "What the containers run, in every place that runs something, decoded as far as it can be."
            }
            Self::Image => "Which images run it.",
            Self::Identity => "Under which account it runs, and which credentials it asks for.",
            Self::Placement => "On which node it asks to run, and what it may push aside.",
            Self::Schedule => "When, how often and how many times it runs.",
            Self::Evidence => "Traces that it removes, names that it borrows, and contradictions.",
            Self::Network => "Names, addresses and probes that lead elsewhere.",
        }
    }

    /// The most that a family can add.
    pub const fn cap(self) -> i32 {
        match self {
            Self::Host => 60,
            Self::Command => 75,
            Self::Image | Self::Placement => 20,
            Self::Identity => 30,
            Self::Schedule => 10,
            Self::Evidence => 35,
            Self::Network => 25,
        }
    }
}

/// Weights of the sorted points of a family, in twentieths; the last one is for all that follow.
pub const WEIGHTS: [i32; 7] = [20, 12, 8, 6, 4, 3, 2];
/// The denominator of the weights.
pub const TWENTIETHS: i32 = 20;
/// How often findings of host path rules count.
pub const HOST_PATHS_COUNTED: usize = 4;
/// The highest score.
pub const MAX_SCORE: i32 = 100;
/// Lowest score of each severity, highest first.
pub const BANDS: [(i32, Severity); 4] =
    [(70, Severity::Critical), (45, Severity::High), (25, Severity::Medium), (5, Severity::Low)];

/// The score of a workload and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// The sum, 0 to 100.
    pub total: i32,
    /// The band of the total, raised by floors.
    pub severity: Severity,
    /// What each family added, after its cap.
    pub families: BTreeMap<Family, i32>,
    /// What was added because host access and commands come together.
    pub combination: i32,
    /// The floors that apply, also those that the score already reaches.
    pub floors: Vec<&'static Floor>,
}

/// Scores the findings of a workload in `namespace`.
pub fn score(findings: &Findings, namespace: &str) -> Score {
    let mut families = BTreeMap::new();
    for family in Family::ALL {
        let points = family_points(findings, family);
        families.insert(family, weighted(points).min(family.cap()));
    }
    let of = |family: Family| families.get(&family).copied().unwrap_or(0);
    let combination = half_up(of(Family::Host).min(of(Family::Command)), 4);
    let total = (families.values().sum::<i32>() + combination).min(MAX_SCORE);
    let floors = floor::apply(findings, namespace);
    let band = BANDS.iter().find(|(lowest, _)| total >= *lowest).map_or(Severity::None, |(_, band)| *band);
    let severity = floors.iter().map(|floor| floor.severity).chain([band]).max().unwrap_or(band);
    Score { total, severity, families, combination, floors }
}

/// What counts of a family's findings, as one summand of its sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summand {
    /// The rule.
    pub rule: &'static Rule,
    /// Its points.
    pub points: i32,
    /// What they are weighted with, in [`TWENTIETHS`].
    pub weight: i32,
}

/// The summands of a family, highest first: by these anyone can redo its sum.
pub fn summands(findings: &Findings, family: Family) -> Vec<Summand> {
    counted(findings, family)
        .into_iter()
        .zip(weights())
        .map(|((points, rule), weight)| Summand { rule, points, weight })
        .collect()
}

/// The points that count for a family, highest first.
fn family_points(findings: &Findings, family: Family) -> Vec<i32> {
    counted(findings, family).into_iter().map(|(points, _)| points).collect()
}

fn counted(findings: &Findings, family: Family) -> Vec<(i32, &'static Rule)> {
    let mut counted = Vec::new();
    let mut host_paths = Vec::new();
    for (rule, hits) in findings.by_rule().filter(|(rule, _)| rule.family == family) {
        if rule.counts_per_path {
            host_paths.extend(hits.iter().map(|hit| (hit.points, rule)));
        } else {
            counted.extend(hits.iter().map(|hit| (hit.points, rule)).max_by_key(|(points, _)| *points));
        }
    }
    host_paths.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    counted.extend(host_paths.into_iter().take(HOST_PATHS_COUNTED));
    counted.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    counted
}

/// The weighted sum of the points of one family, highest first.
pub(crate) fn weighted(points: Vec<i32>) -> i32 {
    half_up(points.into_iter().zip(weights()).map(|(points, weight)| points * weight).sum(), TWENTIETHS)
}

fn weights() -> impl Iterator<Item = i32> {
    WEIGHTS.into_iter().chain(std::iter::repeat(WEIGHTS.last().copied().unwrap_or(0)))
}

/// `value / divisor`, rounded to the nearest integer, half up. Both are not negative.
fn half_up(value: i32, divisor: i32) -> i32 {
    (value + divisor / 2) / divisor
}

#[cfg(test)]
mod floor_tests;
#[cfg(test)]
mod tests;
