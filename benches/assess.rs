//! From an object as JSON bytes to its report: how many in a second on one core, next to only decoding the same
//! bytes into generic JSON; and the share of each stage. Large and hostile input is measured by `growth`.
//!
//! ```text
//! cargo bench --bench assess
//! JOBRISK_BENCH_FOLDER=my-manifests cargo bench --bench assess
//! ```
//!
//! Time is counted only while this thread is on a core; `cpu_time` says why there is no criterion here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop the measurement at once, with the place"
)]
#![allow(clippy::print_stdout, reason = "a program that prints a table")]

mod cpu_time;
#[path = "../tests/verdicts/mod.rs"]
mod verdicts;

use std::env;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use jobrisk::assess::assess;
use jobrisk::detect::{Facts, detect};
use jobrisk::manifest::walk::find;
use jobrisk::report::report;
use jobrisk::score::score;
use jobrisk::workload::decode::from_json;
use jobrisk::workload::{Kind, Workload};
use serde_json::Value;

/// How long each thing is repeated in each round; long next to the tick in which a kernel counts.
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 9;

fn main() {
    let objects = objects();
    rates(&objects);
    stages(&objects);
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
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| cpu_time::seconds(ROUND, work)).collect();
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
            times.push(cpu_time::seconds(ROUND, work));
        }
    }
    let median = times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    (median, 1.0 / median[0])
}
