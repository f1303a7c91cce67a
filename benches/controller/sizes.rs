//! How much is measured.

/// Each from the environment variable named beside it.
pub(crate) struct Sizes {
    /// `JOBRISK_BENCH_JOBS`: Jobs created one by one, for the time from created to reported.
    pub(crate) jobs: usize,
    /// `JOBRISK_BENCH_WORKLOADS`: what is there at a first sync, at a restart and in a quiet cluster.
    pub(crate) workloads: usize,
    /// `JOBRISK_BENCH_LARGE`: what is there when memory is limited.
    pub(crate) large: usize,
    /// `JOBRISK_BENCH_ROUNDS`: of the first sync; of the restart three times as many.
    pub(crate) rounds: usize,
    /// `JOBRISK_BENCH_FLOOD_SECONDS`: for how long 100 Jobs a second come.
    pub(crate) flood_seconds: usize,
    /// `JOBRISK_BENCH_QUIET_SECONDS`: for how long nothing happens.
    pub(crate) quiet_seconds: usize,
    /// `JOBRISK_BENCH_RUNS`: runs of one `CronJob`.
    pub(crate) runs: usize,
    /// `JOBRISK_BENCH_SHORT_LIVED`: Jobs that live for 200 ms.
    pub(crate) short_lived: usize,
}

impl Sizes {
    pub(crate) fn from_environment() -> Self {
        Self {
            jobs: size("JOBRISK_BENCH_JOBS", 400),
            workloads: size("JOBRISK_BENCH_WORKLOADS", 10_000),
            large: size("JOBRISK_BENCH_LARGE", 100_000),
            rounds: size("JOBRISK_BENCH_ROUNDS", 3),
            flood_seconds: size("JOBRISK_BENCH_FLOOD_SECONDS", 30),
            quiet_seconds: size("JOBRISK_BENCH_QUIET_SECONDS", 600),
            runs: size("JOBRISK_BENCH_RUNS", 1440),
            short_lived: size("JOBRISK_BENCH_SHORT_LIVED", 2000),
        }
    }
}

fn size(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => default,
    }
}
