//! The shipped manifests on a real API server: accepted as they are, stable, and with no more rights than they need.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use support::{ControlPlane, NAMESPACE, apply_manifests, base, eventually, manifests};

const LIMIT: Duration = Duration::from_secs(60);
const CONTROLLER: &str = "--as=system:serviceaccount:jobrisk-system:jobrisk";

/// The control plane with the manifests, applied once.
fn plane() -> &'static ControlPlane {
    static READY: OnceLock<()> = OnceLock::new();
    READY.get_or_init(|| apply_manifests(ControlPlane::shared()));
    ControlPlane::shared()
}

#[test]
fn applying_again_changes_nothing() {
    let again = plane().kubectl_ok(&["apply", "-k", &base()]);
    assert!(again.lines().count() >= 8, "{again}");
    for line in again.lines() {
        assert!(line.ends_with(" unchanged"), "{line}");
    }
    let difference = plane().kubectl(&["diff", "-k", &base()]);
    assert_eq!(
        (difference.status.code(), difference.stdout.as_str()),
        (Some(0), ""),
        "{}",
        difference.stderr
    );
}

#[test]
fn applying_gives_no_warnings_and_works_on_the_server_side_too() {
    for arguments in [
        &["apply", "-k", &base(), "--dry-run=server"][..],
        &[
            "apply",
            "-k",
            &base(),
            "--server-side",
            "--dry-run=server",
            "--field-manager=other",
            "--force-conflicts",
        ],
    ] {
        let output = plane().kubectl(arguments);
        assert!(output.success(), "{}", output.stderr);
        assert_eq!(output.stderr, "", "{arguments:?}");
    }
}

#[test]
fn the_pod_is_admitted_under_the_strictest_standard() {
    let enforced = plane().kubectl_ok(&["get", "namespace", NAMESPACE, "-o", "jsonpath={.metadata.labels}"]);
    assert!(enforced.contains(r#""pod-security.kubernetes.io/enforce":"restricted""#), "{enforced}");
    let namespace = format!("--namespace={NAMESPACE}");
    // The controllers of the control plane make it from the Deployment; admission lets it pass or not.
    let pod = eventually(LIMIT, || {
        let json = plane().kubectl_ok(&["get", "pods", &namespace, "-o", "json"]);
        let list: Value = serde_json::from_str(&json).unwrap();
        list["items"].get(0).cloned()
    });
    let pod = pod.unwrap_or_else(|| {
        panic!("no Pod: {}", plane().kubectl_ok(&["describe", "replicasets", &namespace]))
    });
    assert_eq!(pod["spec"]["serviceAccountName"], "jobrisk");
    let mounts = pod["spec"]["containers"][0]["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().any(|mount| mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"));

    // The standard is really enforced: the same Pod with one setting less is refused.
    let mut lax = pod;
    lax["metadata"] = json!({ "name": "lax", "namespace": NAMESPACE });
    lax["status"] = Value::Null;
    lax["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
    let refused = plane().kubectl_stdin(&["create", "-f", "-", "--dry-run=server"], &lax.to_string());
    assert!(refused.stderr.contains("violates PodSecurity"), "{refused:?}");
}

#[test]
fn the_controller_may_do_what_it_needs_and_no_more() {
    let rules = rules("default");
    assert_eq!(
        rules,
        [
            "cronjobs.batch [] [] [get list watch]",
            "customresourcedefinitions.apiextensions.k8s.io [] [jobriskreports.jobrisk.io] [get]",
            "events.events.k8s.io [] [] [create]",
            "jobriskreports.jobrisk.io [] [] [get list watch create patch delete]",
            "jobs.batch [] [] [get list watch]",
        ],
    );
    for (verb, resource) in [("get", "secrets"), ("list", "pods"), ("create", "jobs"), ("get", "configmaps")]
    {
        let answer = plane().kubectl(&["auth", "can-i", verb, resource, "-A", CONTROLLER]);
        assert_eq!(answer.stdout, "no\n", "{verb} {resource}");
    }
}

/// What the controller may do in a namespace.
fn rules(namespace: &str) -> Vec<String> {
    plane().rights(CONTROLLER, namespace)
}

/// The objects that `kubectl kustomize` makes of the folder for two replicas.
fn for_two_replicas() -> Vec<Value> {
    let list = plane().kubectl_ok(&["apply", "-k", &manifests("ha"), "--dry-run=server", "-o", "json"]);
    serde_json::from_str::<Value>(&list).unwrap()["items"].as_array().unwrap().clone()
}

#[test]
fn two_replicas_are_the_same_controller_with_a_leader() {
    let warned = plane().kubectl(&["apply", "-k", &manifests("ha"), "--dry-run=server"]);
    assert!(warned.success() && warned.stderr.is_empty(), "{}", warned.stderr);
    let objects = for_two_replicas();
    let of_kind = |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap();
    let deployment = &of_kind("Deployment")["spec"];
    assert_eq!(deployment["replicas"], 2);
    assert_eq!(deployment["strategy"]["type"], "RollingUpdate");
    let container = &deployment["template"]["spec"]["containers"][0];
    assert_eq!(container["args"], json!(["run", "--listen=0.0.0.0:8080", "--leader-elect"]));
    let names: Vec<&str> =
        container["env"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    // The namespace of the lease and the name of its holder.
    assert!(names.contains(&"POD_NAMESPACE") && names.contains(&"POD_NAME"), "{names:?}");
    assert_eq!(of_kind("PodDisruptionBudget")["spec"]["minAvailable"], 1);
    let pod_labels = &deployment["template"]["metadata"]["labels"];
    for selector in [
        &of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &deployment["template"]["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
            [0]["podAffinityTerm"]["labelSelector"]["matchLabels"],
    ] {
        for (label, value) in selector.as_object().unwrap() {
            assert_eq!(&pod_labels[label], value, "{label}");
        }
    }
    for object in &objects {
        let name = &object["metadata"]["labels"]["app.kubernetes.io/name"];
        assert!(object["kind"] == "CustomResourceDefinition" || name == "jobrisk", "{object:#}");
    }
}

#[test]
fn with_two_replicas_the_controller_may_hold_one_lease_beside() {
    let before = rules(NAMESPACE);
    for object in for_two_replicas() {
        if object["kind"] == "Role" || object["kind"] == "RoleBinding" {
            plane().kubectl_ok_stdin(&["apply", "-f", "-"], &object.to_string());
        }
    }
    let added: Vec<String> = rules(NAMESPACE).into_iter().filter(|rule| !before.contains(rule)).collect();
    assert_eq!(
        added,
        ["leases.coordination.k8s.io [] [] [create]", "leases.coordination.k8s.io [] [jobrisk] [get patch]",]
    );
    assert!(!rules("default").iter().any(|rule| rule.contains("lease")), "only in its own namespace");
}

#[test]
fn whoever_may_view_a_namespace_may_read_its_reports_and_nobody_may_change_them() {
    plane().kubectl_ok(&["create", "namespace", "tenant"]);
    for role in ["view", "edit", "admin"] {
        plane().kubectl_ok(&[
            "create",
            "rolebinding",
            role,
            &format!("--clusterrole={role}"),
            &format!("--user={role}"),
            "--namespace=tenant",
        ]);
    }
    let can = |user: &str, verb: &str, namespace: &str| {
        let (user, namespace) = (format!("--as={user}"), format!("--namespace={namespace}"));
        plane().kubectl(&["auth", "can-i", verb, "jobriskreports.jobrisk.io", &namespace, &user]).stdout
            == "yes\n"
    };
    // The roles are aggregated by a controller, after they are made.
    assert!(eventually(LIMIT, || can("admin", "get", "tenant").then_some(())).is_some());
    for user in ["view", "edit", "admin"] {
        assert!(eventually(LIMIT, || can(user, "get", "tenant").then_some(())).is_some(), "{user}");
        let allowed: BTreeSet<&str> =
            ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
                .into_iter()
                .filter(|verb| can(user, verb, "tenant"))
                .collect();
        assert_eq!(allowed, BTreeSet::from(["get", "list", "watch"]), "{user}");
        assert!(!can(user, "get", "default"), "{user}");
    }
    assert!(!can("stranger", "get", "tenant"));
}

/// The Deployment as the API server has it.
fn deployment() -> Value {
    let namespace = format!("--namespace={NAMESPACE}");
    let json = plane().kubectl_ok(&["get", "deployment", "jobrisk", &namespace, "-o", "json"]);
    serde_json::from_str(&json).unwrap()
}

fn shipped(file: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

#[test]
fn s03_the_container_writes_nothing_becomes_nobody_and_has_nothing_but_the_program() {
    let deployment = deployment();
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_ne!(pod["securityContext"]["runAsUser"], 0);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let container = &pod["containers"][0]["securityContext"];
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["capabilities"], json!({ "drop": ["ALL"] }));
    assert_eq!(container["privileged"], Value::Null);
    for field in ["volumes", "hostNetwork", "hostPID", "hostIPC", "initContainers"] {
        assert_eq!(pod[field], Value::Null, "{field}");
    }
    // The last stage of the image begins with nothing and gets only what was built.
    let dockerfile = shipped("Dockerfile");
    let stage: Vec<&str> = dockerfile.rsplit("\nFROM ").next().unwrap().lines().collect();
    assert_eq!(stage[0], "scratch");
    let copies: Vec<&&str> =
        stage.iter().filter(|line| line.starts_with("COPY") || line.starts_with("ADD")).collect();
    assert_eq!(copies, [&"COPY --from=builder /out/ /"]);
    assert!(stage.contains(&"USER 65532:65532") && stage.contains(&"ENTRYPOINT [\"/jobrisk\"]"), "{stage:?}");
}

#[test]
fn s04_the_network_policy_is_about_the_pod_and_leaves_one_port_open() {
    let namespace = format!("--namespace={NAMESPACE}");
    let json = plane().kubectl_ok(&["get", "networkpolicies", &namespace, "-o", "json"]);
    let list: Value = serde_json::from_str(&json).unwrap();
    let policies = list["items"].as_array().unwrap();
    assert_eq!(policies.len(), 1);
    let spec = &policies[0]["spec"];
    let deployment = deployment();
    let labels = deployment["spec"]["template"]["metadata"]["labels"].as_object().unwrap();
    for (name, value) in spec["podSelector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(labels.get(name), Some(value), "the policy is about another Pod");
    }
    assert_eq!(spec["policyTypes"], json!(["Ingress"]));
    let port = &deployment["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"];
    assert_eq!(spec["ingress"], json!([{ "ports": [{ "protocol": "TCP", "port": port }] }]));
}
