//! What a path of the node is worth to an attacker.

use super::super::facts::HostMount;
use super::windows::counterpart;
use crate::normalize::path::{canonical, of_process};
use crate::severity::Severity;

/// A path belongs to the first class that fits. From the worst to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::detect) enum Class {
    Root,
    RuntimeSocket,
    ControlSocket,
    ExecSurface,
    Credential,
    Disk,
    Kernel,
    Log,
    Other,
}

/// Sockets by which containers are started. `/var/run` is `/run` after normalisation.
const RUNTIME_SOCKETS: [&str; 14] = [
    "/run/docker.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
    "/run/dockershim.sock",
    "/run/podman/podman.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/k0s/containerd.sock",
    "/run/rke2/containerd/containerd.sock",
    "/run/isulad.sock",
    "/run/balena-engine.sock",
    // Plug-ins of the runtime change every container that it starts.
    "/run/nri/nri.sock",
    "/var/snap/microk8s/common/run/containerd.sock",
];

/// Names of such sockets, wherever they lie: rootless runtimes put them below `/run/user`.
const RUNTIME_SOCKET_NAMES: [&str; 6] =
    ["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock", "dockershim.sock"];

/// Sockets by which services and machines are started.
const CONTROL_SOCKETS: [&str; 6] = [
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/run/libvirt/libvirt-sock",
    "/run/lxd.socket",
    "/var/lib/lxd/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket",
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

/// Below exec surfaces, what ordinary pods read: public by nature, the same on every node.
const PUBLIC_FILES: [&str; 9] = [
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/ssl/certs",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/usr/share/ca-certificates",
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

/// Keys or tokens outright: reading them is enough.
const KEYS: [&str; 11] = [
    "/etc/kubernetes/pki",
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/super-admin.conf",
    "/etc/kubernetes/azure.json",
    "/var/lib/kubelet/pods",
    "/var/lib/kubelet/pki",
    "/root/.ssh",
    "/etc/shadow",
    "/etc/rancher/k3s/k3s.yaml",
    "/var/lib/rancher/k3s/server/cred",
    "/var/lib/rancher/k3s/server/tls",
];

/// Folders in which users keep keys, below any home.
const KEY_FOLDERS: [&str; 6] = [".ssh", ".aws", ".azure", ".kube", ".gnupg", ".config/gcloud"];

const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// The beginnings of the names of disks, and memory, in `/dev`.
const DISKS: [&str; 14] =
    ["sd", "nvme", "vd", "xvd", "hd", "dm-", "md", "loop", "mapper", "disk", "block", "mem", "kmem", "port"];

/// Devices that give no access to the node, and that hardware needs in pods.
const ORDINARY_DEVICES: [&str; 22] = [
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "shm",
    "hugepages",
    "dri",
    "kfd",
    "nvidia",
    "fuse",
    "kvm",
    "vhost-net",
    "net/tun",
    "snd",
    "video",
    "bus/usb",
    "ttyUSB",
    "ttyACM",
    "serial",
    "infiniband",
    "rtc",
];

const LOGS: [&str; 2] = ["/var/log", "/run/log"];

impl Class {
    /// The class of a path on the node, in canonical form, and of the `type` that its volume asks for.
    pub(in crate::detect) fn of_path(path: &str, kind: &str, writable: bool) -> Self {
        let counterpart = counterpart(path);
        let path = counterpart.as_deref().unwrap_or(path);
        let seen_through = of_process(path).map(|(_, below)| canonical(&below));
        let path = seen_through.as_deref().unwrap_or(path);
        let at = |bases: &[&str]| bases.iter().any(|base| within(path, base));
        let over = |targets: &[&str]| targets.iter().any(|target| within(target, path));
        // Some distributions have sockets far below these, so most often they lead to none.
        let over_socket = |targets: &[&str]| !matches!(path, "/var" | "/var/lib") && over(targets);
        let file = path.rsplit('/').next().unwrap_or_default();
        let device = path.strip_prefix("/dev/").unwrap_or_default();
        let is_device =
            |names: &[&str]| !device.is_empty() && names.iter().any(|name| device.starts_with(name));
        if path == "/" {
            Self::Root
        } else if over_socket(&RUNTIME_SOCKETS) || RUNTIME_SOCKET_NAMES.contains(&file) {
            Self::RuntimeSocket
        } else if over_socket(&CONTROL_SOCKETS) {
            Self::ControlSocket
        } else if is_device(&ORDINARY_DEVICES) {
            Self::Other
        } else if kind == "BlockDevice" || is_device(&DISKS) {
            Self::Disk
        } else if !writable && at(&PUBLIC_FILES) {
            Self::Other
        } else if !writable && (at(&CREDENTIALS) || over(&KEYS) || is_key(path)) {
            Self::Credential
        } else if at(&EXEC_SURFACES) || (writable && over(&EXEC_SURFACES)) || over(&["/opt/cni"]) {
            Self::ExecSurface
        } else if at(&CREDENTIALS) || over(&CREDENTIALS) || is_key(path) {
            Self::Credential
        } else if at(&KERNEL) {
            Self::Kernel
        } else if at(&LOGS) {
            Self::Log
        } else {
            Self::Other
        }
    }

    /// Severity and points of a mount of this class.
    pub(in crate::detect) fn weight(self, mount: &HostMount) -> (Severity, i32) {
        let path = mount.host_path.as_str();
        match (self, mount.writable) {
            (Self::Root, false) => (Severity::Medium, 25),
            (Self::RuntimeSocket, _) => (Severity::High, 45),
            (Self::ExecSurface, true) if within(path, STATIC_PODS) => (Severity::High, 45),
            (Self::Root | Self::ExecSurface, true) | (Self::ControlSocket, _) => (Severity::Medium, 35),
            (Self::ExecSurface | Self::Kernel, false) => (Severity::Low, 6),
            // The read-only flag of a mount says nothing about what is written to a device.
            (Self::Disk, _) | (Self::Credential | Self::Kernel, true) => (Severity::Medium, 30),
            (Self::Credential, false) if is_key(path) => (Severity::Medium, 22),
            (Self::Credential, false) => (Severity::Low, 15),
            (Self::Log, true) => (Severity::Low, 10),
            (Self::Log, false) => (Severity::None, 4),
            (Self::Other, true) => (Severity::None, 5),
            (Self::Other, false) => (Severity::None, 2),
        }
    }
}

/// Whether `path` is `base` or lies below it. Both are in canonical form, so nothing has to be resolved again.
fn within(path: &str, base: &str) -> bool {
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || base == "/")
}

fn is_key(path: &str) -> bool {
    let in_key_folder = |folder: &str| {
        path.match_indices(folder).any(|(at, _)| {
            let before = path.get(..at).unwrap_or_default();
            let after = path.get(at + folder.len()..).unwrap_or_default();
            before.ends_with('/') && (after.is_empty() || after.starts_with('/'))
        })
    };
    KEYS.iter().any(|key| within(path, key)) || KEY_FOLDERS.iter().any(|folder| in_key_folder(folder))
}
