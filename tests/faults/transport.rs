//! Faults of connections.

use std::thread;
use std::time::Duration;

use crate::scenario::Scenario;
use crate::support::proxy::{Action, Match};

#[test]
fn w27_a_body_in_single_bytes_says_the_same() {
    let scenario = Scenario::prepare("w27");
    scenario.jobs("before", 4);
    scenario.proxy.add(Match::any(), Action::Chunks(1));
    scenario.start();
    scenario.jobs("after", 4);
    scenario.settles_soon();
}

#[test]
fn g10_connections_that_break_are_not_piled_up() {
    let scenario = Scenario::begin("g10");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 3);
    scenario.settles_soon();
    proxy.forget_most_open();
    for round in 0..40 {
        proxy.cut_all();
        if round % 10 == 0 {
            scenario.risky(&format!("round-{round}"));
        }
        thread::sleep(Duration::from_millis(200));
    }
    assert!(proxy.most_open() <= 10, "{} connections", proxy.most_open());
    // The last back-off may be a long one.
    scenario.settles(Duration::from_secs(45));
    assert!(proxy.open() <= 10, "{} connections", proxy.open());
}
