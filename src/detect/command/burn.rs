//! Computing time used up for nothing.

use super::words::{has, words};
use super::{COMMAND, Facts, Rule, Run, Sample, Severity};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::findings::Collector;
use crate::normalize::Invocation;

/// From so many pods at a time on, a load is one on the cluster and not on a node.
const MANY_PODS: i64 = 50;

pub(super) static RULES: &[Rule] = &[Rule {
    id: "cmd-resource-exhaustion",
    title: "Exhaustion of nodes",
    message: "uses up what its nodes have",
    meaning: "A bomb of forks takes a node down for all pods on it; a load in very many pods without a deadline takes \
              the cluster down, or pays for it.",
    false_positives: "Load tests of a whole cluster, which have a deadline.",
    confirm: &[
        Step::Object("The load, parallelism, and whether activeDeadlineSeconds or a limit ends it."),
        Step::Run(
            "kubectl top nodes",
            "Nodes at their limit. Needs metrics-server; without it use your monitoring.",
        ),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Node],
        attack: "Suspend the workload and delete its pods; nodes that do not answer have to be restarted. Find out who \
                 made it, as it has no other use.",
        benign: "Give a load test resources.limits, a pod limit on processes (podPidsLimit) and activeDeadlineSeconds.",
    },
    severity: Severity::Medium,
    points: 25,
    techniques: &["T1499", "T1496"],
    references: &[links::QUOTA, links::JOB],
    check,
    samples: &[
        Sample::Hit(25, "containers: [{name: a, command: [bash, -c, ':(){ :|:& };:']}]"),
        Sample::Hit(25, "containers: [{name: a, command: [bash, -c, 'b() { b | b & }; b']}]"),
        Sample::Hit(25, "containers: [{name: a, command: [perl, -e, 'fork while fork']}]"),
        Sample::Hit(
            25,
            "containers: [{name: a, command: [python3, -c, 'import os\nwhile True: os.fork()']}]",
        ),
        Sample::HitObject(
            25,
            "kind: Job\nmetadata: {name: a}\nspec: {parallelism: 500, template: {spec: {containers: [{name: a, command: [stress-ng, --cpu, '0']}]}}}",
        ),
        Sample::MissObject(
            "kind: Job\nmetadata: {name: a}\nspec: {parallelism: 500, activeDeadlineSeconds: 600, template: {spec: {containers: [{name: a, command: [stress-ng, --cpu, '0']}]}}}",
        ),
        Sample::MissObject(
            "kind: Job\nmetadata: {name: a}\nspec: {parallelism: 500, template: {spec: {containers: [{name: a, command: [/app/render]}]}}}",
        ),
        Sample::Miss("containers: [{name: a, command: [stress-ng, --cpu, '4']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [bash, -c, 'log() { echo \"$1\" | tee -a /l & }; log x']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [python3, -c, 'import os; pid = os.fork()']}]"),
    ],
    ..COMMAND
}];

fn check(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let job = &facts.workload.job;
    let many = job.parallelism.is_some_and(|pods| pods >= MANY_PODS) && job.active_deadline.is_none();
    for run in &facts.runs {
        let hit =
            run.invocations().find(|(at, call)| multiplies(run, *at, call) || many && burns(run, *at, call));
        if let Some((at, _)) = hit {
            found.hit(Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// A function that calls itself twice in a pipe, or code that forks in a loop.
fn multiplies(run: &Run<'_>, at: usize, call: &Invocation) -> bool {
    let own = || {
        // The same program on both sides of a pipe, and once more after it: as the body of a function shows.
        let next = run.invocation(at + 1).filter(|next| next.program == call.program && next.args.is_empty());
        next.is_some_and(|next| next.pipeline == call.pipeline)
            && run
                .invocation(at + 2)
                .is_some_and(|after| after.program == call.program && after.nesting < call.nesting)
    };
    let plain =
        call.args.is_empty() && call.redirects.is_empty() && call.from_shell && !call.program.is_empty();
    if plain && own() {
        return true;
    }
    let code = crate::detect::code::text(call).unwrap_or_default();
    let forks = [
        "fork while fork",
        "fork while 1",
        "while True: os.fork()",
        "while 1: os.fork()",
        "loop { fork }",
        "loop{fork}",
    ];
    let plain: String = if code.contains("fork") {
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        String::new()
    };
    forks.iter().any(|text| plain.contains(text))
}

/// A command that computes for nothing.
pub(super) fn burns(run: &Run<'_>, at: usize, invocation: &Invocation) -> bool {
    let to_null = invocation
        .redirects
        .iter()
        .any(|redirect| redirect.target.text == "/dev/null" && redirect.fd.unwrap_or(1) == 1);
    let endless = ["/dev/zero", "/dev/urandom"];
    match invocation.program.as_str() {
        "yes" => to_null,
        "stress" | "stress-ng" | "cpuburn" | "sysbench" => !invocation.args.is_empty(),
        "sha1sum" | "sha256sum" | "sha512sum" | "md5sum" | "gzip" | "bzip2" | "xz" => {
            has(invocation, &endless)
        }
        "cat" => has(invocation, &endless) && to_null,
        "dd" => {
            words(invocation).any(|word| word.strip_prefix("if=").is_some_and(|file| endless.contains(&file)))
                && has(invocation, &["of=/dev/null"])
                && !words(invocation).any(|word| word.starts_with("count="))
        }
        "openssl" => has(invocation, &["speed"]),
        ":" | "true" => {
            // A loop of nothing, or a bomb of forks: the next command is of the same kind and nothing else follows.
            let next = run.invocation(at + 1).filter(|next| matches!(next.program.as_str(), ":" | "true"));
            let piped = next.is_some_and(|next| next.pipeline == invocation.pipeline);
            let looped = next.is_some()
                && invocation.nesting > 1
                && run.invocation(at + 2).is_none_or(|after| after.nesting < invocation.nesting)
                && !exits_loop(run, at);
            invocation.args.is_empty() && (piped || looped)
        }
        _ => false,
    }
}

/// Whether the commands before are not the condition's own: `cmd || :`.
fn exits_loop(run: &Run<'_>, at: usize) -> bool {
    at.checked_sub(1).and_then(|before| run.invocation(before)).is_some_and(|before| {
        before.nesting == run.invocation(at).map_or(0, |own| own.nesting) && before.from_shell
    })
}
