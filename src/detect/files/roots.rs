//! Commands that change what a path means: another root directory, mounts and links.

use crate::detect::code;
use crate::normalize::Invocation;

use super::code::paths_of;

/// The root that an invocation gives to what it runs, if that is a directory of the node, as a path of the node.
/// `on_host` says where a path lies on the node.
pub(super) fn entered(
    invocation: &Invocation,
    sees_processes: bool,
    on_host: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    if invocation.program == "nsenter" && enters_node(invocation, sees_processes) {
        return Some("/".to_owned());
    }
    if let Some(code) = code::text(invocation) {
        let language = code::language(&invocation.program)?;
        return paths_of(language, code, &["chroot"]).iter().find_map(|path| on_host(path));
    }
    on_host(new_root(invocation)?)
}

fn words(invocation: &Invocation) -> impl Iterator<Item = &str> + Clone {
    invocation.args.iter().map(|word| word.text.as_str())
}

/// The directory that becomes the root of what a tool runs.
fn new_root(invocation: &Invocation) -> Option<&str> {
    let first = || words(invocation).find(|text| !text.starts_with('-'));
    match invocation.program.as_str() {
        "chroot" | "arch-chroot" | "pivot_root" | "switch_root" | "run-init" => first(),
        "unshare" => value(invocation, &["-R", "--root"]),
        "nsenter" => value(invocation, &["-r", "--root"]),
        "systemd-nspawn" => value(invocation, &["-D", "--directory"]),
        "proot" => value(invocation, &["-r", "-R", "-S", "--rootfs"]),
        "start-stop-daemon" => value(invocation, &["-r", "--chroot"]),
        "capsh" => value(invocation, &["--chroot"]),
        "bwrap" => {
            let mut all = words(invocation);
            let binds = |word: &str| word.starts_with("--") && word.contains("bind");
            while let Some(word) = all.next() {
                if binds(word)
                    && let (Some(source), Some("/")) = (all.next(), all.next())
                {
                    return Some(source);
                }
            }
            None
        }
        _ => None,
    }
}

/// The value of an option: the word after it, what follows `=`, or what is attached to a single letter.
fn value<'a>(invocation: &'a Invocation, names: &[&str]) -> Option<&'a str> {
    let mut all = words(invocation);
    while let Some(word) = all.next() {
        for name in names {
            match word.strip_prefix(name) {
                Some("") => return all.next(),
                Some(rest) if name.starts_with("--") => {
                    if let Some(value) = rest.strip_prefix('=') {
                        return Some(value);
                    }
                }
                Some(rest) => return Some(rest.strip_prefix('=').unwrap_or(rest)),
                None => {}
            }
        }
    }
    None
}

/// Whether `nsenter` goes to the namespaces of a process of the node. Its first one is known by number; any other,
/// where the pod sees them, can only be named by what a command finds at run time. The network namespace alone is
/// what one looks into to debug a container.
fn enters_node(nsenter: &Invocation, sees_processes: bool) -> bool {
    let target = || value(nsenter, &["--target", "-t"]).or_else(|| clustered_target(nsenter));
    let is_found = |process: &str| !process.is_empty() && !process.bytes().all(|byte| byte.is_ascii_digit());
    let files = || {
        words(nsenter).any(|word| {
            let letters = word.strip_prefix('-').filter(|word| !word.starts_with('-')).unwrap_or_default();
            ["--mount", "--all", "--root", "--wd"].iter().any(|option| word.starts_with(option))
                || letters.chars().take_while(char::is_ascii_alphabetic).any(|flag| "marw".contains(flag))
        })
    };
    let by_file = words(nsenter).any(|word| {
        let Some((process, name)) =
            word.split_once("/ns/").and_then(|(before, name)| Some((before.rsplit('/').next()?, name)))
        else {
            return false;
        };
        process == "1" || sees_processes && is_found(process) && process != "self" && name == "mnt"
    });
    by_file
        || target().is_some_and(|process| process == "1" || sees_processes && is_found(process) && files())
}

/// `nsenter -at 1`, `-mt1`.
fn clustered_target(nsenter: &Invocation) -> Option<&str> {
    let mut all = words(nsenter);
    while let Some(word) = all.next() {
        let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
        if let Some((flags, value)) = cluster.split_once('t')
            && flags.chars().all(|flag| "amuinpCTUF".contains(flag))
        {
            return if value.is_empty() { all.next() } else { Some(value) };
        }
    }
    None
}

/// Where an invocation puts something of the node, and what: a disk or a directory that it mounts, a link.
pub(super) fn bound(
    invocation: &Invocation,
    on_host: impl Fn(&str) -> Option<String>,
) -> Option<(&str, String)> {
    let operands: Vec<&str> = words(invocation).filter(|text| !text.starts_with('-')).collect();
    match invocation.program.as_str() {
        "mount" => {
            if let Some(at) = mounted_device(invocation) {
                return Some((at, "/".to_owned()));
            }
            let at = operands.last().copied()?;
            let kind = value(invocation, &["-t", "--types"]);
            let made = kind.and_then(|kind| match kind {
                "proc" => Some("/proc"),
                "sysfs" => Some("/sys"),
                "binfmt_misc" => Some("/proc/sys/fs/binfmt_misc"),
                _ => None,
            });
            let binds = words(invocation).any(|word| {
                matches!(word, "-B" | "-R" | "--bind" | "--rbind" | "--move" | "-M")
                    || word.split(',').any(|option| matches!(option, "bind" | "rbind" | "-obind" | "-orbind"))
            });
            let source = || operands.iter().rev().nth(1).filter(|_| binds).and_then(|source| on_host(source));
            made.map(str::to_owned).or_else(source).map(|host| (at, host))
        }
        "ln" => match operands.as_slice() {
            [source, at] if source.starts_with('/') && at.starts_with('/') => Some((*at, on_host(source)?)),
            _ => None,
        },
        _ => None,
    }
}

/// Where `mount DEVICE DIRECTORY` puts a block device.
pub(in crate::detect) fn mounted_device(mount: &Invocation) -> Option<&str> {
    let operands: Vec<&str> = words(mount).filter(|t| !t.starts_with('-')).collect();
    let at = operands.iter().position(|text| is_block_device(text))?;
    operands.get(at + 1).copied()
}

/// Whether a path is a disk of the node. Loop devices are made of files.
pub(in crate::detect) fn is_block_device(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/dev/").or_else(|| path.strip_prefix("/host/dev/")) else {
        return false;
    };
    ["sd", "vd", "xvd", "hd", "nvme", "dm-", "mapper/", "disk/", "mmcblk", "md", "root", "block/", "vg"]
        .iter()
        .any(|start| name.starts_with(start))
        || name.starts_with('$')
}
