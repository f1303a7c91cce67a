//! Where the two parsers agree, and where this project's reader does not agree with them.

use super::model::{Numbers, Ours, Parsed};
use super::{brush, ours, tree};

/// Pipelines numbered by the first appearance of a command in them.
pub fn renumber(mut commands: Vec<Parsed>) -> Vec<Parsed> {
    let mut numbers = Numbers::default();
    for command in &mut commands {
        command.pipeline.0 = numbers.of(command.pipeline.0);
    }
    commands
}

/// What comparing one script gives.
#[derive(Debug, Default)]
pub struct Comparison {
    /// A parser refuses the script: nothing to compare with.
    pub refused: Vec<&'static str>,
    /// Commands that the parsers read alike.
    pub agreed: usize,
    /// Commands that only one of them reads this way.
    pub disputed: usize,
    /// Words in the agreed commands: compared to the letter, and as patterns around what is expanded.
    pub words: (usize, usize),
    /// What the parsers agree on and this reader reads otherwise, with what it reads instead.
    pub differences: Vec<Difference>,
}

/// A command that is read otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub theirs: String,
    pub ours: String,
}

/// Reads a script three times.
pub fn compare(script: &str) -> Comparison {
    let mut result = Comparison::default();
    let (brush, tree) = (brush::read(script), tree::read(script));
    result.refused.extend(brush.is_none().then_some("brush-parser"));
    result.refused.extend(tree.is_none().then_some("tree-sitter-bash"));
    let (Some(brush), Some(tree)) = (brush, tree) else { return result };
    let pairs = common(&brush, &tree, alike);
    result.agreed = pairs.len();
    result.disputed = brush.len().max(tree.len()) - pairs.len();
    let agreed: Vec<&Parsed> = pairs.iter().map(|(at, _)| &brush[*at]).collect();
    for command in &agreed {
        let (literal, pattern) = command.counts();
        result.words.0 += literal;
        result.words.1 += pattern;
    }
    let ours = ours::read(script);
    let same = common(&agreed, &ours, |theirs, ours| ours.is(theirs));
    result.differences = differences(&agreed, &ours, &same, &gaps(&pairs, brush.len(), tree.len()));
    if result.differences.is_empty() && result.disputed == 0 {
        result.differences = pipelines(&agreed, &ours);
    }
    result
}

fn alike(a: &Parsed, b: &Parsed) -> bool {
    a.place == b.place
        && a.pipeline.1 == b.pipeline.1
        && a.assignments == b.assignments
        && a.words == b.words
        && a.redirects == b.redirects
}

/// Before which of the agreed commands the parsers dispute something: there, commands of ours are nobody's mistake.
fn gaps(pairs: &[(usize, usize)], brush: usize, tree: usize) -> Vec<bool> {
    let mut gaps = Vec::new();
    let mut next = (0, 0);
    for (b, t) in pairs.iter().copied().chain([(brush, tree)]) {
        gaps.push((b, t) != next);
        next = (b + 1, t + 1);
    }
    gaps
}

fn differences(agreed: &[&Parsed], ours: &[Ours], same: &[(usize, usize)], gaps: &[bool]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut next = (0, 0);
    for (a, o) in same.iter().copied().chain([(agreed.len(), ours.len())]) {
        let missing = &agreed[next.0..a];
        let disputed = gaps[next.0..=a].iter().any(|gap| *gap);
        if !missing.is_empty() || (o > next.1 && !disputed) {
            let theirs: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let instead: Vec<String> = ours[next.1..o].iter().map(ToString::to_string).collect();
            found.push(Difference { theirs: theirs.join("; "), ours: instead.join("; ") });
        }
        next = (a + 1, o + 1);
    }
    found
}

/// Commands that are the same but stand in other pipelines than those of the parsers.
fn pipelines(agreed: &[&Parsed], ours: &[Ours]) -> Vec<Difference> {
    let pairs = agreed.iter().zip(ours).filter(|(a, o)| a.pipeline != o.pipeline);
    pairs
        .map(|(a, o)| Difference {
            theirs: format!("pipeline {}: {a}", a.pipeline.0),
            ours: format!("pipeline {}: {o}", o.pipeline.0),
        })
        .collect()
}

/// The longest common subsequence, as pairs of positions.
fn common<A, B>(left: &[A], right: &[B], same: impl Fn(&A, &B) -> bool) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    let mut table = vec![0_u32; (left.len() + 1) * width];
    let mut equal = vec![false; left.len() * right.len()];
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            let is = same(&left[l], &right[r]);
            equal[l * right.len() + r] = is;
            table[l * width + r] = if is {
                table[(l + 1) * width + r + 1] + 1
            } else {
                table[(l + 1) * width + r].max(table[l * width + r + 1])
            };
        }
    }
    let (mut l, mut r, mut pairs) = (0, 0, Vec::new());
    while l < left.len() && r < right.len() {
        if equal[l * right.len() + r] {
            pairs.push((l, r));
            l += 1;
            r += 1;
        } else if table[(l + 1) * width + r] >= table[l * width + r + 1] {
            l += 1;
        } else {
            r += 1;
        }
    }
    pairs
}
