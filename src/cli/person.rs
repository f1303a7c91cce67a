//! What the commands share that people use on a cluster: the options of kubectl's, and how one ends.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::connection::{Choice, Connection, Found, PROXY_IGNORED};
use super::duration::duration;
use crate::cluster::Cluster;
use crate::severity::Severity;

/// The options that choose a cluster, as kubectl has them.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Person {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    choice: Choice,
    /// How long an answer of the API server may take: 10s, 2m.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    request_timeout: Duration,
}

impl Person {
    /// Where to look, and the namespace that the context of the kubeconfig names.
    ///
    /// # Errors
    /// When there is no cluster to talk to, or the kubeconfig cannot be used, in words for the user.
    pub(super) async fn connect(&self) -> Result<(Cluster, String), String> {
        let Found { config, ignores_proxy } = self.connection.config_with(&self.choice).await?;
        if ignores_proxy {
            say(PROXY_IGNORED);
        }
        let namespace = config.default_namespace.clone();
        let limit = self.request_timeout.max(Duration::from_secs(1));
        Ok((Cluster::new(config, limit)?, namespace))
    }
}

/// Runs what talks to a cluster to its end.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(work)
}

/// Tells the user something beside the output.
pub(super) fn say(message: &str) {
    // If standard error is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "jobrisk: {message}");
}

/// A severity on the command line.
///
/// # Errors
/// When the text is none, in words for the user.
pub(super) fn severity(text: &str) -> Result<Severity, String> {
    Severity::from_label(&text.to_lowercase())
        .ok_or_else(|| "expected none, low, medium, high or critical".to_owned())
}

/// Whether standard output is coloured: on a terminal, unless somebody does not want it.
pub(super) fn wants_color() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && io::stdout().is_terminal()
}

/// The time, in seconds since 1970.
pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}
