//! What commands read, where the script itself says it: standard input, and what is known to be written to it.

use super::super::argv::program as base_of;
use super::super::shell::{Command, static_output, stdin_text};
use super::shells::{base, is_shell};
use super::walk::{Level, Walk};
use super::{Span, Word};

/// What a command is certain to write, and where in its pipeline it stands.
pub(super) struct Output {
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

impl Walk<'_> {
    /// Text on the standard input of a command, where the script says it.
    pub(super) fn stdin(&mut self, command: &Command) -> Option<String> {
        let reads = command.words.iter().any(|word| {
            reads_stdin(base(word))
                || self.names.real(&word.text).is_some_and(|name| reads_stdin(base_of(&name)))
        });
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
    pub(super) fn output(&mut self, command: &Command, stdin: Option<&str>) {
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
pub(super) fn with_arguments(text: &str, arguments: &[&str]) -> String {
    // Each use is a copy: more than a few are left to the shell reader, which joins the words.
    if arguments.is_empty() || text.matches("$@").count() > 4 {
        return text.to_owned();
    }
    let quoted = arguments.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    let line = quoted.collect::<Vec<_>>().join(" ");
    text.replace("\"$@\"", &line).replace("\"${@}\"", &line)
}

/// The words of a command, with what `xargs` adds to them where its input is known.
pub(super) fn with_input(mut words: Vec<Word>, stdin: Option<&str>) -> Vec<Word> {
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
            "." | "source"
                | "cat"
                | "tee"
                | "rev"
                | "base64"
                | "base32"
                | "basenc"
                | "gunzip"
                | "zcat"
                | "gzip"
                | "pigz"
                | "zlib-flate"
                | "uncompress"
                | "openssl"
                | "xxd"
                | "tr"
                | "sed"
                | "xargs"
        )
}
