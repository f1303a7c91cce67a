//! Bytes as they might stand in a file: read, judge, write in every format.

use clap::ValueEnum as _;
use jobrisk::assess::assess;
use jobrisk::manifest::{Item, Position, read};
use jobrisk::output::{self, Error, Format, Results, Settings};
use jobrisk::report::Digest;
use jobrisk::severity::Severity;
use jobrisk::workload::Workload;

use super::invariants::{assert_clean, check_json, judge};

/// A name of a file that has to be escaped too.
const FILE: &str = "dir/<jrx>\u{1b}[2J\n\u{202e}.yaml";
/// Stands for markup of the input; see [`super::dictionary`].
const MARKUP: &str = "<jrx";

/// One file.
pub fn run(input: &[u8]) {
    let results = results(input);
    for workload in &results.workloads {
        let places = workload.findings.iter().map(|finding| finding.position);
        for position in places.chain([workload.source.position]) {
            check_position(position, input.len());
        }
    }
    for error in &results.errors {
        assert_clean("error", &error.line(), &[]);
    }
    output(&results, input.iter().fold(input.len(), |sum, byte| sum + usize::from(*byte)));
}

/// One format, checked: its name and the text. Which one follows from `choice`; all of them for each input would take
/// nearly all of the time.
pub fn output(results: &Results, choice: usize) -> (String, String) {
    let formats = Format::value_variants();
    let format = formats[choice % formats.len()];
    let name = format.to_possible_value().unwrap().get_name().to_owned();
    let settings = Settings {
        fail_on: Some(Severity::High),
        min_severity: Severity::None,
        color: (choice / formats.len()) % 2 == 1,
        working_directory: "/tmp/a b".to_owned(),
    };
    let mut out = Vec::new();
    output::write(format, results, &settings, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap_or_else(|error| panic!("{name}: {error}"));
    check_output(&name, &text);
    (name, text)
}

fn check_output(format: &str, text: &str) {
    assert_clean(format, &without_color(text), &['\n']);
    match format {
        "json" | "sarif" => check_json(format, text.as_bytes()),
        "junit" | "html" => assert!(!text.contains(MARKUP), "{format}: markup of the input: {text}"),
        _ => {}
    }
    if format == "junit" {
        let illegal = |character| matches!(character, '\u{fffe}' | '\u{ffff}');
        assert!(!text.contains(illegal), "{format}: not XML: {text:?}");
    }
}

/// The text without `ESC [ digits ; digits m`, the only sequences that the product writes itself.
fn without_color(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('m') {
            Some((codes, rest)) if codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') => {
                plain.push_str(rest);
            }
            _ => plain.push_str("\u{1b}["),
        }
    }
    plain
}

fn check_position(position: Position, most: usize) {
    let in_file = |number: u32| (1..=most + 1).contains(&(number as usize));
    assert!(in_file(position.line) && in_file(position.column), "{position:?} of {most}");
}

/// What a scan of one file with this content finds.
pub fn results(input: &[u8]) -> Results {
    let mut results =
        Results { files: vec![jobrisk::text::escaped(FILE).into_owned()], ..Results::default() };
    read(input, &mut |item| match item {
        Item::Workload(manifest) => {
            let assessment = assess(manifest.kind, &manifest.object);
            results.workloads.push(output::Workload::new(FILE, &manifest, &assessment));
        }
        Item::Other(other) => results.skipped.add(other.kind),
        Item::Unreadable(problem) => results.errors.push(Error::new(FILE, &problem)),
    });
    results
}

/// The digest of the verdict on a workload in a file; none for anything else.
pub fn digest_of(item: Item<'_>) -> Option<Digest> {
    match item {
        Item::Workload(manifest) => Some(judge(Workload::from_object(manifest.kind, &manifest.object))),
        Item::Other(_) | Item::Unreadable(_) => None,
    }
}
