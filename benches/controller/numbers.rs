//! Times in, ratios out.

use std::time::Duration;

/// A line of the table.
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) measured: String,
    pub(crate) goal: String,
}

impl Line {
    /// The most memory that the controller ever had resident, with so many workloads.
    pub(crate) fn memory(what: &str, kib: u32, workloads: usize) -> Self {
        const FIXED_MIB: f64 = 15.0;
        const MIB_EACH: f64 = 2.0 / 10_000.0;
        let goal = FIXED_MIB + MIB_EACH * f64::from(u32::try_from(workloads).unwrap());
        Self {
            what: format!("{what}, peak memory"),
            measured: format!("{:.1} MiB", f64::from(kib) / 1024.0),
            goal: format!("<= {goal:.1} MiB"),
        }
    }
}

/// The shortest of `times` that is no shorter than `percent` of them.
pub(crate) fn quantile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

pub(crate) fn ratio(time: Duration, of: Duration) -> f64 {
    time.as_secs_f64() / of.as_secs_f64()
}

/// The ratio of two medians, with the least and the greatest ratio of the rounds.
pub(crate) fn of_rounds(times: &[Duration], of: &[Duration]) -> String {
    let mut rounds: Vec<f64> = times.iter().zip(of).map(|(time, of)| ratio(*time, *of)).collect();
    rounds.sort_unstable_by(f64::total_cmp);
    let median = ratio(quantile(times, 50), quantile(of, 50));
    format!("{median:.2} ({:.2}-{:.2})", rounds[0], rounds[rounds.len() - 1])
}
