//! How the controller does on a real control plane, next to bare clients that do the least that can be done
//! there. Everything is measured in one run on one machine; of every time only its ratio is printed.
//!
//! ```text
//! cargo bench --bench controller
//! ```
//!
//! Sizes come from the environment: `JOBRISK_BENCH_JOBS` (created one by one, 200), `JOBRISK_BENCH_REPORTS`
//! (present at a restart, 500), `JOBRISK_BENCH_WORKLOADS` (present at the first sync, 1000) and
//! `JOBRISK_BENCH_ROUNDS` (of the first sync, 5; of the restart three times as many). A measurement, not a gate: it ends well whatever the
//! numbers are, and fails only where something did not work at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop the measurement at once, with the place"
)]
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod cluster;
mod controller;
mod latency;
mod numbers;
mod restart;
mod sync;

use cluster::Cluster;
use numbers::Line;

fn main() {
    let jobs = size("JOBRISK_BENCH_JOBS", 200);
    let workloads = size("JOBRISK_BENCH_WORKLOADS", 1000);
    let reports = size("JOBRISK_BENCH_REPORTS", 500).min(workloads);
    let rounds = size("JOBRISK_BENCH_ROUNDS", 5);

    let mut lines = latency::measure(&Cluster::start(), jobs);
    let cluster = Cluster::start();
    lines.extend(restart::measure(&cluster, reports, 3 * rounds));
    lines.extend(sync::measure(&cluster, reports, workloads, rounds));

    println!("{:<58} {:>18}   goal", "controller / bare client", "measured");
    for Line { what, measured, goal } in lines {
        println!("{what:<58} {measured:>18}   {goal}");
    }
}

fn size(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => default,
    }
}
