//! The workload with everything normalised once, for all checks to read.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::embedded::{self, Embedded};
use super::flow::{self, At, Flow, Kind, Reached};
use super::host::Class;
use super::runs::{Run, runs};
use crate::normalize::Invocation;
use crate::normalize::path::{canonical, join};
use crate::normalize::{ImageRef, argv};
use crate::workload::{Container, MAX_OF_ONE_NAME, Mount, Workload};

/// What the checks read.
pub struct Facts<'a> {
    /// The view, for everything that needs no normalisation.
    pub workload: &'a Workload,
    /// The image of each container.
    pub images: Vec<Image<'a>>,
    /// The volume mounts of all containers.
    pub mounts: Vec<MountAt<'a>>,
    /// Host paths as the containers reach them.
    pub host_mounts: Vec<HostMount>,
    /// Everything that is run.
    pub runs: Vec<Run<'a>>,
    /// What flows from one to another, through files as well, once somebody has asked.
    flow: OnceCell<Flow>,
    /// Objects in what is run.
    pub embedded: Vec<Embedded>,
    /// How deep the workload stands in the text of others.
    pub(super) depth: u8,
}

/// A container's image.
pub struct Image<'a> {
    /// The container.
    pub container: &'a Container,
    /// Its image reference, taken apart.
    pub reference: ImageRef,
}

/// A volume mount.
pub struct MountAt<'a> {
    /// The container.
    pub container: &'a Container,
    /// Its mount.
    pub mount: &'a Mount,
    /// The path within the volume, as the kubelet makes it from `subPath` or `subPathExpr`.
    pub sub_path: String,
}

/// A path of the node in a container, or in a volume that no container mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostMount {
    /// The path on the node with `subPath` applied, in canonical form.
    pub host_path: String,
    /// Some container may write to it.
    pub writable: bool,
    /// What the path is worth to an attacker.
    pub(super) class: Class,
    /// The first container that mounts it this way.
    pub container: Option<String>,
    /// The field path of the volume's `hostPath.path`.
    pub path: String,
}

impl<'a> Facts<'a> {
    /// The facts of a workload.
    pub fn of(workload: &'a Workload) -> Self {
        Self::at_depth(workload, 0)
    }

    /// The facts of a workload that stands in the text of another, that many deep.
    pub(super) fn at_depth(workload: &'a Workload, depth: u8) -> Self {
        let mounts = mounts(workload);
        let host_mounts = host_mounts(workload, &mounts);
        let runs = runs(workload);
        let embedded = if depth < embedded::MAX_DEPTH { embedded::embedded(&runs) } else { Vec::new() };
        Self {
            workload,
            images: images(workload),
            mounts,
            host_mounts,
            runs,
            flow: OnceCell::new(),
            embedded,
            depth,
        }
    }
}

impl Facts<'_> {
    /// What the output of the sources reaches. Most workloads have none: then nothing is worked out.
    pub(super) fn reach(&self, is_source: impl Fn(At, &Invocation) -> bool, kind: Kind) -> Reached<'_> {
        let in_run = |(number, run): (usize, &Run<'_>)| {
            run.invocations().any(|(at, invocation)| is_source((number, at), invocation))
        };
        if !self.runs.iter().enumerate().any(in_run) {
            return Reached::nothing(flow::nothing());
        }
        let flow = self.flow.get_or_init(|| Flow::of(self.workload, &self.runs));
        flow.reach(&self.runs, is_source, kind)
    }
}

fn images(workload: &Workload) -> Vec<Image<'_>> {
    let with_image = workload.containers.iter().filter(|container| !container.image.is_empty());
    with_image.map(|container| Image { container, reference: ImageRef::parse(&container.image) }).collect()
}

/// All mounts, with `$(NAME)` expanded where the kubelet does that. Each container's expressions are expanded
/// together: one by one, thousands of mounts and thousands of variables would multiply.
fn mounts(workload: &Workload) -> Vec<MountAt<'_>> {
    let mut all = Vec::new();
    for container in &workload.containers {
        let expands = |mount: &&Mount| mount.sub_path_expands && !mount.sub_path.is_empty();
        let expressions: Vec<String> =
            container.mounts.iter().filter(expands).map(|mount| mount.sub_path.clone()).collect();
        let mut expanded = argv::expand(&expressions, &container.env).into_iter();
        for mount in &container.mounts {
            let sub_path = if expands(&mount) {
                expanded.next().map(|expanded| expanded.text).unwrap_or_default()
            } else {
                mount.sub_path.clone()
            };
            all.push(MountAt { container, mount, sub_path });
        }
    }
    all
}

fn host_mounts(workload: &Workload, mounts: &[MountAt<'_>]) -> Vec<HostMount> {
    // With the number of the volumes of that name so far.
    let mut by_volume: HashMap<&str, (usize, Vec<&MountAt<'_>>)> = HashMap::new();
    for mount in mounts {
        by_volume.entry(mount.mount.volume.as_str()).or_default().1.push(mount);
    }
    let mut found: Vec<HostMount> = Vec::new();
    for volume in &workload.host_paths {
        let mounts = match by_volume.get_mut(volume.name.as_str()) {
            Some((before, mounts)) if *before < MAX_OF_ONE_NAME => {
                *before += 1;
                mounts.as_slice()
            }
            _ => &[],
        };
        let mut known: HashMap<String, usize> = HashMap::new();
        let first = found.len();
        for MountAt { container, mount, sub_path } in mounts {
            let host_path = join(&volume.host_path, sub_path);
            let writable = !mount.read_only;
            if let Some(known) = known.get(&host_path).and_then(|at| found.get_mut(*at)) {
                known.writable |= writable;
                continue;
            }
            known.insert(host_path.clone(), found.len());
            found.push(HostMount {
                host_path,
                writable,
                class: Class::Other,
                container: Some(container.name.clone()),
                path: volume.path.clone(),
            });
        }
        if mounts.is_empty() {
            // Nothing reaches it now. It is judged as if it were read-only: it says what the author wants.
            let host_path = canonical(&volume.host_path);
            found.push(HostMount {
                host_path,
                writable: false,
                class: Class::Other,
                container: None,
                path: volume.path.clone(),
            });
        }
        // Only now, as a later mount of the same path may be the writable one.
        for mount in found.iter_mut().skip(first) {
            mount.class = Class::of_path(&mount.host_path, &volume.kind, mount.writable);
        }
    }
    found
}
