//! `jobrisk scan` as its users meet it: the real binary on real files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken harness has to stop the test at once, with the place"
)]

mod command;
mod exit_codes;
mod files;
mod formats;
mod hostile;
mod html;
mod like_kubectl;
mod progress;
mod render;
mod spl;
mod valid;
