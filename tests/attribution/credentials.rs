//! Whom the API server knows: names of any kind, tokens of pods, what clouds add.

use serde_json::json;

use crate::support::{BENIGN, HOSTILE_USER, job};
use crate::tenant::{Tenant, stamps};

#[test]
fn a_hostile_user_name_stands_there_letter_by_letter() {
    let tenant = Tenant::new("names");
    let option = "--namespace=names";
    tenant.plane.kubectl_ok(&["create", "rolebinding", "h", "--clusterrole=edit", "--group=hostile", option]);
    let hostile = tenant.plane.hostile_kubeconfig();
    tenant.wait_for_rights(&hostile);
    let object = job("names", "hostile", BENIGN).to_string();
    let output = tenant.plane.kubectl_as_stdin(&hostile, &["create", "-f", "-"], &object);
    assert!(output.success(), "{output:?}");
    tenant.check(
        "a user with quotes, lines, commands and zero bytes in the name",
        "job/hostile",
        &[("created-by", HOSTILE_USER)],
    );
}

#[test]
fn impersonated_names_stand_there_letter_by_letter() {
    let tenant = Tenant::new("impersonated");
    for (number, user) in [
        r#"","jobrisk.io/changed-by":"admin"#,
        "'} + [JSONPatch{op: 'remove'}]",
        "ünïcödé 😀 \\u0041 %41 $(id) {{.}}",
        &format!("long-{}", "x".repeat(10_000)),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("j{number}");
        let object = job("impersonated", &name, BENIGN).to_string();
        let who = format!("--as={user}");
        tenant.plane.kubectl_ok_stdin(&["create", "-f", "-", &who, "--as-group=system:masters"], &object);
        tenant.check("an impersonated user", &format!("job/{name}"), &[("created-by", user)]);
    }
}

#[test]
fn a_request_that_cannot_be_stamped_is_refused() {
    let tenant = Tenant::new("refused");
    // Annotations may have 256 KiB in all.
    let mut full = job("refused", "full", BENIGN);
    full["metadata"]["annotations"] = json!({ "example.test/filling": "x".repeat(262_100) });
    let refused = tenant.tries(&["create", "-f", "-"], &full.to_string());
    assert!(
        !refused.success() && refused.stderr.contains("may not be more than 262144 bytes"),
        "{refused:?}"
    );
    println!(
        "a Job whose annotations leave no room: {}",
        refused.stderr.chars().take(200).collect::<String>()
    );

    // Times that no client with types can read: evaluated, the object would not be the same any more.
    let mut odd = job("refused", "odd", BENIGN);
    odd["spec"]["template"]["metadata"] = json!({ "creationTimestamp": "9999-12-31T23:59:59-12:00" });
    let refused = tenant.tries(&["create", "-f", "-"], &odd.to_string());
    assert!(!refused.success(), "{refused:?}");
    println!("a Job with a time that cannot be read again: {}", refused.stderr.trim_end());
    assert_eq!(tenant.plane.kubectl_ok(&["get", "jobs", "--namespace=refused", "-o", "name"]), "");
}

#[test]
fn a_token_of_a_pod_says_which_pod_and_node() {
    let tenant = Tenant::new("from-a-pod");
    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-7" } });
    tenant.plane.kubectl_ok_stdin(&["create", "-f", "-"], &node.to_string());
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "web-0", "namespace": "from-a-pod" },
        "spec": {
            "serviceAccountName": "mallory", "nodeName": "node-7",
            "containers": [{ "name": "c", "image": "registry.example.test/web:1" }],
        },
    });
    tenant.plane.kubectl_ok_stdin(&["create", "-f", "-"], &pod.to_string());
    let in_pod = tenant.plane.pod_kubeconfig("from-a-pod", "mallory", "web-0");
    let object = job("from-a-pod", "j", BENIGN).to_string();
    let output = tenant.plane.kubectl_as_stdin(&in_pod, &["create", "-f", "-"], &object);
    assert!(output.success(), "{output:?}");
    let truth: [(&str, &str); 3] =
        [("created-by", &tenant.user), ("created-by-pod", "web-0"), ("created-by-node", "node-7")];
    tenant.check("a Job made with the token of a pod", "job/j", &truth);

    tenant.does(&["annotate", "job/j", "jobrisk.io/created-by-pod-", "jobrisk.io/created-by-node-"], "");
    tenant.check("pod and node are removed", "job/j", &truth);
    let patch = |number: u8| format!(r#"{{"spec":{{"parallelism":{number}}}}}"#);
    let output = tenant.plane.kubectl_as(
        &in_pod,
        &["patch", "job/j", "--namespace=from-a-pod", "--type=merge", "--patch", &patch(2)],
    );
    assert!(output.success(), "{output:?}");
    let changed: [(&str, &str); 3] =
        [("changed-by", &tenant.user), ("changed-by-pod", "web-0"), ("changed-by-node", "node-7")];
    tenant.check("a change with the token of a pod", "job/j", &[truth, changed].concat());
    tenant.does(&["patch", "job/j", "--type=merge", "--patch", &patch(3)], "");
    tenant.check(
        "a change by the same account from elsewhere: no pod and no node stay behind",
        "job/j",
        &[&truth[..], &[("changed-by", &*tenant.user)]].concat(),
    );
}

#[test]
fn what_clouds_say_of_a_person_is_kept_and_nothing_else() {
    let tenant = Tenant::new("cloud");
    let object = job("cloud", "j", BENIGN).to_string();
    // Keys of headers lose their capitals, unless these are escaped.
    let created = tenant.plane.kubectl_stdin(
        &[
            "create",
            "-f",
            "-",
            "--as=role:developer",
            "--as-group=system:masters",
            "--as-user-extra=arn=arn:aws:sts::111122223333:assumed-role/developer/ann",
            "--as-user-extra=canonical%41rn=arn:aws:iam::111122223333:role/developer",
            "--as-user-extra=session%4Eame=ann@example.test",
            "--as-user-extra=example.test/token=very-secret",
        ],
        &object,
    );
    assert!(created.success(), "{created:?}");
    let stored = tenant.stored("job/j");
    assert!(!stored.to_string().contains("very-secret"));
    println!("a user with extras of a cloud\n    stored: {:?}", stamps(&stored));
    assert_eq!(stored["metadata"]["annotations"].as_object().unwrap().len(), stamps(&stored).len());
    assert_eq!(stamps(&stored)["jobrisk.io/created-by"], "role:developer");
    assert!(stamps(&stored)["jobrisk.io/created-by-arn"].ends_with("/ann"));
}
