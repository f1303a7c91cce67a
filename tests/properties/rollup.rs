//! The Job that a `CronJob`'s controller makes is covered by the report on the `CronJob`: else each run would have a
//! report of its own.

use jobrisk::assess::assess;
use jobrisk::rollup::FindingSet;
use jobrisk::workload::Kind;
use jobrisk::workload::decode::from_json;
use serde_json::{Value, json};

use super::choices::of_each_sample;
use super::samples::Sample;

/// A `CronJob` as an API server has it, with what the sample runs.
fn cron_job(sample: &Sample) -> Value {
    let mut object = sample.object.clone();
    if sample.kind() == Kind::Job {
        object["kind"] = "CronJob".into();
        object["spec"] = json!({ "schedule": "0 3 * * *", "jobTemplate": { "spec": object["spec"] } });
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if !object["metadata"]["name"].is_string() {
        object["metadata"]["name"] = json!("sample");
    }
    object["metadata"]["uid"] = json!("7c9e6679-7425-40de-944b-e07fc1f90ae7");
    object["metadata"]["managedFields"] = managed("kubectl");
    object
}

fn managed(by: &str) -> Value {
    json!([{ "manager": by, "operation": "Update", "apiVersion": "batch/v1",
        "time": "2026-01-01T03:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": {} } }])
}

/// The Job that kube-controller-manager makes of it.
fn run_of(cron_job: &Value) -> Value {
    let template = &cron_job["spec"]["jobTemplate"];
    let copied = |field: &str| {
        template["metadata"].get(field).filter(|value| value.is_object()).cloned().unwrap_or(json!({}))
    };
    let mut annotations = copied("annotations");
    annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] = json!("2026-01-01T03:00:00Z");
    let name = cron_job["metadata"]["name"].as_str().unwrap();
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": format!("{name}-29450580"), "namespace": cron_job["metadata"]["namespace"],
            "uid": "16fd2706-8baf-433b-82eb-8c7fada847da",
            "labels": copied("labels"), "annotations": annotations,
            "managedFields": managed("kube-controller-manager"),
            "ownerReferences": [{ "apiVersion": "batch/v1", "kind": "CronJob", "name": name,
                "uid": cron_job["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true }],
        },
        "spec": template["spec"],
    })
}

fn findings(kind: Kind, object: &Value) -> FindingSet {
    FindingSet::of(&assess(kind, &from_json(object.to_string().as_bytes()).unwrap()))
}

#[test]
fn a_run_is_covered_by_its_cron_job() {
    let judged = of_each_sample(|sample, _| {
        let cron_job = cron_job(sample);
        let run = run_of(&cron_job);
        let (cron, job) = (findings(Kind::CronJob, &cron_job), findings(Kind::Job, &run));
        proptest::prop_assert!(job.is_within(&cron), "{}\n{}", cron_job, run);
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}
