//! Paths of the node in the pod: one rule for each class of path.

use super::super::catalog::{Rule, Sample};
use super::super::facts::Facts;
use super::super::findings::Collector;
use super::HOST;
use super::class::Class;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::severity::Severity;

const HOST_PATH: Rule = Rule { counts_per_path: true, ..HOST };

pub(in crate::detect) static RULES: &[Rule] = &[
    Rule {
        id: "hostpath-root",
        title: "Root of the node's file system",
        message: "mounts the root of the node's file system",
        meaning: "Everything on the node can be read, and, if the mount is writable, changed.",
        false_positives: "Agents that back up or scan whole nodes, usually read-only.",
        confirm: &[
            Step::Fields("..hostPath", "The path, and its type."),
            Step::Fields(
                "..volumeMounts",
                "readOnly: true on every mount of it lowers the danger to reading; everything else means \
                 root on the node.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Secrets],
            attack: "Read-only or not, kubelet credentials and the tokens and Secrets of all pods on the \
                     node were readable.",
            benign: "Mount the one directory that is needed, readOnly: true. A backup of whole nodes is \
                     done by the platform (disk snapshots), not from a pod.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1611"],
        references: &[links::VOLUMES, links::POD_SECURITY],
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
        confirm: &[
            Step::Fields("..hostPath", "The socket, or a directory above it."),
            Step::Object("What talks to it: docker, crictl, ctr, nerdctl or a library."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Containers started through the socket are unknown to the API server and survive the \
                     Job. List them on the node with crictl ps -a, ctr -n k8s.io containers list or docker \
                     ps -a.",
            benign: "Build images with a rootless builder (BuildKit, Buildah) that needs no socket. The \
                     kubelet removes unused images itself (imageGCHighThresholdPercent).",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1610", "T1611"],
        references: &[links::DOCKER_SOCKET, links::POD_SECURITY, links::VOLUMES],
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
            Sample::Hit(45, r"volumes: [{name: v, hostPath: {path: '\\.\pipe\docker_engine'}}]"),
            Sample::Hit(45, "volumes: [{name: v, hostPath: {path: //./pipe/containerd-containerd}}]"),
            Sample::Miss("volumes: [{name: v, hostPath: {path: /var/run/docker.sock.d}}]"),
            Sample::Miss(r"volumes: [{name: v, hostPath: {path: '\\.\pipe\csi-proxy-disk-v1'}}]"),
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
        confirm: &[
            Step::Fields(
                "..hostPath",
                "Which socket: systemd and D-Bus start units, libvirt and LXD start machines.",
            ),
            Step::Object("What is sent to it: systemctl, busctl, virsh, lxc."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Look on the node for transient and new units (systemctl list-units, list-unit-files), \
                     for machines (virsh list --all, lxc list), and in the journal of that time.",
            benign: "Metrics of systemd come from an agent on the node. For a restart of a service use the \
                     tool that manages the node.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1611", "T1543.002"],
        references: &[links::VOLUMES, links::POD_SECURITY],
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
        confirm: &[
            Step::Fields(
                "..hostPath",
                "Which credentials: /etc/kubernetes and pki are the control plane, /var/lib/kubelet the \
                 tokens of all pods of the node, /var/lib/etcd every Secret, /root and /home people.",
            ),
            Step::Fields(
                "..nodeSelector",
                "Whether it was put on a control plane node, where this is worth most.",
            ),
            Step::Object("What is done with the files: copied, sent, or only listed and checked."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Secrets, Exposure::ControlPlane],
            attack: "Reading was enough, and leaves no trace on the node. Rotate by what the path held, \
                     beginning with the cluster's certificate authority.",
            benign: "Mount the single file that is needed, readOnly: true. Benchmarks such as kube-bench \
                     run rarely, from a pinned image, in a namespace that is theirs.",
        },
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1552.001", "T1552.004", "T1528"],
        references: &[links::VOLUMES, links::SECRET_PRACTICES],
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
        confirm: &[
            Step::Fields("..hostPath", "The directory: cron, systemd, /usr, CNI plug-ins, static manifests."),
            Step::Fields("..volumeMounts", "Whether any mount of it is writable."),
            Step::Object("What is written there."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Compare the directory on each node it ran on with a fresh node of the same image: \
                     what is new or changed was run, or will be.",
            benign: "Install such files with the node image. A CNI or driver installer is a DaemonSet of \
                     its vendor that mounts only its own directory.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1053.003", "T1543", "T1611"],
        references: &[links::VOLUMES, links::POD_SECURITY],
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
        confirm: &[
            Step::Fields("..hostPath", "/proc, /sys or /dev, or a part of it."),
            Step::Fields(
                "..volumeMounts",
                "readOnly: true on all mounts is what exporters of metrics need; writable reaches \
                 core_pattern, release_agent and devices.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "See on the node /proc/sys/kernel/core_pattern and modprobe, and release_agent files \
                     under /sys/fs/cgroup: a path in them that you do not know is the attacker's program.",
            benign: "Mount read-only, and only what is read. Devices come through a device plugin, kernel \
                     parameters from the node's configuration.",
        },
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1611"],
        references: &[links::VOLUMES, links::POD_SECURITY],
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
        confirm: &[
            Step::Fields("..hostPath", "/var/log or a part of it."),
            Step::Fields(
                "..volumeMounts",
                "A writable mount allows links to other files of the node, which the kubelet then serves \
                 as logs.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Secrets],
            attack: "Look for symbolic links below /var/log on the node (find /var/log -type l) that lead \
                     out of /var/log/pods and /var/lib/docker.",
            benign: "Mount readOnly: true. Rotation is done by the kubelet (containerLogMaxSize) and \
                     logrotate on the node.",
        },
        severity: Severity::Low,
        points: 10,
        techniques: &["T1611", "T1005"],
        references: &[links::LOGGING, links::VOLUMES],
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
        confirm: &[Step::Fields("..hostPath", "The path, and what else on the node uses it.")],
        remedy: Remedy {
            exposes: &[],
            attack: "Look at the directory on the node for files that were left there for another pod or \
                     process to pick up.",
            benign: "Use a PersistentVolumeClaim, a local volume, or an emptyDir if the data need not stay.",
        },
        severity: Severity::None,
        points: 5,
        techniques: &["T1611"],
        references: &[links::VOLUMES],
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
        confirm: &[
            Step::Fields("..hostPath", "The device; on the node, lsblk says what is on it."),
            Step::Fields("..volumeDevices", "A claim in block mode: mostly a disk of the workload's own."),
            Step::Object("What opens it: dd, mount, debugfs, mkfs, or the tool of a storage system."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Secrets],
            attack: "The whole disk could be read and changed below all permissions: nothing on it can be \
                     trusted, also when its files look right.",
            benign: "Use a claim with volumeMode: Block for a disk of its own. Disks are prepared by the \
                     storage operator, on devices listed by stable names.",
        },
        severity: Severity::Medium,
        points: 30,
        techniques: &["T1006", "T1611"],
        references: &[links::VOLUMES, links::POD_SECURITY],
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
