//! Time as this thread spends it on a core.
//!
//! The benches have a harness of their own and not criterion: criterion measures the wall clock, which on a machine
//! that has other work measures that work too, and its statistics then say how steady the other work was. The clock
//! here stands still while the thread waits for a core; what is compared is measured in turns within one run.

use std::fs;
use std::time::{Duration, Instant};

/// The seconds that `work` takes, as the mean of as many calls as fit into `round`, at least one.
pub fn seconds(round: Duration, mut work: impl FnMut()) -> f64 {
    let (start, before, mut count) = (Instant::now(), on_cpu(), 0_u32);
    while start.elapsed() < round || count == 0 {
        work();
        count += 1;
    }
    let on_core = before.zip(on_cpu()).and_then(|(before, now)| now.checked_sub(before));
    let spent = on_core.filter(|spent| !spent.is_zero()).unwrap_or_else(|| start.elapsed());
    spent.as_secs_f64() / f64::from(count)
}

/// How long this thread was on a core, where the kernel tells.
fn on_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}
