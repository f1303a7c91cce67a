//! Floors: combinations of findings that say more than their sum.

use super::Family;
use crate::detect::{self, Findings, Rule, system};
use crate::severity::Severity;

/// The points at which a command finding is strong intent.
pub const STRONG_INTENT: i32 = 35;

/// A combination of findings that is at least this severe, whatever the sum says.
pub struct Floor {
    /// Its name in the explanation.
    pub id: &'static str,
    /// What it raises the severity to.
    pub severity: Severity,
    /// Why, as a reader of a report is told.
    pub reason: &'static str,
    /// When it applies, in terms of rules and points.
    pub condition: &'static str,
    applies: fn(&Given<'_>) -> bool,
}

impl PartialEq for Floor {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Floor {}

impl std::fmt::Debug for Floor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// All floors, in the order of the explanation.
pub static FLOORS: [Floor; 9] = [
    Floor {
        id: "unreadable",
        severity: Severity::High,
        reason: "part of the object could not be read, so nothing lower can be claimed",
        condition: "evd-unreadable",
        applies: |given| given.has(detect::UNREADABLE),
    },
    Floor {
        id: "known-miner",
        severity: Severity::Critical,
        reason: "a known crypto miner",
        condition: "a finding that is Critical alone, which only a known miner is",
        applies: |given| given.has_critical(),
    },
    Floor {
        id: "whole-node",
        severity: Severity::Critical,
        // No ordinary job needs all of it, and nothing of the node is out of reach.
        reason: "privileged, with the root of the node's file system and its processes",
        condition: "host-privileged, hostpath-root and host-pid together",
        applies: |given| given.has(PRIVILEGED) && given.has(ROOT) && given.has(PROCESSES),
    },
    Floor {
        id: "node-takeover",
        severity: Severity::High,
        // Two commands away from being root on the node.
        reason: "privileged, with the root of the node's file system or its processes",
        condition: "host-privileged with one of hostpath-root and host-pid",
        applies: |given| given.has(PRIVILEGED) && (given.has(ROOT) != given.has(PROCESSES)),
    },
    Floor {
        id: "attack-on-node",
        severity: Severity::Critical,
        reason: "a hostile command in a pod that can take over its node",
        condition: "strong intent, with the full points of a rule that gives access to the node",
        applies: |given| given.strong_intent && given.in_full(|rule| rule.gives_node_access),
    },
    Floor {
        id: "attack-in-system-namespace",
        severity: Severity::Critical,
        reason: "a hostile command in a namespace of the control plane",
        condition: "strong intent, in a namespace of the control plane",
        applies: |given| given.strong_intent && given.in_system,
    },
    Floor {
        id: "attack-on-chosen-node",
        severity: Severity::Critical,
        // It is after what is on that node.
        reason: "a hostile command that asks for a certain node or for the control plane",
        condition: "strong intent, with the full points of a rule about the choice of a node",
        applies: |given| given.strong_intent && given.in_full(|rule| rule.chooses_node),
    },
    Floor {
        id: "system-impostor",
        severity: Severity::High,
        // It is there to be overlooked.
        reason: "passes itself off as a part of Kubernetes, in a namespace of the control plane",
        condition: "the full points of a rule about imitation, in a namespace of the control plane",
        applies: |given| given.in_system && given.in_full(|rule| rule.imitates_system),
    },
    Floor {
        id: "token-sent-away",
        severity: Severity::High,
        reason: "reads the service account's token and sends data to a host outside",
        condition: "cmd-sa-token-read, with cmd-exfil at the points of strong intent",
        // Ordinary files to a named host weigh less than strong intent, and are no theft of the token.
        applies: |given| given.has("cmd-sa-token-read") && given.most("cmd-exfil") >= STRONG_INTENT,
    },
];

const PRIVILEGED: &str = "host-privileged";
const ROOT: &str = "hostpath-root";
const PROCESSES: &str = "host-pid";

/// The floors that apply to the findings of a workload in `namespace`.
pub(super) fn apply(findings: &Findings, namespace: &str) -> Vec<&'static Floor> {
    let given = Given::of(findings, namespace);
    FLOORS.iter().filter(|floor| (floor.applies)(&given)).collect()
}

/// What floors look at.
struct Given<'a> {
    findings: &'a Findings,
    /// In a namespace of the control plane.
    in_system: bool,
    /// A command finding at [`STRONG_INTENT`] or above.
    strong_intent: bool,
}

impl<'a> Given<'a> {
    fn of(findings: &'a Findings, namespace: &str) -> Self {
        let strong_intent = findings
            .by_rule()
            .filter(|(rule, _)| rule.family == Family::Command)
            .any(|(_, hits)| hits.iter().any(|hit| hit.points >= STRONG_INTENT));
        Self { findings, in_system: system::NAMESPACES.contains(&namespace), strong_intent }
    }

    fn has(&self, id: &str) -> bool {
        self.findings.by_rule().any(|(rule, _)| rule.id == id)
    }

    /// The most points of this rule's hits.
    fn most(&self, id: &str) -> i32 {
        let hits = self.findings.by_rule().filter(|(rule, _)| rule.id == id).flat_map(|(_, hits)| hits);
        hits.map(|hit| hit.points).max().unwrap_or(0)
    }

    /// A hit with all points of a rule that is one: a read-only mount of /etc is no way to run something on the
    /// node, the image of a private mirror is no imitation, and the label of a host name asks for local data.
    fn in_full(&self, is_one: fn(&Rule) -> bool) -> bool {
        self.findings
            .by_rule()
            .any(|(rule, hits)| is_one(rule) && hits.iter().any(|hit| hit.points >= rule.points))
    }

    fn has_critical(&self) -> bool {
        self.findings.by_rule().any(|(_, hits)| hits.iter().any(|hit| hit.severity == Severity::Critical))
    }
}
