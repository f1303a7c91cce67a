//! Whether what was fetched is compared with something that did not come along with it.

use super::Facts;
use super::words::{has, operands, option, words};
use crate::detect::derive::{stdin_of, text_written};
use crate::detect::flow::{At, Reached};
use crate::detect::runs::Run;
use crate::normalize::Invocation;

/// Comparisons of one run that are looked at, and the lines of each.
const MAX_CHECKS: usize = 16;
/// The shortest digest: MD5 in hexadecimal.
const DIGEST: usize = 32;

/// Whether the run that fetched a file verifies it: the comparison names a file that came from this `source`, and
/// nothing that was fetched went into it.
pub(super) fn is_verified(facts: &Facts<'_>, reached: &Reached<'_>, source: At) -> bool {
    let Some(run) = facts.runs.get(source.0) else { return false };
    let checks = run.invocations().filter(|(_, call)| verifies(call)).take(MAX_CHECKS);
    checks.into_iter().any(|(at, call)| {
        // A signature is compared with a key, and reads the file itself.
        let local = !compares_digests(call) || reached.source_of(source.0, at).is_none();
        local
            && names(run, reached, source.0, call)
                .iter()
                .any(|file| reached.source_of_file(source.0, &run.at(at, file)) == Some(source))
    })
}

/// Whether a command compares a file with a digest or a signature: `gpg --version` and `sha256sum FILE` do not.
fn verifies(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "gpg" | "gpg2" => has(invocation, &["--verify"]),
        "gpgv" => true,
        "cosign" => has(invocation, &["verify-blob", "verify-blob-attestation"]),
        "minisign" | "signify" => {
            words(invocation).any(|word| word.starts_with("-V") || word.starts_with("-qV"))
        }
        "openssl" => has(invocation, &["dgst"]) && option(invocation, &["-verify"]).is_some(),
        _ => compares_digests(invocation),
    }
}

fn compares_digests(invocation: &Invocation) -> bool {
    matches!(
        invocation.program.as_str(),
        "sha256sum" | "sha512sum" | "sha384sum" | "sha1sum" | "shasum" | "md5sum" | "b2sum"
    ) && words(invocation).any(|word| {
        word == "--check" || word.starts_with('-') && !word.starts_with("--") && word.contains('c')
    })
}

/// The files that are compared.
fn names(run: &Run<'_>, reached: &Reached<'_>, number: usize, call: &Invocation) -> Vec<String> {
    if !compares_digests(call) {
        let signed = operands(call).flat_map(|file| {
            let plain = [".sig", ".asc", ".minisig", ".gpg"].iter().find_map(|end| file.strip_suffix(end));
            [Some(file), plain]
        });
        return signed.flatten().take(MAX_CHECKS).map(str::to_owned).collect();
    }
    let mut found = Vec::new();
    if let Some(text) = stdin_of(&run.execution, call) {
        found.extend(listed(&text));
    }
    for list in operands(call).take(4) {
        // Written by the script itself: what is in a file that was fetched, or that is not known, proves nothing.
        let writer = run.invocations().find(|(_, writer)| {
            writer.redirects.iter().any(|redirect| redirect.takes_stdout() && redirect.target.text == list)
        });
        if let Some((_, writer)) = writer.filter(|(at, _)| reached.source_of(number, *at).is_none()) {
            found.extend(text_written(&run.execution, writer).iter().flat_map(|text| listed(text)));
        }
    }
    found
}

/// The files in the lines `DIGEST  FILE`.
fn listed(text: &str) -> Vec<String> {
    let lines = text.lines().take(MAX_CHECKS).filter_map(|line| {
        let (digest, file) = line.trim().split_once(char::is_whitespace)?;
        let known = digest.len() >= DIGEST && digest.bytes().all(|letter| letter.is_ascii_hexdigit());
        (known || digest.starts_with('$')).then(|| file.trim_start().trim_start_matches('*').to_owned())
    });
    lines.collect()
}
