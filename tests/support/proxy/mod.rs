//! A proxy with a script of faults, between the controller and the real API server.
//!
//! ```text
//! controller ──plain HTTP, its own token──▶ proxy (a thread of the test) ──TLS──▶ kube-apiserver
//! ```
//!
//! Requests pass unchanged but for what the script does to them. The script can be changed at any time. The log has
//! every request of the controller.

mod body;
mod fault;
mod log;
mod request;
mod server;
mod state;
mod tls;
mod upstream;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) use fault::{Action, Answer, Fault, Match, expired_event};
pub(crate) use log::Entry;
pub(crate) use request::{Request, Verb};
pub(crate) use tls::Authority;

use self::body::{Command, Order};
use self::state::State;
use super::control_plane::ControlPlane;
use super::kubeconfig;

/// A running proxy. Dropping it ends it, with all connections.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
    /// Closes when this goes.
    alive: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy in front of a control plane's API server, without faults.
    pub(crate) fn start(plane: &ControlPlane) -> Self {
        let state = Arc::new(State::new(upstream::Upstream::new(plane.port(), plane.ca_pem())));
        let (alive, end) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let served = Arc::clone(&state);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                tokio::select! {
                    never = server::serve(listener, served) => match never {},
                    _ = end => {}
                }
            });
        });
        let port = told.recv().unwrap();
        Self { port, state, alive: Some(alive), thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Writes a kubeconfig that leads a bearer of `token` through the proxy.
    pub(crate) fn kubeconfig(&self, folder: &Path, token: &str) -> PathBuf {
        let path = folder.join(format!("proxy-{}.kubeconfig", self.port));
        kubeconfig::write(&path, &self.url(), "", "jobrisk", token).unwrap();
        path
    }

    /// Adds a fault behind those that are there.
    pub(crate) fn add(&self, hits: Match, action: Action) -> usize {
        self.script(Fault::new(hits, action))
    }

    /// Adds a fault behind those that are there, and gives its number.
    pub(crate) fn script(&self, fault: Fault) -> usize {
        self.state.add(fault)
    }

    /// Takes back one fault. What it has swallowed stays so.
    pub(crate) fn remove(&self, id: usize) {
        self.state.inner().faults.retain(|active| active.id != id);
    }

    /// Takes back all faults. What they have swallowed stays so.
    pub(crate) fn clear(&self) {
        self.state.inner().faults.clear();
    }

    /// How many requests a fault has hit.
    pub(crate) fn hits(&self, id: usize) -> usize {
        self.state.inner().faults.iter().find(|active| active.id == id).map_or(0, |active| active.hit)
    }

    /// Puts an event into each open watch of a resource.
    pub(crate) fn inject(&self, resource: &str, event: &Value) {
        self.command(Match::on(Verb::Watch, resource), Order::Inject(Bytes::from(format!("{event}\n"))));
    }

    /// From now on nothing comes through the watches that are open, and their connections stay.
    pub(crate) fn freeze(&self, hits: Match) {
        self.command(hits, Order::Freeze);
    }

    /// Ends the answers under way, as when the time of a watch is over.
    pub(crate) fn end(&self, hits: Match) {
        self.command(hits, Order::End);
    }

    /// Breaks the connections of the answers under way.
    pub(crate) fn cut(&self, hits: Match) {
        self.command(hits, Order::Cut);
    }

    fn command(&self, hits: Match, order: Order) {
        // Nobody listens where no answer is under way.
        drop(self.state.commands.send(Command { hits, order }));
    }

    /// Breaks all connections.
    pub(crate) fn cut_all(&self) {
        self.state.cut.send_replace(());
    }

    /// From now on, new connections have to be TLS and are served with this certificate.
    pub(crate) fn serve_tls(&self, authority: &Authority) {
        self.state.inner().tls = Some(authority.server_config());
    }

    /// TLS handshakes that the controller broke off.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.state.inner().refusals.clone()
    }

    /// All requests so far.
    pub(crate) fn log(&self) -> Vec<Entry> {
        self.state.inner().log.clone()
    }

    /// How many requests there were so far: a mark for [`Self::since`].
    pub(crate) fn mark(&self) -> usize {
        self.state.inner().log.len()
    }

    /// The requests after a mark.
    pub(crate) fn since(&self, mark: usize) -> Vec<Entry> {
        self.log().split_off(mark)
    }

    /// How many requests with a verb on a resource there were after a mark.
    pub(crate) fn count(&self, mark: usize, verb: Verb, resource: &str) -> usize {
        let wanted = Match::on(verb, resource);
        self.since(mark).iter().filter(|entry| wanted.matches(&entry.request)).count()
    }

    /// The writes after a mark that the API server has carried out.
    pub(crate) fn writes(&self, mark: usize) -> Vec<Entry> {
        self.since(mark).into_iter().filter(Entry::is_done_write).collect()
    }

    /// How many requests the API server has not answered yet. A watch is answered when it begins.
    pub(crate) fn unanswered(&self) -> usize {
        let inner = self.state.inner();
        inner.log.iter().filter(|entry| entry.sent_on && entry.status.is_none()).count()
    }

    /// For how long no write has been asked for.
    pub(crate) fn quiet_for(&self) -> Option<Duration> {
        let last =
            self.state.inner().log.iter().rev().find(|entry| entry.is_write()).map(|entry| entry.at)?;
        Some(Instant::now().duration_since(last))
    }

    /// The controller's connections, now.
    pub(crate) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// The controller's connections at most, since the start or since [`Self::forget_most_open`].
    pub(crate) fn most_open(&self) -> usize {
        self.state.most_open.load(Ordering::SeqCst)
    }

    pub(crate) fn forget_most_open(&self) {
        self.state.most_open.store(self.open(), Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
