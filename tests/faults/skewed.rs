//! Servers of another version, and reports that somebody else changes.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::support::converged::LIVENESS;
use crate::support::proxy::{Action, Fault, Match, Verb};
use crate::support::{BENIGN, REVERSE_SHELL, cron_job, job, rules, wait_for_report};

/// Changes every object that comes with a list or a watch of Jobs and `CronJobs`.
fn skew(scenario: &Scenario, change: fn(&mut Value)) {
    for resource in ["jobs", "cronjobs"] {
        let listed = Action::rewrite(move |list| {
            list["items"].as_array_mut().into_iter().flatten().for_each(change);
        });
        let watched = Action::rewrite_events(move |mut event| {
            if event["type"] != "BOOKMARK" {
                change(&mut event["object"]);
            }
            vec![event]
        });
        scenario.proxy.add(Match::on(Verb::List, resource), listed);
        scenario.proxy.add(Match::on(Verb::Watch, resource), watched);
    }
}

#[test]
fn d10_fields_and_values_of_a_newer_server_are_passed_over() {
    let scenario = Scenario::prepare("d10");
    skew(&scenario, |object| {
        let new = json!({ "of": [1, null, { "deep": true }], "mode": "Entangled" });
        object["metadata"]["lineage"] = new.clone();
        object["spec"]["entanglement"] = new.clone();
        object["status"]["entangled"] = new.clone();
        if object["spec"]["schedule"].is_string() {
            object["spec"]["concurrencyPolicy"] = json!("Entangle");
        } else {
            object["spec"]["completionMode"] = json!("Entangled");
            object["spec"]["template"]["spec"]["containers"][0]["entanglement"] = new;
        }
    });
    scenario.jobs("before", 4);
    scenario.start();
    scenario.jobs("after", 4);
    scenario.create(&cron_job("d10", "after", REVERSE_SHELL));
    scenario.settles_soon();
}

#[test]
fn d11_an_object_of_wrong_types_says_so_and_hides_no_other() {
    let scenario = Scenario::prepare("d11");
    skew(&scenario, |object| {
        match object["metadata"]["name"].as_str().unwrap_or_default().split('-').next().unwrap_or_default() {
            "template" => object["spec"]["template"] = json!(7),
            "command" => object["spec"]["template"]["spec"]["containers"][0]["command"] = json!({ "a": 1 }),
            "spec" => object["spec"] = json!("none"),
            _ => {}
        }
    });
    let wrong = ["template", "command", "spec"];
    for when in ["before", "after"] {
        for name in wrong {
            scenario.create(&job("d11", &format!("{name}-{when}"), BENIGN));
        }
        scenario.create(&job("d11", &format!("right-{when}"), REVERSE_SHELL));
        if when == "before" {
            scenario.start();
        }
        for name in wrong {
            let says_so = |report: &Value| rules(report).contains(&"evd-unreadable".to_owned());
            wait_for_report(scenario.plane(), "d11", &format!("job-{name}-{when}"), says_so);
        }
        let right = |report: &Value| report["status"]["severity"] == "High";
        wait_for_report(scenario.plane(), "d11", &format!("job-right-{when}"), right);
    }
    assert!(scenario.jobrisk.lives());
}

#[test]
fn c16_a_report_that_somebody_changes_is_put_right() {
    let scenario = Scenario::begin("c16");
    let plane = scenario.plane();
    scenario.risky("job");
    scenario.settles_soon();
    let lie = r#"{"metadata":{"labels":{"team":"shop","jobrisk.io/severity":"none"}},
        "status":{"severity":"None","riskScore":0,"findings":[]}}"#;
    // Which takes a right that no shipped role gives.
    let tenant = scenario.tenant();
    tenant.may_write_reports();
    tenant.kubectl_ok(&["patch", "jobriskreport", "job-job", "--type=merge", "--patch", lie]);
    scenario.converges(LIVENESS);
    let report = wait_for_report(plane, "c16", "job-job", |_| true);
    assert_eq!(report["metadata"]["labels"]["jobrisk.io/severity"], "high", "{report:#}");
    assert_eq!(report["metadata"]["labels"]["team"], "shop", "what is not ours is not touched: {report:#}");
    scenario.settles_soon();
}

#[test]
fn o12_no_log_level_shows_what_workloads_say() {
    const MARK: &str = "only-in-the-object";
    let mut scenario = Scenario::prepare("o12");
    let mut object = job("o12", "secret", REVERSE_SHELL);
    let container = &mut object["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{ "name": "TOKEN", "value": MARK }]);
    container["args"] = json!([format!("--password={MARK}")]);
    object["metadata"]["annotations"] = json!({ "note": MARK });
    scenario.create(&object);
    // What a client cannot decode it likes to show.
    let undecodable = Action::rewrite(|list| list["items"] = json!({ "all": list["items"] }));
    let fault = scenario.proxy.script(Fault::new(Match::on(Verb::List, "jobs"), undecodable).times(1));
    scenario.jobrisk.set_arguments(&["--log=trace"]);
    scenario.start();
    scenario.settles(LIVENESS * 2);
    assert_eq!(scenario.proxy.hits(fault), 1);
    let log = scenario.jobrisk.stderr();
    let line = log.lines().find(|line| line.contains(MARK));
    assert_eq!(line, None);
    assert!(!scenario.jobrisk.errors().is_empty(), "that it could not be read is said: {log}");
}
