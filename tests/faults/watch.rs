//! Faults of watches.

use std::time::Duration;

use crate::scenario::Scenario;
use crate::support::converged::LIVENESS;
use crate::support::eventually;
use crate::support::proxy::{Action, Answer, Fault, Match, Verb, expired_event};

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
fn w10_a_line_that_breaks_off_loses_no_object() {
    let scenario = Scenario::prepare("w10");
    let proxy = &scenario.proxy;
    for (resource, action) in [("jobs", Action::TruncateLine(2)), ("cronjobs", Action::EndInLine(1))] {
        proxy.script(Fault::new(Match::on(Verb::Watch, resource), action).times(3));
    }
    scenario.start();
    for round in 0..4 {
        scenario.jobs(&format!("round-{round}"), 4);
    }
    scenario.settles(Duration::from_secs(30));
}

#[test]
fn w14_pages_of_a_load_balancer_are_waited_out() {
    let scenario = Scenario::prepare("w14");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    for (status, times) in [(503, 2), (500, 3), (502, 4)] {
        proxy.script(Fault::new(Match::any(), Action::Answer(Answer::html(status))).times(times));
    }
    let mark = proxy.mark();
    scenario.start();
    scenario.settles(Duration::from_secs(30));
    for entry in proxy.since(mark).iter().take(9) {
        assert_eq!(entry.fault, Some("answer"), "{entry:?}");
    }

    let id = proxy.add(Match::on(Verb::Patch, "jobriskreports"), Action::Answer(Answer::html(502)));
    scenario.jobs("meanwhile", 3);
    std::thread::sleep(Duration::from_secs(4));
    // At most 0, 0.5, 1 and 2 seconds after the failure before, for each of the three.
    assert!(proxy.hits(id) <= 3 * 4, "a hot loop: {} requests", proxy.hits(id));
    proxy.remove(id);
    scenario.settles_soon();
}

#[test]
fn w27_a_body_in_single_bytes_says_the_same() {
    let scenario = Scenario::prepare("w27");
    scenario.jobs("before", 4);
    scenario.proxy.add(Match::any(), Action::Chunks(1));
    scenario.start();
    scenario.jobs("after", 4);
    scenario.settles_soon();
}
