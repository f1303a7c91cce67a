//! Rewrites one to three at a time, and what the engine says to the result.

use std::collections::BTreeMap;

use jobrisk::assess::assess;
use jobrisk::severity::Severity;
use jobrisk::workload::Kind;
use jobrisk::workload::decode::Object;
use serde_json::Value;

use super::dice::Dice;
use super::rewrite::{self, Change, Context, Rewrite};
use super::sample::Sample;
use super::subject::Subject;

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Every how many-th rewrite is tried alone on a sample; 1 is each. Which of them changes from sample to sample.
    pub(crate) every: usize,
    /// Draws of each rewrite that is tried alone.
    pub(crate) draws: u64,
    /// Pairs per sample.
    pub(crate) pairs: u64,
    /// Triples per sample.
    pub(crate) triples: u64,
}

/// A rewritten sample that lost its verdict.
#[derive(Debug, Clone)]
pub(crate) struct Miss {
    pub(crate) sample: String,
    pub(crate) rewrites: Vec<&'static str>,
    pub(crate) got: Severity,
    pub(crate) object: Value,
}

/// How often, and how often the verdict held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) tried: usize,
    pub(crate) held: usize,
    pub(crate) misses: Vec<Miss>,
}

impl Tally {
    pub(crate) fn add(&mut self, miss: Option<&Miss>) {
        self.tried += 1;
        match miss {
            None => self.held += 1,
            Some(miss) => self.misses.push(miss.clone()),
        }
    }

    /// 0 to 100; 100 where nothing was tried.
    pub(crate) fn percent(&self) -> f64 {
        let count = |count: usize| f64::from(u32::try_from(count).unwrap());
        if self.tried == 0 { 100.0 } else { 100.0 * count(self.held) / count(self.tried) }
    }
}

/// The result for hostile or for benign samples.
#[derive(Debug, Default)]
pub(crate) struct Result {
    pub(crate) total: Tally,
    pub(crate) by_rewrite: BTreeMap<&'static str, Both>,
    pub(crate) by_class: BTreeMap<String, Tally>,
    /// Samples that do not get their verdict as they stand: nothing can be said of them.
    pub(crate) unfit: Vec<String>,
    pub(crate) samples: usize,
}

/// A rewrite alone, and together with others.
#[derive(Debug, Default)]
pub(crate) struct Both {
    pub(crate) alone: Tally,
    pub(crate) together: Tally,
}

/// What the engine says to an object.
pub(crate) fn severity(object: &Value) -> Severity {
    let kind = if object["kind"] == "CronJob" { Kind::CronJob } else { Kind::Job };
    let object: Object = serde_json::from_value(object.clone()).unwrap();
    assess(kind, &object).score.severity
}

/// Rewrites the samples and judges what comes out; those of one kind, hostile or benign.
pub(crate) fn measure(samples: &[Sample], hostile: bool, effort: Effort) -> Result {
    let rewrites: Vec<&'static Rewrite> =
        rewrite::all().filter(|rewrite| hostile || rewrite.everyday).collect();
    let mut result = Result::default();
    for (turn, sample) in samples.iter().filter(|sample| sample.expected.is_hostile() == hostile).enumerate()
    {
        if !sample.expected.holds(severity(&sample.object)) {
            result.unfit.push(sample.name.clone());
            continue;
        }
        result.samples += 1;
        for (at, rewrite) in rewrites.iter().enumerate().filter(|(at, _)| (at + turn) % effort.every == 0) {
            for nth in 0..effort.draws {
                try_one(
                    sample,
                    vec![rewrite],
                    Dice::for_name(&format!("{}+{at}", sample.name), nth),
                    &mut result,
                );
            }
        }
        for (count, tries) in [(2, effort.pairs), (3, effort.triples)] {
            for nth in 0..tries {
                let mut dice = Dice::for_name(&format!("{}*{count}", sample.name), nth);
                let mut chosen: Vec<&'static Rewrite> = Vec::new();
                while chosen.len() < count {
                    let next = dice.of(&rewrites);
                    if !chosen.iter().any(|known| known.name == next.name) {
                        chosen.push(next);
                    }
                }
                try_one(sample, chosen, dice, &mut result);
            }
        }
    }
    result
}

fn try_one(sample: &Sample, mut chosen: Vec<&'static Rewrite>, dice: Dice, result: &mut Result) {
    rewrite::in_order(&mut chosen);
    let (object, applied) = rewritten(&sample.object, &chosen, &mut Context::new(dice, "/tmp"));
    if applied.is_empty() {
        return;
    }
    let got = severity(&object);
    let miss = (!sample.expected.holds(got)).then(|| Miss {
        sample: sample.name.clone(),
        rewrites: applied.clone(),
        got,
        object,
    });
    result.total.add(miss.as_ref());
    result.by_class.entry(sample.class.clone()).or_default().add(miss.as_ref());
    for name in &applied {
        let both = result.by_rewrite.entry(name).or_default();
        let tally = if applied.len() == 1 { &mut both.alone } else { &mut both.together };
        tally.add(miss.as_ref());
    }
}

/// The object with the rewrites, in the order of their layers, and those that applied.
pub(crate) fn rewritten(
    object: &Value,
    rewrites: &[&'static Rewrite],
    context: &mut Context,
) -> (Value, Vec<&'static str>) {
    let mut object = object.clone();
    let mut applied = Vec::new();
    let mut subject: Option<Subject> = None;
    for rewrite in rewrites {
        let done = match rewrite.change {
            Change::Mounts(change) | Change::Place(change) | Change::Object(change) => {
                if let Some(subject) = subject.take() {
                    object = subject.write();
                }
                let mut changed = object.clone();
                let done = change(&mut changed, context).is_some() && changed != object;
                if done {
                    object = changed;
                }
                done
            }
            Change::Script(_) | Change::Vector(_) | Change::Spec(_) => subject
                .get_or_insert_with(|| Subject::of(&object))
                .change(|run| rewrite::to_run(rewrite, run, context)),
        };
        if done {
            applied.push(rewrite.name);
        }
    }
    (subject.map_or(object, Subject::write), applied)
}
