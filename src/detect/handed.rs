//! Commands in the arguments of tools that are no shells and run them all the same.

use super::code_strings;
use super::derive::Derived;
use super::runs::Origin;
use super::texts::Texts;
use super::words::{operands, option, words};
use crate::normalize::Invocation;
use crate::normalize::exec::is_shell;

/// Literals of one text that are looked at.
const MAX_LITERALS: usize = 32;

/// Programs named in the arguments of tools that run them.
pub(super) fn handed_over(texts: &Texts<'_>, invocation: &Invocation, found: &mut Vec<Derived>) {
    let words = || -> Vec<&str> { invocation.args.iter().take(256).map(|word| word.text.as_str()).collect() };
    match invocation.program.as_str() {
        "nc" | "ncat" | "netcat" | "nc.traditional" => {
            let words = words();
            let at = words.iter().position(|word| {
                matches!(*word, "--exec" | "--sh-exec" | "-e" | "-c")
                    || word.starts_with('-') && word.ends_with('e')
            });
            let line = at.and_then(|at| words.get(at + 1..)).unwrap_or_default();
            match (at.and_then(|at| words.get(at)), line) {
                (Some(&"--sh-exec" | &"-c"), [text, ..]) => found.push(Derived::shell(Origin::Spec, *text)),
                (_, [first, ..]) if first.contains('/') => {
                    let argv = line.iter().map(|word| (*word).to_owned()).collect();
                    found.push(Derived { origin: Origin::Spec, argv });
                }
                _ => {}
            }
        }
        "socat" => {
            for word in words() {
                let command = word.split_once(':').filter(|(kind, _)| {
                    kind.eq_ignore_ascii_case("exec")
                        || kind.eq_ignore_ascii_case("system")
                        || kind.eq_ignore_ascii_case("shell")
                });
                if let Some((_, command)) = command {
                    let command = command.trim_matches(['\'', '"']);
                    found.push(Derived::shell(Origin::Spec, command.split(',').next().unwrap_or(command)));
                }
            }
        }
        // Other pods and containers: what runs there is chosen here.
        "kubectl" | "oc" | "docker" | "podman" | "nerdctl" | "crictl" | "ctr" => {
            let words = words();
            let runs = words.iter().take(8).any(|word| matches!(*word, "exec" | "run" | "debug"));
            let line = if runs { inner_line(&words) } else { None };
            if let Some(line) = line {
                found.push(Derived {
                    origin: Origin::Spec,
                    argv: line.iter().map(|w| (*w).to_owned()).collect(),
                });
            }
        }
        // Both kinds of shell know `&`; only one knows the other's separator of folders.
        "cmd" => {
            let words = words();
            let at = words
                .iter()
                .position(|word| word.eq_ignore_ascii_case("/c") || word.eq_ignore_ascii_case("/k"));
            if let Some(line) = at.and_then(|at| words.get(at + 1..)).filter(|line| !line.is_empty()) {
                found.push(Derived::shell(Origin::Spec, line.join(" ").replace('\\', "/")));
            }
        }
        // `1e COMMAND` of GNU sed.
        "sed" => {
            let address = |c: char| c.is_ascii_digit() || matches!(c, '$' | ',');
            for text in words().iter().filter_map(|w| w.trim_start_matches(address).strip_prefix("e ")) {
                found.push(Derived::shell(Origin::Code, text));
            }
        }
        "tar" => {
            for text in words().iter().filter_map(|word| word.strip_prefix("--checkpoint-action=exec=")) {
                found.push(Derived::shell(Origin::Code, text));
            }
        }
        _ => {
            let mut add = |text: &str| found.push(Derived::shell(Origin::Code, text));
            escapes(invocation, &mut add);
            in_other_code(texts, invocation, &mut add);
        }
    }
}

/// The command line after `--`, or from the first shell on.
fn inner_line<'a>(words: &'a [&'a str]) -> Option<&'a [&'a str]> {
    if let Some(at) = words.iter().position(|word| *word == "--") {
        return words.get(at + 1..);
    }
    let at = words.iter().position(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        is_shell(name) || name == "chroot" || name == "nsenter"
    })?;
    words.get(at..)
}

/// The ways out to a shell that editors, debuggers and clients have.
fn escapes(invocation: &Invocation, add: &mut impl FnMut(&str)) {
    let all = || words(invocation).take(256);
    match invocation.program.as_str() {
        // What another host runs is chosen here.
        "ssh" | "dbclient" => {
            let mut rest = all();
            while let Some(word) = rest.next() {
                match word.strip_prefix('-') {
                    Some(flag) if flag.len() == 1 && "BbcDEeFIiJLlmOopQRSWw".contains(flag) => {
                        rest.next();
                    }
                    Some(_) => {}
                    None => break,
                }
            }
            let line: Vec<&str> = rest.collect();
            if !line.is_empty() {
                add(&line.join(" "));
            }
        }
        "vi" | "vim" | "nvim" | "ex" | "view" | "gdb" | "less" | "ftp" => {
            let starts = [":!", "+!", "+:!", "!", "shell "];
            let commands = all().filter_map(|word| starts.iter().find_map(|start| word.strip_prefix(start)));
            commands.for_each(add);
        }
        "git" => {
            let keys =
                ["core.sshcommand", "core.pager", "core.editor", "core.fsmonitor", "credential.helper"];
            let settings = all().filter_map(|word| word.split_once('='));
            let runs = settings.filter_map(|(key, value)| {
                let by_key = keys.contains(&key.to_ascii_lowercase().as_str()).then_some(value);
                value.strip_prefix('!').or(by_key)
            });
            runs.for_each(add);
        }
        "sqlite3" | "psql" | "mysql" => {
            for word in all() {
                let escape = [".shell ", ".system ", "\\!"].iter().find_map(|start| word.strip_prefix(start));
                let program = || word.split_once(" PROGRAM '").and_then(|(_, rest)| rest.split('\'').next());
                escape.or_else(program).into_iter().for_each(&mut *add);
            }
        }
        "zip" => option(invocation, &["-TT", "--unzip-command"]).into_iter().for_each(add),
        _ => {}
    }
}

/// Strings in code of languages whose grammar is not known, where the code starts programs; and the recipes of a
/// makefile that is piped in.
fn in_other_code(texts: &Texts<'_>, invocation: &Invocation, add: &mut impl FnMut(&str)) {
    let given = match invocation.program.as_str() {
        "Rscript" | "R" | "groovy" | "julia" | "scala" | "elixir" => option(invocation, &["-e", "--eval"]),
        "deno" => operands(invocation).nth(1),
        "expect" => option(invocation, &["-c"]),
        "emacs" => option(invocation, &["--eval", "-eval", "--execute"]),
        "tclsh" | "jshell" | "make" | "gmake" => None,
        _ => return,
    };
    let Some(code) = given.map(str::to_owned).or_else(|| texts.stdin(invocation)) else { return };
    if invocation.program.ends_with("make") {
        code.lines().filter_map(|line| line.strip_prefix('\t')).take(MAX_LITERALS).for_each(add);
        return;
    }
    let starts = ["system", "exec", "Command", "spawn", "shell", "run(", "pipe("];
    if starts.iter().any(|start| code.contains(start)) {
        let literals = code_strings::literals(&code).into_iter();
        literals.filter(|text| text.contains(' ')).take(MAX_LITERALS).for_each(|text| add(&text));
    }
}
