//! `jobrisk crds`.

use std::fs;
use std::path::PathBuf;

use super::destination;
use crate::api;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write one file per definition into this folder instead of printing them.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

const HEADER: &str = "# Generated from the Rust types. Do not edit: run `make generate`.\n";

pub(super) fn crds(args: &Args) -> Result<(), String> {
    let mut printed = Vec::new();
    for crd in api::crds() {
        let yaml = serde_saphyr::to_string(&crd).map_err(|error| format!("cannot write YAML: {error}"))?;
        let name = crd.metadata.name.unwrap_or_default();
        match &args.dir {
            Some(dir) => {
                let path = dir.join(format!("{name}.yaml"));
                fs::write(&path, format!("{HEADER}{yaml}"))
                    .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            }
            None => printed.push(yaml),
        }
    }
    if args.dir.is_none() {
        let text = printed.join("---\n");
        destination::write(None, |out| out.write_all(text.as_bytes()))?;
    }
    Ok(())
}
