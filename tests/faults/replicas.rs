//! Two replicas: one writes, whatever happens to it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::crash::reports;
use crate::pair::{Pair, Replica};
use crate::scenario::{is_long, seconds};
use crate::support::converged::{LIVENESS, wait_stable};
use crate::support::eventually;
use crate::support::proxy::{Action, Match};

/// Jobs that are created in each round, while the leader goes.
const JOBS: usize = 40;

/// How often the leader goes.
fn rounds() -> usize {
    if is_long() { 20 } else { 1 }
}

/// Lets the leader go by `fault` while it writes, and come back by `repair` when the other has taken over.
fn rounds_of(id: &str, fault: impl Fn(Replica<'_>), repair: impl Fn(Replica<'_>, usize)) {
    let pair = Pair::electing(id);
    for round in 1..=rounds() {
        let [leader, other] = pair.leader_first();
        let mark = leader.proxy.mark();
        let took = thread::scope(|scope| {
            let created = scope.spawn(|| pair.scenario.jobs(&format!("round-{round}"), JOBS));
            let writing = eventually(LIVENESS, || (!leader.proxy.writes(mark).is_empty()).then_some(()));
            assert!(writing.is_some(), "nothing is written: {}", leader.jobrisk.stderr());
            let begin = Instant::now();
            fault(leader);
            created.join().unwrap();
            pair.takeover(other.number, begin)
        });
        pair.converges(LIVENESS * 3);
        repair(leader, round);
        leader.jobrisk.wait_ready();
        assert_eq!(leader.jobrisk.readyz().unwrap().1, "ok, follower\n");
        pair.assert_one_writer();
        pair.assert_each_written_once();
        assert_eq!(pair.passes(), round, "the lease goes to and fro");
        eprintln!("{id}: round {round}: taken over after {took:.1?}");
    }
    pair.converges(Duration::ZERO);
}

#[test]
fn c18_a_leader_that_is_killed_is_replaced() {
    rounds_of("c18", |leader| leader.jobrisk.kill(), |leader, _| leader.jobrisk.run());
}

#[test]
fn c19_a_leader_that_was_stopped_writes_nothing_when_it_goes_on() {
    rounds_of(
        "c19",
        |leader| leader.jobrisk.signal("STOP"),
        |leader, _| {
            let mark = leader.proxy.mark();
            leader.jobrisk.signal("CONT");
            thread::sleep(Duration::from_secs(3));
            let asked = leader.proxy.since(mark);
            assert!(!asked.is_empty(), "it does not go on");
            let writes: Vec<_> = asked.into_iter().filter(|entry| entry.request.verb.writes()).collect();
            assert!(writes.is_empty(), "{writes:#?}");
        },
    );
}

#[test]
fn c06_a_leader_that_is_cut_off_stops_by_its_own_clock() {
    rounds_of(
        "c06",
        |leader| {
            // Nothing goes through any more, and nobody is told.
            leader.proxy.add(Match::any(), Action::Swallow);
            leader.proxy.freeze(Match::any());
        },
        |leader, round| {
            if round == 1 {
                thread::sleep(seconds(2, 45));
            }
            leader.proxy.clear();
            leader.proxy.cut_all();
            thread::sleep(Duration::from_secs(3));
        },
    );
}

#[test]
fn c04_an_end_gives_the_lease_back() {
    let pair = Pair::electing("c04-lease");
    let [leader, other] = pair.leader_first();
    pair.scenario.jobs("job", JOBS);
    let begin = Instant::now();
    let (code, time) = leader.jobrisk.terminate();
    assert_eq!(code, 0, "{}", leader.jobrisk.stderr());
    assert!(time <= Duration::from_secs(10), "{time:?}");
    let given_back = begin + time;
    let taken = eventually(pair.lease.duration, || (pair.passes() == 1).then(Instant::now));
    let took = taken.expect("a takeover").saturating_duration_since(given_back);
    // It looks every second or two; nobody waits for the lease to run out.
    assert!(took <= Duration::from_secs(4), "{took:?}");
    pair.converges(LIVENESS);
    pair.assert_one_writer();
    pair.assert_each_written_once();
    assert_eq!(other.jobrisk.readyz().unwrap().1, "ok, leader\n");
    assert!(other.jobrisk.metrics().contains("\njobrisk_leader 1\n"), "{}", other.jobrisk.metrics());
    eprintln!("c04: ended in {time:.1?}, taken over {took:.1?} later");
}

/// The verdicts, by the names of their reports, without when the workload was made.
fn statuses(reports: &BTreeMap<String, Value>) -> BTreeMap<&str, Value> {
    let status = |report: &Value| {
        let mut status = report["status"].clone();
        status["attribution"]["time"].take();
        status
    };
    reports.iter().map(|(name, report)| (name.as_str(), status(report))).collect()
}

#[test]
fn c05_two_that_elect_no_leader_say_the_same_and_do_not_fight() {
    let pair = Pair::prepare("c05", &[]);
    pair.start();
    pair.scenario.jobs("job", 60);
    pair.converges(LIVENESS * 2);
    let quiet = seconds(5, 30);
    for replica in pair.replicas() {
        wait_stable(replica.proxy, quiet, quiet * 6);
    }
    let both = pair.writes();
    let by_two = reports(pair.scenario.plane(), "c05");
    drop(pair);

    let pair = Pair::prepare("c05-single", &[]);
    let single = pair.replica(0);
    single.jobrisk.run();
    single.jobrisk.wait_ready();
    pair.scenario.jobs("job", 60);
    pair.converges(LIVENESS * 2);
    single.jobrisk.wait_idle();
    let one = pair.writes();
    let by_one = reports(pair.scenario.plane(), "c05-single");
    assert!(both <= 2 * one, "{both} writes of two, {one} of one");
    assert_eq!(statuses(&by_two), statuses(&by_one));
    eprintln!("c05: {both} writes of two, {one} of one");
}
