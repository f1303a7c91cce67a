//! Programs and scripts that come over the network or out of an encoding.

use super::{code, inputs};
use crate::detect::facts::{Run, is_shell};
use crate::normalize::{Execution, Invocation, RedirectOp};

/// Command-line tools that fetch.
pub(super) fn is_downloader(invocation: &Invocation) -> bool {
    matches!(
        invocation.program.as_str(),
        "curl"
            | "wget"
            | "wget2"
            | "aria2c"
            | "axel"
            | "fetch"
            | "lwp-download"
            | "GET"
            | "lynx"
            | "ftpget"
            | "tftp"
    )
}

/// Takes a program from its standard input or its words and runs it: a shell or an interpreter without a
/// script of its own, `eval`, `source`.
fn runs_its_input(invocation: &Invocation) -> bool {
    let program = invocation.program.as_str();
    if matches!(program, "eval" | "source" | ".") {
        return true;
    }
    let operand = invocation.args.iter().find(|word| !word.text.starts_with('-'));
    let from_input = operand.is_none_or(|word| {
        // A process substitution or standard input by name is no script of its own.
        word.dynamic || matches!(word.text.as_str(), "/dev/stdin" | "/proc/self/fd/0")
    });
    let inline = invocation.args.iter().any(|word| word.text.starts_with('-') && word.text.ends_with('c'));
    // `sh -s -- ARGUMENTS` reads its input, whatever operands follow.
    let reads = invocation.args.iter().any(|word| word.text == "-s" || word.text == "-");
    if is_shell(program) {
        return from_input || inline || reads;
    }
    code::interpreter(program).is_some() && (from_input || reads) && code::inline(invocation).is_none()
}

/// `curl … | sh`, `bash <(curl …)`, `eval "$(curl …)"`, `source <(curl …)`.
pub(super) fn runs_download(run: &Run<'_>, invocation: &Invocation) -> bool {
    runs_its_input(invocation) && inputs(&run.execution, invocation).any(is_downloader)
}

/// `… | base64 -d | sh` and its variants.
pub(super) fn runs_decoded(run: &Run<'_>, invocation: &Invocation) -> bool {
    runs_its_input(invocation) && inputs(&run.execution, invocation).any(is_decoder)
}

fn is_decoder(invocation: &Invocation) -> bool {
    let has = |wanted: fn(&str) -> bool| invocation.args.iter().any(|word| wanted(&word.text));
    match invocation.program.as_str() {
        "base64" | "base32" | "basenc" | "gbase64" => {
            has(|text| text == "--decode" || text == "-d" || text == "-D" || text == "-di")
        }
        "xxd" => has(|text| text.starts_with("-r") || text == "-revert"),
        "openssl" => has(|text| text == "enc" || text == "base64") && has(|text| text == "-d"),
        "uudecode" => true,
        _ => false,
    }
}

/// A downloaded file that is run.
pub(super) struct DownloadedRun<'a> {
    /// What runs it.
    pub(super) invocation: &'a Invocation,
    /// A checksum was verified in between.
    pub(super) verified: bool,
}

/// Files that a downloader wrote and that are run later in the same script, one hit per script.
pub(super) fn runs_downloaded_file(execution: &Execution) -> Option<DownloadedRun<'_>> {
    let mut files: Vec<&str> = Vec::new();
    let mut verified = false;
    for invocation in &execution.commands {
        if is_downloader(invocation) {
            files.extend(written_files(invocation));
            // Bounds the work: a script with more downloads than this is hit by the first ones.
            files.truncate(256);
            continue;
        }
        if files.is_empty() {
            continue;
        }
        if is_checksum(invocation) {
            verified = true;
        } else if let Some(moved) = moved_file(invocation, &files) {
            files.push(moved);
        } else if runs_one_of(invocation, &files) {
            return Some(DownloadedRun { invocation, verified });
        }
    }
    None
}

fn is_checksum(invocation: &Invocation) -> bool {
    let program = invocation.program.as_str();
    let checks =
        invocation.args.iter().any(|word| matches!(word.text.as_str(), "-c" | "--check" | "-sc" | "-wc"));
    (matches!(program, "sha256sum" | "sha512sum" | "sha1sum" | "shasum" | "md5sum" | "b2sum") && checks)
        || matches!(program, "cosign" | "gpg" | "minisign" | "signify")
}

/// `mv FILE TARGET`, `cp FILE TARGET`, `install … FILE TARGET`: the target, if the file is one of those.
fn moved_file<'a>(invocation: &'a Invocation, files: &[&str]) -> Option<&'a str> {
    if !matches!(invocation.program.as_str(), "mv" | "cp" | "ln" | "install") {
        return None;
    }
    let moves = invocation.args.iter().any(|word| files.iter().any(|file| same_file(file, &word.text)));
    let target = invocation.args.last().map(|word| word.text.as_str())?;
    (moves && !files.iter().any(|file| same_file(file, target))).then_some(target)
}

fn runs_one_of(invocation: &Invocation, files: &[&str]) -> bool {
    let is_file = |text: &str| files.iter().any(|file| same_file(file, text));
    let as_program =
        is_file(&invocation.path) && (invocation.path.contains('/') || !invocation.path.is_empty());
    let as_script = is_shell(&invocation.program)
        || code::interpreter(&invocation.program).is_some()
        || matches!(invocation.program.as_str(), "source" | ".");
    let script = invocation.args.iter().find(|word| !word.text.starts_with('-'));
    as_program || (as_script && script.is_some_and(|word| is_file(&word.text)))
}

/// Whether two spellings name the same file, a leading `./` aside.
fn same_file(a: &str, b: &str) -> bool {
    a.trim_start_matches("./") == b.trim_start_matches("./")
}

/// The names of the files that a downloader writes.
fn written_files(invocation: &Invocation) -> Vec<&str> {
    let words: Vec<&str> = invocation.args.iter().map(|word| word.text.as_str()).collect();
    let mut files = Vec::new();
    let mut named = false;
    for (index, word) in words.iter().enumerate() {
        let next = || words.get(index + 1).copied();
        let value = match (invocation.program.as_str(), *word) {
            (_, "-o" | "--output" | "--output-document" | "-O")
                if invocation.program != "curl" || *word != "-O" =>
            {
                next()
            }
            _ if word.starts_with("--output=") || word.starts_with("--output-document=") => {
                word.split_once('=').map(|(_, file)| file)
            }
            // Clusters with the flag last: -sSLo FILE, -qO FILE; or with the value attached: -oFILE.
            ("curl", flags) if is_cluster(flags) && flags.ends_with('o') => next(),
            ("wget", flags) if is_cluster(flags) && flags.ends_with('O') => next(),
            ("curl", flags) if flags.starts_with("-o") && flags.len() > 2 => flags.get(2..),
            ("wget", flags) if flags.starts_with("-O") && flags.len() > 2 => flags.get(2..),
            _ => None,
        };
        if let Some(file) = value {
            named = true;
            files.push(file);
        }
    }
    let redirects = invocation
        .redirects
        .iter()
        .filter(|redirect| matches!(redirect.op, RedirectOp::Out | RedirectOp::Append | RedirectOp::Clobber));
    for redirect in redirects.filter(|redirect| redirect.fd.unwrap_or(1) == 1) {
        named = true;
        files.push(redirect.target.text.as_str());
    }
    // wget FILE-URL and curl -O name the file after the URL.
    let by_url = invocation.program != "curl"
        || words.iter().any(|word| *word == "--remote-name" || (is_cluster(word) && word.contains('O')));
    if !named && by_url {
        files.extend(words.iter().filter(|word| word.contains('/') && !word.starts_with('-')).filter_map(
            |url| {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                path.rsplit('/').next().filter(|name| !name.is_empty())
            },
        ));
    }
    files.retain(|file| !matches!(*file, "-" | "" | "/dev/null" | "/dev/stdout"));
    files
}

/// Whether `word` is `-` and a few letters.
fn is_cluster(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|flags| {
        (1..=6).contains(&flags.len()) && flags.chars().all(|flag| flag.is_ascii_alphabetic())
    })
}
