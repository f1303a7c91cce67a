//! The way of the finding log to standard output.
//!
//! A thread of its own writes it, so that the controller never waits for whoever reads. What cannot be written soon is
//! lost, and counted: in a metric here, and for the reader by the numbers of the lines.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use k8s_openapi::jiff::Timestamp;

use super::Shared;
use super::metrics::label::{DROPPED, FAILED, TOO_LONG, WRITTEN};
use crate::finding_log::{Line, Stamp};

/// Lines that may wait, of at most [`crate::finding_log::MAX_LINE`] bytes each: 4 MiB. A pipe takes 64 KiB more.
const MAX_WAITING: usize = 1024;
/// How long it may take to write what waits when the controller ends.
const END_LIMIT: Duration = Duration::from_secs(2);
/// After this time without a loss the trouble is over.
const CALM: Duration = Duration::from_secs(10);

/// See the module's text.
#[derive(Debug)]
pub struct FindingLog {
    lines: SyncSender<String>,
    writer: JoinHandle<()>,
    counts: Arc<Counts>,
    shared: Arc<Shared>,
    instance: String,
    sequence: u64,
    /// How many losses have been looked at.
    lost: u64,
    /// When a line was last lost, and how many had been before that, as long as it is a trouble.
    trouble: Option<(Instant, u64)>,
}

#[derive(Debug, Default)]
struct Counts {
    lost: AtomicU64,
    error: Mutex<Option<String>>,
}

impl FindingLog {
    /// A log of `instance` that goes to `out`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        instance: &str,
        shared: Arc<Shared>,
        out: impl Write + Send + 'static,
    ) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel(MAX_WAITING);
        let counts = Arc::new(Counts::default());
        let writer = {
            let (counts, shared) = (Arc::clone(&counts), Arc::clone(&shared));
            thread::Builder::new()
                .name("finding-log".to_owned())
                .spawn(move || write_all(&waiting, out, &counts, &shared))?
        };
        let instance = instance.to_owned();
        Ok(Self { lines, writer, counts, shared, instance, sequence: 0, lost: 0, trouble: None })
    }

    /// Writes a line, if one is made. Never waits.
    pub fn write(&mut self, make: impl FnOnce(&Stamp) -> Option<Line>) {
        let stamp = Stamp {
            time: Timestamp::now().to_string(),
            instance: self.instance.clone(),
            sequence: self.sequence + 1,
        };
        let Some(line) = make(&stamp) else { return };
        // Also for a line that is lost: so its reader sees that it is missing.
        self.sequence += 1;
        let Some(text) = line.text() else { return self.lose(TOO_LONG, "a line was too long") };
        match self.lines.try_send(text) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.lose(DROPPED, "nobody reads standard output"),
            Err(TrySendError::Disconnected(_)) => self.lose(FAILED, "the thread that writes it has ended"),
        }
    }

    fn lose(&self, result: &'static str, why: &str) {
        lose(&self.counts, &self.shared, result, why);
    }

    /// Tells in the program's own log when lines begin to be lost, and when that is over.
    pub fn look(&mut self, now: Instant) {
        let lost = self.counts.lost.load(Ordering::Relaxed);
        if lost > self.lost {
            if self.trouble.is_none() {
                let why = self.counts.error.lock().unwrap_or_else(PoisonError::into_inner).clone();
                tracing::error!(
                    "lines of the finding log are lost: {}; see that something reads standard output, to its end",
                    why.unwrap_or_default()
                );
            }
            self.trouble = Some((now, self.trouble.map_or(self.lost, |(_, before)| before)));
            self.lost = lost;
        } else if let Some((last, before)) = self.trouble
            && now.saturating_duration_since(last) > CALM
        {
            self.trouble = None;
            tracing::info!(lost = lost - before, "no more lines of the finding log are lost");
        }
    }

    /// Writes what waits, if that takes no more than a short time.
    pub async fn finish(self) {
        drop(self.lines);
        let end = Instant::now() + END_LIMIT;
        while !self.writer.is_finished() {
            if Instant::now() > end {
                tracing::warn!("nobody reads standard output: the last lines of the finding log are lost");
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The thread. It ends when the log does.
fn write_all(lines: &Receiver<String>, mut out: impl Write, counts: &Counts, shared: &Shared) {
    for line in lines {
        match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => shared.metrics.logged(WRITTEN),
            Err(error) => lose(counts, shared, FAILED, &error.to_string()),
        }
    }
}

fn lose(counts: &Counts, shared: &Shared, result: &'static str, why: &str) {
    shared.metrics.logged(result);
    *counts.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    counts.lost.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::assess::assess;
    use crate::report::report;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    /// Standard output that takes nothing before it is told to, and gives each write away.
    struct Held {
        opened: Receiver<()>,
        is_open: bool,
        written: Sender<Vec<u8>>,
    }

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.is_open = self.is_open || self.opened.recv().is_ok();
            self.written.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(stamp: &Stamp) -> Option<Line> {
        let job = from_json(br#"{"metadata":{"name":"a","uid":"u"}}"#).unwrap();
        Line::verdict(stamp, Kind::Job, &report(&assess(Kind::Job, &job)).report, None, false)
    }

    fn finish(log: FindingLog) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(log.finish());
    }

    fn counted(shared: &Shared, result: &str) -> usize {
        let text = shared.metrics.encode();
        let name = format!("jobrisk_finding_log_lines_total{{result=\"{result}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    }

    #[test]
    fn a_reader_that_does_not_read_holds_nothing_up_and_what_is_lost_is_counted() {
        let shared = Arc::new(Shared::default());
        let (open, opened) = channel();
        let (written, output) = channel();
        let held = Held { opened, is_open: false, written };
        let mut log = FindingLog::start("test", Arc::clone(&shared), held).unwrap();
        let total = MAX_WAITING + 100;
        for _ in 0..total {
            log.write(line);
        }
        // One more than wait may be in the writer's hands.
        let dropped = counted(&shared, "dropped");
        assert!((99..=100).contains(&dropped), "{dropped}");
        let now = Instant::now();
        log.look(now);
        assert!(log.trouble.is_some());
        log.look(now + CALM * 2);
        assert!(log.trouble.is_none());

        open.send(()).unwrap();
        // There is room again once one was taken.
        let mut writes = vec![output.recv().unwrap()];
        log.write(line);
        let last = log.sequence;
        finish(log);
        writes.extend(output.try_iter());
        assert_eq!(writes.len(), total - dropped + 1);
        assert_eq!(counted(&shared, "written"), writes.len());
        // One write a line, and the numbers tell the reader how many are missing.
        let numbers: Vec<u64> = writes
            .iter()
            .map(|bytes| serde_json::from_slice::<Line>(bytes.strip_suffix(b"\n").unwrap()).unwrap().sequence)
            .collect();
        assert!(numbers.is_sorted());
        assert_eq!(numbers.last(), Some(&last));
        assert_eq!(usize::try_from(last).unwrap() - numbers.len(), dropped);
    }

    #[test]
    fn an_output_that_is_closed_loses_lines_and_nothing_else() {
        let shared = Arc::new(Shared::default());
        let (written, output) = channel();
        drop(output);
        let held = Held { opened: channel().1, is_open: true, written };
        let mut log = FindingLog::start("test", Arc::clone(&shared), held).unwrap();
        log.write(line);
        log.write(line);
        finish(log);
        assert_eq!(counted(&shared, "failed"), 2);
    }
}
