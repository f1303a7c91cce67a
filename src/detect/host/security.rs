//! Security contexts: what a container may do to the kernel that it shares with the node.

use super::super::catalog::{Rule, Sample};
use super::super::facts::Facts;
use super::super::findings::Collector;
use super::HOST;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::normalize::path::canonical;
use crate::severity::Severity;
use crate::workload::settings::Security;

/// Capabilities with which a root process leaves its container for certain.
const TAKES_NODE: [&str; 5] = ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"];

/// Capabilities that open the kernel to attacks, or that stop or blind the node.
const ATTACKS_KERNEL: [&str; 5] = ["BPF", "PERFMON", "SYS_BOOT", "MAC_ADMIN", "MAC_OVERRIDE"];

/// Capabilities over the network, devices and the kernel's log.
const OVER_NETWORK: [&str; 4] = ["NET_ADMIN", "NET_RAW", "MKNOD", "SYSLOG"];

/// Sysctls of `kernel.*` that Kubernetes itself holds for safe.
const SAFE_KERNEL_SYSCTLS: [&str; 1] = ["kernel.shm_rmid_forced"];

/// Types of `seLinuxOptions` that confine nothing.
const UNCONFINED_TYPES: [&str; 3] = ["spc_t", "unconfined_t", "container_runtime_t"];

/// The beginnings of annotations that choose a profile, from before there were fields for it.
const PROFILE_ANNOTATIONS: [&str; 3] = [
    "container.apparmor.security.beta.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
    "seccomp.security.alpha.kubernetes.io/pod",
];

pub(in crate::detect) static RULES: &[Rule] = &[
    Rule {
        id: "host-dangerous-capability",
        title: "Capability that reaches the node",
        message: "adds a capability that reaches the node",
        meaning: "With SYS_ADMIN, SYS_MODULE, SYS_RAWIO or DAC_READ_SEARCH a root process leaves its container: \
                  it mounts the node's disk, loads a kernel module, or opens files of the node by their handle. \
                  The others read the node's memory, stop it, or enter its processes. In a user namespace of its \
                  own (`hostUsers: false`) they reach much less.",
        false_positives: "Performance tools, image builds (buildkit), storage drivers.",
        confirm: &[
            Step::Fields("..capabilities", "Which capability, in which container."),
            Step::Fields(
                "..hostUsers",
                "false: a user namespace of its own, in which most of these reach nothing of the node.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "What to look for on the node depends on the capability: mounts (SYS_ADMIN), modules \
                     (SYS_MODULE, lsmod), foreign files (DAC_READ_SEARCH), other processes (SYS_PTRACE).",
            benign: "Drop ALL and add back only what is needed. With hostUsers: false many programs that \
                     want SYS_ADMIN work inside a user namespace.",
        },
        severity: Severity::Medium,
        points: 40,
        techniques: &["T1611"],
        references: &[links::CAPABILITIES, links::SECURITY_CONTEXT, links::USER_NAMESPACES],
        gives_node_access: true,
        check: |facts, found| {
            each_capability(facts, |container, path, written, capability| {
                if let Some((severity, points)) = danger(facts, capability) {
                    found.hit_as(severity, points, Some(container), path, written);
                }
            });
        },
        samples: &[
            Sample::Hit(40, "containers: [{name: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]"),
            Sample::Hit(
                40,
                "containers: [{name: a, securityContext: {capabilities: {add: [cap_sys_module]}}}]",
            ),
            Sample::Hit(
                40,
                "initContainers: [{name: a, restartPolicy: Always, securityContext: {privileged: false, capabilities: {drop: [ALL], add: [all]}}}]",
            ),
            Sample::Hit(35, "containers: [{name: a, securityContext: {capabilities: {add: [BPF]}}}]"),
            Sample::Hit(18, "containers: [{name: a, securityContext: {capabilities: {add: [SYS_PTRACE]}}}]"),
            Sample::Hit(
                40,
                "hostPID: true\ncontainers: [{name: a, securityContext: {capabilities: {add: [SYS_PTRACE]}}}]",
            ),
            Sample::Hit(
                12,
                "hostUsers: false\ncontainers: [{name: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]",
            ),
            Sample::Miss("containers: [{name: a, securityContext: {capabilities: {drop: [ALL]}}}]"),
            Sample::Miss(
                "containers: [{name: a, securityContext: {capabilities: {drop: [SYS_ADMIN], add: [NET_BIND_SERVICE, CHOWN]}}}]",
            ),
        ],
        ..HOST
    },
    Rule {
        id: "host-network-capability",
        title: "Capability over network or devices",
        message: "adds a capability over the network or devices",
        meaning: "The container can forge packets, listen to others, change routes, make device files or read the \
                  kernel's log. With the node's network, this is the network of the node.",
        false_positives: "VPNs, network plug-ins, ping.",
        confirm: &[
            Step::Fields("..capabilities", "NET_ADMIN, NET_RAW, MKNOD or SYSLOG."),
            Step::Fields("..hostNetwork", "true makes it the node's network instead of the pod's."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "With hostNetwork, look on the node for changed routes, rules and addresses (ip route, \
                     nft list ruleset).",
            benign: "Drop ALL. ping works without NET_RAW where net.ipv4.ping_group_range allows it; a VPN \
                     belongs into a DaemonSet or a gateway.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1557", "T1040"],
        references: &[links::CAPABILITIES, links::SECURITY_CONTEXT],
        check: |facts, found| {
            each_capability(facts, |container, path, written, capability| {
                if OVER_NETWORK.contains(&capability) {
                    found.hit(Some(container), path, written);
                }
            });
        },
        samples: &[
            Sample::Hit(8, "containers: [{name: a, securityContext: {capabilities: {add: [NET_ADMIN]}}}]"),
            Sample::Miss(
                "containers: [{name: a, securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}}]",
            ),
        ],
        ..HOST
    },
    Rule {
        id: "host-unconfined-lsm",
        title: "Security profile switched off",
        message: "switches off seccomp, AppArmor or SELinux",
        meaning: "What stops most attacks on the kernel from inside a container is turned off.",
        false_positives: "Builds of images without root, tools for debugging.",
        confirm: &[
            Step::Fields(
                "..securityContext",
                "seccompProfile, appArmorProfile or seLinuxOptions that say Unconfined or spc_t.",
            ),
            Step::Fields(
                "..metadata.annotations",
                "The older form: container.apparmor.security.beta.kubernetes.io/….",
            ),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "It makes an exploit of the kernel possible and is none. Look at the other findings \
                     and at crashes or taint messages in the node's kernel log.",
            benign: "Set seccompProfile.type: RuntimeDefault. Where one system call is missing, use a \
                     Localhost profile that allows that one.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1685"],
        references: &[links::SECCOMP, links::KERNEL_SECURITY],
        check: unconfined,
        samples: &[
            Sample::Hit(6, "containers: [{name: a, securityContext: {seccompProfile: {type: Unconfined}}}]"),
            Sample::Hit(6, "securityContext: {appArmorProfile: {type: Unconfined}}"),
            Sample::Hit(6, "containers: [{name: a, securityContext: {seLinuxOptions: {type: spc_t}}}]"),
            Sample::HitObject(
                6,
                "kind: Job\nspec: {template: {metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}}}",
            ),
            Sample::Miss("securityContext: {seccompProfile: {type: RuntimeDefault}}"),
            Sample::MissObject(
                "kind: Job\nspec: {template: {metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: runtime/default}}}}",
            ),
        ],
        ..HOST
    },
    Rule {
        id: "host-proc-unmasked",
        title: "Unmasked /proc",
        message: "uncovers the kernel's files in /proc",
        meaning: "Container runtimes hide or protect the parts of /proc by which the kernel is read and changed. \
                  With any procMount but the default they are open.",
        false_positives: "Builds of images without root, in a user namespace.",
        confirm: &[
            Step::Fields("..procMount", "Unmasked."),
            Step::Fields("..hostUsers", "Should be false: the API server asks for a user namespace with it."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Without a user namespace, see on the node /proc/sys/kernel/core_pattern and modprobe \
                     for changes.",
            benign: "Leave it at Default. Nested image builds that need it run with hostUsers: false.",
        },
        severity: Severity::Low,
        points: 15,
        techniques: &["T1611"],
        references: &[links::SECURITY_CONTEXT, links::USER_NAMESPACES],
        check: |facts, found| {
            for container in &facts.workload.containers {
                let security = &container.settings.security;
                if !matches!(security.proc_mount.as_str(), "" | "Default") {
                    let path = format!("{}.procMount", security.path);
                    found.hit(Some(&container.name), &path, &format!("procMount: {}", security.proc_mount));
                }
            }
        },
        samples: &[
            Sample::Hit(15, "containers: [{name: a, securityContext: {procMount: Unmasked}}]"),
            Sample::Miss("containers: [{name: a, securityContext: {procMount: Default}}]"),
        ],
        ..HOST
    },
    Rule {
        id: "host-unsafe-sysctl",
        title: "Unsafe kernel parameter",
        message: "sets a kernel parameter that reaches the node",
        meaning: "A value with `+`, `=` or `|` breaks out of the parameter that it is given for: CRI-O passed on \
                  `1+kernel.core_pattern=|/…` to the kernel, which then runs that program on the node as root \
                  (CVE-2022-0811). Without them, parameters of `kernel.*` beyond the safe ones still change the \
                  memory and messages shared within the pod.",
        false_positives: "Databases that raise `kernel.shmmax` or `kernel.sem`. A value that breaks out has none.",
        confirm: &[
            Step::Fields(
                "..sysctls",
                "Name and value. +, = or | in a value is the attack on CRI-O (CVE-2022-0811).",
            ),
            Step::Run(
                "kubectl get nodes -o wide",
                "CONTAINER-RUNTIME: CRI-O from 1.19 without the fix is open to it.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "See on the node /proc/sys/kernel/core_pattern: a program in it that you do not know \
                     ran as root at the next crash. Update CRI-O.",
            benign: "Keep to the safe set. Memory parameters of databases are set on a node pool of their \
                     own, and allowed there by the kubelet (allowedUnsafeSysctls).",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1611"],
        references: &[links::SYSCTLS, links::CVE_2022_0811],
        gives_node_access: true,
        check: |facts, found| {
            for (name, value, path) in &facts.workload.pod.sysctls {
                let evidence = format!("{name}={value}");
                // The name alone proves nothing: the attack goes through the value of an allowed one.
                if value.contains(['+', '=', '|']) {
                    found.hit(None, path, &evidence);
                } else if canonical_sysctl(name).starts_with("kernel.")
                    && !SAFE_KERNEL_SYSCTLS.contains(&canonical_sysctl(name).as_str())
                {
                    found.hit_as(Severity::Low, 12, None, path, &evidence);
                }
            }
        },
        samples: &[
            Sample::Hit(
                45,
                "securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: '1+kernel.core_pattern=|/x #'}]}",
            ),
            Sample::Hit(12, "securityContext: {sysctls: [{name: kernel/msgmax, value: '65536'}]}"),
            Sample::Miss("securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: '1'}]}"),
            Sample::Miss(
                "securityContext: {sysctls: [{name: net.ipv4.ip_local_port_range, value: '1024 65535'}]}",
            ),
        ],
        ..HOST
    },
    Rule {
        id: "host-workingdir-proc-fd",
        title: "Working directory in a leaked descriptor",
        message: "starts in a directory that the runtime left open",
        meaning: "A working directory of /proc/self/fd/N is a file that the container runtime had open on the \
                  node: on a runc without the fix for CVE-2024-21626 the process stands in the node's file system.",
        false_positives: "None known.",
        confirm: &[
            Step::Fields("..workingDir", "/proc/self/fd/N."),
            Step::Run(
                "kubectl get nodes -o wide",
                "CONTAINER-RUNTIME. runc before 1.1.12 (containerd, CRI-O and Docker bundle it) has the \
                 flaw.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "The process stood in the node's file system before it ran anything. Treat every node \
                     with an old runc on which it started as lost. Update runc.",
            benign: "There is no use for such a working directory.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1611"],
        references: &[links::CVE_2024_21626],
        gives_node_access: true,
        check: |facts, found| {
            for container in &facts.workload.containers {
                let directory = &container.settings.working_dir;
                if is_open_file(directory) {
                    let path = format!("{}.workingDir", container.path);
                    found.hit(Some(&container.name), &path, directory);
                }
            }
        },
        samples: &[
            Sample::Hit(45, "containers: [{name: a, workingDir: /proc/self/fd/8}]"),
            Sample::Hit(45, "containers: [{name: a, workingDir: //proc/./1//fd/7/..}]"),
            Sample::Hit(45, "containers: [{name: a, workingDir: /dev/fd/9}]"),
            Sample::Miss("containers: [{name: a, workingDir: /proc/self}]"),
            Sample::Miss("containers: [{name: a, workingDir: /srv/proc/self/fd/8}]"),
        ],
        ..HOST
    },
    Rule {
        id: "host-root-user",
        title: "Root user requested",
        message: "asks to run as root",
        meaning: "Root in the container is root on the node once it gets out, unless user namespaces are in use. \
                  Of little weight alone: most images run as root without asking.",
        false_positives: "Package installation, changing the owner of volumes.",
        confirm: &[Step::Fields("..runAsUser", "0, for the pod or a container.")],
        remedy: Remedy {
            exposes: &[],
            attack: "It only matters together with a way out of the container; see the other findings.",
            benign: "Set runAsNonRoot: true and a user, fsGroup for the ownership of volumes, and \
                     hostUsers: false where root is needed inside.",
        },
        severity: Severity::None,
        points: 1,
        techniques: &["T1611"],
        references: &[links::SECURITY_CONTEXT, links::USER_NAMESPACES],
        check: |facts, found| {
            let workload = facts.workload;
            let containers = workload
                .containers
                .iter()
                .map(|container| (Some(container.name.as_str()), &container.settings.security));
            let all = [(None, &workload.pod.security)].into_iter().chain(containers);
            for (container, security) in all.filter(|(_, security)| security.run_as_user == Some(0)) {
                found.hit(container, &format!("{}.runAsUser", security.path), "runAsUser: 0");
            }
        },
        samples: &[
            Sample::Hit(1, "securityContext: {runAsUser: 0}"),
            Sample::Hit(1, "containers: [{name: a, securityContext: {runAsUser: 0}}]"),
            Sample::Miss("securityContext: {runAsUser: 1000, runAsGroup: 0}"),
        ],
        ..HOST
    },
];

/// Calls `visit` with container, field path, capability as written, and its name in one spelling.
fn each_capability(facts: &Facts<'_>, mut visit: impl FnMut(&str, &str, &str, &str)) {
    for container in &facts.workload.containers {
        for (written, path) in &container.settings.security.added_capabilities {
            visit(&container.name, path, written, &capability(written));
        }
    }
}

/// A capability's name without `CAP_`, in upper case: runtimes take it in any.
fn capability(written: &str) -> String {
    let upper = written.trim().to_ascii_uppercase();
    upper.strip_prefix("CAP_").map_or_else(|| upper.clone(), ToOwned::to_owned)
}

/// Severity and points of a capability, if it is a dangerous one.
fn danger(facts: &Facts<'_>, capability: &str) -> Option<(Severity, i32)> {
    let pod = &facts.workload.pod;
    let points = match capability {
        "SYS_PTRACE" if pod.host_pid => 40,
        "SYS_PTRACE" => 18,
        _ if TAKES_NODE.contains(&capability) => 40,
        _ if ATTACKS_KERNEL.contains(&capability) => 35,
        _ => return None,
    };
    // Of a user namespace of its own, root has power over nothing outside; what is left is the kernel itself.
    Some(match (pod.own_users, points) {
        (true, _) => (Severity::Low, 12),
        (false, 18) => (Severity::Low, 18),
        (false, _) => (Severity::Medium, points),
    })
}

/// Whether a dangerous capability is spelled in a way that a comparison by letter overlooks. `CAP_` in front
/// is an everyday mistake, small letters are not.
pub(in crate::detect) fn disguised_capabilities(facts: &Facts<'_>, found: &mut Collector<'_>) {
    each_capability(facts, |container, path, written, capability| {
        if danger(facts, capability).is_some() && written.chars().any(|letter| letter.is_ascii_lowercase()) {
            found.hit(Some(container), path, written);
        }
    });
}

fn canonical_sysctl(name: &str) -> String {
    name.replace('/', ".")
}

fn unconfined(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let workload = facts.workload;
    unconfined_in(None, &workload.pod.security, found);
    for container in &workload.containers {
        unconfined_in(Some(&container.name), &container.settings.security, found);
    }
    // Only the pod's own annotations have this meaning.
    for metadata in workload.metadata.iter().filter(|metadata| metadata.path.ends_with(".template.metadata"))
    {
        for (key, value) in &metadata.annotations {
            let chooses = PROFILE_ANNOTATIONS.iter().any(|beginning| key.starts_with(beginning));
            if chooses && value == "unconfined" {
                found.hit(None, &format!("{}.annotations", metadata.path), &format!("{key}: {value}"));
            }
        }
    }
}

fn unconfined_in(container: Option<&str>, security: &Security, found: &mut Collector<'_>) {
    for (name, kind) in [("seccompProfile", &security.seccomp), ("appArmorProfile", &security.app_armor)] {
        if kind == "Unconfined" {
            found.hit(container, &format!("{}.{name}.type", security.path), &format!("{name}: {kind}"));
        }
    }
    if UNCONFINED_TYPES.contains(&security.se_linux.as_str()) {
        let path = format!("{}.seLinuxOptions.type", security.path);
        found.hit(container, &path, &format!("seLinuxOptions: {}", security.se_linux));
    }
}

/// Whether a path is an open file of a process. Read before `..` is resolved: the attack uses it to climb.
fn is_open_file(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let is_process = |part: &str| {
        matches!(part, "self" | "thread-self")
            || (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let written = match parts.as_slice() {
        ["dev", "fd", ..] => true,
        ["proc", process, "fd", ..] => is_process(process),
        _ => false,
    };
    let resolved = canonical(path);
    path.starts_with('/')
        && (written
            || resolved.starts_with("/dev/fd/")
            || resolved.strip_prefix("/proc/").and_then(|rest| rest.split_once('/')).is_some_and(
                |(process, rest)| is_process(process) && (rest == "fd" || rest.starts_with("fd/")),
            ))
}
