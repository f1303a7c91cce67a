//! What a script knows beyond its words: variables that were read, substitutions, open descriptors.

use std::rc::Rc;

use super::super::shell::{Command, RedirectOp, of_span};
use super::input::reads_stdin;
use super::shells::{base, is_shell};
use super::walk::{Level, Walk};
use super::{Context, Span, Word};

/// Open descriptors, and variables that were read, of one level.
const MAX_KNOWN: usize = 64;

impl Walk<'_> {
    /// Puts into the words of a command what its variables were read from, and what its substitutions print, where
    /// it matters what that is: it runs text.
    pub(super) fn resolve(&mut self, at: usize, command: &mut Command, stdin: Option<&str>) {
        let runs =
            |word: &Word| is_shell(base(word)) || matches!(base(word), "eval" | "xargs" | "echo" | "printf");
        if !command.words.iter().take(16).any(runs) {
            return;
        }
        let Some(level) = self.levels.last() else { return };
        let mut spent = 0;
        let substitutions = command.words.iter().filter(|word| word.text.contains("$()")).count();
        let printed = || {
            let inside = |span: &&Span| {
                let first = level.commands.get(span.start);
                span.start > at && first.is_some_and(|c| c.context == Context::Substitution(Some(at)))
            };
            let span = command.inputs.iter().find(inside)?;
            // What is known without that stands in the word already.
            let known = stdin.is_none() || of_span(&level.commands, *span, None).is_some();
            if known { None } else { of_span(&level.commands, *span, stdin).map(|(text, _)| text) }
        };
        let printed = if substitutions == 1 { printed() } else { None };
        for word in command.words.iter_mut().skip(1).filter(|word| word.dynamic) {
            if let Some(text) = &printed
                && word.text.matches("$()").count() == 1
            {
                spent += text.len();
                word.text = word.text.replace("$()", text);
                word.dynamic = word.text.contains('$');
            }
            for (name, text) in &level.known.read {
                if word.text.strip_prefix('$') == Some(name) {
                    spent += text.len();
                    text.trim_end_matches('\n').clone_into(&mut word.text);
                    word.dynamic = false;
                    break;
                }
            }
        }
        match self.budget.checked_sub(spent) {
            Some(left) => self.budget = left,
            None => self.out.truncated = true,
        }
    }

    /// Follows what goes into variables: `read NAME`, `mapfile NAME`, and a loop over what was read.
    pub(super) fn follow_variables(&mut self, command: &Command, stdin: Option<&Rc<str>>) {
        let Some(level) = self.levels.last_mut() else { return };
        let read = &mut level.known.read;
        if read.len() >= MAX_KNOWN {
            return;
        }
        let Some((first, rest)) = command.words.split_first() else { return };
        match (base(first), rest) {
            ("read" | "mapfile" | "readarray", _) => {
                let Some(text) = stdin else { return };
                let mut names = rest.iter().filter(|word| is_name(&word.text));
                let unnamed = if base(first) == "read" { "REPLY" } else { "MAPFILE" };
                let name = names.next_back().map_or(unnamed, |word| word.text.as_str());
                read.push((name.to_owned(), Rc::clone(text)));
            }
            ("for", [name, word, values @ ..])
                if word.text == "in" && values.len() > 1 && !values.iter().any(|value| value.dynamic) =>
            {
                let size = values.iter().map(|value| value.text.len() + 1).sum::<usize>();
                if let Some(left) = self.budget.checked_sub(size) {
                    self.budget = left;
                    let all: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
                    read.push((name.text.clone(), Rc::from(all.join("\n"))));
                }
            }
            ("for", [name, word, value]) if word.text == "in" => {
                let known = read.iter().find(|(name, _)| value.text.strip_prefix('$') == Some(name));
                if let Some((_, text)) = known {
                    let text = Rc::clone(text);
                    read.push((name.text.clone(), text));
                }
            }
            _ => {}
        }
    }

    /// Descriptors that `exec` has opened stand for what they were opened on.
    pub(super) fn follow_descriptors(&mut self, at: usize, command: &mut Command) {
        let Some(level) = self.levels.last_mut() else { return };
        // What a process substitution prints stands only here.
        let printed = if command.words.len() == 1 { level.substituted(at, command) } else { None };
        let fds = &mut level.known.fds;
        if let [word] = command.words.as_slice()
            && word.text == "exec"
        {
            let kept = command.redirects.iter().filter(|redirect| {
                let is_file = redirect.op.writes() || redirect.op == RedirectOp::In;
                is_file && (redirect.fd.is_some_and(|fd| fd > 2) || redirect.op == RedirectOp::In)
            });
            for redirect in kept.take(MAX_KNOWN.saturating_sub(fds.len())) {
                let mut opened = redirect.clone();
                if let Some(text) = printed.as_ref().filter(|_| opened.target.text == "<()") {
                    (opened.op, opened.target) = (RedirectOp::HereString, Word::literal(text.clone()));
                }
                fds.push(opened);
            }
            return;
        }
        if fds.is_empty() {
            return;
        }
        for redirect in &mut command.redirects {
            if matches!(redirect.op, RedirectOp::DupIn | RedirectOp::DupOut)
                && let Ok(number) = redirect.target.text.parse::<u32>()
                && let Some(opened) = fds.iter().rfind(|opened| opened.fd == Some(number))
            {
                (redirect.op, redirect.target) = (opened.op, opened.target.clone());
            }
        }
        let reads = command.words.first().is_some_and(|word| reads_stdin(base(word)));
        let own = command.redirects.iter().any(|r| matches!(r.fd, None | Some(0)) && !r.op.writes());
        if reads
            && !own
            && command.feed.is_none()
            && let Some(opened) = fds.iter().rfind(|opened| matches!(opened.fd, None | Some(0)))
        {
            command.redirects.push(opened.clone());
        }
    }
}

impl Level {
    /// What the process substitution prints that a command reads: it stands behind the command.
    pub(super) fn substituted(&self, at: usize, command: &Command) -> Option<String> {
        let inside = |span: &&Span| {
            let first = self.commands.get(span.start);
            span.start > at && first.is_some_and(|c| c.context == Context::ProcessSubstitution(Some(at)))
        };
        // A loop is fed behind its end: then the owner is not the command that reads.
        let fed = |span: &&Span| {
            let first = self.commands.get(span.start);
            first.is_some_and(
                |c| matches!(c.context, Context::ProcessSubstitution(Some(owner)) if owner != at),
            )
        };
        let span = command.inputs.iter().find(inside).or_else(|| command.inputs.iter().find(fed))?;
        of_span(&self.commands, *span, None).map(|(text, _)| text)
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
