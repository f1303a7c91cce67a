//! Numbers in, lines of the table out.

use std::fmt;
use std::time::Duration;

/// What is wanted of a number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
    /// It is only told.
    Nothing,
}

/// A line of the table.
pub(crate) struct Line {
    what: String,
    value: f64,
    /// What stands in the table: the value with its unit, and what else there is to say.
    shown: String,
    unit: &'static str,
    wanted: Wanted,
}

impl Line {
    /// A number without more to say of it.
    pub(crate) fn new(what: String, value: f64, unit: &'static str, wanted: Wanted) -> Self {
        Self { shown: format!("{}{unit}", short(value)), what, value, unit, wanted }
    }

    pub(crate) fn count(what: String, count: usize, wanted: Wanted) -> Self {
        Self::new(what, number(count), "", wanted)
    }

    /// The same, with what else there is to say.
    pub(crate) fn with(mut self, more: &str) -> Self {
        self.shown = format!("{} ({more})", self.shown);
        self
    }

    /// The ratio of two medians, with the least and the greatest ratio of the rounds.
    pub(crate) fn of_rounds(what: String, times: &[Duration], of: &[Duration], wanted: Wanted) -> Self {
        let mut rounds: Vec<f64> = times.iter().zip(of).map(|(time, of)| ratio(*time, *of)).collect();
        rounds.sort_unstable_by(f64::total_cmp);
        let median = ratio(quantile(times, 50), quantile(of, 50));
        Self::new(what, median, "", wanted).with(&format!("{:.2}-{:.2}", rounds[0], rounds[rounds.len() - 1]))
    }

    /// The most memory that the controller ever had resident, with so many workloads.
    pub(crate) fn memory(what: &str, kib: u32, workloads: usize) -> Self {
        const FIXED_MIB: f64 = 15.0;
        const MIB_EACH: f64 = 2.0 / 10_000.0;
        let wanted = Wanted::AtMost(FIXED_MIB + MIB_EACH * number(workloads));
        Self::new(format!("{what} of {workloads}: peak memory"), f64::from(kib) / 1024.0, " MiB", wanted)
    }

    fn is_met(&self) -> Option<bool> {
        match self.wanted {
            Wanted::AtMost(most) => Some(self.value <= most),
            Wanted::AtLeast(least) => Some(self.value >= least),
            Wanted::Exactly(exact) => Some((self.value - exact).abs() < 1e-9),
            Wanted::Nothing => None,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = match self.wanted {
            Wanted::AtMost(most) => format!("<= {}{}", short(most), self.unit),
            Wanted::AtLeast(least) => format!(">= {}{}", short(least), self.unit),
            Wanted::Exactly(exact) => format!("{}{}", short(exact), self.unit),
            Wanted::Nothing => "-".to_owned(),
        };
        let met = match self.is_met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        write!(f, "{:<62} {:>24}   {wanted:<12} {met}", self.what, self.shown)
    }
}

/// Whole numbers as they are, others with at most two digits behind the point.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
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
