//! Access to the node: privileged containers, the host's network, host paths.

use super::catalog::{RULE, Rule, Sample};
use super::facts::{Facts, HostMount};
use super::findings::Collector;
use crate::normalize::path::{covers, within};
use crate::score::Family;
use crate::severity::Severity;

const HOST: Rule = Rule { family: Family::Host, ..RULE };
const HOST_PATH: Rule = Rule { counts_per_path: true, ..HOST };

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "host-privileged",
        message: "runs a privileged container",
        meaning: "A privileged container has every capability and sees the node's devices: whoever runs code in \
                  it can take over the node.",
        false_positives: "Docker-in-Docker builds, node tuning, storage and network drivers.",
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1610", "T1611"],
        gives_node_access: true,
        check: |facts, found| {
            for container in facts.workload.containers.iter().filter(|container| container.privileged) {
                let path = format!("{}.securityContext.privileged", container.path);
                found.hit(Some(&container.name), &path, "privileged: true");
            }
        },
        samples: &[
            Sample::Hit(35, "containers: [{name: a, securityContext: {privileged: true}}]"),
            Sample::Hit(35, "initContainers: [{name: a, securityContext: {privileged: true}}]"),
            Sample::Miss("containers: [{name: a, securityContext: {privileged: false}}]"),
            Sample::Miss("containers: [{name: privileged, args: ['privileged: true']}]"),
        ],
        ..HOST
    },
    Rule {
        id: "host-network",
        message: "shares the node's network",
        meaning: "The pod sees the node's interfaces and its loopback services, and is not bound by most network \
                  policies.",
        false_positives: "Network and DNS checks, etcd backups.",
        severity: Severity::Low,
        points: 15,
        techniques: &["T1610", "T1557"],
        check: |facts, found| {
            if facts.workload.host_network {
                let path = format!("{}.hostNetwork", facts.workload.kind.pod_spec_path());
                found.hit(None, &path, "hostNetwork: true");
            }
        },
        samples: &[Sample::Hit(15, "hostNetwork: true"), Sample::Miss("hostNetwork: false")],
        ..HOST
    },
    Rule {
        id: "hostpath-root",
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
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, volumeMounts: [{name: v, subPath: data/app, mountPath: /d}]}]",
            ),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-runtime-socket",
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
            Sample::Miss("volumes: [{name: v, hostPath: {path: /var/run/docker.sock.d}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-credential",
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
            Sample::Miss("volumes: [{name: v, hostPath: {path: /homepage}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-exec-surface",
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
            Sample::Miss("volumes: [{name: v, hostPath: {path: /etcetera}}]"),
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-kernel",
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
        ],
        ..HOST_PATH
    },
    Rule {
        id: "hostpath-log",
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
];

/// What a host path is worth to an attacker. A path belongs to the first class that fits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Root,
    RuntimeSocket,
    ExecSurface,
    Credential,
    Kernel,
    Log,
    Other,
}

/// Sockets by which containers are started. `/var/run` is `/run` after normalisation.
const RUNTIME_SOCKETS: [&str; 9] = [
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
    "/run/dockershim.sock",
    "/run/podman/podman.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/rke2/containerd/containerd.sock",
    "/var/snap/microk8s/common/run/containerd.sock",
];

/// From here the node runs what it finds.
const EXEC_SURFACES: [&str; 15] = [
    "/etc",
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/boot",
    "/opt/cni",
    "/var/spool/cron",
    "/var/lib/cloud/scripts",
    "/run/systemd/system",
    "/opt/bin",
    "/var/lib/rancher/k3s/server/manifests",
];

/// Static pods: a file here is a pod on the node, whatever the API server thinks of it.
const STATIC_PODS: &str = "/etc/kubernetes/manifests";

/// Places of credentials. Those below /etc are exec surfaces when writable.
const CREDENTIALS: [&str; 12] = [
    "/etc/kubernetes",
    "/var/lib/kubelet",
    "/var/lib/etcd",
    "/root",
    "/home",
    "/var/lib/rancher",
    "/etc/rancher",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/etc/ssh",
    "/etc/shadow",
    "/var/lib/k0s",
];

/// Among [`CREDENTIALS`], those that are keys or tokens outright: reading them is enough.
const KEYS: [&str; 4] =
    ["/etc/kubernetes/pki", "/var/lib/kubelet/pods", "/var/lib/kubelet/pki", "/root/.ssh"];

const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

impl Class {
    fn of(mount: &HostMount) -> Self {
        let path = mount.host_path.as_str();
        let at = |bases: &[&str]| bases.iter().any(|base| within(path, base));
        let over = |targets: &[&str]| targets.iter().any(|target| covers(path, target));
        if path == "/" {
            Self::Root
        } else if over(&RUNTIME_SOCKETS) {
            Self::RuntimeSocket
        } else if !mount.writable && (at(&CREDENTIALS) || over(&KEYS)) {
            Self::Credential
        } else if at(&EXEC_SURFACES) || over(&["/opt/cni"]) {
            Self::ExecSurface
        } else if at(&CREDENTIALS) || over(&CREDENTIALS) {
            Self::Credential
        } else if at(&KERNEL) {
            Self::Kernel
        } else if within(path, "/var/log") {
            Self::Log
        } else {
            Self::Other
        }
    }

    /// Severity and points of a mount of this class.
    fn weight(self, mount: &HostMount) -> (Severity, i32) {
        let path = mount.host_path.as_str();
        let is_key = || KEYS.iter().any(|key| within(path, key)) || path.ends_with("/.ssh");
        match (self, mount.writable) {
            (Self::Root, false) => (Severity::Medium, 25),
            (Self::RuntimeSocket, _) => (Severity::High, 45),
            (Self::ExecSurface, true) if within(path, STATIC_PODS) => (Severity::High, 45),
            (Self::Root | Self::ExecSurface, true) => (Severity::Medium, 35),
            (Self::ExecSurface | Self::Kernel, false) => (Severity::Low, 6),
            (Self::Credential | Self::Kernel, true) => (Severity::Medium, 30),
            (Self::Credential, false) if is_key() => (Severity::Medium, 22),
            (Self::Credential, false) => (Severity::Low, 15),
            (Self::Log, true) => (Severity::Low, 10),
            (Self::Log, false) => (Severity::None, 4),
            (Self::Other, true) => (Severity::None, 5),
            (Self::Other, false) => (Severity::None, 2),
        }
    }
}

fn hit_class(facts: &Facts<'_>, found: &mut Collector<'_>, class: Class) {
    for mount in facts.host_mounts.iter().filter(|mount| Class::of(mount) == class) {
        let (severity, points) = class.weight(mount);
        let access = if mount.writable { "" } else { " (read-only)" };
        let evidence = format!("{}{access}", mount.host_path);
        found.hit_as(severity, points, mount.container.as_deref(), &mount.path, &evidence);
    }
}
