//! What must hold of every verdict and every output, whatever the input.

use jobrisk::api::report::JobRiskReport;
use jobrisk::assess::{Assessment, assess_workload};
use jobrisk::finding_log::{Line, MAX_LINE, Stamp};
use jobrisk::report::{Digest, MAX_BYTES, MAX_FINDINGS, digest, report};
use jobrisk::score::{BANDS, Family, MAX_SCORE};
use jobrisk::severity::Severity;
use jobrisk::workload::{Kind, Workload};
use serde_json::Value;

/// The longest excerpt of a finding, in characters.
const MAX_EVIDENCE: usize = 120;

/// Judges a workload, checks all that is said about it, and gives the digest of its report.
pub fn judge(mut workload: Workload) -> Digest {
    name_as_an_api_server_would(&mut workload);
    let kind = workload.kind;
    let assessment = assess_workload(workload.clone());
    check_score(&assessment);
    check_findings(&assessment);

    let written = report(&assessment).report;
    let json = serde_json::to_vec(&written).unwrap();
    assert!(json.len() <= MAX_BYTES, "a report of {} bytes", json.len());
    check_json("report", &json);
    let status = written.status.as_ref().unwrap();
    assert_eq!(
        status.findings_total,
        i64::try_from(status.findings.len()).unwrap() + status.findings_omitted
    );
    assert!(status.findings.len() <= MAX_FINDINGS);

    let line = finding_line(kind, &written);
    assert!(line.len() <= MAX_LINE && line.ends_with('\n'), "a line of {} bytes: {line}", line.len());
    let line = line.trim_end_matches('\n');
    assert_clean("finding log", line, &[]);
    check_json("finding log", line.as_bytes());

    let first = digest(&written);
    let again = report(&assess_workload(workload)).report;
    assert_eq!(first, digest(&again), "two verdicts on one object");
    first
}

/// The line of the finding log on a report.
pub fn finding_line(kind: Kind, report: &JobRiskReport) -> String {
    let stamp = Stamp { time: "2026-01-01T00:00:00Z".to_owned(), instance: "fuzz".to_owned(), sequence: 1 };
    Line::verdict(&stamp, kind, report, None, false).and_then(Line::text).unwrap()
}

/// Names are the only text that reports hold as it stands: an API server stores none with other characters.
fn name_as_an_api_server_would(workload: &mut Workload) {
    for (text, longest) in [(&mut workload.name, 63), (&mut workload.namespace, 63), (&mut workload.uid, 36)]
    {
        let is_ordinary =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        if text.len() > longest || !text.bytes().all(is_ordinary) {
            "fuzz".clone_into(text);
        }
    }
}

/// The sum can be redone from the explanation, and the severity is never below what the sum and the floors say.
fn check_score(assessment: &Assessment) {
    let score = &assessment.score;
    let of = |family: Family| score.families[&family];
    for family in Family::ALL {
        assert!((0..=family.cap()).contains(&of(family)), "{family:?}: {}", of(family));
    }
    let smaller = of(Family::Host).min(of(Family::Command));
    assert_eq!(score.combination, (smaller + 2) / 4, "the combination");
    let sum = score.families.values().sum::<i32>() + score.combination;
    assert_eq!(score.total, sum.min(MAX_SCORE), "{score:?}");
    let band =
        BANDS.iter().find(|(lowest, _)| score.total >= *lowest).map_or(Severity::None, |(_, band)| *band);
    let floors = score.floors.iter().map(|floor| floor.severity);
    assert_eq!(Some(score.severity), floors.chain([band]).max(), "{score:?}");
    if assessment.is_partial() {
        assert!(
            score.severity >= Severity::High,
            "what could not be read cannot be called harmless: {score:?}"
        );
    }
}

fn check_findings(assessment: &Assessment) {
    let mut kept = 0;
    for (rule, hits) in assessment.findings.by_rule() {
        assert!(!hits.is_empty(), "{}", rule.id);
        kept += hits.len();
        for hit in hits {
            assert!((0..=rule.family.cap()).contains(&hit.points), "{}: {} points", rule.id, hit.points);
            assert!(hit.evidence.as_str().chars().count() <= MAX_EVIDENCE, "{}: {}", rule.id, hit.evidence);
            assert_clean("evidence", hit.evidence.as_str(), &[]);
            assert_clean("path", &hit.path, &[]);
        }
    }
    assert!(kept <= assessment.findings.total());
}

/// Well-formed, and nothing in it that a terminal, a log or an eye takes for something else than text, also not as an
/// escape of JSON.
pub fn check_json(what: &str, json: &[u8]) {
    let mut value: Value = serde_json::from_slice(json).unwrap_or_else(|error| panic!("{what}: {error}"));
    // The product's own words about its rules have paragraphs.
    if let Some(rules) = value.pointer_mut("/runs/0/tool/driver/rules") {
        rules.take();
    }
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => assert_clean(what, text, &[]),
            Value::Array(list) => open.extend(list),
            Value::Object(map) => {
                for (name, value) in map {
                    assert_clean(what, name, &[]);
                    open.push(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// No control character and none that hides text or changes its direction.
pub fn assert_clean(what: &str, text: &str, allowed: &[char]) {
    let found = text.chars().find(|character| is_unsafe(*character) && !allowed.contains(character));
    assert!(found.is_none(), "{what} has {found:?}: {text:?}");
}

/// A list of its own, after Unicode's categories Cc, Cf, Zl and Zp, not the one that the product escapes by.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}')
}
