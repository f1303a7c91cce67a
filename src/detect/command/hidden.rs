//! Text that is hidden from whoever reads the manifest.

use super::fetch::runs_input_of;
use super::{COMMAND, Rule, Sample, Severity};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::derive::is_decoder;
use crate::detect::flow::Kind;
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[Rule {
    id: "cmd-obfuscated",
    title: "Obfuscated command",
    message: "runs text that is encoded or spelled to hide it",
    meaning: "The script is hidden from whoever reads the manifest, and from most scanners. What it decodes to is \
              judged by all other rules as well, and marked as decoded.",
    false_positives: "Decoding into a file is not it, and is not reported.",
    confirm: &[
        Step::Object(
            "The encoded text. Decode it on your machine without running it: base64 -d, xxd -r -p, or \
             printf into a file, never into a shell. The report has the decoded findings as well.",
        ),
        Step::Logs("What ran after decoding. Compare with what the decoded text would print."),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Token, Exposure::Secrets],
        attack: "Read the decoded text first: it says what was done and to which hosts. The other findings \
                 on this workload are mostly about it. Search other workloads for the same encoded string.",
        benign: "Put the script into a ConfigMap or the image in plain text. Binary data belongs into a \
                 Secret or binaryData of a ConfigMap, decoded into a file and not into an interpreter.",
    },
    severity: Severity::High,
    points: 45,
    techniques: &["T1027", "T1140"],
    references: &[links::CONFIGMAP],
    check: |facts, found| {
        runs_input_of(facts, found, &is_decoder);
        let decoded = facts.reach(|_, call| decodes_whole(call), Kind::Program);
        for (number, run) in facts.runs.iter().enumerate() {
            let hidden = run.invocations().find(|(_, invocation)| hides(invocation)).map(|(at, _)| at);
            let hidden = hidden.or_else(|| decoded.ran(number).next().map(|program| program.at.1));
            if let Some(at) = hidden {
                found.hit(Some(&run.container.name), run.path(), &run.show(at));
            }
        }
    },
    samples: &[
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'echo aWQ= | base64 -d | sh']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [bash, -c, 'eval \"$(echo 6964 | xxd -r -p)\"']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'printf %s aWQ= | openssl enc -d -base64 -A | sh']}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'printf \"\\x69\\x64\\x0a\" | sh']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'echo vq | tr a-z n-za-m | sh']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'A=cu; B=rl; $A$B http://svc']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'w\"\"ge\"\"t${IFS}http://svc']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [bash, -c, \"$'\\\\x69\\\\x64'\"]}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'base64 -d /cfg/p > /tmp/p; chmod +x /tmp/p; /tmp/p']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [python3, -c, 'import base64;exec(base64.b64decode(\"aW1wb3J0IG9z\"))']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [powershell.exe, -NoProfile, -enc, dwBoAG8AYQBtAGkA]}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'echo \"$CERT\" | base64 -d > /tls/ca.crt']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'kubectl get secret x -o jsonpath={.data.p} | base64 -d']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'PW=$(echo $B | base64 -d); psql \"host=db password=$PW\"']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'gunzip -c /b/dump.sql.gz | psql shop']}]"),
        Sample::Miss("containers: [{name: a, command: [sh, -c, '\\rm -f /data/x; \"$BIN\"/run']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [python3, -c, 'import base64;print(base64.b64decode(\"aWQ=\"))']}]",
        ),
    ],
    ..COMMAND
}];

/// Whether an invocation itself is hidden, or runs what it decodes.
fn hides(invocation: &Invocation) -> bool {
    invocation.program_disguised
        || code::encoded_command(invocation).is_some()
        || code::text(invocation).is_some_and(code::runs_decoded)
}

/// Decoders of whole programs. Archives are not hidden, only packed.
fn decodes_whole(invocation: &Invocation) -> bool {
    matches!(invocation.program.as_str(), "base64" | "base32" | "basenc" | "xxd" | "openssl" | "uudecode")
        && is_decoder(invocation)
}
