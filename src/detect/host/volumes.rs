//! Volumes and mounts that reach the node in other ways than by a host path.

use crate::detect::catalog::{Exposure, Remedy, Step, links};
use std::collections::{HashMap, HashSet};

use super::super::catalog::{Rule, Sample};
use super::super::facts::Facts;
use super::super::findings::Collector;
use super::{Class, HOST};
use crate::normalize::path::{MAX_PATH, canonical};
use crate::severity::Severity;
use crate::workload::settings::VolumeSource;

pub(in crate::detect) static RULES: &[Rule] = &[
    Rule {
        id: "vol-node-executed",
        title: "Volume that runs a program on the node",
        message: "has a volume for which the node runs a program",
        meaning: "For gitRepo the kubelet runs git on the node, and hooks in the repository run with it \
                  (CVE-2024-10220); for flexVolume it runs a driver's program as root. Both are long deprecated.",
        false_positives: "Very old charts.",
        confirm: &[
            Step::Fields(
                "..gitRepo",
                "The repository, and directory: one that ends in .git is the attack of CVE-2024-10220.",
            ),
            Step::Fields("..flexVolume", "The driver: its program runs on the node as root."),
            Step::Run(
                "kubectl get nodes -o wide",
                "VERSION of the kubelet, to see whether gitRepo is still served and fixed there.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Hooks of the repository ran on the node as root. Clone it in a sandbox without \
                     running hooks, and read them: they are what was done.",
            benign: "Clone in an init container into an emptyDir. Replace a FlexVolume by the CSI driver \
                     of the same storage.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1611"],
        references: &[links::VOLUMES, links::CVE_2024_10220],
        gives_node_access: true,
        check: |facts, found| {
            for volume in &facts.workload.pod.volumes {
                match &volume.source {
                    VolumeSource::GitRepo(repository) => found.hit(None, &volume.path, repository),
                    VolumeSource::FlexVolume(driver) => found.hit(None, &volume.path, driver),
                    _ => {}
                }
            }
        },
        samples: &[
            Sample::Hit(
                45,
                "volumes: [{name: v, gitRepo: {repository: 'https://git.example.test/r', directory: g/.git}}]",
            ),
            Sample::Hit(45, "volumes: [{name: v, flexVolume: {driver: example.test/loader}}]"),
            Sample::Miss("volumes: [{name: v, csi: {driver: example.test/store}}]"),
            Sample::Miss("volumes: [{name: gitRepo, emptyDir: {}}]"),
        ],
        ..HOST
    },
    Rule {
        id: "vol-image-payload",
        title: "Volume from an image",
        message: "mounts the content of another image",
        meaning: "Programs and data come from an image that does not show among the images of the containers, \
                  so scanners of container images may not see it.",
        false_positives: "Weights of models, command-line tools.",
        confirm: &[
            Step::Fields("..volumes", "image.reference of the volume: registry, name, digest."),
            Step::Object("Whether programs from it are run: commands below its mountPath."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Pull the image by digest into a sandbox and scan it, as you would the image of a \
                     container.",
            benign: "Fine for models and tools from your registry: pin it by digest, and have your scanner \
                     and admission policy read volumes[].image too.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1105"],
        references: &[links::IMAGES, links::VOLUMES],
        check: |facts, found| {
            for volume in &facts.workload.pod.volumes {
                if let VolumeSource::Image(reference) = &volume.source {
                    found.hit(None, &volume.path, reference);
                }
            }
        },
        samples: &[
            Sample::Hit(3, "volumes: [{name: v, image: {reference: 'registry.example.test/tools:1'}}]"),
            Sample::Miss("containers: [{name: a, image: 'registry.example.test/tools:1'}]"),
        ],
        ..HOST
    },
    Rule {
        id: "host-mount-propagation",
        title: "Mounts propagated to the node",
        message: "passes its mounts on to the node",
        meaning: "What the container mounts below this path appears on the node and in its other pods. It needs \
                  privileged, and is a way to change what the node sees without writing a file.",
        false_positives: "CSI drivers and other storage plug-ins.",
        confirm: &[Step::Fields("..volumeMounts", "mountPropagation: Bidirectional, and the path.")],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Look on the node for mounts below that path (findmnt): they stay when the pod is \
                     gone, and cover what lies under them.",
            benign: "Only CSI drivers need it. HostToContainer is enough to see new mounts of the node.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1611"],
        references: &[links::VOLUMES],
        check: |facts, found| {
            for container in &facts.workload.containers {
                for mount in container.mounts.iter().filter(|mount| mount.propagation == "Bidirectional") {
                    let path = format!("{}.mountPropagation", mount.path);
                    found.hit(Some(&container.name), &path, &mount.mount_path);
                }
            }
        },
        samples: &[
            Sample::Hit(
                8,
                "containers: [{name: a, volumeMounts: [{name: v, mountPath: /k, mountPropagation: Bidirectional}]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, volumeMounts: [{name: v, mountPath: /k, mountPropagation: HostToContainer}]}]",
            ),
        ],
        ..HOST
    },
    Rule {
        id: "vol-subpath-symlink",
        title: "Symbolic link under a subPath",
        message: "plants a link to the node where a subPath is mounted",
        meaning: "A link inside a volume, made before another container mounts that place by subPath, was followed \
                  by the kubelet on the node (CVE-2017-1002101, CVE-2021-25741): the other container then sees \
                  the node's files.",
        false_positives: "None known: links within the volume itself are not reported.",
        confirm: &[
            Step::Object(
                "The link that one container makes (ln -s) and the subPath by which another mounts the \
                 same volume.",
            ),
            Step::Run(
                "kubectl get nodes -o wide",
                "VERSION of the kubelet. Fixed for CVE-2021-25741 in 1.19.15, 1.20.11, 1.21.5 and 1.22.2, \
                 and in all later ones.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "On a fixed kubelet the mount fails, and the pod's events say so; the intent stands. \
                     On an older one the node's files were open.",
            benign: "Mount the volume whole, without subPath, where another container writes to it.",
        },
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1611"],
        references: &[links::CVE_2021_25741, links::CVE_2017_1002101, links::VOLUMES],
        check: subpath_symlink,
        samples: &[
            Sample::Hit(
                30,
                "initContainers: [{name: a, command: [ln, -sf, /, /v/x], volumeMounts: [{name: v, mountPath: /v}]}]\ncontainers: [{name: b, volumeMounts: [{name: v, subPath: x, mountPath: /h}]}]",
            ),
            Sample::Hit(
                30,
                "initContainers: [{name: a, command: [sh, -c, 'ln -s /etc /v/x'], volumeMounts: [{name: v, mountPath: /v}]}]\ncontainers: [{name: b, volumeMounts: [{name: v, subPathExpr: x, mountPath: /h}]}]",
            ),
            Sample::Hit(
                30,
                "initContainers: [{name: a, command: [sh, -c, 'cd /v && ln -s / x'], volumeMounts: [{name: v, mountPath: /v}]}]\ncontainers: [{name: b, volumeMounts: [{name: v, subPath: x, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "initContainers: [{name: a, command: [ln, -s, /v/releases/1, /v/x], volumeMounts: [{name: v, mountPath: /v}]}]\ncontainers: [{name: b, volumeMounts: [{name: v, subPath: x, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "initContainers: [{name: a, command: [ln, -s, /, /v/x], volumeMounts: [{name: v, mountPath: /v}]}]\ncontainers: [{name: b, volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
        ],
        ..HOST
    },
];

/// A link to a place that matters on the node, made inside a volume that is mounted by subPath elsewhere.
fn subpath_symlink(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let by_sub_path: HashSet<&str> = facts
        .mounts
        .iter()
        .filter(|mount| !mount.sub_path.is_empty())
        .map(|mount| mount.mount.volume.as_str())
        .collect();
    if by_sub_path.is_empty() {
        return;
    }
    for run in &facts.runs {
        let mut links = run.invocations().filter(|(_, invocation)| invocation.program == "ln").peekable();
        if links.peek().is_none() {
            continue;
        }
        let mounts = &run.container.mounts;
        let volumes: HashMap<String, &str> =
            mounts.iter().map(|mount| (canonical(&mount.mount_path), mount.volume.as_str())).collect();
        for (at, invocation) in links {
            let words = || invocation.args.iter().map(|word| word.text.as_str());
            let symbolic = words().any(|word| {
                word == "--symbolic"
                    || (word.starts_with('-') && !word.starts_with("--") && word.contains('s'))
            });
            let mut operands = words().filter(|word| !word.starts_with('-'));
            let (Some(target), Some(link)) = (operands.next(), operands.next()) else { continue };
            let link = run.at(at, link);
            let leads_out = target.starts_with('/')
                && Class::of_path(&canonical(target), "", true) != Class::Other
                && volume_at(&volumes, target).is_none();
            if symbolic
                && leads_out
                && volume_at(&volumes, &link).is_some_and(|name| by_sub_path.contains(name))
            {
                found.hit(Some(&run.container.name), run.path(), &format!("ln -s {target} {link}"));
            }
        }
    }
}

/// The volume that a path of the container lies in: that of the nearest mount above it.
fn volume_at<'a>(volumes: &HashMap<String, &'a str>, path: &str) -> Option<&'a str> {
    if path.len() > MAX_PATH {
        return None;
    }
    let path = canonical(path);
    let mut at = path.as_str();
    while !at.is_empty() {
        if let Some(volume) = volumes.get(at) {
            return Some(volume);
        }
        at = at.rsplit_once('/')?.0;
    }
    None
}
