//! What an object claims to be, and by whom it was made: claims of its author, so they are weighed, not believed.

use super::super::catalog::{Rule, Sample};
use super::super::facts::Facts;
use super::super::findings::Collector;
use super::super::system::{self, Component};
use super::EVIDENCE;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::severity::Severity;
use crate::workload::settings::Metadata;

/// Labels by which the pods of the system are told from others.
const SYSTEM_LABELS: [&str; 2] = ["k8s-app", "component"];

/// Clients that send requests by hand, by the beginning of their user agent, which is the default name of the
/// field manager. Each is an ordinary program; that it makes Jobs is not ordinary.
const HAND_CLIENTS: [&str; 12] = [
    "curl",
    "wget",
    "python-requests",
    "python-urllib",
    "python-httpx",
    "aiohttp",
    "go-http-client",
    "postmanruntime",
    "peirates",
    "cdk",
    "kubeletctl",
    "kubesploit",
];

/// Domains of keys by which other scanners are told to look away.
const SCANNER_KEYS: [&str; 11] = [
    "polaris.fairwinds.com/",
    "ignore-check.kube-linter.io/",
    "kube-linter.io/ignore-all",
    "kube-score/ignore",
    "checkov.io/skip",
    "datree.skip/",
    "kubescape.io/ignore",
    "kubesec.io/ignore",
    "trivy.aquasecurity.github.io/ignore",
    "admission.stackrox.io/break-glass",
    "policy.sigstore.dev/exclude",
];

/// Our own domain: nothing on a workload can lower its score, so a key in it that tries to is an attempt.
const OWN_DOMAIN: &str = "jobrisk.io";

/// Words by which such an attempt is told from the keys that jobrisk itself may put on a workload.
const AWAY_WORDS: [&str; 14] = [
    "ignore",
    "skip",
    "suppress",
    "exempt",
    "exclude",
    "except",
    "allow",
    "trust",
    "disable",
    "severity",
    "accept",
    "acknowledge",
    "score",
    "mute",
];

pub(in crate::detect) static RULES: &[Rule] = &[
    Rule {
        id: "evd-name-impersonation",
        title: "Name of a system component",
        message: "bears the name of a system component, with another's image",
        meaning: "Names and labels such as kube-proxy make it look like part of Kubernetes in every list. Its \
                  image does not come from where Kubernetes is published, and the components of Kubernetes are \
                  no Jobs.",
        false_positives: "Images from a private mirror. Names that others use too (etcd, coredns) count less, and \
                          only in the namespaces of the control plane.",
        confirm: &[
            Step::Fields(
                "..image",
                "Where the image comes from. registry.k8s.io or your distribution's registry or your own \
                 mirror is the real one.",
            ),
            Step::Run(
                "kubectl -n kube-system get daemonsets,deployments,pods -o wide",
                "The real component: it is a DaemonSet, a Deployment or a static pod, never a Job.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Pull the image by digest into a sandbox and compare it with the real one. See which \
                     other workloads use it.",
            benign: "Give the workload a name that says what it does and whose it is, and leave the labels \
                     k8s-app and component to the system.",
        },
        severity: Severity::Low,
        points: 12,
        techniques: &["T1036.005"],
        references: &[links::LABELS, links::IMAGES],
        imitates_system: true,
        check: impersonation,
        samples: &[
            Sample::HitObject(
                12,
                "kind: Job\nmetadata: {name: kube-proxy-x7k2m}\nspec: {template: {spec: {containers: [{name: a, image: someone/tool}]}}}",
            ),
            Sample::HitObject(
                12,
                "kind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {k8s-app: kube-dns}}, spec: {containers: [{name: a, image: someone/tool}]}}}}}",
            ),
            Sample::HitObject(
                5,
                "kind: Job\nmetadata: {name: etcd, namespace: kube-system}\nspec: {template: {spec: {containers: [{name: a, image: mirror.example.test/etcd}]}}}",
            ),
            Sample::MissObject(
                "kind: Job\nmetadata: {name: etcd}\nspec: {template: {spec: {containers: [{name: a, image: mirror.example.test/etcd}]}}}",
            ),
            Sample::MissObject(
                "kind: Job\nmetadata: {name: etcd-backup, namespace: kube-system}\nspec: {template: {spec: {containers: [{name: a, image: mirror.example.test/etcd}]}}}",
            ),
            Sample::MissObject(
                "kind: Job\nmetadata: {name: kube-proxy}\nspec: {template: {spec: {containers: [{name: a, image: registry.k8s.io/kube-proxy}]}}}",
            ),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-field-manager",
        title: "Hand-made API request",
        message: "was made by a client that sends requests by hand",
        meaning: "curl, an HTTP library or an attack tool sent it, as its own field manager says, and not kubectl, \
                  a controller or a GitOps tool. Clients choose that name, so it proves nothing; but whoever acts \
                  from inside a pod mostly has no kubectl, and forgets.",
        false_positives: "Scripts and home-made tools that talk to the API.",
        confirm: &[Step::Changes(
            "The client and the time of the change. Ask who did something by hand then; compare with \
                 the other objects of the namespace.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Requests made by hand often come from inside a pod with its mounted token. See which \
                     account may create jobs in this namespace: it is the one to rotate.",
            benign: "Apply manifests with kubectl, Helm or GitOps, or set --field-manager to the name of \
                     your tool, so that its changes can be told from others.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1053.007"],
        references: &[links::SERVER_SIDE_APPLY, links::RBAC_PRACTICES],
        check: |facts, found| {
            if let Some(change) = &facts.workload.last_change {
                let manager = change.manager.to_ascii_lowercase();
                let is_client = |client: &str| {
                    manager.strip_prefix(client).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                if HAND_CLIENTS.iter().any(|client| is_client(client)) {
                    found.hit(None, "metadata.managedFields", &change.manager);
                }
            }
        },
        samples: &[
            Sample::HitObject(
                6,
                "kind: Job\nmetadata: {managedFields: [{manager: curl, operation: Update, fieldsV1: {'f:spec': {}}}]}",
            ),
            Sample::HitObject(
                6,
                "kind: Job\nmetadata: {managedFields: [{manager: Go-http-client, operation: Update, fieldsV1: {'f:spec': {}}}]}",
            ),
            Sample::MissObject(
                "kind: Job\nmetadata: {managedFields: [{manager: curl, operation: Update, fieldsV1: {'f:metadata': {}}}]}",
            ),
            Sample::MissObject(
                "kind: Job\nmetadata: {managedFields: [{manager: kubectl-create, operation: Update, fieldsV1: {'f:spec': {}}}]}",
            ),
            Sample::MissObject(
                "kind: Job\nmetadata: {managedFields: [{manager: curl-operator, operation: Update, fieldsV1: {'f:spec': {}}}]}",
            ),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-managers-wiped",
        title: "Wiped field managers",
        message: "comes from a server, and nobody is said to have written its spec",
        meaning: "The API server notes in managedFields who wrote what. That it names nobody for the spec means \
                  that the list was wiped, which a client can do.",
        false_positives: "Objects exported with kubectl, which leaves managedFields out.",
        confirm: &[Step::Run(
            "kubectl -n NAMESPACE get cronjob,job NAME --ignore-not-found --show-managed-fields -o \
                 jsonpath='{..metadata.managedFields}'",
            "Empty, or without an entry that owns f:spec. Objects made in the ordinary way always have \
                 one.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Somebody hid who wrote it. Only the audit log of the API server still knows; keep it \
                     before it is rotated.",
            benign: "Nothing to do for a file that was exported with kubectl. In a cluster, apply the \
                     manifest again with kubectl or GitOps; the list is then written anew.",
        },
        severity: Severity::None,
        points: 4,
        techniques: &["T1070"],
        references: &[links::SERVER_SIDE_APPLY],
        check: |facts, found| {
            if !facts.workload.uid.is_empty() && facts.workload.last_change.is_none() {
                found.hit(None, "metadata.managedFields", "no entry owns the spec");
            }
        },
        samples: &[
            Sample::HitObject(4, "kind: Job\nmetadata: {uid: '1'}"),
            Sample::HitObject(4, "kind: Job\nmetadata: {uid: '1', managedFields: [{}]}"),
            Sample::HitObject(
                4,
                "kind: Job\nmetadata: {uid: '1', managedFields: [{manager: m, subresource: status, fieldsV1: {'f:spec': {}}}]}",
            ),
            Sample::MissObject("kind: Job\nmetadata: {name: a-manifest}"),
            Sample::MissObject(
                "kind: Job\nmetadata: {uid: '1', managedFields: [{manager: m, fieldsV1: {'f:spec': {}}}]}",
            ),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-suppression-attempt",
        title: "Attempt to silence scanners",
        message: "tells scanners to look away",
        meaning: "A label or annotation asks jobrisk, or another scanner, to skip this workload. jobrisk takes no \
                  such word from a workload: exceptions are made by an administrator, with a reason and an end.",
        false_positives: "Exemptions for other scanners that somebody agreed to; they count less.",
        confirm: &[
            Step::Fields(
                "..metadata.annotations",
                "The key, and whether your team agreed to that exemption.",
            ),
            Step::Fields("..metadata.labels", "The same for labels."),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Ask why somebody wants this one not to be looked at. Search the cluster for the same \
                     key: who hides one workload hides others.",
            benign: "Keep exemptions in the scanner's own configuration, with a reason and an end, where \
                     the author of a workload cannot write them.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1685"],
        references: &[links::LABELS],
        check: |facts, found| {
            for metadata in &facts.workload.metadata {
                suppression(metadata, found);
            }
        },
        samples: &[
            Sample::HitObject(8, "kind: Job\nmetadata: {annotations: {jobrisk.io/ignore: 'true'}}"),
            Sample::HitObject(
                8,
                "kind: CronJob\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {policy.jobrisk.io/severity: none}}}}}}",
            ),
            Sample::HitObject(
                3,
                "kind: Job\nmetadata: {annotations: {ignore-check.kube-linter.io/privileged-container: agreed}}",
            ),
            Sample::HitObject(3, "kind: Job\nmetadata: {annotations: {checkov.io/skip1: CKV_K8S_16}}"),
            Sample::MissObject("kind: Job\nmetadata: {annotations: {jobrisk.io/created-by: ann}}"),
            Sample::MissObject("kind: Job\nmetadata: {annotations: {notjobrisk.io/ignore: 'true'}}"),
            Sample::MissObject(
                "kind: Job\nmetadata: {annotations: {polaris.fairwinds.com.example.test/x: y}}",
            ),
        ],
        ..EVIDENCE
    },
];

fn impersonation(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let workload = facts.workload;
    if facts.images.iter().all(|image| system::is_official(&image.reference)) {
        return;
    }
    let in_system = system::NAMESPACES.contains(&workload.namespace.as_str());
    let mut hit = |component, path: &str, evidence: &str| match component {
        Some(Component::Own) => found.hit(None, path, evidence),
        Some(Component::Shared) if in_system => found.hit_as(Severity::Low, 5, None, path, evidence),
        _ => {}
    };
    hit(system::component_of_object(&workload.name), "metadata.name", &workload.name);
    for metadata in &workload.metadata {
        for (key, value) in &metadata.labels {
            if SYSTEM_LABELS.contains(&key.as_str()) {
                let evidence = format!("{key}: {value}");
                hit(system::component(value), &format!("{}.labels", metadata.path), &evidence);
            }
        }
    }
}

fn suppression(metadata: &Metadata, found: &mut Collector<'_>) {
    for (keys, name) in [(&metadata.labels, "labels"), (&metadata.annotations, "annotations")] {
        for (key, value) in keys {
            let path = format!("{}.{name}", metadata.path);
            let evidence = format!("{key}: {value}");
            if is_for_jobrisk(key) {
                found.hit(None, &path, &evidence);
            } else if SCANNER_KEYS.iter().any(|known| key.starts_with(known)) {
                found.hit_as(Severity::None, 3, None, &path, &evidence);
            }
        }
    }
}

fn is_for_jobrisk(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let Some((domain, name)) = key.split_once('/') else { return false };
    let ours = domain.strip_suffix(OWN_DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let below = domain.strip_suffix(OWN_DOMAIN).unwrap_or_default();
    ours && AWAY_WORDS.iter().any(|word| name.contains(word) || below.contains(word))
}
