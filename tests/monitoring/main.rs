//! What Prometheus gets of the controller: the metrics, the alert rules, and whether they do what they say. The rules are
//! tested with the real promtool, and a real Prometheus scrapes the real controller.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests say what they mean"
)]

mod metrics;
mod prometheus;
mod rules;
mod runbooks;
#[path = "../support/mod.rs"]
mod support;
