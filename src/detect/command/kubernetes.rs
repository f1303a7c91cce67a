//! The API server, kubelets and etcd as a target.

use super::api;
use super::kubectl::{self, Call, is_found_out};
use super::words::{has, subcommand, words};
use super::{COMMAND, Facts, Rule, Run, Sample, Severity, Weight, before, each_heaviest, fed_by};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::embedded::{ADMINS, Power, SYSTEM_CONFIG, What};
use crate::detect::findings::Collector;
use crate::detect::flow::is_downloader;
use crate::normalize::Invocation;

/// What taking power over the cluster weighs.
pub(super) const FULL: Weight = (Severity::High, 45);

pub(super) static RULES: &[Rule] = &[Rule {
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
    check,
    samples: &[
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'kubectl proxy & curl -s localhost:8001/api/v1/secrets']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'kubectl get secret -o name | xargs -I{} kubectl get {} -o yaml']}]",
        ),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [kubectl, patch, deploy, web, --type=json, -p, '[{\"op\": \"add\", \"path\": \"/spec/template/spec/hostPID\", \"value\": true}]']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [oc, adm, policy, add-scc-to-user, privileged, -z, default]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [eksctl, create, iamidentitymapping, --cluster, c, --arn, x, --group, 'system:masters']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [kubectl, get, secrets, -A, -o, 'jsonpath={.items[*].metadata.name}']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [kubectl, patch, deploy, web, --type=json, -p, '[{\"op\": \"replace\", \"path\": \"/spec/replicas\", \"value\": 3}]']}]",
        ),
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
        Sample::Hit(45, "containers: [{name: a, command: [kubectl, create, token, admin, -n, kube-system]}]"),
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
        Sample::Hit(12, "containers: [{name: a, command: [kubectl, exec, deploy/db, --, pg_dump, shop]}]"),
        Sample::Hit(15, "containers: [{name: a, command: [kubectl, get, secret, tls, -o, yaml]}]"),
        Sample::Miss(
            "containers: [{name: a, command: [kubectl, get, secret, tls, -o, 'jsonpath={.data.x}']}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [kubectl, get, secrets.v1., -A, -o, yaml]}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, \"kubectl -n x get secret -o go-template='{{range .items}}{{.data}}{{end}}'\"]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'for s in $(kubectl get secrets -o name); do kubectl get $s -o yaml; done']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [kubectl, '--as=x', '--as-group=system:masters', get, pods]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, -H, 'Impersonate-Group: system:masters', 'https://kubernetes.default/api/v1/pods']}]",
        ),
        Sample::Hit(20, "containers: [{name: a, command: [kubectl, certificate, approve, web]}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [openssl, req, -new, -subj, '/O=system:masters/CN=x']}]",
        ),
        Sample::Hit(
            35,
            "containers: [{name: a, command: [kubectl, '--kubeconfig=/host/etc/kubernetes/admin.conf', get, pods]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'kubectl -n kube-system get cm coredns -o yaml | sed s/a/b/ | kubectl replace -f -']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'for p in $(kubectl get po -A -o name); do kubectl exec $p -- cat /x; done']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [kubectl, create, clusterrole, x, '--verb=*', '--resource=*']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [python3, -c, 'from kubernetes import client; print(client.CoreV1Api().list_secret_for_all_namespaces())']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [node, -e, 'const k8s = require(\"@kubernetes/client-node\"); api.listNamespacedSecret({namespace: \"x\"})']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, -d, '{\"kind\":\"ClusterRoleBinding\",\"roleRef\":{\"name\":\"view\"},\"subjects\":[{\"kind\":\"User\",\"name\":\"system:anonymous\"}]}', 'https://$H/apis/rbac.authorization.k8s.io/v1/x']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, \"kubectl apply -f - <<E\\nkind: ClusterRoleBinding\\nroleRef: {kind: ClusterRole, name: cluster-admin}\\nsubjects: [{kind: ServiceAccount, name: a}]\\nE\"]}]",
        ),
        Sample::Hit(
            20,
            "containers: [{name: a, command: [sh, -c, \"kubectl apply -f - <<E\\nkind: ClusterRoleBinding\\nroleRef: {kind: ClusterRole, name: shop-reader}\\nE\"]}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, \"kubectl apply -f - <<E\\nkind: RoleBinding\\nroleRef: {kind: Role, name: shop}\\nsubjects: [{kind: ServiceAccount, name: a}]\\nE\"]}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'for p in $(kubectl get po -A -o name); do kubectl label $p a=b; done']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [kubectl, get, secrets, -o, 'jsonpath={.items[*].metadata.name}']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [kubectl, -n, shop, create, configmap, coredns-test, --from-file=x]}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [python3, -c, 'from kubernetes import client; print(client.CoreV1Api().list_namespaced_pod(\"x\"))']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [openssl, req, -new, -subj, '/CN=web.shop.svc']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [kubectl, '--kubeconfig=/cfg/kubeconfig', get, pods]}]",
        ),
        Sample::Miss("containers: [{name: a, command: [kubectl, rollout, status, deployment/api]}]"),
        Sample::Miss("containers: [{name: a, command: [kubectl, create, secret, docker-registry, ecr]}]"),
        Sample::Miss("containers: [{name: a, command: [curl, -k, 'https://10.0.0.1:10250/healthz']}]"),
        Sample::Miss("containers: [{name: a, command: [etcdctl, snapshot, save, /b/snap.db]}]"),
        Sample::Miss("containers: [{name: a, command: [helm, upgrade, --install, x, ./chart]}]"),
        Sample::Miss("containers: [{name: a, command: [echo, kubectl, get, secrets, -A]}]"),
    ],
    ..COMMAND
}];

fn check(facts: &Facts<'_>, found: &mut Collector<'_>) {
    each_heaviest(facts, found, weigh);
    // Objects that give power, in a here-document or a request's body.
    for made in &facts.embedded {
        let (What::Power(power), Some(run)) = (&made.what, facts.runs.get(made.run)) else { continue };
        let (severity, points) = match power {
            Power::Full => FULL,
            Power::Some => (Severity::Low, 20),
        };
        let evidence = format!("{} {}", made.kind, made.name);
        found.hit_as(severity, points, Some(&run.container.name), run.path(), &evidence);
    }
}

fn weigh(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    if let Some(call) = kubectl::call(invocation) {
        return by_kubectl(run, at, invocation, &call);
    }
    match invocation.program.as_str() {
        "etcdctl" => {
            let reads = subcommand(invocation, &["get", "dump"]);
            let secret = words(invocation)
                .any(|word| word.contains("/registry/secrets") || word.contains("/kubernetes.io/secrets"));
            let all = has(invocation, &["--prefix"])
                && words(invocation).any(|word| matches!(word, "" | "/" | "/registry" | "/registry/"));
            (reads && (secret || all)).then_some(FULL)
        }
        // A certificate as which the API server would take its owner for the system itself.
        "openssl" | "cfssl" => words(invocation)
            .any(|word| word.contains("O=system:masters") || word.contains("O=system:nodes"))
            .then_some(FULL),
        // Who is an administrator of the cluster is kept by the cloud, too.
        "eksctl" | "aws" => {
            let maps = has(invocation, &["iamidentitymapping"]) && has(invocation, &["system:masters"]);
            let policy = words(invocation).any(|word| word.contains("AmazonEKSClusterAdminPolicy"));
            (maps || policy).then_some(FULL)
        }
        program if is_downloader(invocation) || matches!(program, "websocat" | "wscat" | "kubeletctl") => {
            api::by_tool(invocation)
        }
        _ => api::by_code(invocation),
    }
}

fn by_kubectl(run: &Run<'_>, at: usize, invocation: &Invocation, call: &Call<'_>) -> Option<Weight> {
    let own = match call.option(&["--raw"]) {
        Some(path) => {
            let method = match call.verb {
                "create" => "POST",
                "replace" => "PUT",
                "delete" => "DELETE",
                _ => "GET",
            };
            api::by_path(path, method)
        }
        None => by_verb(run, at, invocation, call),
    };
    let identity = impersonates(call).or_else(|| borrows(invocation, call));
    [own, identity].into_iter().flatten().max_by_key(|weight| weight.1)
}

/// `--as` and `--as-group`: to ask as somebody else is the right of administrators.
fn impersonates(call: &Call<'_>) -> Option<Weight> {
    let user = call.option(&["--as"]).unwrap_or_default();
    let group = call.option(&["--as-group"]).unwrap_or_default();
    if user.is_empty() && group.is_empty() {
        return None;
    }
    // Asking what somebody may do changes nothing.
    if call.verb == "auth" {
        return Some((Severity::Low, 5));
    }
    let mighty = group == "system:masters"
        || user.ends_with("admin")
        || user.starts_with("system:serviceaccount:kube-system:")
        || ["system:node:", "system:kube-"].iter().any(|start| user.starts_with(start));
    Some(if mighty { FULL } else { (Severity::Low, 20) })
}

/// The credentials of a node or of the control plane in place of its own.
fn borrows(invocation: &Invocation, call: &Call<'_>) -> Option<Weight> {
    let by_env =
        invocation.assignments.iter().find(|(name, _)| name == "KUBECONFIG").map(|(_, value)| value.as_str());
    let config = call.option(&["--kubeconfig"]).or(by_env)?;
    let of_node = [
        "/etc/kubernetes/admin.conf",
        "/etc/kubernetes/super-admin.conf",
        "/etc/kubernetes/kubelet.conf",
        "/etc/rancher/k3s/k3s.yaml",
        "/etc/rancher/rke2/rke2.yaml",
        "/var/lib/kubelet/kubeconfig",
    ];
    of_node.iter().any(|path| config.ends_with(path)).then_some((Severity::Medium, 35))
}

fn by_verb(run: &Run<'_>, at: usize, invocation: &Invocation, call: &Call<'_>) -> Option<Weight> {
    let system = call.namespace() == "kube-system";
    // A name that another command found out.
    let found_out = |names: &[&str]| names.iter().any(|name| is_found_out(name));
    match call.verb {
        "get" => gets_secrets(run, at, call),
        "create" => {
            let first = call.kinds().first().copied().unwrap_or_default();
            let role = call.option(&["--clusterrole"]).unwrap_or_default();
            let verbs = call.option(&["--verb"]).unwrap_or_default();
            let grants = match first {
                "clusterrolebinding" | "token" => true,
                "rolebinding" => ADMINS.contains(&role) && role != "edit",
                "clusterrole" | "role" => {
                    verbs.contains('*') && call.option(&["--resource"]).is_some_and(|kind| kind.contains('*'))
                        || ["escalate", "bind", "impersonate"].iter().any(|verb| verbs.contains(verb))
                }
                _ => false,
            };
            (grants || changes_system(run, at, call)).then_some(FULL)
        }
        "set" if call.rest.first() == Some(&"subject") => Some(FULL),
        "patch" | "edit" if call.is_about(&["clusterrole", "clusterrolebinding", "rolebinding"]) => {
            Some((Severity::Medium, 35))
        }
        // Operations on fields, which are no object to be judged.
        "patch" if words(invocation).any(takes_node) => Some((Severity::Medium, 35)),
        "patch" | "edit" | "apply" | "replace" => changes_system(run, at, call).then_some(FULL),
        "certificate" => (call.rest.first() == Some(&"approve")).then_some((Severity::Low, 20)),
        "exec" | "cp" if system => Some(FULL),
        "exec" if found_out(&call.rest) && lists_everywhere(run, at, "pod") => Some(FULL),
        "exec" => Some((Severity::Low, 12)),
        "debug" => call.rest.iter().any(|word| word.starts_with("node/")).then_some(FULL),
        "run" => words(invocation)
            .any(|word| word.contains("\"privileged\":true") || word.contains("\"hostPID\":true"))
            .then_some(FULL)
            .or_else(|| {
                has(invocation, &["--privileged", "--privileged=true"]).then_some((Severity::Medium, 35))
            }),
        "adm" if call.rest.first() == Some(&"policy") => {
            let adds = call.rest.iter().any(|word| word.starts_with("add-"));
            let mighty =
                call.rest.iter().any(|word| matches!(*word, "cluster-admin" | "privileged" | "admin"));
            (adds && mighty).then_some(FULL)
        }
        "auth" => has(invocation, &["--list"]).then_some((Severity::Low, 15)),
        "cluster-info" => (call.rest.first() == Some(&"dump")).then_some((Severity::Low, 15)),
        // The flag has no value here.
        "config" => has(invocation, &["--raw"]).then_some((Severity::Low, 20)),
        _ => None,
    }
}

/// `[{"op": "add", "path": "/spec/template/spec/hostPID", "value": true}]`.
fn takes_node(word: &str) -> bool {
    let plain = || word.replace([' ', '\n'], "");
    word.contains("\"op\"")
        && [
            "\"privileged\":true",
            "/privileged\",\"value\":true",
            "/hostPID\",\"value\":true",
            "\"hostPath\":",
        ]
        .iter()
        .any(|part| plain().contains(part))
}

fn gets_secrets(run: &Run<'_>, at: usize, call: &Call<'_>) -> Option<Weight> {
    let output = call.output();
    let whole = output.starts_with("yaml")
        || output.starts_with("json") && !output.starts_with("jsonpath")
        || shows_data(call, output);
    let named = !call.names().is_empty();
    let looped = || {
        let target = call.rest.iter().any(|word| is_found_out(word));
        // `for s in $(kubectl get secrets -o name); do kubectl get $s -o yaml`.
        target
            && whole
            && before(run, at)
                .filter_map(kubectl::call)
                .any(|other| other.verb == "get" && other.is_about(&["secret"]) && other.names().is_empty())
    };
    if !call.is_about(&["secret"]) {
        return looped().then_some(FULL);
    }
    match (whole, named) {
        (true, false) if call.selected() && !call.everywhere() => Some((Severity::Low, 15)),
        (true, false) => Some(FULL),
        (false, false) if call.everywhere() && !output.starts_with("name") && !is_template(output) => {
            Some(FULL)
        }
        (_, true) if looped() => Some(FULL),
        // One value of one secret is what its owner needs.
        (true, true) if !shows_data(call, output) => Some((Severity::Low, 15)),
        _ => None,
    }
}

/// Whether an output is given by a template.
fn is_template(output: &str) -> bool {
    ["go-template", "jsonpath", "template", "custom-columns"].iter().any(|kind| output.starts_with(kind))
}

/// Whether an output by template prints the content of secrets.
fn shows_data(call: &Call<'_>, output: &str) -> bool {
    if !is_template(output) && call.option(&["--template"]).is_none() {
        return false;
    }
    let template =
        output.split_once('=').map(|(_, template)| template).or_else(|| call.option(&["--template"]));
    template.is_some_and(|text| {
        let plain = text.replace("metadata", "");
        plain.contains("data")
            || matches!(text.trim_matches(['{', '}', ' ']), "" | "." | ".items" | ".items[*]" | "$")
    })
}

/// Whether a call changes a `ConfigMap` of the system: by name, or by what another call read and a tool changed.
fn changes_system(run: &Run<'_>, at: usize, call: &Call<'_>) -> bool {
    let is_system = |call: &Call<'_>| {
        call.is_about(&["configmap"]) && call.names().iter().any(|name| SYSTEM_CONFIG.contains(name))
    };
    if is_system(call) {
        return true;
    }
    if !call.files().iter().any(|file| matches!(*file, "-" | "/dev/stdin")) {
        return false;
    }
    fed_by(run, at).filter_map(kubectl::call).any(|source| source.verb == "get" && is_system(&source))
}

/// Whether the script lists objects of a kind in all namespaces.
fn lists_everywhere(run: &Run<'_>, at: usize, kind: &str) -> bool {
    before(run, at)
        .filter_map(kubectl::call)
        .any(|call| call.verb == "get" && call.is_about(&[kind]) && call.everywhere() && !call.selected())
}
