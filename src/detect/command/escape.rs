//! Ways from the pod to its node.

use super::words::{has, operands, option, short, subcommand, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::files::{Access, below, enters_node, is_block_device, mounted_device};
use crate::detect::findings::Collector;
use crate::detect::runs::Run;
use crate::normalize::Invocation;
use crate::normalize::path::canonical;

/// The rule's own weight.
const FULL: Weight = (Severity::Medium, 35);
/// For uses that maintenance has as well.
const REDUCED: Weight = (Severity::Medium, 20);

pub(super) static RULES: &[Rule] = &[Rule {
    id: "cmd-host-escape",
    title: "Escape to the node",
    message: "runs commands on the node, or a known way to get there",
    meaning: "It enters the node's namespaces or file system, mounts its disks, loads kernel code, makes the kernel \
              run a program, or starts containers past the API server.",
    false_positives: "Node maintenance: fstrim, kernel modules, clean-up of images. Single maintenance programs weigh less.",
    confirm: &[
        Step::Fields(
            "..hostPath",
            "Which part of the node the pod can reach; together with the command it says what could be \
             done there.",
        ),
        Step::Fields(
            "..securityContext",
            "privileged, capabilities and users: without any of these most ways to the node fail.",
        ),
        Step::Logs(
            "Errors such as “operation not permitted” mean that it failed; a prompt or listing of the node \
             means that it did not.",
        ),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Node, Exposure::Token],
        attack: "Look on the node for new cron jobs, systemd units, authorized_keys, static pods in \
                 /etc/kubernetes/manifests, and containers that crictl knows and the API server does not.",
        benign: "Maintain nodes by the tool that builds them, or by a DaemonSet of a reviewed image with \
                 single capabilities instead of privileged. For a look at a node, kubectl debug node is \
                 audited.",
    },
    severity: Severity::Medium,
    points: 35,
    techniques: &["T1611"],
    references: &[links::POD_SECURITY, links::DEBUG_NODE],
    check: escapes,
    samples: &[
        Sample::Hit(
            35,
            "containers: [{name: a, command: [nsenter, '--mount=/proc/1/ns/mnt', --, /bin/bash]}]",
        ),
        Sample::Hit(35, "containers: [{name: a, command: [nsenter, -t, '1', -m, -u, -i, -n, -p, --, bash]}]"),
        Sample::Hit(20, "containers: [{name: a, command: [nsenter, -t, '1', -m, --, fstrim, -a]}]"),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [chroot, /mnt, id], volumeMounts: [{name: v, mountPath: /mnt}]}]",
        ),
        Sample::Hit(35, "containers: [{name: a, command: [sh, -c, 'mount /dev/sda1 /mnt && ls /mnt']}]"),
        Sample::Hit(35, "containers: [{name: a, command: [sh, -c, 'echo /x > /tmp/cgrp/release_agent']}]"),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [sh, -c, 'echo \"|/x\" > /proc/sys/kernel/core_pattern']}]",
        ),
        Sample::Hit(35, "containers: [{name: a, command: [insmod, /x/rootkit.ko]}]"),
        Sample::Hit(35, "containers: [{name: a, command: [debugfs, -w, /dev/sda1]}]"),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [docker, -H, 'unix:///s.sock', run, --privileged, -v, '/:/host', alpine, id]}]",
        ),
        Sample::Hit(35, "containers: [{name: a, command: [crictl, exec, -s, abc, cat, /etc/shadow]}]"),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [curl, --unix-socket, /run/docker.sock, -X, POST, 'http://x/containers/create']}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /var/log}}]\ncontainers: [{name: a, command: [ln, -s, /, /l/root], volumeMounts: [{name: v, mountPath: /l}]}]",
        ),
        Sample::Hit(35, "containers: [{name: a, command: [gdb, -p, '1', -batch]}]"),
        Sample::Miss("containers: [{name: a, command: [chroot, /rootfs-build, make]}]"),
        Sample::Miss(
            "containers: [{name: a, command: [docker, run, --rm, -v, '/work:/work', example.test/build, make]}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'mount -t nfs nas:/x /mnt']}]"),
        Sample::Miss("containers: [{name: a, command: [crictl, images]}]"),
        Sample::Miss("containers: [{name: a, command: [ln, -s, /app/current, /data/app]}]"),
        Sample::Miss("containers: [{name: a, command: [nsenter, -t, '4711', -n, ip, a]}]"),
    ],
    ..COMMAND
}];

fn escapes(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for run in &facts.runs {
        let mut heaviest: Option<(usize, Weight)> = None;
        let mut note = |at: usize, weight: Option<Weight>| {
            if let Some(weight) = weight
                && heaviest.is_none_or(|(_, known)| known.1 < weight.1)
            {
                heaviest = Some((at, weight));
            }
        };
        for (at, invocation) in run.invocations() {
            note(at, by_command(run, at, invocation));
        }
        for file in &run.files {
            if file.access == Access::Write {
                note(file.by, makes_kernel_run(&file.path).then_some(FULL));
                // A link in the node's log directory: the kubelet follows it when it serves logs.
                let planted = file.host.as_ref().is_some_and(|host| below(host, "/var/log"));
                let link = run.invocation(file.by).filter(|call| planted && call.program == "ln");
                note(file.by, link.and_then(links_outside));
            }
        }
        if let Some((at, (severity, points))) = heaviest {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// Files whose content names a program that the kernel starts as root on the node.
fn makes_kernel_run(path: &str) -> bool {
    path.ends_with("/release_agent")
        || [
            "/proc/sys/kernel/core_pattern",
            "/proc/sys/kernel/modprobe",
            "/sys/kernel/uevent_helper",
            "/proc/sys/fs/binfmt_misc/register",
        ]
        .iter()
        .any(|file| path.ends_with(file))
}

fn links_outside(link: &Invocation) -> Option<Weight> {
    let source = canonical(operands(link).next()?);
    (source == "/" || ["/etc", "/root", "/var/lib/kubelet"].iter().any(|secret| below(&source, secret)))
        .then_some(FULL)
}

fn by_command(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    let yes = |condition: bool| condition.then_some(FULL);
    match invocation.program.as_str() {
        "nsenter" if enters_node(invocation) => {
            let inner =
                run.invocation(at + 1).filter(|inner| inner.prefixes.last().is_some_and(|p| p == "nsenter"));
            Some(if inner.is_some_and(maintains) { REDUCED } else { FULL })
        }
        "chroot" => {
            let root = operands(invocation).next()?;
            let inner =
                run.invocation(at + 1).filter(|inner| inner.prefixes.last().is_some_and(|p| p == "chroot"));
            let on_node = root.starts_with("/proc/1/root") || run.host.on_host(&canonical(root)).is_some();
            let on_disk =
                run.files.iter().take(256).any(|file| file.by > at && file.host.is_some()) && on_node;
            yes(on_node || on_disk).map(|full| if inner.is_some_and(maintains) { REDUCED } else { full })
        }
        "mount" => yes(mounted_device(invocation).is_some()),
        "modprobe" => {
            // Listing and removing are not loading; a module of the node's own kernel is maintenance.
            let loads = !has(invocation, &["-r", "--remove", "-n", "--dry-run", "-l", "--show-depends"]);
            let own = operands(invocation).any(|module| module.contains('/'))
                || has(invocation, &["-d", "--dirname"]);
            loads.then_some(if own { FULL } else { REDUCED })
        }
        "debugfs" => yes(operands(invocation).any(is_block_device)),
        "mknod" => yes(words(invocation).any(|word| word == "b")),
        "gdb" => yes(option(invocation, &["-p", "--pid", "-pid"]) == Some("1")),
        "sysctl" => yes(words(invocation)
            .any(|word| word.starts_with("kernel.core_pattern=") || word.starts_with("kernel.modprobe="))),
        "insmod" | "systemd-run" | "busctl" => Some(FULL),
        "docker" | "podman" | "nerdctl" | "ctr" | "crictl" | "runc" => yes(starts_on_node(run, invocation)),
        "curl" | "wget" | "http" => {
            let socket = option(invocation, &["--unix-socket", "--abstract-unix-socket"])?;
            let starts = words(invocation).any(|word| {
                word.contains("/containers/") || word.contains("/exec/") || word.contains("/images/create")
            });
            yes(starts && socket.contains("sock"))
        }
        _ => None,
    }
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

/// Containers that are started or entered on the node, past the API server.
fn starts_on_node(run: &Run<'_>, invocation: &Invocation) -> bool {
    let enters = subcommand(invocation, &["exec", "attach"]);
    let starts = subcommand(invocation, &["run", "create", "runp", "tasks", "task"]);
    // The runtimes of a node have no other use; docker and podman may be those of a sidecar.
    if matches!(invocation.program.as_str(), "crictl" | "ctr") {
        return enters || starts;
    }
    let binds_root = words(invocation).any(|word| {
        let word = word.strip_prefix("-v").unwrap_or(word).trim_start_matches('=');
        word.starts_with("/:/")
            || word.contains("source=/,")
            || word.contains("src=/,")
            || word.starts_with("--volume=/:")
    });
    let shares = words(invocation).any(|word| {
        matches!(
            word,
            "--privileged"
                | "--privileged=true"
                | "--pid=host"
                | "--userns=host"
                | "--cap-add=ALL"
                | "--cap-add=SYS_ADMIN"
                | "host"
        )
    });
    let on_node = run.container.mounts.iter().any(|mount| {
        mount.mount_path.contains(".sock") && run.host.on_host(&canonical(&mount.mount_path)).is_some()
    });
    starts && (binds_root || shares) || enters && on_node && !short(invocation, 'h')
}
