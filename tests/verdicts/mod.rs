//! The samples with the verdict that the comment at the top of each expects.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "test support: each binary uses its own part"
)]

use std::fs;
use std::path::{Path, PathBuf};

use jobrisk::workload::Kind;

/// What is expected of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) severity: String,
    pub(crate) score: i32,
    pub(crate) suspicion: i32,
    /// Sorted.
    pub(crate) rules: Vec<String>,
}

/// A sample workload.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) yaml: String,
    pub(crate) expected: Verdict,
}

/// The folder of the samples.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// All samples, by file name.
pub(crate) fn all() -> Vec<Sample> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Sample {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let yaml = fs::read_to_string(&path).unwrap();
    let line = yaml
        .lines()
        .find_map(|line| line.strip_prefix("# expect: "))
        .unwrap_or_else(|| panic!("{file} has no line `# expect: …`"));
    let value = |name: &str| -> String {
        line.split_whitespace()
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_else(|| panic!("{file}: `{name}=` is missing"))
            .to_owned()
    };
    let mut rules: Vec<String> =
        value("rules").split(',').filter(|rule| !rule.is_empty()).map(ToOwned::to_owned).collect();
    rules.sort();
    let document: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
    let kind = if document["kind"] == "CronJob" { Kind::CronJob } else { Kind::Job };
    Sample {
        name: document["metadata"]["name"].as_str().unwrap().to_owned(),
        expected: Verdict {
            severity: value("severity"),
            score: value("score").parse().unwrap(),
            suspicion: value("suspicion").parse().unwrap(),
            rules,
        },
        file,
        path,
        kind,
        yaml,
    }
}
