//! A tenant with the built-in role `edit` in a namespace, on a control plane with the policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{BENIGN, ControlPlane, Output, create, eventually, job};

const LIMIT: Duration = Duration::from_secs(60);

/// All annotations that the policy writes.
pub(crate) const STAMPS: [&str; 14] = [
    "jobrisk.io/created-by",
    "jobrisk.io/created-by-pod",
    "jobrisk.io/created-by-node",
    "jobrisk.io/created-by-credential",
    "jobrisk.io/created-by-arn",
    "jobrisk.io/created-by-canonical-arn",
    "jobrisk.io/created-by-session",
    "jobrisk.io/changed-by",
    "jobrisk.io/changed-by-pod",
    "jobrisk.io/changed-by-node",
    "jobrisk.io/changed-by-credential",
    "jobrisk.io/changed-by-arn",
    "jobrisk.io/changed-by-canonical-arn",
    "jobrisk.io/changed-by-session",
];

/// The folder of the policy, as it is shipped.
pub(crate) fn manifests() -> String {
    format!("{}/manifests/attribution", env!("CARGO_MANIFEST_DIR"))
}

/// Applies the policy and waits until the API server acts by it.
pub(crate) fn apply_policy(plane: &ControlPlane) {
    plane.kubectl_ok(&["apply", "-k", &manifests()]);
    let acts = eventually(LIMIT, || is_stamping(plane).then_some(()));
    assert!(acts.is_some(), "the policy has no effect");
}

/// Whether a Job would be stamped now.
pub(crate) fn is_stamping(plane: &ControlPlane) -> bool {
    let probe = job("default", "probe", BENIGN).to_string();
    let stored = plane.kubectl_ok_stdin(&["create", "-f", "-", "--dry-run=server", "-o", "json"], &probe);
    let stored: Value = serde_json::from_str(&stored).unwrap();
    stored["metadata"]["annotations"]["jobrisk.io/created-by"] == "admin"
}

/// The control plane with the policy, and the namespace `before` with what was made in it before that.
pub(crate) fn plane() -> &'static ControlPlane {
    static READY: OnceLock<()> = OnceLock::new();
    READY.get_or_init(|| {
        let plane = ControlPlane::shared();
        plane.kubectl_ok(&["create", "namespace", "before"]);
        let mut old = job("before", "old", BENIGN);
        old["metadata"]["annotations"] = json!({ "jobrisk.io/created-by": "admin" });
        create(plane, &old);
        apply_policy(plane);
    });
    ControlPlane::shared()
}

/// Somebody with the role `edit` in a namespace, and only there.
pub(crate) struct Tenant {
    pub(crate) plane: &'static ControlPlane,
    pub(crate) namespace: &'static str,
    /// The user name that the API server knows.
    pub(crate) user: String,
    pub(crate) kubeconfig: PathBuf,
}

impl Tenant {
    /// The ServiceAccount `mallory` of a new namespace.
    pub(crate) fn new(namespace: &'static str) -> Self {
        let plane = plane();
        plane.kubectl_ok(&["create", "namespace", namespace]);
        Self::named(plane, namespace, "mallory")
    }

    /// A ServiceAccount of a namespace that exists.
    pub(crate) fn named(plane: &'static ControlPlane, namespace: &'static str, name: &str) -> Self {
        let option = format!("--namespace={namespace}");
        plane.kubectl_ok(&["create", "serviceaccount", name, &option]);
        let account = format!("--serviceaccount={namespace}:{name}");
        plane.kubectl_ok(&["create", "rolebinding", name, "--clusterrole=edit", &account, &option]);
        let kubeconfig = plane.service_account_kubeconfig(namespace, name);
        let tenant =
            Self { plane, namespace, user: format!("system:serviceaccount:{namespace}:{name}"), kubeconfig };
        tenant.wait_for_rights(&tenant.kubeconfig);
        tenant
    }

    /// The role is aggregated by a controller, some time after the start.
    pub(crate) fn wait_for_rights(&self, kubeconfig: &Path) {
        let option = format!("--namespace={}", self.namespace);
        let can = || {
            self.plane.kubectl_as(kubeconfig, &["auth", "can-i", "create", "jobs.batch", &option]).success()
        };
        assert!(eventually(LIMIT, || can().then_some(())).is_some(), "edit may not create Jobs");
    }

    /// What the tenant does with kubectl, whether it is allowed or not.
    pub(crate) fn tries(&self, arguments: &[&str], input: &str) -> Output {
        let option = format!("--namespace={}", self.namespace);
        let arguments: Vec<&str> = arguments.iter().copied().chain([option.as_str()]).collect();
        self.plane.kubectl_as_stdin(&self.kubeconfig, &arguments, input)
    }

    /// What the tenant does, and is allowed to do.
    pub(crate) fn does(&self, arguments: &[&str], input: &str) {
        let output = self.tries(arguments, input);
        assert!(output.success(), "{arguments:?}: {}{}", output.stdout, output.stderr);
    }

    /// The tenant creates an object.
    pub(crate) fn creates(&self, object: &Value) {
        self.does(&["create", "-f", "-"], &object.to_string());
    }

    /// An object as it is stored.
    pub(crate) fn stored(&self, what: &str) -> Value {
        let option = format!("--namespace={}", self.namespace);
        serde_json::from_str(&self.plane.kubectl_ok(&["get", what, &option, "-o", "json"])).unwrap()
    }

    /// What stands in the annotations of ours, without the credential's id, which is another one each time.
    pub(crate) fn stamps(&self, what: &str) -> BTreeMap<String, String> {
        stamps(&self.stored(what))
    }

    /// Checks what is stored after an attempt, and says so.
    pub(crate) fn check(&self, attempt: &str, what: &str, expected: &[(&str, &str)]) {
        let stamps = self.stamps(what);
        println!("{attempt}\n    stored: {stamps:?}");
        let expected: BTreeMap<String, String> =
            expected.iter().map(|(key, value)| (format!("jobrisk.io/{key}"), (*value).to_owned())).collect();
        assert_eq!(stamps, expected, "{attempt}");
    }
}

/// What stands in the annotations of ours, without the credential's id, which is another one each time.
pub(crate) fn stamps(object: &Value) -> BTreeMap<String, String> {
    let annotations = object["metadata"]["annotations"].as_object();
    annotations
        .into_iter()
        .flatten()
        .filter(|(key, _)| STAMPS.contains(&key.as_str()) && !key.ends_with("-credential"))
        .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

/// All stamps with a lie in each.
pub(crate) fn lies() -> Value {
    STAMPS.iter().map(|key| ((*key).to_owned(), json!("admin"))).collect::<serde_json::Map<_, _>>().into()
}
