//! The files that known tools touch, in the container and on the node.
//!
//! A path in a command is a path of the container. Through the mounts of `hostPath` volumes, `chroot`, `nsenter`
//! and block devices that the script itself mounts it may be a path of the node, and that is where it matters.

mod code;
mod roots;
mod tools;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use super::host::Class;
use crate::normalize::exec::Directory;
use crate::normalize::path::{MAX_PATH, absolute, canonical, join, of_process};
use crate::normalize::{Execution, argv};
use crate::workload::{Container, HostPathVolume, Workload};
pub(super) use roots::{is_block_device, mounted_device};
pub(super) use tools::uploaded;

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its content is read.
    Read,
    /// Its content is written, or it becomes a copy or a link.
    Write,
    /// It is removed.
    Remove,
    /// Files are put below it whose names are not known: an archive is unpacked there, a tree copied.
    Fill,
}

/// One use of a file by a tool whose arguments are understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUse {
    /// Index of the invocation.
    pub by: usize,
    /// What is done.
    pub access: Access,
    /// The path in the container, canonical, with the directory changed to before it. May be relative.
    pub path: String,
    /// The path on the node, if it is one.
    pub host: Option<String>,
}

/// Bytes that working directories, targets and mounts may add to the paths of one execution: a long one in front of
/// each of many short names would make the paths grow with the product of both.
const MAX_ADDED: usize = 256 * 1024;
/// The most mounts, binds and links of one script that are followed.
const MAX_BINDS: usize = 64;
/// The most paths of the node that are kept for one path of a container, the last ones.
const MAX_AT_ONE_PLACE: usize = 4;

/// Where the paths of a container lie on the node.
#[derive(Debug, Default)]
pub struct HostFiles {
    /// Path in the container to path on the node; empty for a mount that is not of the node. Several, up to
    /// [`MAX_AT_ONE_PLACE`], where mounts stand on each other or the name of a volume is not unique.
    mounts: HashMap<String, Vec<String>>,
    /// The pod sees the processes of the node, and through them its files.
    sees_processes: bool,
    /// A socket by which containers are started on the node is among the mounts.
    reaches_runtime: bool,
}

/// What containers may see of the node: its processes, and the `hostPath` volumes by their names.
pub(super) struct HostVolumes<'a> {
    sees_processes: bool,
    paths: HashMap<&'a str, Vec<&'a HostPathVolume>>,
}

impl<'a> HostVolumes<'a> {
    pub(super) fn of(workload: &'a Workload) -> Self {
        Self { sees_processes: workload.pod.host_pid, paths: workload.host_paths_by_name() }
    }
}

impl HostFiles {
    pub(super) fn of(volumes: &HostVolumes<'_>, container: &Container) -> Self {
        let mut files = Self { sees_processes: volumes.sees_processes, ..Self::default() };
        if volumes.paths.is_empty() {
            return files;
        }
        let expressions: Vec<String> = container
            .mounts
            .iter()
            .map(|mount| if mount.sub_path_expands { mount.sub_path.clone() } else { String::new() })
            .collect();
        let expanded = argv::expand(&expressions, &container.env);
        for (mount, expanded) in container.mounts.iter().zip(expanded) {
            let sub_path = if mount.sub_path_expands { &expanded.text } else { &mount.sub_path };
            // Two spellings of one path are not refused. The later mount covers the earlier one, but which is later
            // depends on the runtime: the worst of them counts.
            let hosts = files.mounts.entry(canonical(&mount.mount_path)).or_default();
            for volume in volumes.paths.get(mount.volume.as_str()).into_iter().flatten() {
                let host = join(&volume.host_path, sub_path);
                files.reaches_runtime |= leads_to_runtime(&host);
                if hosts.len() == MAX_AT_ONE_PLACE {
                    hosts.remove(0);
                }
                hosts.push(host);
            }
        }
        files
    }

    /// Whether the container can start others on the node, past the API server.
    pub fn reaches_runtime(&self) -> bool {
        self.reaches_runtime
    }

    /// Whether the pod sees the processes of the node.
    pub fn sees_processes(&self) -> bool {
        self.sees_processes
    }

    /// Whether a path of the container is a socket by which containers are started on the node.
    pub fn is_runtime_socket(&self, path: &str) -> bool {
        let places = self.places(&canonical(path));
        places.iter().any(|host| Class::of_path(host, "", true) == Class::RuntimeSocket)
    }

    /// The path on the node of an absolute, canonical path of the container; of several the worst.
    pub fn on_host(&self, path: &str) -> Option<String> {
        self.places(path).into_iter().reduce(worse)
    }

    /// All paths on the node that an absolute, canonical path of the container may mean: most often none or one.
    pub fn places(&self, path: &str) -> Vec<String> {
        if self.mounts.is_empty() || path.len() > MAX_PATH {
            return Vec::new();
        }
        // The longest mount wins: from the path itself upwards.
        let mut base = path;
        loop {
            if let Some(hosts) = self.mounts.get(if base.is_empty() { "/" } else { base }) {
                let below = path.get(base.len()..).unwrap_or_default();
                return hosts.iter().map(|host| through_process(join(host, below))).collect();
            }
            base = base.rfind('/').and_then(|at| base.get(..at)).unwrap_or_default();
            if base.is_empty() && !self.mounts.contains_key("/") {
                return Vec::new();
            }
        }
    }
}

/// Of two paths of the node the one that is worth more to an attacker.
fn worse(one: String, other: String) -> String {
    let class = |path: &str| Class::of_path(path, "", true);
    if class(&other) < class(&one) { other } else { one }
}

/// Whether a path of the node is a runtime's socket, or has one below it.
fn leads_to_runtime(host: &str) -> bool {
    matches!(host, "/" | "/var") || Class::of_path(host, "", true) == Class::RuntimeSocket
}

/// A process of the node shows the root of the node: `/proc/4711/root/etc` is `/etc`.
fn through_process(host: String) -> String {
    match of_process(&host) {
        Some((_, below)) => canonical(&below),
        None => host,
    }
}

/// What paths mean at one place of a script.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The working directory, if it is known.
    cwd: Directory,
    /// `chroot` or `nsenter` made this path of the node the root.
    root: Option<Rc<str>>,
}

/// What the invocations of an execution touch.
pub(super) struct Used {
    /// The files, in the order of the invocations.
    pub files: Vec<FileUse>,
    /// For each invocation: its root directory is one of the node.
    pub on_node: Vec<bool>,
    /// For each invocation: it makes a directory of the node the root of what it runs.
    pub enters: Vec<bool>,
    /// There are more files than are looked at.
    pub truncated: bool,
}

/// How much was added so far, see [`MAX_ADDED`].
#[derive(Default)]
pub(super) struct Room(Cell<usize>);

impl Room {
    pub(super) fn take(&self, added: usize) {
        self.0.set(self.0.get().saturating_add(added));
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.get() > MAX_ADDED
    }
}

/// The files that the invocations use, in their order; `directories` has the working directory of each.
pub(super) fn used(execution: &Execution, directories: &[Directory], host: &HostFiles) -> Used {
    let mut found = Vec::new();
    let space = Room::default();
    // What the script itself mounts, binds and links.
    let mut binds = HostFiles::default();
    let mut roots: Vec<Option<Rc<str>>> = Vec::with_capacity(execution.commands.len());
    let mut entered: Vec<Option<Rc<str>>> = Vec::with_capacity(execution.commands.len());
    for (index, invocation) in execution.commands.iter().enumerate() {
        let inherited = invocation.parent.and_then(|parent| roots.get(parent).cloned().flatten());
        // The wrapper stands directly before what it wraps.
        let wrapper = index.checked_sub(1).filter(|at| {
            let before = execution.commands.get(*at);
            before.is_some_and(|before| before.wrapper && invocation.prefixes.last() == Some(&before.program))
        });
        let root = wrapper.and_then(|at| entered.get(at).cloned().flatten()).or(inherited);
        let place = Place { cwd: directories.get(index).cloned().flatten(), root };
        let on_host = |raw: &str| resolve(raw, &place, host, &binds)?.1.into_iter().reduce(worse);
        entered.push(roots::entered(invocation, host.sees_processes, on_host).map(Rc::from));
        let bound = if binds.mounts.len() < MAX_BINDS { roots::bound(invocation, on_host) } else { None };
        let mut add = |access: Access, raw: &str| {
            if space.is_full() {
                return;
            }
            if let Some((path, places)) = resolve(raw, &place, host, &binds) {
                let length = path.len() + places.iter().map(String::len).sum::<usize>();
                space.take(length.saturating_sub(raw.len()));
                let mut places = places.into_iter();
                let first = places.next();
                let others =
                    places.map(|place| FileUse { by: index, access, path: path.clone(), host: Some(place) });
                found.extend(others);
                found.push(FileUse { by: index, access, path, host: first });
            }
        };
        tools::by_redirects(invocation, &mut add);
        tools::by_arguments(invocation, place.cwd.as_deref(), &space, &mut add);
        code::by_code(invocation, &mut add);
        if let Some((at, on_host)) = bound
            && let Some(at) = absolute(at, place.cwd.as_deref())
        {
            binds.mounts.insert(at, vec![on_host]);
        }
        roots.push(place.root);
    }
    Used {
        files: found,
        on_node: roots.iter().map(Option::is_some).collect(),
        enters: entered.iter().map(Option::is_some).collect(),
        truncated: space.is_full(),
    }
}

/// Whether a canonical path is `base` or below it. Unlike [`crate::normalize::path::within`] it takes both as
/// they are: the rules ask it for every file and every known place.
pub(super) fn below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path in the container, and those on the node that it may mean.
fn resolve(raw: &str, place: &Place, host: &HostFiles, binds: &HostFiles) -> Option<(String, Vec<String>)> {
    if raw.is_empty() || raw.len() > MAX_PATH || raw == "-" {
        return None;
    }
    let raw = raw.strip_prefix("file://").unwrap_or(raw);
    if let Some(path) = by_descriptor(raw, place.cwd.as_deref()) {
        return Some((path.clone(), vec![path]));
    }
    let joined = match &place.cwd {
        Some(cwd) if !raw.starts_with('/') => format!("{cwd}/{raw}"),
        _ => raw.to_owned(),
    };
    if let Some((process, below)) = of_process(&joined)
        && (process == "1" || host.sees_processes && !is_own(process))
    {
        let path = canonical(&below);
        return Some((path.clone(), vec![path]));
    }
    if !joined.starts_with('/') {
        // Out of the working directory to the root, as far as it takes: the way of CVE-2024-21626, where the
        // working directory is one of the node. In an ordinary image there are shorter ways to write it.
        let climbs = raw.starts_with("../../../");
        let path = canonical(&format!("/{}", raw.trim_start_matches("../")));
        return if climbs { Some((path.clone(), vec![path])) } else { Some((canonical(raw), Vec::new())) };
    }
    let path = canonical(&joined);
    let places = match &place.root {
        Some(root) => vec![join(root, &path)],
        None => Some(binds.places(&path))
            .filter(|places| !places.is_empty())
            .unwrap_or_else(|| host.places(&path)),
    };
    Some((path, places))
}

/// Where a path leads that climbs out of an open directory, `/proc/self/fd/7/../../etc`: a runtime that leaves one
/// open at the start of a container leaves one of the node open (CVE-2024-21626).
fn by_descriptor(raw: &str, cwd: Option<&str>) -> Option<String> {
    let climbs = |path: &str| path.starts_with("..").then(|| canonical(&format!("/{path}")));
    let opened = |path: &str| {
        let rest =
            path.strip_prefix("/proc/")?.split_once("/fd/").filter(|(process, _)| !process.contains('/'))?;
        let (number, below) = rest.1.split_once('/').unwrap_or((rest.1, ""));
        (!number.is_empty()).then(|| below.to_owned())
    };
    match opened(raw) {
        Some(below) => climbs(&below),
        None if raw.starts_with('/') => None,
        None => opened(cwd?).and_then(|_| climbs(raw)),
    }
}

/// Whether a process of `/proc` is the one that asks.
fn is_own(process: &str) -> bool {
    matches!(process, "self" | "thread-self" | "$$" | "$PPID" | "$BASHPID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_directory_leads_to_the_node() {
        for (raw, cwd, want) in [
            ("/proc/self/fd/8/../../../etc/shadow", None, Some("/etc/shadow")),
            ("/proc/self/fd/$i/../../etc/cron.d/x", None, Some("/etc/cron.d/x")),
            ("../../../etc/shadow", Some("/proc/self/fd/7"), Some("/etc/shadow")),
            ("/proc/self/fd/1", None, None),
            ("/proc/self/fd/3/data", None, None),
            ("../../etc/shadow", Some("/app"), None),
        ] {
            assert_eq!(by_descriptor(raw, cwd).as_deref(), want, "{raw}");
        }
    }
}
