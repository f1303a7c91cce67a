//! Measures how well verdicts hold when workloads are written differently: `make evasion`.
//!
//! A measurement, not a check: it ends with 0 whatever comes out. `--list-misses` shows every miss, with the
//! workload that is left; `--fast` tries a part.
#![allow(clippy::print_stdout, reason = "a measurement is there to be read")]

#[path = "../tests/evasion/harness/mod.rs"]
mod harness;

use harness::measure::{Effort, measure};
use harness::{sample, table};

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let effort = if has("--fast") {
        Effort { every: 3, draws: 1, pairs: 10, triples: 10 }
    } else {
        Effort { every: 1, draws: 2, pairs: 60, triples: 60 }
    };
    let samples = sample::all();
    for (title, hostile) in
        [("Hostile, at or above the floor", true), ("Benign, at or below the ceiling", false)]
    {
        let result = measure(&samples, hostile, effort);
        println!("{}", table::print(title, &result, has("--list-misses")));
    }
}
