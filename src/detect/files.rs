//! The files that known tools touch, in the container and on the node.
//!
//! A path in a command is a path of the container. Through the mounts of `hostPath` volumes, `chroot`, `nsenter`
//! and block devices that the script itself mounts it may be a path of the node, and that is where it matters.

use std::collections::HashMap;
use std::rc::Rc;

use crate::normalize::exec::Directory;
use crate::normalize::path::{MAX_PATH, absolute, canonical, join};
use crate::normalize::{Execution, Invocation, RedirectOp};
use crate::workload::{Container, Workload};

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its content is read.
    Read,
    /// Its content is written, or it becomes a copy or a link.
    Write,
    /// It is removed.
    Remove,
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

/// The spelling of the node's root in a pod that sees the node's processes.
const INIT_ROOT: &str = "/proc/1/root";

/// Where the paths of a container lie on the node.
#[derive(Debug, Default)]
pub struct HostFiles {
    /// Path in the container to path on the node; nothing for a mount that is not of the node.
    mounts: HashMap<String, Option<String>>,
}

impl HostFiles {
    pub(super) fn of(workload: &Workload, container: &Container) -> Self {
        let mut files = Self::default();
        if workload.host_paths.is_empty() {
            return files;
        }
        let hosts: HashMap<&str, &str> = workload
            .host_paths
            .iter()
            .map(|volume| (volume.name.as_str(), volume.host_path.as_str()))
            .collect();
        for mount in &container.mounts {
            let host = hosts.get(mount.volume.as_str()).map(|base| join(base, &mount.sub_path));
            files.mounts.insert(canonical(&mount.mount_path), host);
        }
        files
    }

    /// The path on the node of an absolute, canonical path of the container.
    pub fn on_host(&self, path: &str) -> Option<String> {
        if self.mounts.is_empty() || path.len() > MAX_PATH {
            return None;
        }
        // The longest mount wins: from the path itself upwards.
        let mut base = path;
        loop {
            if let Some(host) = self.mounts.get(if base.is_empty() { "/" } else { base }) {
                let below = path.get(base.len()..).unwrap_or_default();
                return host.as_ref().map(|host| join(host, below));
            }
            base = base.rfind('/').and_then(|at| base.get(..at))?;
            if base.is_empty() && !self.mounts.contains_key("/") {
                return None;
            }
        }
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
}

/// The files that the invocations use, in their order; `directories` has the working directory of each.
pub(super) fn used(execution: &Execution, directories: &[Directory], host: &HostFiles) -> Used {
    let mut found = Vec::new();
    let mut devices = HostFiles::default();
    let mut roots: Vec<Option<Rc<str>>> = Vec::with_capacity(execution.commands.len());
    for (index, invocation) in execution.commands.iter().enumerate() {
        let inherited = invocation.parent.and_then(|parent| roots.get(parent).cloned().flatten());
        // The wrapper stands directly before what it wraps.
        let wrapper = index
            .checked_sub(1)
            .and_then(|at| execution.commands.get(at))
            .filter(|before| before.wrapper && invocation.prefixes.last() == Some(&before.program));
        let place = Place { cwd: directories.get(index).cloned().flatten(), root: inherited.clone() };
        let root =
            wrapper.and_then(|wrapper| new_root(wrapper, &place, host, &devices)).map(Rc::from).or(inherited);
        let place = Place { root, ..place };
        let mut add = |access: Access, raw: &str| {
            if let Some((path, on_host)) = resolve(raw, &place, host, &devices) {
                found.push(FileUse { by: index, access, path, host: on_host });
            }
        };
        by_redirects(invocation, &mut add);
        by_arguments(invocation, place.cwd.is_some(), &mut add);
        if invocation.program == "mount"
            && let Some(at) = mounted_device(invocation)
        {
            devices.mounts.insert(canonical(at), Some("/".to_owned()));
        }
        roots.push(place.root);
    }
    Used { files: found, on_node: roots.iter().map(Option::is_some).collect() }
}

/// Whether a canonical path is `base` or below it. Unlike [`crate::normalize::path::within`] it takes both as
/// they are: the rules ask it for every file and every known place.
pub(super) fn below(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The root that `chroot DIRECTORY` or `nsenter` gives what follows, as a path of the node.
fn new_root(wrapper: &Invocation, place: &Place, host: &HostFiles, devices: &HostFiles) -> Option<String> {
    match wrapper.program.as_str() {
        "chroot" => {
            let to =
                wrapper.args.iter().map(|word| word.text.as_str()).find(|text| !text.starts_with('-'))?;
            resolve(to, place, host, devices).and_then(|(_, on_host)| on_host)
        }
        "nsenter" => enters_node(wrapper).then(|| "/".to_owned()),
        _ => None,
    }
}

/// Whether `nsenter` goes to the namespaces of the node's first process.
pub(super) fn enters_node(nsenter: &Invocation) -> bool {
    let words: Vec<&str> = nsenter.args.iter().map(|word| word.text.as_str()).collect();
    words.iter().enumerate().any(|(at, word)| match *word {
        "-t" | "--target" | "-at" => words.get(at + 1) == Some(&"1"),
        "-t1" | "-at1" | "--target=1" => true,
        text => text.contains("/proc/1/ns") || text.contains("/1/ns/"),
    })
}

/// Where `mount DEVICE DIRECTORY` puts a block device.
pub(super) fn mounted_device(mount: &Invocation) -> Option<&str> {
    let operands: Vec<&str> =
        mount.args.iter().map(|word| word.text.as_str()).filter(|t| !t.starts_with('-')).collect();
    let at = operands.iter().position(|text| is_block_device(text))?;
    operands.get(at + 1).copied()
}

/// Whether a path is a disk of the node. Loop devices are made of files.
pub(super) fn is_block_device(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/dev/").or_else(|| path.strip_prefix("/host/dev/")) else {
        return false;
    };
    ["sd", "vd", "xvd", "hd", "nvme", "dm-", "mapper/", "disk/", "mmcblk", "md", "root", "block/", "vg"]
        .iter()
        .any(|start| name.starts_with(start))
        || name.starts_with('$')
}

/// The path in the container, and on the node.
fn resolve(
    raw: &str,
    place: &Place,
    host: &HostFiles,
    devices: &HostFiles,
) -> Option<(String, Option<String>)> {
    if raw.is_empty() || raw.len() > MAX_PATH || raw == "-" {
        return None;
    }
    let raw = raw.strip_prefix("file://").unwrap_or(raw);
    if let Some(inner) = raw.strip_prefix(INIT_ROOT) {
        let path = canonical(&format!("/{inner}"));
        return Some((path.clone(), Some(path)));
    }
    let Some(path) = absolute(raw, place.cwd.as_deref()) else {
        // Out of the working directory to the root, as far as it takes: the way of CVE-2024-21626, where the
        // working directory is one of the node. In an ordinary image there are shorter ways to write it.
        let climbs = raw.starts_with("../../../");
        let path = canonical(&format!("/{}", raw.trim_start_matches("../")));
        return if climbs { Some((path.clone(), Some(path))) } else { Some((canonical(raw), None)) };
    };
    let on_host = match &place.root {
        Some(root) => Some(join(root, &path)),
        None => devices.on_host(&path).or_else(|| host.on_host(&path)),
    };
    Some((path, on_host))
}

fn by_redirects(invocation: &Invocation, add: &mut impl FnMut(Access, &str)) {
    for redirect in &invocation.redirects {
        let access = match redirect.op {
            RedirectOp::In | RedirectOp::InOut => Access::Read,
            op if op.writes() => Access::Write,
            _ => continue,
        };
        add(access, &redirect.target.text);
    }
}

/// Tools whose operands are files to read.
const READERS: &[&str] = &[
    "cat", "tac", "head", "tail", "less", "more", "nl", "xxd", "od", "hexdump", "strings", "base64",
    "base32", "grep", "egrep", "zgrep", "rg", "awk", "gawk", "sed", "jq", "yq", "cut", "sort", "rev", "tar",
    "zip", "gzip", "bzip2", "xz", "cpio", "scp", "rsync", "dd", "read", "diff", "cmp", "gpg", "openssl",
    "split", "wc", "find", "ls", "fold", "tr", "kubectl", "aws", "gsutil", "rclone", "sftp", "s3cmd", "mc",
    "bat", "column", "paste", "uuencode", "gcloud", "az",
];

/// `located`: the working directory is known, so that a bare name leads somewhere.
fn by_arguments(invocation: &Invocation, located: bool, add: &mut impl FnMut(Access, &str)) {
    let words = invocation.args.iter().map(|word| word.text.as_str());
    let operands = || words.clone().filter(|text| !text.starts_with('-'));
    match invocation.program.as_str() {
        "cp" | "mv" | "install" | "ln" | "rsync" | "scp" => {
            let last = operands().next_back();
            let into = words
                .clone()
                .zip(words.clone().skip(1))
                .find_map(|(flag, value)| (flag == "-t").then_some(value));
            let target = into.or(last).unwrap_or_default();
            for source in operands().filter(|text| *text != target) {
                add(Access::Read, source);
                // A copy into a directory keeps its name.
                if let Some(name) = source.rsplit('/').next().filter(|name| !name.is_empty()) {
                    add(Access::Write, &format!("{target}/{name}"));
                }
            }
            add(Access::Write, target);
        }
        "tee" => operands().for_each(|file| add(Access::Write, file)),
        "rm" | "unlink" | "shred" | "truncate" | "rmdir" => {
            operands().for_each(|file| add(Access::Remove, file));
        }
        "dd" => {
            for word in words {
                if let Some(file) = word.strip_prefix("of=") {
                    add(Access::Write, file);
                } else if let Some(file) = word.strip_prefix("if=") {
                    add(Access::Read, file);
                }
            }
        }
        "curl" | "wget" => {
            for (flag, value) in words.clone().zip(words.clone().skip(1)) {
                match flag {
                    "-o" | "--output" | "-O" | "--output-document" if value.contains('/') => {
                        add(Access::Write, value);
                    }
                    "-T" | "--upload-file" | "--post-file" | "--body-file" | "-K" => add(Access::Read, value),
                    _ => {}
                }
            }
            for file in words.filter_map(|word| uploaded(word)) {
                add(Access::Read, file);
            }
        }
        "sed" => {
            let in_place = words.clone().any(|word| word.starts_with("-i") || word.starts_with("--in-place"));
            let access = if in_place { Access::Write } else { Access::Read };
            operands().skip(1).for_each(|file| add(access, file));
        }
        program if READERS.contains(&program) => {
            for word in operands().filter(|word| located || word.contains('/')) {
                add(Access::Read, word);
            }
            if invocation.program == "tar" {
                let out = words.clone().zip(words.clone().skip(1));
                out.filter(|(flag, _)| matches!(*flag, "-C" | "--directory"))
                    .for_each(|(_, to)| add(Access::Write, to));
            }
        }
        _ => {}
    }
}

/// The file in `@FILE`, `name=@FILE`, `--data-binary=@FILE`, `--upload-file=FILE`.
pub(super) fn uploaded(word: &str) -> Option<&str> {
    let long =
        ["--upload-file=", "--post-file=", "--body-file="].iter().find_map(|flag| word.strip_prefix(flag));
    if long.is_some() {
        return long;
    }
    let (before, file) = word.split_once('@')?;
    let attached = before.is_empty() || before.ends_with('=') || matches!(before, "-d" | "-F");
    let file = file.split(';').next().unwrap_or(file);
    (attached && !file.is_empty() && file != "-" && !before.contains("://")).then_some(file)
}
