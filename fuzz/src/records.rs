//! A pod in few bytes, so that a fuzzer gets at the rules without having to write JSON first.
//!
//! Records are separated by a zero byte. The first byte of a record says what it is, the rest is its text:
//!
//! | | |
//! |---|---|
//! | `c` | a word of the command |
//! | `e` | `NAME=value` of the environment |
//! | `i` | the image |
//! | `p` | a path of the host, mounted |
//! | `n` | the namespace |
//! | `o` | options: `P` privileged, `N` network and `H` processes of the host, `C` `CronJob`, `I` init container, `L` hook, `R` probe |

use jobrisk::workload::Kind;
use serde_json::{Value, json};

/// Between records.
pub const SEPARATOR: u8 = 0;

/// The object that the records describe.
pub fn object(input: &[u8]) -> (Kind, Value) {
    let text = String::from_utf8_lossy(input);
    let mut command = Vec::new();
    let mut env = Vec::new();
    let mut mounts = Vec::new();
    let mut volumes = Vec::new();
    let (mut image, mut namespace, mut options) = ("registry.example.test/app:1", "n", "");
    for record in text.split(char::from(SEPARATOR)) {
        let Some(kind) = record.chars().next() else { continue };
        let rest = &record[kind.len_utf8()..];
        match kind {
            'e' => {
                let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
                env.push(json!({"name": name, "value": value}));
            }
            'i' => image = rest,
            'n' => namespace = rest,
            'o' => options = rest,
            'p' => {
                let name = format!("v{}", volumes.len());
                mounts.push(json!({"name": name, "mountPath": format!("/mnt/{name}")}));
                volumes.push(json!({"name": name, "hostPath": {"path": rest}}));
            }
            'c' => command.push(rest),
            _ => command.push(record),
        }
    }
    let has = |option: char| options.contains(option);
    let mut container = json!({"name": "c", "image": image, "env": env, "volumeMounts": mounts});
    match (has('L'), has('R')) {
        (true, _) => container["lifecycle"] = json!({"postStart": {"exec": {"command": command}}}),
        (_, true) => container["livenessProbe"] = json!({"exec": {"command": command}}),
        _ => container["command"] = json!(command),
    }
    if has('P') {
        container["securityContext"] = json!({"privileged": true});
    }
    let containers = if has('I') { "initContainers" } else { "containers" };
    let pod =
        json!({"hostNetwork": has('N'), "hostPID": has('H'), "volumes": volumes, containers: [container]});
    let kind = if has('C') { Kind::CronJob } else { Kind::Job };
    (kind, whole(kind, namespace, &pod))
}

/// A whole object with this pod.
pub fn whole(kind: Kind, namespace: &str, pod: &Value) -> Value {
    let spec = json!({"template": {"spec": pod}});
    let spec = match kind {
        Kind::Job => spec,
        Kind::CronJob => json!({"schedule": "0 3 * * *", "jobTemplate": {"spec": spec}}),
    };
    json!({
        "apiVersion": "batch/v1",
        "kind": kind.as_str(),
        "metadata": {"name": "fuzz", "namespace": namespace},
        "spec": spec,
    })
}
