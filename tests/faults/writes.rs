//! Faults of writes.

use std::thread;
use std::time::{Duration, Instant};

use crate::scenario::{Scenario, create_jobs, is_long, seconds};
use crate::support::converged::LIVENESS;
use crate::support::eventually;
use crate::support::proxy::{Action, Answer, Entry, Fault, Match, Verb};

fn patches() -> Match {
    Match::on(Verb::Patch, "jobriskreports")
}

/// The requests to write one report, oldest first.
fn tries(scenario: &Scenario, name: &str) -> Vec<Entry> {
    let wanted = patches().name(name);
    scenario.proxy.log().into_iter().filter(|entry| wanted.matches(&entry.request)).collect()
}

#[test]
fn w09_a_write_that_is_never_answered_holds_up_no_other() {
    let scenario = Scenario::begin("w09");
    let id = scenario.proxy.add(patches().name("job-stuck"), Action::Swallow);
    scenario.risky("stuck");
    let hit = eventually(LIVENESS, || (scenario.proxy.hits(id) > 0).then_some(()));
    assert!(hit.is_some(), "not written: {}", scenario.jobrisk.stderr());
    let begin = Instant::now();
    scenario.jobs("beside", 30);
    let created = begin.elapsed();
    let reported = eventually(LIVENESS, || {
        let done = scenario.proxy.writes(0);
        (done.iter().filter(|entry| patches().matches(&entry.request)).count() == 30).then_some(())
    });
    assert!(reported.is_some(), "30 Jobs, created in {created:?}, are not all reported");
    scenario.proxy.clear();
    // The one that hangs has a limit too.
    scenario.settles(Duration::from_secs(30));
}

#[test]
fn w09_a_namespace_whose_writes_are_never_answered_holds_up_no_other() {
    let scenario = Scenario::begin("w09-many");
    let beside = scenario.create_namespace("w09-beside");
    scenario.proxy.add(patches().namespace("w09-many"), Action::Swallow);
    scenario.jobs("stuck", 60);
    create_jobs(&beside, "beside", 5);
    let mark = Instant::now();
    let reported = eventually(LIVENESS, || {
        let done = scenario.proxy.writes(0);
        let beside = patches().namespace("w09-beside");
        (done.iter().filter(|entry| beside.matches(&entry.request)).count() == 5).then_some(())
    });
    assert!(reported.is_some(), "not reported within {:?}", mark.elapsed());
    scenario.proxy.clear();
    scenario.settles(Duration::from_secs(60));
}

#[test]
fn w13_retry_after_of_a_second_is_waited_for() {
    waits_for("w13-short", "1", 2, Duration::from_secs(1));
}

#[test]
fn w13_retry_after_of_half_a_minute_is_waited_for() {
    waits_for("w13-long", "30", 1, Duration::from_secs(30));
}

fn waits_for(id: &str, text: &str, times: usize, wait: Duration) {
    let scenario = Scenario::begin(id);
    let answer = Action::Answer(Answer::retry_after(text));
    scenario.proxy.script(Fault::new(patches().name("job-first"), answer).times(times));
    scenario.risky("first");
    let written =
        eventually(wait * 3 + LIVENESS, || (tries(&scenario, "job-first").len() > times).then_some(()));
    let tries = tries(&scenario, "job-first");
    assert!(written.is_some(), "not tried again: {tries:#?}");
    for pair in tries.windows(2) {
        let waited = pair[1].at - pair[0].at;
        // To a quarter of a second: a client may count from when it asked.
        assert!(waited + Duration::from_millis(250) >= wait, "tried again after {waited:?}");
    }
    scenario.settles_soon();
}

#[test]
fn w13_retry_after_of_any_text_is_no_end() {
    let scenario = Scenario::prepare("w13-any");
    let proxy = &scenario.proxy;
    let texts = ["10000000000000000000", "-1", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "", "1.5", "0"];
    for (number, text) in texts.iter().enumerate() {
        let answer = Action::Answer(Answer::retry_after(text));
        proxy.script(Fault::new(patches().name(&format!("job-job-{number}")), answer).times(1));
    }
    for resource in ["jobs", "cronjobs", "jobriskreports"] {
        let answer = Action::Answer(Answer::retry_after(texts[0]));
        proxy.script(Fault::new(Match::on(Verb::List, resource), answer).times(1));
    }
    scenario.jobs("job", texts.len());
    let begin = Instant::now();
    scenario.jobrisk.run();
    // Whatever is asked for: a minute is what is waited at most, and the list waits before the write.
    scenario.settles(Duration::from_secs(150));
    eprintln!("w13: settled after {:?}", begin.elapsed());
    assert!(scenario.jobrisk.lives());
    let most = (0..texts.len()).map(|number| tries(&scenario, &format!("job-job-{number}")).len()).max();
    assert_eq!(most, Some(2), "tried more often than refused");
}

#[test]
fn w14_pages_of_a_load_balancer_are_waited_out() {
    let scenario = Scenario::prepare("w14");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    let faults = [("jobriskreports", 503), ("jobs", 500), ("cronjobs", 502)].map(|(resource, status)| {
        let page = Action::Answer(Answer::html(status));
        proxy.script(Fault::new(Match::on(Verb::List, resource), page).times(3))
    });
    scenario.start();
    scenario.settles(Duration::from_secs(30));
    for fault in faults {
        assert_eq!(proxy.hits(fault), 3, "{:#?}", proxy.log());
    }
    refused_writes_are_tried_slowly(&scenario, &Answer::html(502));
}

#[test]
fn g07_a_store_that_is_full_stops_writes_alone() {
    let scenario = Scenario::begin("g07");
    scenario.jobs("before", 3);
    scenario.settles_soon();
    let full = Answer::status(500, "InternalError", "etcdserver: mvcc: database space exceeded");
    let assessed = scenario.jobrisk.sum("jobrisk_assessments_total");
    refused_writes_are_tried_slowly(&scenario, &full);
    assert!(
        scenario.jobrisk.sum("jobrisk_assessments_total") > assessed + 2.5,
        "reading stopped with writing"
    );
    assert_eq!(scenario.jobrisk.livez(), Some(200));
    let errors = scenario.jobrisk.errors();
    assert!(errors.iter().any(|error| error.contains("database space exceeded")), "{errors:?}");
}

/// Three new Jobs, whose reports are refused for five seconds, make no hot loop, and are reported afterwards.
fn refused_writes_are_tried_slowly(scenario: &Scenario, refusal: &Answer) {
    let id = scenario.proxy.add(patches(), Action::Answer(refusal.clone()));
    scenario.jobs("meanwhile", 3);
    thread::sleep(Duration::from_secs(5));
    // At 0, 0.5, 1.5 and 3.5 seconds, as jitter has it once more, for each of the three.
    let tries = scenario.proxy.hits(id);
    assert!((3..=3 * 5).contains(&tries), "{tries} requests in five seconds for three reports");
    scenario.proxy.remove(id);
    scenario.settles_soon();
}

#[test]
fn w26_a_slow_server_fills_no_memory() {
    let scenario = Scenario::begin("w26");
    let proxy = &scenario.proxy;
    let (jobs, delay) = if is_long() { (5000, seconds(0, 2)) } else { (200, Duration::from_millis(500)) };
    scenario.jobs("warm-up", 3);
    scenario.settles_soon();
    let before = scenario.jobrisk.resident_kib();
    let mark = proxy.mark();
    proxy.add(patches(), Action::Delay(delay));
    scenario.jobs("job", jobs);
    let mut most = 0;
    let done = eventually(delay * u32::try_from(jobs).unwrap() / 4, || {
        most = most.max(scenario.jobrisk.resident_kib());
        (proxy.writes(mark).iter().filter(|entry| patches().matches(&entry.request)).count() >= jobs)
            .then_some(())
    });
    assert!(done.is_some(), "not finished: {}", proxy.writes(mark).len());
    let grown = most.saturating_sub(before);
    eprintln!(
        "w26: {jobs} reports, {delay:?} each: {before} KiB resident, {grown} KiB more, {} connections",
        proxy.most_open()
    );
    assert!(grown < 10 * 1024, "{grown} KiB more than {before} KiB");
    assert!(proxy.most_open() <= 64, "{} connections", proxy.most_open());
    proxy.clear();
    scenario.settles(LIVENESS * 2);
    let reports = proxy.writes(mark).iter().filter(|entry| patches().matches(&entry.request)).count();
    assert_eq!(reports, jobs, "some were written twice");
}
