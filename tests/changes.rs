//! What the controller makes of workloads that change: a new verdict is written and announced, anything else is not,
//! and what was worse before is remembered. Also by a controller that was not there when it happened.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, cron_job, event_reasons, job, report,
    wait_for_report,
};

/// What the container of a workload can be made to be.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Benign,
    Privileged,
    ReverseShell,
}

/// Held by whoever ends the controller that the tests share.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The control plane with a controller; the namespace is the test's own.
fn begin(namespace: &str) -> (&'static ControlPlane, &'static Jobrisk) {
    let (plane, jobrisk) = (ControlPlane::shared(), Jobrisk::shared());
    plane.kubectl_ok(&["create", "namespace", namespace]);
    (plane, jobrisk)
}

/// Changes what a CronJob runs, and gives its generation then.
fn reshape(plane: &ControlPlane, namespace: &str, name: &str, shape: Shape) -> i64 {
    let command = if matches!(shape, Shape::ReverseShell) { REVERSE_SHELL } else { BENIGN };
    let context = json!({ "privileged": matches!(shape, Shape::Privileged) });
    let container = json!({ "name": "main", "command": command, "securityContext": context });
    let patch = json!({ "spec": { "jobTemplate": { "spec": { "template": { "spec": {
        "containers": [container] } } } } } });
    patch_object(plane, namespace, "cronjob", name, &patch)
}

fn patch_object(plane: &ControlPlane, namespace: &str, kind: &str, name: &str, patch: &Value) -> i64 {
    let namespace = format!("--namespace={namespace}");
    let patch = patch.to_string();
    let json = plane.kubectl_ok(&["patch", kind, name, &namespace, "--patch", &patch, "-o", "json"]);
    serde_json::from_str::<Value>(&json).unwrap()["metadata"]["generation"].as_i64().unwrap()
}

fn wait_for_generation(plane: &ControlPlane, namespace: &str, name: &str, generation: i64) -> Value {
    wait_for_report(plane, namespace, name, |report| report["status"]["subjectGeneration"] == generation)
}

#[test]
fn severity_goes_up_and_down_and_the_worst_is_remembered() {
    let (plane, jobrisk) = begin("ups");
    create(plane, &cron_job("ups", "changing", BENIGN));
    let name = "cronjob-changing";
    assert_eq!(wait_for_report(plane, "ups", name, |_| true)["status"]["severity"], "None");
    let severity_after = |shape: Shape| {
        let generation = reshape(plane, "ups", "changing", shape);
        let report = wait_for_generation(plane, "ups", name, generation);
        // The label says the same as the status.
        let severity = report["status"]["severity"].as_str().unwrap().to_owned();
        assert_eq!(report["metadata"]["labels"]["jobrisk.io/severity"], severity.to_lowercase());
        (severity, report["status"]["peak"].clone())
    };

    let (severity, peak) = severity_after(Shape::Privileged);
    assert_eq!((severity.as_str(), &peak["severity"]), ("Medium", &json!("Medium")));
    let (severity, worst) = severity_after(Shape::ReverseShell);
    assert_eq!((severity.as_str(), &worst["severity"]), ("High", &json!("High")));
    assert_eq!(worst["subjectGeneration"], 3);
    let (severity, peak) = severity_after(Shape::Privileged);
    assert_eq!((severity.as_str(), &peak), ("Medium", &worst));
    let (severity, peak) = severity_after(Shape::Benign);
    assert_eq!((severity.as_str(), &peak), ("None", &worst));

    // After a restart it is known from the report alone; and it was made worse while nobody looked.
    let guard = alone();
    jobrisk.terminate();
    let generation = reshape(plane, "ups", "changing", Shape::Privileged);
    jobrisk.run();
    drop(guard);
    let report = wait_for_generation(plane, "ups", name, generation);
    assert_eq!((&report["status"]["severity"], &report["status"]["peak"]), (&json!("Medium"), &worst));
    let (severity, peak) = severity_after(Shape::Benign);
    assert_eq!((severity.as_str(), &peak), ("None", &worst));

    jobrisk.wait_idle();
    let reasons = event_reasons(plane, "ups", "CronJob", "changing");
    let expected =
        ["RiskDetected", "RiskIncreased", "RiskReduced", "RiskCleared", "RiskDetected", "RiskCleared"];
    assert_eq!(reasons, expected);
    let verbs: Vec<Value> = jobrisk
        .findings()
        .into_iter()
        .filter(|line| line["report"] == name)
        .map(|line| json!([line["verb"], line["previousSeverity"], line["severity"]]))
        .collect();
    let expected = [
        json!(["create", null, "None"]),
        json!(["update", "None", "Medium"]),
        json!(["update", "Medium", "High"]),
        json!(["update", "High", "Medium"]),
        json!(["update", "Medium", "None"]),
        json!(["update", "None", "Medium"]),
        json!(["update", "Medium", "None"]),
    ];
    assert_eq!(verbs, expected);
}

#[test]
fn a_change_of_the_spec_without_a_change_of_severity_is_written_but_not_announced() {
    let (plane, jobrisk) = begin("same");
    create(plane, &cron_job("same", "shell", REVERSE_SHELL));
    wait_for_report(plane, "same", "cronjob-shell", |_| true);
    let patch = json!({ "spec": { "schedule": "1 2 3 4 5" } });
    let generation = patch_object(plane, "same", "cronjob", "shell", &patch);
    assert_eq!(generation, 2);
    wait_for_generation(plane, "same", "cronjob-shell", generation);
    jobrisk.wait_idle();
    assert_eq!(event_reasons(plane, "same", "CronJob", "shell"), ["RiskDetected"]);
}

#[test]
fn metadata_is_not_part_of_the_verdict() {
    let guard = alone();
    let (plane, jobrisk) = begin("meta");
    create(plane, &cron_job("meta", "shell", REVERSE_SHELL));
    let before = wait_for_report(plane, "meta", "cronjob-shell", |_| true);
    plane.kubectl_ok(&["annotate", "cronjob", "shell", "--namespace=meta", "note=something"]);
    plane.kubectl_ok(&["label", "cronjob", "shell", "--namespace=meta", "team=orders"]);
    // Of one kind, the watch delivers in order: with the report on the later one, the changes were judged.
    create(plane, &cron_job("meta", "later", BENIGN));
    wait_for_report(plane, "meta", "cronjob-later", |_| true);
    jobrisk.wait_idle();
    let after = report(plane, "meta", "cronjob-shell").unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
    assert_eq!(event_reasons(plane, "meta", "CronJob", "shell"), ["RiskDetected"]);
    let lines = jobrisk.findings();
    assert_eq!(lines.iter().filter(|line| line["namespace"] == "meta").count(), 2, "{lines:?}");
    drop(guard);
}

#[test]
fn a_burst_of_changes_of_one_workload_ends_in_its_last_verdict() {
    let (plane, jobrisk) = begin("burst");
    create(plane, &cron_job("burst", "burst", BENIGN));
    let mut generation = 0;
    for minute in 0..20 {
        let patch =
            json!({ "spec": { "schedule": format!("{minute} 3 * * *"), "suspend": minute % 2 == 0 } });
        generation = patch_object(plane, "burst", "cronjob", "burst", &patch);
    }
    wait_for_generation(plane, "burst", "cronjob-burst", generation);
    jobrisk.wait_idle();
    let lines: Vec<Value> =
        jobrisk.findings().into_iter().filter(|line| line["resource_name"] == "burst").collect();
    assert_eq!(lines.last().unwrap()["generation"], generation);
    let mut generations: Vec<i64> = lines.iter().map(|line| line["generation"].as_i64().unwrap()).collect();
    let written = generations.len();
    generations.dedup();
    assert_eq!(generations.len(), written, "a verdict was written twice");
    assert!(generations.is_sorted(), "an older verdict replaced a newer one: {generations:?}");
}

/// Deletes a Job that runs `command` and creates a benign one of the same name, with something before, between and
/// after, and checks that the report under `name` is about the new one. Gives the report on the old one as it was.
fn replace_and_check(
    namespace: &str,
    cascade: &str,
    command: &[&str],
    name: impl Fn(&str) -> String,
    [before, between, after]: [&dyn Fn(); 3],
) -> Value {
    let (plane, _) = begin(namespace);
    create(plane, &job(namespace, "twice", command));
    let old = wait_for_report(plane, namespace, "job-twice", |_| true);
    let option = format!("--namespace={namespace}");
    before();
    plane.kubectl_ok(&["delete", "job", "twice", &option, cascade]);
    between();
    create(plane, &job(namespace, "twice", BENIGN));
    after();
    let old_uid = &old["spec"]["subject"]["uid"];
    let uid = plane.kubectl_ok(&["get", "job", "twice", &option, "-o", "jsonpath={.metadata.uid}"]);
    let new =
        wait_for_report(plane, namespace, &name(&uid), |report| report["spec"]["subject"]["uid"] != *old_uid);
    assert_eq!(new["spec"]["subject"]["uid"], uid);
    assert_eq!(new["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
    assert_eq!(new["metadata"]["ownerReferences"][0]["uid"], uid);
    assert_ne!(new["metadata"]["uid"], old["metadata"]["uid"], "the predecessor's report was taken over");
    assert_eq!(new["status"]["severity"], "None");
    assert_eq!(new["status"]["peak"]["severity"], "None", "the predecessor's peak");
    old
}

/// A command that is found, and not so bad that it is kept as evidence.
const DOWNLOAD: &[&str] = &["/bin/sh", "-c", "curl -o /tmp/data https://example.test/data"];

/// What deletion that orphans does to a report, once the garbage collector knows of reports, which takes it a while:
/// without an owner, the report stays unless the controller replaces it.
fn disown(namespace: &str) {
    let option = format!("--namespace={namespace}");
    let patch = r#"{"metadata":{"ownerReferences":null}}"#;
    let arguments = ["patch", "jobriskreport", "job-twice", &option, "--type=merge", "--patch", patch];
    ControlPlane::shared().kubectl_ok(&arguments);
}

#[test]
fn a_successor_of_the_same_name_gets_a_report_of_its_own() {
    let usual = |_: &str| "job-twice".to_owned();
    replace_and_check("again", "--cascade=background", DOWNLOAD, usual, [&|| {}; 3]);
}

#[test]
fn evidence_is_not_overwritten_by_a_successor_and_says_when_its_workload_went() {
    let namespace = "evidence";
    let with_uid = |uid: &str| format!("job-twice-{uid}");
    let old = replace_and_check(namespace, "--cascade=background", REVERSE_SHELL, with_uid, [&|| {}; 3]);
    let plane = ControlPlane::shared();
    // Also after the garbage collector has come by, which at first does not know of reports for up to 30 s.
    let kept = wait_for_report(plane, namespace, "job-twice", |report| {
        report["metadata"]["labels"]["jobrisk.io/retained"] == "true"
    });
    assert_eq!(kept["metadata"]["uid"], old["metadata"]["uid"]);
    assert_eq!(kept["spec"], old["spec"]);
    assert_eq!(kept["status"]["findings"], old["status"]["findings"]);
    assert_eq!(kept["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
    assert_eq!(kept["metadata"]["ownerReferences"][0]["kind"], "CustomResourceDefinition");
    assert!(kept["status"]["subjectDeleted"]["time"].as_str().unwrap().ends_with('Z'), "{kept}");
}

#[test]
fn a_report_that_was_left_behind_is_replaced() {
    let guard = alone();
    let between = || {
        // The deletion is a change too. With the report on a later Job, the one on it is written.
        create(ControlPlane::shared(), &job("orphan", "later", BENIGN));
        wait_for_report(ControlPlane::shared(), "orphan", "job-later", |_| true);
        Jobrisk::shared().wait_idle();
        disown("orphan");
    };
    replace_and_check(
        "orphan",
        "--cascade=orphan",
        DOWNLOAD,
        |_| "job-twice".to_owned(),
        [&|| {}, &between, &|| {}],
    );
    drop(guard);
}

#[test]
fn a_successor_that_came_while_nobody_looked_gets_a_report_of_its_own() {
    let guard = alone();
    let stop = || {
        Jobrisk::shared().terminate();
    };
    let start = || Jobrisk::shared().run();
    replace_and_check(
        "unseen",
        "--cascade=orphan",
        DOWNLOAD,
        |_| "job-twice".to_owned(),
        [&stop, &|| disown("unseen"), &start],
    );
    drop(guard);
}
