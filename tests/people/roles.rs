//! The roles that are shipped for people: what each may do, and no more.

use crate::person::cluster;
use crate::support::{ControlPlane, NAMESPACE, eventually};

/// A person's rights in a namespace.
fn rights(plane: &ControlPlane, user: &str, namespace: &str) -> Vec<String> {
    plane.rights(&format!("--as={user}"), namespace)
}

/// Each of these, `VERB RESOURCE`, is refused.
fn cannot(plane: &ControlPlane, user: &str, namespace: &str, what: &[&str]) {
    let (user, namespace) = (format!("--as={user}"), format!("--namespace={namespace}"));
    for action in what {
        let (verb, resource) = action.split_once(' ').unwrap();
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let part = format!("--subresource={part}");
        let answer = plane.kubectl(&["auth", "can-i", verb, resource, &part, &user, &namespace]);
        assert_eq!(answer.stdout, "no\n", "{action}: {answer:?}");
    }
}

const WRITES: [&str; 12] = [
    "create jobriskreports.jobrisk.io",
    "update jobriskreports.jobrisk.io",
    "patch jobriskreports.jobrisk.io",
    "delete jobriskreports.jobrisk.io",
    "deletecollection jobriskreports.jobrisk.io",
    "create jobs.batch",
    "patch cronjobs.batch",
    "delete jobs.batch",
    "patch deployments.apps",
    "create pods",
    "get secrets",
    "get configmaps",
];

#[test]
fn a_reader_of_reports_may_read_reports() {
    let (plane, _) = cluster();
    let role = ["--clusterrole=jobrisk-reports-view", "--user=reader"];
    plane.kubectl_ok(&["create", "clusterrolebinding", "readers", role[0], role[1]]);
    for namespace in ["default", NAMESPACE] {
        let may = eventually(std::time::Duration::from_secs(30), || {
            Some(rights(plane, "reader", namespace)).filter(|rights| !rights.is_empty())
        });
        assert_eq!(may.unwrap(), ["jobriskreports.jobrisk.io [] [] [get list watch]"]);
        cannot(plane, "reader", namespace, &WRITES);
        cannot(
            plane,
            "reader",
            namespace,
            &["list jobs.batch", "list pods", "get pods/log", "get pods/proxy"],
        );
    }
}

#[test]
fn an_operator_of_jobrisk_may_look_and_change_nothing() {
    let (plane, _) = cluster();
    let (namespace, user) = (format!("--namespace={NAMESPACE}"), "--user=operator");
    plane.kubectl_ok(&["create", "clusterrolebinding", "look", "--clusterrole=jobrisk-operator", user]);
    plane.kubectl_ok(&["create", "rolebinding", "look", "--role=jobrisk-operator", user, &namespace]);
    let everywhere = [
        "cronjobs.batch [] [] [list]",
        "jobriskreports.jobrisk.io [] [] [get list watch]",
        "jobs.batch [] [] [list]",
    ];
    let mut at_home = vec![
        "deployments.apps [] [jobrisk] [get]",
        "events [] [] [get list watch]",
        "events.events.k8s.io [] [] [get list watch]",
        "pods [] [] [get list watch]",
        "pods/log [] [] [get]",
        "pods/proxy [] [] [get]",
    ];
    at_home.extend(everywhere);
    at_home.sort_unstable();
    // The API server's view of the bindings follows within moments.
    let becomes = |namespace: &str, expected: &[&str]| {
        eventually(std::time::Duration::from_secs(30), || {
            (rights(plane, "operator", namespace) == expected).then_some(())
        });
        assert_eq!(rights(plane, "operator", namespace), expected, "in {namespace}");
    };
    becomes("default", &everywhere);
    becomes(NAMESPACE, &at_home);
    let never = ["create pods/proxy", "create pods/exec", "create pods/portforward", "get jobs.batch"];
    for namespace in ["default", NAMESPACE] {
        cannot(plane, "operator", namespace, &WRITES);
        cannot(plane, "operator", namespace, &never);
    }
    cannot(plane, "operator", "default", &["get pods/proxy", "get pods/log", "list pods", "list events"]);
}
