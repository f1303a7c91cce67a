//! Faults of watches.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scenario::{Scenario, is_long, seconds};
use crate::support::converged::LIVENESS;
use crate::support::proxy::{Action, Answer, Fault, Match, Verb, expired_event};
use crate::support::{REVERSE_SHELL, cron_job, eventually, job};

const KINDS: [&str; 2] = ["jobs", "cronjobs"];

#[test]
fn w01_a_watch_that_has_expired_is_listed_anew_once() {
    let scenario = Scenario::begin("w01");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    scenario.settles_soon();
    for round in 1..=2 {
        let mark = proxy.mark();
        proxy.inject("jobs", &expired_event());
        proxy.end(Match::on(Verb::Watch, "jobs"));
        let listed =
            eventually(Duration::from_secs(5), || (proxy.count(mark, Verb::List, "jobs") > 0).then_some(()));
        assert!(listed.is_some(), "no list within 5 s after 410: {:#?}", proxy.since(mark));
        scenario.sees_new_job(&format!("after-{round}"), LIVENESS);
        assert_eq!(proxy.count(mark, Verb::List, "jobs"), 1, "{:#?}", proxy.since(mark));
    }
    scenario.settles_soon();
}

#[test]
fn w02_a_place_in_history_that_is_gone_is_left() {
    let scenario = Scenario::begin("w02");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    scenario.settles_soon();
    // Every watch from the place where the next one begins is refused, however often it is tried.
    let gone = Mutex::new(None);
    let from_there = move |request: &crate::support::proxy::Request| {
        let version = request.parameter("resourceVersion").map(str::to_owned);
        *gone.lock().unwrap().get_or_insert_with(|| version.clone()) == version
    };
    let refusal = Answer::status(410, "Expired", "The resourceVersion for the provided watch is too old.");
    let id = proxy.add(Match::on(Verb::Watch, "jobs").when(from_there), Action::Answer(refusal));
    let mark = proxy.mark();
    proxy.end(Match::on(Verb::Watch, "jobs"));
    scenario.sees_new_job("meanwhile", Duration::from_secs(60));
    assert!((1..=20).contains(&proxy.hits(id)), "{} watches from there", proxy.hits(id));
    assert!((1..=3).contains(&proxy.count(mark, Verb::List, "jobs")), "{:#?}", proxy.since(mark));
    scenario.settles_soon();
}

#[test]
fn w03_a_storm_of_410_is_no_storm_of_lists() {
    let scenario = Scenario::begin("w03");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    scenario.settles_soon();
    let mark = proxy.mark();
    for kind in KINDS {
        proxy.add(Match::on(Verb::Watch, kind), Action::Answer(Answer::expired_in_stream()));
        proxy.end(Match::on(Verb::Watch, kind));
    }
    // Steps that double from half a second on are seven in half a minute, and a dozen in two minutes.
    let (time, most) = (seconds(30, 120), if is_long() { 12 } else { 8 });
    thread::sleep(time);
    for kind in KINDS {
        let lists = proxy.count(mark, Verb::List, kind);
        assert!((1..=most).contains(&lists), "{lists} lists of {kind} in {time:?}");
    }
    proxy.clear();
    // The last back-off may be a long one.
    scenario.sees_new_job("after", Duration::from_secs(45));
    scenario.settles_soon();
}

#[test]
fn w06_a_watch_that_falls_silent_is_replaced() {
    let scenario = Scenario::begin("w06");
    let proxy = &scenario.proxy;
    scenario.settles_soon();
    let watches = Match::any().verbs(&[Verb::Watch]);
    let timeout = proxy
        .log()
        .iter()
        .filter(|entry| watches.matches(&entry.request))
        .filter_map(|entry| entry.request.parameter("timeoutSeconds"))
        .map(|seconds| seconds.parse().unwrap())
        .max();
    let timeout = Duration::from_secs(timeout.expect("watches have a limit"));
    assert!(timeout <= Duration::from_secs(300), "a watch may be silent for {timeout:?}");
    proxy.freeze(watches);
    scenario.create(&cron_job("w06", "unseen", REVERSE_SHELL));
    scenario.sees_new_job("unseen", timeout + Duration::from_secs(5) + LIVENESS);
    scenario.settles_soon();
}

#[test]
fn w10_a_line_that_breaks_off_loses_no_object() {
    let scenario = Scenario::prepare("w10");
    let proxy = &scenario.proxy;
    let faults =
        [("jobs", Action::TruncateLine(2)), ("cronjobs", Action::EndInLine(1))].map(|(resource, action)| {
            proxy.script(Fault::new(Match::on(Verb::Watch, resource), action).times(3))
        });
    scenario.start();
    for round in 0..4 {
        scenario.jobs(&format!("round-{round}"), 4);
        scenario.create(&cron_job("w10", &format!("round-{round}"), REVERSE_SHELL));
    }
    scenario.settles(Duration::from_secs(30));
    for fault in faults {
        assert!(proxy.hits(fault) > 1, "the line did not break off: {:#?}", proxy.log());
    }
}

#[test]
fn w20_bookmarks_alone_keep_a_watch_going() {
    let scenario = Scenario::begin("w20");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 2);
    scenario.settles_soon();
    // Time passes in the store, not for the workloads.
    scenario.plane().kubectl_ok(&["create", "configmap", "later", "--namespace=w20"]);
    let path = "/apis/batch/v1/jobs?limit=1";
    let list: Value = serde_json::from_str(&scenario.plane().kubectl_ok(&["get", "--raw", path])).unwrap();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let bookmark = |kind: &str| {
        let object = json!({
            "kind": kind, "apiVersion": "batch/v1",
            "metadata": { "resourceVersion": version, "creationTimestamp": null },
            "spec": { "template": { "metadata": { "creationTimestamp": null }, "spec": { "containers": null } } },
            "status": {},
        });
        json!({ "type": "BOOKMARK", "object": object })
    };
    let mark = proxy.mark();
    let end = Instant::now() + seconds(15, 600);
    while Instant::now() < end {
        proxy.inject("jobs", &bookmark("Job"));
        proxy.inject("cronjobs", &bookmark("CronJob"));
        thread::sleep(Duration::from_millis(500));
    }
    let ended = proxy.mark();
    for kind in KINDS {
        proxy.end(Match::on(Verb::Watch, kind));
        let again = eventually(LIVENESS, || {
            proxy.since(ended).into_iter().find(|entry| Match::on(Verb::Watch, kind).matches(&entry.request))
        });
        let again = again.unwrap_or_else(|| panic!("{kind} are not watched again"));
        assert_eq!(again.request.parameter("resourceVersion"), Some(version.as_str()), "{kind}");
        assert_eq!(proxy.count(mark, Verb::List, kind), 0, "{:#?}", proxy.since(mark));
    }
    assert!(proxy.writes(mark).is_empty(), "{:#?}", proxy.writes(mark));
    scenario.sees_new_job("after", LIVENESS);
}

#[test]
fn w22_what_comes_twice_is_written_once() {
    let scenario = Scenario::prepare("w22");
    let proxy = &scenario.proxy;
    let twice = proxy.add(
        Match::any().verbs(&[Verb::Watch]).when(|request| KINDS.contains(&request.resource.as_str())),
        Action::rewrite_events(|event| vec![event.clone(), event]),
    );
    scenario.start();
    let mark = proxy.mark();
    scenario.jobs("job", 6);
    scenario.settles_soon();
    assert!(proxy.hits(twice) >= 2, "{:#?}", proxy.log());
    let reports =
        |mark| proxy.writes(mark).iter().filter(|entry| entry.request.resource == "jobriskreports").count();
    assert_eq!(reports(mark), 6, "{:#?}", proxy.writes(mark));

    let mark = proxy.mark();
    let stored = scenario.plane().kubectl_ok(&["get", "--raw", "/apis/batch/v1/namespaces/w22/jobs/job-0"]);
    let stored: Value = serde_json::from_str(&stored).unwrap();
    for _ in 0..3 {
        proxy.inject("jobs", &json!({ "type": "ADDED", "object": stored }));
    }
    scenario.settles_soon();
    assert!(proxy.writes(mark).is_empty(), "{:#?}", proxy.writes(mark));
}

#[test]
fn w23_events_out_of_order_are_no_trouble() {
    let scenario = Scenario::prepare("w23");
    let proxy = &scenario.proxy;
    let unknown = |number: usize| {
        let mut object = job("w23", &format!("unknown-{number}"), REVERSE_SHELL);
        object["metadata"]["uid"] = json!(format!("00000000-0000-0000-0000-{number:012}"));
        object["metadata"]["resourceVersion"] = json!("1");
        json!({ "type": "DELETED", "object": object })
    };
    // What is new comes as changed, after the end of something that never was.
    proxy.add(
        Match::on(Verb::Watch, "jobs"),
        Action::rewrite_events(move |mut event| {
            let version = &event["object"]["metadata"]["resourceVersion"];
            let mut gone = unknown(7);
            gone["object"]["metadata"]["resourceVersion"] = version.clone();
            if event["type"] == "ADDED" {
                event["type"] = json!("MODIFIED");
            }
            vec![gone, event]
        }),
    );
    scenario.start();
    scenario.jobs("job", 6);
    scenario.plane().kubectl_ok(&["delete", "job", "job-1", "--namespace=w23"]);
    scenario.settles_soon();
    assert!(scenario.jobrisk.lives());
    assert!(!scenario.jobrisk.stderr().contains("panicked"), "{}", scenario.jobrisk.stderr());
}
