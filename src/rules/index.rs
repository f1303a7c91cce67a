//! The list of rules, by family.

use super::document::{Block, Document, Inline, code, link, paragraph, prose, text};
use super::page;
use crate::detect::Rule;
use crate::detect::catalog::attack;
use crate::detect::catalog::reserved::RESERVED;
use crate::detect::catalog::rules;
use crate::score::Family;

/// The rules in the order of lists: by family, those with the most points first.
pub(super) fn sorted() -> Vec<&'static Rule> {
    let mut all: Vec<&Rule> = rules().collect();
    all.sort_by_key(|rule| (rule.family, std::cmp::Reverse((rule.points, rule.severity)), rule.id));
    all
}

/// The index of the documentation.
pub(super) fn index() -> Document {
    let all = sorted();
    let mut page = vec![
        Block::Heading(1, "Rules".to_owned()),
        Block::Paragraph(vec![
            text(format!(
                "What jobrisk looks for in a Job or CronJob: {} rules. Each has a page that says what a finding means, \
                 how to confirm it with kubectl, and what to do about it; ",
                all.len()
            )),
            code("jobrisk rules RULE-ID"),
            text(" prints the same. How findings become a score and a severity: "),
            link("scoring", "scoring.md"),
            text("."),
        ]),
        Block::Paragraph(vec![
            text(
                "The severity is that of a finding alone. Points of weaker variants, such as a read-only mount, are \
                  fewer. Techniques are those of ",
            ),
            link("MITRE ATT&CK", "https://attack.mitre.org/"),
            text(format!(", version {}; ", attack::VERSION)),
            code("jobrisk rules --format navigator"),
            text(" writes them as a layer for the ATT&CK Navigator."),
        ]),
    ];
    page.extend(machines());
    for family in Family::ALL {
        page.push(Block::Heading(2, family.title().to_owned()));
        page.push(paragraph(format!("{} Adds at most {} points.", family.about(), family.cap())));
        let rows = all.iter().filter(|rule| rule.family == family).map(|rule| row(rule)).collect();
        page.push(Block::Table(vec!["rule", "what it finds", "severity", "points", "ATT&CK"], rows));
    }
    page.push(Block::Heading(2, "Reserved".to_owned()));
    page.push(paragraph(
        "These ids are taken for rules that need to know more than the object itself, and have no rule yet.",
    ));
    let reserved = RESERVED
        .iter()
        .map(|entry| vec![vec![code(entry.id)], vec![text(entry.title)], vec![text(entry.needs)]]);
    page.push(Block::Table(vec!["rule", "what it will find", "what it needs to know"], reserved.collect()));
    page
}

/// What is there for programs.
fn machines() -> [Block; 2] {
    let field = |name: &str, words: &str| {
        let mut inlines = vec![code(name), text(": ")];
        inlines.extend(prose(words));
        inlines
    };
    [
        Block::Paragraph(vec![
            code("jobrisk rules --format json"),
            text(" writes one JSON object; with a RULE-ID, it has only that rule. "),
            code("schemaVersion"),
            text(" is raised when a field is removed or changes its meaning. The object has "),
            code("attackVersion"),
            text(", "),
            code("reserved"),
            text(", and "),
            code("rules"),
            text(", each with:"),
        ]),
        Block::Bullets(vec![
            field("id, title, family, severity, points", "as in the tables below"),
            field("message", "what a finding says: the second half of a sentence about the workload"),
            field("meaning, falsePositives", "the words of its page"),
            field("techniques", "`id`, `name`, `tactics` (short names), `url`"),
            field(
                "confirm",
                "the steps of this rule alone: `command`, `lookFor`, and `hint` where something is put in by hand",
            ),
            field(
                "exposes, ifAttack, ifMeant",
                "what an attack lays open; what to do about an attack, and about an honest need",
            ),
            field("references", "addresses"),
            field("samples", "`of` (`podSpec` or `object`), `points` (null: the rule must not hit), `yaml`"),
        ]),
    ]
}

fn row(rule: &Rule) -> Vec<Vec<Inline>> {
    vec![
        vec![link(rule.id, format!("{}.md", rule.id))],
        vec![text(rule.title)],
        vec![text(rule.severity.as_str())],
        vec![text(page::points(rule))],
        page::techniques(rule),
    ]
}

/// The list for a terminal.
pub(super) fn table() -> Block {
    let rows = sorted().into_iter().map(|rule| {
        vec![
            vec![text(rule.id)],
            vec![text(rule.family.as_str())],
            vec![text(rule.severity.as_str())],
            vec![text(page::points(rule))],
            vec![text(rule.techniques.join(","))],
            vec![text(rule.title)],
        ]
    });
    Block::Table(vec!["rule", "family", "severity", "points", "att&ck", "title"], rows.collect())
}
