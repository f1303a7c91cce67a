//! From one command of a script to its invocations: wrappers peeled off, the scripts it is given found.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::shell::{self, Command};
use super::arguments::{with_arguments, with_input};
use super::prefix::{nested, peel, script_of};
use super::shells::{Source, base, is_shell, is_stdin, source};
use super::walk::Walk;
use super::{Invocation, Word};

/// A script to be entered.
pub(super) struct Entry {
    pub(super) text: String,
    /// It knows the variables of the script around it.
    pub(super) inherits: bool,
    /// `0`, `1`, … and all of them together.
    pub(super) positional: Vec<(String, String)>,
    /// It has words of its own, and not those of the script around it.
    pub(super) called: bool,
    /// Text on its standard input.
    pub(super) stdin: Option<Rc<str>>,
    /// The command of the script around it that it is the work of.
    pub(super) owner: Option<usize>,
    /// The function whose body it is.
    pub(super) function: Option<String>,
}

impl Entry {
    fn inheriting(text: String) -> Self {
        Self {
            text,
            inherits: true,
            positional: Vec::new(),
            called: false,
            stdin: None,
            owner: None,
            function: None,
        }
    }

    /// With the words behind it: `$0` comes first.
    pub(super) fn called(text: &str, words: &[Word]) -> Self {
        let mut positional: Vec<(String, String)> =
            words.iter().take(10).enumerate().map(|(n, word)| (n.to_string(), word.text.clone())).collect();
        let all: Vec<&str> = words.iter().skip(1).map(|word| word.text.as_str()).collect();
        if !all.is_empty() {
            positional.push(("@".to_owned(), all.join(" ")));
            positional.push(("*".to_owned(), all.join(" ")));
        }
        Self { positional, called: true, ..Self::inheriting(with_arguments(text, &all)) }
    }
}

impl Walk<'_> {
    /// Whether a command calls a function that runs its arguments, `run() { "$@"; }`: then it is a wrapper as
    /// `env` is one.
    fn calls_runner(&self, command: &Command) -> bool {
        let Some(level) = self.levels.last() else { return false };
        let body = command.inputs.iter().flat_map(|span| span.indices().take(8)).take(32);
        let member = |at: usize| level.starts.get(at).and_then(|start| self.out.commands.get(*start));
        command.words.len() > 1
            && body.filter_map(member).any(|member| {
                member.context == shell::Context::Function && matches!(member.path.as_str(), "$@" | "$*")
            })
    }

    /// Takes up one command: its wrappers, itself, the scripts it runs.
    pub(super) fn command(&mut self, number: usize, mut command: Command) {
        let runner = self.calls_runner(&command);
        if runner {
            command.words.remove(0);
        }
        self.names.visit(&command);
        self.follow_descriptors(number, &mut command);
        let stdin = self.stdin(number, &command);
        self.resolve(number, &mut command, stdin.as_deref());
        self.follow_variables(&command, stdin.as_ref());
        self.output(&command, stdin.as_deref());
        let call = if runner { None } else { self.call(&command, stdin.as_ref()) };
        let depth = self.levels.len();
        let Some(level) = self.levels.last() else { return };
        let base = Invocation {
            pipeline: level.pipelines.saturating_add(command.pipeline),
            stage: command.stage,
            last_stage: command.last_stage,
            nesting: level.nesting.saturating_add(command.nesting),
            inputs: command.inputs,
            parent: level.parent,
            context: command.context,
            from_shell: level.from_shell,
            group: command.group,
            ..Invocation::default()
        };
        let mut entries = Vec::new();
        // Command lines that the arguments of another one hold (`find -exec`) follow it.
        let mut lines = VecDeque::from([command.words]);
        let (redirects, assignments) = (command.redirects, command.assignments);
        let mut first = Some(Invocation { assignments, redirects, ..base.clone() });
        while let Some(words) = lines.pop_front() {
            let start = first.take().unwrap_or_else(|| base.clone());
            self.line(words, start, stdin.as_ref(), &mut entries, &mut lines);
        }
        let last = self.out.commands.len().saturating_sub(1);
        entries.extend(call.map(|entry| (last, entry)));
        // The first script comes first: it has to be on top.
        for (parent, mut entry) in entries.into_iter().rev() {
            entry.owner = Some(number);
            self.enter(parent, entry, depth);
        }
    }

    fn line(
        &mut self,
        words: Vec<Word>,
        mut made: Invocation,
        stdin: Option<&Rc<str>>,
        entries: &mut Vec<(usize, Entry)>,
        lines: &mut VecDeque<Vec<Word>>,
    ) {
        let mut words = with_input(words, stdin.map(|text| &**text));
        let mut written = self.rename(&mut words, 0);
        // Only moves on, never copies what is left: a long chain of wrappers stays linear.
        let mut at = 0;
        let size =
            |list: &[(String, String)]| list.iter().map(|(n, v)| n.len() + v.len() + 16).sum::<usize>();
        let mut assigned = size(&made.assignments);
        while let Some(peeled) = peel(words.get(at..).unwrap_or_default()) {
            if self.is_full() {
                return;
            }
            assigned += size(&peeled.assigns);
            made.assignments.extend(peeled.assigns);
            let name = words.get(at).cloned().unwrap_or_default();
            if peeled.keep || peeled.text.is_some() {
                let (redirects, assignments) =
                    (std::mem::take(&mut made.redirects), std::mem::take(&mut made.assignments));
                let mut wrapper = Invocation { wrapper: true, ..made.clone() };
                // Charged: each of many wrappers would have a copy of them.
                match self.budget.checked_sub(assigned) {
                    Some(left) => {
                        self.budget = left;
                        wrapper.assignments.clone_from(&assignments);
                    }
                    None => self.out.truncated = true,
                }
                (made.redirects, made.assignments) = (redirects, assignments);
                let own = words.get(at + 1..at + peeled.at).unwrap_or_default();
                name_it(&mut wrapper, &name, own.to_vec());
                let index = self.emit(wrapper);
                if let Some(text) = peeled.text {
                    entries.push((index, Entry { inherits: false, ..Entry::inheriting(text) }));
                    return;
                }
            }
            if made.prefixes.len() < 32 {
                made.prefixes.push(base(&name).to_owned());
            }
            made.program_disguised |= name.disguised;
            at += peeled.at;
            written = self.rename(&mut words, at);
        }
        let mut own = words.into_iter().skip(at);
        let name = own.next().unwrap_or_default();
        let args: Vec<Word> = own.collect();
        let program = base(&name).to_owned();
        for (from, to) in nested(&program, &args) {
            let line = args.get(from..to).unwrap_or_default();
            // Charged: `find -exec find -exec …` would copy the rest again and again.
            match self.budget.checked_sub(line.iter().map(|w| w.text.len() + 16).sum()) {
                Some(left) => {
                    self.budget = left;
                    lines.push_back(line.to_vec());
                }
                None => self.out.truncated = true,
            }
        }
        let entry = entry(&program, &args, stdin);
        made.scripts.extend(entry.as_ref().map(|e| e.text.clone()));
        if !is_shell(&program) {
            made.stdin = stdin.cloned();
        }
        name_it(&mut made, &name, args);
        // Where it lies counts as well as what it is.
        made.path = written.unwrap_or(made.path);
        let at = self.emit(made);
        entries.extend(entry.map(|entry| (at, entry)));
    }

    /// Puts the program behind another name in its place; gives the name that was written.
    fn rename(&self, words: &mut [Word], at: usize) -> Option<String> {
        let word = words.get_mut(at)?;
        let real = self.names.real(&word.text)?;
        Some(std::mem::replace(&mut word.text, real))
    }
}

/// The script that a program is given as text.
fn entry(program: &str, args: &[Word], stdin: Option<&Rc<str>>) -> Option<Entry> {
    if matches!(program, "." | "source") {
        let text = args.first().filter(|w| is_stdin(w)).and(stdin)?;
        return Some(Entry::inheriting(text.to_string()));
    }
    if !is_shell(program) {
        let entry = script_of(program, args).map(Entry::inheriting)?;
        return Some(Entry { stdin: stdin.cloned(), ..entry });
    }
    match source(args) {
        Source::Text(at) => {
            let entry = Entry::called(&args.get(at)?.text, args.get(at + 1..).unwrap_or_default());
            Some(Entry { stdin: stdin.cloned(), ..entry })
        }
        // Its standard input is the script itself.
        Source::Stdin => Some(Entry::inheriting(stdin?.to_string())),
        Source::File => None,
    }
}

fn name_it(invocation: &mut Invocation, name: &Word, args: Vec<Word>) {
    base(name).clone_into(&mut invocation.program);
    invocation.path.clone_from(&name.text);
    invocation.program_disguised |= name.disguised;
    invocation.disguised |= name.disguised || args.iter().any(|w| w.disguised);
    invocation.args = args;
}
