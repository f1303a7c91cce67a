//! How the controller does on a real control plane, next to bare clients that do the least that can be done there.
//!
//! ```text
//! cargo bench --bench controller                     # every goal, about an hour
//! cargo bench --bench controller -- latency restart  # these
//! ```
//!
//! Each goal is a file here with its name. What is compared is measured in turns within one run; of times that depend
//! on the machine only ratios are printed. Sizes come from the environment, see [`sizes`]. A measurement, not a gate:
//! it ends with 0 whatever the numbers are, and fails only where something did not work at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop the measurement at once, with the place"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod cluster;
mod controller;
mod first_sync;
mod flood;
mod latency;
mod memory;
mod numbers;
mod quiet;
mod report_size;
mod restart;
mod runs;
mod short_lived;
mod sizes;
mod watched;
mod workloads;

use numbers::Line;
use sizes::Sizes;

/// What is measured by itself.
struct Goal {
    name: &'static str,
    measure: fn(&Sizes) -> Vec<Line>,
}

const GOALS: [Goal; 9] = [
    Goal { name: "latency", measure: latency::measure },
    Goal { name: "flood", measure: flood::measure },
    Goal { name: "short_lived", measure: short_lived::measure },
    Goal { name: "runs", measure: runs::measure },
    Goal { name: "report_size", measure: report_size::measure },
    Goal { name: "restart", measure: restart::measure },
    Goal { name: "first_sync", measure: first_sync::measure },
    Goal { name: "memory", measure: memory::measure },
    Goal { name: "quiet", measure: quiet::measure },
];

fn main() {
    // cargo adds options of its own, such as --bench.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|name| GOALS.iter().all(|goal| goal.name != **name)) {
        eprintln!("no goal is called {unknown}; there are: {}", GOALS.map(|goal| goal.name).join(", "));
        std::process::exit(2);
    }
    let sizes = Sizes::from_environment();
    println!("{:<12} {:<62} {:>24}   {:<12} met", "goal", "what", "measured", "wanted");
    for goal in GOALS.iter().filter(|goal| wanted.is_empty() || wanted.iter().any(|name| name == goal.name)) {
        for line in (goal.measure)(&sizes) {
            println!("{:<12} {line}", goal.name);
        }
    }
}
