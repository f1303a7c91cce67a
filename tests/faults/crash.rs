//! Crashes, restarts, and what is half done then.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scenario::{Scenario, delete_all, is_long};
use crate::support::converged::{LIVENESS, differences, wait_stable};
use crate::support::proxy::{Action, Entry, Fault, Match, Verb};
use crate::support::{BENIGN, ControlPlane, REVERSE_SHELL, cron_job, event_reasons, eventually, job, report};

/// For how long nothing may be written between two of the many runs of C01.
const BETWEEN_RUNS: Duration = Duration::from_secs(1);

/// All reports of a namespace by name, without what the API server adds: uid, versions, times.
pub(crate) fn reports(plane: &ControlPlane, namespace: &str) -> BTreeMap<String, Value> {
    let path = format!("/apis/jobrisk.io/v1alpha1/namespaces/{namespace}/jobriskreports");
    let list: Value = serde_json::from_str(&plane.kubectl_ok(&["get", "--raw", &path])).unwrap();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|report| {
            let mut report = report.clone();
            let metadata = report["metadata"].as_object_mut().unwrap();
            for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"] {
                metadata.remove(field);
            }
            // When the peak was first reached is a time of this run.
            if let Some(peak) = report["status"]["peak"].as_object_mut() {
                peak.remove("time");
            }
            (report["metadata"]["name"].as_str().unwrap().to_owned(), report)
        })
        .collect()
}

/// What a run of the controller leaves behind.
const WRITTEN: [&str; 2] = ["jobrisk.io/v1alpha1 jobriskreports", "events.k8s.io/v1 events"];

#[test]
fn c01_a_crash_after_any_request_changes_nothing_in_the_end() {
    let scenario = Scenario::prepare("c01");
    let (plane, proxy, jobrisk) = (scenario.plane(), &scenario.proxy, &scenario.jobrisk);
    scenario.jobs("job", 7);
    for (name, command) in [("a", REVERSE_SHELL), ("b", BENIGN), ("c", REVERSE_SHELL)] {
        scenario.create(&cron_job("c01", name, command));
    }
    scenario.start();
    scenario.settles_soon();
    let faultless = reports(plane, "c01");
    let recorded = proxy.mark();
    let writes = proxy.writes(0).len();
    assert!(writes >= 10 && recorded > writes + 3, "{:#?}", proxy.log());
    jobrisk.terminate();

    for last in 1..=recorded {
        delete_all(plane, "c01", &WRITTEN);
        let mark = proxy.mark();
        // The last request is carried out, but nobody learns of it; of those after it the API server never hears.
        proxy.script(Fault::new(Match::any(), Action::CutAfter).from(last).times(1));
        proxy.script(Fault::new(Match::any(), Action::CutBefore).from(last + 1));
        jobrisk.run();
        let reached = eventually(LIVENESS * 2, || (proxy.mark() >= mark + last).then_some(()));
        assert!(reached.is_some(), "request {last} was never made: {:#?}", proxy.since(mark));
        jobrisk.kill();
        let answered = eventually(LIVENESS, || (proxy.unanswered() == 0).then_some(()));
        assert!(answered.is_some(), "{:#?}", proxy.since(mark));
        proxy.clear();
        scenario.start();
        scenario.converges(LIVENESS);
        jobrisk.wait_idle();
        wait_stable(proxy, BETWEEN_RUNS, LIVENESS);
        assert_eq!(reports(plane, "c01"), faultless, "after a crash at request {last}");
        let made = proxy.writes(mark).len();
        assert!(made <= writes + 1, "{made} writes instead of {writes}, after a crash at request {last}");
        jobrisk.kill();
    }
    eprintln!("c01: {recorded} crashes, {writes} writes each");
}

#[test]
fn c02_a_restart_writes_nothing() {
    let scenario = Scenario::begin("c02");
    let (proxy, jobrisk) = (&scenario.proxy, &scenario.jobrisk);
    scenario.jobs("job", if is_long() { 10_000 } else { 300 });
    scenario.settles(Duration::from_secs(if is_long() { 600 } else { 30 }));
    for end in [0, 1] {
        let mark = proxy.mark();
        if end == 0 {
            jobrisk.terminate();
        } else {
            jobrisk.kill();
        }
        scenario.start();
        jobrisk.wait_idle();
        scenario.settles_soon();
        let writes: Vec<Entry> = proxy.since(mark).into_iter().filter(Entry::is_write).collect();
        assert!(writes.is_empty(), "{} writes: {:#?}", writes.len(), &writes[..writes.len().min(3)]);
        assert!(proxy.count(mark, Verb::List, "jobs") > 0, "nothing was listed");
    }
}

#[test]
fn c03_a_crash_between_report_and_event_tells_no_more_than_once() {
    let scenario = Scenario::begin("c03");
    let (plane, proxy, jobrisk) = (scenario.plane(), &scenario.proxy, &scenario.jobrisk);
    for (name, way) in [("unsent", Action::Swallow), ("unanswered", Action::SwallowAnswer)] {
        let fault = proxy.script(Fault::new(Match::on(Verb::Create, "events"), way).times(1));
        scenario.risky(name);
        let hit = eventually(LIVENESS, || (proxy.hits(fault) > 0).then_some(()));
        assert!(hit.is_some(), "no Event: {}", jobrisk.stderr());
        jobrisk.kill();
        proxy.clear();
        scenario.start();
        scenario.settles_soon();
        let reasons = event_reasons(plane, "c03", "Job", name);
        assert!(reasons.len() <= 1, "{name}: {reasons:?}");
        // Whether it was told or not, the report has what it says.
        let report = report(plane, "c03", &format!("job-{name}")).unwrap();
        assert_eq!(report["status"]["peak"]["severity"], "High", "{name}: {report:#}");
        eprintln!("c03: {name}: {reasons:?}");
    }
}

#[test]
fn c04_an_end_under_load_leaves_nothing_torn() {
    let scenario = Scenario::begin("c04");
    let (plane, proxy, jobrisk) = (scenario.plane(), &scenario.proxy, &scenario.jobrisk);
    proxy.add(Match::on(Verb::Patch, "jobriskreports"), Action::Delay(Duration::from_millis(500)));
    scenario.jobs("job", 100);
    let (code, time) = jobrisk.terminate();
    assert_eq!(code, 0, "{}", jobrisk.stderr());
    assert!(time <= Duration::from_secs(10), "{time:?}");
    let left = differences(plane);
    assert!(!left.is_empty(), "it was not under load");
    assert!(left.iter().all(|difference| difference.ends_with("no report")), "{left:#?}");
    proxy.clear();
    scenario.start();
    scenario.settles(LIVENESS * 2);
}

#[test]
fn c04_an_end_while_the_server_is_silent_is_an_end() {
    let scenario = Scenario::begin("c04-silent");
    scenario.proxy.add(Match::any(), Action::Swallow);
    scenario.jobs("job", 20);
    thread::sleep(Duration::from_secs(1));
    let (_, time) = scenario.jobrisk.terminate();
    assert!(time <= Duration::from_secs(10), "{time:?}");
}

#[test]
fn c08_a_successor_of_the_same_name_gets_its_own_report() {
    let scenario = Scenario::begin("c08");
    let plane = scenario.plane();
    scenario.risky("job");
    scenario.settles_soon();
    for round in 0..4 {
        plane.kubectl_ok(&["delete", "job", "job", "--namespace=c08"]);
        scenario.risky("job");
        let begin = Instant::now();
        scenario.converges(LIVENESS);
        eprintln!("c08: round {round}: {:?}", begin.elapsed());
    }
    scenario.settles_soon();
}

#[test]
fn c09_what_went_while_nobody_looked_leaves_no_report() {
    let scenario = Scenario::begin("c09");
    let plane = scenario.plane();
    for name in ["collected", "orphaned", "stays"] {
        scenario.create(&job("c09", name, BENIGN));
    }
    scenario.settles_soon();
    scenario.jobrisk.kill();
    // One is left for the garbage collector; the other has no owner any more, as when it is told to leave dependents.
    let disowned = r#"{"metadata":{"ownerReferences":null}}"#;
    let patch =
        ["patch", "jobriskreport", "job-orphaned", "--namespace=c09", "--type=merge", "--patch", disowned];
    plane.kubectl_ok(&patch);
    plane.kubectl_ok(&["delete", "job", "collected", "orphaned", "--namespace=c09"]);
    scenario.start();
    scenario.settles(LIVENESS * 3);
}
