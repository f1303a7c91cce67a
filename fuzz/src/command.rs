//! A command in a pod, so that rules are reached at once.

use jobrisk::assess::assess;
use jobrisk::score::Score;
use jobrisk::workload::decode::{Object, from_json};
use jobrisk::workload::{Kind, Workload};
use serde_json::{Value, json};

use super::invariants::judge;
use super::records;

/// One pod, see [`records`].
pub fn run(input: &[u8]) {
    let (kind, object) = records::object(input);
    let decoded = decode(&object);
    judge(Workload::from_object(kind, &decoded));

    let score = assess(kind, &decoded).score;
    for (what, more) in
        [("another container", with_container(kind, &object)), ("a line", with_line(kind, &object))]
    {
        let Some(more) = more else { continue };
        check_not_lower(what, &score, &assess(kind, &decode(&more)).score);
    }
}

fn decode(object: &Value) -> Object {
    from_json(&serde_json::to_vec(object).unwrap()).unwrap()
}

fn check_not_lower(what: &str, without: &Score, with: &Score) {
    assert!(with.total >= without.total, "{what} lowers the score: {without:?}, {with:?}");
    assert!(with.severity >= without.severity, "{what} lowers the severity: {without:?}, {with:?}");
}

fn pod(kind: Kind, object: &mut Value) -> Option<&mut Value> {
    object.pointer_mut(&format!("/{}", kind.pod_spec_path().replace('.', "/")))
}

/// With a harmless container in front of the others.
fn with_container(kind: Kind, object: &Value) -> Option<Value> {
    let mut object = object.clone();
    let pod = pod(kind, &mut object)?.as_object_mut()?;
    let containers = pod.entry("containers").or_insert_with(|| json!([])).as_array_mut()?;
    containers
        .insert(0, json!({"name": "harmless", "image": "registry.example.test/b:1", "command": ["/app/b"]}));
    Some(object)
}

/// With a line that does nothing in front of the script, if a shell runs one.
fn with_line(kind: Kind, object: &Value) -> Option<Value> {
    let mut object = object.clone();
    let pod = pod(kind, &mut object)?;
    let containers = if pod["containers"].is_array() { "containers" } else { "initContainers" };
    let command = pod[containers][0]["command"].as_array_mut()?;
    let [shell, option, script, ..] = &mut command[..] else { return None };
    let text = script.as_str()?;
    // A further option is no script.
    let is_script = option == "-c" && !text.starts_with(['-', '+']);
    if !is_script || !matches!(shell.as_str()?, "sh" | "/bin/sh" | "bash" | "/bin/bash") {
        return None;
    }
    *script = format!(":\n{text}").into();
    Some(object)
}
