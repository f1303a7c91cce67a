//! Inputs to begin with: the samples of the rules, the files in `tests/samples`, and what is kept in `fuzz/seeds`.

use std::fs;
use std::path::{Path, PathBuf};

use jobrisk::detect::{Sample, catalog};
use jobrisk::workload::Kind;
use serde_json::Value;

use super::records::{SEPARATOR, whole};
use super::secrets::{PLACES, SHAPES};

/// Objects as JSON: for the target `object`.
pub fn objects() -> Vec<Vec<u8>> {
    let json = |value: &Value| serde_json::to_vec(value).unwrap();
    values().iter().map(json).chain(kept("object")).collect()
}

/// Files: for the target `manifest`.
pub fn manifests() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = sample_files().iter().map(|file| fs::read(file).unwrap()).collect();
    all.push(all.join(&b"\n---\n"[..]));
    for (text, is_object) in rule_samples() {
        let yaml = if is_object {
            format!("apiVersion: batch/v1\n{}", text.trim_start())
        } else {
            let pod = text.trim().replace('\n', "\n      ");
            format!(
                "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: a}}\nspec:\n  template:\n    spec:\n      {pod}\n"
            )
        };
        all.push(yaml.into_bytes());
    }
    all.extend(values().iter().step_by(9).map(|value| serde_json::to_vec_pretty(value).unwrap()));
    all.extend(kept("manifest"));
    all
}

/// Pods as records: for the target `command`.
pub fn commands() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for pod in pods() {
        for list in ["initContainers", "containers"] {
            for container in pod[list].as_array().into_iter().flatten() {
                all.push(records_of(&pod, container).join(&SEPARATOR));
            }
        }
    }
    all.sort();
    all.dedup();
    all.extend(kept("command"));
    all
}

fn records_of(pod: &Value, container: &Value) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut add = |kind: char, text: &str| records.push(format!("{kind}{text}").into_bytes());
    for list in ["command", "args"] {
        for word in container[list].as_array().into_iter().flatten() {
            add('c', word.as_str().unwrap_or_default());
        }
    }
    for entry in container["env"].as_array().into_iter().flatten() {
        let text = |field: &str| entry[field].as_str().unwrap_or_default();
        add('e', &format!("{}={}", text("name"), text("value")));
    }
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        if let Some(path) = volume["hostPath"]["path"].as_str() {
            add('p', path);
        }
    }
    if let Some(image) = container["image"].as_str() {
        add('i', image);
    }
    let set = |value: &Value, option: char| (value == true).then_some(option);
    let options = [
        set(&pod["hostNetwork"], 'N'),
        set(&pod["hostPID"], 'H'),
        set(&container["securityContext"]["privileged"], 'P'),
    ];
    add('o', &options.into_iter().flatten().collect::<String>());
    records
}

/// Scripts: for the target `shell`.
pub fn scripts() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = script_texts().into_iter().map(String::into_bytes).collect();
    all.extend(kept("shell"));
    all
}

/// Scripts around a secret, in every place and shape: for the target `secrets`.
pub fn secrets() -> Vec<Vec<u8>> {
    let shapes = u8::try_from(SHAPES.len()).unwrap();
    let choices = (0..shapes).flat_map(|shape| (0..PLACES).map(move |place| [shape, place]));
    let mut all: Vec<Vec<u8>> = choices.clone().map(|choice| choice.to_vec()).collect();
    for (script, choice) in script_texts().iter().zip(choices.cycle()) {
        let (before, after) = script.split_at(script.find('\n').unwrap_or(script.len()));
        all.push([&choice[..], b"\0", before.as_bytes(), b"\0", after.as_bytes()].concat());
    }
    all.extend(kept("secrets"));
    all
}

/// The words of commands that have more than one word in them.
pub fn script_texts() -> Vec<String> {
    let mut all = Vec::new();
    for pod in pods() {
        let mut open = vec![&pod];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(list) => {
                    let texts = list.iter().filter_map(Value::as_str);
                    all.extend(
                        texts.filter(|text| text.contains(char::is_whitespace)).map(ToOwned::to_owned),
                    );
                    open.extend(list);
                }
                Value::Object(map) => open.extend(map.values()),
                _ => {}
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// All samples as whole objects, each pod both as a Job and as a `CronJob`.
pub fn values() -> Vec<Value> {
    let mut all: Vec<Value> = sample_files()
        .iter()
        .map(|file| serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap())
        .collect();
    for (text, is_object) in rule_samples() {
        let value: Value = serde_saphyr::from_str(text).unwrap();
        if is_object {
            all.push(value);
        } else {
            all.extend(Kind::ALL.map(|kind| whole(kind, "n", &value)));
        }
    }
    all
}

fn pods() -> Vec<Value> {
    let path = |value: &Value| match value["kind"].as_str() {
        Some("CronJob") => value["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone(),
        _ => value["spec"]["template"]["spec"].clone(),
    };
    values().iter().map(path).collect()
}

/// The samples of all rules, and whether each is a whole object or only a pod.
fn rule_samples() -> impl Iterator<Item = (&'static str, bool)> {
    catalog::rules().flat_map(|rule| rule.samples).map(|sample| match sample {
        Sample::Hit(_, text) | Sample::Miss(text) => (*text, false),
        Sample::HitObject(_, text) | Sample::HitDisproved(_, text) | Sample::MissObject(text) => {
            (*text, true)
        }
    })
}

fn sample_files() -> Vec<PathBuf> {
    files(&repository().join("tests/samples"))
}

/// Inputs that were written by hand or found by a fuzzer.
fn kept(target: &str) -> Vec<Vec<u8>> {
    files(&repository().join("fuzz/seeds").join(target)).iter().map(|file| fs::read(file).unwrap()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// The folder of the product, from its own package as from that of the fuzz targets.
fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("tests/samples").is_dir()).unwrap()
}
