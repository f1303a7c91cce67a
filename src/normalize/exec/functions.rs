//! Functions whose calls are entered: where what a call gives them, words or text to read, decides what they run.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::super::shell::{Command, Script};
use super::line::Entry;
use super::shells::{base, is_shell};
use super::walk::{Level, Walk};
use super::{Context, Span, Word};

/// Functions that are remembered.
const MAX_FUNCTIONS: usize = 256;
/// Commands of a body that are looked at.
const MAX_BODY: usize = 256;

/// A function that can be entered.
#[derive(Debug, Clone)]
pub(super) struct Function {
    script: Rc<str>,
    text: Range<usize>,
    /// The commands of its body, in the level with this number.
    pub(super) body: Span,
    pub(super) level: usize,
    /// It runs or stores what it is given.
    acts: bool,
    /// It names its arguments.
    positional: bool,
}

impl Function {
    /// The text of its body.
    pub(super) fn text(&self) -> &str {
        self.script.get(self.text.clone()).unwrap_or_default()
    }

    /// Whether a call does something that the body alone does not show. Else it is left at the body: a script that
    /// writes its log by a function calls it often.
    pub(super) fn depends_on(&self, arguments: &[Word], stdin: bool, is_piped: bool) -> bool {
        let by_words = self.positional && !arguments.is_empty();
        (self.acts || is_piped) && (by_words || stdin)
    }
}

/// The functions defined so far.
#[derive(Debug, Default)]
pub(super) struct Functions {
    by_name: HashMap<String, Function>,
}

impl Functions {
    /// Notes what a script defines that is about to be walked as level number `level`.
    pub(super) fn define(&mut self, text: &str, script: &Script, level: usize) {
        if script.functions.is_empty() {
            return;
        }
        let shared: Rc<str> = Rc::from(text);
        for function in &script.functions {
            if self.by_name.len() >= MAX_FUNCTIONS {
                return;
            }
            let body = script.commands.get(function.body.start..function.body.end).unwrap_or_default();
            let seen = body.get(..MAX_BODY).unwrap_or(body);
            let made = Function {
                script: Rc::clone(&shared),
                text: function.text.clone(),
                body: function.body,
                level,
                acts: seen.iter().any(acts),
                positional: text.get(function.text.clone()).is_some_and(names_arguments),
            };
            self.by_name.insert(function.name.clone(), made);
        }
    }

    /// The function of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Function> {
        if self.by_name.is_empty() { None } else { self.by_name.get(name) }
    }
}

impl Walk<'_> {
    /// The body of the function that a command calls, to be entered with what the call gives it.
    pub(super) fn call(&self, command: &Command, stdin: Option<&Rc<str>>) -> Option<Entry> {
        let (name, arguments) = command.words.split_first()?;
        let function = self.functions.get(&name.text)?;
        let is_running = |level: &Level| level.known.function.as_deref() == Some(name.text.as_str());
        let piped = !command.last_stage || command.context != Context::Top;
        if !function.depends_on(arguments, stdin.is_some(), piped) || self.levels.iter().any(is_running) {
            return None;
        }
        let mut entry = Entry::called(function.text(), &command.words);
        // `$0` stays that of the script.
        entry.positional.retain(|(name, _)| name != "0");
        Some(Entry { stdin: stdin.cloned(), function: Some(name.text.clone()), ..entry })
    }
}

/// Whether a command does more than to talk or to look: it runs what it is given, or puts it somewhere.
fn acts(command: &Command) -> bool {
    if command.redirects.iter().any(|redirect| redirect.op.writes() && redirect.target.dynamic) {
        return true;
    }
    let Some(first) = command.words.first() else { return false };
    let stores = || command.redirects.iter().any(super::Redirect::takes_stdout);
    match base(first) {
        "echo" | "printf" | "test" | "[" | "[[" | "((" | "date" | "return" | "exit" | "local" | "shift"
        | "true" | "false" | ":" | "set" | "export" | "sleep" | "cd" | "for" | "case" | "declare"
        | "mkdir" | "wait" | "basename" | "dirname" | "hostname" | "grep" | "logger" => false,
        "cat" => stores(),
        name => is_shell(name) || !name.is_empty(),
    }
}

/// Whether `$1`, `$@` or their like stand in the text of a body. Looked for there, as the script around it may know
/// words of its own by these names.
fn names_arguments(body: &str) -> bool {
    let sign = |sign: u8| sign.is_ascii_digit() && sign != b'0' || matches!(sign, b'@' | b'*');
    body.as_bytes().windows(3).any(
        |letters| matches!(letters, [b'$', first, second] if sign(*first) || *first == b'{' && sign(*second)),
    )
}
