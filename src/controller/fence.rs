//! Until when this process may write, by a clock that nobody else can move.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

/// The clock of terms: it runs on while the process is stopped and while the machine sleeps, and is never set.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// A timer of the runtime stands still while the machine sleeps: the clock is looked at this often.
const LOOK: Duration = Duration::from_secs(1);

/// A time, as the time since the machine was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let time = clock_gettime(CLOCK);
        // Neither is ever negative.
        let nanoseconds = u32::try_from(time.tv_nsec.unsigned_abs()).unwrap_or(u32::MAX);
        Self(
            Duration::new(time.tv_sec.unsigned_abs(), 0)
                .saturating_add(Duration::from_nanos(nanoseconds.into())),
        )
    }

    /// This long after it.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }

    /// How long it is from `earlier` to this; nothing if it is before that.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Whether this process may write. Looked at by the loop before it begins a write, and again where the bytes of the
/// request go to the connection (see [`super::fenced`]).
#[derive(Debug)]
pub struct Fence {
    term: watch::Sender<Term>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// No leader is elected: this process is the only one.
    Always,
    Until(Moment),
    Never,
}

impl Default for Fence {
    /// Open for good: no leader is elected.
    fn default() -> Self {
        Self { term: watch::Sender::new(Term::Always) }
    }
}

impl Fence {
    /// Whether it may write at this very moment.
    pub fn is_open(&self) -> bool {
        self.left().is_some()
    }

    /// Whether a leader is elected.
    pub fn is_elected(&self) -> bool {
        *self.term.borrow() != Term::Always
    }

    /// From now on it may write until `end`.
    pub fn open_until(&self, end: Moment) {
        self.term.send_replace(Term::Until(end));
    }

    /// From now on it may not write.
    pub fn close(&self) {
        self.term.send_replace(Term::Never);
    }

    /// Waits until it is open, or until it is not.
    pub async fn becomes(&self, open: bool) {
        let mut term = self.term.subscribe();
        loop {
            let left = self.left();
            if left.is_some() == open {
                return;
            }
            // The sender lives as long as this.
            let changed = async { drop(term.changed().await) };
            match left {
                Some(left) => drop(tokio::time::timeout(left.min(LOOK), changed).await),
                None => changed.await,
            }
        }
    }

    /// For how long it may write yet.
    fn left(&self) -> Option<Duration> {
        match *self.term.borrow() {
            Term::Always => Some(Duration::MAX),
            Term::Until(end) => Some(end.since(Moment::now())).filter(|left| !left.is_zero()),
            Term::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_term_ends_by_the_clock_alone() {
        let fence = Fence::default();
        assert!(fence.is_open() && !fence.is_elected());
        fence.close();
        assert!(!fence.is_open() && fence.is_elected());
        let begin = Moment::now();
        fence.open_until(begin.after(Duration::from_millis(80)));
        assert!(fence.is_open());
        fence.becomes(false).await;
        assert!(!fence.is_open() && Moment::now().since(begin) >= Duration::from_millis(80));
        fence.open_until(begin);
        assert!(!fence.is_open(), "a term in the past is none");
    }

    #[tokio::test]
    async fn whoever_waits_learns_of_a_change() {
        let fence = Fence::default();
        fence.close();
        let end = Moment::now().after(Duration::from_secs(3600));
        let open = async {
            tokio::task::yield_now().await;
            fence.open_until(end);
        };
        tokio::join!(fence.becomes(true), open);
        let close = async {
            tokio::task::yield_now().await;
            fence.close();
        };
        tokio::join!(fence.becomes(false), close);
    }
}
