//! A volume or mount that stands in the place of another hides nothing. An API server takes no two volumes of one name
//! and no two mounts at one path, but files have them, and two spellings of one path are taken.

use serde_json::{Value, json};

use super::choices::of_each_sample;
use super::samples::pod;
use super::verdict::Verdict;

/// The names of the `hostPath` volumes.
fn host_paths(object: &mut Value) -> Vec<String> {
    let volumes = pod(object).and_then(|pod| pod["volumes"].as_array().cloned()).unwrap_or_default();
    let names = volumes.iter().filter(|volume| volume["hostPath"].is_object());
    names.filter_map(|volume| volume["name"].as_str().map(ToOwned::to_owned)).collect()
}

#[test]
fn another_volume_of_its_name_makes_nothing_better() {
    let judged = of_each_sample(|sample, choices| {
        let mut other = sample.object.clone();
        let names = host_paths(&mut other);
        let Some(volumes) = pod(&mut other).and_then(|pod| pod["volumes"].as_array_mut()) else {
            return Ok(false);
        };
        for name in &names {
            let source = choices.of(&["/srv/data", "/var/log/shop", "/etc/localtime", "/"]);
            let place = choices.below(volumes.len() + 1);
            volumes.insert(place, json!({"name": name, "hostPath": {"path": source}}));
        }
        sample.verdict().must_not_exceed(&Verdict::of(&other), &other)?;
        Ok(!names.is_empty())
    });
    assert!(judged > 100, "{judged}");
}

#[test]
fn another_mount_at_its_path_makes_nothing_better() {
    let judged = of_each_sample(|sample, choices| {
        let mut other = sample.object.clone();
        let names = host_paths(&mut other);
        let Some(pod) = pod(&mut other) else { return Ok(false) };
        let mut any = false;
        for list in ["containers", "initContainers"] {
            for container in pod[list].as_array_mut().into_iter().flatten() {
                let Some(mounts) = container["volumeMounts"].as_array_mut() else { continue };
                let of_node = |mount: &Value| {
                    mount["name"].as_str().is_some_and(|name| names.iter().any(|n| n == name))
                };
                let paths: Vec<String> = mounts
                    .iter()
                    .filter(|mount| of_node(mount))
                    .filter_map(|mount| mount["mountPath"].as_str().map(|path| format!("{path}/")))
                    .collect();
                for path in paths {
                    any = true;
                    let place = choices.below(mounts.len() + 1);
                    mounts.insert(place, json!({"name": "covers", "mountPath": path}));
                }
            }
        }
        if let Some(volumes) = pod["volumes"].as_array_mut() {
            volumes.push(json!({"name": "covers", "emptyDir": {}}));
        }
        sample.verdict().must_not_exceed(&Verdict::of(&other), &other)?;
        Ok(any)
    });
    assert!(judged > 100, "{judged}");
}
