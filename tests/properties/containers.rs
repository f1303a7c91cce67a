//! A container is judged the same wherever the pod has it, and another one beside it makes nothing better.

use jobrisk::detect::catalog::rule;
use jobrisk::score::Family;
use proptest::prop_assert;
use serde_json::{Value, json};

use super::choices::{Choices, of_each_sample};
use super::samples::pod;
use super::verdict::Verdict;

/// A container with nothing to say about it.
fn harmless() -> Value {
    json!({"name": "harmless", "image": "registry.example.test/shop/b:1.2.3", "command": ["/app/b"]})
}

/// The containers, if they are a list of objects.
fn containers(object: &mut Value) -> Option<&mut Vec<Value>> {
    let containers = pod(object)?.get_mut("containers")?.as_array_mut()?;
    containers.iter().all(Value::is_object).then_some(containers)
}

/// All containers as init containers or sidecars beside a harmless container; and, to compare, as containers beside it.
fn as_init(object: &Value, choices: &mut Choices<'_>) -> Option<[Value; 2]> {
    let mut beside = object.clone();
    containers(&mut beside)?.push(harmless());
    let mut object = object.clone();
    let mut moved = std::mem::replace(containers(&mut object)?, vec![harmless()]);
    for container in &mut moved {
        if choices.coin() {
            container["restartPolicy"] = "Always".into();
        }
    }
    let list = pod(&mut object)?.as_object_mut()?.entry("initContainers").or_insert_with(|| json!([]));
    list.as_array_mut()?.extend(moved);
    Some([beside, object])
}

/// The command of each container as a hook or probe of it. What the image's own entry point gets has no such place,
/// and in hooks the kubelet expands nothing.
fn as_hook(object: &Value, choices: &mut Choices<'_>) -> Option<Value> {
    const PLACES: [&str; 5] =
        ["/lifecycle/postStart", "/lifecycle/preStop", "/livenessProbe", "/readinessProbe", "/startupProbe"];
    let mut object = object.clone();
    let mut any = false;
    for container in containers(&mut object)? {
        let fields = container.as_object_mut()?;
        let place = choices.of(&PLACES);
        let first = place.split('/').nth(1)?;
        if !fields.contains_key("command") || fields.contains_key(first) {
            continue;
        }
        let words = ["command", "args"].into_iter().filter_map(|list| fields.get(list)?.as_array());
        let words: Vec<Value> = words.flatten().cloned().collect();
        let text = Value::from(words.clone()).to_string();
        if text.contains("$(") || !words.iter().all(Value::is_string) {
            continue;
        }
        fields.retain(|name, _| name != "command" && name != "args");
        let action = json!({"exec": {"command": words}});
        match place.split('/').nth(2) {
            Some(hook) => container[first] = json!({hook: action}),
            None => container[first] = action,
        }
        any = true;
    }
    any.then_some(object)
}

#[test]
fn init_containers_and_sidecars_are_judged_as_containers_are() {
    let judged = of_each_sample(|sample, choices| {
        let Some([beside, other]) = as_init(&sample.object, choices) else { return Ok(false) };
        Verdict::of(&beside).must_equal(&Verdict::of(&other), &other)?;
        Ok(true)
    });
    assert!(judged > 700, "{judged}");
}

#[test]
fn hooks_and_probes_are_judged_as_commands_are() {
    let judged = of_each_sample(|sample, choices| {
        let Some(other) = as_hook(&sample.object, choices) else { return Ok(false) };
        let (this, that) = (sample.verdict(), &Verdict::of(&other));
        // An image without a command of its own runs something too; these are about what is run.
        let is_other = |id: &str| rule(id).is_none_or(|rule| rule.family != Family::Command);
        let (this_rules, that_rules) = (this.rules_but(is_other), that.rules_but(is_other));
        for (id, points) in this_rules {
            prop_assert!(that_rules.get(id).is_some_and(|new| *new >= points), "{id}: {that:?}\n{other}");
        }
        Ok(true)
    });
    assert!(judged > 500, "{judged}");
}

#[test]
fn another_container_makes_nothing_better() {
    let judged = of_each_sample(|sample, choices| {
        let mut other = sample.object.clone();
        let list = choices.of(&["containers", "initContainers"]);
        let Some(pod) = pod(&mut other).and_then(Value::as_object_mut) else { return Ok(false) };
        let Some(list) = pod.entry(list).or_insert_with(|| json!([])).as_array_mut() else {
            return Ok(false);
        };
        let place = choices.below(list.len() + 1);
        list.insert(place, harmless());
        sample.verdict().must_not_exceed(&Verdict::of(&other), &other)?;
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}
