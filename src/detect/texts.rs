//! The texts that flow through an execution, as far as they are certain: from command to command, and through the
//! files that it writes itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::code;
use super::code_strings;
use crate::normalize::exec::filters;
use crate::normalize::path::fits;
use crate::normalize::shell::{static_output, stdin_text};
use crate::normalize::{Execution, Invocation, RedirectOp, Word, decode};

/// Bytes of text that is followed from one command to the next, in one execution.
const MAX_FLOW: usize = 1 << 20;
/// Files whose text is remembered.
const MAX_FILES: usize = 256;
/// Longest file name that is matched against a pattern.
const MAX_NAME: usize = 255;

/// Tools that give what is in the files they are named, the [`filters`] aside.
const READERS: &[&str] =
    &["cat", "base64", "base32", "basenc", "xxd", "openssl", "gunzip", "zcat", "rev", "nl", "tr"];

/// The texts of an execution. All of them together are bounded: many commands may read the same one.
pub(super) struct Texts<'a> {
    execution: &'a Execution,
    left: Cell<usize>,
    truncated: Cell<bool>,
    /// The text of the files written so far, by name without the folder: a script changes folders, and names few
    /// files.
    files: RefCell<HashMap<String, String>>,
}

/// The name of a file without its folder.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl<'a> Texts<'a> {
    pub(super) fn of_execution(execution: &'a Execution) -> Self {
        Self {
            execution,
            left: Cell::new(MAX_FLOW),
            truncated: Cell::new(false),
            files: RefCell::new(HashMap::new()),
        }
    }

    /// Whether some text was too long to be followed.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated.get()
    }

    /// The invocation at `index`.
    pub(super) fn invocation(&self, index: usize) -> Option<&'a Invocation> {
        self.execution.commands.get(index)
    }

    /// The text that an invocation writes to its standard output.
    pub(super) fn written(&self, invocation: &Invocation) -> Option<String> {
        let piped = self.piped(invocation);
        self.output(invocation, piped)
    }

    /// The text on standard input: written out, in a file, or the output of commands known by heart.
    pub(super) fn stdin(&self, invocation: &Invocation) -> Option<String> {
        let given = stdin_text(&invocation.redirects).map(|word| word.text.clone());
        given.or_else(|| self.redirected(invocation)).or_else(|| self.piped(invocation))
    }

    /// What comes in by the pipe.
    fn piped(&self, invocation: &Invocation) -> Option<String> {
        if let Some(text) = &invocation.stdin {
            return self.charged(Some(text.to_string()));
        }
        if invocation.stage == 0 {
            return None;
        }
        self.of(invocation.inputs.first()?.indices())
    }

    /// What some commands write together. A pipeline is short; a group in front of a pipe is read only where all of
    /// it is known.
    pub(super) fn of(&self, commands: std::ops::Range<usize>) -> Option<String> {
        if commands.len() > 16 || self.truncated.get() {
            return None;
        }
        let mut text: Option<String> = None;
        let mut out = String::new();
        for source in commands.filter_map(|at| self.invocation(at)) {
            if source.stage == 0 {
                out.push_str(&text.take().unwrap_or_default());
            }
            text = self.output(source, text.take());
        }
        out.push_str(&text.unwrap_or_default());
        (!out.is_empty()).then_some(out)
    }

    /// What an invocation writes that is given `piped`.
    fn output(&self, invocation: &Invocation, piped: Option<String>) -> Option<String> {
        if let Some((words, text)) = self.read(invocation) {
            // `$(< FILE)` is `$(cat FILE)`; what `read` reads goes into a variable.
            let plain = matches!(invocation.program.as_str(), "" | "read" | "mapfile" | "readarray");
            return if plain { Some(text) } else { self.through(invocation, &words, Some(text)) };
        }
        if let Some(text) = printed(invocation) {
            return self.charged(Some(text));
        }
        let given = stdin_text(&invocation.redirects).map(|word| word.text.clone());
        self.through(invocation, &words(invocation), given.or(piped))
    }

    fn through(&self, invocation: &Invocation, words: &[Word], text: Option<String>) -> Option<String> {
        let known = static_output(words, text.as_deref());
        self.charged(known.or_else(|| text.filter(|_| filters(&invocation.program))))
    }

    /// What an invocation is given by the files that it reads, if one of them is known, and its words without them.
    fn read(&self, invocation: &Invocation) -> Option<(Vec<Word>, String)> {
        if self.has_no_files() {
            return None;
        }
        if let Some(text) = self.redirected(invocation) {
            return Some((words(invocation), text));
        }
        let program = invocation.program.as_str();
        if !filters(program) && !READERS.contains(&program) {
            return None;
        }
        let mut text: Option<String> = None;
        let mut own = vec![Word::literal(invocation.path.clone())];
        for word in &invocation.args {
            match self.text_of(word.text.strip_prefix("if=").unwrap_or(&word.text)) {
                Some(read) => text.get_or_insert_default().push_str(&read),
                None if program == "cat" && !word.text.starts_with('-') => {}
                None if program == "openssl" && word.text == "-in" => {}
                None => own.push(word.clone()),
            }
        }
        Some((own, text?))
    }

    /// The text of the file that is put on standard input.
    fn redirected(&self, invocation: &Invocation) -> Option<String> {
        let input = invocation.redirects.iter().rfind(|redirect| redirect.op == RedirectOp::In)?;
        self.text_of(&input.target.text)
    }

    /// Whether no file is known.
    pub(super) fn has_no_files(&self) -> bool {
        self.files.borrow().is_empty()
    }

    /// The name under which a file is known; a pattern means the first that it fits.
    pub(super) fn known(&self, path: &str) -> Option<String> {
        let wanted = name(path);
        let files = self.files.borrow();
        if files.contains_key(wanted) {
            return Some(wanted.to_owned());
        }
        let is_pattern = wanted.contains(['*', '?']) && wanted.len() <= MAX_NAME;
        files.keys().filter(|file| is_pattern && fits(wanted, file)).min().cloned()
    }

    fn text_of(&self, path: &str) -> Option<String> {
        let file = self.known(path)?;
        let text = self.files.borrow().get(&file).cloned();
        self.charged(text)
    }

    /// Takes a file out: one that is run in many places is judged once.
    pub(super) fn take(&self, file: &str) -> Option<String> {
        self.files.borrow_mut().remove(file)
    }

    /// Takes all files out, in the order of their names.
    pub(super) fn take_all(&self) -> Vec<String> {
        let mut all: Vec<(String, String)> = self.files.borrow_mut().drain().collect();
        all.sort_unstable();
        all.into_iter().map(|(_, text)| text).collect()
    }

    /// Adds text to a file.
    pub(super) fn add(&self, file: &str, text: &str) {
        let mut files = self.files.borrow_mut();
        if file.is_empty() || file.len() > MAX_NAME || files.len() >= MAX_FILES {
            return;
        }
        let known = files.entry(file.to_owned()).or_default();
        if known.len() + text.len() <= decode::MAX_TEXT {
            known.push_str(text);
        }
    }

    fn charged(&self, text: Option<String>) -> Option<String> {
        let text = text?;
        let Some(left) = self.left.get().checked_sub(text.len()) else {
            self.truncated.set(true);
            return None;
        };
        self.left.set(left);
        Some(text)
    }
}

/// What the code of an interpreter prints, as far as its literals show it: `python -c 'print("…")'`.
fn printed(invocation: &Invocation) -> Option<String> {
    let prints = ["print", "puts", "echo", "console.log", "say", "write", "Write-"];
    let code = code::text(invocation).filter(|code| code::any(code, &prints))?;
    // Names of files and formats are no text that anybody prints to have it run.
    let texts = code_strings::literals(code).into_iter().filter(|text| text.contains(' ')).take(32);
    let all = texts.collect::<Vec<_>>().join("\n");
    (!all.is_empty()).then_some(all)
}

fn words(invocation: &Invocation) -> Vec<Word> {
    let mut words = vec![Word::literal(invocation.path.clone())];
    words.extend(invocation.args.iter().cloned());
    words
}
