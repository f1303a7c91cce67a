//! The walk over scripts inside scripts, with an explicit stack.

use super::super::shell::{self, Command, static_output, stdin_text};
use super::prefix::{nested, peel, script_of};
use super::shells::{Source, base, is_shell, is_stdin, source};
use super::{Execution, Invocation, Limits, Span, Word};

/// A script whose commands are being taken up.
struct Level {
    commands: std::vec::IntoIter<Command>,
    /// The invocation that runs it.
    parent: Option<usize>,
    nesting: u32,
    /// Added to the script's pipeline numbers.
    pipelines: u32,
    from_shell: bool,
    /// Index of the first invocation of each command taken up so far.
    starts: Vec<usize>,
    /// Standard output of each.
    outputs: Vec<Output>,
    /// Invocations, and groups, whose spans are still those of the script.
    open: Vec<usize>,
    variables: Vec<(String, String)>,
}

/// What a command is certain to write, and where in its pipeline it stands.
struct Output {
    text: Option<String>,
    pipeline: u32,
    stage: u32,
}

impl Level {
    /// What comes out of a stage: of each pipeline in it what the last stage writes.
    fn written(&self, feed: Span) -> Option<Vec<&str>> {
        let members = self.outputs.get(feed.start..feed.end)?;
        let mut last = std::collections::HashMap::new();
        for member in members {
            let stage = last.entry(member.pipeline).or_insert(member.stage);
            *stage = member.stage.max(*stage);
        }
        let ends = members.iter().filter(|m| last.get(&m.pipeline) == Some(&m.stage));
        Some(ends.filter_map(|m| m.text.as_deref()).collect())
    }
}

/// A script to be entered.
struct Entry {
    text: String,
    variables: Vec<(String, String)>,
}

/// State of one [`super::executed`].
pub(super) struct Walk<'l> {
    env: &'l [(String, String)],
    limits: &'l Limits,
    out: Execution,
    levels: Vec<Level>,
    budget: usize,
    entries: usize,
    next_pipeline: u32,
}

impl<'l> Walk<'l> {
    pub(super) fn new(env: &'l [(String, String)], limits: &'l Limits) -> Self {
        Self {
            env,
            limits,
            out: Execution::default(),
            levels: Vec::new(),
            budget: 0,
            entries: 0,
            next_pipeline: 0,
        }
    }

    pub(super) fn run(mut self, argv: &[String]) -> Execution {
        self.budget = self.limits.budget(argv.iter().map(String::len).sum());
        let words = argv.iter().map(Word::literal).collect();
        let command = Command { words, last_stage: true, ..Command::default() };
        self.push(vec![command], None, 0, false, Vec::new());
        while let Some(level) = self.levels.last_mut() {
            match level.commands.next() {
                Some(command) => self.command(command),
                None => self.pop(),
            }
        }
        self.inherit();
        self.out
    }

    fn push(
        &mut self,
        commands: Vec<Command>,
        parent: Option<usize>,
        nesting: u32,
        from_shell: bool,
        variables: Vec<(String, String)>,
    ) {
        let pipelines = self.next_pipeline;
        let used = commands.iter().map(|c| c.pipeline + 1).max().unwrap_or(0);
        self.next_pipeline = pipelines.saturating_add(used);
        let commands = commands.into_iter();
        let (starts, outputs, open) = (Vec::new(), Vec::new(), Vec::new());
        self.levels.push(Level {
            commands,
            parent,
            nesting,
            pipelines,
            from_shell,
            starts,
            outputs,
            open,
            variables,
        });
    }

    /// Ends a script: from here on the spans of its invocations are indices of invocations.
    fn pop(&mut self) {
        let Some(level) = self.levels.pop() else { return };
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
    fn command(&mut self, mut command: Command) {
        if self.calls_runner(&command) {
            command.words.remove(0);
        }
        let stdin = self.stdin(&command);
        self.output(&command, stdin.as_deref());
        let Some(level) = self.levels.last() else { return };
        let base = Invocation {
            redirects: command.redirects,
            pipeline: level.pipelines.saturating_add(command.pipeline),
            stage: command.stage,
            last_stage: command.last_stage,
            nesting: level.nesting.saturating_add(command.nesting),
            inputs: command.inputs,
            parent: level.parent,
            context: command.context,
            from_shell: level.from_shell,
            group: command.group,
            assignments: command.assignments,
            ..Invocation::default()
        };
        let mut entries = Vec::new();
        // Command lines that the arguments of another one hold (`find -exec`) follow it.
        let mut lines = std::collections::VecDeque::from([command.words]);
        let mut first = Some(base.clone());
        while let Some(words) = lines.pop_front() {
            let start = first.take().unwrap_or_else(|| Invocation {
                redirects: Vec::new(),
                assignments: Vec::new(),
                ..base.clone()
            });
            self.line(words, start, stdin.as_deref(), &mut entries, &mut lines);
        }
        // The first script comes first: it has to be on top.
        for (parent, entry) in entries.into_iter().rev() {
            self.enter(parent, entry);
        }
    }

    fn line(
        &mut self,
        words: Vec<Word>,
        mut made: Invocation,
        stdin: Option<&str>,
        entries: &mut Vec<(usize, Entry)>,
        lines: &mut std::collections::VecDeque<Vec<Word>>,
    ) {
        let words = with_input(words, stdin);
        // Only moves on, never copies what is left: a long chain of wrappers stays linear.
        let mut at = 0;
        while let Some(peeled) = peel(words.get(at..).unwrap_or_default()) {
            made.assignments.extend(peeled.assigns);
            let name = words.get(at).cloned().unwrap_or_default();
            if peeled.keep || peeled.text.is_some() {
                let mut wrapper = made.clone();
                wrapper.redirects = Vec::new();
                wrapper.wrapper = true;
                let own = words.get(at + 1..at + peeled.at).unwrap_or_default();
                name_it(&mut wrapper, &name, own.to_vec());
                let index = self.emit(wrapper);
                if let Some(text) = peeled.text {
                    entries.push((index, Entry { text, variables: Vec::new() }));
                    return;
                }
            }
            if made.prefixes.len() < 32 {
                made.prefixes.push(base(&name).to_owned());
            }
            made.program_disguised |= name.disguised;
            at += peeled.at;
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
        let entry = self.entry(&program, &args, stdin);
        made.scripts.extend(entry.as_ref().map(|e| e.text.clone()));
        name_it(&mut made, &name, args);
        let at = self.emit(made);
        entries.extend(entry.map(|entry| (at, entry)));
    }

    /// The script that a program is given as text.
    fn entry(&self, program: &str, args: &[Word], stdin: Option<&str>) -> Option<Entry> {
        let inherited = || self.levels.last().map(|l| l.variables.clone()).unwrap_or_default();
        if matches!(program, "." | "source") {
            let text = args.first().filter(|w| is_stdin(w)).and(stdin)?;
            return Some(Entry { text: text.to_owned(), variables: inherited() });
        }
        if !is_shell(program) {
            return script_of(program, args).map(|text| Entry { text, variables: inherited() });
        }
        let mut variables = inherited();
        match source(args) {
            Source::Text(at) => {
                let positional = args.get(at + 1..).unwrap_or_default();
                for (n, word) in positional.iter().take(10).enumerate() {
                    variables.push((n.to_string(), word.text.clone()));
                }
                let all: Vec<&str> = positional.iter().skip(1).map(|w| w.text.as_str()).collect();
                let text = args.get(at)?.text.as_str();
                if !all.is_empty() {
                    variables.push(("@".to_owned(), all.join(" ")));
                    variables.push(("*".to_owned(), all.join(" ")));
                }
                Some(Entry { text: with_arguments(text, &all), variables })
            }
            Source::Stdin => Some(Entry { text: stdin?.to_owned(), variables }),
            Source::File => None,
        }
    }

    fn emit(&mut self, mut invocation: Invocation) -> usize {
        let at = self.out.commands.len();
        if at >= self.limits.max_commands {
            self.out.truncated = true;
            return at;
        }
        invocation.disguised |= invocation.program_disguised;
        if let Some(level) = self.levels.last_mut() {
            level.open.push(at);
        }
        self.out.commands.push(invocation);
        at
    }

    fn enter(&mut self, parent: usize, entry: Entry) {
        let full = self.out.commands.len() >= self.limits.max_commands;
        let size = entry.text.len() + entry.variables.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>();
        // The script in the argument list itself is input, not growth.
        let cost = if self.entries == 0 { 0 } else { size };
        let deep = self.levels.len() > self.limits.max_nesting;
        if full || deep || self.entries >= self.limits.max_reentries || cost > self.budget {
            self.out.truncated = true;
            return;
        }
        self.entries += 1;
        self.budget -= cost;
        let mut variables = self.env.to_vec();
        variables.extend(entry.variables);
        let script = shell::parse_with(&entry.text, &variables, self.limits);
        self.out.truncated |= script.truncated;
        let nesting = self.out.commands.get(parent).map_or(1, |c| c.nesting.saturating_add(1));
        self.push(script.commands, Some(parent), nesting, true, script.variables);
    }

    /// Text on the standard input of a command, where the script says it.
    fn stdin(&mut self, command: &Command) -> Option<String> {
        let reads = command.words.iter().any(|w| reads_stdin(base(w)));
        if !reads {
            return None;
        }
        let level = self.levels.last()?;
        let text = if let Some(word) = stdin_text(&command.redirects) {
            word.text.clone()
        } else {
            let feed = command.feed?;
            let known = level.written(feed)?;
            if known.is_empty() || known.iter().map(|t| t.len()).sum::<usize>() > self.budget {
                return None;
            }
            known.concat()
        };
        let cost = text.len() + command.feed.map_or(0, |f| f.end - f.start);
        let Some(left) = self.budget.checked_sub(cost) else {
            self.out.truncated = true;
            return None;
        };
        self.budget = left;
        Some(text)
    }

    /// Remembers where a command's invocations start, and what it writes if that is certain.
    fn output(&mut self, command: &Command, stdin: Option<&str>) {
        let start = self.out.commands.len();
        let file = command.redirects.iter().any(|r| r.fd.is_none_or(|fd| fd == 1) && r.op.writes());
        let text = if file { None } else { static_output(&command.words, stdin) };
        let text = text.filter(|t| t.len() <= self.budget);
        self.budget -= text.as_ref().map_or(0, String::len);
        if let Some(level) = self.levels.last_mut() {
            level.starts.push(start);
            level.outputs.push(Output { text, pipeline: command.pipeline, stage: command.stage });
        }
    }
}

/// A script with the words that `"$@"` stands for, which are words whatever is in them.
fn with_arguments(text: &str, arguments: &[&str]) -> String {
    // Each use is a copy: more than a few are left to the shell reader, which joins the words.
    if arguments.is_empty() || text.matches("$@").count() > 4 {
        return text.to_owned();
    }
    let quoted = arguments.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    let line = quoted.collect::<Vec<_>>().join(" ");
    text.replace("\"$@\"", &line).replace("\"${@}\"", &line)
}

/// The words of a command, with what `xargs` adds to them where its input is known.
fn with_input(mut words: Vec<Word>, stdin: Option<&str>) -> Vec<Word> {
    let Some(at) = words.iter().position(|word| base(word) == "xargs") else { return words };
    // These put it elsewhere, or take it from elsewhere.
    let other = words.iter().skip(at).take(8).any(|word| {
        word.text.starts_with(['-'])
            && !word.text.starts_with("--")
            && word.text.contains(['I', 'i', '0', 'd', 'a'])
    });
    if let Some(text) = stdin.filter(|_| !other) {
        words.extend(text.split_whitespace().take(64).map(Word::literal));
    }
    words
}

/// Programs for which the text on standard input matters here.
fn reads_stdin(name: &str) -> bool {
    is_shell(name)
        || matches!(
            name,
            "." | "source" | "cat" | "tee" | "rev" | "base64" | "openssl" | "xxd" | "tr" | "sed" | "xargs"
        )
}

fn name_it(invocation: &mut Invocation, name: &Word, args: Vec<Word>) {
    base(name).clone_into(&mut invocation.program);
    invocation.path.clone_from(&name.text);
    invocation.program_disguised |= name.disguised;
    invocation.disguised |= name.disguised || args.iter().any(|w| w.disguised);
    invocation.args = args;
}
