//! `jobrisk scan` against only parsing the same YAML into values with serde, which is the usual way to read it.
//!
//! ```text
//! cargo bench --bench scan                       # 10 000 files made of tests/samples
//! cargo bench --bench scan -- my-manifests       # the manifests of a folder
//! ```
//!
//! First whole processes over the files in a folder, each with all processors: the program itself, and this one doing
//! nothing but read and parse. Then, on one core and in memory, what each step adds. All of it is processor time, in
//! turns within one run; see `cpu_time`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop the measurement at once, with the place"
)]
#![allow(clippy::print_stdout, reason = "the result of a benchmark")]

mod cpu_time;

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jobrisk::assess::assess;
use jobrisk::manifest::walk::find;
use jobrisk::manifest::{Item, read};
use jobrisk::output::Workload;

/// How many files are made.
const FILES: usize = 10_000;
/// How long each of them is, at least, in bytes.
const LENGTH: usize = 1_400;
/// How long each step is measured in a round.
const ROUND: Duration = Duration::from_millis(500);
const ROUNDS: usize = 5;
/// What `jobrisk scan` has to reach of the speed of only parsing.
const GOAL: f64 = 0.8;
/// Tells this program to do nothing but parse a folder.
const ONLY_PARSE: &str = "--only-parse";

/// Something to do with the bytes of a file.
type Way = fn(&[u8]);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [option, folder] = &arguments[..]
        && option == ONLY_PARSE
    {
        return only_parse(folder);
    }
    // cargo passes `--bench`.
    let given = arguments.iter().find(|argument| !argument.starts_with('-'));
    let made = tempfile::tempdir().unwrap();
    let folder = given.map_or_else(|| made.path().to_owned(), PathBuf::from);
    if given.is_none() {
        make_files(&folder);
    }
    let sources = find(std::slice::from_ref(&folder)).sources;
    let files: Vec<Vec<u8>> = sources.iter().filter_map(|source| source.read().ok()).collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    println!("{} files, {} bytes each, {} processors", files.len(), bytes / files.len().max(1), processors());
    processes(&folder);
    steps(&files);
}

/// Files of one length from the project's samples: one after the other until there is enough.
fn make_files(folder: &Path) {
    let samples = find(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")]).sources;
    let samples: Vec<Vec<u8>> = samples.iter().map(|source| source.read().unwrap()).collect();
    let mut next = samples.iter().cycle();
    for number in 0..FILES {
        let mut file = Vec::new();
        while file.len() < LENGTH {
            file.extend_from_slice(next.next().unwrap());
            file.extend_from_slice(b"\n---\n");
        }
        fs::write(folder.join(format!("{number:05}.yaml")), file).unwrap();
    }
}

fn processes(folder: &Path) {
    let mut scan = Command::new(env!("CARGO_BIN_EXE_jobrisk"));
    scan.args(["scan", "--format", "json", "--fail-on", "never"]).arg(folder);
    let mut parse = Command::new(env::current_exe().unwrap());
    parse.arg(ONLY_PARSE).arg(folder);
    let mut times = [const { Vec::new() }; 2];
    // One round to bring the files into memory.
    for round in 0..=ROUNDS {
        for (command, times) in [&mut scan, &mut parse].into_iter().zip(&mut times) {
            let (start, before) = (Instant::now(), of_children());
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            if round > 0 {
                times.push((of_children() - before, start.elapsed().as_secs_f64()));
            }
        }
    }
    let [ours, control] = times.map(|mut times| {
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        times[times.len() / 2]
    });
    println!("\n{:24} {:>14} {:>12}", "whole processes", "on processors", "by the clock");
    for (name, (spent, clock)) in [("jobrisk scan", ours), ("serde-saphyr to values", control)] {
        println!("{name:24} {spent:>13.2}s {clock:>11.2}s");
    }
    println!("{:24} {:>14.2} {:>12.2}   goal >= {GOAL}\n", "speed", control.0 / ours.0, control.1 / ours.1);
}

/// The processor seconds of all processes that this one has waited for.
fn of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may have blanks: the 16th and 17th, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[13..15].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

fn processors() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// What is compared with: reads the files with as many threads as a scan, and keeps nothing.
fn only_parse(folder: &str) {
    let sources = find(&[PathBuf::from(folder)]).sources;
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..processors() {
            scope.spawn(|| {
                while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                    values(&source.read().unwrap());
                }
            });
        }
    });
}

fn steps(files: &[Vec<u8>]) {
    let ways: [(&str, Way); 4] =
        [("events only", events), ("serde values", values), ("read only", read_only), ("scan", scan)];
    let mut best = [f64::INFINITY; 4];
    for _ in 0..ROUNDS {
        // In turn, so that a slow moment of the machine meets all of them.
        for ((_, way), best) in ways.iter().zip(&mut best) {
            *best = best.min(cpu_time::seconds(ROUND, || files.iter().for_each(|file| way(file))));
        }
    }
    let count = f64::from(u32::try_from(files.len()).unwrap());
    for ((name, _), time) in ways.iter().zip(best) {
        println!("{name:24} {:>9.0} files/s {:>9.2} of serde values", count / time, best[1] / time);
    }
}

fn events(file: &[u8]) {
    let text = std::str::from_utf8(file).unwrap_or_default();
    for event in granit_parser::Parser::new_from_str(text) {
        let _ = black_box(event);
    }
}

fn values(file: &[u8]) {
    let text = std::str::from_utf8(file).unwrap_or_default();
    let _ = black_box(serde_saphyr::from_multiple::<serde_json::Value>(text));
}

fn read_only(file: &[u8]) {
    read(file, &mut |item| {
        black_box(item);
    });
}

fn scan(file: &[u8]) {
    read(file, &mut |item| {
        if let Item::Workload(manifest) = item {
            let assessment = assess(manifest.kind, &manifest.object);
            black_box(Workload::new("file.yaml", &manifest, &assessment));
        }
    });
}
