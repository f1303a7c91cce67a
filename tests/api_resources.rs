//! `JobRiskReport` as an API: what kubectl shows and selects, and what the API server refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

mod support;
mod verdicts;

use std::sync::OnceLock;
use std::time::Duration;

use jobrisk::report::report_name;
use serde_json::{Value, json};
use support::{BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, eventually, job, wait_for_report};

/// The control plane with the samples, all reported.
fn plane() -> &'static ControlPlane {
    static READY: OnceLock<()> = OnceLock::new();
    let plane = ControlPlane::shared();
    READY.get_or_init(|| {
        Jobrisk::shared();
        plane.kubectl_ok(&["apply", "-f", &verdicts::folder().display().to_string()]);
        for sample in verdicts::all() {
            wait_for_report(plane, "default", &report_name(sample.kind, &sample.name), |_| true);
        }
    });
    plane
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn the_table_fits_a_terminal_and_says_what_matters() {
    let table = plane().kubectl_ok(&["get", "jobriskreports", "-A"]);
    let lines = lines(&table);
    for word in ["NAMESPACE", "NAME", "SEVERITY", "SCORE", "SUSPICION", "TOP", "AGE"] {
        assert!(lines[0].contains(word), "{word}: {}", lines[0]);
    }
    for line in &lines {
        assert!(line.trim_end().chars().count() <= 100, "{line}");
    }
    let shell = lines.iter().find(|line| line.contains("cronjob-reverse-shell")).unwrap();
    let sample = verdicts::all().into_iter().find(|sample| sample.name == "reverse-shell").unwrap();
    let (score, suspicion) = (sample.expected.score.to_string(), sample.expected.suspicion.to_string());
    for word in [&*sample.expected.severity, &score, &suspicion, "cmd-reverse-shell"] {
        assert!(shell.contains(word), "{word}: {shell}");
    }
    let wide = plane().kubectl_ok(&["get", "jrr", "-A", "-o", "wide"]);
    for word in
        ["KIND", "WORKLOAD", "FINDINGS", "TECHNIQUES", "MANAGER", "T1059.004", "kubectl-client-side-apply"]
    {
        assert!(wide.contains(word), "{word}: {wide}");
    }
}

#[test]
fn reports_are_sorted_by_their_score_as_a_number() {
    let scores = plane().kubectl_ok(&[
        "get",
        "jobriskreports",
        "--sort-by=.status.riskScore",
        "--no-headers",
        "-o",
        "custom-columns=SCORE:.status.riskScore",
    ]);
    let scores: Vec<i64> = scores.lines().map(|line| line.trim().parse().unwrap()).collect();
    assert!(scores.is_sorted(), "{scores:?}");
    // Sorted as text, a single digit would come after some of two.
    let expected = verdicts::all().into_iter().map(|sample| i64::from(sample.expected.score));
    assert!(expected.clone().any(|score| score < 10) && expected.clone().any(|score| score > 10));
    assert!(expected.into_iter().all(|score| scores.contains(&score)), "{scores:?}");
}

#[test]
fn reports_are_selected_by_field_and_label() {
    let selected = |selector: &str| {
        let json = plane().kubectl_ok(&["get", "jobriskreports", "-o", "json", selector]);
        let list: Value = serde_json::from_str(&json).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    for selector in ["--field-selector=status.severity=High", "--selector=jobrisk.io/severity=high"] {
        let high = selected(selector);
        assert!(high.iter().all(|report| report["status"]["severity"] == "High"), "{selector}");
        for sample in verdicts::all().into_iter().filter(|sample| sample.expected.severity == "High") {
            let name = report_name(sample.kind, &sample.name);
            assert!(high.iter().any(|report| report["metadata"]["name"] == *name), "{selector}: {name}");
        }
    }
    let cron_jobs = selected("--field-selector=spec.subject.kind=CronJob");
    let expected = verdicts::all().iter().filter(|sample| sample.kind.as_str() == "CronJob").count();
    assert_eq!(cron_jobs.len(), expected);
    assert!(cron_jobs.iter().all(|report| report["spec"]["subject"]["kind"] == "CronJob"));
}

#[test]
fn short_name_and_categories_work_and_get_all_stays_clean() {
    let by_short_name = plane().kubectl_ok(&["get", "jrr", "-o", "name"]);
    assert!(by_short_name.contains("jobriskreport.jobrisk.io/cronjob-reverse-shell"), "{by_short_name}");
    for category in ["security", "jobrisk"] {
        let names = plane().kubectl_ok(&["get", category, "-o", "name"]);
        assert!(names.contains("jobriskreport.jobrisk.io/cronjob-reverse-shell"), "{category}: {names}");
    }
    let all = plane().kubectl_ok(&["get", "all", "-o", "name"]);
    assert!(all.contains("cronjob.batch/reverse-shell") && !all.contains("jobriskreport"), "{all}");
}

#[test]
fn every_field_is_explained() {
    // The API server publishes the descriptions a little after it serves the reports.
    let top = eventually(Duration::from_secs(60), || {
        let output = plane().kubectl(&["explain", "jobriskreport"]);
        output.success().then_some(output.stdout)
    });
    let top = top.expect("the reports are described");
    assert!(top.contains("The risk of one Job or CronJob"), "{top}");
    let findings = plane().kubectl_ok(&["explain", "jobriskreport.status.findings"]);
    for text in ["The worst findings, worst first", "The rule's id", "secrets masked", "ATT&CK technique ids"]
    {
        assert!(findings.contains(text), "{text}: {findings}");
    }
    let recursive = plane().kubectl_ok(&["explain", "jobriskreport.spec", "--recursive"]);
    assert!(recursive.contains("subject"), "{recursive}");
}

#[test]
fn one_can_wait_for_a_verdict() {
    create(plane(), &job("default", "waited-for", BENIGN));
    wait_for_report(plane(), "default", "job-waited-for", |_| true);
    let waited = plane().kubectl_ok(&[
        "wait",
        "jobriskreport/job-waited-for",
        "--for=condition=Assessed",
        "--timeout=10s",
    ]);
    assert!(waited.contains("condition met"), "{waited}");
}

#[test]
fn the_subject_of_a_report_cannot_change() {
    let patch = |path: &str, value: &str| {
        let patch = format!(r#"[{{"op":"replace","path":"{path}","value":"{value}"}}]"#);
        let arguments = [
            "patch",
            "jobriskreport",
            "cronjob-reverse-shell",
            "--dry-run=server",
            "--type=json",
            "-p",
            &patch,
        ];
        plane().kubectl(&arguments)
    };
    for field in ["uid", "name", "kind", "apiVersion"] {
        let refused = patch(&format!("/spec/subject/{field}"), "other");
        assert!(!refused.success(), "{field}");
        assert!(refused.stderr.contains("the subject of a report cannot change"), "{}", refused.stderr);
    }
    // The rest can, so it is not the patch as such that is refused.
    let accepted = patch("/status/severity", "Low");
    assert!(accepted.success(), "{}", accepted.stderr);
}

#[test]
fn what_is_no_report_is_refused() {
    let stored = plane().kubectl_ok(&["get", "jobriskreport", "cronjob-reverse-shell", "-o", "json"]);
    let mut report: Value = serde_json::from_str(&stored).unwrap();
    report["metadata"] = json!({ "name": "copy", "namespace": "default" });
    let create = |report: &Value| {
        plane().kubectl_stdin(&["create", "--dry-run=server", "-f", "-"], &report.to_string())
    };
    let accepted = create(&report);
    assert!(accepted.success(), "{}", accepted.stderr);
    let finding = report["status"]["findings"][0].clone();
    for (pointer, value, reason) in [
        ("/status/unknown", json!(1), "unknown field"),
        ("/spec/subject/unknown", json!(1), "unknown field"),
        ("/status/riskScore", json!(101), "less than or equal to 100"),
        ("/status/riskScore", json!(-1), "greater than or equal to 0"),
        ("/status/suspicionScore", json!(7), "less than or equal to 6"),
        ("/status/severity", json!("Enormous"), "Unsupported value"),
        ("/status/findings/0/evidence", json!("x".repeat(129)), "may not be more than 128"),
        ("/status/findings/0/rule", json!("x".repeat(65)), "may not be more than 64"),
        ("/status/findings", json!(vec![finding; 21]), "must have at most 20 items"),
        ("/spec/subject/name", json!("x".repeat(254)), "may not be more than 253"),
        ("/spec/subject", json!(null), "spec.subject"),
    ] {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let mut report = report.clone();
        report.pointer_mut(parent).unwrap()[field] = value;
        let output = create(&report);
        assert!(!output.success(), "{pointer}: {output:?}");
        assert!(output.stderr.contains(reason), "{pointer}: {}", output.stderr);
    }
}

#[test]
fn reports_are_small() {
    let size = |name: &str| {
        let json = plane().kubectl_ok(&[
            "get",
            "--raw",
            &format!("/apis/jobrisk.io/v1alpha1/namespaces/default/jobriskreports/{name}"),
        ]);
        let mut report: Value = serde_json::from_str(&json).unwrap();
        report["metadata"].as_object_mut().unwrap().remove("managedFields").unwrap();
        let findings = report["status"]["findingsTotal"].as_i64().unwrap();
        (findings, report.to_string().len())
    };
    let (findings, bytes) = size("job-operator-backup");
    assert!(findings == 0 && bytes <= 2 * 1024, "{findings} findings, {bytes} bytes");

    let mut many = job("default", "ten-findings", REVERSE_SHELL);
    let pod = &mut many["spec"]["template"]["spec"];
    let paths = [
        "/",
        "/etc",
        "/proc",
        "/sys",
        "/var/run/docker.sock",
        "/var/lib/kubelet",
        "/var/log",
        "/opt",
        "/root/.ssh",
    ];
    let name = |number: usize| format!("v{number}");
    pod["volumes"] = paths
        .iter()
        .enumerate()
        .map(|(number, path)| json!({ "name": name(number), "hostPath": { "path": path } }))
        .collect();
    pod["containers"][0]["volumeMounts"] = (0..paths.len())
        .map(|number| json!({ "name": name(number), "mountPath": format!("/host/{number}") }))
        .collect();
    create(plane(), &many);
    wait_for_report(plane(), "default", "job-ten-findings", |_| true);
    let (findings, bytes) = size("job-ten-findings");
    assert!(findings >= 10 && bytes <= 6 * 1024, "{findings} findings, {bytes} bytes");
}
