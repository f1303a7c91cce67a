//! The workloads that are rewritten, with what is expected of them.

use std::fs;
use std::path::Path;

use jobrisk::detect::Sample as Entry;
use jobrisk::detect::catalog::rules;
use jobrisk::score::Family;
use jobrisk::severity::Severity;
use serde_json::{Value, json};

use super::measure::severity;

/// A workload.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Unique, and the seed of its draws.
    pub(crate) name: String,
    /// What it is an example of.
    pub(crate) class: String,
    pub(crate) object: Value,
    pub(crate) expected: Expected,
}

/// The severity that it may have, however it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    AtLeast(Severity),
    AtMost(Severity),
}

impl Expected {
    pub(crate) fn holds(self, severity: Severity) -> bool {
        match self {
            Self::AtLeast(floor) => severity >= floor,
            Self::AtMost(ceiling) => severity <= ceiling,
        }
    }

    pub(crate) fn is_hostile(self) -> bool {
        matches!(self, Self::AtLeast(_))
    }
}

fn named(severity: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|known| known.as_str() == severity)
}

/// All samples: those of the harness, of the project, and of the rules.
pub(crate) fn all() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut samples = Vec::new();
    for folder in ["evasion/samples/malicious", "evasion/samples/benign"] {
        let mut files: Vec<_> =
            fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            samples.extend(documents(&file));
        }
    }
    samples.extend(of_project(&root.join("samples")));
    samples.extend(of_rules());
    samples
}

/// The documents of a file; the first line of each says what is expected.
fn documents(file: &Path) -> Vec<Sample> {
    let class = file.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(file).unwrap();
    let documents = text.split("\n---\n").enumerate();
    documents
        .map(|(index, document)| {
            let name = format!("{class}-{}", index + 1);
            let expectation = |what: &str| {
                document.lines().find_map(|line| named(line.strip_prefix(what)?.split(':').next()?))
            };
            let expected = match (expectation("# at least "), expectation("# at most ")) {
                (Some(floor), None) => Expected::AtLeast(floor),
                (None, Some(ceiling)) => Expected::AtMost(ceiling),
                _ => panic!("{name} has no line `# at least SEVERITY: …` or `# at most SEVERITY: …`"),
            };
            let object = serde_saphyr::from_str(document).unwrap_or_else(|error| panic!("{name}: {error}"));
            Sample { name, class: class.clone(), object, expected }
        })
        .collect()
}

/// `tests/samples`: the severity in their headers. A benign one may be Low as well, where nobody is told of it:
/// what is written to a file first and run from there has a weak sign that it did not have before.
fn of_project(folder: &Path) -> Vec<Sample> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let sample = |file: &std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(file).unwrap();
        let label = text.split("severity=").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let severity = named(label).unwrap();
        let hostile = name.starts_with("attack");
        let expected =
            if hostile { Expected::AtLeast(severity) } else { Expected::AtMost(severity.max(Severity::Low)) };
        Sample { class: "project".to_owned(), object: serde_saphyr::from_str(&text).unwrap(), name, expected }
    };
    files.iter().map(sample).collect()
}

/// The samples that prove the rules about what a workload runs and what of the node it reaches, where the rule
/// alone is at least Medium and the sample as it stands gets that.
fn of_rules() -> Vec<Sample> {
    let mut samples = Vec::new();
    for rule in rules().filter(|rule| matches!(rule.family, Family::Host | Family::Command)) {
        for (index, entry) in rule.samples.iter().enumerate() {
            let Entry::Hit(_, yaml) = entry else { continue };
            let pod: Value = serde_saphyr::from_str(yaml).unwrap();
            let object = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sample", "namespace": "shop"},
                "spec": {"template": {"spec": pod}}});
            let floor = rule.severity.min(severity(&object));
            if floor >= Severity::Medium {
                let name = format!("{}#{}", rule.id, index + 1);
                samples.push(Sample {
                    name,
                    class: rule.id.to_owned(),
                    object,
                    expected: Expected::AtLeast(floor),
                });
            }
        }
    }
    samples
}
