//! Where in the pod a vector stands. The vector itself stays as it is, which is what the proof looks at.

use serde_json::{Value, json};

use super::super::subject::{EXECS, pod};
use super::{Change, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "split-command",
        what: "part of the vector in command, the rest in args",
        everyday: true,
        change: Change::Place(|object, context| {
            let container = runner(object)?;
            let words = take(container)?;
            let words = words.as_array()?;
            let at = 1 + context.dice.below(words.len());
            container["command"] = json!(words[..at]);
            container["args"] = json!(words[at..]);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "args-only",
        what: "all of the vector in args, for an image without an entry point",
        everyday: true,
        change: Change::Place(|object, _| {
            let container = runner(object)?;
            let first = container["command"][0].as_str()?;
            let known = first.starts_with('/') || matches!(first, "sh" | "bash" | "ash" | "dash" | "zsh");
            if !known {
                return None;
            }
            container["args"] = take(container)?;
            container.as_object_mut()?.remove("command");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "post-start",
        what: "in a postStart hook",
        change: Change::Place(|object, _| to_exec(object, "lifecycle", "postStart")),
        ..REWRITE
    },
    Rewrite {
        name: "pre-stop",
        what: "in a preStop hook",
        change: Change::Place(|object, _| to_exec(object, "lifecycle", "preStop")),
        ..REWRITE
    },
    Rewrite {
        name: "liveness-probe",
        what: "in an exec probe",
        change: Change::Place(|object, context| {
            let probe = context.dice.of(&["livenessProbe", "readinessProbe", "startupProbe"]);
            to_exec(object, probe, "")
        }),
        ..REWRITE
    },
    Rewrite {
        name: "init-container",
        what: "in an init container before a harmless one",
        everyday: true,
        change: Change::Place(|object, _| to_init(object, false)),
        ..REWRITE
    },
    Rewrite {
        name: "sidecar",
        what: "in an init container that stays (restartPolicy: Always)",
        change: Change::Place(|object, _| to_init(object, true)),
        ..REWRITE
    },
    Rewrite {
        name: "second-container",
        what: "behind a harmless container",
        everyday: true,
        change: Change::Place(|object, _| {
            let list = containers(object)?;
            list.insert(0, harmless());
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "many-containers",
        what: "among twelve harmless containers",
        everyday: true,
        change: Change::Place(|object, context| {
            let list = containers(object)?;
            let at = context.dice.below(12);
            for number in 0..12 {
                let mut container = harmless();
                container["name"] = json!(format!("worker-{number}"));
                let place = if number < at { list.len() - 1 } else { list.len() };
                list.insert(place, container);
            }
            Some(())
        }),
        ..REWRITE
    },
];

fn harmless() -> Value {
    json!({"name": "worker", "image": "registry.example.test/shop/worker:3.1.4", "command": ["/app/worker", "--once"]})
}

fn containers(object: &mut Value) -> Option<&mut Vec<Value>> {
    object.pointer_mut(&format!("{}/containers", pod(object)))?.as_array_mut()
}

/// The first ordinary container with a command.
fn runner(object: &mut Value) -> Option<&mut Value> {
    containers(object)?.iter_mut().find(|container| container["command"].is_array())
}

/// Command and arguments together.
fn take(container: &Value) -> Option<Value> {
    let mut words = container["command"].as_array()?.clone();
    words.extend(container["args"].as_array().into_iter().flatten().cloned());
    (!words.is_empty()).then_some(Value::Array(words))
}

fn to_exec(object: &mut Value, field: &str, hook: &str) -> Option<()> {
    let container = runner(object)?;
    let words = take(container)?;
    // The kubelet puts nothing into the words of a hook.
    let text = words.to_string();
    if field == "lifecycle" && (text.contains("$$") || refers(&text, container)) {
        return None;
    }
    if EXECS.iter().any(|exec| container.pointer(exec).is_some()) || !container[field].is_null() {
        return None;
    }
    let exec = json!({"exec": {"command": words}});
    container[field] = if hook.is_empty() { exec } else { json!({hook: exec}) };
    container["command"] = json!(["/app/worker", "--once"]);
    container.as_object_mut()?.remove("args");
    Some(())
}

fn refers(text: &str, container: &Value) -> bool {
    let names = container["env"].as_array().into_iter().flatten().filter_map(|entry| entry["name"].as_str());
    names.into_iter().any(|name| text.contains(&format!("$({name})")))
}

fn to_init(object: &mut Value, stays: bool) -> Option<()> {
    let list = containers(object)?;
    let at = list
        .iter()
        .position(|container| container["command"].is_array() && container["lifecycle"].is_null())?;
    // Only sidecars have probes.
    if !stays && EXECS.iter().any(|exec| list[at].pointer(exec).is_some()) {
        return None;
    }
    let mut container = std::mem::replace(&mut list[at], harmless());
    if stays {
        container["restartPolicy"] = json!("Always");
    }
    let spec = object.pointer_mut(pod(object))?.as_object_mut()?;
    spec.entry("initContainers").or_insert_with(|| json!([])).as_array_mut()?.push(container);
    Some(())
}
