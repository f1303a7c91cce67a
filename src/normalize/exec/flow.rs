//! Questions about what flows where.

use std::collections::BTreeMap;

use super::{Execution, Invocation, Span};

/// Rounds of [`Execution::fed`]. Pipes and substitutions are closed already; each round follows one more
/// function call or variable.
const ROUNDS: usize = 16;

impl Execution {
    /// The pipelines, each with its invocations in order of their stages. A group takes a stage without an
    /// invocation of its own, its members are pipelines themselves.
    pub fn pipelines(&self) -> impl Iterator<Item = Vec<&Invocation>> {
        let mut map: BTreeMap<u32, Vec<&Invocation>> = BTreeMap::new();
        for invocation in &self.commands {
            map.entry(invocation.pipeline).or_default().push(invocation);
        }
        map.into_values()
    }

    /// Indices of all invocations whose output the one at `index` may read, directly or through others, in
    /// order. Linear in the number of invocations; to ask about many, use [`Execution::fed`].
    #[must_use]
    pub fn sources(&self, index: usize) -> Vec<usize> {
        // `next[i]` leads to the first index from `i` on that was not visited, so that spans that overlap
        // are walked once.
        let mut next: Vec<usize> = (0..=self.commands.len()).collect();
        let mut found = Vec::new();
        let mut open = vec![index];
        while let Some(at) = open.pop() {
            for span in self.commands.get(at).map(|c| c.inputs.as_slice()).unwrap_or_default() {
                let mut i = skip(&mut next, span.start);
                while i < span.end && i < self.commands.len() {
                    if let Some(slot) = next.get_mut(i) {
                        *slot = i + 1;
                    }
                    if i != index {
                        found.push(i);
                        open.push(i);
                    }
                    i = skip(&mut next, i + 1);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// For every invocation, whether it may read the output of one for which `is_source` holds, directly or
    /// through others. Linear.
    pub fn fed(&self, is_source: impl Fn(&Invocation) -> bool) -> Vec<bool> {
        let mut marked: Vec<bool> = self.commands.iter().map(is_source).collect();
        let mut fed = vec![false; marked.len()];
        for _ in 0..ROUNDS {
            let mut sums = Vec::with_capacity(marked.len() + 1);
            sums.push(0_usize);
            for mark in &marked {
                sums.push(sums.last().copied().unwrap_or(0) + usize::from(*mark));
            }
            let upto = |at: usize| sums.get(at).or(sums.last()).copied().unwrap_or(0);
            let mut changed = false;
            for ((fed, mark), invocation) in fed.iter_mut().zip(&mut marked).zip(&self.commands) {
                let reads = |s: &Span| upto(s.end) > upto(s.start);
                if !*fed && invocation.inputs.iter().any(reads) {
                    *fed = true;
                    changed |= !*mark;
                    *mark = true;
                }
            }
            if !changed {
                break;
            }
        }
        fed
    }
}

fn skip(next: &mut [usize], mut at: usize) -> usize {
    let start = at;
    while let Some(to) = next.get(at).copied()
        && to != at
    {
        at = to;
    }
    let end = at;
    at = start;
    while at != end
        && let Some(slot) = next.get_mut(at)
    {
        at = std::mem::replace(slot, end);
    }
    end
}
