//! `jobrisk scan` against only parsing the same YAML: `cargo bench --bench scan [-- FOLDER]`.
//!
//! Single-threaded and in memory, so that the ratio says what judging costs, not what the disk does. The control is
//! the parser's bare stream of events; the usual way to read YAML, into values with serde, is shown beside it.
#![allow(clippy::print_stdout, reason = "the result of a benchmark")]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jobrisk::assess::assess;
use jobrisk::manifest::walk::find;
use jobrisk::manifest::{Item, read};
use jobrisk::output::Workload;

/// How long each way is measured in a round.
const ROUND: Duration = Duration::from_millis(500);
const ROUNDS: usize = 5;

/// Something to do with the bytes of a file.
type Way = fn(&[u8]);

fn main() {
    // cargo passes `--bench`.
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = folder.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples").to_owned());
    let sources = find(&[PathBuf::from(&folder)]).sources;
    let files: Vec<Vec<u8>> = sources.iter().filter_map(|source| source.read().ok()).collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    println!("{} files, {bytes} bytes in {folder}", files.len());

    let ways: [(&str, Way); 4] =
        [("events only", events), ("serde values", values), ("read only", read_only), ("scan", scan)];
    let mut best = [0.0_f64; 4];
    for _ in 0..ROUNDS {
        // In turn, so that a slow moment of the machine meets all of them.
        for ((_, way), best) in ways.iter().zip(&mut best) {
            *best = best.max(rate(&files, *way));
        }
    }
    let control = best.first().copied().unwrap_or(1.0);
    for ((name, _), rate) in ways.iter().zip(best) {
        println!("{name:14} {rate:9.0} files/s   {:.2} of events only", rate / control);
    }
}

/// Files in a second.
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn rate(files: &[Vec<u8>], way: Way) -> f64 {
    let begin = Instant::now();
    let mut done = 0;
    while begin.elapsed() < ROUND {
        for file in files {
            way(file);
        }
        done += files.len();
    }
    done as f64 / begin.elapsed().as_secs_f64()
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
