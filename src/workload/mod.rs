//! One view of Jobs and CronJobs: what they run, and where.
//!
//! [`decode`] turns bytes into thin, lenient types; [`Workload::from_object`] turns those into the one shape
//! that all rules read. Values that could not be read are not an error but part of the view
//! ([`Workload::unreadable`]), because a workload that cannot be read is itself worth reporting.

mod at;
pub mod decode;
pub mod lenient;
mod reader;
pub mod settings;
pub mod stamps;

use std::collections::HashMap;
use std::fmt;

use decode::Object;
use reader::Reader;
use serde::Serialize;
use settings::{ContainerSettings, CronSettings, JobSettings, Metadata, PodSettings};
use stamps::Stamps;

/// The kinds of workload that are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kind {
    /// `batch/v1` `CronJob`.
    CronJob,
    /// `batch/v1` `Job`.
    Job,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::CronJob, Self::Job];

    /// The `kind` of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CronJob => "CronJob",
            Self::Job => "Job",
        }
    }

    /// The kind of this name in the API.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The resource name in URLs and RBAC rules.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::CronJob => "cronjobs",
            Self::Job => "jobs",
        }
    }

    /// The field path of the pod's spec within the object.
    pub const fn pod_spec_path(self) -> &'static str {
        match self {
            Self::CronJob => "spec.jobTemplate.spec.template.spec",
            Self::Job => "spec.template.spec",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A Job or CronJob as the rules see it. All text in it is chosen by the workload's author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Job or CronJob.
    pub kind: Kind,
    /// `metadata.namespace`; empty for a manifest that names none.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`; empty for a manifest.
    pub uid: String,
    /// `metadata.generation`; 0 for a manifest.
    pub generation: i64,
    /// Who last changed the spec, by the client's own word.
    pub last_change: Option<FieldManager>,
    /// Who made and who changed it, by its annotations.
    pub stamps: Stamps,
    /// The CronJob that a Job says it was made by.
    pub owner: Option<OwnerClaim>,
    /// Whether the pod shares the node's network.
    pub host_network: bool,
    /// `hostPath` volumes.
    pub host_paths: Vec<HostPathVolume>,
    /// Names of volumes with the content of a `ConfigMap` or `Secret`.
    pub config_volumes: Vec<String>,
    /// Projected tokens of the service account: name of the volume, and path within it.
    pub token_files: Vec<(String, String)>,
    /// All containers: init containers and sidecars, containers, ephemeral containers.
    pub containers: Vec<Container>,
    /// Labels and annotations: the object's own first, then those of its templates.
    pub metadata: Vec<Metadata>,
    /// `metadata.finalizers`.
    pub finalizers: Vec<String>,
    /// The Job's own fields.
    pub job: JobSettings,
    /// The CronJob's own fields; `None` for a Job.
    pub cron: Option<CronSettings>,
    /// The pod's own fields.
    pub pod: PodSettings,
    /// What could not be read.
    pub unreadable: Unreadable,
}

/// The entry of `managedFields` that owns the spec. **A hint, not an identity**: clients choose the name,
/// and can edit or wipe the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldManager {
    /// The name the client gave, by default the first part of its user agent.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// RFC 3339 text as served; empty if absent.
    pub time: String,
}

/// A controller reference of a Job to a CronJob. **A claim**: whoever creates a Job chooses its ownerReferences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerClaim {
    /// The CronJob's name.
    pub name: String,
    /// The CronJob's uid.
    pub uid: String,
    /// It says that somebody had the CronJob's template run by hand, as `kubectl create job --from` does.
    pub by_hand: bool,
    /// Known to be false: see [`Workload::disprove_owner`].
    pub disproved: bool,
}

/// The longest name of an object, as in the API, in bytes.
pub const MAX_NAME: usize = 253;

/// The most `hostPath` volumes of one name that are looked at: the work must not grow with volumes times mounts.
pub const MAX_OF_ONE_NAME: usize = 4;

/// A volume of type `hostPath`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPathVolume {
    /// The volume's name.
    pub name: String,
    /// The path on the node, as written.
    pub host_path: String,
    /// `hostPath.type`; empty if absent.
    pub kind: String,
    /// The field path of `hostPath.path`.
    pub path: String,
}

/// What a container is for in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs to its end before the containers start.
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    /// An ordinary container.
    Main,
    /// Added later for debugging.
    Ephemeral,
}

/// A container of any role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its role.
    pub role: Role,
    /// `name`; empty if absent.
    pub name: String,
    /// The field path of the container.
    pub path: String,
    /// `image`, as written; empty if absent.
    pub image: String,
    /// `securityContext.privileged` is the boolean `true`.
    pub privileged: bool,
    /// `tty`: it has a terminal, as if somebody were meant to sit there.
    pub terminal: bool,
    /// Literal environment, in order. For expansion only: values may be secrets.
    pub env: Vec<(String, String)>,
    /// What it runs: the entry point first (if the object says), then hooks and probes.
    pub executes: Vec<Exec>,
    /// How it runs.
    pub settings: ContainerSettings,
    /// Its volume mounts.
    pub mounts: Vec<Mount>,
}

/// What makes a command run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// `command` and `args`.
    EntryPoint,
    /// A `lifecycle` hook or an exec probe.
    HookOrProbe,
}

/// One argument vector that the kubelet executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// What makes it run.
    pub trigger: Trigger,
    /// The arguments with the field path of each.
    pub argv: Vec<Argument>,
    /// `command` was absent: the image's entry point comes before these arguments.
    pub args_only: bool,
}

/// One element of an argument vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The text, as written.
    pub text: String,
    /// Its field path.
    pub path: String,
}

/// One volume mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// Where it appears in the container.
    pub mount_path: String,
    /// `subPath`, or `subPathExpr` as written.
    pub sub_path: String,
    /// `sub_path` comes from `subPathExpr`: the kubelet expands `$(NAME)` in it.
    pub sub_path_expands: bool,
    /// Mounted read-only.
    pub read_only: bool,
    /// `mountPropagation`.
    pub propagation: String,
    /// The field path of the mount.
    pub path: String,
}

/// What could not be read of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unreadable {
    /// The first [`Unreadable::MAX_KEPT`] places.
    pub places: Vec<UnreadablePlace>,
    /// All of them, counted.
    pub total: usize,
}

impl Unreadable {
    /// How many places are kept with their path.
    pub const MAX_KEPT: usize = 16;
}

/// One place that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadablePlace {
    /// The field path.
    pub path: String,
    /// What is wrong there: types only, never the value.
    pub problem: String,
}

impl Workload {
    /// The `hostPath` volumes by name. An API server refuses a second volume of a name, but a file may have one: each
    /// of them, up to [`MAX_OF_ONE_NAME`], then counts as mounted wherever the name is, so that none hides another.
    pub fn host_paths_by_name(&self) -> HashMap<&str, Vec<&HostPathVolume>> {
        let mut by_name: HashMap<&str, Vec<&HostPathVolume>> = HashMap::new();
        for volume in &self.host_paths {
            let of_name = by_name.entry(volume.name.as_str()).or_default();
            if of_name.len() < MAX_OF_ONE_NAME {
                of_name.push(volume);
            }
        }
        by_name
    }

    /// The view of a decoded object.
    pub fn from_object(kind: Kind, object: &Object) -> Self {
        Reader::default().workload(kind, object)
    }

    /// Takes note that the claim of an owner was looked into and is false. Without a claim nothing changes.
    pub fn disprove_owner(&mut self) {
        if let Some(owner) = &mut self.owner {
            owner.disproved = true;
        }
    }

    /// A workload of which nothing but its identity could be used.
    ///
    /// For the objects that the engine itself fails on: they are reported, not lost.
    pub fn identity_only(kind: Kind, namespace: &str, name: &str, uid: &str, problem: &str) -> Self {
        let mut workload = Self::from_object(kind, &Object::default());
        namespace.clone_into(&mut workload.namespace);
        name.clone_into(&mut workload.name);
        uid.clone_into(&mut workload.uid);
        workload.unreadable = Unreadable {
            places: vec![UnreadablePlace { path: "spec".to_owned(), problem: problem.to_owned() }],
            total: 1,
        };
        workload
    }
}

#[cfg(test)]
mod tests;
