//! Everything else about the object: its kind, its names, its images.

use serde_json::{Value, json};

use super::super::subject::pod;
use super::{Change, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "other-kind",
        what: "a CronJob for a Job, a Job for a CronJob",
        everyday: true,
        change: Change::Object(|object, _| {
            if object["kind"] == "CronJob" {
                let spec = object["spec"]["jobTemplate"]["spec"].clone();
                object["kind"] = json!("Job");
                object["spec"] = spec;
            } else {
                let spec = object["spec"].clone();
                object["kind"] = json!("CronJob");
                object["spec"] = json!({"schedule": "17 3 * * *", "jobTemplate": {"spec": spec}});
            }
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "names",
        what: "names of something harmless",
        everyday: true,
        change: Change::Object(|object, context| {
            let name = context.dice.of(&["nightly-report", "db-backup-job", "healthcheck", "cache-warmer"]);
            object["metadata"]["name"] = json!(name);
            for list in ["containers", "initContainers"] {
                let at = format!("{}/{list}", pod(object));
                let count = object.pointer(&at).and_then(Value::as_array).map_or(0, Vec::len);
                for index in 0..count {
                    let container = object.pointer_mut(&format!("{at}/{index}"))?;
                    container["name"] = json!(format!("{name}-{index}"));
                }
            }
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "labels",
        what: "labels and annotations of something harmless",
        everyday: true,
        change: Change::Object(|object, _| {
            object["metadata"]["labels"] = json!({
                "app.kubernetes.io/name": "backup", "app.kubernetes.io/managed-by": "Helm",
                "helm.sh/chart": "backup-2.4.1",
            });
            object["metadata"]["annotations"] = json!({
                "meta.helm.sh/release-name": "backup", "description": "Runs `pg_dump` every night",
            });
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "marked-as-reviewed",
        what: "labels and annotations that ask scanners to look away",
        change: Change::Object(|object, _| {
            object["metadata"]["labels"] = json!({"security-scan": "passed"});
            object["metadata"]["annotations"] =
                json!({"jobrisk.io/ignore": "true", "reviewed-by": "platform"});
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "namespace",
        what: "another namespace that is not one of the system",
        everyday: true,
        change: Change::Object(|object, context| {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            if namespace.starts_with("kube") {
                return None;
            }
            object["metadata"]["namespace"] =
                json!(context.dice.of(&["batch", "team-a", "monitoring", "default"]));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "resources",
        what: "limits, deadlines and a security context as the book says",
        everyday: true,
        change: Change::Object(|object, _| {
            let spec = object.pointer_mut(pod(object))?;
            spec["terminationGracePeriodSeconds"] = json!(30);
            for container in spec["containers"].as_array_mut()? {
                container["resources"] = json!({"limits": {"cpu": "500m", "memory": "256Mi"}});
                container["imagePullPolicy"] = json!("IfNotPresent");
            }
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "image-pinned",
        what: "the image by digest",
        everyday: true,
        change: Change::Object(|object, _| {
            let digest = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
            images(object, |image| (!image.contains('@')).then(|| format!("{image}@sha256:{digest}")))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "image-mirrored",
        what: "the image from a mirror",
        everyday: true,
        change: Change::Object(|object, _| {
            images(object, |image| {
                let first = image.split('/').next().unwrap_or_default();
                let has_host = image.contains('/') && first.contains(['.', ':']);
                // A component of Kubernetes from a mirror is a finding of its own.
                (!has_host).then(|| format!("mirror.example.test/hub/{image}"))
            })
        }),
        ..REWRITE
    },
];

fn images(object: &mut Value, spell: impl Fn(&str) -> Option<String>) -> Option<()> {
    let spec = object.pointer_mut(pod(object))?.as_object_mut()?;
    let mut any = None;
    for (name, list) in spec.iter_mut() {
        if !matches!(name.as_str(), "containers" | "initContainers") {
            continue;
        }
        for container in list.as_array_mut()? {
            if let Some(spelled) = container["image"].as_str().and_then(&spell) {
                container["image"] = json!(spelled);
                any = Some(());
            }
        }
    }
    any
}
