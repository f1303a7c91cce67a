//! Which cluster is talked to, and as whom.

use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

/// How long an opening connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The options that choose a cluster.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Connection {
    /// Use this kubeconfig instead of $KUBECONFIG, ~/.kube/config or the ServiceAccount of the pod.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Use this context of the kubeconfig instead of its current one.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// Further options of kubectl's, for the commands that people use.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Choice {
    /// Use this cluster of the kubeconfig instead of the context's.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Use this user of the kubeconfig instead of the context's.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl Connection {
    /// How to connect, as the context of the kubeconfig says.
    ///
    /// # Errors
    /// When there is no cluster to talk to, or the kubeconfig cannot be used, in words for the user.
    pub(super) async fn config(&self) -> Result<Found, String> {
        self.config_with(&Choice::default()).await
    }

    /// How to connect, with parts of the kubeconfig chosen one by one.
    ///
    /// # Errors
    /// As [`Self::config`].
    pub(super) async fn config_with(&self, choice: &Choice) -> Result<Found, String> {
        let options = KubeConfigOptions {
            context: self.context.clone(),
            cluster: choice.cluster.clone(),
            user: choice.user.clone(),
        };
        let is_chosen = options.context.is_some() || options.cluster.is_some() || options.user.is_some();
        let mut config = match &self.kubeconfig {
            Some(path) => {
                let name = path.display();
                let kubeconfig = Kubeconfig::read_from(path)
                    .map_err(|error| format!("cannot read the kubeconfig {name}: {}", first_line(&error)))?;
                of_kubeconfig(kubeconfig, &options)
                    .await
                    .map_err(|error| format!("cannot use the kubeconfig {name}: {error}"))?
            }
            None if is_chosen => {
                let kubeconfig = Kubeconfig::read()
                    .map_err(|error| format!("cannot read the kubeconfig: {}", first_line(&error)))?;
                of_kubeconfig(kubeconfig, &options)
                    .await
                    .map_err(|error| format!("cannot use the kubeconfig: {error}"))?
            }
            None => Config::infer().await.map_err(|error| {
                format!("no cluster to talk to: {error}; give --kubeconfig, set KUBECONFIG, or run in a pod")
            })?,
        };
        // Built without proxy support: the client would refuse to start. A pod reaches its API server directly.
        let ignores_proxy = config.proxy_url.take().is_some();
        config.connect_timeout = Some(CONNECT_LIMIT);
        // The controller's own delays apply, and people do not wait; the client's could hold a request back for minutes.
        config.default_retry = false;
        Ok(Found { config, ignores_proxy })
    }
}

/// How to connect.
pub(super) struct Found {
    /// For the client.
    pub(super) config: Config,
    /// The kubeconfig or the environment names a proxy, which is not used.
    pub(super) ignores_proxy: bool,
}

/// What the user is told of a proxy that is named.
pub(super) const PROXY_IGNORED: &str = "proxies are not supported: the API server is talked to directly";

async fn of_kubeconfig(kubeconfig: Kubeconfig, options: &KubeConfigOptions) -> Result<Config, String> {
    let context = options.context.as_ref().or(kubeconfig.current_context.as_ref());
    let context = kubeconfig.contexts.iter().find(|named| Some(&named.name) == context);
    let context = context.and_then(|named| named.context.as_ref());
    let user = options.user.as_ref().or_else(|| context?.user.as_ref());
    // Else the client would go on as nobody.
    if let Some(user) = user.filter(|user| !kubeconfig.auth_infos.iter().any(|named| named.name == **user)) {
        return Err(format!("it has no user {user:?}"));
    }
    let cluster = options.cluster.as_ref().or_else(|| context.map(|context| &context.cluster));
    let authority = cluster.and_then(|cluster| authority_file(&kubeconfig, cluster));
    let config = Config::from_custom_kubeconfig(kubeconfig, options).await;
    let mut config = config.map_err(|error| first_line(&error))?;
    // A certificate authority in a file is read again when the file changes, as it is in a pod.
    config.root_cert_file = authority;
    Ok(config)
}

/// The file with the certificate authority of a cluster, if it is in a file.
fn authority_file(kubeconfig: &Kubeconfig, cluster: &str) -> Option<PathBuf> {
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == cluster)?.cluster.as_ref()?;
    if cluster.certificate_authority_data.is_some() {
        return None;
    }
    cluster.certificate_authority.as_ref().map(PathBuf::from)
}

/// Without the excerpt of the file that the parser adds below: there may be a token in it.
pub(super) fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
