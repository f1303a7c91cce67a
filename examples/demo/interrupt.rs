//! Ctrl-C and its relatives, as a flag that every wait looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

const PAUSE: Duration = Duration::from_millis(50);

/// Why the demo ends before its end.
pub(crate) enum Stop {
    /// Someone asked for it.
    Interrupted,
    /// A step failed.
    Failed(String),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Whether someone asked for the end.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes over INT, TERM and HUP.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut interrupt, mut terminate, mut hangup) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            )
        };
        let raised = Arc::clone(&flag);
        thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                        _ = hangup.recv() => {}
                    }
                    if !raised.swap(true, Ordering::Relaxed) {
                        // What is under way may take some seconds to its end.
                        eprintln!("\ndemo: stopping");
                    }
                }
            });
        });
        Ok(Self(flag))
    }

    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.0.load(Ordering::Relaxed) { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// Calls `probe` until it gives a value. `Ok(None)` when `limit` has passed before.
    pub(crate) fn wait<T>(
        &self,
        limit: Duration,
        mut probe: impl FnMut() -> Result<Option<T>, Stop>,
    ) -> Result<Option<T>, Stop> {
        let begin = Instant::now();
        loop {
            self.check()?;
            let found = probe()?;
            if found.is_some() || begin.elapsed() >= limit {
                return Ok(found);
            }
            thread::sleep(PAUSE);
        }
    }
}
