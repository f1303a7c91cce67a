//! The samples in `tests/samples` on a real API server: each gets the report, the Event and the line of the finding
//! log that it should, and its report goes when it does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;
mod verdicts;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use jobrisk::api::report::JobRiskReport;
use jobrisk::report::{digest, report_name};
use serde_json::{Value, json};
use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, event_reasons, eventually, job, report, rules,
    wait_for_report,
};
use verdicts::{Sample, Verdict, all};

/// The samples, applied and reported once for all tests.
fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let plane = ControlPlane::shared();
        Jobrisk::shared();
        plane.kubectl_ok(&["apply", "-f", &verdicts::folder().display().to_string()]);
        let samples = all();
        for sample in &samples {
            wait_for_report(plane, "default", &report_name(sample.kind, &sample.name), |_| true);
        }
        Jobrisk::shared().wait_idle();
        samples
    })
}

fn workload(plane: &ControlPlane, sample: &Sample) -> Value {
    let json = plane.kubectl_ok(&["get", sample.kind.plural(), &sample.name, "-o", "json"]);
    serde_json::from_str(&json).unwrap()
}

fn report_of(plane: &ControlPlane, sample: &Sample) -> Value {
    report(plane, "default", &report_name(sample.kind, &sample.name)).unwrap()
}

#[test]
fn every_sample_gets_the_verdict_it_expects() {
    let plane = ControlPlane::shared();
    for sample in samples() {
        let report = report_of(plane, sample);
        let status = &report["status"];
        let number = |name: &str| i32::try_from(status[name].as_i64().unwrap()).unwrap();
        let verdict = Verdict {
            severity: status["severity"].as_str().unwrap().to_owned(),
            score: number("riskScore"),
            suspicion: number("suspicionScore"),
            rules: rules(&report),
        };
        assert_eq!(verdict, sample.expected, "{}", sample.file);
        assert_eq!(status["explanation"]["total"], status["riskScore"], "{}", sample.file);
        assert_eq!(status["peak"]["severity"], status["severity"], "{}", sample.file);
        assert_eq!(status["peak"]["riskScore"], status["riskScore"], "{}", sample.file);
        assert_eq!(status["conditions"][0]["type"], "Assessed", "{}", sample.file);
        assert_eq!(status["conditions"][0]["status"], "True", "{}", sample.file);
        assert_eq!(status["attribution"]["manager"], "kubectl-client-side-apply", "{}", sample.file);
    }
}

#[test]
fn every_report_belongs_to_its_workload_and_is_labelled() {
    let plane = ControlPlane::shared();
    Jobrisk::shared();
    let name = "jobriskreports.jobrisk.io";
    let uid = plane.kubectl_ok(&["get", "crd", name, "-o", "jsonpath={.metadata.uid}"]);
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "name": name, "uid": uid,
    });
    for sample in samples() {
        let (workload, report) = (workload(plane, sample), report_of(plane, sample));
        let kind = sample.kind.as_str();
        let metadata = &report["metadata"];
        let subject = json!({
            "apiVersion": "batch/v1", "kind": kind, "name": sample.name, "uid": workload["metadata"]["uid"],
        });
        assert_eq!(report["spec"], json!({ "subject": subject }), "{}", sample.file);
        // From High on a report has an owner that outlives its workload.
        let mut owners = vec![subject];
        if ["High", "Critical"].contains(&sample.expected.severity.as_str()) {
            owners.push(definition.clone());
        }
        assert_eq!(metadata["ownerReferences"], json!(owners), "{}", sample.file);
        assert_eq!(report["status"]["subjectGeneration"], workload["metadata"]["generation"]);
        let labels = json!({
            "app.kubernetes.io/managed-by": "jobrisk",
            "jobrisk.io/kind": kind,
            "jobrisk.io/severity": sample.expected.severity.to_lowercase(),
        });
        assert_eq!(metadata["labels"], labels, "{}", sample.file);
        // The digest is of what the API server stored, so a restart can rely on it.
        let stored: JobRiskReport = serde_json::from_value(report.clone()).unwrap();
        let expected = BTreeMap::from([("jobrisk.io/digest".to_owned(), digest(&stored).to_string())]);
        assert_eq!(stored.metadata.annotations, Some(expected), "{}", sample.file);
        assert_eq!(metadata["managedFields"], Value::Null, "kubectl leaves them out");
    }
}

#[test]
fn risk_is_announced_on_the_workload() {
    let plane = ControlPlane::shared();
    for sample in samples() {
        let reasons = event_reasons(plane, "default", sample.kind.as_str(), &sample.name);
        let expected: &[&str] = if sample.expected.severity == "None" { &[] } else { &["RiskDetected"] };
        assert_eq!(reasons, expected, "{}", sample.file);
    }
    let described = plane.kubectl_ok(&["describe", "cronjob", "reverse-shell"]);
    let line = described.lines().find(|line| line.contains("RiskDetected"));
    let line = line.unwrap_or_else(|| panic!("no Event in\n{described}"));
    let sample = samples().iter().find(|sample| sample.name == "reverse-shell").unwrap();
    let score = format!("score {}", sample.expected.score);
    for part in ["Warning", "High (was None)", &score, "cmd-reverse-shell", "cronjob-reverse-shell"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let events = plane.kubectl_ok(&["events", "--for=cronjob/reverse-shell"]);
    assert!(events.contains("RiskDetected") && events.contains("cmd-reverse-shell"), "{events}");
}

#[test]
fn every_verdict_is_a_line_of_the_finding_log() {
    let plane = ControlPlane::shared();
    let samples = samples();
    let lines = Jobrisk::shared().findings();
    for sample in samples {
        let workload = workload(plane, sample);
        let lines: Vec<&Value> =
            lines.iter().filter(|line| line["uid"] == workload["metadata"]["uid"]).collect();
        assert_eq!(lines.len(), 1, "{}: {lines:?}", sample.file);
        let line = lines[0];
        let indicators = [
            "IsSuspiciousImage",
            "IsSuspiciousCommand",
            "IsHostPathMount",
            "IsPrivileged",
            "IsHostNetwork",
            "IsSensitiveMount",
        ];
        let sum: i64 = indicators.iter().map(|name| line[*name].as_i64().unwrap()).sum();
        assert_eq!(sum, i64::from(sample.expected.suspicion), "{}", sample.file);
        assert_eq!(line["SuspicionScore"], sample.expected.suspicion, "{}", sample.file);
        assert_eq!(line["objectRef.resource"], sample.kind.plural());
        assert_eq!(line["verb"], "create");
        assert_eq!(line["namespace"], "default");
        assert_eq!(line["resource_name"], *sample.name);
        assert_eq!(line["severity"], *sample.expected.severity);
        assert_eq!(line["previousSeverity"], Value::Null);
        assert_eq!(line["riskScore"], sample.expected.score);
        assert_eq!(line["generation"], workload["metadata"]["generation"]);
        assert!(line["_time"].as_str().unwrap().ends_with('Z'), "{line}");
    }
}

#[test]
fn no_namespace_is_exempt() {
    let plane = ControlPlane::shared();
    Jobrisk::shared();
    plane.kubectl_ok(&["create", "namespace", "tenant"]);
    for (namespace, severity) in
        [("kube-system", "Critical"), (support::NAMESPACE, "High"), ("tenant", "High")]
    {
        create(plane, &job(namespace, "shell", REVERSE_SHELL));
        let report = wait_for_report(plane, namespace, "job-shell", |_| true);
        assert_eq!(report["status"]["severity"], severity, "{namespace}");
    }
}

#[test]
fn a_report_goes_with_its_workload() {
    let plane = ControlPlane::shared();
    Jobrisk::shared();
    for cascade in ["background", "foreground"] {
        create(plane, &job("default", cascade, BENIGN));
        let name = format!("job-{cascade}");
        wait_for_report(plane, "default", &name, |_| true);
        plane.kubectl_ok(&["delete", "job", cascade, &format!("--cascade={cascade}")]);
        // The garbage collector learns of new definitions every 30 s only.
        let gone =
            eventually(Duration::from_secs(60), || report(plane, "default", &name).is_none().then_some(()));
        assert!(gone.is_some(), "{cascade} deletion leaves the report");
    }
}
