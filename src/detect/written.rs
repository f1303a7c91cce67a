//! Files that a script writes and then runs: their text is judged as if it stood in the script.

use std::collections::HashSet;

use super::code::{self, Language};
use super::code_strings;
use super::derive::{Derived, run_by, scheduled};
use super::files::HostFiles;
use super::runs::Origin;
use super::texts::{Texts, name};
use super::words::{has, operands, option, words};
use crate::normalize::exec::is_shell;
use crate::normalize::path::canonical;
use crate::normalize::{Context, Invocation};

/// Named pipes that are remembered, and texts that were judged.
const MAX_KNOWN: usize = 64;

/// What a script has done with its files so far, beside their text.
#[derive(Default)]
pub(super) struct Written {
    /// Named pipes, and files that are read as they grow: what is written to them is read, before or afterwards.
    pipes: HashSet<String>,
    /// Texts out of several files that a shell was given.
    judged: HashSet<String>,
}

impl Written {
    /// Looks at one invocation, in the order of the script.
    pub(super) fn visit(
        &mut self,
        texts: &Texts<'_>,
        invocation: &Invocation,
        host: &HostFiles,
        found: &mut Vec<Derived>,
    ) {
        self.note_pipes(invocation);
        by_code(texts, invocation);
        let targets = targets(invocation);
        if !targets.is_empty()
            && let Some(text) = texts.written(invocation)
        {
            for target in targets {
                if is_schedule(target, host) {
                    found.extend(scheduled(&text));
                } else if self.pipes.contains(name(target)) {
                    found.push(Derived::shell(Origin::Written, text.clone()));
                } else {
                    texts.add(name(target), &text);
                }
            }
            return;
        }
        if let Some(text) = read(texts, invocation)
            && self.judged.len() < MAX_KNOWN
            && self.judged.insert(text.clone())
        {
            found.push(run_by(invocation, text, Origin::Written));
        }
        if texts.has_no_files() {
            return;
        }
        copy(texts, invocation);
        if runs_each(invocation) {
            let all = texts.take_all();
            found.extend(all.into_iter().map(|text| run_by(invocation, text, Origin::Written)));
            return;
        }
        if let Some(text) = ran(texts, invocation).and_then(|file| texts.take(&file)) {
            found.push(run_by(invocation, text, Origin::Written));
        }
    }

    fn note_pipes(&mut self, invocation: &Invocation) {
        let made = match invocation.program.as_str() {
            "mkfifo" => true,
            "mknod" => has(invocation, &["p"]),
            "tail" => !invocation.last_stage && has(invocation, &["-f", "-F", "--follow"]),
            _ => false,
        };
        if made {
            let room = MAX_KNOWN.saturating_sub(self.pipes.len());
            self.pipes.extend(operands(invocation).take(room.min(8)).map(|path| name(path).to_owned()));
        }
    }
}

/// Files that the code of an interpreter writes: `open("/tmp/x", "w").write("…")`.
fn by_code(texts: &Texts<'_>, invocation: &Invocation) {
    let given = || code::reads_stdin(invocation).then(|| texts.stdin(invocation)).flatten();
    if code::language(&invocation.program).is_none() {
        return;
    }
    let Some(code) = code::inline(invocation).map(str::to_owned).or_else(given) else { return };
    let code = code.as_str();
    let writes = ["write", "file_put_contents", "open(", "print", "Set-Content", "Out-File"];
    let opens = ["open", "File", "writeFile", "file_put_contents", "Path(", "Set-Content", "Out-File"];
    if !code::any(code, &writes) || !code::any(code, &opens) {
        return;
    }
    let literals = code_strings::literals(code);
    let (paths, rest): (Vec<&String>, Vec<&String>) =
        literals.iter().take(32).partition(|text| text.starts_with(['/', '.', '~']) && !text.contains(' '));
    let text = rest.into_iter().filter(|text| text.contains(' ')).cloned().collect::<Vec<_>>().join("\n");
    if !text.is_empty() {
        for path in paths.into_iter().take(4) {
            texts.add(name(path), &text);
        }
    }
}

/// `cp FILE OTHER`: the other name has the same text. What packs and unpacks a file changes its name.
fn copy(texts: &Texts<'_>, invocation: &Invocation) {
    let mut paths = operands(invocation);
    let program = invocation.program.as_str();
    match program {
        "cp" | "mv" | "ln" | "install" | "link" => {
            let Some(to) = paths.next_back().filter(|to| !to.ends_with('/')) else { return };
            if option(invocation, &["-t", "--target-directory"]).is_none()
                && let Some(text) = paths.next_back().and_then(|from| texts.take(name(from)))
            {
                texts.add(name(to), &text);
            }
        }
        "gzip" | "pigz" | "bzip2" | "xz" | "zstd" | "gunzip" | "unpigz" | "bunzip2" | "unxz" | "unzstd"
        | "uncompress" => {
            let ending = match program {
                "bzip2" | "bunzip2" => ".bz2",
                "xz" | "unxz" => ".xz",
                "zstd" | "unzstd" => ".zst",
                _ => ".gz",
            };
            let stays =
                |word: &str| word == "--stdout" || word == "--keep" || flags(word).contains(['c', 'k']);
            if words(invocation).any(stays) {
                return;
            }
            for from in paths.take(8).map(name) {
                let plain = from.strip_suffix(ending);
                let Some(text) = texts.take(from) else { continue };
                match plain {
                    Some(plain) => texts.add(plain, &text),
                    None => texts.add(&format!("{from}{ending}"), &text),
                }
            }
        }
        // The pieces are put together again, or they are none that anybody runs.
        "split" | "csplit" => {
            let to = paths.next_back().map(name);
            let from = paths.next_back().or(to).unwrap_or_default();
            if let Some(text) = texts.take(name(from)) {
                let prefix = to.filter(|to| *to != name(from)).unwrap_or("x");
                texts.add(&format!("{prefix}aa"), &text);
            }
        }
        _ => {}
    }
}

/// The letters of a cluster of short options.
fn flags(word: &str) -> &str {
    word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default()
}

/// Whether an invocation runs files that it does not name one by one: `find -exec sh {} ;`, `… | xargs sh`.
fn runs_each(invocation: &Invocation) -> bool {
    if invocation.program == "run-parts" {
        return true;
    }
    let by_xargs = invocation.prefixes.iter().any(|prefix| prefix == "xargs");
    is_shell(&invocation.program)
        && (operands(invocation).next() == Some("{}") || by_xargs && invocation.args.is_empty())
}

/// The known file that an invocation runs: by its name, as a script, on standard input, or by what `cat` hands to a
/// shell or to `eval`.
fn ran(texts: &Texts<'_>, invocation: &Invocation) -> Option<String> {
    let known = |path: &str| texts.known(path);
    let program = invocation.program.as_str();
    let language = code::language(program);
    let runs_text = is_shell(program) || language.is_some() || matches!(program, "." | "source" | "eval");
    let loaded =
        invocation.assignments.iter().filter(|(name, _)| matches!(name.as_str(), "BASH_ENV" | "ENV"));
    if let Some(file) = loaded.filter(|_| runs_text).find_map(|(_, path)| known(path)) {
        return Some(file);
    }
    // A file that is made executable is run sooner or later, here or elsewhere.
    if !runs_text && program != "chmod" {
        return known(&invocation.path);
    }
    if let Some((language, code)) = language.zip(code::inline(invocation)) {
        return handed_over(texts, language, code);
    }
    if let Some(file) = operands(invocation).find_map(known) {
        return Some(file);
    }
    None
}

/// The known file that code has run.
fn handed_over(texts: &Texts<'_>, language: Language, code: &str) -> Option<String> {
    let lines = code_strings::commands(language, code);
    let mut words = lines.iter().flatten().flat_map(|text| text.split_whitespace()).take(256);
    words.find_map(|word| texts.known(word))
}

/// The text out of files that a shell is given: on standard input, or by the substitution of its script.
fn read(texts: &Texts<'_>, invocation: &Invocation) -> Option<String> {
    let program = invocation.program.as_str();
    let shell = is_shell(program);
    if !shell && !matches!(program, "eval" | "." | "source") {
        return None;
    }
    // What the shell reader could work out is read already.
    let dynamic = invocation.args.iter().any(|word| word.dynamic);
    if !dynamic
        && (!invocation.scripts.is_empty()
            || operands(invocation).next().is_some() && !has(invocation, &["-s"]))
    {
        return None;
    }
    if !dynamic
        && shell
        && let Some(text) = texts.stdin(invocation)
    {
        return Some(text);
    }
    let mut spans = invocation.inputs.iter().take(4).filter(|span| {
        let first = texts.invocation(span.start);
        first.is_some_and(|first| !matches!(first.context, Context::Function))
    });
    spans.find_map(|span| texts.of(span.indices()))
}

/// Whether a file is read by cron.
fn is_schedule(file: &str, host: &HostFiles) -> bool {
    let path = canonical(file);
    let mut meanings = host.places(&path);
    meanings.push(path);
    meanings.iter().any(|path| path.contains("/cron") || path.contains("crontab"))
}

/// The files that an invocation writes its standard output to.
fn targets(invocation: &Invocation) -> Vec<&str> {
    let is_file = |path: &&str| !path.starts_with("/dev/") || path.starts_with("/dev/shm/");
    let redirected = invocation.redirects.iter().rev().find(|redirect| redirect.takes_stdout());
    let redirected = redirected.map(|redirect| redirect.target.text.as_str()).filter(is_file);
    let by_tool: Vec<&str> = match invocation.program.as_str() {
        "tee" | "sponge" => operands(invocation).filter(is_file).take(8).collect(),
        "dd" => {
            words(invocation).filter_map(|word| word.strip_prefix("of=")).filter(is_file).take(1).collect()
        }
        _ => Vec::new(),
    };
    redirected.into_iter().chain(by_tool).collect()
}
