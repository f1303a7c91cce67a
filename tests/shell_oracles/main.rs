//! The shell reader against two parsers that others wrote: brush-parser and tree-sitter-bash. Where both read a
//! command the same way, this project's reader has to read it so too.
//!
//! A parser gives words as they are written, the reader gives what they become. So words without expansions are
//! compared to the letter, and the others as patterns: what stands around an expansion has to be there.
//!
//! With `JOBRISK_SHELL_CORPUS=FOLDER` the scripts of the Jobs and CronJobs in a folder of manifests are compared too.
//! `cargo test --test shell_oracles -- --nocapture` prints the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]
#![allow(clippy::print_stdout, reason = "the figures are what a reader runs this for")]

mod brush;
mod compare;
mod corpus;
mod model;
mod ours;
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use compare::{Comparison, Difference, compare};

/// A difference that is listed in `differences.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    script: String,
    difference: Difference,
    reason: String,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell_oracles")
}

/// Blocks of `script:`, `theirs:`, `ours:`, `reason:`, with blank lines between them.
fn listed() -> Vec<Listed> {
    let text = fs::read_to_string(folder().join("differences.txt")).unwrap();
    let text = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    blocks
        .map(|block| {
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.unwrap_or_else(|| panic!("no {name} in {block}")).trim().to_owned()
            };
            let reason = field("reason");
            assert!(!reason.is_empty(), "{block}");
            Listed {
                script: field("script"),
                difference: Difference { theirs: field("theirs"), ours: field("ours") },
                reason,
            }
        })
        .collect()
}

fn scripts() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fs::read_dir(folder().join("scripts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// The figures over many scripts.
#[derive(Default)]
struct Summary {
    scripts: usize,
    refused: BTreeMap<&'static str, usize>,
    agreed: usize,
    disputed: usize,
    words: (usize, usize),
    different: usize,
}

impl Summary {
    fn add(&mut self, comparison: &Comparison) {
        self.scripts += 1;
        for parser in &comparison.refused {
            *self.refused.entry(parser).or_default() += 1;
        }
        self.agreed += comparison.agreed;
        self.disputed += comparison.disputed;
        self.words.0 += comparison.words.0;
        self.words.1 += comparison.words.1;
        self.different += comparison.differences.len();
    }

    fn print(&self, title: &str) {
        println!("{title}: {} scripts, refused by {:?}", self.scripts, self.refused);
        println!(
            "  {} commands read alike by both parsers ({} words to the letter, {} as patterns), {} disputed",
            self.agreed, self.words.0, self.words.1, self.disputed
        );
        println!("  {} places read otherwise here", self.different);
    }
}

#[test]
fn what_both_parsers_agree_on_is_read_so_here() {
    let mut listed = listed();
    let mut unlisted = Vec::new();
    let mut summary = Summary::default();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (script, text) in scripts() {
        let comparison = compare(&text);
        summary.add(&comparison);
        for difference in comparison.differences {
            match listed.iter().position(|l| l.script == script && l.difference == difference) {
                Some(at) => *reasons.entry(listed.remove(at).reason).or_default() += 1,
                None => unlisted.push(format!(
                    "script: {script}\ntheirs: {}\nours: {}\nreason:",
                    difference.theirs, difference.ours
                )),
            }
        }
    }
    summary.print("committed scripts");
    for (reason, count) in reasons {
        println!("    {count} x {reason}");
    }
    assert!(unlisted.is_empty(), "not listed in differences.txt:\n\n{}\n", unlisted.join("\n\n"));
    assert!(listed.is_empty(), "listed in differences.txt but gone: {listed:#?}");
    assert!(summary.scripts >= 60 && summary.agreed >= 300, "too little was compared");
}

#[test]
fn the_same_holds_for_the_scripts_of_a_corpus() {
    let Some(folder) = std::env::var_os("JOBRISK_SHELL_CORPUS") else { return };
    let mut summary = Summary::default();
    let mut found = Vec::new();
    for (name, text) in corpus::scripts(Path::new(&folder)) {
        let comparison = compare(&text);
        summary.add(&comparison);
        for difference in comparison.differences {
            found.push(format!("{name}\n  theirs: {}\n  ours:   {}", difference.theirs, difference.ours));
        }
    }
    summary.print("corpus");
    assert!(summary.agreed > 0, "no script in {}", Path::new(&folder).display());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The comparison itself can tell: a script read by the parsers, and another one by this reader.
#[test]
fn differences_are_seen() {
    let parsed = brush::read("a 'b c' | d $x >f; e=1").unwrap();
    assert_eq!(Some(&parsed), tree::read("a 'b c' | d $x >f; e=1").as_ref());
    let same = |script: &str| {
        let ours = ours::read(script);
        ours.len() == parsed.len() && ours.iter().zip(&parsed).all(|(ours, parsed)| ours.is(parsed))
    };
    assert!(same("a b\\ c | d $y >f; e=1"));
    for other in [
        "a b c | d $x >f; e=1",
        "a 'b c'; d $x >f; e=1",
        "a 'b c' | d $x >g; e=1",
        "a 'b c' | d $x >f; e=2",
        "a 'b c' | d $x >f",
    ] {
        assert!(!same(other), "{other}");
    }
}
