//! `/livez`, `/readyz`, `/metrics` and `/statusz` over plain HTTP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::controller::Shared;
use crate::controller::health::Source;
use crate::controller::statusz::Statusz;

/// What `/metrics` is: Prometheus' own text format.
const METRICS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Opens the port, so that one in use is known before anything else is begun.
///
/// # Errors
/// When the address cannot be bound, with the address in the message.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
}

/// Serves until it fails.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let routes = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/statusz", get(statusz))
        .with_state(shared);
    axum::serve(listener, routes).await
}

async fn livez(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    answer(shared.health.not_live(), "ok\n")
}

async fn readyz(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    // One that only watches is ready too: it can take over.
    let ready = match (shared.fence.is_elected(), shared.fence.is_open()) {
        (false, _) => "ok\n",
        (true, true) => "ok, leader\n",
        (true, false) => "ok, follower\n",
    };
    answer(shared.health.not_ready(), ready)
}

fn answer(problem: Option<String>, fine: &str) -> (StatusCode, String) {
    match problem {
        None => (StatusCode::OK, fine.to_owned()),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, problem + "\n"),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    for source in Source::ALL {
        let progress = shared.health.last_progress(source);
        let seconds =
            progress.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_secs());
        if let Some(seconds) = seconds.and_then(|seconds| i64::try_from(seconds).ok()) {
            shared.metrics.set_progress(source, seconds);
        }
    }
    shared.metrics.set_leader(shared.fence.is_open());
    ([(header::CONTENT_TYPE, METRICS_TEXT)], shared.metrics.encode())
}

async fn statusz(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    // Serialising plain structs cannot fail.
    let word = serde_json::to_vec(&Statusz::of(&shared)).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], word)
}
