//! The order of keys never counts, nor that of lists whose elements have names or stand for themselves.

use serde_json::{Value, json};

use super::choices::{Choices, of_each_sample};
use super::samples::pod;
use super::verdict::Verdict;

/// Lists whose order means nothing to Kubernetes. Init containers and command lines are not among them.
const SETS: [&str; 13] = [
    "containers",
    "volumes",
    "volumeMounts",
    "env",
    "ports",
    "add",
    "drop",
    "tolerations",
    "imagePullSecrets",
    "sysctls",
    "hostAliases",
    "finalizers",
    "nameservers",
];

/// The object with its lists in another order, where that means the same.
fn reordered(value: &Value, key: &str, choices: &mut Choices<'_>) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|value| reordered(value, "", choices)).collect();
            if SETS.contains(&key) && is_set(key, &list) {
                choices.shuffle(&mut list);
            }
            list.into()
        }
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), reordered(value, key, choices))).collect()
        }
        other => other.clone(),
    }
}

/// Whether no element refers to another one: a variable may use those that stand before it.
fn is_set(key: &str, list: &[Value]) -> bool {
    let name = |value: &Value| value["name"].as_str().map(ToOwned::to_owned);
    let names: Vec<String> = list.iter().filter_map(name).collect();
    let different = names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
    let refers = |value: &Value| value["value"].as_str().is_some_and(|text| text.contains("$("));
    match key {
        "env" => different && !list.iter().any(refers),
        "containers" => different,
        _ => true,
    }
}

/// With a harmless element in lists that many workloads have, so that there is an order.
fn with_more(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(pod) = pod(&mut object) else { return object };
    add(pod, "volumes", json!({"name": "scratch", "emptyDir": {}}));
    add(pod, "tolerations", json!({"key": "example.test/batch", "operator": "Equal", "value": "yes"}));
    add(pod, "imagePullSecrets", json!({"name": "registry"}));
    add(pod, "containers", json!({"name": "b", "image": "registry.example.test/shop/b:1.2.3"}));
    for container in pod["containers"].as_array_mut().into_iter().flatten() {
        add(container, "env", json!({"name": "LOG_LEVEL", "value": "info"}));
        add(container, "volumeMounts", json!({"name": "scratch", "mountPath": "/scratch"}));
        add(container, "ports", json!({"name": "metrics", "containerPort": 9090}));
    }
    object
}

fn add(owner: &mut Value, list: &str, element: Value) {
    let Some(owner) = owner.as_object_mut() else { return };
    if let Some(list) = owner.entry(list).or_insert_with(|| json!([])).as_array_mut() {
        list.push(element);
    }
}

/// JSON with the keys of each map in another order.
pub(super) fn json(value: &Value, choices: &mut Choices<'_>) -> String {
    match value {
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(|value| json(value, choices)).collect();
            format!("[{}]", list.join(","))
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            choices.shuffle(&mut fields);
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), json(value, choices)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn the_order_of_keys_does_not_count() {
    let judged = of_each_sample(|sample, choices| {
        let text = json(&sample.object, choices);
        let other = Verdict::of_json(&sample.object, text.as_bytes());
        sample.verdict().must_equal(&other, &text)?;
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}

#[test]
fn the_order_of_sets_does_not_count() {
    let judged = of_each_sample(|sample, choices| {
        let object = with_more(&sample.object);
        let verdict = Verdict::of(&object);
        sample.verdict().must_not_exceed(&verdict, &object)?;
        let other = reordered(&object, "", choices);
        verdict.must_equal(&Verdict::of(&other), &other)?;
        Ok(other != object)
    });
    assert!(judged > 700, "{judged}");
}
