//! What commands read, where the script itself says it: standard input, and what is known to be written to it.

use std::rc::Rc;

use super::super::argv::program as base_of;
use super::super::shell::{Command, RedirectOp, static_output, stdin_text};
use super::prefix::unwrapped;
use super::shells::{base, is_shell};
use super::walk::{Level, Walk};
use super::{Context, Redirect, Span};

/// What a command is certain to write, and where in its pipeline it stands.
#[derive(Default)]
pub(super) struct Output {
    text: Option<Rc<str>>,
    /// It goes to a file, not to the next stage.
    stored: bool,
    /// The command whose word it becomes, or whose file.
    within: Option<usize>,
    pipeline: u32,
    stage: u32,
}

/// What is known to a script beyond its own text.
#[derive(Default)]
pub(super) struct Known {
    /// Text on the standard input that all its commands share.
    pub(super) stdin: Option<Rc<str>>,
    /// The command of the level around it that it is the work of.
    pub(super) owner: Option<usize>,
    /// It is the body of the function of this name.
    pub(super) function: Option<String>,
    /// Descriptors that `exec` opened.
    pub(super) fds: Vec<Redirect>,
    /// Text that `read` and its like put into variables.
    pub(super) read: Vec<(String, Rc<str>)>,
}

impl Level {
    /// What comes out of a stage: of each pipeline in it what the last stage writes. `to` is the command that reads
    /// it, if it stands in `>(…)`.
    fn written(&self, feed: Span, to: Option<usize>) -> Vec<Rc<str>> {
        let members = self.outputs.get(feed.start..feed.end).unwrap_or_default();
        // What a substitution prints is a word of a command there.
        let inside = |member: &&Output| member.within.is_none_or(|owner| !feed.contains(owner));
        let mut last = std::collections::HashMap::new();
        for member in members.iter().filter(inside) {
            let stage = last.entry(member.pipeline).or_insert(member.stage);
            *stage = member.stage.max(*stage);
        }
        let ends = members.iter().zip(feed.start..).filter(|(member, at)| {
            inside(member)
                && last.get(&member.pipeline) == Some(&member.stage)
                && (!member.stored || to == Some(*at))
        });
        ends.filter_map(|(member, _)| member.text.clone()).collect()
    }
}

impl Walk<'_> {
    /// Text on the standard input of a command, where the script says it.
    pub(super) fn stdin(&mut self, at: usize, command: &Command) -> Option<Rc<str>> {
        let reads = command.words.iter().any(|word| {
            reads_stdin(base(word))
                || self.names.real(&word.text).is_some_and(|name| reads_stdin(base_of(&name)))
        }) || command.words.first().is_some_and(|word| self.functions.get(&word.text).is_some());
        if !reads {
            return None;
        }
        let level = self.levels.last()?;
        let last = command
            .redirects
            .iter()
            .rfind(|r| matches!(r.fd, None | Some(0)) && !r.op.writes() && r.op != RedirectOp::DupOut);
        let mut cost = command.feed.map_or(0, |feed| feed.end - feed.start);
        let text: Rc<str> = match (last, stdin_text(&command.redirects), command.feed) {
            (_, Some(word), _) => Rc::from(word.text.as_str()),
            (Some(redirect), ..) if redirect.op == RedirectOp::In && redirect.target.text == "<()" => {
                Rc::from(level.substituted(at, command)?)
            }
            (Some(_), ..) => return None,
            (None, None, Some(feed)) => {
                let to = match command.context {
                    Context::ProcessSubstitution(owner) => owner,
                    _ => None,
                };
                let known = level.written(feed, to);
                if known.is_empty() || known.iter().map(|text| text.len()).sum::<usize>() > self.budget {
                    return None;
                }
                Rc::from(known.concat())
            }
            // Shared, not copied.
            (None, None, None) => {
                cost = 0;
                let shared = level.known.stdin.clone()?;
                return self.charged(cost, shared);
            }
        };
        cost += text.len();
        self.charged(cost, text)
    }

    fn charged(&mut self, cost: usize, text: Rc<str>) -> Option<Rc<str>> {
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
        let mut targets = command.redirects.iter().filter(|r| r.fd.is_none_or(|fd| fd == 1) && r.op.writes());
        let stored = targets.next().is_some();
        let words = unwrapped(&command.words);
        let text = static_output(words, stdin).or_else(|| {
            stdin.filter(|_| words.first().is_some_and(|word| filters(base(word)))).map(str::to_owned)
        });
        let text = text.filter(|text| text.len() <= self.budget);
        self.budget -= text.as_ref().map_or(0, String::len);
        let text = text.map(Rc::from).or_else(|| self.output_of_call(command));
        if let Some(level) = self.levels.last_mut() {
            level.starts.push(start);
            let (pipeline, stage) = (command.pipeline, command.stage);
            let within = match command.context {
                Context::Substitution(owner) | Context::ProcessSubstitution(owner) => owner,
                _ => None,
            };
            level.outputs.push(Output { text, stored, within, pipeline, stage });
        }
    }

    /// What a function writes, as far as its body alone shows it.
    fn output_of_call(&mut self, command: &Command) -> Option<Rc<str>> {
        if command.last_stage && command.context == Context::Top {
            return None;
        }
        let function = self.functions.get(&command.words.first()?.text)?;
        let level = self.levels.last()?;
        if function.level + 1 != self.levels.len() {
            return None;
        }
        let body = function.body;
        let text = level.written(body, None);
        let cost = body.end - body.start + text.iter().map(|text| text.len()).sum::<usize>();
        if text.is_empty() {
            return None;
        }
        self.charged(cost, Rc::from(text.concat()))
    }

    /// At the end of a script: what it has written is what the command writes that runs it.
    pub(super) fn hand_out(&mut self, level: &Level) {
        let Some(owner) = level.known.owner else { return };
        let text = level.written(Span::new(0, level.outputs.len()), None);
        let size = text.iter().map(|text| text.len()).sum::<usize>() + level.outputs.len();
        let Some(left) = self.budget.checked_sub(size).filter(|_| !text.is_empty()) else { return };
        let slot = self.levels.last_mut().and_then(|around| around.outputs.get_mut(owner));
        if let Some(slot) = slot {
            self.budget = left;
            slot.text = Some(Rc::from(text.concat()));
        }
    }
}

/// Tools that let lines through, maybe fewer of them or changed ones. What they do exactly is not worked out: text
/// on its way into a shell is judged as it is.
#[must_use]
pub fn filters(name: &str) -> bool {
    matches!(
        name,
        "sed"
            | "awk"
            | "gawk"
            | "mawk"
            | "grep"
            | "egrep"
            | "fgrep"
            | "head"
            | "tail"
            | "tac"
            | "sort"
            | "uniq"
            | "envsubst"
            | "m4"
            | "iconv"
            | "dos2unix"
            | "pv"
            | "sponge"
            | "gzip"
            | "pigz"
            | "bzip2"
            | "xz"
            | "zstd"
            | "bunzip2"
            | "unxz"
            | "xzcat"
            | "bzcat"
            | "unzstd"
            | "zstdcat"
            | "dd"
            | "stdbuf"
            | "unbuffer"
            | "gpp"
            | "cpp"
    )
}

/// Programs for which the text on standard input matters here.
pub(super) fn reads_stdin(name: &str) -> bool {
    is_shell(name)
        || filters(name)
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
                | "zlib-flate"
                | "uncompress"
                | "openssl"
                | "xxd"
                | "tr"
                | "xargs"
                | "read"
                | "mapfile"
                | "readarray"
                | "eval"
        )
}
