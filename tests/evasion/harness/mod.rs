//! The equivalence harness: does a verdict hold when a workload is written differently and does the same?
//!
//! * [`sample`]: workloads with the least (hostile) or the highest (benign) severity they may get,
//! * [`subject`]: a workload with the argument vectors it runs, to be changed and put back,
//! * [`bare`]: the words of a shell script that may be spelled differently,
//! * [`rewrite`]: the rewrites, one entry each; how to add one stands there,
//! * [`measure`]: rewrites one to three at a time, judged by the engine; [`table`]: the result in print.
//!
//! Everything is drawn from a seed ([`dice`]): a run can be repeated, and a new sample or rewrite leaves the
//! draws of the others as they were.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a measuring tool, which stops at once when it is broken; each program uses its own part"
)]
#![allow(
    clippy::format_collect,
    clippy::match_bool,
    clippy::unnecessary_wraps,
    reason = "entries of tables: they are read side by side, and have one signature"
)]

pub(crate) mod bare;
pub(crate) mod dice;
pub(crate) mod measure;
pub(crate) mod rewrite;
pub(crate) mod sample;
pub(crate) mod subject;
pub(crate) mod table;
