//! The object itself: what hides, contradicts, clears traces, or cannot be read.

pub(super) mod claims;
mod disguise;
pub(super) mod owner;

use super::catalog::{RULE, Rule, Sample};
use super::system;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::score::Family;
use crate::severity::Severity;
use crate::workload::Unreadable;

/// The rule that says that something was not judged.
pub const UNREADABLE: &str = "evd-unreadable";

/// The defaults of the family.
const EVIDENCE: Rule = Rule { family: Family::Evidence, ..RULE };

/// Finalizers of Kubernetes itself without a domain of their own.
const BUILT_IN_FINALIZERS: [&str; 2] = ["orphan", "foregroundDeletion"];

/// Domains, with all below them, whose controllers put finalizers on Jobs and take them off again.
const FINALIZER_DOMAINS: [&str; 9] = [
    "kubernetes.io",
    "k8s.io",
    "argoproj.io",
    "fluxcd.io",
    "crossplane.io",
    "tekton.dev",
    "kubeflow.org",
    "cattle.io",
    "openshift.io",
];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: UNREADABLE,
        title: "Unreadable content",
        message: "has content that could not be read",
        meaning: "A value has another type than the Kubernetes API defines, a list or a script is larger than is read, or \
                  judging the object failed. What stands there was not judged. An API server stores no value of a wrong \
                  type unless it is newer than jobrisk; in a manifest it is a mistake that the API server would refuse. A \
                  script that is larger than is read may be padding.",
        false_positives: "Manifests with a mistake; an API server that is much newer than jobrisk.",
        confirm: &[
            Step::Object(
                "The place that the report names. Values of a wrong type, lists of thousands of entries \
                 and scripts of many kilobytes are not what people write.",
            ),
            Step::Run(
                "kubectl version",
                "The server's version: one that is newer than the Kubernetes version that jobrisk was \
                 built with may know fields in another form.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Padding and broken values are a way to blind a scanner. Read the object yourself, to \
                     the end of each script, and judge it by what it runs.",
            benign: "Correct the value, which an API server would refuse anyway (kubectl apply \
                     --dry-run=server -f says where). Move a very long script into an image or a \
                     ConfigMap.",
        },
        severity: Severity::High,
        points: 35,
        techniques: &["T1027"],
        references: &[links::CONFIGMAP],
        check: |facts, found| {
            let unreadable = &facts.workload.unreadable;
            for place in &unreadable.places {
                found.hit(None, &place.path, &place.problem);
            }
            // Padding a script past the limits must not hide what comes after them.
            for run in facts.runs.iter().filter(|run| run.execution.truncated) {
                let evidence = "too large or too deeply nested to be read to its end";
                found.hit(Some(&run.container.name), run.path(), evidence);
            }
            for _ in unreadable.places.len()..unreadable.total.min(Unreadable::MAX_KEPT * 64) {
                found.hit(None, "", "");
            }
        },
        samples: &[
            Sample::Hit(35, "containers: 7"),
            Sample::Hit(35, "containers: [{name: a, securityContext: {privileged: 'true'}}]"),
            Sample::Hit(
                35,
                "containers: [{name: a, command: [sh, -c, '( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( id ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) )']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, '( ( ( id ) ) )']}]"),
            Sample::Miss("containers: null"),
            Sample::Miss("containers: [{name: a, unknownField: [1, {b: c}]}]"),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-disguised-value",
        title: "Disguised value",
        message: "spells a sensitive value so that a comparison overlooks it",
        meaning: "`/proc/1/root`, doubled slashes, a socket by subPath or capabilities in small letters mean what \
                  the plain spelling means, and are missed by whoever looks for that.",
        false_positives: "Charts that put paths together carelessly.",
        confirm: &[Step::Object(
            "The value in the report beside the plain spelling: what it means is decided by the node, \
                 not by how it is written.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Node],
            attack: "Treat it by the page of the rule that it would have been without the disguise, and as \
                     deliberate: careless charts do not write /proc/1/root.",
            benign: "Write paths and capabilities in their plain form: no double slashes, no dots, \
                     capability names in capitals without CAP_.",
        },
        severity: Severity::Low,
        points: 12,
        techniques: &["T1027"],
        references: &[links::VOLUMES, links::CAPABILITIES],
        check: disguise::check,
        samples: disguise::SAMPLES,
        ..EVIDENCE
    },
    Rule {
        id: "evd-ttl-zero",
        title: "Deleted as soon as it ends",
        message: "is deleted as soon as it ends",
        meaning: "With `ttlSecondsAfterFinished: 0` the Job, its pods and their logs go at once; nobody can look \
                  at what it did.",
        false_positives: "Hooks of charts (ingress-nginx makes its certificates so). Any longer time is good practice.",
        confirm: &[
            Step::Fields("..ttlSecondsAfterFinished", "0: gone when it ends."),
            Step::Run(
                "kubectl -n NAMESPACE events",
                "What is left of earlier runs; events live for an hour by default.",
            ),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Logs are only where they are shipped to. Set the time to live to a day now (on a \
                     CronJob, in its jobTemplate), so that the next run can be looked at.",
            benign: "Set ttlSecondsAfterFinished to some hours or days: finished Jobs are still cleaned \
                     up, and a failure can be understood.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1070"],
        references: &[links::TTL],
        check: |facts, found| {
            let job = &facts.workload.job;
            if job.ttl == Some(0) {
                found.hit(
                    None,
                    &format!("{}.ttlSecondsAfterFinished", job.path),
                    "ttlSecondsAfterFinished: 0",
                );
            }
        },
        samples: &[
            Sample::HitObject(3, "kind: Job\nspec: {ttlSecondsAfterFinished: 0}"),
            Sample::HitObject(3, "kind: CronJob\nspec: {jobTemplate: {spec: {ttlSecondsAfterFinished: 0}}}"),
            Sample::MissObject("kind: Job\nspec: {ttlSecondsAfterFinished: 60}"),
            Sample::MissObject("kind: Job\nspec: {}"),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-no-history",
        title: "No history of runs",
        message: "keeps no Job that has ended, failed or not",
        meaning: "With both history limits at 0 every run is deleted with its logs as soon as it ends.",
        false_positives: "Very frequent CronJobs whose logs are collected elsewhere.",
        confirm: &[Step::Run(
            "kubectl -n NAMESPACE get cronjob NAME --ignore-not-found -o \
                 custom-columns=OK:.spec.successfulJobsHistoryLimit,FAILED:.spec.failedJobsHistoryLimit,LAST:.status.lastScheduleTime",
            "Both limits 0: each run is gone at once. LAST says when the last one was.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Set both limits to 1 or more before the next run, so that there is something to look \
                     at.",
            benign: "Leave the limits at their defaults (3 and 1), or at least failedJobsHistoryLimit: 1.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1070"],
        references: &[links::CRONJOB],
        check: |facts, found| {
            if let Some(cron) = &facts.workload.cron
                && cron.successful_history == Some(0)
                && cron.failed_history == Some(0)
            {
                found.hit(None, "spec.failedJobsHistoryLimit", "both history limits are 0");
            }
        },
        samples: &[
            Sample::HitObject(
                6,
                "kind: CronJob\nspec: {successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0}",
            ),
            Sample::MissObject(
                "kind: CronJob\nspec: {successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 1}",
            ),
            Sample::MissObject("kind: CronJob\nspec: {successfulJobsHistoryLimit: 0}"),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-termination-message",
        title: "Discarded termination message",
        message: "throws its last message away",
        meaning: "What a container leaves as its reason for ending goes to /dev/null instead of to the status of \
                  its pod.",
        false_positives: "Rare.",
        confirm: &[Step::Fields(
            "..terminationMessagePath",
            "/dev/null instead of the default /dev/termination-log.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "It removes only one trace. Take logs and the exit code of the pods.",
            benign: "Leave the field out; terminationMessagePolicy: FallbackToLogsOnError puts the end of \
                     the log there when a container fails.",
        },
        severity: Severity::Low,
        points: 6,
        techniques: &["T1070"],
        references: &[links::TERMINATION],
        check: |facts, found| {
            for container in &facts.workload.containers {
                let path = &container.settings.termination_message_path;
                if crate::normalize::path::canonical(path) == "/dev/null" {
                    found.hit(
                        Some(&container.name),
                        &format!("{}.terminationMessagePath", container.path),
                        path,
                    );
                }
            }
        },
        samples: &[
            Sample::Hit(6, "containers: [{name: a, terminationMessagePath: /dev/null}]"),
            Sample::Miss("containers: [{name: a, terminationMessagePath: /dev/termination-log}]"),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-system-namespace",
        title: "Workload in a system namespace",
        message: "lives in a namespace of the control plane",
        meaning: "Few look for foreign workloads among those of the system, and many policies and scanners exempt \
                  these namespaces.",
        false_positives: "Backups of etcd, add-ons, installers of distributions (k3s).",
        confirm: &[
            Step::Run(
                "kubectl -n NAMESPACE get cronjobs,jobs",
                "What else is there. Compare with another cluster of the same distribution: what only this \
                 one has was put there by somebody.",
            ),
            Step::Fields(
                "..serviceAccountName",
                "An account of the namespace with wide rights, such as a controller's, is the reason why \
                 attackers come here.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Cluster],
            attack: "Who can create workloads here can use every service account of the namespace. Treat \
                     all of those as exposed, and see who has that right.",
            benign: "Move it to a namespace of its own, with the RBAC and Pod Security level that it \
                     needs. Let nobody but the distribution write to the system namespaces.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1036.005"],
        references: &[links::NAMESPACES, links::RBAC_PRACTICES],
        check: |facts, found| {
            let namespace = facts.workload.namespace.as_str();
            if system::NAMESPACES.contains(&namespace) {
                found.hit(None, "metadata.namespace", namespace);
            }
        },
        samples: &[
            Sample::HitObject(8, "kind: Job\nmetadata: {namespace: kube-system}"),
            Sample::HitObject(8, "kind: CronJob\nmetadata: {namespace: kube-public}"),
            Sample::MissObject("kind: Job\nmetadata: {namespace: kube-system-tools}"),
        ],
        ..EVIDENCE
    },
    Rule {
        id: "evd-pinned-finalizer",
        title: "Unknown finalizer",
        message: "cannot be deleted until somebody unknown agrees",
        meaning: "A finalizer that no known controller takes off keeps the object, and with it its namespace, from \
                  being deleted.",
        false_positives: "Operators with a finalizer of their own.",
        confirm: &[Step::Fields(
            "..metadata.finalizers",
            "The name before the slash is the domain of the controller that has to remove it. Is such \
                 a controller installed?",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Save the object, then remove the finalizer by hand (kubectl edit): it does nothing \
                     but block deletion.",
            benign: "Fine for an operator that runs. Remove finalizers before an operator is uninstalled.",
        },
        severity: Severity::None,
        points: 4,
        techniques: &["T1489"],
        references: &[links::FINALIZERS],
        check: |facts, found| {
            for (index, finalizer) in facts.workload.finalizers.iter().enumerate() {
                if !is_known_finalizer(finalizer) {
                    found.hit(None, &format!("metadata.finalizers[{index}]"), finalizer);
                }
            }
        },
        samples: &[
            Sample::HitObject(4, "kind: Job\nmetadata: {finalizers: [example.test/keep]}"),
            Sample::HitObject(4, "kind: Job\nmetadata: {finalizers: [notkubernetes.io/keep]}"),
            Sample::MissObject(
                "kind: Job\nmetadata: {finalizers: [orphan, batch.kubernetes.io/job-tracking, argocd.argoproj.io/hook-finalizer]}",
            ),
        ],
        ..EVIDENCE
    },
];

fn is_known_finalizer(finalizer: &str) -> bool {
    let domain = finalizer.split('/').next().unwrap_or_default();
    let below =
        |known: &str| domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    BUILT_IN_FINALIZERS.contains(&finalizer) || FINALIZER_DOMAINS.iter().any(|known| below(known))
}
