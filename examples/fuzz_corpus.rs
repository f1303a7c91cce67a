//! Writes what `scripts/fuzz` begins with: for each target a folder of seeds and a dictionary.
//!
//! ```text
//! cargo run --example fuzz_corpus -- FOLDER
//! ```
#![allow(clippy::unwrap_used, reason = "a tool for developers: a failure has to end it, with the place")]

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::fs;
use std::path::PathBuf;

use fuzzing::{TARGETS, dictionary};

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "target/fuzz/seeds".into()));
    for target in TARGETS {
        let seeds = folder.join(target.name);
        let _ = fs::remove_dir_all(&seeds);
        fs::create_dir_all(&seeds).unwrap();
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(seeds.join(format!("{number:05}")), seed).unwrap();
        }
        fs::write(folder.join(format!("{}.dict", target.name)), dictionary::file(target.name)).unwrap();
    }
}
