//! A command in a pod, so that rules are reached at once.

use jobrisk::assess::assess;
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
    if let Some(more) = with_container(kind, &object) {
        let with = assess(kind, &decode(&more)).score;
        assert!(with.total >= score.total, "another container lowers the score: {score:?}, {with:?}");
        assert!(
            with.severity >= score.severity,
            "another container lowers the severity: {score:?}, {with:?}"
        );
    }
}

fn decode(object: &Value) -> Object {
    from_json(&serde_json::to_vec(object).unwrap()).unwrap()
}

/// With a harmless container in front of the others.
fn with_container(kind: Kind, object: &Value) -> Option<Value> {
    let mut object = object.clone();
    let path = format!("/{}", kind.pod_spec_path().replace('.', "/"));
    let pod = object.pointer_mut(&path)?.as_object_mut()?;
    let containers = pod.entry("containers").or_insert_with(|| json!([])).as_array_mut()?;
    containers
        .insert(0, json!({"name": "harmless", "image": "registry.example.test/b:1", "command": ["/app/b"]}));
    Some(object)
}
