//! All samples of the project: of the rules, of `tests/samples`, and those that are rewritten in `tests/evasion`.

use std::fs;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use jobrisk::workload::Kind;
use serde_json::Value;

use super::fuzzing::seeds;
use super::verdict::Verdict;

/// A Job or `CronJob`.
pub(super) struct Sample {
    /// To find it again.
    pub(super) name: String,
    pub(super) object: Value,
    verdict: OnceLock<Verdict>,
}

impl Sample {
    fn new(name: String, mut object: Value) -> Self {
        object["apiVersion"] = "batch/v1".into();
        Self { name, object, verdict: OnceLock::new() }
    }

    /// The verdict on it as it stands.
    pub(super) fn verdict(&self) -> &Verdict {
        self.verdict.get_or_init(|| Verdict::of(&self.object))
    }

    pub(super) fn kind(&self) -> Kind {
        kind(&self.object)
    }
}

/// Which of the two an object is.
pub(super) fn kind(object: &Value) -> Kind {
    if object["kind"] == "CronJob" { Kind::CronJob } else { Kind::Job }
}

/// JSON pointer to the pod's spec.
pub(super) fn pod_path(object: &Value) -> String {
    format!("/{}", kind(object).pod_spec_path().replace('.', "/"))
}

/// The pod's spec, if there is one.
pub(super) fn pod(object: &mut Value) -> Option<&mut Value> {
    let path = pod_path(object);
    object.pointer_mut(&path)
}

/// All of them, with the `apiVersion` that an API server gives each.
pub(super) fn all() -> &'static [Sample] {
    static ALL: LazyLock<Vec<Sample>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for (number, object) in seeds::values().into_iter().enumerate() {
            all.push(Sample::new(format!("sample {number}"), object));
        }
        for class in ["malicious", "benign"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/evasion/samples").join(class);
            let mut files: Vec<_> =
                fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            for file in files {
                let text = fs::read_to_string(&file).unwrap();
                for (number, document) in text.split("\n---\n").enumerate() {
                    let name = format!("{} {}", file.display(), number + 1);
                    all.push(Sample::new(name, serde_saphyr::from_str(document).unwrap()));
                }
            }
        }
        assert!(all.len() > 1000, "{} samples", all.len());
        all
    });
    &ALL
}
