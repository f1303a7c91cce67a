//! From an object as JSON bytes to its report: how many in a second on one core, next to only decoding the same
//! bytes into generic JSON; the share of each stage; and how the time grows with the size of hostile input.
//!
//! ```text
//! cargo bench --bench assess
//! JOBRISK_BENCH_FOLDER=my-manifests cargo bench --bench assess
//! ```
//!
//! A harness of its own, as time is counted only while this thread is on a core: on a machine that has other work,
//! the wall clock of the usual harnesses measures that work too.
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

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

use jobrisk::assess::assess;
use jobrisk::detect::{Facts, detect};
use jobrisk::manifest::walk::find;
use jobrisk::report::report;
use jobrisk::score::score;
use jobrisk::workload::decode::from_json;
use jobrisk::workload::{Kind, Workload};
use serde_json::{Value, json};

/// How long each thing is repeated in each round; long next to the tick in which a kernel counts.
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 9;
/// Hostile input is measured at this size and at `GROWTH` times this size.
const SIZE: usize = 16 * 1024;
const GROWTH: usize = 8;

fn main() {
    let objects = objects();
    rates(&objects);
    stages(&objects);
    hostile_inputs();
}

/// An object to judge.
struct Given {
    name: String,
    kind: Kind,
    json: Vec<u8>,
}

/// The objects of the folder in `JOBRISK_BENCH_FOLDER`, or the project's samples.
fn objects() -> Vec<Given> {
    let folder = env::var_os("JOBRISK_BENCH_FOLDER").map_or_else(verdicts::folder, PathBuf::from);
    let mut all = Vec::new();
    for source in find(&[folder]).sources {
        let text = String::from_utf8(source.read().unwrap()).unwrap();
        // What is not YAML, or no Job and no CronJob, has no verdict.
        for value in serde_saphyr::from_multiple::<Value>(&text).unwrap_or_default() {
            let Some(kind) = Kind::ALL.into_iter().find(|kind| value["kind"] == kind.as_str()) else {
                continue;
            };
            let name = value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            all.push(Given { name, kind, json: serde_json::to_vec(&value).unwrap() });
        }
    }
    all
}

fn rates(objects: &[Given]) {
    println!("{:<28} {:>9} {:>20} {:>14}", "sample", "bytes", "decoding = 1", "reports/s");
    let mut times = Vec::new();
    for Given { name, kind, json } in objects {
        let ([ours, bare], rate) = compare(&[&|| judge(*kind, json), &|| decode(json)]);
        println!("{name:<28.28} {:>9} {:>20.1} {rate:>14.0}", json.len(), ours / bare);
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
}

/// The part of each stage in the time of all objects together.
fn stages(objects: &[Given]) {
    let decoded: Vec<_> = objects.iter().map(|given| from_json(&given.json).unwrap()).collect();
    let views: Vec<_> = objects
        .iter()
        .zip(&decoded)
        .map(|(given, object)| Workload::from_object(given.kind, object))
        .collect();
    let detections: Vec<_> = views.iter().map(detect).collect();
    let assessments: Vec<_> =
        objects.iter().zip(&decoded).map(|(given, object)| assess(given.kind, object)).collect();
    let works: [(&str, &dyn Fn()); 6] = [
        ("decode", &|| objects.iter().for_each(|given| drop(black_box(from_json(&given.json))))),
        ("view", &|| {
            for (given, object) in objects.iter().zip(&decoded) {
                black_box(Workload::from_object(given.kind, object));
            }
        }),
        ("normalise", &|| views.iter().for_each(|view| drop(black_box(Facts::of(view))))),
        // Normalising is a part of it and is taken off below.
        ("rules", &|| views.iter().for_each(|view| drop(black_box(detect(view))))),
        ("score", &|| {
            for (view, detection) in views.iter().zip(&detections) {
                black_box(score(&detection.findings, &view.namespace));
            }
        }),
        ("report", &|| assessments.iter().for_each(|assessment| drop(black_box(report(assessment))))),
    ];
    let mut times = works.map(|(name, work)| {
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| seconds(work)).collect();
        rounds.sort_by(f64::total_cmp);
        (name, rounds[rounds.len() / 2])
    });
    times[3].1 -= times[2].1;
    let sum: f64 = times.iter().map(|(_, time)| time).sum();
    println!("{:<28} {:>9} {:>20}", "stage", "share", "microseconds each");
    let count = f64::from(u32::try_from(objects.len()).unwrap());
    for (name, time) in times {
        println!("{name:<28} {:>8.0}% {:>20.1}", 100.0 * time / sum, time / count * 1e6);
    }
    println!();
}

fn hostile_inputs() {
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
    let on_core = before.zip(on_cpu()).and_then(|(before, now)| now.checked_sub(before));
    let spent = on_core.filter(|spent| !spent.is_zero()).unwrap_or_else(|| start.elapsed());
    spent.as_secs_f64() / f64::from(count)
}

/// How long this thread was on a core, where the kernel tells: other work on the machine does not count then.
fn on_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}
