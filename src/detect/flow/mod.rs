//! What flows where in a pod: over pipes and variables, and through files, also from container to container.
//!
//! Every file that a known tool writes is a node between the tools that write it and those that read it, so data that
//! is copied, unpacked, joined or decoded on the way stays what it was. The order of the text is not looked at:
//! containers run beside each other, and a loop comes back.

mod source;
mod transfer;
mod tree;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::runs::Run;
use crate::normalize::exec::Span;
use crate::normalize::path::canonical;
use crate::normalize::{Context, Invocation};
use crate::workload::{Container, Workload};
pub(super) use source::{fetches, is_downloader, prints_fetched, written_files};
pub(super) use transfer::Kind;
use transfer::{Target, passes, transfer};
use tree::{Found, Node, Roots, Tree};

/// Rounds of following variables and calls; files are followed within a round, in the order of the text.
const ROUNDS: usize = 16;
/// Files of one invocation that are looked at.
const MAX_USES: usize = 256;
/// A longer path is none that a kernel takes.
const MAX_PATH: usize = 4096;

/// The place of an invocation: number of the run, index in it.
pub(super) type At = (usize, usize);

/// One invocation's use of a file.
#[derive(Debug)]
struct Use {
    by: usize,
    target: Target,
    path: String,
    file: Found,
    /// A program that is known by its name alone, found in a folder of `PATH`.
    by_path: bool,
}

/// A program that came from a source.
pub(super) struct Ran {
    /// What runs it.
    pub at: At,
    /// Where it came from.
    pub source: At,
    /// It is one of the files of an archive or a folder that came whole.
    pub packed: bool,
    /// The file, absolute where the working directory is known.
    pub file: String,
    /// It was put into a folder of `PATH` and is run by its name.
    pub by_path: bool,
}

/// The flow in a pod.
#[derive(Debug, Default)]
pub struct Flow {
    tree: Tree,
    /// By run: the uses of files, in the order of the invocations.
    uses: Vec<Vec<Use>>,
    /// By run: where its paths begin.
    roots: Vec<Option<Roots>>,
    /// Something is written somewhere.
    writes: bool,
}

/// A flow of nothing.
pub(super) fn nothing() -> &'static Flow {
    static NOTHING: LazyLock<Flow> = LazyLock::new(Flow::default);
    &NOTHING
}

/// Where it comes from: what reached each invocation, and each file.
pub(super) struct Reached<'f> {
    flow: &'f Flow,
    /// By run and invocation: the source whose output it reads.
    fed: Vec<Vec<Option<At>>>,
    files: Files,
}

/// What reached the files.
struct Files {
    /// What is in the file itself.
    own: Vec<Option<At>>,
    /// What fills the folder.
    filled: Vec<Option<At>>,
    /// What is in some file below the folder.
    below: Vec<Option<At>>,
}

impl Flow {
    /// The flow between the runs of a pod. Linear in what they do.
    pub(super) fn of(workload: &Workload, runs: &[Run<'_>]) -> Self {
        let mut flow = Self::default();
        let places = flow.tree.places(workload);
        let numbers = workload.containers.iter().map(std::ptr::from_ref).zip(places);
        let roots: HashMap<*const Container, Roots> = numbers.collect();
        let raw: Vec<Vec<(usize, Target, String)>> = runs.iter().map(used).collect();
        // First all that is written: only that can be found.
        for (run, uses) in runs.iter().zip(&raw) {
            let Some(roots) = roots.get(&std::ptr::from_ref(run.container)) else { continue };
            for (_, _, path) in uses.iter().filter(|(_, target, _)| target.writes()) {
                flow.writes |= flow.tree.add(*roots, path).is_some();
            }
        }
        if !flow.writes {
            return Self::default();
        }
        for (run, uses) in runs.iter().zip(raw) {
            let mut found = Vec::with_capacity(uses.len());
            if let Some(roots) = roots.get(&std::ptr::from_ref(run.container)) {
                found.extend(uses.into_iter().map(|(by, target, path)| {
                    let file = flow.tree.find(*roots, &path);
                    let named = target == Target::Command && file.exact.is_none();
                    let in_path = if named { flow.tree.in_path(*roots, &path) } else { None };
                    let by_path = in_path.is_some();
                    Use { by, target, path, file: in_path.unwrap_or(file), by_path }
                }));
            }
            flow.roots.push(roots.get(&std::ptr::from_ref(run.container)).copied());
            flow.uses.push(found);
        }
        flow
    }

    /// What the output of the sources reaches. It goes on through tools that pass on what they are given.
    pub(super) fn reach(
        &self,
        runs: &[Run<'_>],
        is_source: impl Fn(At, &Invocation) -> bool,
        kind: Kind,
    ) -> Reached<'_> {
        let sources: Vec<Vec<Option<At>>> = (0..)
            .zip(runs)
            .map(|(number, run)| {
                run.invocations()
                    .map(|(at, call)| is_source((number, at), call).then_some((number, at)))
                    .collect()
            })
            .collect();
        let mut reached = Reached {
            flow: self,
            fed: sources.iter().map(|marks| vec![None; marks.len()]).collect(),
            files: Files::new(self.tree.len()),
        };
        let mut marks = sources.clone();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for (number, run) in runs.iter().enumerate() {
                let source = sources.get(number).map(Vec::as_slice).unwrap_or_default();
                let Some(marks) = marks.get_mut(number) else { continue };
                changed |= reached.follow(number, run, source, marks, kind);
            }
            if !changed {
                break;
            }
        }
        reached
    }
}

impl<'f> Reached<'f> {
    /// Nothing is reached.
    pub(super) fn nothing(flow: &'f Flow) -> Self {
        Self { flow, fed: Vec::new(), files: Files::new(0) }
    }

    /// One round over one run.
    fn follow(
        &mut self,
        number: usize,
        run: &Run<'_>,
        sources: &[Option<At>],
        marks: &mut [Option<At>],
        kind: Kind,
    ) -> bool {
        let commands = &run.execution.commands;
        // The first marked invocation from each index on.
        let mut next = vec![None; commands.len() + 1];
        let mut last = None;
        for (at, mark) in marks.iter().enumerate().rev() {
            last = mark.map(|origin| (at, origin)).or(last);
            if let Some(slot) = next.get_mut(at) {
                *slot = last;
            }
        }
        let inside = |span: &Span| next.get(span.start).copied().flatten().filter(|(at, _)| *at < span.end);
        let mut uses = self.flow.uses.get(number).map(Vec::as_slice).unwrap_or_default();
        let mut changed = false;
        for (at, call) in commands.iter().enumerate() {
            let end = uses.partition_point(|file| file.by <= at);
            let (own, rest) = uses.split_at_checked(end).unwrap_or_default();
            uses = rest;
            let fed = self.fed.get(number).and_then(|fed| fed.get(at)).copied().flatten();
            let now = fed.or_else(|| {
                let piped = call.inputs.iter().find_map(inside).map(|(_, origin)| origin);
                let group = || call.group.as_ref().and_then(inside).map(|(_, origin)| origin);
                piped.or_else(group).or_else(|| {
                    own.iter()
                        .filter(|file| file.target == Target::Read)
                        .find_map(|file| self.content(&file.file))
                })
            });
            if fed.is_none() && now.is_some() {
                changed = true;
                if let Some(slot) = self.fed.get_mut(number).and_then(|fed| fed.get_mut(at)) {
                    *slot = now;
                }
                if let Some(mark) = marks.get_mut(at).filter(|mark| mark.is_none()) {
                    *mark = now;
                }
            }
            let source = sources.get(at).copied().flatten();
            // A program has its source's own output; a secret that a source reads may go elsewhere only.
            let passed = passes(call, kind) || calls_function(commands, call);
            let out = source.filter(|_| passed || kind == Kind::Program).or(now.filter(|_| passed));
            if let Some(origin) = out {
                for file in own {
                    changed |= self.files.write(&self.flow.tree, file, origin);
                }
            }
        }
        changed
    }

    /// What is in a file, or below a folder, that is read.
    fn content(&self, file: &Found) -> Option<At> {
        let below = || file.exact.and_then(|node| self.files.below.get(node).copied().flatten());
        self.program(file).map(|(source, _)| source).or_else(below)
    }

    /// What is in a file that is run, and whether it came with others.
    fn program(&self, file: &Found) -> Option<(At, bool)> {
        let own = |node: Node| self.files.own.get(node).copied().flatten();
        let filled = |node: Node| self.files.filled.get(node).copied().flatten();
        let alone = file.exact.and_then(own).or_else(|| file.floating.and_then(own));
        let packed = || self.flow.tree.upwards(file.within).find_map(filled);
        alone.map(|source| (source, false)).or_else(|| packed().map(|source| (source, true)))
    }

    /// The source whose output an invocation reads.
    pub(super) fn source_of(&self, run: usize, at: usize) -> Option<At> {
        self.fed.get(run).and_then(|fed| fed.get(at)).copied().flatten()
    }

    /// What a run runs that came from a source.
    pub(super) fn ran(&self, run: usize) -> impl Iterator<Item = Ran> + '_ {
        let uses = self.flow.uses.get(run).map(Vec::as_slice).unwrap_or_default();
        let programs = uses.iter().filter(|file| matches!(file.target, Target::Run | Target::Command));
        programs.filter_map(move |file| {
            let (source, packed) = self.program(&file.file)?;
            if packed && file.target == Target::Command {
                return None;
            }
            Some(Ran { at: (run, file.by), source, packed, file: file.path.clone(), by_path: file.by_path })
        })
    }

    /// The source of what is in a file.
    pub(super) fn source_of_file(&self, run: usize, path: &str) -> Option<At> {
        let roots = self.flow.roots.get(run).copied().flatten()?;
        self.program(&self.flow.tree.find(roots, &anchored(path))).map(|(source, _)| source)
    }
}

impl Files {
    fn new(len: usize) -> Self {
        Self { own: vec![None; len], filled: vec![None; len], below: vec![None; len] }
    }

    /// Notes what is written to a file; whether that is new.
    fn write(&mut self, tree: &Tree, file: &Use, origin: At) -> bool {
        let Some(node) = file.file.exact.filter(|_| file.target.writes()) else { return false };
        let list = if file.target == Target::Fill { &mut self.filled } else { &mut self.own };
        let Some(slot) = list.get_mut(node).filter(|slot| slot.is_none()) else { return false };
        *slot = Some(origin);
        // A linked folder is read through its link.
        if file.target == Target::Link
            && let Some(slot) = self.filled.get_mut(node)
        {
            *slot = Some(origin);
        }
        for folder in tree.upwards(node) {
            if let Some(slot) = self.below.get_mut(folder).filter(|slot| slot.is_none()) {
                *slot = Some(origin);
            }
        }
        true
    }
}

/// Whether an invocation outside of functions calls one: what comes out is what its body lets out.
fn calls_function(commands: &[Invocation], call: &Invocation) -> bool {
    let is_body =
        |span: &Span| commands.get(span.start).is_some_and(|member| member.context == Context::Function);
    call.context != Context::Function && call.inputs.iter().take(8).any(is_body)
}

/// The files that a run uses, absolute where the working directory is known.
fn used(run: &Run<'_>) -> Vec<(usize, Target, String)> {
    let mut found = Vec::new();
    for (at, invocation) in run.invocations() {
        let uses = transfer(&run.execution, invocation).into_iter().take(MAX_USES);
        for (target, path) in uses.filter(|(_, path)| !is_no_file(path) && path.len() <= MAX_PATH) {
            let bare = !path.contains('/');
            // That fits a file of this name, wherever it was put.
            if target == Target::Command {
                found.push((at, target, path));
                continue;
            }
            let place = place_of(run, at, &path);
            if bare && target == Target::Write && place != path && is_downloader(invocation) {
                found.push((at, target, path));
            }
            found.push((at, target, place));
        }
    }
    found
}

/// A path below a variable or the home folder, as if that were a folder of the root.
fn anchored(path: &str) -> String {
    if tree::is_anchored(path) {
        canonical(&format!("/{}", path.replacen("~/", "$HOME/", 1)))
    } else {
        path.to_owned()
    }
}

/// The path of a file, absolute where the working directory is known, or where a variable stands for a folder that
/// is the same wherever it is named.
fn place_of(run: &Run<'_>, at: usize, path: &str) -> String {
    match path.strip_prefix("$PWD/") {
        Some(below) => run.at(at, below),
        None if tree::is_anchored(path) => anchored(path),
        None => run.at(at, path),
    }
}

/// Devices, and the standard streams by name.
fn is_no_file(path: &str) -> bool {
    path.is_empty()
        || path == "-"
        || path.contains("://")
        || path.starts_with("/dev/") && !path.starts_with("/dev/shm/") && !path.starts_with("/dev/mqueue/")
        || path.starts_with("/proc/self/fd")
}
