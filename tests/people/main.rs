//! What people do on a cluster, on a real API server and with rights of their own: `jobrisk top` and `jobrisk status`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

#[path = "../support/mod.rs"]
mod support;

mod live;
mod person;
mod pod;
mod roles;
mod status;
mod top;
