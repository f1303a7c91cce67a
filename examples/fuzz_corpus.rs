//! Writes what `scripts/fuzz` begins with: for each target a folder of seeds and a dictionary.
//!
//! ```text
//! cargo run --example fuzz_corpus -- FOLDER
//! ```
#![allow(clippy::unwrap_used, reason = "a tool for developers: a failure has to end it, with the place")]

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::fs;
use std::path::{Path, PathBuf};

use fuzzing::{TARGETS, dictionary};

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "target/fuzz/seeds".into()));
    for target in TARGETS {
        write(&folder.join(target.name), &(target.seeds)());
        fs::write(folder.join(format!("{}.dict", target.name)), dictionary::file(target.name)).unwrap();
        if let Some(large) = target.large {
            write(&folder.join(format!("{}-large", target.name)), &large());
        }
    }
}

/// Writes the seeds into the folder, and nothing else stays there.
fn write(folder: &Path, seeds: &[Vec<u8>]) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("{number:05}")), seed).unwrap();
    }
}
