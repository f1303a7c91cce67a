//! On which node it runs, and before whom.

use super::catalog::{RULE, Rule, Sample};
use super::facts::Facts;
use super::findings::Collector;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::score::Family;
use crate::severity::Severity;

const PLACEMENT: Rule = Rule { family: Family::Placement, ..RULE };

/// Labels and taints of the nodes of the control plane.
const CONTROL_PLANE_KEYS: [&str; 5] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/etcd",
    "node.kubernetes.io/controlplane",
];

/// Labels and fields that a single node has.
const NODE_NAME_KEYS: [&str; 2] = ["kubernetes.io/hostname", "metadata.name"];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "place-control-plane",
        title: "Control plane node requested",
        message: "asks to run on a node of the control plane",
        meaning: "Those nodes hold etcd, the keys of the cluster and the tokens of its controllers: on no other \
                  node is an escape from a container worth as much.",
        false_positives: "Backups of etcd, benchmarks of the control plane.",
        confirm: &[
            Step::Fields("..tolerations", "The control plane's taint."),
            Step::Fields("..nodeSelector", "The control plane's label."),
            Step::Fields(
                "..hostPath",
                "What of that node it mounts: without a mount or privileges the place alone gives little.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::ControlPlane],
            attack: "If it ran there with access to the node, the keys of the cluster were within reach, \
                     not only one node.",
            benign: "Backups of etcd need it; pin their image, and run them in a namespace that only \
                     administrators write to. Others: remove the toleration and the selector.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1610"],
        references: &[links::TAINTS, links::ASSIGN],
        chooses_node: true,
        check: control_plane,
        samples: &[
            Sample::Hit(8, "tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]"),
            Sample::Hit(8, "nodeSelector: {node-role.kubernetes.io/master: ''}"),
            Sample::Hit(
                8,
                "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]}]}}}",
            ),
            Sample::Miss(
                "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: node-role.kubernetes.io/control-plane, operator: DoesNotExist}]}]}}}",
            ),
            Sample::Miss("tolerations: [{key: nvidia.com/gpu, operator: Exists}]"),
        ],
        ..PLACEMENT
    },
    Rule {
        id: "place-tolerate-all",
        title: "Every taint tolerated",
        message: "tolerates every taint",
        meaning: "A toleration without a key fits every taint, that of the control plane among them: the pod may \
                  run on nodes that were set apart.",
        false_positives: "Agents that have to run on every node.",
        confirm: &[
            Step::Fields("..tolerations", "operator: Exists without a key."),
            Step::Fields("..nodeSelector", "Whether something else limits where it runs."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "See on which nodes its pods ran (below), and whether one of them was set apart, for \
                     the control plane or for other tenants.",
            benign: "Name the taints that it has to tolerate, one by one.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1610"],
        references: &[links::TAINTS],
        check: |facts, found| {
            for toleration in &facts.workload.pod.tolerations {
                if toleration.key.is_empty() && toleration.operator == "Exists" {
                    found.hit(None, &toleration.path, "operator: Exists");
                }
            }
        },
        samples: &[
            Sample::Hit(8, "tolerations: [{operator: Exists}]"),
            Sample::Hit(8, "tolerations: [{operator: Exists, effect: NoSchedule}]"),
            Sample::Miss("tolerations: [{key: dedicated, operator: Exists}]"),
            Sample::Miss("tolerations: [{key: dedicated, value: batch}]"),
        ],
        ..PLACEMENT
    },
    Rule {
        id: "place-node-name",
        title: "Node chosen by name",
        message: "chooses its node by name",
        meaning: "`nodeName` goes past the scheduler, its taints and its quotas: somebody wants this very node.",
        false_positives: "Debugging, maintenance of one node; data on a node's disk, if asked for by the label of \
                          its host name, which counts less.",
        confirm: &[
            Step::Fields("..nodeName", "The node."),
            Step::Fields("..nodeSelector", "The label of a host name, the milder form."),
            Step::Run(
                "kubectl get nodes --show-labels",
                "What is special about that node: control plane, GPUs, another tenant.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Ask what is on that node, above all which Secrets its other pods hold: that is what \
                     somebody wanted.",
            benign: "Use a label of what is needed (nodeSelector, affinity), and for data on a node's disk \
                     a local PersistentVolume, which brings the pod to it.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1610"],
        references: &[links::ASSIGN, links::VOLUMES],
        chooses_node: true,
        check: |facts, found| {
            let workload = facts.workload;
            let name = &workload.pod.node_name;
            if !name.is_empty() {
                found.hit(None, &format!("{}.nodeName", workload.kind.pod_spec_path()), name);
            }
            for (key, path) in &workload.pod.node_labels {
                if NODE_NAME_KEYS.contains(&key.as_str()) {
                    found.hit_as(Severity::None, 3, None, path, key);
                }
            }
        },
        samples: &[
            Sample::Hit(6, "nodeName: node-1"),
            Sample::Hit(3, "nodeSelector: {kubernetes.io/hostname: node-1}"),
            Sample::Miss("nodeSelector: {kubernetes.io/os: linux}"),
        ],
        ..PLACEMENT
    },
    Rule {
        id: "place-priority-class",
        title: "System priority class",
        message: "claims the priority of the system",
        meaning: "With a priority class `system-…` the pod is placed before all others, pushes them off full \
                  nodes, and is passed over by scanners that exempt the system.",
        false_positives: "Add-ons of the cluster.",
        confirm: &[
            Step::Fields("..priorityClassName", "system-cluster-critical or system-node-critical."),
            Step::Run("kubectl -n NAMESPACE events", "Preempted or evicted pods: whom it pushed away."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "See which pods were preempted, and whether that was the aim.",
            benign: "Make a PriorityClass for important batch work, below the system's. A ResourceQuota \
                     with a scope on PriorityClass keeps the system's to the system namespaces.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1499"],
        references: &[links::PRIORITY, links::QUOTA],
        check: |facts, found| {
            let class = &facts.workload.pod.priority_class;
            if class.starts_with("system-") {
                let path = format!("{}.priorityClassName", facts.workload.kind.pod_spec_path());
                found.hit(None, &path, class);
            }
        },
        samples: &[
            Sample::Hit(6, "priorityClassName: system-node-critical"),
            Sample::Miss("priorityClassName: batch-low"),
        ],
        ..PLACEMENT
    },
];

fn control_plane(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let pod = &facts.workload.pod;
    let tolerated = pod.tolerations.iter().map(|toleration| (&toleration.key, &toleration.path));
    let asked = pod.node_labels.iter().map(|(key, path)| (key, path));
    for (key, path) in tolerated.chain(asked) {
        if CONTROL_PLANE_KEYS.contains(&key.as_str()) {
            found.hit(None, path, key);
        }
    }
}
