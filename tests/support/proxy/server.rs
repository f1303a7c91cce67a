//! The controller's side: connections, requests, and the faults on them.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::body::{self, Body};
use super::fault::{Action, Answer};
use super::request::Request;
use super::state::State;
use super::upstream::Line;

/// Serves until the runtime ends.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) -> Infallible {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&state)));
        }
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
    state.most_open.fetch_max(open, Ordering::SeqCst);
    let mut cut = state.cut.subscribe();
    drop(stream.set_nodelay(true));
    let tls = state.tls();
    let served = async {
        match tls {
            None => exchange(stream, &state).await,
            Some(config) => match TlsAcceptor::from(config).accept(stream).await {
                Ok(stream) => exchange(stream, &state).await,
                Err(error) => state.refused(&error),
            },
        }
    };
    tokio::select! {
        () = served => {}
        _ = cut.changed() => {}
    }
    state.open.fetch_sub(1, Ordering::SeqCst);
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin, state: &Arc<State>) {
    let line = Arc::new(Line::new(state.upstream.clone()));
    let service = service_fn(|request| answer(request, &line, state));
    // An error is a connection that one side has broken: that is what this is for.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// An error closes the connection without an answer.
async fn answer(
    http: HttpRequest<Incoming>,
    line: &Arc<Line>,
    state: &Arc<State>,
) -> io::Result<Response<Body>> {
    let request = Request::read(http.method(), http.uri(), http.headers());
    let commands = state.commands.subscribe();
    let (head, sent) = http.into_parts();
    let sent = sent.collect().await.map_err(io::Error::other)?.to_bytes();
    let (number, action) = state.begin(&request);
    match &action {
        Some(Action::CutBefore) => return Err(io::Error::other("cut")),
        Some(Action::Swallow) => pending().await,
        Some(Action::Answer(answer)) => {
            state.note(number, |entry| entry.status = Some(answer.status));
            return Ok(own(answer));
        }
        Some(Action::Respond(answer)) => {
            let answer = answer(&request);
            state.note(number, |entry| entry.status = Some(answer.status));
            return Ok(own(&answer));
        }
        Some(Action::Delay(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    state.note(number, |entry| entry.sent_on = true);
    let (line, noted) = (Arc::clone(line), Arc::clone(state));
    // In a task of its own: what was begun is finished, and its outcome known, though the controller has gone.
    let sent = tokio::spawn(async move {
        let response = line.send(HttpRequest::from_parts(head, Full::new(sent))).await;
        noted.note(number, |entry| match &response {
            Ok(response) => entry.status = Some(response.status().as_u16()),
            Err(_) => entry.sent_on = false,
        });
        response
    });
    let (mut head, upstream) = sent.await.map_err(io::Error::other)??.into_parts();
    head.headers.remove("content-length");
    match &action {
        Some(Action::CutAfter) => Err(io::Error::other("cut")),
        Some(Action::SwallowAnswer) => pending().await,
        Some(Action::Rewrite(change)) => {
            Ok(Response::from_parts(head, body::rewritten(upstream, change).await?))
        }
        _ => Ok(Response::from_parts(head, body::forward(upstream, action, request, commands))),
    }
}

fn own(answer: &Answer) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(body::whole(answer.body.clone())).unwrap()
}
