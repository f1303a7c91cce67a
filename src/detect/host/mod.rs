//! Access to the node: privileged containers, the node's namespaces and users, host paths.

mod class;
pub(super) mod paths;
pub(super) mod security;
pub(super) mod volumes;
mod windows;

pub(super) use class::Class;

use super::catalog::{RULE, Rule, Sample};
use super::facts::Facts;
use super::findings::Collector;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::score::Family;
use crate::severity::Severity;

/// The defaults of the family.
const HOST: Rule = Rule { family: Family::Host, ..RULE };

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "host-privileged",
        title: "Privileged container",
        message: "runs a privileged container",
        meaning: "A privileged container has every capability and sees the node's devices: whoever runs code in \
                  it can take over the node.",
        false_positives: "Docker-in-Docker builds, node tuning, storage and network drivers.",
        confirm: &[
            Step::Fields(
                "..securityContext",
                "Which container is privileged. In an init container or sidecar it counts just the same.",
            ),
            Step::Fields("..image", "Whose image it is: the vendor of a node agent, or a shell."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Look on the node for mounts of its disk, new containers that only crictl shows, \
                     changed files under /etc and loaded kernel modules (lsmod).",
            benign: "Replace privileged: true by the one capability that is needed, or by a device plugin. \
                     Build images with a rootless builder. Enforce the Pod Security level baseline on the \
                     namespace.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1610", "T1611"],
        references: &[links::POD_SECURITY, links::SECURITY_CONTEXT],
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
        id: "host-windows-process",
        title: "Windows HostProcess container",
        message: "runs on a Windows node as a process of the host",
        meaning: "A HostProcess container is no container: it runs on the node itself, mostly as SYSTEM, and sees \
                  its files, its network and the credentials of the kubelet.",
        false_positives: "Agents that set up Windows nodes: network plug-ins, drivers, log collection.",
        confirm: &[Step::Fields(
            "..windowsOptions",
            "hostProcess and runAsUserName: NT AUTHORITY\\SYSTEM is the whole node.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Look on the node for new services, scheduled tasks, local users and the kubeconfig of \
                     the kubelet.",
            benign: "Only node agents need it. Run them as a DaemonSet in a namespace of their own, with \
                     runAsUserName: NT AUTHORITY\\Local service where that is enough.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1611"],
        references: &[links::HOST_PROCESS, links::POD_SECURITY],
        gives_node_access: true,
        check: |facts, found| {
            let workload = facts.workload;
            let pod = [(None, &workload.pod.security)];
            let containers = workload
                .containers
                .iter()
                .map(|container| (Some(container.name.as_str()), &container.settings.security));
            for (container, security) in pod.into_iter().chain(containers) {
                if security.host_process {
                    let path = format!("{}.windowsOptions.hostProcess", security.path);
                    found.hit(container, &path, "hostProcess: true");
                }
            }
        },
        samples: &[
            Sample::Hit(45, "securityContext: {windowsOptions: {hostProcess: true}}"),
            Sample::Hit(
                45,
                "containers: [{name: a, securityContext: {windowsOptions: {hostProcess: true}}}]",
            ),
            Sample::Miss(
                "containers: [{name: a, securityContext: {windowsOptions: {hostProcess: false, runAsUserName: ContainerUser}}}]",
            ),
        ],
        ..HOST
    },
    Rule {
        id: "host-pid",
        title: "Node's process namespace",
        message: "sees the processes of the node",
        meaning: "The pod sees the environment and the files of every process on the node, those of other pods \
                  among them. As root it can read their secrets; with SYS_PTRACE or privileged it can enter them.",
        false_positives: "Benchmarks of the node (kube-bench), profilers.",
        confirm: &[
            Step::Fields("..hostPID", "true."),
            Step::Fields(
                "..securityContext",
                "With privileged, SYS_PTRACE or SYS_ADMIN it can enter the node's processes; without, as \
                 root, still read their environment.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Secrets],
            attack: "Environment variables of all processes on the node could be read: rotate the \
                     credentials that pods on it get as variables.",
            benign: "Leave hostPID out. Profile from within the same pod by shareProcessNamespace, or with \
                     kubectl debug --target.",
        },
        severity: Severity::Low,
        points: 18,
        techniques: &["T1611", "T1057"],
        references: &[links::POD_SECURITY, links::SHARE_PROCESS],
        check: |facts, found| pod_flag(facts, found, facts.workload.pod.host_pid, "hostPID"),
        samples: &[Sample::Hit(18, "hostPID: true"), Sample::Miss("hostPID: false")],
        ..HOST
    },
    Rule {
        id: "host-network",
        title: "Node's network namespace",
        message: "shares the node's network",
        meaning: "The pod sees the node's interfaces and its loopback services, and is not bound by most network \
                  policies.",
        false_positives: "Network and DNS checks, etcd backups.",
        confirm: &[
            Step::Fields("..hostNetwork", "true."),
            Step::Run(
                "kubectl get nodes -o wide",
                "The addresses under which the pod appears: look for these, not for a pod address, in flow \
                 logs.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Services on the node's loopback and the cloud's metadata service were within reach, \
                     past network policies. See the page of cmd-cloud-metadata if the cluster is in a \
                     cloud.",
            benign: "Leave hostNetwork out; a check of DNS or connections works from the pod network. An \
                     etcd backup on a control plane node is the usual exception.",
        },
        severity: Severity::Low,
        points: 15,
        techniques: &["T1610", "T1557"],
        references: &[links::POD_SECURITY, links::NETWORK_POLICY],
        check: |facts, found| pod_flag(facts, found, facts.workload.host_network, "hostNetwork"),
        samples: &[Sample::Hit(15, "hostNetwork: true"), Sample::Miss("hostNetwork: false")],
        ..HOST
    },
    Rule {
        id: "host-ipc",
        title: "Node's IPC namespace",
        message: "shares the node's inter-process communication",
        meaning: "The pod reads and writes the shared memory and the message queues of the node's processes.",
        false_positives: "Rare: some GPU and database workloads that share memory with a daemon of the node.",
        confirm: &[Step::Fields(
            "..hostIPC",
            "true. Ask which process of the node it shares memory with; if nobody knows, it is not \
                 needed.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Data that processes on the node keep in shared memory (databases, GPU services) could \
                     be read and changed.",
            benign: "Leave it out: containers of one pod share IPC already, and a memory-backed emptyDir \
                     at /dev/shm gives more of it.",
        },
        severity: Severity::Low,
        points: 15,
        techniques: &["T1610"],
        references: &[links::POD_SECURITY],
        check: |facts, found| pod_flag(facts, found, facts.workload.pod.host_ipc, "hostIPC"),
        samples: &[
            Sample::Hit(15, "hostIPC: true"),
            Sample::Miss("volumes: [{name: shm, emptyDir: {medium: Memory}}]"),
        ],
        ..HOST
    },
    Rule {
        id: "host-port",
        title: "Port of the node",
        message: "listens on a port of the node",
        meaning: "The port is reachable at the node's address, past Services and their policies: a way to be \
                  reached that a Job rarely needs.",
        false_positives: "Answering an ACME challenge, tests of the network.",
        confirm: &[Step::Fields("..ports", "hostPort, and what listens there.")],
        remedy: Remedy {
            exposes: &[],
            attack: "See in flow logs who connected to the node at this port.",
            benign: "A Job is rarely a server. Publish through a Service or an Ingress; an ACME solver \
                     works through the Ingress as well.",
        },
        severity: Severity::None,
        points: 4,
        techniques: &["T1571"],
        references: &[links::POD_SECURITY],
        check: |facts, found| {
            for container in &facts.workload.containers {
                for (port, path) in &container.settings.host_ports {
                    found.hit(Some(&container.name), path, &format!("hostPort: {port}"));
                }
            }
        },
        samples: &[
            Sample::Hit(4, "containers: [{name: a, ports: [{containerPort: 80, hostPort: 80}]}]"),
            Sample::Miss("containers: [{name: a, ports: [{containerPort: 80}]}]"),
        ],
        ..HOST
    },
    Rule {
        id: "pod-share-process-namespace",
        title: "Shared process namespace",
        message: "lets its containers see each other's processes",
        meaning: "A container reads the environment and the files of the others in the pod, so a sidecar that was \
                  slipped in reaches the secrets of the workload.",
        false_positives: "Sidecars that signal the main process, debugging.",
        confirm: &[
            Step::Fields("..shareProcessNamespace", "true."),
            Step::Fields(
                "..containers[*].name",
                "Which containers share it. One that does not belong to the workload is the question.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Secrets],
            attack: "A container that was slipped in could read the environment and files of the others: \
                     rotate what they hold.",
            benign: "Signal the main process over a file in an emptyDir or a local port; native sidecars \
                     (init containers with restartPolicy: Always) end with the Job by themselves.",
        },
        severity: Severity::None,
        points: 4,
        techniques: &["T1080"],
        references: &[links::SHARE_PROCESS],
        check: |facts, found| {
            pod_flag(facts, found, facts.workload.pod.share_process_namespace, "shareProcessNamespace");
        },
        samples: &[
            Sample::Hit(4, "shareProcessNamespace: true"),
            Sample::Miss("shareProcessNamespace: false"),
        ],
        ..HOST
    },
];

fn pod_flag(facts: &Facts<'_>, found: &mut Collector<'_>, set: bool, field: &str) {
    if set {
        let path = format!("{}.{field}", facts.workload.kind.pod_spec_path());
        found.hit(None, &path, &format!("{field}: true"));
    }
}
