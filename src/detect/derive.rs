//! Programs inside the text of an argument vector that a shell's grammar does not show: code of interpreters,
//! files that a script writes and then runs, encoded text.

use super::code::{self, Language};
use super::code_strings;
use super::files::HostFiles;
use super::handed::handed_over;
use super::runs::Origin;
use super::texts::Texts;
use super::written::Written;
use crate::normalize::exec::{Directory, is_shell};
use crate::normalize::{Context, Execution, Invocation, decode};

/// An argument vector found in text.
pub(super) struct Derived {
    /// Where it was found.
    pub origin: Origin,
    /// What would be executed.
    pub argv: Vec<String>,
}

impl Derived {
    pub(super) fn shell(origin: Origin, text: impl Into<String>) -> Self {
        Self { origin, argv: vec!["sh".to_owned(), "-c".to_owned(), text.into()] }
    }
}

/// What [`derive`] finds.
pub(super) struct Inside {
    /// Each with the directory in which it starts, in the order of the text.
    pub found: Vec<(Directory, Derived)>,
    /// There may be more.
    pub truncated: bool,
}

/// Everything that runs inside the text of an execution. Linear; the caller bounds the sum.
pub(super) fn derive(execution: &Execution, directories: &[Directory], host: &HostFiles) -> Inside {
    let mut all = Vec::new();
    let mut found = Vec::new();
    let mut files = Written::default();
    let texts = Texts::of_execution(execution);
    let unknown = std::iter::repeat(&None);
    for (invocation, directory) in execution.commands.iter().zip(directories.iter().chain(unknown)) {
        code_of(&texts, invocation, &mut found);
        handed_over(&texts, invocation, &mut found);
        crontab(&texts, invocation, &mut found);
        substituted(&texts, invocation, &mut found);
        files.visit(&texts, invocation, host, &mut found);
        all.extend(found.drain(..).map(|derived| (directory.clone(), derived)));
    }
    Inside { found: all, truncated: texts.is_truncated() }
}

/// Code given to an interpreter: the strings in it that go to a shell, and what is encoded in it.
fn code_of(texts: &Texts<'_>, invocation: &Invocation, found: &mut Vec<Derived>) {
    let Some(language) = code::language(&invocation.program) else { return };
    let from_stdin = || {
        let reads = code::inline(invocation).is_none() && code::reads_stdin(invocation);
        reads.then(|| texts.stdin(invocation)).flatten()
    };
    let (code, origin) = match code::text(invocation) {
        Some(code) => (code.to_owned(), Origin::Code),
        None => match from_stdin() {
            Some(code) => {
                // Judged as if it had been given inline.
                if let Some(flag) = language.flag() {
                    let argv = vec![invocation.program.clone(), flag.to_owned(), code];
                    found.push(Derived { origin: Origin::Code, argv });
                }
                return;
            }
            None => return,
        },
    };
    let before = code::loaded(invocation);
    if let Some(flag) = language.flag().filter(|_| !before.is_empty()) {
        // As if the code itself had loaded it.
        let argv = vec![invocation.program.clone(), flag.to_owned(), format!("{before}{code}")];
        found.push(Derived { origin, argv });
        return;
    }
    for argv in code_strings::commands(language, &code) {
        found.push(Derived { origin, argv });
    }
    if code::decodes(&code) {
        for text in code_strings::literals(&code).iter().filter_map(|text| decode::literal(text)) {
            // `exec` of these hands a string to a shell; of others it evaluates code.
            if matches!(language, Language::Perl | Language::Ruby) && code::evaluates(&code) {
                found.push(Derived::shell(Origin::Decoded, text.clone()));
            }
            // Code that evaluates what it decodes, or hands it to a shell.
            let argv = match language.flag().filter(|_| code::evaluates(&code)) {
                Some(flag) => vec![invocation.program.clone(), flag.to_owned(), text],
                None => vec!["sh".to_owned(), "-c".to_owned(), text],
            };
            found.push(Derived { origin: Origin::Decoded, argv });
        }
    }
    if language == Language::PowerShell
        && let Some(text) =
            code::encoded_command(invocation).and_then(decode::base64).and_then(|b| decode::text(&b))
    {
        let argv = vec![invocation.program.clone(), "-Command".to_owned(), text];
        found.push(Derived { origin: Origin::Decoded, argv });
    }
}

/// `… | crontab -` and `… | at now`: each line is a command.
fn crontab(texts: &Texts<'_>, invocation: &Invocation, found: &mut Vec<Derived>) {
    if matches!(invocation.program.as_str(), "crontab" | "at" | "batch")
        && let Some(text) = texts.stdin(invocation)
    {
        found.extend(scheduled(&text));
    }
}

/// Commands of the lines of a crontab.
pub(super) fn scheduled(text: &str) -> impl Iterator<Item = Derived> {
    text.lines().take(32).filter_map(|line| {
        let line = line.trim();
        let is_time =
            |word: &str| word.starts_with('@') || word.chars().all(|c| "0123456789*/,-".contains(c));
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let mut rest = line;
        let mut fields = 0;
        while fields < 5
            && let Some((word, after)) = rest.split_once(char::is_whitespace)
            && is_time(word)
        {
            rest = after.trim_start();
            fields += if word.starts_with('@') { 5 } else { 1 };
        }
        // System crontabs name the user.
        if fields >= 5
            && let Some((user, after)) = rest.split_once(char::is_whitespace)
            && matches!(user, "root" | "nobody" | "www-data")
        {
            rest = after.trim_start();
        }
        Some(Derived::shell(Origin::Written, rest))
    })
}

/// The text that an invocation writes to its standard output, if it is certain.
pub(super) fn text_written(execution: &Execution, invocation: &Invocation) -> Option<String> {
    Texts::of_execution(execution).written(invocation)
}

/// The text on standard input, if it is certain: written out, or the output of commands known by heart.
pub(super) fn stdin_of(execution: &Execution, invocation: &Invocation) -> Option<String> {
    Texts::of_execution(execution).stdin(invocation)
}

/// `bash <(echo …)`, `source <(…)`: the text of the script is what the substitution prints.
fn substituted(texts: &Texts<'_>, invocation: &Invocation, found: &mut Vec<Derived>) {
    let takes_script = is_shell(&invocation.program)
        || matches!(invocation.program.as_str(), "." | "source")
        || code::language(&invocation.program).is_some_and(|language| language != Language::Awk);
    let is_first = invocation.args.iter().find(|word| !word.text.starts_with('-'));
    if !takes_script || is_first.is_none_or(|word| !word.text.starts_with("<(")) {
        return;
    }
    let inside = |at: &usize| {
        texts.invocation(*at).is_some_and(|c| matches!(c.context, Context::ProcessSubstitution(_)))
    };
    let members = invocation.inputs.iter().take(4).flat_map(|span| span.indices().take(16));
    let mut members = members.filter(inside);
    if let Some(first) = members.next() {
        let end = members.next_back().unwrap_or(first) + 1;
        found.extend(texts.of(first..end).map(|text| run_by(invocation, text, Origin::Code)));
    }
}

/// The argument vector that runs `text` as `invocation` runs a script.
pub(super) fn run_by(invocation: &Invocation, text: String, origin: Origin) -> Derived {
    // What code starts is a program of its own.
    let own = code::language(&invocation.program).filter(|_| code::inline(invocation).is_none());
    let language = own.or_else(|| code::shebang(&text));
    match language.and_then(|language| Some((language.program(), language.flag()?))) {
        Some((program, flag)) => Derived { origin, argv: vec![program.to_owned(), flag.to_owned(), text] },
        None => Derived::shell(origin, text),
    }
}

/// Whether a tool turns encoded text into plain text.
pub(super) fn is_decoder(invocation: &Invocation) -> bool {
    let has = |wanted: fn(&str) -> bool| invocation.args.iter().any(|word| wanted(&word.text));
    match invocation.program.as_str() {
        "base64" | "base32" | "basenc" | "gbase64" => has(|text| {
            text == "--decode"
                || text.starts_with('-') && !text.starts_with("--") && text.contains(['d', 'D'])
        }),
        "xxd" => has(|text| text.starts_with('-') && text.contains('r')),
        "openssl" => has(|text| matches!(text, "enc" | "base64" | "aes-256-cbc")) && has(|text| text == "-d"),
        "uudecode" | "rot13" | "rev" => true,
        "gpg" => has(|text| text == "-d" || text == "--decrypt"),
        // A substitution of alphabets; single characters are everyday work.
        "tr" => {
            invocation
                .args
                .iter()
                .filter(|word| word.text.contains('-') && !word.text.starts_with('-'))
                .count()
                >= 2
        }
        "printf" | "echo" => invocation.args.iter().any(|word| spelled_out(&word.text)),
        _ => code::text(invocation).is_some_and(code::decodes),
    }
}

/// Letters written as their codes: at least three of them, as in `\x63\x75\x72`.
fn spelled_out(text: &str) -> bool {
    let codes = text.as_bytes().windows(4).filter(|window| match window {
        [b'\\', b'x', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        // \033 starts a colour; letters are \101 to \172 and digits \060 to \071.
        [b'\\', b'1', b, c] => b.is_ascii_digit() && c.is_ascii_digit(),
        _ => false,
    });
    codes.take(3).count() == 3
}
