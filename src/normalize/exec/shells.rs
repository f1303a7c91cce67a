//! Command lines of shells: where the script is.

use super::super::argv::program;
use super::Word;

/// Whether `name`, a base name, is a shell. A login shell's leading `-` is allowed.
#[must_use]
pub fn is_shell(name: &str) -> bool {
    // Those with a grammar of their own have pipes, lists and quotes in common with the others.
    matches!(
        name.strip_prefix('-').unwrap_or(name),
        "sh" | "bash"
            | "ash"
            | "dash"
            | "zsh"
            | "ksh"
            | "mksh"
            | "pdksh"
            | "ksh93"
            | "rbash"
            | "lksh"
            | "hush"
            | "csh"
            | "tcsh"
            | "fish"
            | "yash"
            | "oksh"
            | "loksh"
            | "posh"
            | "bosh"
            | "mrsh"
            | "osh"
            | "xonsh"
            | "elvish"
            | "nu"
            | "ion"
    )
}

/// What a shell was told to run. Indices are into its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// `-c`: the script; what follows it is `$0`, `$1` …
    Text(usize),
    /// A script file.
    File,
    /// Standard input; the positional parameters start at the index.
    Stdin,
}

/// Reads the options of a shell.
pub(super) fn source(args: &[Word]) -> Source {
    let (mut text, mut stdin) = (false, false);
    let mut list = args.iter().enumerate();
    while let Some((at, word)) = list.next() {
        let arg = word.text.as_str();
        match arg {
            "--rcfile" | "--init-file" | "--emulate" => {
                list.next();
            }
            "-" | "--" => {
                let Some((at, word)) = list.next() else { break };
                return operand(at, &word.text, text, stdin);
            }
            _ if arg.starts_with("--") => {}
            _ if arg.len() > 1 && arg.starts_with(['-', '+']) => {
                let flags = arg.trim_start_matches(['-', '+']);
                text |= arg.starts_with('-') && flags.contains('c');
                stdin |= arg.starts_with('-') && flags.contains('s');
                // Each `o` of a cluster takes a word of its own.
                for _ in flags.chars().filter(|c| matches!(c, 'o' | 'O')) {
                    list.next();
                }
            }
            _ => return operand(at, arg, text, stdin),
        }
    }
    Source::Stdin
}

fn operand(at: usize, arg: &str, text: bool, stdin: bool) -> Source {
    match arg {
        _ if text => Source::Text(at),
        "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0" => Source::Stdin,
        _ if stdin => Source::Stdin,
        _ => Source::File,
    }
}

/// Whether the word names standard input.
pub(super) fn is_stdin(word: &Word) -> bool {
    matches!(word.text.as_str(), "-" | "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0")
}

/// Base name of a word.
pub(super) fn base(word: &Word) -> &str {
    program(&word.text)
}
