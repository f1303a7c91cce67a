//! What the proxy knows: its script and its log.

use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustls::ServerConfig;
use tokio::sync::{broadcast, watch};

use super::body::Command;
use super::fault::{Action, Fault};
use super::log::Entry;
use super::request::Request;
use super::upstream::Upstream;

pub(super) struct State {
    pub(super) upstream: Upstream,
    /// Connections of the controller, now and at most.
    pub(super) open: AtomicUsize,
    pub(super) most_open: AtomicUsize,
    /// Every change breaks all connections.
    pub(super) cut: watch::Sender<()>,
    pub(super) commands: broadcast::Sender<Command>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) faults: Vec<Active>,
    pub(super) log: Vec<Entry>,
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// TLS handshakes that the controller broke off.
    pub(super) refusals: Vec<String>,
    pub(super) next_id: usize,
}

pub(super) struct Active {
    pub(super) id: usize,
    pub(super) fault: Fault,
    /// Requests that it matched.
    matched: usize,
    /// Requests that it hit.
    pub(super) hit: usize,
}

impl State {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            cut: watch::Sender::new(()),
            commands: broadcast::Sender::new(64),
            inner: Mutex::default(),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.inner().tls.clone()
    }

    pub(super) fn refused(&self, error: &io::Error) {
        self.inner().refusals.push(error.to_string());
    }

    pub(super) fn add(&self, fault: Fault) -> usize {
        let mut inner = self.inner();
        inner.next_id += 1;
        let id = inner.next_id;
        inner.faults.push(Active { id, fault, matched: 0, hit: 0 });
        id
    }

    /// Writes a request into the log and gives its number with what is to happen to it: the first fault counts that
    /// is due. Every fault that matches counts the request.
    pub(super) fn begin(&self, request: &Request) -> (usize, Option<Action>) {
        let mut inner = self.inner();
        let mut action = None;
        for active in inner.faults.iter_mut().filter(|active| active.fault.hits.matches(request)) {
            active.matched += 1;
            if action.is_none() && active.matched >= active.fault.from && active.hit < active.fault.times {
                active.hit += 1;
                action = Some(active.fault.action.clone());
            }
        }
        let number = inner.log.len() + 1;
        inner.log.push(Entry {
            number,
            at: Instant::now(),
            request: request.clone(),
            sent_on: false,
            status: None,
            fault: action.as_ref().map(Action::name),
        });
        (number, action)
    }

    pub(super) fn note(&self, number: usize, change: impl FnOnce(&mut Entry)) {
        change(&mut self.inner().log[number - 1]);
    }
}
