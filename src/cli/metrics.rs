//! `jobrisk metrics`, for `make generate`: the metrics are documented by the code that registers them.

use std::path::PathBuf;

use super::destination;
use crate::controller::metrics::page;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn metrics(args: &Args) -> Result<(), String> {
    destination::write(args.output.as_deref(), |out| out.write_all(page::page().as_bytes()))
}
