//! `jobrisk log-schema`.

use std::fs;
use std::path::PathBuf;

use super::destination;
use crate::finding_log::schema;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write it into this folder, as finding-log.schema.json, instead of printing it.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn log_schema(args: &Args) -> Result<(), String> {
    let text = schema::text();
    let Some(folder) = &args.dir else {
        return destination::write(None, |out| out.write_all(text.as_bytes()));
    };
    let path = folder.join("finding-log.schema.json");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
