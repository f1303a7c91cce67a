//! The workload with everything normalised once, for all checks to read.

use super::runs::{Run, runs};
use crate::normalize::ImageRef;
use crate::normalize::path::{canonical, join};
use crate::workload::{Container, Workload};

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
    /// The first container that mounts it this way.
    pub container: Option<String>,
    /// The field path of the volume's `hostPath.path`.
    pub path: String,
}

impl<'a> Facts<'a> {
    /// The facts of a workload.
    pub fn of(workload: &'a Workload) -> Self {
        Self { workload, images: images(workload), host_mounts: host_mounts(workload), runs: runs(workload) }
    }
}

fn images(workload: &Workload) -> Vec<Image<'_>> {
    let with_image = workload.containers.iter().filter(|container| !container.image.is_empty());
    with_image.map(|container| Image { container, reference: ImageRef::parse(&container.image) }).collect()
}

/// Programs that take shell text.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "mksh" | "busybox")
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
            let host_path = join(&volume.host_path, &mount.sub_path);
            let writable = !mount.read_only;
            let known =
                found.iter_mut().find(|known| known.path == volume.path && known.host_path == host_path);
            match known {
                Some(known) => known.writable |= writable,
                None => found.push(HostMount {
                    host_path,
                    writable,
                    container: Some(container.name.clone()),
                    path: volume.path.clone(),
                }),
            }
        }
        if !mounted {
            // Nothing reaches it now. It is judged as if it were read-only: it says what the author wants.
            let host_path = canonical(&volume.host_path);
            found.push(HostMount { host_path, writable: false, container: None, path: volume.path.clone() });
        }
    }
    found
}
