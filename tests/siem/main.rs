//! What the documents for SIEMs say of the finding log is so: fields, mappings, searches, rules; and `jobrisk export`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests say what they mean")]

mod documents;
mod export;
mod lines;
mod search;
#[path = "../support/mod.rs"]
mod support;
#[path = "../verdicts/mod.rs"]
mod verdicts;
