//! The walk over scripts inside scripts, with an explicit stack.

use super::super::path::straightened;
use super::super::shell::{self, Command, Environment, Script};
use super::functions::Functions;
use super::input::{Known, Output};
use super::line::Entry;
use super::names::Names;
use super::{Execution, Invocation, Limits, Span, Word};

/// A script whose commands are being taken up.
pub(super) struct Level {
    pub(super) commands: Vec<Command>,
    /// The first that was not taken up.
    next: usize,
    /// The invocation that runs it.
    pub(super) parent: Option<usize>,
    pub(super) nesting: u32,
    /// Added to the script's pipeline numbers.
    pub(super) pipelines: u32,
    pub(super) from_shell: bool,
    /// Index of the first invocation of each command taken up so far.
    pub(super) starts: Vec<usize>,
    /// Standard output of each.
    pub(super) outputs: Vec<Output>,
    /// Invocations, and groups, whose spans are still those of the script.
    open: Vec<usize>,
    pub(super) variables: Vec<(String, String)>,
    /// What it knows beyond its own text.
    pub(super) known: Known,
}

/// State of one [`super::executed`].
pub(super) struct Walk<'l> {
    env: &'l Environment,
    pub(super) limits: &'l Limits,
    pub(super) out: Execution,
    pub(super) levels: Vec<Level>,
    pub(super) budget: usize,
    pub(super) names: Names,
    pub(super) functions: Functions,
    entries: usize,
    next_pipeline: u32,
}

impl<'l> Walk<'l> {
    pub(super) fn new(env: &'l Environment, limits: &'l Limits) -> Self {
        Self {
            env,
            limits,
            out: Execution::default(),
            levels: Vec::new(),
            budget: 0,
            names: Names::default(),
            functions: Functions::default(),
            entries: 0,
            next_pipeline: 0,
        }
    }

    pub(super) fn run(mut self, argv: &[String]) -> Execution {
        self.budget = self.limits.budget(argv.iter().map(String::len).sum());
        let words = argv.iter().map(Word::literal).collect();
        let command = Command { words, last_stage: true, ..Command::default() };
        let script = Script { commands: vec![command], ..Script::default() };
        self.push(script, None, 0, false, Known::default());
        while let Some(level) = self.levels.last_mut() {
            let at = level.next;
            level.next += 1;
            match level.commands.get_mut(at).map(std::mem::take) {
                Some(command) => self.command(at, command),
                None => self.pop(),
            }
        }
        self.inherit();
        self.out
    }

    fn push(&mut self, script: Script, parent: Option<usize>, nesting: u32, from_shell: bool, known: Known) {
        let Script { commands, variables, .. } = script;
        let pipelines = self.next_pipeline;
        let used = commands.iter().map(|c| c.pipeline + 1).max().unwrap_or(0);
        self.next_pipeline = pipelines.saturating_add(used);
        let (starts, outputs, open) = (Vec::new(), Vec::new(), Vec::new());
        self.levels.push(Level {
            commands,
            next: 0,
            parent,
            nesting,
            pipelines,
            from_shell,
            starts,
            outputs,
            open,
            variables,
            known,
        });
    }

    /// Ends a script: from here on the spans of its invocations are indices of invocations.
    fn pop(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        self.hand_out(&level);
        let end = self.out.commands.len();
        let place = |at: usize| level.starts.get(at).copied().unwrap_or(end);
        let map = |span: Span| Span::new(place(span.start), place(span.end));
        for at in level.open {
            if let Some(invocation) = self.out.commands.get_mut(at) {
                let spans = std::mem::take(&mut invocation.inputs);
                for span in spans {
                    Span::add(&mut invocation.inputs, map(span));
                }
                invocation.group = invocation.group.map(map);
            }
        }
    }

    /// A script reads what the invocation that runs it reads.
    fn inherit(&mut self) {
        for at in 0..self.out.commands.len() {
            let Some(parent) = self.out.commands.get(at).and_then(|c| c.parent) else { continue };
            let inputs = self.out.commands.get(parent).map(|p| p.inputs.clone()).unwrap_or_default();
            if let Some(invocation) = self.out.commands.get_mut(at) {
                // An invocation does not read its own output, even where a script around it does.
                for span in inputs.into_iter().filter(|s| !s.contains(at)) {
                    Span::add(&mut invocation.inputs, span);
                }
            }
        }
    }

    /// Whether no more invocations are kept; then there is more than what is kept.
    pub(super) fn is_full(&mut self) -> bool {
        let full = self.out.commands.len() >= self.limits.max_commands;
        self.out.truncated |= full;
        full
    }

    pub(super) fn emit(&mut self, mut invocation: Invocation) -> usize {
        let at = self.out.commands.len();
        if self.is_full() {
            return at;
        }
        invocation.disguised |= invocation.program_disguised;
        // Here once, so that no rule has to know how a path can be spelled.
        let targets = invocation.redirects.iter_mut().filter(|redirect| {
            !matches!(redirect.op, shell::RedirectOp::HereDoc | shell::RedirectOp::HereString)
        });
        // What is printed is text, not a path.
        let prints = matches!(invocation.program.as_str(), "echo" | "printf");
        let args = invocation.args.iter_mut().filter(|_| !prints);
        let words = args.chain(targets.map(|redirect| &mut redirect.target));
        for word in words {
            if let Some(straight) = straightened(&word.text) {
                word.text = straight;
            }
        }
        if let Some(level) = self.levels.last_mut() {
            level.open.push(at);
        }
        self.out.commands.push(invocation);
        at
    }

    /// Enters a script that stands in one of the first `depth` levels.
    pub(super) fn enter(&mut self, parent: usize, entry: Entry, depth: usize) {
        let deep = self.levels.len() > self.limits.max_nesting;
        if self.is_full() || deep || self.entries >= self.limits.max_reentries {
            self.out.truncated = true;
            return;
        }
        let around = depth.checked_sub(1).and_then(|at| self.levels.get(at)).filter(|_| entry.inherits);
        let inherited = around.map(|level| level.variables.as_slice()).unwrap_or_default();
        let sizes = inherited.iter().chain(&entry.positional).map(|(n, v)| n.len() + v.len());
        let size = entry.text.len() + sizes.sum::<usize>();
        // The script in the argument list itself is input, not growth.
        let cost = if self.entries == 0 { 0 } else { size };
        let Some(left) = self.budget.checked_sub(cost) else {
            self.out.truncated = true;
            return;
        };
        let is_own =
            |name: &str| !entry.called || !is_positional(name) || entry.function.is_some() && name == "0";
        let mut variables: Vec<(String, String)> =
            inherited.iter().filter(|(name, _)| is_own(name)).cloned().collect();
        variables.extend(entry.positional);
        self.entries += 1;
        self.budget = left;
        let script = shell::parse_in(&entry.text, self.env, &variables, self.limits);
        self.functions.define(&entry.text, &script, self.levels.len());
        let around = around.map_or(&[][..], |level| level.known.fds.as_slice());
        let known = Known {
            stdin: entry.stdin,
            owner: entry.owner,
            function: entry.function,
            fds: around.to_vec(),
            ..Known::default()
        };
        self.out.truncated |= script.truncated;
        let nesting = self.out.commands.get(parent).map_or(1, |c| c.nesting.saturating_add(1));
        self.push(script, Some(parent), nesting, true, known);
    }
}

/// `0`, `1`, …, and all of them together.
fn is_positional(name: &str) -> bool {
    matches!(name, "@" | "*") || name.bytes().all(|letter| letter.is_ascii_digit())
}
