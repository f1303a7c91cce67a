//! What the controller must survive: faults of the network and the API server, crashes, exhaustion. Each test has the
//! id of its case in its name; `docs/faults.md` lists them all.
//!
//! Each test has a control plane to itself, one that an earlier test has left or a new one, and talks to it through a
//! proxy that makes the faults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests say what they mean"
)]

mod crash;
mod limits;
mod lists;
mod pair;
mod proxy;
mod refusals;
mod replicas;
mod scenario;
mod server;
mod skewed;
mod soak;
#[path = "../support/mod.rs"]
mod support;
mod transport;
mod upgrade;
mod watch;
mod writes;
