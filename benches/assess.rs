//! From an object as JSON bytes to its report: how many in a second on one core, next to only decoding the same
//! bytes into generic JSON; and how the time grows with the size of hostile input.
//!
//! ```text
//! cargo bench --bench assess
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop the measurement at once, with the place"
)]
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

#[path = "../tests/verdicts/mod.rs"]
mod verdicts;

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use jobrisk::assess::assess;
use jobrisk::report::report;
use jobrisk::workload::Kind;
use jobrisk::workload::decode::from_json;
use serde_json::{Value, json};

/// How long each thing is repeated in each round; long next to the tick in which a kernel counts.
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 9;
/// Hostile input is measured at this size and at `GROWTH` times this size.
const SIZE: usize = 16 * 1024;
const GROWTH: usize = 8;

fn main() {
    println!("{:<28} {:>9} {:>20} {:>14}", "sample", "bytes", "decoding = 1", "reports/s");
    let mut times = Vec::new();
    for sample in verdicts::all() {
        let value: Value = serde_saphyr::from_str(&sample.yaml).unwrap();
        let json = serde_json::to_vec(&value).unwrap();
        let ([ours, bare], rate) = compare(&[&|| judge(sample.kind, &json), &|| decode(&json)]);
        println!("{:<28} {:>9} {:>20.1} {rate:>14.0}", sample.file, json.len(), ours / bare);
        times.push(ours);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{:<28} {:>9} {:>20} {:>14.0}   goal >= 50000\n",
        "median",
        "",
        "",
        1.0 / times[times.len() / 2]
    );

    println!(
        "{:<28} {:>30}   goal <= {:.1}",
        "hostile input",
        format!("time at {GROWTH}x the size"),
        GROWTH_GOAL
    );
    for (name, make) in HOSTILE {
        let [small, large] = [SIZE, SIZE * GROWTH].map(|size| hostile(&make(size)));
        let ([large, small], _) = compare(&[&|| judge(Kind::Job, &large), &|| judge(Kind::Job, &small)]);
        println!("{name:<28} {:>30.1}", large / small);
    }
}

/// Linear, and a quarter more for caches.
const GROWTH_GOAL: f64 = 10.0;

type Make = fn(usize) -> String;

/// Scripts that are as long as they are told to be.
const HOSTILE: [(&str, Make); 6] = [
    ("one word", |size| "a".repeat(size)),
    ("many commands", |size| "echo a;".repeat(size / 7)),
    ("open subshells", |size| "$(".repeat(size / 2)),
    ("open quotes", |size| "\"$(\"".repeat(size / 4)),
    ("assignments that grow", |size| "a=$a$a;".repeat(size / 7)),
    ("open braces", |size| "{a,".repeat(size / 3)),
];

fn hostile(script: &str) -> Vec<u8> {
    let container = json!({ "name": "main", "image": "alpine:3", "command": ["sh", "-c", script] });
    let spec = json!({ "template": { "spec": { "containers": [container] } } });
    serde_json::to_vec(&json!({ "metadata": { "name": "a", "namespace": "n" }, "spec": spec })).unwrap()
}

fn judge(kind: Kind, json: &[u8]) {
    black_box(report(&assess(kind, &from_json(black_box(json)).unwrap())));
}

fn decode(json: &[u8]) {
    black_box(serde_json::from_slice::<Value>(black_box(json)).unwrap());
}

/// The median seconds of each, taking turns, and the rate of the first.
fn compare(works: &[&dyn Fn(); 2]) -> ([f64; 2], f64) {
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (work, times) in works.iter().zip(&mut times) {
            times.push(seconds(*work));
        }
    }
    let median = times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    (median, 1.0 / median[0])
}

fn seconds(work: &dyn Fn()) -> f64 {
    let (start, before, mut count) = (Instant::now(), on_cpu(), 0_u32);
    while start.elapsed() < ROUND || count == 0 {
        work();
        count += 1;
    }
    let spent = match (before, on_cpu()) {
        (Some(before), Some(now)) if now > before => now - before,
        _ => start.elapsed(),
    };
    spent.as_secs_f64() / f64::from(count)
}

/// How long this thread was on a core, where the kernel tells: other work on the machine does not count then.
fn on_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}
