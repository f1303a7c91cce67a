//! A cluster in which nothing changes costs nothing: by the API server's own count of requests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, eventually, job, sum, wait_for_report};

const JOBS: usize = 60;
/// How long it is watched that nothing happens. Longer than the heartbeat of the controller's loop.
const WATCHED: Duration = Duration::from_secs(7);

/// Requests that the API server has served which change reports or Events of the API that jobrisk uses.
fn writes(plane: &ControlPlane) -> f64 {
    let reads = ["GET", "LIST", "WATCH"].map(|verb| format!("verb=\"{verb}\""));
    sum(&plane.metrics(), "apiserver_request_total", |labels| {
        let ours = labels.contains("group=\"jobrisk.io\"") || labels.contains("group=\"events.k8s.io\"");
        ours && !reads.iter().any(|read| labels.contains(read.as_str()))
    })
}

/// Requests by which the API server has served lists of reports.
fn lists(plane: &ControlPlane) -> f64 {
    sum(&plane.metrics(), "apiserver_request_total", |labels| {
        labels.contains("resource=\"jobriskreports\"") && labels.contains("verb=\"LIST\"")
    })
}

#[test]
fn what_has_not_changed_is_not_written() {
    let (plane, jobrisk) = (ControlPlane::shared(), Jobrisk::shared());
    let items: Vec<Value> = (0..JOBS)
        .map(|number| {
            job("default", &format!("job-{number}"), if number % 3 == 0 { REVERSE_SHELL } else { BENIGN })
        })
        .collect();
    create(plane, &json!({ "apiVersion": "v1", "kind": "List", "items": items }));
    let reported = eventually(Duration::from_secs(60), || {
        let names = plane.kubectl_ok(&["get", "jobriskreports", "-A", "-o", "name"]);
        (names.lines().count() == JOBS).then_some(())
    });
    assert!(reported.is_some(), "not all reported: {}", jobrisk.stderr());
    jobrisk.wait_idle();
    // The count of the API server works: a report each, an Event for each that is risky, and no more.
    let before = writes(plane);
    let expected = f64::from(u32::try_from(JOBS + JOBS / 3).unwrap());
    assert!((before - expected).abs() < 0.5, "{before} writes for {expected}");

    restart_writes_nothing(plane, jobrisk, before);
    status_updates_write_nothing(plane, jobrisk, before);
}

fn restart_writes_nothing(plane: &ControlPlane, jobrisk: &Jobrisk, before: f64) {
    let lists_before = lists(plane);
    jobrisk.restart();
    jobrisk.wait_idle();
    assert!(lists(plane) > lists_before, "the reports were not read");
    let judged = jobrisk.sum("jobrisk_assessments_total");
    assert!(judged > f64::from(u32::try_from(JOBS).unwrap()) - 0.5, "{judged} of {JOBS} were judged");
    let written = eventually(WATCHED, || Some(writes(plane)).filter(|now| *now > before + 0.5));
    assert_eq!(written, None, "{before} writes before: {}", jobrisk.stdout());
    assert_eq!(jobrisk.findings().len(), JOBS);
}

fn status_updates_write_nothing(plane: &ControlPlane, jobrisk: &Jobrisk, before: f64) {
    let version = || plane.kubectl_ok(&["get", "job", "job-0", "-o", "jsonpath={.metadata.resourceVersion}"]);
    let version_before = version();
    for round in 1..=5 {
        let patch =
            json!({ "status": { "uncountedTerminatedPods": { "failed": [format!("pod-{round}")] } } });
        let patch = patch.to_string();
        plane.kubectl_ok(&[
            "patch",
            "job",
            "job-0",
            "--subresource=status",
            "--type=merge",
            "--patch",
            &patch,
        ]);
    }
    assert_ne!(version(), version_before, "the status did not change");
    // The watch delivers Jobs in order: with the report on the later one, the changes were judged.
    create(plane, &job("default", "later", BENIGN));
    wait_for_report(plane, "default", "job-later", |_| true);
    jobrisk.wait_idle();
    let written = writes(plane) - before;
    assert!((written - 1.0).abs() < 0.5, "{written} writes for one new Job: {}", jobrisk.stdout());
}
