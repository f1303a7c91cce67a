//! `jobrisk rules`: the catalogue, or the page of one rule.

use std::fs;
use std::path::{Path, PathBuf};

use super::destination;
use crate::detect::catalog;
use crate::rules::{self, Format};

/// Lists the rules, or shows the page of one: what it means, how to confirm it, what to do. Exits with 2 if there is
/// no such rule.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule whose page is shown.
    #[arg(value_name = "RULE-ID")]
    rule: Option<String>,
    /// The format of the output.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the documentation into this folder: an index, the scoring, and a Markdown page for each rule.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["rule", "format", "output"])]
    dir: Option<PathBuf>,
}

pub(super) fn rules(args: &Args) -> Result<(), String> {
    if let Some(folder) = &args.dir {
        return documentation(folder);
    }
    let text = match &args.rule {
        None => rules::catalogue(args.format),
        Some(id) => {
            let rule = catalog::rule(id).ok_or_else(|| rules::unknown(id))?;
            rules::rule(rule, args.format).ok_or(
                "a layer for the Navigator has all rules: leave RULE-ID out, or choose another --format",
            )?
        }
    };
    destination::write(args.output.as_deref(), |out| out.write_all(text.as_bytes()))
}

/// Writes the pages. What else lies in the folder stays: it is the user's.
fn documentation(folder: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (name, content) in rules::documentation() {
        let path = folder.join(name);
        fs::write(&path, content).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
