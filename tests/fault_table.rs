//! `docs/faults.md` names the tests that exist, and all that were written for a fault.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests say what they mean")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The names of the tests in a source: functions under `#[test]`, with other attributes and comments between.
fn tests(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line == "#[test]" {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ") {
            if std::mem::take(&mut is_test) {
                found.extend(rest.split('(').next().map(str::to_owned));
            }
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
    }
    found
}

fn tests_of(sources: &[PathBuf]) -> BTreeSet<String> {
    sources.iter().flat_map(|path| tests(&fs::read_to_string(path).unwrap())).collect()
}

/// Each id of the table with what stands in its last cell.
fn rows() -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| cells[0] != "id")
        .map(|cells| {
            assert_eq!(cells.len(), 3, "{cells:?}");
            (cells[0].clone(), cells[2].clone())
        })
        .collect()
}

/// What stands in backticks.
fn named(cell: &str) -> BTreeSet<String> {
    let is_name = |text: &&str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    cell.split('`').skip(1).step_by(2).filter(is_name).map(str::to_owned).collect()
}

#[test]
fn every_row_has_an_id_of_its_own_and_tests_or_a_reason() {
    let mut seen = BTreeMap::new();
    for (id, cell) in rows() {
        let (letter, number) = id.split_at(1);
        assert!("WCDOIGS".contains(letter) && number.len() == 2 && number.parse::<u8>().is_ok(), "{id}");
        let words = cell.split_whitespace().count();
        assert!(!named(&cell).is_empty() || words > 4, "{id} has neither a test nor a reason: {cell}");
        assert_eq!(seen.insert(id.clone(), cell), None, "{id} stands there twice");
    }
    assert!(seen.len() > 50, "only {} rows were found", seen.len());
}

#[test]
fn every_test_that_is_named_exists() {
    let exist = tests_of(&[sources(&root().join("tests")), sources(&root().join("src"))].concat());
    let missing: Vec<_> = rows()
        .into_iter()
        .flat_map(|(id, cell)| named(&cell).into_iter().map(move |name| (id.clone(), name)))
        .filter(|(_, name)| !exist.contains(name))
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn every_test_of_a_fault_is_named_in_the_row_of_its_id() {
    let mut exist = tests_of(&sources(&root().join("tests/faults")));
    assert!(exist.remove("the_proxy_does_what_its_script_says"));
    let rows: BTreeMap<String, String> = rows().into_iter().collect();
    for name in exist {
        let id = name.split('_').next().unwrap_or_default().to_uppercase();
        let cell = rows.get(&id).unwrap_or_else(|| panic!("{name}: docs/faults.md has no row {id}"));
        assert!(named(cell).contains(&name), "docs/faults.md does not name {name} at {id}");
    }
}
