//! What the upkeep of a node runs there, as far as it can do nothing else.

use super::Run;
use super::words::{has, operands};
use crate::detect::files::below;
use crate::normalize::exec::is_shell;
use crate::normalize::{Invocation, Redirect, RedirectOp};

/// Whether what is run there, a program or a shell with a script, is upkeep and nothing else. Linear in the script.
pub(super) fn is_all(run: &Run<'_>, at: usize) -> bool {
    let Some(program) = run.invocation(at) else { return false };
    if !is_shell(&program.program) {
        return maintains(program);
    }
    // What its script runs follows it; the first invocation of something around it ends that.
    let script = (at + 1..)
        .map_while(|index| run.invocation(index))
        .take_while(|inner| inner.parent.is_some_and(|parent| parent >= at));
    let mut is_empty = true;
    for inner in script {
        is_empty = false;
        let harmless = maintains(inner) || filters(inner) || is_shell(&inner.program);
        if !harmless || !inner.redirects.iter().all(stays_harmless) {
            return false;
        }
    }
    !is_empty
}

/// Programs for the upkeep of a node that start nothing else.
fn maintains(inner: &Invocation) -> bool {
    matches!(
        inner.program.as_str(),
        "fstrim"
            | "sysctl"
            | "smartctl"
            | "nvme"
            | "lsblk"
            | "blkid"
            | "df"
            | "lvs"
            | "vgs"
            | "pvs"
            | "multipath"
            | "iscsiadm"
            | "journalctl"
            | "chronyc"
            | "timedatectl"
            | "ip"
            | "ethtool"
            | "uname"
            | "free"
            | "uptime"
            | "nvidia-smi"
            | "mdadm"
            | "zpool"
            | "zfs"
            | "btrfs"
            | "xfs_fsr"
            | "needs-restarting"
            | "crictl"
    ) && !has(inner, &["exec", "run"])
}

/// Programs that only pass on what they read, where they read nothing that is secret.
fn filters(inner: &Invocation) -> bool {
    match inner.program.as_str() {
        "echo" | "printf" | "true" | ":" | "sleep" | "test" | "[" | "tr" | "cut" => true,
        "cat" | "grep" | "egrep" | "fgrep" | "head" | "tail" | "sort" | "uniq" | "wc" => {
            operands(inner).all(|operand| !operand.starts_with('/') || is_open(operand))
        }
        _ => false,
    }
}

/// Places that everybody on the node reads: mounts, devices, measurements.
fn is_open(path: &str) -> bool {
    let one_process =
        path.strip_prefix("/proc/").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    !one_process && ["/proc", "/sys", "/tmp"].iter().any(|open| below(path, open))
}

/// A redirection from where everybody reads, or to where only temporary files are.
fn stays_harmless(redirect: &Redirect) -> bool {
    let target = redirect.target.text.as_str();
    let is_absolute = target.starts_with('/');
    match redirect.op {
        RedirectOp::HereDoc | RedirectOp::HereString | RedirectOp::DupIn => true,
        RedirectOp::In => !is_absolute || is_open(target),
        // `2>&1`
        RedirectOp::DupOut if target.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => true,
        _ => target == "/dev/null" || below(target, "/tmp"),
    }
}
