//! How the time grows with hostile input, and what the largest takes: the goal is less than 100 ms for the lexer and
//! the rules together for 1.5 MB of anything, and a time that grows no faster than the input.
//!
//! ```text
//! cargo bench --bench growth                       # every shape
//! cargo bench --bench growth -- here-doc pods      # the shapes whose names contain one of these
//! ```
//!
//! The shapes are those of `fuzz/src/large/`, which the fuzzer begins with and `tests/large_input.rs` measures the
//! memory of. Each is made at five sizes up to what an API server stores of one object. `growth` is the exponent of the
//! size in the time over the last two doublings: 1 is linear. Below a millisecond it says nothing and is not shown.
//! `all` is everything from bytes to report. Files that are no single object have only that, and only their growth
//! counts: 1.5 MB are up to a hundred thousand workloads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop the measurement at once, with the place"
)]
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

mod cpu_time;
#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::hint::black_box;
use std::time::Duration;

use fuzzing::large::{SIZE, all};
use jobrisk::assess::assess;
use jobrisk::detect::detect;
use jobrisk::manifest::{Item, read};
use jobrisk::report::report;
use jobrisk::workload::decode::from_json;
use jobrisk::workload::{Kind, Workload};

/// The sizes: the largest one, halved this often.
const HALVINGS: u32 = 4;
/// Each measurement is the least of this many.
const ROUNDS: usize = 3;
/// What takes longer is measured once, and not at larger sizes.
const TOO_LONG: f64 = 1.0;
/// In milliseconds, at the largest size.
const GOAL: f64 = 100.0;
/// An exponent above this is no longer linear: caches and allocators make up the rest.
const LINEAR: f64 = 1.25;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    let sizes: Vec<usize> = (0..=HALVINGS).rev().map(|halvings| SIZE >> halvings).collect();
    let heads: Vec<String> =
        sizes.iter().map(|size| format!("{:>9}", format!("{} KB", size / 1000))).collect();
    println!("{:<38}{}   growth       all   (milliseconds on the core)", "lexer and rules", heads.concat());
    // Each of them has the same shapes in the same order.
    let files: Vec<_> = sizes.iter().map(|size| all(*size)).collect();
    let (mut count, mut misses) = (0, 0);
    for at in 0..files[0].len() {
        let name = files[0][at].0;
        if !is_wanted(name) {
            continue;
        }
        let mut line = Line { name, rules: Vec::new(), whole: Vec::new() };
        for shapes in &files {
            if line.whole.last().is_none_or(|time| *time < TOO_LONG) {
                line.measure(&shapes[at].1);
            }
        }
        line.print(sizes.len());
        count += 1;
        misses += usize::from(line.misses(sizes.len()));
    }
    println!("\n{count} shapes, {misses} of them miss: <= {GOAL} ms and growth <= {LINEAR}");
}

/// The times of one shape, in seconds, in the order of the sizes.
struct Line {
    name: &'static str,
    /// From the view of the workload to its findings; empty for what is no single object.
    rules: Vec<f64>,
    /// From bytes to report.
    whole: Vec<f64>,
}

impl Line {
    fn measure(&mut self, file: &[u8]) {
        let is_object = file.starts_with(b"{\"apiVersion\"") && from_json(file).is_ok();
        if is_object {
            let object = from_json(file).unwrap();
            let kind = if file.windows(16).any(|text| text == b"\"kind\":\"CronJob\"") {
                Kind::CronJob
            } else {
                Kind::Job
            };
            let view = Workload::from_object(kind, &object);
            self.rules.push(least(|| drop(black_box(detect(&view)))));
            self.whole.push(least(|| drop(black_box(report(&assess(kind, &from_json(file).unwrap()))))));
        } else {
            self.whole.push(least(|| {
                read(file, &mut |item| {
                    if let Item::Workload(manifest) = item {
                        black_box(report(&assess(manifest.kind, &manifest.object)));
                    }
                });
            }));
        }
    }

    /// What the goal is about: the rules, or everything where that is all there is.
    fn times(&self) -> &[f64] {
        if self.rules.is_empty() { &self.whole } else { &self.rules }
    }

    /// The exponent, where it says something.
    fn growth(&self) -> Option<f64> {
        let [.., small, _, large] = self.times() else { return None };
        (*large > 0.001).then(|| (large / small).log2() / 2.0)
    }

    fn misses(&self, sizes: usize) -> bool {
        let worst = self.times().last().copied().unwrap_or_default() * 1000.0;
        self.times().len() < sizes
            || worst > GOAL
            || worst > 10.0 && self.growth().is_some_and(|it| it > LINEAR)
    }

    fn print(&self, sizes: usize) {
        let milliseconds = |time: f64| format!("{:>9.2}", time * 1000.0);
        let times: String = self.times().iter().map(|time| milliseconds(*time)).collect();
        let skipped = "        -".repeat(sizes - self.times().len());
        let growth = self.growth().map_or_else(|| "      ".to_owned(), |growth| format!("{growth:>6.2}"));
        let whole = self.whole.last().map(|time| milliseconds(*time)).unwrap_or_default();
        let mark = if self.misses(sizes) { "  <-" } else { "" };
        println!("{:<38}{times}{skipped}   {growth} {whole}{mark}", self.name);
    }
}

fn least(work: impl Fn()) -> f64 {
    let first = cpu_time::seconds(Duration::ZERO, &work);
    let rounds = if first > TOO_LONG { 1 } else { ROUNDS };
    (1..rounds).map(|_| cpu_time::seconds(Duration::ZERO, &work)).fold(first, f64::min)
}
