//! The verdicts hold when workloads are written differently: a quick part of `make evasion`, with thresholds, and
//! the proof that the rewrites change nothing.

mod harness;
mod proof;

use harness::measure::{Effort, Result, measure};
use harness::sample;
use harness::table;

/// Drawn so that it ends within seconds; `make evasion` tries all.
const QUICK: Effort = Effort { every: 6, draws: 1, pairs: 4, triples: 4 };

fn quick(hostile: bool) -> Result {
    measure(&sample::all(), hostile, QUICK)
}

#[test]
fn hostile_workloads_stay_at_their_floor() {
    let result = quick(true);
    assert!(result.samples > 150 && result.total.tried > 2_000, "{} {}", result.samples, result.total.tried);
    assert!(result.unfit.is_empty(), "{:?}", result.unfit);
    assert!(result.total.percent() >= 97.0, "{}", table::print("hostile", &result, false));
}

#[test]
fn benign_workloads_stay_at_their_ceiling() {
    let result = quick(false);
    assert!(result.samples > 40 && result.total.tried > 400, "{} {}", result.samples, result.total.tried);
    assert!(result.unfit.is_empty(), "{:?}", result.unfit);
    assert!(result.total.percent() >= 99.0, "{}", table::print("benign", &result, false));
}

#[test]
fn a_repeated_run_draws_the_same() {
    let samples: Vec<_> = sample::all().into_iter().take(8).collect();
    let [first, second] = [(); 2].map(|()| measure(&samples, true, QUICK));
    assert_eq!(table::print("", &first, true), table::print("", &second, true));
}
