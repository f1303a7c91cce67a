//! What a verdict must not depend on, over all samples of the project: the order of keys and lists, how the YAML is
//! written, whether it is YAML at all, whether a Job or a `CronJob` holds the pod, in which place of the pod a container
//! stands, and harmless names and labels. And what must not lower it: another container, or a command in front of a
//! script that does nothing.
//!
//! Each sample is tried with a few draws; `PROPTEST_CASES=50 cargo test --test properties` tries more. The draws are
//! the same in every run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

mod choices;
mod containers;
mod kinds;
mod names;
mod order;
mod rollup;
mod samples;
mod scripts;
mod verdict;
mod volumes;
mod yaml;

#[path = "../../fuzz/src/lib.rs"]
mod fuzzing;
