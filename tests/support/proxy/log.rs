//! What was asked: the oracle for how many requests of which kind were sent.

use std::time::Instant;

use super::request::Request;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) at: Instant,
    pub(crate) request: Request,
    /// Whether the API server was asked, and could be.
    pub(crate) sent_on: bool,
    /// What the answer was, whether or not the controller learned of it.
    pub(crate) status: Option<u16>,
    /// The action of the fault that hit it.
    pub(crate) fault: Option<&'static str>,
}

impl Entry {
    /// A request to change something. A Lease is renewed all the time; that is no change.
    pub(crate) fn is_write(&self) -> bool {
        self.request.verb.writes() && self.request.resource != "leases"
    }

    /// A write that the API server has carried out.
    pub(crate) fn is_done_write(&self) -> bool {
        self.is_write() && self.sent_on && self.status.is_some_and(|status| status < 300)
    }
}
