//! Harmless names, labels and annotations change nothing: neither up nor down.

use serde_json::{Map, Value, json};

use super::choices::{Choices, of_each_sample};
use super::samples::pod;
use super::verdict::Verdict;

const NAMES: [&str; 6] = ["nightly-report", "app", "import-2", "etl.stage-one", "db-migrate", "x"];
const LABELS: [(&str, &str); 6] = [
    ("app.kubernetes.io/name", "reports"),
    ("app.kubernetes.io/managed-by", "Helm"),
    ("team", "data"),
    ("environment", "production"),
    ("helm.sh/chart", "reports-1.2.3"),
    ("release", ""),
];
const ANNOTATIONS: [(&str, &str); 4] = [
    (
        "description",
        "Writes the report of the day; ask the data team. It runs with care, not privileged: it is safe.",
    ),
    ("kubectl.kubernetes.io/default-container", "main"),
    ("prometheus.io/scrape", "false"),
    ("example.test/reviewed-by", "security"),
];

/// Adds some of `entries` that are not there yet.
fn add(meta: &mut Value, field: &str, entries: &[(&str, &str)], choices: &mut Choices<'_>) {
    if !meta.is_object() {
        *meta = json!({});
    }
    let known = meta.as_object_mut().unwrap().entry(field).or_insert_with(|| Map::new().into());
    let Some(known) = known.as_object_mut() else { return };
    for (name, value) in entries {
        if choices.coin() {
            known.entry(*name).or_insert_with(|| (*value).into());
        }
    }
}

fn with_labels(object: &Value, choices: &mut Choices<'_>) -> Value {
    let mut object = object.clone();
    let metas: &[&str] = if object["kind"] == "CronJob" {
        &["", "/spec/jobTemplate", "/spec/jobTemplate/spec/template"]
    } else {
        &["", "/spec/template"]
    };
    for owner in metas {
        let Some(owner) = object.pointer_mut(owner).filter(|owner| owner.is_object()) else { continue };
        if owner.get("metadata").is_some_and(|meta| !meta.is_object()) {
            continue;
        }
        add(&mut owner["metadata"], "labels", &LABELS, choices);
        add(&mut owner["metadata"], "annotations", &ANNOTATIONS, choices);
    }
    object
}

#[test]
fn harmless_labels_and_annotations_change_nothing() {
    let judged = of_each_sample(|sample, choices| {
        let other = with_labels(&sample.object, choices);
        sample.verdict().must_equal(&Verdict::of(&other), &other)?;
        Ok(other != sample.object)
    });
    assert!(judged > 1000, "{judged}");
}

#[test]
fn one_harmless_name_is_as_good_as_another() {
    let judged = of_each_sample(|sample, choices| {
        let verdict = sample.verdict();
        // Its name is what is wrong with it.
        if verdict.rules.contains_key("evd-name-impersonation") {
            return Ok(false);
        }
        let mut other = sample.object.clone();
        if other["metadata"]["name"].is_string() {
            other["metadata"]["name"] = choices.of(&NAMES).into();
        }
        for list in ["initContainers", "containers"] {
            let containers = pod(&mut other).and_then(|pod| pod.get_mut(list)?.as_array_mut());
            for (number, container) in containers.into_iter().flatten().enumerate() {
                if container.get("name").is_some_and(Value::is_string) {
                    container["name"] = format!("{}-{number}", choices.of(&NAMES)).into();
                }
            }
        }
        verdict.must_equal(&Verdict::of(&other), &other)?;
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}
