//! Another version of jobrisk, before or after: with other rules, or with fields that this one does not know.

use std::collections::BTreeMap;
use std::time::Duration;

use jobrisk::api::report::{JobRiskReport, keys};
use jobrisk::report::digest;
use jobrisk::severity::Severity;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::scenario::{Scenario, is_long};
use crate::support::converged::LIVENESS;
use crate::support::proxy::{Entry, Match, Verb};
use crate::support::{BENIGN, REVERSE_SHELL, event_reasons, eventually, job, wait_for_report};

/// Reports of which the severity stays are written at this pace at most.
const PER_SECOND: usize = 100;

/// What the rules of an earlier version have said of a Job, by its number.
fn earlier(number: usize) -> (Severity, i32) {
    match number % 3 {
        // High now: it will rise, or stay with another score.
        0 if number.is_multiple_of(2) => (Severity::Low, 7),
        0 => (Severity::High, 47),
        // None now: it will fall, or stay with another score.
        1 => (Severity::Medium, 30),
        _ => (Severity::None, 1),
    }
}

fn number_of(report: &JobRiskReport) -> usize {
    report.spec.subject.name.rsplit('-').next().unwrap().parse().unwrap()
}

/// Has all reports say what an earlier version has said, in that version's name.
fn written_by_an_earlier_version(scenario: &Scenario) {
    let (runtime, client) = scenario.plane().client();
    let api: Api<JobRiskReport> = Api::namespaced(client, &scenario.namespace);
    runtime.block_on(async {
        for mut report in api.list(&ListParams::default()).await.unwrap() {
            let (severity, score) = earlier(number_of(&report));
            let status = report.status.as_mut().unwrap();
            (status.severity, status.risk_score, status.explanation.total) = (severity, score, score);
            status.peak = None;
            if severity < Severity::High {
                report.metadata.owner_references.as_mut().unwrap().truncate(1);
            }
            let labels = report.metadata.labels.as_mut().unwrap();
            labels.insert(keys::SEVERITY.to_owned(), severity.as_label().to_owned());
            let seal = digest(&report).to_string();
            report.metadata.annotations = Some(BTreeMap::from([(keys::DIGEST.to_owned(), seal)]));
            (report.metadata.managed_fields, report.metadata.uid) = (None, None);
            (report.metadata.resource_version, report.metadata.creation_timestamp) = (None, None);
            report.metadata.generation = None;
            let params = PatchParams::apply("jobrisk").force();
            api.patch(report.metadata.name.as_deref().unwrap(), &params, &Patch::Apply(&report))
                .await
                .unwrap();
        }
    });
}

#[test]
fn c14_other_rules_write_each_report_once_and_announce_what_rises() {
    let scenario = Scenario::begin("c14");
    let (plane, proxy, jobrisk) = (scenario.plane(), &scenario.proxy, &scenario.jobrisk);
    let jobs = if is_long() { 10_000 } else { 120 };
    scenario.jobs("job", jobs);
    scenario.settles(Duration::from_secs(if is_long() { 900 } else { 30 }));
    jobrisk.terminate();
    written_by_an_earlier_version(&scenario);
    let path = "/apis/events.k8s.io/v1/namespaces/c14/events";
    plane.kubectl_ok(&["delete", "--raw", path]);

    let mark = proxy.mark();
    scenario.start();
    scenario.settles(Duration::from_secs(if is_long() { 600 } else { 30 }));
    let patches: Vec<Entry> = proxy.writes(mark);
    let reports: Vec<&Entry> =
        patches.iter().filter(|entry| entry.request.resource == "jobriskreports").collect();
    let mut names: Vec<&str> = reports.iter().map(|entry| entry.request.name.as_str()).collect();
    names.sort_unstable();
    let written = names.len();
    names.dedup();
    assert_eq!((written, names.len()), (jobs, jobs), "reports written, and how many of them once");

    // Those that nobody waits for do not come as a flood.
    let rises = |name: &str| {
        let number: usize = name.rsplit('-').next().unwrap().parse().unwrap();
        earlier(number).0 == Severity::Low
    };
    let calm: Vec<_> = reports.iter().filter(|entry| !rises(&entry.request.name)).collect();
    let time = calm[calm.len() - 1].at - calm[0].at;
    let least =
        Duration::from_secs(1) * u32::try_from(calm.len() - 1).unwrap() / u32::try_from(PER_SECOND).unwrap();
    assert!(time >= least.mul_f64(0.9), "{} reports in {time:?}", calm.len());

    let said = |number: usize| event_reasons(plane, "c14", "Job", &format!("job-{number}"));
    let rising = (0..jobs).filter(|number| earlier(*number).0 == Severity::Low);
    assert_eq!(said(0), ["RiskIncreased"]);
    assert_eq!(said(1), [""; 0], "what fell by the rules alone is not told");
    assert_eq!(said(2), [""; 0]);
    assert_eq!(said(3), [""; 0]);
    let told = patches.iter().filter(|entry| entry.request.resource == "events").count();
    let rising = rising.count();
    assert!(told <= rising && told >= rising.min(100), "{told} Events for {rising} that rise");
    eprintln!("c14: {jobs} reports, {} of them calm in {time:?}, {told} Events", calm.len());
}

#[test]
fn c15_reports_of_a_later_version_are_kept_and_said_anew() {
    let scenario = Scenario::begin("c15");
    let (plane, proxy, jobrisk) = (scenario.plane(), &scenario.proxy, &scenario.jobrisk);
    scenario.jobs("job", 9);
    scenario.create(&job("c15", "gone", REVERSE_SHELL));
    scenario.settles_soon();
    plane.kubectl_ok(&["delete", "job", "gone", "--namespace=c15"]);
    let retained = |report: &Value| report["metadata"]["labels"]["jobrisk.io/retained"] == "true";
    let evidence = wait_for_report(plane, "c15", "job-gone", retained);
    jobrisk.terminate();

    // A later version has brought a field, and has written it into all reports, under a seal that covers it.
    let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/lineage";
    let amend = |operation: &Value| {
        let patch = json!([operation]).to_string();
        plane.kubectl_ok(&["patch", "crd", "jobriskreports.jobrisk.io", "--type=json", "--patch", &patch]);
    };
    amend(&json!({ "op": "add", "path": schema, "value": { "type": "string" } }));
    let patch = json!({
        "metadata": { "annotations": { "jobrisk.io/digest": "ab".repeat(32) } },
        "status": { "lineage": "of a later version" },
    });
    let write = || {
        plane.kubectl(&[
            "patch",
            "jobriskreports",
            "--namespace=c15",
            "--type=merge",
            "--field-manager=jobrisk",
            "--patch",
            &patch.to_string(),
            "job-job-0",
        ])
    };
    let known = eventually(Duration::from_secs(30), || {
        write();
        let stored =
            plane.kubectl_ok(&["get", "jobriskreport", "job-job-0", "--namespace=c15", "-o", "json"]);
        stored.contains("of a later version").then_some(())
    });
    assert!(known.is_some(), "the API server drops the field");
    let names = plane.kubectl_ok(&["get", "jobriskreports", "--namespace=c15", "-o", "name"]);
    for name in names.lines() {
        let arguments =
            ["patch", name, "--namespace=c15", "--type=merge", "--field-manager=jobrisk", "--patch"];
        plane.kubectl_ok(&[&arguments[..], &[&patch.to_string()]].concat());
    }

    let mark = proxy.mark();
    scenario.start();
    scenario.settles(LIVENESS * 2);
    assert_eq!(proxy.count(mark, Verb::Delete, "jobriskreports"), 0, "{:#?}", proxy.writes(mark));
    for name in names.lines().map(|name| name.rsplit('/').next().unwrap()) {
        let wanted = Match::on(Verb::Patch, "jobriskreports").name(name);
        let writes = proxy.writes(mark).into_iter().filter(|entry| wanted.matches(&entry.request)).count();
        assert!(writes <= 1, "{name} was written {writes} times");
    }
    // What was said about a workload that is gone is still said; that this version cannot vouch for it too.
    let kept = wait_for_report(plane, "c15", "job-gone", |report| {
        report["status"]["conditions"].as_array().is_some_and(|all| all.len() == 2)
    });
    assert!(retained(&kept), "{kept:#}");
    assert_eq!(kept["metadata"]["uid"], evidence["metadata"]["uid"]);
    assert_eq!(kept["status"]["findings"], evidence["status"]["findings"]);
    assert_eq!(kept["status"]["conditions"][1]["type"], "Intact", "{kept:#}");
    amend(&json!({ "op": "remove", "path": schema }));
}

#[test]
fn s09_a_new_version_in_place_of_the_old_misses_nothing() {
    let scenario = Scenario::begin("s09");
    let jobrisk = &scenario.jobrisk;
    // As `strategy: Recreate` does it, again and again, while Jobs come, and some go at once.
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            for round in 0..12 {
                scenario.jobs(&format!("round-{round}"), 8);
                scenario.create(&job("s09", &format!("benign-{round}"), BENIGN));
            }
        });
        let mut times = 0;
        while !load.is_finished() || times < 3 {
            jobrisk.restart();
            times += 1;
        }
        eprintln!("s09: {times} versions");
    });
    scenario.settles(LIVENESS * 2);
    let wanted = Match::on(Verb::Patch, "jobriskreports");
    let written = scenario.proxy.writes(0).iter().filter(|entry| wanted.matches(&entry.request)).count();
    let reports = scenario.plane().kubectl_ok(&["get", "jobriskreports", "--namespace=s09", "-o", "name"]);
    assert_eq!(reports.lines().count(), 12 * 9);
    // One may be written twice where the old one ended before it had the answer.
    assert!(written <= 12 * 9 + 16, "{written} writes");
}
