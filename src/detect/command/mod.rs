//! What is run: rules over the invocations that scripts and argument vectors come to.
//!
//! Only words in command position count. A program that is neither a shell nor a known tool has arguments, not
//! commands: a job that prints a text about attacks does not attack. What code of an interpreter hands to a
//! shell, what a script writes into a file that is run, and what decoding brings to light are runs of their own
//! (see [`super::runs`]), so every rule reads them without knowing.
//!
//! The points follow one idea. From 35 on a rule is *strong intent*: together with access to the node it is an
//! attack ([`crate::score`]). Weak rules (below 15, in [`weak`], [`places`] and elsewhere) describe everyday scripts as much
//! as attacks: all of them together, with the weights of the score, stay below High (a test holds that).

mod api;
mod burn;
mod checksum;
mod cloud;
mod cluster;
mod downloads;
mod escape;
mod exfil;
mod fetch;
mod harm;
mod hidden;
mod kubectl;
mod kubernetes;
mod miner;
mod persist;
mod place;
mod places;
mod planted;
mod ransom;
mod replication;
mod runtime;
mod secrets;
mod serve;
mod shells;
mod tools;
mod upkeep;
mod url;
mod weak;
mod windows;

pub(super) use kubectl::is_kubectl;

use super::catalog::{RULE, Rule, Sample};
use super::facts::Facts;
use super::findings::Collector;
use super::runs::Run;
use super::words;
use crate::normalize::Invocation;
use crate::score::Family;
use crate::severity::Severity;

const COMMAND: Rule = Rule { family: Family::Command, ..RULE };

/// The tables of all files. [`place`] is last: its rules read what the others found.
pub(super) static TABLES: [&[Rule]; 19] = [
    shells::RULES,
    fetch::RULES,
    downloads::RULES,
    places::RULES,
    hidden::RULES,
    escape::RULES,
    persist::RULES,
    miner::RULES,
    exfil::RULES,
    kubernetes::RULES,
    replication::RULES,
    cloud::RULES,
    secrets::RULES,
    tools::RULES,
    harm::RULES,
    ransom::RULES,
    burn::RULES,
    weak::RULES,
    place::RULES,
];

/// What a hit weighs: the severity alone, and the points.
type Weight = (Severity, i32);

/// Adds a hit for each run with an invocation that matches: the first one is the evidence.
fn each_match(
    facts: &Facts<'_>,
    found: &mut Collector<'_>,
    matches: impl Fn(&Run<'_>, usize, &Invocation) -> bool,
) {
    for run in &facts.runs {
        if let Some((at, _)) = run.invocations().find(|(at, invocation)| matches(run, *at, invocation)) {
            found.hit(Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// Adds a hit for each run with an invocation that weighs something: the heaviest one is the evidence.
fn each_heaviest(
    facts: &Facts<'_>,
    found: &mut Collector<'_>,
    weigh: impl Fn(&Run<'_>, usize, &Invocation) -> Option<Weight>,
) {
    for run in &facts.runs {
        let mut heaviest: Option<(usize, Weight)> = None;
        for (at, invocation) in run.invocations() {
            if let Some(weight) = weigh(run, at, invocation)
                && heaviest.is_none_or(|(_, known)| known.1 < weight.1)
            {
                heaviest = Some((at, weight));
            }
        }
        if let Some((at, (severity, points))) = heaviest {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// How many commands away something that belongs together is looked for: keeps questions about each command cheap.
const NEAR: usize = 32;

/// The invocations before `at` in its run, the nearest [`NEAR`].
fn before<'r>(run: &'r Run<'_>, at: usize) -> impl Iterator<Item = &'r Invocation> {
    let first = at.saturating_sub(NEAR);
    run.invocations().skip(first).take(at - first).map(|(_, invocation)| invocation)
}

/// The invocations whose output the one at `at` reads without another in between, the first [`NEAR`].
fn fed_by<'r>(run: &'r Run<'_>, at: usize) -> impl Iterator<Item = &'r Invocation> {
    let spans = run.invocation(at).into_iter().flat_map(|invocation| invocation.inputs.iter().take(4));
    spans
        .flat_map(|span| span.indices())
        .take(NEAR)
        .filter(move |source| *source != at)
        .filter_map(|source| run.invocation(source))
}

#[cfg(test)]
mod tests;
