//! The connection to the API server: kube's client, put together here because two things have to be below its layers,
//! the check of [`super::fenced`] and, on the connections of writes, a limit of the system on what it sends again.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{ClientBuilder, ConfigExt as _};
use kube::{Client, Config};
use tower::{BoxError, ServiceBuilder};

use super::Shared;
use super::fenced::{Fenced, FencedConnector};
use super::transport::Limits;

/// A client with the limits of [`Limits`] and behind the fence of `shared`.
///
/// A write that was sent and has not arrived within `unheard` never will: the system gives the connection up. By itself it goes
/// on for a quarter of an hour, also when this process is gone, and could hand over a write of a leader that was.
///
/// # Errors
/// When the credentials or certificates of `config` cannot be used.
pub fn client(config: &Config, shared: &Arc<Shared>, unheard: Option<Duration>) -> kube::Result<Client> {
    let connector = |unheard: Option<Duration>| {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(config.connect_timeout);
        #[cfg(target_os = "linux")]
        connector.set_tcp_user_timeout(unheard);
        connector
    };
    let others = config.rustls_https_connector_with_connector(connector(None))?;
    let writes = FencedConnector::new(connector(unheard), Arc::clone(shared));
    let writes = config.rustls_https_connector_with_connector(writes)?;
    let others = Http::builder(TokioExecutor::new()).build(others);
    let writes = Http::builder(TokioExecutor::new()).build(writes);
    let service = ServiceBuilder::new()
        .layer(Limits::new(Arc::clone(shared)))
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(Fenced::new(others, writes, Arc::clone(shared)));
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}
