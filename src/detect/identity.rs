//! Under which identity it runs: service accounts, tokens, secrets of others.

use super::catalog::{RULE, Rule, Sample};
use super::facts::Facts;
use super::findings::Collector;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::score::Family;
use crate::severity::Severity;
use crate::workload::settings::VolumeSource;

const IDENTITY: Rule = Rule { family: Family::Identity, ..RULE };

/// The namespace of the controllers' service accounts.
const KUBE_SYSTEM: &str = "kube-system";

/// Service accounts that kube-controller-manager makes for its own controllers. Each has exactly the rights of
/// its controller, and no pod has ever a reason to use one.
const BUILT_IN_ACCOUNTS: [&str; 43] = [
    "attachdetach-controller",
    "bootstrap-signer",
    "certificate-controller",
    "cloud-provider",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "device-taint-eviction-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "pv-protection-controller",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resource-claim-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "route-controller",
    "selinux-warning-controller",
    "service-account-controller",
    "service-cidrs-controller",
    "service-controller",
    "statefulset-controller",
    "storage-version-migrator-controller",
    "taint-eviction-controller",
    "token-cleaner",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
    "vac-protection-controller",
];

/// The longest life of a token that needs no explanation: a day.
const LONG_TOKEN_SECONDS: i64 = 86_400;

/// The letters and digits at the end of generated names.
const GENERATED: &str = "bcdfghjklmnpqrstvwxz2456789";

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "id-controller-service-account",
        title: "Service account of a control plane controller",
        message: "runs as a controller of the control plane",
        meaning: "The service accounts of the built-in controllers may read secrets, make pods, or give \
                  themselves more rights in the whole cluster. The controllers themselves run in \
                  kube-controller-manager; a pod that uses such an account has borrowed its rights.",
        false_positives: "Controllers of vendors in kube-system that are named so; they count less than the \
                          built-in ones.",
        confirm: &[
            Step::Fields("..serviceAccountName", "The account."),
            Step::Run(
                "kubectl get clusterrolebindings -o wide",
                "The bindings of this account, and what their roles allow.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Cluster, Exposure::Secrets],
            attack: "Assume that all Secrets of the cluster could be read and that the account made \
                     others. Do not delete the account, its controller needs it; delete the pods that \
                     borrowed it, and their tokens end.",
            benign: "Make an account for the Job with a Role of just what it does. The built-in accounts \
                     are for the controller manager.",
        },
        severity: Severity::Medium,
        points: 25,
        techniques: &["T1078.001"],
        references: &[links::SERVICE_ACCOUNT, links::RBAC_PRACTICES],
        check: |facts, found| {
            let workload = facts.workload;
            let account = workload.pod.service_account.as_str();
            if workload.namespace != KUBE_SYSTEM {
                return;
            }
            let path = format!("{}.serviceAccountName", workload.kind.pod_spec_path());
            if BUILT_IN_ACCOUNTS.contains(&account) {
                found.hit(None, &path, account);
            } else if account.ends_with("-controller") {
                found.hit_as(Severity::Low, 6, None, &path, account);
            }
        },
        samples: &[
            Sample::HitObject(
                25,
                "kind: Job\nmetadata: {namespace: kube-system}\nspec: {template: {spec: {serviceAccountName: clusterrole-aggregation-controller}}}",
            ),
            Sample::HitObject(
                25,
                "kind: Job\nmetadata: {namespace: kube-system}\nspec: {template: {spec: {serviceAccount: daemon-set-controller}}}",
            ),
            Sample::HitObject(
                6,
                "kind: CronJob\nmetadata: {namespace: kube-system}\nspec: {jobTemplate: {spec: {template: {spec: {serviceAccountName: load-balancer-controller}}}}}",
            ),
            Sample::Miss("serviceAccountName: job-controller"),
            Sample::MissObject(
                "kind: Job\nmetadata: {namespace: kube-system}\nspec: {template: {spec: {serviceAccountName: etcd-backup}}}",
            ),
        ],
        ..IDENTITY
    },
    Rule {
        id: "id-projected-token",
        title: "Long-lived or hidden token",
        message: "asks for a long-lived or hidden token of its service account",
        meaning: "A token that is valid for more than a day outlives the pod and can be used from elsewhere. One \
                  for the API server that is mounted where automounting is switched off escapes those who look \
                  for the usual place.",
        false_positives: "Tokens for other audiences (Vault, cloud roles) are short and are not reported.",
        confirm: &[
            Step::Fields(
                "..serviceAccountToken",
                "audience and expirationSeconds. An empty audience is the API server.",
            ),
            Step::Fields(
                "..automountServiceAccountToken",
                "false beside a token volume: the token was hidden from a usual check.",
            ),
            Step::Rights("What the token is worth."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "A token bound to a pod ends when the pod is deleted, whatever its time says: delete \
                     the pods once you have the evidence.",
            benign: "Leave expirationSeconds at an hour, the kubelet renews it; name the audience of the \
                     service that reads the token.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1550.001"],
        references: &[links::PROJECTED, links::SERVICE_ACCOUNT],
        check: |facts, found| {
            let pod = &facts.workload.pod;
            for volume in &pod.volumes {
                let VolumeSource::Token { audience, seconds } = &volume.source else { continue };
                let seconds = seconds.unwrap_or_default();
                let hidden = pod.no_token && is_for_api_server(audience);
                if seconds > LONG_TOKEN_SECONDS || hidden {
                    let audience = if audience.is_empty() { "API server" } else { audience };
                    found.hit(
                        None,
                        &volume.path,
                        &format!("audience: {audience}, expirationSeconds: {seconds}"),
                    );
                }
            }
        },
        samples: &[
            Sample::Hit(
                8,
                "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, audience: vault, expirationSeconds: 31536000}}]}}]",
            ),
            Sample::Hit(
                8,
                "automountServiceAccountToken: false\nvolumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]",
            ),
            Sample::Miss(
                "automountServiceAccountToken: false\nvolumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, audience: sts.amazonaws.com, expirationSeconds: 86400}}]}}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t, expirationSeconds: 3607}}]}}]",
            ),
        ],
        ..IDENTITY
    },
    Rule {
        id: "id-foreign-secret",
        title: "Secret of the cluster or of another workload",
        message: "uses a secret that looks like the cluster's or another's",
        meaning: "Kubeconfigs, tokens of service accounts, releases of Helm and keys of etcd open more than the \
                  workload itself: whoever reads them acts as somebody else.",
        false_positives: "Operators, backups of etcd, deployment from inside the cluster.",
        confirm: &[
            Step::Search(
                "secret:|secretName:|secretKeyRef:|secretRef:|imagePullSecrets:",
                "The Secret that is used.",
            ),
            Step::Run(
                "kubectl -n NAMESPACE get secrets -o \
                 custom-columns=NAME:.metadata.name,TYPE:.type,CREATED:.metadata.creationTimestamp",
                "Its type and age: helm.sh/release.v1, kubernetes.io/service-account-token and kubeconfigs \
                 belong to somebody. This shows no content.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Secrets, Exposure::Cluster],
            attack: "Whoever may create workloads in a namespace can read all of its Secrets this way. \
                     Rotate this one, and ask what else was mounted.",
            benign: "Give the Job a Secret of its own with its own credentials. Deployment from inside the \
                     cluster uses a service account and a Role, not a kubeconfig.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1552.007"],
        references: &[links::SECRET, links::SECRET_PRACTICES],
        check: foreign_secrets,
        samples: &[
            Sample::Hit(8, "volumes: [{name: v, secret: {secretName: default-token-x7k2m}}]"),
            Sample::Hit(8, "volumes: [{name: v, projected: {sources: [{secret: {name: prod-kubeconfig}}]}}]"),
            Sample::Hit(
                8,
                "containers: [{name: a, env: [{name: K, valueFrom: {secretKeyRef: {name: cluster-admin-credentials, key: k}}}]}]",
            ),
            Sample::Hit(8, "containers: [{name: a, envFrom: [{secretRef: {name: etcd-client-certs}}]}]"),
            Sample::Miss("containers: [{name: a, envFrom: [{secretRef: {name: grafana-admin}}]}]"),
            Sample::Miss("volumes: [{name: v, secret: {secretName: github-token-ci}}]"),
            Sample::Miss("volumes: [{name: v, secret: {secretName: app-token-store}}]"),
        ],
        ..IDENTITY
    },
];

fn is_for_api_server(audience: &str) -> bool {
    audience.is_empty() || audience == "api" || audience.contains("kubernetes.default")
}

fn foreign_secrets(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for volume in &facts.workload.pod.volumes {
        if let VolumeSource::Secret(name) = &volume.source
            && is_foreign(name)
        {
            found.hit(None, &volume.path, name);
        }
    }
    for container in &facts.workload.containers {
        for (name, path) in container.settings.secrets.iter().filter(|(name, _)| is_foreign(name)) {
            found.hit(Some(&container.name), path, name);
        }
    }
}

/// Whether a secret's name says that it belongs to the cluster or to another identity. The password of some
/// application's admin is that application's own business.
fn is_foreign(name: &str) -> bool {
    let is_account_token = name
        .rsplit_once("-token-")
        .is_some_and(|(_, end)| end.len() == 5 && end.chars().all(|letter| GENERATED.contains(letter)));
    let is_etcd_key =
        name.starts_with("etcd-") && ["cert", "tls", "key", "-ca"].iter().any(|part| name.contains(part));
    let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    is_account_token
        || is_etcd_key
        || holds(&["kubeconfig", "kube-config", "cluster-admin", "kubernetes-ca", "kubeadm-certs"])
        || name.starts_with("bootstrap-token-")
        || name.starts_with("sh.helm.release.")
}
