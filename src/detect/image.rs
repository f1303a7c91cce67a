//! Which image runs: read from the reference alone, by its last path element, never by a substring.

use super::address::{Reach, reach};
use super::catalog::{RULE, Rule, Sample};
use super::facts::Facts;
use super::findings::Collector;
use super::miners;
use super::system::{self, Component};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::normalize::ImageRef;
use crate::score::Family;
use crate::severity::Severity;
use crate::workload::settings::VolumeSource;

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
    "zmap",
    "rustscan",
    "amicontained",
    "botb",
    "deepce",
    "kubeletctl",
    "linpeas",
    "kalilinux",
    "sliver",
    "chisel",
    "gs-netcat",
];

/// Registries, with all below them, that keep images for hours or are tunnels to somebody's own computer.
const EPHEMERAL_REGISTRIES: &[&str] = &[
    "ttl.sh",
    "ngrok.io",
    "ngrok.app",
    "ngrok-free.app",
    "ngrok.dev",
    "trycloudflare.com",
    "loca.lt",
    "serveo.net",
    "lhr.life",
];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "img-generic-os",
        title: "General-purpose OS image",
        message: "runs the image of a general-purpose operating system",
        meaning: "Such images bring a shell and a package manager, and say nothing about their purpose.",
        false_positives: "Continuous integration, hooks of Helm charts, small scripts.",
        confirm: &[
            Step::Fields("..image", "The image."),
            Step::Object("What it runs: with such an image everything is in the command."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Judge it by its command, not by its image.",
            benign: "Usual. An image with just the program and no shell gives an intruder less.",
        },
        severity: Severity::None,
        points: 4,
        techniques: &["T1610"],
        references: &[links::IMAGES],
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
        title: "Interpreter image",
        message: "runs the image of an interpreter",
        meaning: "What it does stands in its arguments or is fetched, not in the image.",
        false_positives: "Everyday scripts.",
        confirm: &[
            Step::Fields("..image", "The image."),
            Step::Object("The code: arguments, ConfigMap or download."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Judge it by the code that it is given.",
            benign: "Usual. Build the code into an image once it is more than a few lines.",
        },
        severity: Severity::None,
        points: 1,
        techniques: &["T1059"],
        references: &[links::IMAGES],
        check: |facts, found| named(facts, found, INTERPRETERS),
        samples: &[
            Sample::Hit(1, "containers: [{name: a, image: 'python:3.12-slim'}]"),
            Sample::Miss("containers: [{name: a, image: example.test/nodejs-app}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-offensive",
        title: "Attack or network tool image",
        message: "runs the image of an attack or network tool",
        meaning: "The image is made for network connections, scans or attacks.",
        false_positives: "Network debugging, authorised scans.",
        confirm: &[
            Step::Fields("..image", "The image."),
            Step::Object("The arguments: what the tool is aimed at."),
            Step::Logs("What it found or did."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Ask whether somebody debugs the network or tests. If nobody does, see the targets in \
                     the arguments: they were scanned or attacked.",
            benign: "Debug with kubectl debug and an ephemeral container, which goes away with the pod. \
                     Announce scans.",
        },
        severity: Severity::Low,
        points: 12,
        techniques: &["T1588.002"],
        references: &[links::DEBUG, links::IMAGES],
        check: |facts, found| named(facts, found, OFFENSIVE),
        samples: &[
            Sample::Hit(12, "containers: [{name: a, image: docker.io/example/ncat}]"),
            Sample::Miss("containers: [{name: a, image: example.test/truncate}]"),
        ],
        ..IMAGE
    },
    // A miner's image decides what is run, so it counts as a command: its family is not held to the few points
    // of a name.
    Rule {
        id: "img-miner",
        title: "Miner image",
        message: "runs the image of a program that mines cryptocurrency",
        meaning: "Mining for others is what most intrusions into clusters end in. The image says so by its name; \
                  a renamed one is found by what it runs.",
        false_positives: "Those who mine on purpose.",
        confirm: &[
            Step::Fields("..image", "The image and its digest."),
            Step::Object("Pool and wallet, in arguments or variables."),
            Step::Run(
                "kubectl -n NAMESPACE top pods --containers",
                "CPU at the limit for the whole run time. Needs metrics-server; without it use your \
                 monitoring.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Mining is what is seen last: find out how they came in. Block pool and image in the \
                     registry or by admission policy, and look for both in other namespaces.",
            benign: "If you mine on purpose, do it in a namespace of its own with a ResourceQuota, and \
                     keep an agreement in writing where who is on call finds it.",
        },
        family: Family::Command,
        severity: Severity::Critical,
        points: 45,
        techniques: &["T1496"],
        references: &[links::QUOTA, links::IMAGES],
        check: |facts, found| {
            each_reference(facts, |container, path, text, reference| {
                if miners::in_repository(&reference.repository) {
                    found.hit(container, path, text);
                }
            });
        },
        samples: &[
            Sample::Hit(45, "containers: [{name: a, image: 'example/xmrig:6'}]"),
            Sample::Hit(45, "containers: [{name: a, image: 'registry.example.test/xmrig/worker'}]"),
            Sample::Hit(45, "containers: [{name: a, image: example/XMR-Stak_cpu}]"),
            Sample::Hit(45, "volumes: [{name: v, image: {reference: example/monero-cpuminer}}]"),
            Sample::Miss("containers: [{name: a, image: example/data-miner}]"),
            Sample::Miss("containers: [{name: a, image: 'xmrig.example.test/app'}]"),
            Sample::Miss("containers: [{name: a, image: example/gminerals}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-system-lookalike",
        title: "System component look-alike",
        message: "runs an image named like a system component, from elsewhere",
        meaning: "The name makes it pass for a part of Kubernetes; it does not come from where Kubernetes is \
                  published. From a registry in which anyone may publish, that is no accident.",
        false_positives: "Private mirrors, which count less, and software that others publish too (etcd, coredns).",
        confirm: &[
            Step::Fields(
                "..image",
                "Registry and owner before the name. registry.k8s.io, your distribution or your mirror is \
                 real.",
            ),
            Step::Run(
                "kubectl -n kube-system get pods -o \
                 custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image",
                "The images of the real components of this cluster, to compare.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Pull it by digest into a sandbox and compare layers and entry point with the real \
                     image. Ask the registry who published it.",
            benign: "Mirror system images under a path of your registry, by digest, and run them as the \
                     distribution does, not as Jobs.",
        },
        severity: Severity::Low,
        points: 15,
        techniques: &["T1036.005"],
        references: &[links::IMAGES],
        imitates_system: true,
        check: |facts, found| {
            each_reference(facts, |container, path, text, reference| {
                if system::is_official(reference) {
                    return;
                }
                match system::component(&reference.name) {
                    Some(Component::Own) if system::is_from_open_registry(reference) => {
                        found.hit(container, path, text);
                    }
                    Some(Component::Own) => found.hit_as(Severity::Low, 6, container, path, text),
                    Some(Component::Shared) => found.hit_as(Severity::None, 3, container, path, text),
                    None => {}
                }
            });
        },
        samples: &[
            Sample::Hit(15, "containers: [{name: a, image: 'docker.io/someone/kube-proxy:v1.30.2'}]"),
            Sample::Hit(6, "containers: [{name: a, image: mirror.example.test/k8s/kube-apiserver}]"),
            Sample::Hit(3, "containers: [{name: a, image: mirror.example.test/etcd}]"),
            Sample::Miss("containers: [{name: a, image: 'registry.k8s.io/kube-proxy:v1.30.2'}]"),
            Sample::Miss("containers: [{name: a, image: someone/kube-proxy-exporter}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-registry-ip",
        title: "Registry at a bare address",
        message: "takes its image from a bare address",
        meaning: "A registry without a name has no certificate that says whose it is.",
        false_positives: "Registries of labs, mostly in private networks, which count less.",
        confirm: &[Step::Fields("..image", "The address. Is it a registry of yours?")],
        remedy: Remedy {
            exposes: &[],
            attack: "Pull the image by digest into a sandbox while it is still there. Block the address \
                     for nodes.",
            benign: "Give the registry a name and a certificate, and allow only named registries by \
                     admission policy.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1610"],
        references: &[links::IMAGES],
        check: |facts, found| {
            each_reference(facts, |container, path, text, reference| {
                match reference.registry.as_deref().and_then(reach) {
                    Some(Reach::Public) => found.hit(container, path, text),
                    Some(Reach::Private) => found.hit_as(Severity::None, 3, container, path, text),
                    Some(Reach::Loopback) | None => {}
                }
            });
        },
        samples: &[
            Sample::Hit(8, "containers: [{name: a, image: '192.0.2.7:5000/app'}]"),
            Sample::Hit(3, "containers: [{name: a, image: '10.0.0.7:5000/app'}]"),
            Sample::Miss("containers: [{name: a, image: '127.0.0.1:5000/app'}]"),
            Sample::Miss("containers: [{name: a, image: 'registry.example.test:5000/app'}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-ephemeral-registry",
        title: "Ephemeral registry",
        message: "takes its image from a registry that keeps nothing",
        meaning: "Anyone puts an image there without an account, and it is gone within hours, or with the tunnel: \
                  nobody can look at it afterwards.",
        false_positives: "Tests in continuous integration.",
        confirm: &[Step::Fields(
            "..image",
            "Registry, name and time to live: on ttl.sh the tag is the time.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Save the image before it expires: pull it by digest into a sandbox, or export it on a \
                     node that still has it (ctr -n k8s.io images export).",
            benign: "Use a registry that keeps images, and for tests a repository in it with a retention \
                     rule.",
        },
        severity: Severity::Low,
        points: 12,
        techniques: &["T1610"],
        references: &[links::IMAGES, links::SUPPLY_CHAIN],
        check: |facts, found| {
            each_reference(facts, |container, path, text, reference| {
                if reference.registry.as_deref().is_some_and(is_ephemeral) {
                    found.hit(container, path, text);
                }
            });
        },
        samples: &[
            Sample::Hit(12, "containers: [{name: a, image: 'ttl.sh/x:1h'}]"),
            Sample::Hit(12, "containers: [{name: a, image: 'a1b2.ngrok-free.app:443/x'}]"),
            Sample::Miss("containers: [{name: a, image: 'notttl.sh/x'}]"),
            Sample::Miss("containers: [{name: a, image: 'example/ttl.sh'}]"),
        ],
        ..IMAGE
    },
    Rule {
        id: "img-mutable-tag",
        title: "Mutable tag",
        message: "runs whatever its tag means at the time",
        meaning: "Without a tag, or with `latest`, the next run may bring another program.",
        false_positives: "Everyday manifests.",
        confirm: &[
            Step::Fields("..image", "No tag, or latest."),
            Step::Run(
                "kubectl -n NAMESPACE get pods -o \
                 custom-columns=NAME:.metadata.name,IMAGE-ID:.status.containerStatuses[*].imageID",
                "The digests that really ran. Different digests among runs: the tag was moved.",
            ),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Take the digest that ran from the pod's status, for a tag may point elsewhere by now.",
            benign: "Pin the image by digest (name@sha256:…), and let a bot move it with review.",
        },
        severity: Severity::None,
        points: 1,
        techniques: &["T1610"],
        references: &[links::IMAGES],
        check: |facts, found| {
            each_reference(facts, |container, path, text, reference| {
                let moves = matches!(reference.tag.as_deref(), None | Some("latest"));
                if moves && reference.digest.is_none() && !reference.name.is_empty() {
                    found.hit(container, path, text);
                }
            });
        },
        samples: &[
            Sample::Hit(1, "containers: [{name: a, image: example/app}]"),
            Sample::Hit(1, "containers: [{name: a, image: 'example/app:latest'}]"),
            Sample::Miss("containers: [{name: a, image: 'example/app:1.2'}]"),
            Sample::Miss("containers: [{name: a, image: 'example/app@sha256:00'}]"),
            Sample::Miss("containers: [{name: a}]"),
        ],
        ..IMAGE
    },
];

/// Calls `visit` with container, field path, text and reference of each image, those of volumes too.
fn each_reference(facts: &Facts<'_>, mut visit: impl FnMut(Option<&str>, &str, &str, &ImageRef)) {
    for image in &facts.images {
        let container = image.container;
        let path = format!("{}.image", container.path);
        visit(Some(&container.name), &path, &container.image, &image.reference);
    }
    for volume in &facts.workload.pod.volumes {
        if let VolumeSource::Image(text) = &volume.source {
            visit(None, &volume.path, text, &ImageRef::parse(text));
        }
    }
}

fn is_ephemeral(registry: &str) -> bool {
    let host = registry.split(':').next().unwrap_or_default().to_ascii_lowercase();
    EPHEMERAL_REGISTRIES
        .iter()
        .any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn named(facts: &Facts<'_>, found: &mut Collector<'_>, names: &[&str]) {
    for image in &facts.images {
        if names.contains(&image.reference.name.as_str()) {
            let container = image.container;
            found.hit(Some(&container.name), &format!("{}.image", container.path), &container.image);
        }
    }
}
