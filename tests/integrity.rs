//! Nothing that a tenant writes makes a report say less than what is true.
//!
//! The tenant has the built-in role `edit` in its namespace. Where an attack needs more, to write reports, the test says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};
use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, Tenant, cron_job, event_reasons, eventually, job, report,
    rules, wait_for_report,
};

fn begin(namespace: &str) -> (&'static ControlPlane, &'static Jobrisk, Tenant<'static>) {
    let (plane, jobrisk) = (ControlPlane::shared(), Jobrisk::shared());
    plane.kubectl_ok(&["create", "namespace", namespace]);
    (plane, jobrisk, Tenant::of(plane, namespace))
}

/// The lines of the finding log about a namespace.
fn lines_about(jobrisk: &Jobrisk, namespace: &str) -> Vec<Value> {
    let mut lines = jobrisk.findings();
    lines.retain(|line| line["namespace"] == namespace);
    lines
}

/// Waits for a report on a workload that is gone.
fn wait_for_evidence(plane: &ControlPlane, namespace: &str, name: &str) -> Value {
    wait_for_report(plane, namespace, name, |report| {
        report["metadata"]["labels"]["jobrisk.io/retained"] == "true"
    })
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
    let (plane, jobrisk, tenant) = begin(namespace);
    tenant.create(&cron_job(namespace, "backup", BENIGN));
    wait_for_report(plane, namespace, "cronjob-backup", |_| true);
    let owner = uid(plane, namespace, "cronjob/backup");
    // Of no CronJob, and of one that does something else. (The garbage collector removes the first after a while.)
    tenant.create(&claimed(
        job(namespace, "no-such", BENIGN),
        "backup",
        "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ));
    tenant.create(&claimed(job(namespace, "other", REVERSE_SHELL), "backup", &owner));
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
    let (plane, jobrisk, tenant) = begin(namespace);
    tenant.create(&cron_job(namespace, "shell", REVERSE_SHELL));
    let before = wait_for_report(plane, namespace, "cronjob-shell", |_| true);
    let owner = uid(plane, namespace, "cronjob/shell");
    let option = format!("--namespace={namespace}");
    tenant.kubectl_ok(&["create", "job", "by-hand", "--from=cronjob/shell"]);
    for number in 0..5 {
        tenant.create(&claimed(job(namespace, &format!("shell-{number}"), REVERSE_SHELL), "shell", &owner));
    }
    // The watch delivers in order.
    tenant.create(&job(namespace, "later", BENIGN));
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
    let (plane, _, tenant) = begin(namespace);
    // No shipped role lets a tenant write reports.
    tenant.may_write_reports();
    // Under the name that the report on the Job will have, about something else, with a finalizer that holds it.
    let mut made = wait_for_some_report(plane, &tenant, namespace);
    made["metadata"] =
        json!({ "name": "job-evil", "namespace": namespace, "finalizers": ["example.test/hold"] });
    made["spec"]["subject"]["name"] = json!("evil");
    tenant.create(&made);
    tenant.create(&job(namespace, "evil", REVERSE_SHELL));
    let uid = uid(plane, namespace, "job/evil");
    let report =
        wait_for_report(plane, namespace, "job-evil", |report| report["spec"]["subject"]["uid"] == uid);
    assert_eq!(report["status"]["severity"], "High");
    assert_eq!(report["metadata"]["finalizers"], Value::Null);
}

fn wait_for_some_report(plane: &ControlPlane, tenant: &Tenant<'_>, namespace: &str) -> Value {
    tenant.create(&job(namespace, "model", BENIGN));
    wait_for_report(plane, namespace, "job-model", |_| true)
}

#[test]
fn i02_a_report_that_is_deleted_or_changed_is_put_back() {
    let namespace = "i02";
    let (plane, jobrisk, tenant) = begin(namespace);
    tenant.create(&job(namespace, "evil", REVERSE_SHELL));
    let first = wait_for_report(plane, namespace, "job-evil", |_| true);
    jobrisk.wait_idle();
    // With what the built-in role gives it cannot even be tried.
    let patch = r#"{"status":{"severity":"None","riskScore":0,"findings":[]}}"#;
    let lie = |patch: &str| {
        tenant.kubectl(&["patch", "jobriskreport", "job-evil", "--type=merge", "--patch", patch])
    };
    assert!(lie(patch).stderr.contains("forbidden"));
    assert!(tenant.kubectl(&["delete", "jobriskreport", "job-evil"]).stderr.contains("forbidden"));
    tenant.may_write_reports();

    tenant.kubectl_ok(&["delete", "jobriskreport", "job-evil"]);
    let again = wait_for_report(plane, namespace, "job-evil", |report| {
        report["metadata"]["uid"] != first["metadata"]["uid"]
    });
    assert_eq!(again["status"], first["status"]);
    // The digest is left as it was; the verdict is taken away; and something is added that says that all is well.
    for patch in [patch, r#"{"status":null}"#, r#"{"metadata":{"labels":{"jobrisk.io/severity":"none"}}}"#] {
        jobrisk.wait_idle();
        let output = lie(patch);
        assert!(output.success(), "{patch}: {}", output.stderr);
        let restored = wait_for_report(plane, namespace, "job-evil", |report| {
            report["status"] == first["status"] && report["metadata"]["labels"] == first["metadata"]["labels"]
        });
        assert_eq!(restored["metadata"]["uid"], again["metadata"]["uid"], "{patch}");
    }
    let said = eventually(Duration::from_secs(20), || {
        event_reasons(plane, namespace, "Job", "evil").contains(&"ReportTampered".to_owned()).then_some(())
    });
    assert!(said.is_some(), "no Event says so");
    assert!(jobrisk.sum("jobrisk_tampered_reports_total") > 3.5);
}

#[test]
fn i02_evidence_that_somebody_changes_says_so() {
    let namespace = "i02-evidence";
    let (plane, jobrisk, tenant) = begin(namespace);
    tenant.may_write_reports();
    tenant.create(&job(namespace, "evil", REVERSE_SHELL));
    let first = wait_for_report(plane, namespace, "job-evil", |_| true);
    tenant.kubectl_ok(&["delete", "job", "evil"]);
    let kept = wait_for_evidence(plane, namespace, "job-evil");
    let tampered = jobrisk.sum("jobrisk_tampered_reports_total");
    let lie = r#"{"metadata":{"labels":{"jobrisk.io/severity":"none","jobrisk.io/retained":null}},
        "status":{"severity":"None","riskScore":0,"findings":[],"peak":null,"subjectDeleted":null}}"#;
    tenant.kubectl_ok(&["patch", "jobriskreport", "job-evil", "--type=merge", "--patch", lie]);
    let marked = wait_for_report(plane, namespace, "job-evil", |report| {
        report["status"]["conditions"].as_array().is_some_and(|all| all.len() == 2)
    });
    let condition = &marked["status"]["conditions"][1];
    assert_eq!((&condition["type"], &condition["status"]), (&json!("Intact"), &json!("False")), "{marked:#}");
    // What is remembered of it is put back; what it said is lost.
    for field in ["severity", "riskScore", "peak"] {
        assert_eq!(marked["status"][field], first["status"][field], "{field}");
    }
    assert_eq!(marked["status"]["subjectDeleted"], kept["status"]["subjectDeleted"]);
    assert_eq!(marked["metadata"]["labels"], kept["metadata"]["labels"]);
    assert_eq!(marked["status"]["findings"], json!([]));
    let said = eventually(Duration::from_secs(20), || {
        let reasons = event_reasons(plane, namespace, "JobRiskReport", "job-evil");
        (reasons == ["ReportTampered"]).then_some(())
    });
    assert!(said.is_some(), "no Event on the report says so");
    assert!(jobrisk.sum("jobrisk_tampered_reports_total") > tampered + 0.5);
    // It stays, and nothing more is made of it.
    jobrisk.wait_idle();
    std::thread::sleep(Duration::from_secs(12));
    let after = report(plane, namespace, "job-evil").unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], marked["metadata"]["resourceVersion"]);
}

#[test]
fn i06_a_job_that_goes_as_soon_as_it_ends_leaves_evidence() {
    let namespace = "i06";
    let (plane, jobrisk, tenant) = begin(namespace);
    // With nothing to complete it has ended as soon as its controller sees it.
    let mut ends = job(namespace, "ends", REVERSE_SHELL);
    ends["spec"]["suspend"] = json!(false);
    ends["spec"]["completions"] = json!(0);
    ends["spec"]["ttlSecondsAfterFinished"] = json!(0);
    tenant.create(&ends);
    let gone = eventually(Duration::from_secs(60), || {
        tenant
            .kubectl_ok(&["get", "job", "ends", "--ignore-not-found", "-o", "name"])
            .is_empty()
            .then_some(())
    });
    assert!(gone.is_some(), "the Job stays");
    let evidence = wait_for_evidence(plane, namespace, "job-ends");
    assert_eq!(evidence["status"]["severity"], "High");
    assert!(rules(&evidence).contains(&"evd-ttl-zero".to_owned()), "{evidence:#}");
    // Its verdict, and that it is gone: no third line, whatever its end brings about.
    let actions = || {
        let lines = lines_about(jobrisk, namespace);
        lines.iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let told = eventually(Duration::from_secs(10), || (actions().len() >= 2).then_some(()));
    assert!(told.is_some() && actions() == ["detected", "deleted"], "{:?}", actions());
}

#[test]
fn i07_jobs_that_live_for_a_moment_are_all_reported() {
    const JOBS: usize = 100;
    const LIFE: Duration = Duration::from_millis(200);
    const PACE: Duration = Duration::from_millis(50);
    let namespace = "i07";
    let (plane, jobrisk, _) = begin(namespace);
    let (runtime, client) = plane.client();
    let api: Api<Job> = Api::namespaced(client, namespace);
    let name = |number: usize| format!("moment-{number}");
    let lives = futures::stream::iter(0..JOBS).map(|number| {
        let api = api.clone();
        let command = if number % 2 == 0 { REVERSE_SHELL } else { BENIGN };
        let job: Job = serde_json::from_value(job(namespace, &name(number), command)).unwrap();
        async move {
            tokio::time::sleep(PACE * u32::try_from(number).unwrap()).await;
            api.create(&PostParams::default(), &job).await.unwrap();
            tokio::time::sleep(LIFE).await;
            api.delete(&name(number), &DeleteParams::background()).await.unwrap();
        }
    });
    runtime.block_on(lives.buffer_unordered(JOBS).collect::<Vec<()>>());
    let all: BTreeSet<String> = (0..JOBS).map(name).collect();
    let mut missing = all.clone();
    let reported = eventually(Duration::from_secs(30), || {
        for line in lines_about(jobrisk, namespace) {
            missing.remove(line["resource_name"].as_str().unwrap());
        }
        missing.is_empty().then_some(())
    });
    assert!(reported.is_some(), "{} of {JOBS} were not reported: {missing:?}", missing.len());
    // Those that matter are there to be read: not more than a namespace may keep.
    let mut kept = String::new();
    let all_kept = eventually(Duration::from_secs(60), || {
        let labels = "-l=jobrisk.io/retained=true";
        kept = plane.kubectl_ok(&["get", "jobriskreports", "--namespace=i07", labels, "-o", "name"]);
        (kept.lines().count() == JOBS / 2).then_some(())
    });
    // One each: a change of a Job that is gone before its first report is written makes no second.
    let there = || plane.kubectl_ok(&["get", "jobriskreports", "--namespace=i07", "--show-labels"]);
    assert!(all_kept.is_some(), "not all that is High is kept:\n{}\n{}", there(), jobrisk.stderr());
}

#[test]
fn i10_who_asks_not_to_be_looked_at_is_looked_at() {
    let namespace = "i10";
    let (plane, _, tenant) = begin(namespace);
    // On the namespace, which its tenant may not even label; on the Job; and on the pod.
    plane.kubectl_ok(&["label", "namespace", namespace, "jobrisk.io/ignore=true"]);
    plane.kubectl_ok(&["annotate", "namespace", namespace, "jobrisk.io/exempt=true"]);
    let words =
        json!({ "jobrisk.io/ignore": "true", "jobrisk.io/severity": "none", "jobrisk.io/retained": "false" });
    tenant.create(&job(namespace, "plain", REVERSE_SHELL));
    let mut asks = job(namespace, "asks", REVERSE_SHELL);
    asks["metadata"]["labels"] = words.clone();
    asks["metadata"]["annotations"] = words.clone();
    asks["spec"]["template"]["metadata"] = json!({ "labels": words, "annotations": words });
    tenant.create(&asks);
    let plain = wait_for_report(plane, namespace, "job-plain", |_| true);
    let asks = wait_for_report(plane, namespace, "job-asks", |_| true);
    let score = |report: &Value| report["status"]["riskScore"].as_i64().unwrap();
    assert!(score(&asks) > score(&plain), "{asks:#}");
    assert!(rules(&asks).contains(&"evd-suppression-attempt".to_owned()), "{asks:#}");
    assert_eq!(asks["metadata"]["labels"]["jobrisk.io/severity"], "high");
}

#[test]
fn i15_what_does_not_run_yet_or_is_run_by_others_is_judged() {
    let namespace = "i15";
    let (plane, _, tenant) = begin(namespace);
    let mut managed = job(namespace, "managed", REVERSE_SHELL);
    managed["spec"]["managedBy"] = json!("example.test/queue");
    tenant.create(&managed);
    tenant.create(&job(namespace, "suspended", REVERSE_SHELL));
    let mut never = cron_job(namespace, "never", REVERSE_SHELL);
    never["spec"]["schedule"] = json!("0 0 31 2 *");
    tenant.create(&never);
    let mut yearly = cron_job(namespace, "yearly", REVERSE_SHELL);
    yearly["spec"]["schedule"] = json!("@yearly");
    tenant.create(&yearly);
    for name in ["job-managed", "job-suspended", "cronjob-never", "cronjob-yearly"] {
        let report = wait_for_report(plane, namespace, name, |_| true);
        assert_eq!(report["status"]["severity"], "High", "{name}");
    }
}

#[test]
fn i16_an_event_made_in_our_name_changes_no_report() {
    let namespace = "i16";
    let (plane, jobrisk, tenant) = begin(namespace);
    tenant.create(&job(namespace, "evil", REVERSE_SHELL));
    let before = wait_for_report(plane, namespace, "job-evil", |_| true);
    jobrisk.wait_idle();
    let uid = uid(plane, namespace, "job/evil");
    tenant.create(&json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event",
        "metadata": { "name": "evil.forged", "namespace": namespace },
        "eventTime": "2030-01-01T00:00:00.000000Z", "type": "Normal", "action": "Assess",
        "reason": "RiskCleared", "note": "Severity None (was High), risk score 0: no findings.",
        "reportingController": "jobrisk.io/controller", "reportingInstance": "jobrisk",
        "regarding": { "apiVersion": "batch/v1", "kind": "Job", "name": "evil", "namespace": namespace, "uid": uid },
    }));
    // Whoever may write Events may say anything with them; the report is what counts.
    assert!(event_reasons(plane, namespace, "Job", "evil").contains(&"RiskCleared".to_owned()));
    tenant.create(&job(namespace, "later", BENIGN));
    wait_for_report(plane, namespace, "job-later", |_| true);
    jobrisk.wait_idle();
    assert_eq!(report(plane, namespace, "job-evil").unwrap(), before);
}
