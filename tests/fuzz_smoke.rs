//! The fuzz targets without a fuzzer: each runs over its seeds and over a fixed number of changes of them, so that a
//! change which breaks a target, or one of the rules that it holds every verdict to, shows here and not in the next
//! long run.
#![allow(clippy::panic, reason = "tests say what they mean")]

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fuzzing::mutate::Mutator;
use fuzzing::{TARGETS, Target, dictionary};

/// Changed inputs for each target.
const CHANGED: usize = 1_000;

fn smoke(name: &str) {
    let target =
        TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"));
    let seeds = (target.seeds)();
    assert!(seeds.len() > 50, "{name}: only {} seeds", seeds.len());
    for seed in &seeds {
        run(target, seed);
    }
    let words = dictionary::words(name);
    let mut mutator = Mutator::new(1);
    for _ in 0..CHANGED {
        let seed = mutator.pick(&seeds);
        run(target, &mutator.change(seed, &words, &seeds));
    }
}

/// Says which input it was: the message of a failed check is about what came out.
fn run(target: &Target, input: &[u8]) {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    assert!(outcome.is_ok(), "{} fails on b\"{}\"", target.name, input.escape_ascii());
}

#[test]
fn object() {
    smoke("object");
}

#[test]
fn manifest() {
    smoke("manifest");
}

#[test]
fn command() {
    smoke("command");
}

#[test]
fn shell() {
    smoke("shell");
}

#[test]
fn secrets() {
    smoke("secrets");
}
