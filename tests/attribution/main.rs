//! Attribution without audit logs: what the shipped `MutatingAdmissionPolicy` writes, and what a hostile tenant under the
//! built-in role `edit` can do about it, on a real API server.
//!
//! Each attempt is a test of its own and says what it tried and what was stored:
//!
//! ```text
//! cargo test --test attribution -- --nocapture
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]
#![allow(clippy::print_stdout, reason = "the record of what was tried")]

#[path = "../support/mod.rs"]
mod support;

mod credentials;
mod forgery;
mod removal;
mod report;
mod sizes;
mod tenant;
mod updates;
