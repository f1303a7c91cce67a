//! Ways from the pod to its node.

use super::runtime;
use super::upkeep;
use super::words::{has, operands, option, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::derive::text_written;
use crate::detect::files::{Access, FileUse, below, is_block_device, mounted_device};
use crate::detect::findings::Collector;
use crate::detect::runs::Run;
use crate::normalize::Invocation;
use crate::normalize::path::canonical;

/// The rule's own weight.
pub(super) const FULL: Weight = (Severity::Medium, 35);
/// For upkeep of the node by one program, from within it. The access that it takes is in other findings.
const UPKEEP: Weight = (Severity::Low, 8);
/// For uses that maintenance has as well.
pub(super) const REDUCED: Weight = (Severity::Medium, 20);
/// For what has no other use.
const OUTRIGHT: Weight = (Severity::High, 45);

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
        Sample::Hit(8, "containers: [{name: a, command: [nsenter, -t, '1', -m, --, fstrim, -a]}]"),
        Sample::Hit(
            8,
            "containers: [{name: a, command: [nsenter, -t, '1', -m, --, sh, -c, 'grep ext4 /proc/mounts > /tmp/m; fstrim -I /tmp/m']}]",
        ),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [nsenter, -t, '1', -m, --, sh, -c, 'fstrim -a; curl http://c.test/x']}]",
        ),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [nsenter, -t, '1', -m, --, sh, -c, 'fstrim -a; cat /etc/shadow']}]",
        ),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [nsenter, -t, '1', -m, --, sh, -c, 'df -h | tee /etc/cron.d/x']}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [chroot, /mnt, id], volumeMounts: [{name: v, mountPath: /mnt}]}]",
        ),
        Sample::Hit(35, "containers: [{name: a, command: [sh, -c, 'mount /dev/sda1 /mnt && ls /mnt']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'echo /x > /tmp/cgrp/release_agent']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'echo \"|/x\" > /proc/sys/kernel/core_pattern']}]",
        ),
        Sample::Hit(
            45,
            "volumes: [{name: v, hostPath: {path: /proc}}]\ncontainers: [{name: a, command: [sh, -c, 'echo \"|$(id)\" > /hp/sys/kernel/core_pattern'], volumeMounts: [{name: v, mountPath: /hp}]}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [sysctl, -w, 'kernel.core_pattern=|/x']}]"),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [sh, -c, 'mount -t binfmt_misc none /mnt; echo x > /mnt/register']}]",
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
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [unshare, -R, /h, id], volumeMounts: [{name: v, mountPath: /h}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [bwrap, --dev-bind, /h, /, bash], volumeMounts: [{name: v, mountPath: /h}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [sh, -c, 'mount --rbind /h /m; cd /m; pivot_root . old'], volumeMounts: [{name: v, mountPath: /h}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [sh, -c, 'ln -s /h /m; chroot /m id'], volumeMounts: [{name: v, mountPath: /h}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [python3, -c, 'import os;os.chroot(\"/h\")'], volumeMounts: [{name: v, mountPath: /h}]}]",
        ),
        Sample::Hit(
            35,
            "hostPID: true\ncontainers: [{name: a, command: [sh, -c, 'nsenter -t $(pgrep -x kubelet) -m -n bash']}]",
        ),
        Sample::Hit(
            35,
            "hostPID: true\ncontainers: [{name: a, command: [sh, -c, 'P=$(pidof systemd); nsenter --target=\"$P\" --all bash']}]",
        ),
        Sample::Hit(
            35,
            "hostPID: true\ncontainers: [{name: a, command: [sh, -c, 'chroot /proc/$(pgrep -o kubelet)/root id']}]",
        ),
        Sample::Hit(
            35,
            "hostPID: true\ncontainers: [{name: a, command: [sh, -c, 'gdb -p $(pgrep -o kubelet) -batch']}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [docker, run, -v, '/etc:/e', alpine, id], env: [{name: DOCKER_HOST, value: 'unix:///s'}], volumeMounts: [{name: v, mountPath: /s}]}]",
        ),
        Sample::Hit(
            20,
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [docker, run, --rm, -v, '/srv/build:/src', example.test/build, make], volumeMounts: [{name: v, mountPath: /run/docker.sock}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /run}}]\ncontainers: [{name: a, command: [podman, --url, 'unix:///h/podman/podman.sock', run, --mount, 'type=bind,source=/root,target=/r', alpine], volumeMounts: [{name: v, mountPath: /h}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [curl, --unix-socket, /s, 'http://x/containers/create', -d, '{}'], volumeMounts: [{name: v, mountPath: /s}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [socat, 'TCP-LISTEN:2375,fork', 'UNIX-CONNECT:/s'], volumeMounts: [{name: v, mountPath: /s}]}]",
        ),
        Sample::Hit(
            35,
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [python3, -c, 'import docker;docker.from_env().containers.run(\"alpine\")'], volumeMounts: [{name: v, mountPath: /run/docker.sock}]}]",
        ),
        Sample::Miss("containers: [{name: a, command: [chroot, /rootfs-build, make]}]"),
        Sample::Miss(
            "containers: [{name: a, command: [sysctl, -w, 'kernel.core_pattern=/var/crash/core.%p']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'echo core.%p > /proc/sys/kernel/core_pattern']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [bwrap, --ro-bind, /usr, /usr, --proc, /proc, make]}]"),
        Sample::Miss(
            "hostPID: true\ncontainers: [{name: a, command: [sh, -c, 'nsenter -t $(pgrep -f envoy) -n ss -tlnp']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'make & gdb -p $! -batch']}]"),
        Sample::Miss(
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [curl, --unix-socket, /s, 'http://x/containers/json'], volumeMounts: [{name: v, mountPath: /s}]}]",
        ),
        Sample::Miss(
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [docker, system, prune, -af], volumeMounts: [{name: v, mountPath: /run/docker.sock}]}]",
        ),
        Sample::Miss(
            "volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\ncontainers: [{name: a, command: [python3, -c, 'import docker;docker.from_env().images.prune()'], volumeMounts: [{name: v, mountPath: /run/docker.sock}]}]",
        ),
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
        for file in run.files.iter().filter(|file| file.access == Access::Write) {
            note(file.by, makes_kernel_run(run, file));
            // A link in the node's log directory: the kubelet follows it when it serves logs.
            let planted = file.host.as_ref().is_some_and(|host| below(host, "/var/log"));
            let link = run.invocation(file.by).filter(|call| planted && call.program == "ln");
            note(file.by, link.and_then(links_outside));
        }
        if let Some((at, (severity, points))) = heaviest {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// Files whose content names a program that the kernel starts as root on the node, wherever they are mounted.
fn makes_kernel_run(run: &Run<'_>, file: &FileUse) -> Option<Weight> {
    let ends =
        |end: &str| file.path.ends_with(end) || file.host.as_deref().is_some_and(|host| host.ends_with(end));
    if ends("/proc/sys/kernel/core_pattern") {
        // A name for core files is a setting; a program behind a bar is started.
        let text = run.invocation(file.by).and_then(|call| text_written(&run.execution, call));
        return text.is_none_or(|text| text.trim_start().starts_with('|')).then_some(OUTRIGHT);
    }
    if ends("/proc/sys/fs/binfmt_misc/register") {
        return Some(FULL);
    }
    let runs = ["/release_agent", "/proc/sys/kernel/modprobe", "/sys/kernel/uevent_helper"];
    runs.iter().any(|end| ends(end)).then_some(OUTRIGHT)
}

fn links_outside(link: &Invocation) -> Option<Weight> {
    let source = canonical(operands(link).next()?);
    (source == "/" || ["/etc", "/root", "/var/lib/kubelet"].iter().any(|secret| below(&source, secret)))
        .then_some(FULL)
}

fn by_command(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    let yes = |condition: bool| condition.then_some(FULL);
    if run.enters.get(at) == Some(&true) {
        let runs_inner = |inner: &Invocation| inner.prefixes.last() == Some(&invocation.program);
        let only_upkeep = run.invocation(at + 1).is_some_and(runs_inner) && upkeep::is_all(run, at + 1);
        return Some(if only_upkeep { UPKEEP } else { FULL });
    }
    match invocation.program.as_str() {
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
        // Code in a process of the node. Debuggers of one's own start it or name it by its number.
        "gdb" | "gcore" | "reptyr" | "criu" => {
            let process = option(invocation, &["-p", "--pid", "-pid", "-t", "--tree"])
                .or_else(|| operands(invocation).next().filter(|_| invocation.program != "gdb"));
            let found = |process: &str| process.starts_with(['$', '`']);
            yes(process.is_some_and(|process| process == "1" || run.host.sees_processes() && found(process)))
        }
        "sysctl" => words(invocation)
            .any(|word| word.starts_with("kernel.core_pattern=|") || word.starts_with("kernel.modprobe=/"))
            .then_some(OUTRIGHT),
        "insmod" | "systemd-run" | "busctl" | "kexec" => Some(FULL),
        _ => runtime::weigh(run, invocation),
    }
}
