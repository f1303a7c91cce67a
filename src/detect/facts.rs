//! The workload with everything normalised once, for all checks to read.

use std::collections::HashMap;

use super::host::Class;
use crate::normalize::path::{canonical, join};
use crate::normalize::{Execution, ImageRef, Limits, argv, executed_with};
use crate::workload::{Argument, Container, Exec, Mount, Workload};

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

/// One argument vector and what it executes.
pub struct Run<'a> {
    /// The container.
    pub container: &'a Container,
    /// The argument vector.
    pub exec: &'a Exec,
    /// What it runs, shell scripts taken apart.
    pub execution: Execution,
}

impl<'a> Facts<'a> {
    /// The facts of a workload.
    pub fn of(workload: &'a Workload) -> Self {
        let limits = Limits::default();
        let mut runs = Vec::new();
        for container in &workload.containers {
            let env = argv::expand_env(&container.env);
            for exec in &container.executes {
                let arguments = arguments(container, exec);
                let execution = executed_with(&arguments, &env, &limits);
                runs.push(Run { container, exec, execution });
            }
        }
        let mounts = mounts(workload);
        let host_mounts = host_mounts(workload, &mounts);
        Self { workload, images: images(workload), mounts, host_mounts, runs }
    }
}

fn images(workload: &Workload) -> Vec<Image<'_>> {
    let with_image = workload.containers.iter().filter(|container| !container.image.is_empty());
    with_image.map(|container| Image { container, reference: ImageRef::parse(&container.image) }).collect()
}

/// The argument vector after the kubelet's expansion.
///
/// Without `command` the image's entry point comes first, which is not known. Arguments that begin with a
/// program of their own are taken at their word; else the image's name stands for the program, which is right
/// for the images of single tools (`ncat`, `curl`).
fn arguments(container: &Container, exec: &Exec) -> Vec<String> {
    let raw: Vec<String> = exec.argv.iter().map(|argument| argument.text.clone()).collect();
    let mut expanded: Vec<String> =
        argv::expand(&raw, &container.env).into_iter().map(|argument| argument.text).collect();
    let names_program =
        expanded.first().is_some_and(|first| first.starts_with('/') || is_shell(argv::program(first)));
    if exec.args_only && !names_program {
        let entry_point = ImageRef::parse(&container.image).name;
        if !entry_point.is_empty() {
            expanded.insert(0, entry_point);
        }
    }
    expanded
}

/// Programs that take shell text.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "mksh" | "busybox")
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
    let mut by_volume: HashMap<&str, Vec<&MountAt<'_>>> = HashMap::new();
    for mount in mounts {
        by_volume.entry(mount.mount.volume.as_str()).or_default().push(mount);
    }
    let mut found: Vec<HostMount> = Vec::new();
    for volume in &workload.host_paths {
        // Of two volumes of one name, which an API server refuses, the first has the mounts.
        let mounts = by_volume.remove(volume.name.as_str()).unwrap_or_default();
        let mut known: HashMap<String, usize> = HashMap::new();
        let first = found.len();
        for MountAt { container, mount, sub_path } in &mounts {
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

impl Run<'_> {
    /// The argument that holds what was found: the longest one, which is the script if there is one.
    pub fn argument(&self) -> Option<&Argument> {
        self.exec.argv.iter().rev().max_by_key(|argument| argument.text.len())
    }

    /// The field path to point at.
    pub fn path(&self) -> &str {
        self.argument().map_or(self.container.path.as_str(), |argument| argument.path.as_str())
    }
}
