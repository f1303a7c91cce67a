//! Change without end.

use std::fs;
use std::time::{Duration, Instant};

use crate::scenario::{Scenario, seconds};
use crate::support::proxy::{Match, Verb, expired_event};

/// Jobs of a round. They are deleted in the next but one.
const JOBS: usize = 10;

fn descriptors(scenario: &Scenario) -> usize {
    fs::read_dir(format!("/proc/{}/fd", scenario.jobrisk.pid())).unwrap().count()
}

/// Creates Jobs, deletes earlier ones, and breaks something now and then.
fn churn(scenario: &Scenario, round: usize) {
    scenario.jobs(&format!("round-{round}"), JOBS);
    if let Some(earlier) = round.checked_sub(2) {
        let names: Vec<String> = (0..JOBS).map(|number| format!("round-{earlier}-{number}")).collect();
        let namespace = format!("--namespace={}", scenario.namespace);
        let mut delete = vec!["delete", "job", "--wait=false", &namespace];
        delete.extend(names.iter().map(String::as_str));
        scenario.plane().kubectl_ok(&delete);
    }
    match round % 12 {
        3 => scenario.proxy.cut_all(),
        7 => scenario.proxy.inject("jobs", &expired_event()),
        8 | 11 => scenario.proxy.end(Match::on(Verb::Watch, "jobs")),
        _ => {}
    }
}

#[test]
fn c17_change_without_end_takes_no_more_and_more() {
    let scenario = Scenario::begin("c17");
    let mut round = 0;
    let mut churn_for = |time: Duration| {
        let end = Instant::now() + time;
        while Instant::now() < end {
            churn(&scenario, round);
            round += 1;
        }
    };
    churn_for(seconds(15, 300));
    let before = (scenario.jobrisk.resident_kib(), descriptors(&scenario));
    churn_for(seconds(30, 3600));
    let after = (scenario.jobrisk.resident_kib(), descriptors(&scenario));
    scenario.settles(Duration::from_secs(30));
    eprintln!("c17: {round} rounds; KiB resident and descriptors: {before:?}, then {after:?}");
    assert!(after.0 < before.0 + 2048, "{} KiB resident, then {}", before.0, after.0);
    // Connections that wait for their next use come and go: one for each of 16 reports, 16 Events and 8 reads at most.
    assert!(after.1 <= before.1.max(24) + 40, "{} descriptors, then {}", before.1, after.1);
}
