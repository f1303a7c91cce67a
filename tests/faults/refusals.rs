//! Namespaces that take no reports: for each reason the same must hold.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::support::converged::LIVENESS;
use crate::support::proxy::{Match, Verb};
use crate::support::{BENIGN, NAMESPACE, REVERSE_SHELL, create, eventually, job};

/// The name that the controller has in Events about itself.
const POD: &str = "jobrisk-test-pod";
/// For how long the attempts are counted.
const COUNTED: Duration = Duration::from_secs(16);
/// What begins in a control plane that has just begun: controllers learn of new definitions every 30 s only.
const SLOW: Duration = Duration::from_secs(60);

/// A scenario whose controller knows in which pod it runs. It is not started.
fn prepare(id: &str) -> Scenario {
    let mut scenario = Scenario::prepare(id);
    let namespace = format!("--pod-namespace={NAMESPACE}");
    scenario.jobrisk.set_arguments(&["--instance", POD, &namespace]);
    scenario
}

fn refusals(scenario: &Scenario) -> Vec<Value> {
    let path = format!("/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events");
    let list: Value = serde_json::from_str(&scenario.plane().kubectl_ok(&["get", "--raw", &path])).unwrap();
    let mut events = list["items"].as_array().unwrap().clone();
    events.retain(|event| {
        event["reason"] == "ReportsRefused"
            && event["note"].as_str().is_some_and(|note| note.contains(&format!("{} ", scenario.namespace)))
    });
    events
}

/// Reports in the scenario's namespace are refused now: it is told once, tried seldom, and nobody else waits.
fn is_told_and_tried_seldom(scenario: &Scenario) {
    let (proxy, jobrisk) = (&scenario.proxy, &scenario.jobrisk);
    let writes = || {
        let wanted = Match::on(Verb::Patch, "jobriskreports").namespace(&scenario.namespace);
        proxy.log().into_iter().filter(|entry| wanted.matches(&entry.request)).collect::<Vec<_>>()
    };
    let refused = eventually(SLOW, || writes().into_iter().find(|entry| entry.status == Some(403)));
    let refused = refused.unwrap_or_else(|| panic!("nothing was refused: {:#?}", writes()));
    let told = eventually(LIVENESS, || (!refusals(scenario).is_empty()).then_some(()));
    assert!(told.is_some(), "no Event in the controller's own namespace: {}", jobrisk.stderr());
    let event = &refusals(scenario)[0];
    assert_eq!((&event["type"], &event["regarding"]["name"]), (&json!("Warning"), &json!(POD)));
    assert!((jobrisk.sum("jobrisk_refusing_namespaces") - 1.0).abs() < 0.5, "{}", jobrisk.metrics());

    let beside = format!("{}-beside", scenario.namespace);
    let tenant = scenario.create_namespace(&beside);
    tenant.create(&job(&beside, "beside", REVERSE_SHELL));
    let reported = eventually(LIVENESS, || {
        let name =
            tenant.kubectl_ok(&["get", "jobriskreport", "job-beside", "--ignore-not-found", "-o", "name"]);
        (!name.is_empty()).then_some(())
    });
    assert!(reported.is_some(), "another namespace waits");

    std::thread::sleep(COUNTED.saturating_sub(refused.at.elapsed()));
    // At 0, 0.5, 1.5, 3.5, 7.5 and 15.5 seconds, or later; up to 16 were under way when the first was refused.
    let tries = writes();
    let first = tries.first().map_or_else(Instant::now, |entry| entry.at);
    let later = tries.iter().filter(|entry| {
        let after = entry.at.duration_since(first);
        after > Duration::from_millis(400) && after < COUNTED
    });
    let later = later.count();
    assert!((1..=6).contains(&later), "{later} tries after the first: {tries:#?}");
    let lines = jobrisk.errors().into_iter().filter(|error| error.contains("write jobriskreports")).count();
    assert_eq!(lines, 1, "{}", jobrisk.stderr());
    assert_eq!(refusals(scenario).len(), 1);
}

/// Nothing is in the way any more.
fn is_over(scenario: &Scenario) {
    // The longest back-off is half a minute and a quarter of it.
    scenario.settles(Duration::from_secs(50));
    assert!(scenario.jobrisk.sum("jobrisk_refusing_namespaces") < 0.5, "{}", scenario.jobrisk.metrics());
    assert!(scenario.jobrisk.sum("jobrisk_queue_depth") < 0.5, "{}", scenario.jobrisk.metrics());
}

#[test]
fn i13_a_quota_on_reports_is_told_and_waited_out() {
    let scenario = prepare("i13-quota");
    let plane = scenario.plane();
    create(
        plane,
        &json!({
            "apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": { "name": "no-reports", "namespace": "i13-quota" },
            "spec": { "hard": { "count/jobriskreports.jobrisk.io": "0" } },
        }),
    );
    scenario.jobs("job", 5);
    scenario.start();
    is_told_and_tried_seldom(&scenario);
    plane.kubectl_ok(&["delete", "resourcequota", "no-reports", "--namespace=i13-quota"]);
    is_over(&scenario);
}

#[test]
fn i13_a_policy_that_refuses_reports_is_told_and_waited_out() {
    let scenario = prepare("i13-policy");
    let plane = scenario.plane();
    let policy = "
        {apiVersion: v1, kind: List, items: [
          {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: i13},
           spec: {
             matchConstraints: {resourceRules: [
               {apiGroups: [jobrisk.io], apiVersions: ['*'], operations: [CREATE, UPDATE],
                resources: [jobriskreports]}]},
             validations: [{expression: 'object.metadata.namespace != \"i13-policy\"', message: no reports here,
               reason: Forbidden}]}},
          {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding,
           metadata: {name: i13}, spec: {policyName: i13, validationActions: [Deny]}}]}";
    plane.kubectl_ok_stdin(&["apply", "-f", "-"], policy);
    let probe = "{apiVersion: jobrisk.io/v1alpha1, kind: JobRiskReport, metadata: {name: probe, namespace: i13-policy},
        spec: {subject: {apiVersion: batch/v1, kind: Job, name: probe, uid: none}}}";
    let refused = eventually(SLOW, || {
        let output = plane.kubectl_stdin(&["create", "--dry-run=server", "-f", "-"], probe);
        output.stderr.contains("no reports here").then_some(())
    });
    assert!(refused.is_some(), "the policy takes no effect");
    scenario.jobs("job", 5);
    scenario.start();
    is_told_and_tried_seldom(&scenario);
    plane.kubectl_ok(&["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "i13"]);
    is_over(&scenario);
}

#[test]
fn i13_a_namespace_that_is_being_deleted_is_told_and_left() {
    let scenario = prepare("i13-going");
    let plane = scenario.plane();
    // Held back by somebody's finalizer, the Job is there while the namespace takes nothing new any more.
    let mut held = job("i13-going", "held", REVERSE_SHELL);
    held["metadata"]["finalizers"] = json!(["example.test/hold"]);
    scenario.create(&held);
    scenario.create(&job("i13-going", "goes", BENIGN));
    plane.kubectl_ok(&["delete", "namespace", "i13-going", "--wait=false"]);
    let going = eventually(SLOW, || {
        let left = plane.kubectl_ok(&["get", "jobs", "--namespace=i13-going", "-o", "name"]);
        (left.trim() == "job.batch/held").then_some(())
    });
    assert!(going.is_some(), "the namespace does not go");
    scenario.start();
    is_told_and_tried_seldom(&scenario);
    let release = r#"{"metadata":{"finalizers":null}}"#;
    plane.kubectl_ok(&["patch", "job", "held", "--namespace=i13-going", "--type=merge", "--patch", release]);
    let gone = eventually(SLOW, || {
        plane.kubectl_ok(&["get", "namespace", "i13-going", "--ignore-not-found"]).is_empty().then_some(())
    });
    assert!(gone.is_some(), "the namespace stays");
    is_over(&scenario);
}
