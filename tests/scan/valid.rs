//! Whatever stands in a manifest, the output is valid by what others define.

use jobrisk::output::Format;
use proptest::prelude::*;
use roxmltree::Document;
use serde_json::{Value, json};

use crate::command::{ATTACK, BENIGN, Folder};
use crate::render::{job_with, render};

/// The problems that the published schema of SARIF 2.1.0 sees in a document.
fn sarif_problems(document: &Value) -> Vec<String> {
    // Two of its expressions, for properties that are not written, have a bracket too many: it would be no schema.
    let schema = include_str!("schema/sarif-2.1.0.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn sarif_is_valid_by_the_published_schema() {
    let folder = Folder::with(&[
        ("deploy/a b ü#?.yaml", ATTACK),
        ("b.yaml", BENIGN),
        ("bad.yaml", "kind: [\n"),
        ("utf16.yaml", "\u{0}\u{1}"),
        ("hostile.json", &job_with("\"><x \u{202e}\u{fffe}\\u0000").to_string()),
    ]);
    for arguments in
        [["--format", "sarif", "."], ["--format", "sarif", "b.yaml"], ["--format", "sarif", "none.yaml"]]
    {
        let document = folder.scan(&arguments).json();
        assert_eq!(sarif_problems(&document), Vec::<String>::new());
    }
    let input = folder.scan_with(&["--format", "sarif", "-"], ATTACK).json();
    assert!(!input["runs"][0]["results"].as_array().unwrap().is_empty());
    assert_eq!(sarif_problems(&input), Vec::<String>::new());
}

#[test]
fn the_schema_sees_what_is_wrong() {
    let mut document = Folder::with(&[("a.yaml", ATTACK)]).scan(&["--format", "sarif", "."]).json();
    document["runs"][0]["results"][0]["level"] = json!("fatal");
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = json!(0);
    assert_eq!(sarif_problems(&document).len(), 2);
}

/// Text as XML can hold it at all.
fn in_xml(text: &str) -> String {
    text.chars()
        .map(|character| if matches!(character, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { character })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn junit_is_well_formed_whatever_the_text(text in any::<String>(), file in any::<String>()) {
        let xml = render(Format::Junit, &file, job_with(&text).to_string().as_bytes());
        let document = Document::parse(&xml).map_err(|error| TestCaseError::fail(format!("{error}: {xml}")))?;
        let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
        prop_assert_eq!(case.attribute("file").unwrap(), in_xml(&jobrisk::text::escaped(&file)));
        let elements = document.descendants().filter(roxmltree::Node::is_element).count();
        prop_assert_eq!(elements, 4, "{}", xml);
    }

    #[test]
    fn junit_is_well_formed_for_unreadable_files(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let xml = render(Format::Junit, "a.yaml", &[b"\"x\": [", bytes.as_slice()].concat());
        prop_assert!(Document::parse(&xml).is_ok(), "{}", xml);
    }

    #[test]
    fn json_and_sarif_are_json_whatever_the_text(text in any::<String>()) {
        for format in [Format::Json, Format::Sarif] {
            let output = render(format, &text, job_with(&text).to_string().as_bytes());
            prop_assert!(serde_json::from_str::<Value>(&output).is_ok(), "{}", output);
        }
    }
}
