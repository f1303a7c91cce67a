//! What tests make on the API server, and what they read back from it.

use std::time::Duration;

use serde_json::Value;

use super::control_plane::ControlPlane;
use super::process::eventually;

/// How long a report may take. Far more than it does: also after a restart, on a busy machine.
const REPORT_LIMIT: Duration = Duration::from_secs(60);

/// Creates an object.
pub(crate) fn create(plane: &ControlPlane, object: &Value) {
    plane.kubectl_ok_stdin(&["create", "-f", "-"], &object.to_string());
}

/// A report by its name, if it exists.
pub(crate) fn report(plane: &ControlPlane, namespace: &str, name: &str) -> Option<Value> {
    let option = format!("--namespace={namespace}");
    let json = plane.kubectl_ok(&["get", "jobriskreport", name, &option, "-o", "json", "--ignore-not-found"]);
    (!json.is_empty()).then(|| serde_json::from_str(&json).unwrap())
}

/// Waits until a report is as it should be, and gives it.
///
/// # Panics
/// With the report as it is when it does not become so.
pub(crate) fn wait_for_report(
    plane: &ControlPlane,
    namespace: &str,
    name: &str,
    mut wanted: impl FnMut(&Value) -> bool,
) -> Value {
    let mut last = None;
    eventually(REPORT_LIMIT, || {
        last = report(plane, namespace, name);
        last.clone().filter(&mut wanted)
    })
    .unwrap_or_else(|| panic!("jobriskreport {namespace}/{name} is {last:#?}"))
}

/// The rules of a report's findings, each once, sorted.
pub(crate) fn rules(report: &Value) -> Vec<String> {
    let findings = report["status"]["findings"].as_array().unwrap();
    let mut rules: Vec<String> =
        findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// The reasons of the Events that jobrisk wrote on a workload, oldest first.
pub(crate) fn event_reasons(plane: &ControlPlane, namespace: &str, kind: &str, name: &str) -> Vec<String> {
    let option = format!("--namespace={namespace}");
    let json = plane.kubectl_ok(&["get", "events.v1.events.k8s.io", &option, "-o", "json"]);
    let list: Value = serde_json::from_str(&json).unwrap();
    let mut events: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| {
            event["reportingController"] == "jobrisk.io/controller"
                && event["regarding"]["kind"] == kind
                && event["regarding"]["name"] == name
        })
        .collect();
    events.sort_by_key(|event| event["eventTime"].as_str());
    events.iter().map(|event| event["reason"].as_str().unwrap().to_owned()).collect()
}
