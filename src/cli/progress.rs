//! A progress bar on standard error, for people who wait at a terminal.
//!
//! One line with a counter; a library for it would draw a dozen more crates into the program.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Work that is done sooner shows no bar: it would only flicker.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);
/// The bar's width in characters.
const WIDTH: usize = 30;
/// Back to the start of the line, and clear it.
const CLEAR: &str = "\r\u{1b}[K";

/// Whether somebody looks: not where standard error is a file or a pipe, in continuous integration, or on a terminal
/// that cannot clear a line.
fn is_wanted() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !is_set("CI") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Does the work, and draws a bar meanwhile: how many of `total` files have been `begun`.
pub(super) fn during<T>(begun: &AtomicUsize, total: usize, work: impl FnOnce() -> T) -> T {
    if !is_wanted() {
        return work();
    }
    // Closed when the work is over, whichever way it ends.
    let (working, work_is_over) = mpsc::channel();
    thread::scope(|scope| {
        let working = working;
        scope.spawn(move || draw(begun, total, &work_is_over));
        let result = work();
        drop(working);
        result
    })
}

fn draw(begun: &AtomicUsize, total: usize, work_is_over: &Receiver<()>) {
    let goes_on = |patience| work_is_over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
    if goes_on(PATIENCE) {
        show(&line(begun.load(Ordering::Relaxed), total));
        while goes_on(INTERVAL) {
            show(&line(begun.load(Ordering::Relaxed), total));
        }
        show(CLEAR);
    }
}

fn show(text: &str) {
    let mut stderr = io::stderr().lock();
    // If standard error is gone there is nobody who waits.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn line(begun: usize, total: usize) -> String {
    let begun = begun.min(total);
    let filled = begun * WIDTH / total.max(1);
    let mut line = format!("{CLEAR}[{}", "=".repeat(filled));
    // Writing to a String cannot fail.
    let _ = write!(line, "{}] {begun} of {total} files", " ".repeat(WIDTH - filled));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_and_never_overflows() {
        let shown = |begun, total| line(begun, total).strip_prefix(CLEAR).unwrap_or_default().to_owned();
        assert_eq!(shown(0, 3), format!("[{}] 0 of 3 files", " ".repeat(30)));
        assert_eq!(shown(2, 3), format!("[{}{}] 2 of 3 files", "=".repeat(20), " ".repeat(10)));
        assert_eq!(shown(7, 3), format!("[{}] 3 of 3 files", "=".repeat(30)));
        assert_eq!(shown(0, 0), format!("[{}] 0 of 0 files", " ".repeat(30)));
    }
}
