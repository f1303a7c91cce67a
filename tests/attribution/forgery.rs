//! Attempts to write, change or remove what the API server says of oneself.

use serde_json::{Value, json};

use crate::support::{BENIGN, cron_job, eventually, job};
use crate::tenant::{Tenant, lies, stamps};
use std::time::Duration;

#[test]
fn what_is_forged_at_create_is_overwritten() {
    let tenant = Tenant::new("at-create");
    let mut lie = job(tenant.namespace, "made", BENIGN);
    lie["metadata"]["annotations"] = lies();
    tenant.creates(&lie);
    tenant.check("a Job is created with all annotations forged", "job/made", &[("created-by", &tenant.user)]);
    let credential =
        &tenant.stored("job/made")["metadata"]["annotations"]["jobrisk.io/created-by-credential"];
    assert!(credential.as_str().unwrap().starts_with("JTI="), "{credential}");

    let mut lie = cron_job(tenant.namespace, "made", BENIGN);
    lie["metadata"]["annotations"] = lies();
    tenant.does(&["apply", "--server-side", "-f", "-"], &lie.to_string());
    tenant.check(
        "a CronJob is created by server-side apply with all annotations forged",
        "cronjob/made",
        &[("created-by", &tenant.user)],
    );
}

#[test]
fn what_is_forged_at_update_is_put_back() {
    let tenant = Tenant::new("at-update");
    tenant.creates(&cron_job(tenant.namespace, "c", BENIGN));
    let truth: [(&str, &str); 1] = [("created-by", &tenant.user)];
    let before = tenant.stored("cronjob/c");

    tenant.does(
        &[
            "annotate",
            "cronjob/c",
            "--overwrite",
            "jobrisk.io/created-by=admin",
            "jobrisk.io/changed-by=admin",
        ],
        "",
    );
    tenant.check("kubectl annotate --overwrite", "cronjob/c", &truth);

    let patch = json!({ "metadata": { "annotations": lies() } }).to_string();
    tenant.does(&["patch", "cronjob/c", "--type=merge", "--patch", &patch], "");
    tenant.check("a merge patch of all annotations", "cronjob/c", &truth);

    let patch = json!([{ "op": "replace", "path": "/metadata/annotations", "value": lies() }]).to_string();
    tenant.does(&["patch", "cronjob/c", "--type=json", "--patch", &patch], "");
    tenant.check("a JSON patch of all annotations", "cronjob/c", &truth);

    let apply = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": { "name": "c", "namespace": tenant.namespace, "annotations": lies() },
    });
    tenant.does(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &apply.to_string());
    tenant.check("a server-side apply with force", "cronjob/c", &truth);

    let mut whole = tenant.stored("cronjob/c");
    whole["metadata"]["annotations"] = lies();
    tenant.does(&["replace", "-f", "-"], &whole.to_string());
    tenant.check("a replacement of the whole object", "cronjob/c", &truth);

    let credential = "jobrisk.io/created-by-credential";
    assert_eq!(
        tenant.stored("cronjob/c")["metadata"]["annotations"][credential],
        before["metadata"]["annotations"][credential]
    );
}

#[test]
fn what_is_removed_is_put_back() {
    let tenant = Tenant::new("removal");
    tenant.creates(&job(tenant.namespace, "j", BENIGN));
    let truth: [(&str, &str); 1] = [("created-by", &tenant.user)];

    tenant.does(&["annotate", "job/j", "jobrisk.io/created-by-", "jobrisk.io/created-by-credential-"], "");
    tenant.check("kubectl annotate KEY-", "job/j", &truth);

    let patch = json!([{ "op": "remove", "path": "/metadata/annotations" }]).to_string();
    tenant.does(&["patch", "job/j", "--type=json", "--patch", &patch], "");
    tenant.check("a JSON patch that removes all annotations", "job/j", &truth);

    let mut whole = tenant.stored("job/j");
    whole["metadata"].as_object_mut().unwrap().remove("annotations");
    whole["metadata"].as_object_mut().unwrap().remove("managedFields");
    tenant.does(&["replace", "-f", "-"], &whole.to_string());
    tenant.check("a replacement without annotations", "job/j", &truth);
}

#[test]
fn a_change_with_a_forgery_in_the_same_request_names_its_author() {
    let tenant = Tenant::new("both-at-once");
    tenant.creates(&cron_job(tenant.namespace, "c", BENIGN));
    let patch = json!({ "metadata": { "annotations": lies() }, "spec": { "schedule": "0 4 * * *" } });
    tenant.does(&["patch", "cronjob/c", "--type=merge", "--patch", &patch.to_string()], "");
    tenant.check(
        "a patch that changes the spec and forges all annotations",
        "cronjob/c",
        &[("created-by", &tenant.user), ("changed-by", &tenant.user)],
    );
}

#[test]
fn through_the_status_nothing_is_forged() {
    let tenant = Tenant::new("status");
    tenant.creates(&job(tenant.namespace, "j", BENIGN));
    let option = format!("--namespace={}", tenant.namespace);
    let annotations = json!({ "metadata": { "annotations": lies() }, "status": { "active": 1 } }).to_string();
    let patch = ["patch", "job/j", "--subresource=status", "--type=merge", "--patch", &annotations];
    let refused = tenant.tries(&patch, "");
    assert!(refused.stderr.contains("forbidden"), "{refused:?}");
    println!("edit may not write the status: {}", refused.stderr.trim_end());

    // With the right to do so, and with a change of spec that the API server ignores there.
    tenant.plane.kubectl_ok(&[
        "create",
        "role",
        "status",
        "--verb=*",
        "--resource=jobs.batch/status",
        &option,
    ]);
    let account = format!("--serviceaccount={}:mallory", tenant.namespace);
    tenant.plane.kubectl_ok(&["create", "rolebinding", "status", "--role=status", &account, &option]);
    let done = eventually(Duration::from_secs(20), || tenant.tries(&patch, "").success().then_some(()));
    assert!(done.is_some());
    tenant.check("a patch of the status", "job/j", &[("created-by", &tenant.user)]);
    let with_spec = json!({ "metadata": { "annotations": lies() }, "spec": { "parallelism": 7 }, "status": { "active": 2 } });
    let with_spec = with_spec.to_string();
    tenant.does(&["patch", "job/j", "--subresource=status", "--type=merge", "--patch", &with_spec], "");
    tenant.check("a patch of the status with another spec", "job/j", &[("created-by", &tenant.user)]);
    assert_eq!(tenant.stored("job/j")["spec"]["parallelism"], 1, "the status is written, not the spec");
}

#[test]
fn the_template_claims_nothing() {
    let tenant = Tenant::new("template");
    let mut cron = cron_job(tenant.namespace, "c", BENIGN);
    cron["spec"]["suspend"] = json!(false);
    cron["spec"]["schedule"] = json!("0 0 1 1 *");
    cron["spec"]["jobTemplate"]["metadata"] = json!({ "annotations": lies() });
    cron["spec"]["jobTemplate"]["spec"]["suspend"] = json!(true);
    cron["spec"]["jobTemplate"]["spec"]["template"]["metadata"] = json!({ "annotations": lies() });
    tenant.creates(&cron);
    tenant.check("a CronJob with forged templates", "cronjob/c", &[("created-by", &tenant.user)]);

    tenant.does(&["create", "job", "by-hand", "--from=cronjob/c"], "");
    tenant.check("kubectl create job --from", "job/by-hand", &[("created-by", &tenant.user)]);

    // As if its last run had been two years ago, so that one is due now.
    let option = format!("--namespace={}", tenant.namespace);
    let last = r#"{"status":{"lastScheduleTime":"2020-01-01T00:00:00Z"}}"#;
    tenant.plane.kubectl_ok(&[
        "patch",
        "cronjob/c",
        &option,
        "--subresource=status",
        "--type=merge",
        "--patch",
        last,
    ]);
    let run = eventually(Duration::from_secs(60), || {
        let jobs: Value =
            serde_json::from_str(&tenant.plane.kubectl_ok(&["get", "jobs", &option, "-o", "json"])).unwrap();
        jobs["items"].as_array().unwrap().iter().find(|job| job["metadata"]["name"] != "by-hand").cloned()
    });
    let stamps = stamps(&run.expect("the CronJob controller makes a Job"));
    println!("a run of a CronJob whose template has forged annotations\n    stored: {stamps:?}");
    assert_eq!(
        stamps.into_iter().collect::<Vec<_>>(),
        [(
            "jobrisk.io/created-by".to_owned(),
            "system:serviceaccount:kube-system:cronjob-controller".to_owned()
        )]
    );
}

#[test]
fn an_object_older_than_the_policy_keeps_what_its_author_wrote_and_gets_nothing_more() {
    const OLD: &[&str] = &["get", "job/old", "--namespace=before", "-o", "json"];
    let tenant = Tenant::new("older");
    let old = || stamps(&serde_json::from_str(&tenant.plane.kubectl_ok(OLD)).unwrap());
    println!("a Job older than the policy, with a forged annotation\n    stored: {:?}", old());
    assert_eq!(old()["jobrisk.io/created-by"], "admin");
    tenant.plane.kubectl_ok(&["label", "job/old", "--namespace=before", "seen=yes"]);
    assert_eq!(old().len(), 1);
    tenant.plane.kubectl_ok(&[
        "patch",
        "job/old",
        "--namespace=before",
        "--type=merge",
        "--patch",
        r#"{"spec":{"parallelism":2}}"#,
    ]);
    println!("the same after a change of its spec\n    stored: {:?}", old());
    assert_eq!(old()["jobrisk.io/changed-by"], "admin");
}
