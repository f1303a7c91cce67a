//! Paths of the node in the pod: one rule for each class of path.

use super::super::catalog::{Rule, Sample};
use super::super::facts::Facts;
use super::super::findings::Collector;
use super::HOST;
use super::class::Class;
use crate::severity::Severity;

const HOST_PATH: Rule = Rule { counts_per_path: true, ..HOST };

pub(in crate::detect) static RULES: &[Rule] = &[
    Rule {
        id: "hostpath-root",
        title: "Root of the node's file system",
        message: "mounts the root of the node's file system",
        meaning: "Everything on the node can be read, and, if the mount is writable, changed.",
        false_positives: "Agents that back up or scan whole nodes, usually read-only.",
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1611"],
        gives_node_access: true,
        check: |facts, found| hit_class(facts, found, Class::Root),
        samples: &[
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /host}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: //./}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /host}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /proc/1/root}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /host}]}]",
            ),
            Sample::Hit(
                25,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /host, readOnly: true}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /proc/1/cwd/}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /host}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, volumeMounts: [{name: v, subPath: data/app, mountPath: /d}]}]",
            ),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-runtime-socket",
        title: "Container runtime socket",
        message: "reaches the socket of the node's container runtime",
        meaning: "Through the socket, containers of any kind can be started on the node: the same as root there. \
                  A read-only mount does not prevent it.",
        false_positives: "Image pruning and builds on the node's Docker.",
        severity: Severity::High,
        points: 45,
        techniques: &["T1610", "T1611"],
        gives_node_access: true,
        check: |facts, found| hit_class(facts, found, Class::RuntimeSocket),
        samples: &[
            Sample::Hit(45, "volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}]"),
            Sample::Hit(
                45,
                "volumes: [{name: v, hostPath: {path: /run/containerd}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /c, readOnly: true}]}]",
            ),
            Sample::Hit(45, "volumes: [{name: v, hostPath: {path: /var/run/}}]"),
            Sample::Hit(45, "volumes: [{name: v, hostPath: {path: /run/user/1000/docker.sock}}]"),
            Sample::Hit(
                45,
                "volumes: [{name: v, hostPath: {path: /var}}]\ncontainers: [{name: a, env: [{name: S, value: docker.sock}], volumeMounts: [{name: v, mountPath: /c, subPathExpr: run/$(S)}]}]",
            ),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /var/run/docker.sock.d}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-control-socket",
        title: "Node control socket",
        message: "reaches a socket that controls the node",
        meaning: "Through the sockets of systemd, D-Bus, libvirt or LXD, services and machines can be started \
                  on the node as root. A read-only mount does not prevent it.",
        false_positives: "Exporters of systemd metrics, management of virtual machines.",
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1611", "T1543.002"],
        gives_node_access: true,
        check: |facts, found| hit_class(facts, found, Class::ControlSocket),
        samples: &[
            Sample::Hit(35, "volumes: [{name: v, hostPath: {path: /var/run/dbus/system_bus_socket}}]"),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /run/systemd}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /s, readOnly: true}]}]",
            ),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /run/systemd/journal}}]"),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /run/systemd/resolve}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-credential",
        title: "Node credentials",
        message: "mounts a place where the node keeps credentials",
        meaning: "Keys of the control plane, tokens of other pods, or secrets of users of the node can be read.",
        false_positives: "Benchmarks of the node's configuration, etcd backups.",
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1552.001", "T1552.004", "T1528"],
        gives_node_access: true,
        check: |facts, found| hit_class(facts, found, Class::Credential),
        samples: &[
            Sample::Hit(
                30,
                "volumes: [{name: v, hostPath: {path: /var/lib/kubelet}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /k}]}]",
            ),
            Sample::Hit(
                22,
                "volumes: [{name: v, hostPath: {path: /etc/kubernetes/pki}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /k, readOnly: true}]}]",
            ),
            Sample::Hit(
                15,
                "volumes: [{name: v, hostPath: {path: /etc/kubernetes}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /k, readOnly: true}]}]",
            ),
            Sample::Hit(
                22,
                "volumes: [{name: v, hostPath: {path: /srv/users/ann/.aws}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /k, readOnly: true}]}]",
            ),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /homepage}}]"),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /etc/ssl/certs}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /c, readOnly: true}]}]",
            ),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-exec-surface",
        title: "Node directory that is executed",
        message: "mounts a place from which the node runs programs",
        meaning: "What is written there is run by the node: cron jobs, systemd units, static pods, binaries, CNI \
                  plug-ins.",
        false_positives: "Installers of CNI plug-ins and of kernel modules.",
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1053.003", "T1543", "T1611"],
        gives_node_access: true,
        check: |facts, found| hit_class(facts, found, Class::ExecSurface),
        samples: &[
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /e}]}]",
            ),
            Sample::Hit(
                45,
                "volumes: [{name: v, hostPath: {path: /etc/kubernetes/manifests}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /m}]}]",
            ),
            Sample::Hit(
                6,
                "volumes: [{name: v, hostPath: {path: /usr/bin}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /u, readOnly: true}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /var/spool}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /s}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc/cron.d/job, type: FileOrCreate}}]\ninitContainers: [{name: a, volumeMounts: [{name: v, mountPath: /s}]}]",
            ),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /etcetera}}]"),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /etc/localtime}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /etc/localtime, readOnly: true}]}]",
            ),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-kernel",
        title: "Node's kernel interfaces",
        message: "mounts the node's kernel interfaces",
        meaning: "/proc, /sys and /dev of the node show all its processes and, if writable, change its kernel.",
        false_positives: "Exporters of node metrics, read-only.",
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1611"],
        gives_node_access: true,
        check: |facts, found| hit_class(facts, found, Class::Kernel),
        samples: &[
            Sample::Hit(
                30,
                "volumes: [{name: v, hostPath: {path: /proc/sys/kernel}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /p}]}]",
            ),
            Sample::Hit(
                6,
                "volumes: [{name: v, hostPath: {path: /sys}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /s, readOnly: true}]}]",
            ),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /process}}]"),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /dev/dri}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-log",
        title: "Node's logs",
        message: "mounts the node's logs",
        meaning: "Logs of other pods can be read; a link planted there makes the kubelet serve other files.",
        false_positives: "Log shippers and log rotation.",
        severity: Severity::Low,
        points: 10,
        techniques: &["T1611", "T1005"],
        check: |facts, found| hit_class(facts, found, Class::Log),
        samples: &[
            Sample::Hit(
                10,
                "volumes: [{name: v, hostPath: {path: /var/log/pods}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /l}]}]",
            ),
            Sample::Hit(
                4,
                "volumes: [{name: v, hostPath: {path: /var/log}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /l, readOnly: true}]}]",
            ),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /var/logs}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-other",
        title: "Other node directory",
        message: "mounts a directory of the node",
        meaning: "Data on the node is shared with the pod. Harmless for most paths, and not portable.",
        false_positives: "Local data directories.",
        severity: Severity::None,
        points: 5,
        techniques: &["T1611"],
        check: |facts, found| hit_class(facts, found, Class::Other),
        samples: &[
            Sample::Hit(
                5,
                "volumes: [{name: v, hostPath: {path: /srv/data}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /d}]}]",
            ),
            Sample::Hit(
                2,
                "volumes: [{name: v, hostPath: {path: /srv/data}}]\ncontainers: [{name: a, volumeMounts: [{name: v, mountPath: /d, readOnly: true}]}]",
            ),
            Sample::Miss("volumes: [{name: v, emptyDir: {}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "host-block-device",
        title: "Raw disk or memory of the node",
        message: "reaches a disk or the memory of the node directly",
        meaning: "On the raw disk every file of the node can be read and changed, whatever its permissions; on \
                  /dev/mem, its memory. A read-only mount does not prevent it.",
        false_positives: "Storage tools that prepare or wipe disks. A claim in block mode (`volumeDevices`) is \
                          mostly a disk of the workload's own and counts less.",
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1006", "T1611"],
        gives_node_access: true,
        check: |facts, found| {
            hit_class(facts, found, Class::Disk);
            for container in &facts.workload.containers {
                for (device, path) in &container.settings.volume_devices {
                    found.hit_as(Severity::Low, 6, Some(&container.name), path, device);
                }
            }
        },
        samples: &[
            Sample::Hit(30, "volumes: [{name: v, hostPath: {path: /dev/sda1}}]"),
            Sample::Hit(30, "volumes: [{name: v, hostPath: {path: /dev/mapper}}]"),
            Sample::Hit(30, "volumes: [{name: v, hostPath: {path: /srv/disk, type: BlockDevice}}]"),
            Sample::Hit(6, "containers: [{name: a, volumeDevices: [{name: v, devicePath: /dev/xvda}]}]"),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /dev/fuse, type: CharDevice}}]"),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /dev/shm}}]"),
        ],
        ..HOST
    },
];

fn hit_class(facts: &Facts<'_>, found: &mut Collector<'_>, class: Class) {
    for mount in facts.host_mounts.iter().filter(|mount| mount.class == class) {
        let (severity, points) = class.weight(mount);
        let access = if mount.writable { "" } else { " (read-only)" };
        let evidence = format!("{}{access}", mount.host_path);
        found.hit_as(severity, points, mount.container.as_deref(), &mount.path, &evidence);
    }
}
