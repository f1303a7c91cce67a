//! Files that a script writes and then runs: their text is judged as if it stood in the script.

use std::collections::HashMap;

use super::code;
use super::derive::{Derived, Texts, run_by, scheduled};
use super::files::HostFiles;
use super::runs::Origin;
use crate::normalize::exec::is_shell;
use crate::normalize::path::canonical;
use crate::normalize::{Invocation, RedirectOp, decode};

/// Files whose text is remembered.
const MAX_FILES: usize = 256;

/// The text of the files that a script has written so far.
#[derive(Default)]
pub(super) struct Written {
    /// By name without its folder: a script changes folders, and names few files.
    files: HashMap<String, String>,
}

/// The name of a file without its folder.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
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
        if let Some(target) = target(invocation)
            && let Some(text) = texts.written(invocation)
        {
            if is_schedule(target, host) {
                found.extend(scheduled(&text));
            } else {
                self.add(name(target), &text);
            }
            return;
        }
        if self.files.is_empty() {
            return;
        }
        self.copy(invocation);
        // Taken out: a file that is run in many places is judged once.
        let file = self.ran(texts, invocation);
        if let Some(text) = file.and_then(|file| self.files.remove(&file)) {
            found.push(run_by(invocation, text, Origin::Written));
        }
    }

    fn add(&mut self, name: &str, text: &str) {
        if name.is_empty() || self.files.len() >= MAX_FILES {
            return;
        }
        let file = self.files.entry(name.to_owned()).or_default();
        if file.len() + text.len() <= decode::MAX_TEXT {
            file.push_str(text);
        }
    }

    /// `cp FILE OTHER`: the other name has the same text.
    fn copy(&mut self, invocation: &Invocation) {
        if !matches!(invocation.program.as_str(), "cp" | "mv" | "ln" | "install" | "link") {
            return;
        }
        let mut operands =
            invocation.args.iter().map(|word| word.text.as_str()).filter(|text| !text.starts_with('-'));
        let Some(to) = operands.next_back().filter(|to| !to.ends_with('/')) else { return };
        if let Some(text) = operands.next_back().and_then(|from| self.files.remove(name(from))) {
            self.add(name(to), &text);
        }
    }

    /// The known file that an invocation runs: by its name, as a script, on standard input, or by what `cat` hands
    /// to a shell or to `eval`.
    fn ran(&self, texts: &Texts<'_>, invocation: &Invocation) -> Option<String> {
        let known =
            |path: &str| Some(name(path)).filter(|name| self.files.contains_key(*name)).map(str::to_owned);
        let program = invocation.program.as_str();
        let runs_text = is_shell(program)
            || code::language(program).is_some()
            || matches!(program, "." | "source" | "eval");
        // A file that is made executable is run sooner or later, here or elsewhere.
        if !runs_text && program != "chmod" {
            return known(&invocation.path);
        }
        let operand = invocation.args.iter().rev().find(|word| !word.text.starts_with('-'));
        if let Some(file) = operand.and_then(|word| known(&word.text)) {
            return Some(file);
        }
        if program == "chmod" {
            return None;
        }
        let redirected = |of: &Invocation| {
            let input = of.redirects.iter().rfind(|redirect| redirect.op == RedirectOp::In);
            input.and_then(|redirect| known(&redirect.target.text))
        };
        let sources = invocation.inputs.iter().take(4).flat_map(|span| span.indices().take(16));
        redirected(invocation).or_else(|| {
            let cats = sources.filter_map(|at| texts.invocation(at)).filter(|source| source.program == "cat");
            cats.into_iter().find_map(|cat| {
                cat.args.iter().find_map(|word| known(&word.text)).or_else(|| redirected(cat))
            })
        })
    }
}

/// Whether a file is read by cron.
fn is_schedule(file: &str, host: &HostFiles) -> bool {
    let path = canonical(file);
    let on_host = host.on_host(&path).unwrap_or_default();
    [path, on_host].iter().any(|path| path.contains("/cron") || path.contains("crontab"))
}

/// The file that an invocation writes its standard output to.
fn target(invocation: &Invocation) -> Option<&str> {
    let redirected = invocation
        .redirects
        .iter()
        .rev()
        .find(|redirect| redirect.takes_stdout() && redirect.target.text != "/dev/null");
    if let Some(redirect) = redirected {
        return Some(redirect.target.text.as_str());
    }
    let is_tee = invocation.program == "tee";
    let mut words = invocation.args.iter().map(|word| word.text.as_str());
    words.find(|text| is_tee && !text.starts_with('-') && *text != "/dev/null")
}
