//! `jobrisk run`.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::connection::{Connection, Found, PROXY_IGNORED, first_line};
use super::duration::duration;
use super::election;
use crate::controller::client::client;
use crate::controller::events::Pod;
use crate::controller::finding_log::FindingLog;
use crate::controller::lease::{self, Candidate};
use crate::controller::plan::Retention;
use crate::controller::{Controller, Settings, Shared};
use crate::server;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Serve /livez, /readyz and /metrics on this address.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    connection: Connection,
    /// What to log, in tracing's filter syntax.
    #[arg(long, env = "JOBRISK_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
    /// The name of this instance in Events, by default the host's name.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    instance: Option<String>,
    /// The namespace of the pod that it runs in, for Events about the controller itself.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    pod_namespace: Option<String>,
    /// How long the reports on High and Critical workloads outlive them: 90s, 12h, 7d.
    #[arg(long, env = "JOBRISK_RETAIN_FOR", value_name = "TIME", default_value = "7d", value_parser = duration)]
    retain_for: Duration,
    /// How many of them are kept in a namespace; the oldest and least severe go first.
    #[arg(long, env = "JOBRISK_RETAIN_MAX", value_name = "COUNT", default_value_t = 100)]
    retain_max: usize,
    /// How often what is remembered is compared with what is stored.
    #[arg(long, env = "JOBRISK_AUDIT_INTERVAL", value_name = "TIME", default_value = "9m", value_parser = duration)]
    audit_interval: Duration,
    #[command(flatten)]
    election: election::Args,
}

impl Args {
    /// The lease to hold, if a leader is to be elected.
    ///
    /// # Errors
    /// When the flags about it do not fit together.
    pub(super) fn lease(&self) -> Result<Option<lease::Settings>, String> {
        self.election.settings(self.pod_namespace.as_deref())
    }
}

/// The client libraries log each failed attempt, and what they could not decode in full, with all that is secret in it.
/// The controller itself says what is wrong, once. Whoever names one of them in the filter has its log.
const QUIET: &str = "kube_client=off,kube_runtime=off,tower=off,hyper=off,hyper_util=off,rustls=off";

/// Runs the controller; with `lease`, as one of several instances of which one writes.
pub(super) fn run(args: &Args, lease: Option<lease::Settings>) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", args.log))
        .map_err(|error| format!("cannot read the log filter: {error}"))?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // One thread: the work is bounded by the API server, and the state needs no locks.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(controller(args, lease))
}

async fn controller(args: &Args, lease: Option<lease::Settings>) -> Result<(), String> {
    let Found { config, ignores_proxy } = args.connection.config().await?;
    if ignores_proxy {
        tracing::warn!("{PROXY_IGNORED}");
    }
    let url = config.cluster_url.to_string();
    let shared = Arc::new(Shared::default());
    let unheard = lease.as_ref().map(|lease| lease.times.margin());
    let client = client(&config, &shared, unheard)
        .map_err(|error| format!("cannot use the kubeconfig: {}", first_line(&error)))?;
    let listener = server::bind(args.listen).await.map_err(|error| error.to_string())?;
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|error| format!("cannot handle signals: {error}"))?;
    let mut interrupt =
        signal(SignalKind::interrupt()).map_err(|error| format!("cannot handle signals: {error}"))?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), api_server = url, listen = %listener.local_addr().unwrap_or(args.listen), "starting");
    let settings = settings(args);
    let mut candidate =
        lease.map(|lease| Candidate::new(client.clone(), lease, &settings.instance, Arc::clone(&shared)));
    let finding_log = FindingLog::start(&settings.instance, Arc::clone(&shared), std::io::stdout())
        .map_err(|error| format!("cannot start the thread of the finding log: {error}"))?;
    let controller = Controller::new(client, settings, Arc::clone(&shared), finding_log);
    let hold = async {
        match &mut candidate {
            Some(candidate) => candidate.run().await,
            None => pending().await,
        }
    };
    // None may go on without the others: the end of each is the end of the process.
    let all_ended = tokio::select! {
        all_ended = controller.run(shutdown) => all_ended,
        outcome = server::serve(listener, shared) => {
            return outcome.and_then(|()| Err(std::io::Error::other("it ended"))).map_err(|error| format!("the HTTP server failed: {error}"));
        }
        () = hold => return Err("the lease is not held any more: it ended".to_owned()),
    };
    // Of a write that has not ended nobody knows when it arrives: then the lease has to run out.
    if let Some(candidate) = candidate.filter(|_| all_ended) {
        candidate.release().await;
    }
    Ok(())
}

fn settings(args: &Args) -> Settings {
    let instance = instance(args);
    Settings {
        pod: args.pod_namespace.clone().map(|namespace| Pod { namespace, name: instance.clone() }),
        instance,
        retention: Retention {
            seconds: i64::try_from(args.retain_for.as_secs()).unwrap_or(i64::MAX),
            per_namespace: args.retain_max,
        },
        // Less than this would be a list without end.
        audit_interval: args.audit_interval.max(Duration::from_secs(1)),
    }
}

fn instance(args: &Args) -> String {
    args.instance
        .clone()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "jobrisk".to_owned())
}
