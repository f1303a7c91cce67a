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

use crate::support::proxy::{Authority, Proxy};
use crate::support::{ControlPlane, NAMESPACE, apply_manifests, eventually, kubeconfig, sum};
use crate::workloads;

/// As many as the controller has under way.
pub(crate) const AT_ONE_TIME: usize = 16;
/// Many workloads are in namespaces of this number.
const NAMESPACES: usize = 10;
/// The controller's own.
const PAGE_SIZE: u32 = 100;

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

    pub(crate) fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// The rights of the controller. Bare clients have no others: the API server treats an administrator's
    /// requests better.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A proxy that counts requests, and a kubeconfig that leads the controller through it. It is talked to with TLS,
    /// as the API server is.
    pub(crate) fn counting_proxy(&self) -> (Proxy, PathBuf) {
        let (proxy, authority) = (Proxy::start(&self.plane), Authority::new("bench"));
        proxy.serve_tls(&authority);
        let path = self.plane.dir().join("counting.kubeconfig");
        let option = format!("--namespace={NAMESPACE}");
        let token = self.plane.kubectl_ok(&["create", "token", "jobrisk", &option, "--duration=24h"]);
        let url = proxy.url().replace("http:", "https:");
        kubeconfig::write(&path, &url, &authority.ca_pem, "jobrisk", token.trim_end()).unwrap();
        (proxy, path)
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

    /// Creates so many Jobs, which nobody but the controller has anything to do with.
    pub(crate) fn create_many(&self, count: usize) {
        for namespace in namespaces() {
            self.create_namespace(&namespace);
        }
        let namespaces: Vec<Api<Job>> =
            namespaces().map(|namespace| Api::namespaced(self.admin(), &namespace)).collect();
        let create = stream::iter(0..count)
            .map(|number| {
                let (api, job) = (&namespaces[number % NAMESPACES], workloads::one_of_many(number));
                async move { api.create(&PostParams::default(), &job).await }
            })
            .buffer_unordered(AT_ONE_TIME)
            .try_for_each(|_| async { Ok(()) });
        self.block_on(create).unwrap();
    }

    /// All reports.
    pub(crate) fn reports(&self) -> Vec<JobRiskReport> {
        let api: Api<JobRiskReport> = Api::all(self.admin());
        self.block_on(api.list(&ListParams::default())).unwrap().items
    }

    /// One by one: a collection of many takes longer to delete than the API server gives a request.
    pub(crate) fn delete_reports(&self) {
        let reports = self.reports();
        let delete = stream::iter(reports).map(|report| async move {
            let api: Api<JobRiskReport> =
                Api::namespaced(self.admin(), report.metadata.namespace.as_deref().unwrap());
            api.delete(&report.metadata.name.unwrap(), &DeleteParams::default()).await.unwrap();
        });
        self.block_on(delete.buffer_unordered(AT_ONE_TIME).for_each(|()| async {}));
        let gone = eventually(LIMIT, || self.reports().is_empty().then_some(()));
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

fn namespaces() -> impl Iterator<Item = String> {
    (0..NAMESPACES).map(|number| format!("team-{number}"))
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

/// Lists all objects at a path, in pages as the controller does; nothing is decoded but where the next page is.
pub(crate) async fn list_all(client: &Client, url: &str) {
    #[derive(serde::Deserialize)]
    struct Page {
        metadata: PageMetadata,
    }
    #[derive(serde::Deserialize)]
    struct PageMetadata {
        #[serde(rename = "continue")]
        next: Option<String>,
    }
    let mut params = ListParams::default().limit(PAGE_SIZE);
    loop {
        let request = Request::new(url).list(&params).unwrap();
        let text = client.request_text(request).await.unwrap();
        match serde_json::from_str::<Page>(&text).unwrap().metadata.next {
            Some(token) if !token.is_empty() => params = params.continue_token(&token),
            _ => return,
        }
    }
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
