//! The bodies of the fuzz targets, what must hold of every input, and the inputs to begin with.
//!
//! The fuzzer calls them from `fuzz_targets/`; `tests/fuzz_smoke.rs` and `examples/fuzz_corpus.rs` include this file
//! as a module, so that the same code runs in `make test` with a stable compiler and without a fuzzer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    reason = "a failure has to end the run at once, with the place; each program uses its own part"
)]

pub mod dictionary;
pub mod invariants;
pub mod large;
pub mod mutate;
pub mod records;
pub mod seeds;

mod command;
mod manifest;
mod object;
mod secrets;
mod shell;

/// One fuzz target.
pub struct Target {
    /// The name of its program in `fuzz_targets/`, of its folder of seeds, and on the command line.
    pub name: &'static str,
    /// What is done with one input. Panics when something does not hold that must.
    pub run: fn(&[u8]),
    /// Inputs to begin with, made from the samples of the project.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Inputs as large as an API server stores.
    pub large: Option<fn() -> Vec<Vec<u8>>>,
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target { name: "object", run: object::run, seeds: seeds::objects, large: Some(large::objects) },
    Target { name: "manifest", run: manifest::run, seeds: seeds::manifests, large: Some(large::manifests) },
    Target { name: "command", run: command::run, seeds: seeds::commands, large: None },
    Target { name: "shell", run: shell::run, seeds: seeds::scripts, large: Some(large::scripts) },
    Target { name: "secrets", run: secrets::run, seeds: seeds::secrets, large: None },
];

/// Runs the target of this name on one input.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(input);
}
