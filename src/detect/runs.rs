//! Everything that a workload runs: its argument vectors, and the programs inside the text in them.

use std::rc::Rc;

use super::derive::{self, Derived};
use super::excerpt::{Values, excerpt};
use super::files::{self, FileUse, HostFiles, HostVolumes, Used};
use crate::normalize::exec::Directory;
use crate::normalize::path::{absolute, canonical};
use crate::normalize::{Environment, Execution, ImageRef, Invocation, Limits, argv, exec, executed_in};
use crate::workload::{Argument, Container, Exec, Workload};

/// One argument vector and what it executes.
pub struct Run<'a> {
    /// The container.
    pub container: &'a Container,
    /// The argument vector that the kubelet executes.
    pub exec: &'a Exec,
    /// What it runs, shell scripts taken apart.
    pub execution: Execution,
    /// Where its text comes from.
    pub origin: Origin,
    /// Where the container's paths lie on the node.
    pub host: Rc<HostFiles>,
    /// Files that its known tools read and write.
    pub files: Vec<FileUse>,
    /// For each invocation: its root directory is one of the node.
    pub on_node: Vec<bool>,
    /// For each invocation: it makes a directory of the node the root of what it runs.
    pub enters: Vec<bool>,
    /// For each invocation: the working directory, if it is known.
    pub directories: Vec<Directory>,
    /// For each invocation: it stands in text that was decoded.
    decoded: Vec<bool>,
    /// What evidence must not show.
    values: Rc<Values<'a>>,
}

/// Where the text of a [`Run`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The argument vector itself.
    Spec,
    /// A string that code of an interpreter hands to a shell, or code on its standard input.
    Code,
    /// Text that a script writes into a file which is run, now or by cron.
    Written,
    /// Text that was decoded.
    Decoded,
}

/// How often text inside text is looked into.
const MAX_DEPTH: usize = 3;
/// The most texts inside one argument vector.
const MAX_DERIVED: usize = 256;
/// Bytes of text found inside one argument vector, on top of its own length: keeps the work linear.
const EXTRA: usize = 64 * 1024;

/// What the containers run. Text that runs inside other text is a run of its own, judged by the same rules.
pub(super) fn runs(workload: &Workload) -> Vec<Run<'_>> {
    let limits = Limits::default();
    let mut found = Vec::new();
    let volumes = HostVolumes::of(workload);
    for container in &workload.containers {
        let values = Rc::new(Values::of(&container.env));
        let environment = Environment::of(values.expanded());
        let host = Rc::new(HostFiles::of(&volumes, container));
        for exec in &container.executes {
            let arguments = arguments(container, exec);
            let mut budget = EXTRA + arguments.iter().map(String::len).sum::<usize>();
            let mut count = 0;
            let start = Some(container.settings.working_dir.as_str()).filter(|path| path.starts_with('/'));
            let start: Directory = start.map(Rc::from);
            let mut open = vec![(0, start, Derived { origin: Origin::Spec, argv: arguments })];
            while let Some((depth, start, text)) = open.pop() {
                let mut execution = executed_in(&text.argv, &environment, &limits);
                let directories = execution.directories(start.as_deref());
                if depth < MAX_DEPTH {
                    let inside = derive::derive(&execution, &directories, &host);
                    execution.truncated |= inside.truncated;
                    for (start, inner) in inside.found {
                        let size: usize = inner.argv.iter().map(String::len).sum();
                        if count >= MAX_DERIVED || size > budget {
                            // Padding must not hide what comes after it: a rule says that it was not read.
                            execution.truncated = true;
                            break;
                        }
                        budget -= size;
                        count += 1;
                        // Decoded stays decoded, whatever is taken out of it.
                        let decoded = text.origin == Origin::Decoded;
                        let origin = if decoded { Origin::Decoded } else { inner.origin };
                        open.push((depth + 1, start, Derived { origin, ..inner }));
                    }
                }
                let at = (text.origin, directories);
                found.push(Run::new(container, exec, execution, at, &host, &values));
            }
        }
    }
    found
}

/// The argument vector after the kubelet's expansion.
///
/// Without `command` the image's entry point comes first, which is not known. Arguments that begin with a
/// program of their own are taken at their word; else the image's name stands for the program, which is right
/// for the images of single tools (`ncat`, `curl`).
fn arguments(container: &Container, exec: &Exec) -> Vec<String> {
    let raw: Vec<String> = exec.argv.iter().map(|argument| argument.text.clone()).collect();
    let mut expanded: Vec<String> =
        argv::expand(&raw, &container.env).into_iter().map(|argument| argument.text).collect();
    let names_program = expanded.first().is_some_and(|first| {
        let program = argv::program(first);
        first.starts_with('/') || exec::is_shell(program) || program == "busybox"
    });
    if exec.args_only && !names_program {
        let entry_point = ImageRef::parse(&container.image).name;
        if !entry_point.is_empty() {
            expanded.insert(0, entry_point);
        }
    }
    expanded
}

impl<'a> Run<'a> {
    fn new(
        container: &'a Container,
        exec: &'a Exec,
        mut execution: Execution,
        (origin, directories): (Origin, Vec<Directory>),
        host: &Rc<HostFiles>,
        values: &Rc<Values<'a>>,
    ) -> Self {
        let Used { files, on_node, enters, truncated } = files::used(&execution, &directories, host);
        execution.truncated |= truncated;
        let decoded = decoded(&execution, origin);
        let (host, values) = (Rc::clone(host), Rc::clone(values));
        Self {
            container,
            exec,
            execution,
            origin,
            host,
            files,
            on_node,
            enters,
            directories,
            decoded,
            values,
        }
    }

    /// The argument that holds what was found: the longest one, which is the script if there is one.
    pub fn argument(&self) -> Option<&Argument> {
        self.exec.argv.iter().rev().max_by_key(|argument| argument.text.len())
    }

    /// The field path to point at.
    pub fn path(&self) -> &str {
        self.argument().map_or(self.container.path.as_str(), |argument| argument.path.as_str())
    }

    /// The invocations with their index.
    pub fn invocations(&self) -> impl Iterator<Item = (usize, &Invocation)> {
        self.execution.commands.iter().enumerate()
    }

    /// The invocation at `index`.
    pub fn invocation(&self, index: usize) -> Option<&Invocation> {
        self.execution.commands.get(index)
    }

    /// `path` as the invocation at `index` means it: canonical, and absolute where its working directory is known.
    pub fn at(&self, index: usize, path: &str) -> String {
        let directory = self.directories.get(index).and_then(|directory| directory.as_deref());
        absolute(path, directory).unwrap_or_else(|| canonical(path))
    }

    /// For every invocation, whether it reads the output of one for which `is_source` holds. Empty where
    /// there is none, which is the usual case and costs nothing.
    pub fn fed(&self, is_source: impl Fn(&Invocation) -> bool) -> Vec<bool> {
        if self.execution.commands.iter().any(&is_source) {
            self.execution.fed(is_source)
        } else {
            Vec::new()
        }
    }

    /// Evidence for an invocation: its words, and where they come from if they are not in the spec as such.
    pub fn show(&self, index: usize) -> String {
        let Some(invocation) = self.invocation(index) else { return String::new() };
        let mark = match self.origin {
            _ if self.decoded.get(index) == Some(&true) => "(decoded) ",
            Origin::Spec => "",
            Origin::Code => "(in code) ",
            Origin::Written => "(written to a file) ",
            Origin::Decoded => "(decoded) ",
        };
        format!("{mark}{}", excerpt(&self.values, invocation))
    }

    /// Evidence for something that flows from one invocation to another.
    pub fn show_flow(&self, index: usize, is_source: impl Fn(&Invocation) -> bool) -> String {
        let sources = self.execution.sources(index);
        let source = sources.into_iter().find(|at| self.invocation(*at).is_some_and(&is_source));
        match source {
            Some(source) => format!(
                "{} | {}",
                self.show(source),
                self.invocation(index).map(|target| excerpt(&self.values, target)).unwrap_or_default()
            ),
            None => self.show(index),
        }
    }
}

/// A script that a shell reads from a decoder stands in decoded text, and so does everything inside it.
fn decoded(execution: &Execution, origin: Origin) -> Vec<bool> {
    let decoders = |invocation: &Invocation| derive::is_decoder(invocation);
    if origin == Origin::Decoded || !execution.commands.iter().any(decoders) {
        return vec![origin == Origin::Decoded; execution.commands.len()];
    }
    let fed = execution.fed(decoders);
    let mut marks: Vec<bool> = Vec::with_capacity(fed.len());
    for invocation in &execution.commands {
        // A parent comes before its script.
        let mark = invocation.parent.is_some_and(|parent| {
            marks.get(parent) == Some(&true)
                || fed.get(parent) == Some(&true)
                    && execution.commands.get(parent).is_some_and(|shell| !shell.scripts.is_empty())
        });
        marks.push(mark);
    }
    marks
}
