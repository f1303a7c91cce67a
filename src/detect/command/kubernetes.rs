//! The API server, kubelets and etcd as a target.

use super::url::target;
use super::words::{has, operands, option, subcommand, words};
use super::{COMMAND, Rule, Sample, Severity, Weight, each_heaviest};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::{code, code_strings};
use crate::normalize::{Invocation, RedirectOp};

const FULL: Weight = (Severity::High, 45);

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-kube-api-abuse",
        title: "Abuse of the cluster's interfaces",
        message: "takes secrets or power from the cluster's own interfaces",
        meaning: "It lists secrets with their content, binds roles, makes tokens, runs commands in other pods, or speaks \
                  to kubelets and etcd past the API server.",
        false_positives: "Secret replicators, clean-up hooks; commands in other pods are usual for backups and weigh 12.",
        confirm: &[
            Step::Object(
                "What is asked for: secrets with content, bindings, tokens, exec, a kubelet or etcd \
                 address.",
            ),
            Step::Rights(
                "What the service account may do. If it may not do what the command asks, the attempt \
                 failed; the attempt remains.",
            ),
            Step::Run(
                "kubectl get clusterrolebindings,rolebindings -A --sort-by=.metadata.creationTimestamp -o \
                 custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,ROLE:.roleRef.name,CREATED:.metadata.creationTimestamp",
                "Bindings at the end of the list, which nobody in your team made.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Cluster, Exposure::Secrets],
            attack: "If it listed Secrets, all of those are lost, not only the ones that the pod mounts: \
                     rotate every Secret that the account could read. Remove bindings and tokens it made.",
            benign: "Give the Job an account of its own with the single verbs and names that it needs \
                     (resourceNames), never list on secrets; for replication of Secrets use an operator \
                     made for it.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1552.007", "T1613", "T1609"],
        references: &[links::RBAC_PRACTICES, links::SECRET_PRACTICES],
        check: |facts, found| each_heaviest(facts, found, |_, _, invocation| weigh(invocation)),
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, get, secrets, --all-namespaces, -o, yaml]}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'kubectl -n kube-system get secret -ojson | jq .']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, create, clusterrolebinding, x, --clusterrole=cluster-admin, '--serviceaccount=a:b']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, create, token, admin, -n, kube-system]}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -sk https://$NODE:10250/run/kube-system/etcd/etcd -d cmd=id']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [curl, 'http://10.0.0.1:10255/pods']}]"),
            Sample::Hit(45, "containers: [{name: a, command: [etcdctl, get, /registry/secrets, --prefix]}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -k -H \"Authorization: Bearer $T\" https://kubernetes.default/api/v1/secrets']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, get, --raw, /api/v1/namespaces/kube-system/secrets]}]",
            ),
            Sample::Hit(
                12,
                "containers: [{name: a, command: [kubectl, exec, deploy/db, --, pg_dump, shop]}]",
            ),
            Sample::Hit(15, "containers: [{name: a, command: [kubectl, get, secret, tls, -o, yaml]}]"),
            Sample::Miss(
                "containers: [{name: a, command: [kubectl, get, secret, tls, -o, 'jsonpath={.data.x}']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [kubectl, rollout, status, deployment/api]}]"),
            Sample::Miss("containers: [{name: a, command: [kubectl, create, secret, docker-registry, ecr]}]"),
            Sample::Miss("containers: [{name: a, command: [curl, -k, 'https://10.0.0.1:10250/healthz']}]"),
            Sample::Miss("containers: [{name: a, command: [etcdctl, snapshot, save, /b/snap.db]}]"),
            Sample::Miss("containers: [{name: a, command: [helm, upgrade, --install, x, ./chart]}]"),
            Sample::Miss("containers: [{name: a, command: [echo, kubectl, get, secrets, -A]}]"),
        ],
        ..COMMAND
    },
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
];

fn is_kubectl(invocation: &Invocation) -> bool {
    matches!(
        invocation.program.as_str(),
        "kubectl" | "oc" | "k3s" | "k0s" | "microk8s.kubectl" | "kubectl.exe"
    )
}

fn weigh(invocation: &Invocation) -> Option<Weight> {
    if is_kubectl(invocation) {
        return by_kubectl(invocation);
    }
    if invocation.program == "etcdctl" {
        let reads = subcommand(invocation, &["get", "dump"]);
        let secret = words(invocation)
            .any(|word| word.contains("/registry/secrets") || word.contains("/kubernetes.io/secrets"));
        let all = has(invocation, &["--prefix"])
            && words(invocation).any(|word| matches!(word, "" | "/" | "/registry" | "/registry/"));
        return (reads && (secret || all)).then_some(FULL);
    }
    let is_tool = super::fetch::is_downloader(invocation)
        || matches!(invocation.program.as_str(), "websocat" | "wscat" | "kubeletctl");
    if is_tool {
        let changes =
            matches!(option(invocation, &["-X", "--request", "--method"]), Some("DELETE" | "PATCH" | "PUT"));
        // Writing one object by its name is not reading secrets.
        let weights = words(invocation).filter_map(by_url).filter(|weight| !changes || *weight == FULL);
        return weights.max_by_key(|weight| weight.1);
    }
    let code = code::text(invocation)
        .filter(|code| code.contains("/secrets") || code.contains(":1025") || code.contains("/exec"))?;
    code_strings::literals(code).iter().filter_map(|text| by_url(text)).max_by_key(|weight| weight.1)
}

fn by_kubectl(invocation: &Invocation) -> Option<Weight> {
    if let Some(path) = option(invocation, &["--raw"]) {
        return by_path(path);
    }
    // The verb comes before the resource; values of global options may stand between.
    let verbs = [
        "get",
        "create",
        "exec",
        "debug",
        "auth",
        "config",
        "certificate",
        "describe",
        "cp",
        "run",
        "delete",
        "apply",
        "label",
    ];
    let verb = operands(invocation).take(6).find(|word| verbs.contains(word))?;
    let output =
        words(invocation).find_map(|word| word.strip_prefix("-o").or_else(|| word.strip_prefix("--output=")));
    let output = output
        .filter(|value| !value.is_empty())
        .or_else(|| option(invocation, &["-o", "--output"]))
        .unwrap_or_default();
    let output = output.trim_start_matches('=');
    let everywhere = has(invocation, &["-A", "--all-namespaces", "--all-namespaces=true"]);
    let system = option(invocation, &["-n", "--namespace"]) == Some("kube-system");
    match verb {
        "get" => {
            let mut after = operands(invocation).skip_while(|word| *word != "get").skip(1);
            let resource = after.next()?;
            let is_secret =
                |kind: &str| kind.split(',').any(|kind| matches!(kind, "secret" | "secrets" | "all,secrets"));
            if !is_secret(resource) {
                return None;
            }
            let whole =
                output.starts_with("yaml") || output.starts_with("json") && !output.starts_with("jsonpath");
            let values =
                ["-o", "--output", "-n", "--namespace", "-l", "--selector", "--context", "--kubeconfig"];
            let named = has_name(invocation, resource, &values);
            let selected =
                words(invocation).any(|word| word.starts_with("-l") || word.starts_with("--selector"));
            match (whole, named) {
                (true, false) if selected && !everywhere => Some((Severity::Low, 15)),
                (true, false) => Some(FULL),
                (false, false) if everywhere && !output.starts_with("name") => Some(FULL),
                (true, true) => Some((Severity::Low, 15)),
                _ => None,
            }
        }
        "create" => {
            let kinds = ["clusterrolebinding", "clusterrolebindings", "token"];
            let admin = words(invocation).any(|word| word.contains("cluster-admin"));
            (subcommand(invocation, &kinds) || admin && subcommand(invocation, &["rolebinding"]))
                .then_some(FULL)
        }
        "exec" | "cp" if system => Some(FULL),
        "exec" => Some((Severity::Low, 12)),
        "debug" => words(invocation).any(|word| word.starts_with("node/")).then_some(FULL),
        "run" => words(invocation)
            .any(|word| word.contains("\"privileged\":true") || word.contains("\"hostPID\":true"))
            .then_some(FULL),
        "auth" => has(invocation, &["--list"]).then_some((Severity::Low, 15)),
        "config" => has(invocation, &["--raw"]).then_some((Severity::Low, 20)),
        _ => None,
    }
}

/// Whether a name follows the resource.
fn has_name(invocation: &Invocation, resource: &str, valued: &[&str]) -> bool {
    let mut after = words(invocation).skip_while(|word| *word != resource).skip(1);
    while let Some(word) = after.next() {
        if valued.contains(&word) {
            after.next();
        } else if !word.starts_with('-') {
            return true;
        }
    }
    false
}

/// URLs of the API server and of kubelets.
fn by_url(word: &str) -> Option<Weight> {
    let by_port = word.contains(":10250/") || word.contains(":10255/");
    if !word.contains("://") && !by_port || word.len() > 4096 || word.contains(char::is_whitespace) {
        return None;
    }
    let target = target(word)?;
    if matches!(target.port, Some("10250" | "10255")) {
        let paths = [
            "/run/",
            "/exec/",
            "/attach/",
            "/cri/",
            "/pods",
            "/runningpods",
            "/logs",
            "/containerLogs",
            "/portForward",
            "/configz",
        ];
        return paths.iter().any(|path| target.path.starts_with(path)).then_some(FULL);
    }
    by_path(target.path)
}

/// Paths of the API.
fn by_path(path: &str) -> Option<Weight> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts = path.trim_matches('/').split('/');
    let group = match (parts.next(), parts.next()) {
        (Some("api"), Some("v1")) => "",
        (Some("apis"), Some(group)) => {
            parts.next();
            group
        }
        _ => return None,
    };
    let rest: Vec<&str> = parts.take(6).collect();
    let (kind, after) = match rest.as_slice() {
        ["namespaces", _, kind, after @ ..] | [kind, after @ ..] => (*kind, after),
        [] => return None,
    };
    match (group, kind, after) {
        ("", "secrets", [_, ..]) => Some((Severity::Low, 15)),
        ("", "secrets", [])
        | ("", "pods", [_, "exec" | "attach", ..])
        | ("", "nodes", [_, "proxy", ..])
        | ("", "serviceaccounts", [_, "token", ..]) => Some(FULL),
        ("rbac.authorization.k8s.io", "clusterrolebindings", _) if query.is_empty() => {
            Some((Severity::Low, 20))
        }
        _ => None,
    }
}

/// `kubectl get cronjob … -o yaml`.
fn exports_workload(invocation: &Invocation) -> bool {
    let whole = words(invocation).any(|word| {
        matches!(
            word,
            "yaml" | "json" | "-oyaml" | "-ojson" | "-o=yaml" | "-o=json" | "--output=yaml" | "--output=json"
        )
    });
    is_kubectl(invocation)
        && subcommand(invocation, &["get"])
        && whole
        && operands(invocation).take(6).any(|word| {
            let kind = word.split(['/', '.']).next().unwrap_or(word);
            matches!(kind, "cronjob" | "cronjobs" | "cj" | "job" | "jobs" | "daemonset" | "daemonsets" | "ds")
        })
}

fn replicates(invocation: &Invocation, fed: bool) -> Option<Weight> {
    if !is_kubectl(invocation) {
        return None;
    }
    let makes = subcommand(invocation, &["apply", "create", "replace"]);
    if makes && subcommand(invocation, &["cronjob", "cronjobs", "cj"]) && subcommand(invocation, &["create"])
    {
        return Some(FULL);
    }
    let from_input =
        makes && words(invocation).any(|word| matches!(word, "-" | "-f-" | "/dev/stdin" | "--filename=-"));
    if from_input && fed {
        return Some(FULL);
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
