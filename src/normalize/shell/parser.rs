//! The stack machine: frames for lists of commands, and what happens where one begins or ends.

use std::collections::{HashMap, VecDeque};

use super::super::{Limits, Span};
use super::builder::{Mode, WordBuf};
use super::frame::{Draft, Frame, Kind};
use super::heredoc::{Job, Pending};
use super::token::Cursor;
use super::vars::{Environment, Var, Vars};
use super::{Command, Context, Function, Redirect, RedirectOp, Script, Word, output};

/// Calls of functions whose input is followed, and commands of a body that get it.
pub(super) const MAX_CALLS: usize = 64;
const MAX_BODY: usize = 64;

/// State of one [`super::parse`].
pub(super) struct Parser<'l> {
    pub(super) limits: &'l Limits,
    pub(super) vars: Vars<'l>,
    pub(super) aliases: HashMap<String, String>,
    pub(super) functions: HashMap<String, Span>,
    pub(super) defined: Vec<Function>,
    /// What calls of functions give them to read, with the body.
    pub(super) calls: Vec<(Span, Vec<Span>)>,
    /// Bytes that expansions may still add.
    pub(super) budget: usize,
    /// Bytes that may still be read ahead.
    pub(super) ahead: usize,
    pub(super) commands: Vec<Command>,
    pub(super) frame: Frame,
    pub(super) stack: Vec<Frame>,
    pub(super) pending: Vec<Pending>,
    pub(super) jobs: VecDeque<Job>,
    pub(super) truncated: bool,
    /// Lists around the text that is being read: more than none in a here-document.
    pub(super) base: u32,
    /// Offset of the character that is being read.
    pub(super) at: usize,
    stages: Vec<u32>,
    open: usize,
    stopped: bool,
}

impl<'l> Parser<'l> {
    pub(super) fn new(
        limits: &'l Limits,
        len: usize,
        environment: &'l Environment,
        variables: &[(String, String)],
    ) -> Self {
        let mut vars = Vars::of(environment);
        for (name, value) in variables {
            vars.set(name, Var { value: value.clone(), ..Var::default() }, false);
        }
        Self {
            limits,
            vars,
            aliases: HashMap::new(),
            functions: HashMap::new(),
            defined: Vec::new(),
            calls: Vec::new(),
            budget: limits.budget(len),
            ahead: limits.budget(len),
            commands: Vec::new(),
            frame: Frame::new(Kind::Top, 0, None, Context::Top),
            stack: Vec::new(),
            pending: Vec::new(),
            jobs: VecDeque::new(),
            truncated: false,
            base: 0,
            at: 0,
            stages: Vec::new(),
            open: 0,
            stopped: false,
        }
    }

    pub(super) fn run(mut self, script: &str) -> Script {
        let mut end = script.len().min(self.limits.max_input);
        while !script.is_char_boundary(end) {
            end -= 1;
        }
        self.truncated = end < script.len();
        self.scan(&mut Cursor::new(script.get(..end).unwrap_or_default()));
        while let Some(job) = self.jobs.pop_front() {
            self.stopped = false;
            self.base = job.nesting;
            let context = Context::Substitution(Some(job.command));
            self.frame = Frame::new(Kind::Top, self.commands.len(), Some(job.command), context);
            let mut word = WordBuf::default();
            word.modes.push(Mode::Here);
            self.open = 1;
            self.frame.word = Some(word);
            self.scan_word(&mut Cursor::new(&job.body));
            let word = self.frame.word.take().unwrap_or_default();
            if let Some(command) = self.commands.get_mut(job.command) {
                for span in &word.reads {
                    Span::add(&mut command.inputs, *span);
                }
            }
            self.set_target(job.command, job.redirect, |target| *target = word.finish(false));
            self.end_pipeline();
        }
        self.finish()
    }

    fn finish(mut self) -> Script {
        for command in &mut self.commands {
            let stages = usize::try_from(command.pipeline).ok().and_then(|p| self.stages.get(p));
            command.last_stage = stages.is_none_or(|n| command.stage + 1 >= *n);
        }
        for at in 0..self.commands.len() {
            let Some(head) = self.commands.get(at) else { break };
            let Some(span) = head.group else { continue };
            let inputs = head.inputs.clone();
            // Only for small groups: a copy per member of a large one would not be linear.
            let small = span.end - span.start <= 64 && head.redirects.len() <= 16;
            let redirects = if small { head.redirects.clone() } else { Vec::new() };
            let cost: usize = redirects.iter().map(|r| r.target.text.len() + 32).sum();
            for member in self.commands.get_mut(span.start..span.end).into_iter().flatten() {
                for input in &inputs {
                    Span::add(&mut member.inputs, *input);
                }
                if cost <= self.budget {
                    self.budget -= cost;
                    member.redirects.extend_from_slice(&redirects);
                }
            }
        }
        self.hand_to_functions();
        Script {
            commands: self.commands,
            truncated: self.truncated,
            variables: self.vars.into_literals(),
            functions: self.defined,
        }
    }

    /// What a call reads, its function reads. Only for small bodies, each with few inputs: all calls by all members
    /// would not be linear.
    fn hand_to_functions(&mut self) {
        for (body, inputs) in std::mem::take(&mut self.calls) {
            for at in body.indices().take(MAX_BODY) {
                let Some(member) = self.commands.get_mut(at) else { break };
                for input in inputs.iter().take(8).filter(|input| !input.contains(at)) {
                    Span::add(&mut member.inputs, *input);
                }
            }
        }
    }

    fn scan(&mut self, cur: &mut Cursor<'_>) {
        self.scan_word(cur);
        self.end_pipeline();
    }

    /// Reads to the end and closes what is still open, but not the outermost word.
    fn scan_word(&mut self, cur: &mut Cursor<'_>) {
        while !self.stopped
            && let Some(c) = cur.peek()
        {
            self.step(cur, c);
        }
        while !self.stack.is_empty() {
            self.close();
        }
        self.close_modes();
    }

    /// Gives up here; what was read so far is kept.
    pub(super) fn stop(&mut self) {
        self.truncated = true;
        self.stopped = true;
    }

    /// Counts one more open construct; not possible beyond the cap.
    pub(super) fn deeper(&mut self) -> bool {
        if self.open >= self.limits.max_nesting {
            self.stop();
            return false;
        }
        self.open += 1;
        true
    }

    pub(super) fn push_mode(&mut self, mode: Mode) {
        if self.deeper() {
            self.word().modes.push(mode);
        }
    }

    pub(super) fn pop_mode(&mut self) -> Option<Mode> {
        let mode = self.frame.word.as_mut()?.modes.pop();
        if mode.is_some() {
            self.open = self.open.saturating_sub(1);
        }
        mode
    }

    /// Ends unterminated quotes and expansions of the word.
    fn close_modes(&mut self) {
        while let Some(mode) = self.pop_mode() {
            if let Mode::Param(operation) = mode {
                self.finish_param(&operation);
            }
        }
    }

    /// The word that is being read; starts one, and with it a command, where there is none.
    pub(super) fn word(&mut self) -> &mut WordBuf {
        if self.frame.word.is_none() && !self.frame.pattern {
            self.draft();
        }
        self.frame.word.get_or_insert_default()
    }

    /// The command that is being read; starts one where there is none.
    pub(super) fn draft(&mut self) -> &mut Draft {
        let id = self.commands.len();
        if self.frame.draft.is_none() {
            if id >= self.limits.max_commands {
                self.stop();
            } else {
                self.commands.push(Command::default());
            }
            self.begin_stage(id);
        }
        let command = Command { offset: self.at, ..Command::default() };
        self.frame.draft.get_or_insert_with(|| Draft { id, command, ..Draft::default() })
    }

    fn begin_stage(&mut self, id: usize) {
        if self.frame.fresh {
            self.frame.fresh = false;
            self.frame.pipeline = u32::try_from(self.stages.len()).unwrap_or(u32::MAX);
            self.stages.push(1);
            self.frame.stage = 0;
            self.frame.pipeline_start = id;
            self.frame.stage_start = id;
        }
    }

    /// Takes back a command that turned out to be none (a keyword, the name of a function).
    pub(super) fn drop_draft(&mut self) {
        if let Some(draft) = self.frame.draft.take()
            && draft.id + 1 == self.commands.len()
        {
            self.commands.pop();
        }
    }

    /// Opens a list of commands.
    pub(super) fn open(&mut self, kind: Kind) {
        if !self.deeper() {
            return;
        }
        let start = self.commands.len();
        let owner = self.frame.draft.as_ref().map(|d| d.id).or(self.frame.owner);
        let mut context = self.frame.context;
        match kind {
            Kind::Subst | Kind::Backtick => context = Context::Substitution(owner),
            Kind::ProcIn | Kind::ProcOut => context = Context::ProcessSubstitution(owner),
            _ => self.begin_stage(start),
        }
        let mut frame = Frame::new(kind, start, owner, context);
        frame.at = self.at;
        frame.outer = self.frame.inputs();
        if !matches!(kind, Kind::ProcIn | Kind::ProcOut) {
            frame.outer_feed = self.frame.source();
        }
        if kind == Kind::ProcOut
            && let Some(owner) = owner
        {
            frame.outer_feed = Some(Span::new(owner, owner + 1));
            Span::add(&mut frame.outer, Span::new(owner, owner + 1));
        }
        if !matches!(kind, Kind::Subst | Kind::Backtick | Kind::ProcIn | Kind::ProcOut) {
            self.frame.group = None;
            if let Some(name) = self.frame.named.take() {
                frame.context = Context::Function;
                frame.function = Some(name);
                frame.positionals = self.vars.take_positionals();
            }
        }
        self.stack.push(std::mem::replace(&mut self.frame, frame));
    }

    /// Closes the innermost list and hands what it gives to the one around it.
    pub(super) fn close(&mut self) {
        self.close_modes();
        self.end_pipeline();
        let Some(parent) = self.stack.pop() else { return };
        self.open = self.open.saturating_sub(1);
        let child = std::mem::replace(&mut self.frame, parent);
        let span = Span::new(child.start, self.commands.len());
        match child.kind {
            Kind::Subst | Kind::Backtick => self.substituted(span),
            Kind::ProcIn => {
                let word = self.word();
                word.push_expanded("<()", true);
                Span::add(&mut word.reads, span);
            }
            Kind::ProcOut => self.word().push_expanded(">()", true),
            Kind::Top => {}
            _ => {
                if let Some(name) = child.function {
                    self.vars.put_positionals(child.positionals);
                    self.define_as(name, child.kind, span, child.at);
                }
                self.frame.group = Some(span);
            }
        }
    }

    /// Notes a function. The text of its body begins behind the sign that opened it, and ends before the one that
    /// closed it; what is read elsewhere than in the script itself has none.
    fn define_as(&mut self, name: String, kind: Kind, body: Span, opened: usize) {
        if matches!(kind, Kind::Brace | Kind::Paren) && self.base == 0 {
            let text =
                if kind == Kind::Paren { opened + 1..self.at } else { opened..self.at.saturating_sub(1) };
            self.defined.push(Function { name: name.clone(), body, text });
        }
        self.functions.insert(name, body);
    }

    /// Puts the output of a substitution into the word, where it is certain.
    fn substituted(&mut self, span: Span) {
        let known = output::of_span(&self.commands, span, None);
        match known {
            Some((text, decoded)) if text.len() <= self.budget => {
                let unquoted = self.word().modes.is_empty();
                self.word().disguised |= decoded;
                self.insert(&text, false, unquoted);
            }
            _ => {
                self.word().push_expanded("$()", true);
            }
        }
        Span::add(&mut self.word().reads, span);
    }

    /// Closes lists up to and including the innermost one of which `ends` holds, if there is one that no
    /// other substitution shields.
    pub(super) fn close_to(&mut self, ends: impl Fn(Kind) -> bool, shields: impl Fn(Kind) -> bool) -> bool {
        let kinds = std::iter::once(self.frame.kind).chain(self.stack.iter().rev().map(|f| f.kind));
        let kinds: Vec<Kind> = kinds.collect();
        for (above, kind) in kinds.into_iter().enumerate() {
            if ends(kind) {
                (0..=above).for_each(|_| self.close());
                return true;
            }
            if shields(kind) {
                break;
            }
        }
        false
    }

    /// Ends the command and the pipeline it is in.
    pub(super) fn end_pipeline(&mut self) {
        self.finish_word();
        self.finish_command();
        self.frame.fresh = true;
        self.frame.group = None;
    }

    /// A `|`: the next command reads what this one writes.
    pub(super) fn next_stage(&mut self) {
        self.finish_word();
        self.finish_command();
        let end = self.commands.len();
        self.begin_stage(end);
        self.frame.group = None;
        self.frame.feed = Some(Span::new(self.frame.stage_start, end));
        self.frame.stage += 1;
        self.frame.stage_start = end;
        let stage = self.frame.stage;
        if let Some(count) = usize::try_from(self.frame.pipeline).ok().and_then(|p| self.stages.get_mut(p)) {
            *count = stage + 1;
        }
    }

    /// Stores the command that is being read.
    pub(super) fn finish_command(&mut self) {
        let Some(mut draft) = self.frame.draft.take() else { return };
        self.frame.coproc = false;
        if let Some(opened) = draft.opened.take() {
            let redirect = Redirect { fd: opened.fd, op: opened.op, target: Word::default() };
            draft.command.redirects.push(redirect);
        }
        if draft.is_blank() {
            if draft.id + 1 == self.commands.len() {
                self.commands.pop();
            }
            return;
        }
        self.frame.named = None;
        let mut inputs = self.frame.inputs();
        for span in draft.reads.drain(..) {
            Span::add(&mut inputs, span);
        }
        let command = &mut draft.command;
        command.pipeline = self.frame.pipeline;
        command.stage = self.frame.stage;
        command.nesting = u32::try_from(self.stack.len()).unwrap_or(u32::MAX).saturating_add(self.base);
        command.context = self.frame.context;
        command.feed = self.frame.source();
        command.inputs = inputs;
        self.effects(&mut draft);
        if let Some(slot) = self.commands.get_mut(draft.id) {
            *slot = draft.command;
        }
    }

    /// Changes the target of a redirection, whether its command is finished or not.
    pub(super) fn set_target(&mut self, command: usize, redirect: usize, change: impl FnOnce(&mut Word)) {
        let drafts = self.stack.iter_mut().chain([&mut self.frame]).filter_map(|f| f.draft.as_mut());
        let mut open = drafts.filter(|d| d.id == command).map(|d| &mut d.command);
        let found = open.next().or_else(|| self.commands.get_mut(command));
        if let Some(entry) = found.and_then(|c| c.redirects.get_mut(redirect))
            && entry.op == RedirectOp::HereDoc
        {
            change(&mut entry.target);
        }
    }
}
