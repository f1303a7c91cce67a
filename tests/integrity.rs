//! Nothing that a tenant writes makes a report say less than what is true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, cron_job, event_reasons, eventually, job, report,
    rules, wait_for_report,
};

fn begin(namespace: &str) -> (&'static ControlPlane, &'static Jobrisk) {
    let (plane, jobrisk) = (ControlPlane::shared(), Jobrisk::shared());
    plane.kubectl_ok(&["create", "namespace", namespace]);
    (plane, jobrisk)
}

fn uid(plane: &ControlPlane, namespace: &str, what: &str) -> String {
    plane.kubectl_ok(&["get", what, &format!("--namespace={namespace}"), "-o", "jsonpath={.metadata.uid}"])
}

/// A Job that says that a CronJob made it.
fn claimed(mut job: Value, name: &str, uid: &str) -> Value {
    job["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "batch/v1", "kind": "CronJob", "name": name, "uid": uid, "controller": true,
    }]);
    job
}

#[test]
fn i04_a_job_is_a_run_of_its_cron_job_only_if_it_is() {
    let namespace = "i04";
    let (plane, jobrisk) = begin(namespace);
    create(plane, &cron_job(namespace, "backup", BENIGN));
    wait_for_report(plane, namespace, "cronjob-backup", |_| true);
    let owner = uid(plane, namespace, "cronjob/backup");
    // Of no CronJob, and of one that does something else. (The garbage collector removes the first after a while.)
    create(
        plane,
        &claimed(job(namespace, "no-such", BENIGN), "backup", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    );
    create(plane, &claimed(job(namespace, "other", REVERSE_SHELL), "backup", &owner));
    let other = wait_for_report(plane, namespace, "job-other", |_| true);
    assert!(rules(&other).contains(&"evd-forged-owner".to_owned()), "{other}");
    let lines = eventually(Duration::from_secs(20), || {
        let lines = jobrisk.findings();
        lines.into_iter().find(|line| line["namespace"] == namespace && line["resource_name"] == "no-such")
    });
    let line = lines.expect("the Job of no CronJob is reported");
    assert!(line["rules"].as_array().unwrap().contains(&json!("evd-forged-owner")), "{line}");
    // The CronJob's report names what passes for its run.
    let named = wait_for_report(plane, namespace, "cronjob-backup", |report| {
        report["status"]["differingRuns"].as_array().is_some_and(|runs| !runs.is_empty())
    });
    assert_eq!(named["status"]["differingRuns"][0]["name"], "other");
    assert_eq!(named["status"]["severity"], "None", "its own verdict is its own");
}

#[test]
fn i05_runs_have_no_reports_of_their_own() {
    let namespace = "i05";
    let (plane, jobrisk) = begin(namespace);
    create(plane, &cron_job(namespace, "shell", REVERSE_SHELL));
    let before = wait_for_report(plane, namespace, "cronjob-shell", |_| true);
    let owner = uid(plane, namespace, "cronjob/shell");
    let option = format!("--namespace={namespace}");
    plane.kubectl_ok(&["create", "job", "by-hand", "--from=cronjob/shell", &option]);
    for number in 0..5 {
        create(plane, &claimed(job(namespace, &format!("shell-{number}"), REVERSE_SHELL), "shell", &owner));
    }
    // The watch delivers in order.
    create(plane, &job(namespace, "later", BENIGN));
    wait_for_report(plane, namespace, "job-later", |_| true);
    jobrisk.wait_idle();
    let reports = plane.kubectl_ok(&["get", "jobriskreports", &option, "-o", "name"]);
    assert_eq!(reports.lines().count(), 2, "{reports}");
    let after = report(plane, namespace, "cronjob-shell").unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
}

#[test]
fn i01_a_report_made_in_advance_is_not_trusted() {
    let namespace = "i01";
    let (plane, _) = begin(namespace);
    // Under the name that the report on the Job will have, about something else, with a finalizer that holds it.
    let mut made = wait_for_some_report(plane, namespace);
    made["metadata"] =
        json!({ "name": "job-evil", "namespace": namespace, "finalizers": ["example.test/hold"] });
    made["spec"]["subject"]["name"] = json!("evil");
    create(plane, &made);
    create(plane, &job(namespace, "evil", REVERSE_SHELL));
    let uid = uid(plane, namespace, "job/evil");
    let report =
        wait_for_report(plane, namespace, "job-evil", |report| report["spec"]["subject"]["uid"] == uid);
    assert_eq!(report["status"]["severity"], "High");
    assert_eq!(report["metadata"]["finalizers"], Value::Null);
}

fn wait_for_some_report(plane: &ControlPlane, namespace: &str) -> Value {
    create(plane, &job(namespace, "model", BENIGN));
    wait_for_report(plane, namespace, "job-model", |_| true)
}

#[test]
fn i02_a_report_that_is_deleted_or_changed_is_put_back() {
    let namespace = "i02";
    let (plane, jobrisk) = begin(namespace);
    create(plane, &job(namespace, "evil", REVERSE_SHELL));
    let first = wait_for_report(plane, namespace, "job-evil", |_| true);
    jobrisk.wait_idle();
    let option = format!("--namespace={namespace}");
    plane.kubectl_ok(&["delete", "jobriskreport", "job-evil", &option]);
    let again = wait_for_report(plane, namespace, "job-evil", |report| {
        report["metadata"]["uid"] != first["metadata"]["uid"]
    });
    assert_eq!(again["status"], first["status"]);
    jobrisk.wait_idle();
    // The digest is left as it was.
    let patch = r#"{"status":{"severity":"None","riskScore":0,"findings":[]}}"#;
    plane.kubectl_ok(&["patch", "jobriskreport", "job-evil", &option, "--type=merge", "--patch", patch]);
    let restored =
        wait_for_report(plane, namespace, "job-evil", |report| report["status"] == first["status"]);
    assert_eq!(restored["metadata"]["uid"], again["metadata"]["uid"]);
    let said = eventually(Duration::from_secs(20), || {
        event_reasons(plane, namespace, "Job", "evil").contains(&"ReportTampered".to_owned()).then_some(())
    });
    assert!(said.is_some(), "no Event says so");
    assert!(jobrisk.sum("jobrisk_tampered_reports_total") > 1.5);
}
