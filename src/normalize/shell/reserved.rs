//! What a finished word or command means: keywords, assignments, aliases, builtins that set variables.

use super::super::Span;
use super::frame::{Draft, Head, Kind};
use super::heredoc::Pending;
use super::output::static_output;
use super::parser::Parser;
use super::vars::Var;
use super::{Redirect, RedirectOp, Word};

impl Parser<'_> {
    /// Ends the word that is being read.
    pub(super) fn finish_word(&mut self) {
        let Some(word) = self.frame.word.take() else { return };
        if self.frame.pattern {
            if word.is_bare() && word.text == "esac" {
                self.frame.pattern = false;
                self.close();
            }
            return;
        }
        let bare = word.is_bare();
        let draft = self.draft();
        for span in &word.reads {
            Span::add(&mut draft.reads, *span);
        }
        if let Some(opened) = draft.opened.take() {
            let (command, redirect) = (draft.id, draft.command.redirects.len());
            let word = word.finish(false);
            let here = opened.op == RedirectOp::HereDoc;
            let (delimiter, literal) = (word.text.clone(), word.quoted);
            let target = if here { Word::default() } else { word };
            draft.command.redirects.push(Redirect { fd: opened.fd, op: opened.op, target });
            if here {
                self.pending.push(Pending { command, redirect, delimiter, literal, strip: opened.strip });
            }
            return;
        }
        if bare && draft.is_blank() && self.keyword(&word.text) {
            return;
        }
        if bare && self.is_prefixed_group(&word.text) && self.keyword(&word.text) {
            return;
        }
        let draft = self.draft();
        match draft.head {
            Head::Case if bare && word.text == "in" && draft.command.words.len() == 2 => {
                self.end_pipeline();
                self.frame.pattern = true;
                return;
            }
            Head::Function => {
                self.drop_draft();
                self.frame.named = Some(word.text);
                return;
            }
            _ => {}
        }
        let first = draft.command.words.is_empty();
        if first && let Some(at) = word.assign {
            let reads = word.reads.clone();
            let array = word.text.get(at..).is_some_and(|v| v.starts_with('\u{1}'));
            let word = word.finish(false);
            self.assign(&word, at, reads, array);
            return;
        }
        if word.is_blank() {
            return;
        }
        let mut budget = self.budget;
        let made = word.finish_all(first, &mut budget);
        self.budget = budget;
        let draft = self.draft();
        let closes = draft.head == Head::Test && made.iter().any(|w| w.text == "]]" && !w.quoted);
        if first && bare && made.iter().any(|w| w.text == "[[") {
            draft.head = Head::Test;
        }
        if closes {
            draft.head = Head::Simple;
        }
        draft.command.words.extend(made);
    }

    /// `time {`, `time -p while`, `coproc NAME {`: a keyword may follow these words too.
    fn is_prefixed_group(&self, text: &str) -> bool {
        if !matches!(text, "{" | "if" | "while" | "until" | "for" | "select" | "case" | "!") {
            return false;
        }
        let Some(draft) = self.frame.draft.as_ref() else { return false };
        if !draft.command.assignments.is_empty() || !draft.command.redirects.is_empty() {
            return false;
        }
        let word = |at: usize| draft.command.words.get(at).filter(|w| !w.quoted).map(|w| w.text.as_str());
        match draft.command.words.len() {
            1 => self.frame.coproc || word(0) == Some("time"),
            2 => word(0) == Some("time") && word(1) == Some("-p"),
            _ => false,
        }
    }

    fn assign(&mut self, word: &Word, at: usize, reads: Vec<Span>, array: bool) {
        let (left, value) = word.text.split_at_checked(at).unwrap_or((&word.text, ""));
        let left = left.trim_end_matches('=');
        let append = left.ends_with('+');
        let name = left.trim_end_matches('+').split('[').next().unwrap_or_default();
        let value =
            value.strip_prefix('\u{1}').unwrap_or(value).trim_end_matches(if array { ' ' } else { '\0' });
        let var = Var { value: value.to_owned(), dynamic: word.dynamic, reads, array };
        if !self.vars.set(name, var, append) {
            self.truncated = true;
        }
        self.draft().command.assignments.push((name.to_owned(), value.to_owned()));
    }

    /// Whether `text`, at the start of a command, is a keyword; acts on it.
    fn keyword(&mut self, text: &str) -> bool {
        match text {
            "if" => self.open_keyword(Kind::If),
            "while" | "until" => self.open_keyword(Kind::Loop),
            "{" => self.open_keyword(Kind::Brace),
            "for" | "select" => self.open_head(Kind::Loop, Head::For, text),
            "case" => self.open_head(Kind::Case, Head::Case, text),
            "then" | "else" | "elif" | "do" => {
                self.drop_draft();
                self.end_pipeline();
            }
            "fi" => self.close_keyword(Kind::If),
            "done" => self.close_keyword(Kind::Loop),
            "esac" => self.close_keyword(Kind::Case),
            "}" => self.close_keyword(Kind::Brace),
            "!" => self.drop_draft(),
            "coproc" => {
                self.drop_draft();
                self.frame.coproc = true;
            }
            "function" => self.draft().head = Head::Function,
            _ => return false,
        }
        true
    }

    fn open_keyword(&mut self, kind: Kind) {
        self.drop_draft();
        self.open(kind);
    }

    fn open_head(&mut self, kind: Kind, head: Head, text: &str) {
        let offset = self.draft().command.offset;
        self.drop_draft();
        self.open(kind);
        let draft = self.draft();
        draft.head = head;
        draft.command.offset = offset;
        draft.command.words.push(Word { text: text.to_owned(), ..Word::default() });
    }

    fn close_keyword(&mut self, kind: Kind) {
        self.drop_draft();
        if self.frame.kind == kind {
            self.close();
        } else {
            self.end_pipeline();
        }
    }

    /// What a finished command changes for the ones after it.
    pub(super) fn effects(&mut self, draft: &mut Draft) {
        self.expand_alias(draft);
        let Some(first) = draft.command.words.first() else { return };
        let name = first.text.clone();
        if draft.command.assignments.iter().any(|(n, _)| n == "IFS") {
            // `IFS= read` holds for that command only.
            self.vars.forget("IFS");
        }
        if let Some(body) = self.functions.get(&name) {
            let body = *body;
            // Its standard input; and its words where one is nothing but what was read.
            let whole =
                draft.command.words.iter().skip(1).any(|word| word.text.starts_with('$') && word.dynamic);
            let given = if whole { draft.command.inputs.clone() } else { self.frame.inputs() };
            if !given.is_empty() && self.calls.len() < super::parser::MAX_CALLS {
                self.calls.push((body, given));
            }
            Span::add(&mut draft.command.inputs, body);
        }
        let args = draft.command.words.get(1..).unwrap_or_default();
        match (name.as_str(), args) {
            ("declare" | "typeset" | "local", [flags, ..]) if is_nameref(&flags.text) => {
                for word in args {
                    if let Some((name, other)) = word.text.split_once('=') {
                        self.vars.refer(name, other);
                    }
                }
            }
            ("export" | "declare" | "typeset" | "local" | "readonly", _) => {
                for word in args {
                    if let Some((name, value)) = word.text.split_once('=')
                        && super::token::is_identifier(name)
                    {
                        let reads = draft.command.inputs.clone();
                        let var = Var { value: value.to_owned(), dynamic: word.dynamic, reads, array: false };
                        self.truncated |= !self.vars.set(name, var, false);
                    }
                }
            }
            ("alias", _) => {
                for word in args {
                    if let Some((name, value)) = word.text.split_once('=') {
                        self.aliases.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
            ("unset" | "read", _) => {
                for word in args {
                    self.vars.forget(&word.text);
                }
                if name == "read" {
                    self.read_from_input(draft);
                }
                let given = super::output::stdin_text(&draft.command.redirects).filter(|w| !w.dynamic);
                let mut names = args.iter().filter(|w| !w.text.starts_with('-'));
                if let (Some(text), Some(name), None) = (given, names.next(), names.next()) {
                    let value = text.text.lines().next().unwrap_or_default().trim().to_owned();
                    self.vars.set(&name.text, Var { value, ..Var::default() }, false);
                }
            }
            ("mapfile" | "readarray", _) => self.read_from_input(draft),
            ("set", [dashes, rest @ ..]) if dashes.text == "--" => {
                self.set_positional(rest, &draft.command.inputs);
            }
            ("printf", [option, target, ..]) if option.text == "-v" => {
                let mut words = draft.command.words.clone();
                words.drain(1..3);
                if let Some(value) = static_output(&words, None).filter(|t| t.len() <= self.budget) {
                    self.budget -= value.len();
                    self.vars.set(&target.text, Var { value, ..Var::default() }, false);
                }
            }
            ("for", [name, word, value]) if word.text == "in" && draft.head == Head::For => {
                let reads = draft.command.inputs.clone();
                let var = Var { value: value.text.clone(), dynamic: value.dynamic, reads, array: false };
                self.truncated |= !self.vars.set(&name.text, var, false);
            }
            ("for", [name, ..]) if draft.head == Head::For => {
                let reads = draft.command.inputs.clone();
                let var = Var { value: format!("${}", name.text), dynamic: true, reads, array: false };
                self.vars.set(&name.text, var, false);
            }
            _ => {}
        }
    }

    /// `read NAME`, `mapfile NAME`: what comes in is not known, but where it comes from is. What `read` itself reads,
    /// a file, it passes on.
    fn read_from_input(&mut self, draft: &Draft) {
        let reads: Vec<Span> = {
            let mut reads = draft.command.inputs.clone();
            Span::add(&mut reads, Span::new(draft.id, draft.id + 1));
            reads
        };
        let array = draft.command.words.first().is_some_and(|word| word.text != "read");
        let given = draft.command.words.iter().skip(1);
        let names: Vec<&str> =
            given.map(|word| word.text.as_str()).filter(|text| super::token::is_identifier(text)).collect();
        let unnamed = if array { "MAPFILE" } else { "REPLY" };
        for name in names.iter().copied().take(16).chain([unnamed]) {
            let var = Var { value: format!("${name}"), dynamic: true, reads: reads.clone(), array };
            self.vars.set(name, var, false);
        }
    }

    /// `read NAME <<E`: the command ends before the body begins.
    pub(super) fn read_into_variable(&mut self, command: usize, body: &str) {
        let Some(command) = self.commands.get(command) else { return };
        if command.words.first().is_none_or(|word| word.text != "read") {
            return;
        }
        let mut names = command.words.iter().skip(1).filter(|word| !word.text.starts_with('-'));
        if let (Some(name), None) = (names.next(), names.next()) {
            let (name, value) =
                (name.text.clone(), body.lines().next().unwrap_or_default().trim().to_owned());
            self.truncated |= !self.vars.set(&name, Var { value, ..Var::default() }, false);
        }
    }

    /// `set -- a b`: `$1`, `$2`, `$@`. Only the first nine, and only as far as the budget goes.
    fn set_positional(&mut self, words: &[Word], reads: &[Span]) {
        let total: usize = words.iter().map(|w| w.text.len() + 1).sum();
        if total > self.budget {
            self.truncated = true;
            return;
        }
        self.budget -= total;
        let dynamic = words.iter().any(|w| w.dynamic);
        let all: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        for (at, word) in words.iter().take(9).enumerate() {
            let var =
                Var { value: word.text.clone(), dynamic: word.dynamic, reads: reads.to_vec(), array: false };
            self.vars.set(&(at + 1).to_string(), var, false);
        }
        for name in ["@", "*"] {
            let var = Var { value: all.join(" "), dynamic, reads: reads.to_vec(), array: true };
            self.vars.set(name, var, false);
        }
    }

    fn expand_alias(&mut self, draft: &mut Draft) {
        if self.aliases.is_empty() {
            return;
        }
        let Some(first) = draft.command.words.first() else { return };
        let Some(value) = self.aliases.get(&first.text) else { return };
        if value.len() > self.budget {
            self.truncated = true;
            return;
        }
        self.budget -= value.len();
        let made: Vec<Word> = value
            .split_whitespace()
            .map(|text| Word { text: text.to_owned(), disguised: true, ..Word::default() })
            .collect();
        draft.command.words.splice(0..1, made);
    }
}

/// Whether `declare` makes another name of a variable: `-n`, `-gn`.
fn is_nameref(flags: &str) -> bool {
    flags.starts_with('-') && !flags.starts_with("--") && flags.contains('n')
}
