//! The page of a rule: what a person reads at three in the morning.

use super::document::{Block, Document, Inline, Step, code, link, paragraph, prose, text};
use crate::detect::catalog::attack::{self, tactic};
use crate::detect::catalog::guide::{Action, RAN, REPORT, STOP};
use crate::detect::{Rule, Sample};

/// The page of a rule.
pub(super) fn page(rule: &Rule) -> Document {
    let mut page = vec![
        Block::Heading(1, format!("{}: {}", rule.id, rule.title)),
        paragraph(format!("A Job or CronJob {}.", rule.message)),
        facts(rule),
        Block::Heading(2, "What it means".to_owned()),
        paragraph(rule.meaning),
        Block::Heading(2, "Is it true? How to confirm it".to_owned()),
        Block::Steps(confirm(rule)),
        Block::Heading(2, "Ordinary causes".to_owned()),
        paragraph(rule.false_positives),
        Block::Heading(2, "If it is an attack".to_owned()),
        Block::Steps(respond(rule)),
    ];
    if !rule.remedy.exposes.is_empty() {
        page.push(paragraph("What an attack with it lays open, and what to do about that:"));
        let exposed = rule.remedy.exposes.iter();
        page.push(Block::Bullets(
            exposed
                .map(|exposed| vec![text(format!("{}: {}", exposed.name(), exposed.response()))])
                .collect(),
        ));
    }
    page.extend([Block::Heading(2, "If it is meant".to_owned()), paragraph(rule.remedy.benign)]);
    page.push(Block::Heading(2, "Examples".to_owned()));
    let first = |is_one: fn(&Sample) -> bool| rule.samples.iter().find(|sample| is_one(sample));
    if let Some(sample) = first(|sample| !matches!(sample, Sample::Miss(_) | Sample::MissObject(_))) {
        page.push(paragraph(format!("Found in this {}:", subject(sample))));
        page.push(Block::Code("yaml", yaml(sample).trim().to_owned()));
    }
    if let Some(sample) = first(|sample| matches!(sample, Sample::Miss(_) | Sample::MissObject(_))) {
        page.push(paragraph(format!("Not found in this {}, which only looks like it:", subject(sample))));
        page.push(Block::Code("yaml", yaml(sample).trim().to_owned()));
    }
    page.extend([Block::Heading(2, "References".to_owned()), Block::Bullets(references(rule))]);
    page
}

fn facts(rule: &Rule) -> Block {
    let fact = |name: &str, value: String| vec![text(format!("{name}: {value}"))];
    let techniques = rule.techniques.iter().filter_map(|id| {
        attack::technique(id).map(|technique| {
            let tactics: Vec<&str> = technique.tactics.iter().map(|short| tactic(short)).collect();
            vec![
                text("ATT&CK: "),
                link(format!("{id} {}", technique.name), technique.url()),
                text(format!(", {}", tactics.join(", "))),
            ]
        })
    });
    let mut facts = vec![
        fact("Severity alone", rule.severity.to_string()),
        fact(
            "Points",
            format!("{} (family {}, at most {})", points(rule), rule.family.as_str(), rule.family.cap()),
        ),
    ];
    facts.extend(techniques);
    Block::Bullets(facts)
}

/// The points of a rule: those of weaker and stronger variants too, as far as its samples have them.
pub(super) fn points(rule: &Rule) -> String {
    let hits = rule.samples.iter().filter_map(|sample| match sample {
        Sample::Hit(points, _) | Sample::HitObject(points, _) | Sample::HitDisproved(points, _) => {
            Some(*points)
        }
        Sample::Miss(_) | Sample::MissObject(_) => None,
    });
    let (least, most) =
        hits.fold((rule.points, rule.points), |(least, most), points| (least.min(points), most.max(points)));
    if least < most { format!("{least} to {most}") } else { most.to_string() }
}

fn confirm(rule: &Rule) -> Vec<Step> {
    let mut steps = vec![action(&REPORT)];
    for step in rule.confirm {
        let mut words = step.look_for().to_owned();
        if let Some(hint) = step.hint() {
            words = format!("{words} {hint}");
        }
        steps.push(Step { text: prose(&words), command: Some(step.command()) });
    }
    steps.extend(RAN.iter().map(action));
    steps
}

fn respond(rule: &Rule) -> Vec<Step> {
    let mut steps: Vec<Step> = STOP.iter().map(action).collect();
    steps.push(Step { text: prose(rule.remedy.attack), command: None });
    steps
}

fn action(action: &Action) -> Step {
    Step { text: prose(action.text), command: Some(action.command.to_owned()) }
}

fn references(rule: &Rule) -> Vec<Vec<Inline>> {
    let further = rule.references.iter().map(|address| vec![link(*address, *address)]);
    let scoring = vec![link("How findings become a score", "scoring.md")];
    further.chain([scoring]).collect()
}

fn subject(sample: &Sample) -> &'static str {
    match sample {
        Sample::Hit(..) | Sample::Miss(_) => "pod spec",
        Sample::HitObject(..) | Sample::MissObject(_) => "object",
        Sample::HitDisproved(..) => "object, of which it is known that no such CronJob made it",
    }
}

fn yaml(sample: &Sample) -> &'static str {
    match sample {
        Sample::Hit(_, yaml)
        | Sample::HitObject(_, yaml)
        | Sample::HitDisproved(_, yaml)
        | Sample::Miss(yaml)
        | Sample::MissObject(yaml) => yaml,
    }
}

/// The ids of the rule's techniques, each with a link to its page.
pub(super) fn techniques(rule: &Rule) -> Vec<Inline> {
    let mut inlines = Vec::new();
    for id in rule.techniques {
        if !inlines.is_empty() {
            inlines.push(text(" "));
        }
        inlines.push(match attack::technique(id) {
            Some(technique) => link(*id, technique.url()),
            None => code(*id),
        });
    }
    inlines
}
