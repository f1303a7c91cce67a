//! The controller's Pods, and what each says of itself, asked through the API server.
//!
//! Not of the report-like object that a controller could keep of its own state: that would be a write each time
//! something moves, also where nothing changes, and it would say nothing of one that is dead. The API server's proxy
//! costs nothing while nobody asks, needs no way into the cluster's network, and no right to write.

use std::time::Duration;

use http::Uri;
use kube::Config;
use serde::{Deserialize, Serialize};

use super::list::{Listing, segment};
use super::{Cluster, Failure, Place};
use crate::controller::statusz::Statusz;
use crate::controller::trouble::{Category, Trouble};
use crate::text::SafeText;
use crate::workload::MAX_NAME;

/// How long a Pod may take to answer. The API server itself waits for half a minute where packets are dropped.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// The longest answer, in bytes. Far more than it is.
const MAX_ANSWER: u64 = 64 * 1024;
/// The most Pods that are asked.
const MAX_PODS: usize = 5;
/// The longest other text.
const MAX_TEXT: usize = 200;
/// Who may look, for messages.
const RIGHTS: &str = "ask for the Role jobrisk-operator in that namespace";

const LISTING: Listing = Listing {
    group: "/api/v1",
    plural: "pods",
    labels: Some("app.kubernetes.io/name=jobrisk,app.kubernetes.io/component=controller"),
    metadata_only: false,
    page_size: 100,
    what: "list the Pods of jobrisk",
    rights: RIGHTS,
};

/// A controller, as far as it can be seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replica {
    /// The Pod; `None` where it was asked directly.
    pub pod: Option<Pod>,
    /// What it says; `None` where it could not be heard.
    pub word: Option<Statusz>,
    /// Why it could not be heard.
    pub silent: Option<SafeText>,
}

/// A Pod, as its node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pod {
    /// Its name.
    pub name: SafeText,
    /// `Running`, if all is well.
    pub phase: SafeText,
    /// Whether its probes say that it is ready.
    pub ready: bool,
    /// How often its containers have been started anew.
    pub restarts: i64,
    /// Why it does not run, in a word.
    pub reason: Option<SafeText>,
}

/// A Pod as the API server has it, which sees to the types.
#[derive(Deserialize)]
struct Raw {
    metadata: Metadata,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    deletion_timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Spec {
    containers: Option<Vec<Container>>,
}

#[derive(Deserialize)]
struct Container {
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    name: Option<String>,
    container_port: u16,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: Option<String>,
    reason: Option<String>,
    conditions: Option<Vec<Condition>>,
    container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    type_: String,
    status: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerStatus {
    restart_count: i64,
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    waiting: Option<Reason>,
    terminated: Option<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    reason: Option<String>,
}

impl Cluster {
    /// The Pods of the controller in a namespace, and what they say.
    ///
    /// # Errors
    /// When the Pods cannot be listed. What one of them does not say is no error.
    pub async fn replicas(&self, namespace: &str) -> Result<Vec<Replica>, Failure> {
        let place = Place::Namespace(namespace.to_owned());
        let mut pods: Vec<Raw> =
            self.fold(LISTING, &place, |pods: &mut Vec<Raw>, pod: Raw| pods.push(pod)).await?;
        // One that goes says nothing about the next one.
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        pods.truncate(MAX_PODS);
        let asked = pods.into_iter().map(|pod| self.ask_pod(&place, pod));
        Ok(futures::future::join_all(asked).await)
    }

    /// What a controller says that listens on an address that can be reached from here, such as
    /// `http://127.0.0.1:8080`.
    pub async fn replica_at(address: &Uri) -> Replica {
        let word = match Self::new(Config::new(address.clone()), ANSWER_LIMIT) {
            Ok(cluster) => cluster.word("/statusz", ANSWER_LIMIT).await.map_err(|trouble| trouble.message),
            Err(problem) => Err(SafeText::new(&problem, MAX_TEXT)),
        };
        Replica { pod: None, silent: word.as_ref().err().cloned(), word: word.ok() }
    }

    async fn ask_pod(&self, place: &Place, raw: Raw) -> Replica {
        let namespace = segment(place.namespace().unwrap_or_default()).to_string();
        let name = raw.metadata.name.clone().unwrap_or_default();
        let port = raw.port();
        let pod = raw.pod();
        let word = match port {
            _ if pod.phase.as_str() != "Running" => {
                let reason = pod.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                Err(SafeText::new(&format!("it does not run ({}{reason})", pod.phase), MAX_TEXT))
            }
            None => Err(SafeText::new("it has no port called http", MAX_TEXT)),
            Some(port) => {
                let path = format!(
                    "/api/v1/namespaces/{namespace}/pods/http:{}:{port}/proxy/statusz",
                    segment(&name)
                );
                let limit = ANSWER_LIMIT.min(self.limit);
                self.word(&path, limit).await.map_err(|trouble| silence(place, trouble))
            }
        };
        Replica { pod: Some(pod), silent: word.as_ref().err().cloned(), word: word.ok() }
    }

    async fn word(&self, path: &str, limit: Duration) -> Result<Statusz, Trouble> {
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(|error| Trouble::new(Category::Other, &error.to_string()))?;
        // Whoever answers may not be who it should be.
        let word: Statusz = self.ask(request, limit, MAX_ANSWER).await?;
        Ok(word.made_safe())
    }
}

/// Why a Pod could not be heard, and what to do.
fn silence(place: &Place, trouble: Trouble) -> SafeText {
    let text = match trouble.category {
        Category::Forbidden => {
            Failure::new("ask it through the API server", place, RIGHTS, trouble).to_string()
        }
        Category::NotInstalled => "this version says nothing of itself".to_owned(),
        _ => format!(
            "{}; a NetworkPolicy may keep the API server out: kubectl port-forward, and --controller",
            trouble.message
        ),
    };
    SafeText::new(&text, 2 * MAX_TEXT)
}

impl Raw {
    /// The port of its container that is called `http`.
    fn port(&self) -> Option<u16> {
        let containers = self.spec.iter().flat_map(|spec| spec.containers.iter().flatten());
        let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
        ports.find(|port| port.name.as_deref() == Some("http")).map(|port| port.container_port)
    }

    fn pod(self) -> Pod {
        let status = self.status.unwrap_or_default();
        let conditions = status.conditions.unwrap_or_default();
        let containers = status.container_statuses.unwrap_or_default();
        let waiting = containers.iter().find_map(|container| {
            let state = container.state.as_ref()?;
            state.waiting.as_ref().or(state.terminated.as_ref())?.reason.clone()
        });
        let unmet = || {
            let mut unmet = conditions.iter().filter(|condition| condition.status == "False");
            unmet.find_map(|condition| condition.reason.clone())
        };
        let reason = status.reason.or(waiting).or_else(unmet);
        Pod {
            name: SafeText::new(&self.metadata.name.unwrap_or_default(), MAX_NAME),
            phase: SafeText::new(status.phase.as_deref().unwrap_or("Unknown"), MAX_TEXT),
            ready: conditions
                .iter()
                .any(|condition| condition.type_ == "Ready" && condition.status == "True"),
            restarts: containers.iter().map(|container| container.restart_count).sum(),
            reason: reason.map(|reason| SafeText::new(&reason, MAX_TEXT)),
        }
    }
}
