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

use std::collections::BTreeMap;

use crate::detect::{self, Findings, Hit, Rule, system};
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
const WEIGHTS: [i32; 7] = [20, 12, 8, 6, 4, 3, 2];
/// The denominator of the weights.
pub const TWENTIETHS: i32 = 20;
/// How often findings of host path rules count.
const HOST_PATHS_COUNTED: usize = 4;
/// The highest score.
pub const MAX_SCORE: i32 = 100;
/// The points at which a command finding is strong intent.
const STRONG_INTENT: i32 = 35;

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

/// A combination of findings that is at least this severe, whatever the sum says.
#[derive(Debug, PartialEq, Eq)]
pub struct Floor {
    /// Its name in the explanation.
    pub id: &'static str,
    /// What it raises the severity to.
    pub severity: Severity,
    /// Why.
    pub reason: &'static str,
}

/// Some of the object could not be read: who looks must not be told that all is well.
pub static UNREADABLE: Floor = Floor {
    id: "unreadable",
    severity: Severity::High,
    reason: "part of the object could not be read, so nothing lower can be claimed",
};
/// A finding that is critical alone: so far only a known miner. There is no doubt left to score.
pub static KNOWN_MINER: Floor =
    Floor { id: "known-miner", severity: Severity::Critical, reason: "a known crypto miner" };
/// Privileged, with the node's processes or its file system: two commands away from being root on it.
pub static NODE_TAKEOVER: Floor = Floor {
    id: "node-takeover",
    severity: Severity::High,
    reason: "privileged, with the root of the node's file system or its processes",
};
/// Privileged, with both: no ordinary job needs all of it, and nothing of the node is out of reach.
pub static WHOLE_NODE: Floor = Floor {
    id: "whole-node",
    severity: Severity::Critical,
    reason: "privileged, with the root of the node's file system and its processes",
};
/// A part of the system that is none, where only the system belongs: there to be overlooked.
pub static SYSTEM_IMPOSTOR: Floor = Floor {
    id: "system-impostor",
    severity: Severity::High,
    reason: "passes itself off as a part of Kubernetes, in a namespace of the control plane",
};
/// A hostile command that was put on a node of its author's choice: it is after what is there.
pub static ATTACK_ON_CHOSEN_NODE: Floor = Floor {
    id: "attack-on-chosen-node",
    severity: Severity::Critical,
    reason: "a hostile command that asks for a certain node or for the control plane",
};
/// A hostile command with a way to the node.
pub static ATTACK_ON_NODE: Floor = Floor {
    id: "attack-on-node",
    severity: Severity::Critical,
    reason: "a hostile command in a pod that can take over its node",
};
/// A hostile command in a namespace of the system.
pub static ATTACK_IN_SYSTEM_NAMESPACE: Floor = Floor {
    id: "attack-in-system-namespace",
    severity: Severity::Critical,
    reason: "a hostile command in a namespace of the control plane",
};
/// The identity of the pod leaves the cluster.
pub static TOKEN_SENT_AWAY: Floor = Floor {
    id: "token-sent-away",
    severity: Severity::High,
    reason: "reads the service account's token and sends data to a host outside",
};
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
    let floors = floors(findings, namespace);
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

fn floors(findings: &Findings, namespace: &str) -> Vec<&'static Floor> {
    let has = |id: &str| findings.by_rule().any(|(rule, _)| rule.id == id);
    let most = |id: &str| {
        let hits = findings.by_rule().filter(|(rule, _)| rule.id == id).flat_map(|(_, hits)| hits);
        hits.map(|hit| hit.points).max().unwrap_or(0)
    };
    let strong_intent = findings
        .by_rule()
        .filter(|(rule, _)| rule.family == Family::Command)
        .any(|(_, hits)| hits.iter().any(|hit| hit.points >= STRONG_INTENT));
    // In full only: a read-only mount of /etc is no way to run something on the node, the image of a private
    // mirror is no imitation, and the label of a host name asks for local data.
    let in_full = |is_one: fn(&Rule) -> bool| {
        findings
            .by_rule()
            .any(|(rule, hits)| is_one(rule) && hits.iter().any(|hit| hit.points >= rule.points))
    };
    let node_access = in_full(|rule| rule.gives_node_access);
    let in_system = system::NAMESPACES.contains(&namespace);
    let mut floors = Vec::new();
    if has(detect::UNREADABLE) {
        floors.push(&self::UNREADABLE);
    }
    let critical = |hits: &[Hit]| hits.iter().any(|hit| hit.severity == Severity::Critical);
    if findings.by_rule().any(|(_, hits)| critical(hits)) {
        floors.push(&KNOWN_MINER);
    }
    if has("host-privileged") {
        match (has("hostpath-root"), has("host-pid")) {
            (true, true) => floors.push(&WHOLE_NODE),
            (true, false) | (false, true) => floors.push(&NODE_TAKEOVER),
            (false, false) => {}
        }
    }
    if strong_intent && node_access {
        floors.push(&ATTACK_ON_NODE);
    }
    if strong_intent && in_system {
        floors.push(&ATTACK_IN_SYSTEM_NAMESPACE);
    }
    if strong_intent && in_full(|rule| rule.chooses_node) {
        floors.push(&ATTACK_ON_CHOSEN_NODE);
    }
    if in_system && in_full(|rule| rule.imitates_system) {
        floors.push(&SYSTEM_IMPOSTOR);
    }
    // Ordinary files to a named host weigh less than strong intent, and are no theft of the token.
    if has("cmd-sa-token-read") && most("cmd-exfil") >= STRONG_INTENT {
        floors.push(&TOKEN_SENT_AWAY);
    }
    floors
}

#[cfg(test)]
mod floor_tests;
#[cfg(test)]
mod tests;
