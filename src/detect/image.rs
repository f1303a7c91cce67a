//! Which image runs: read from the reference alone, by its last path element, never by a substring.

use super::catalog::{RULE, Rule, Sample};
use super::command::is_miner;
use super::facts::Facts;
use super::findings::Collector;
use crate::score::Family;
use crate::severity::Severity;

const IMAGE: Rule = Rule { family: Family::Image, ..RULE };

/// Images of general-purpose operating systems.
pub(super) const GENERIC_OS: &[&str] = &[
    "alpine",
    "busybox",
    "ubuntu",
    "debian",
    "kali",
    "centos",
    "fedora",
    "rockylinux",
    "almalinux",
    "amazonlinux",
    "archlinux",
    "opensuse",
    "oraclelinux",
    "ubi",
    "ubi8",
    "ubi9",
];
/// Images of interpreters.
pub(super) const INTERPRETERS: &[&str] = &["python", "perl", "ruby", "php", "node", "golang"];
/// Images of tools that attackers bring.
pub(super) const OFFENSIVE: &[&str] = &[
    "ncat",
    "netcat",
    "nmap",
    "masscan",
    "netshoot",
    "kali-rolling",
    "metasploit",
    "metasploit-framework",
    "peirates",
    "cdk",
    "kube-hunter",
    "sqlmap",
    "hydra",
    "bettercap",
];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "img-generic-os",
        message: "runs the image of a general-purpose operating system",
        meaning: "Such images bring a shell and a package manager, and say nothing about their purpose.",
        false_positives: "Continuous integration, hooks of Helm charts, small scripts.",
        severity: Severity::None,
        points: 4,
        techniques: &["T1610"],
        check: |facts, found| named(facts, found, GENERIC_OS),
        samples: &[
            Sample::Hit(4, "containers: [{name: a, image: alpine}]"),
            Sample::Hit(
                4,
                "containers: [{name: a, image: 'registry.example.test:5000/mirror/ubuntu:22.04@sha256:00'}]",
            ),
            Sample::Miss("containers: [{name: a, image: example.test/alpine-exporter}]"),
            Sample::Miss("containers: [{name: a, image: 'ubuntu.example.test/app'}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-interpreter",
        message: "runs the image of an interpreter",
        meaning: "What it does stands in its arguments or is fetched, not in the image.",
        false_positives: "Everyday scripts.",
        severity: Severity::None,
        points: 1,
        techniques: &["T1059"],
        check: |facts, found| named(facts, found, INTERPRETERS),
        samples: &[
            Sample::Hit(1, "containers: [{name: a, image: 'python:3.12-slim'}]"),
            Sample::Miss("containers: [{name: a, image: example.test/nodejs-app}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-offensive",
        message: "runs the image of an attack or network tool",
        meaning: "The image is made for network connections, scans or attacks.",
        false_positives: "Network debugging, authorised scans.",
        severity: Severity::Low,
        points: 12,
        techniques: &["T1588.002"],
        check: |facts, found| named(facts, found, OFFENSIVE),
        samples: &[
            Sample::Hit(12, "containers: [{name: a, image: docker.io/example/ncat}]"),
            Sample::Miss("containers: [{name: a, image: example.test/truncate}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-miner",
        message: "runs the image of a crypto miner",
        meaning: "The image is named like a program that mines crypto currency.",
        false_positives: "Mining on purpose.",
        severity: Severity::Critical,
        points: 20,
        techniques: &["T1496"],
        check: |facts, found| {
            for image in facts.images.iter().filter(|image| is_miner(&image.reference.name)) {
                found.hit(
                    Some(&image.container.name),
                    &format!("{}.image", image.container.path),
                    &image.container.image,
                );
            }
        },
        samples: &[
            Sample::Hit(20, "containers: [{name: a, image: 'example.test/x/xmrig:6'}]"),
            Sample::Miss("containers: [{name: a, image: example.test/xmrig/docs}]"),
            Sample::Miss("containers: [{name: a, image: example.test/data-miner}]"),
        ],
        ..IMAGE
    },
];

fn named(facts: &Facts<'_>, found: &mut Collector<'_>, names: &[&str]) {
    for image in &facts.images {
        if names.contains(&image.reference.name.as_str()) {
            let container = image.container;
            found.hit(Some(&container.name), &format!("{}.image", container.path), &container.image);
        }
    }
}
