//! This program, as its machine-readable output names it.

use serde::Serialize;

/// Who made an output: name and version.
#[derive(Serialize)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// This program.
    pub(crate) const THIS: Self = Self { name: "jobrisk", version: env!("CARGO_PKG_VERSION") };
}
