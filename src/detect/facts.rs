//! The workload with everything normalised once, for all checks to read.

use crate::normalize::path::{canonical, join};
use crate::normalize::{Execution, ImageRef, Limits, argv, executed_with};
use crate::workload::{Argument, Container, Exec, Mount, Workload};

/// What the checks read.
pub struct Facts<'a> {
    /// The view, for everything that needs no normalisation.
    pub workload: &'a Workload,
    /// The image of each container.
    pub images: Vec<Image<'a>>,
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

/// A path of the node in a container, or in a volume that no container mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostMount {
    /// The path on the node with `subPath` applied, in canonical form.
    pub host_path: String,
    /// Some container may write to it.
    pub writable: bool,
    /// The `type` that the volume asks for.
    pub kind: String,
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
        Self { workload, images: images(workload), host_mounts: host_mounts(workload), runs }
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

/// A mount's path within its volume, as the kubelet makes it from `subPath` or `subPathExpr`.
pub(super) fn sub_path(container: &Container, mount: &Mount) -> String {
    if !mount.sub_path_expands || mount.sub_path.is_empty() {
        return mount.sub_path.clone();
    }
    let expanded = argv::expand(std::slice::from_ref(&mount.sub_path), &container.env);
    expanded.into_iter().next().map(|expanded| expanded.text).unwrap_or_default()
}

fn host_mounts(workload: &Workload) -> Vec<HostMount> {
    let mut found: Vec<HostMount> = Vec::new();
    for volume in &workload.host_paths {
        let mounts = workload.containers.iter().flat_map(|container| {
            container
                .mounts
                .iter()
                .filter(|mount| mount.volume == volume.name)
                .map(move |mount| (container, mount))
        });
        let mut mounted = false;
        for (container, mount) in mounts {
            mounted = true;
            let host_path = join(&volume.host_path, &sub_path(container, mount));
            let writable = !mount.read_only;
            let known =
                found.iter_mut().find(|known| known.path == volume.path && known.host_path == host_path);
            match known {
                Some(known) => known.writable |= writable,
                None => found.push(HostMount {
                    host_path,
                    writable,
                    kind: volume.kind.clone(),
                    container: Some(container.name.clone()),
                    path: volume.path.clone(),
                }),
            }
        }
        if !mounted {
            // Nothing reaches it now. It is judged as if it were read-only: it says what the author wants.
            let host_path = canonical(&volume.host_path);
            found.push(HostMount {
                host_path,
                writable: false,
                kind: volume.kind.clone(),
                container: None,
                path: volume.path.clone(),
            });
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
