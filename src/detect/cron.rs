//! Schedules of CronJobs, read as Kubernetes reads them (github.com/robfig/cron/v3, its standard parser).
//!
//! Total and bounded: what is no schedule is `None`.

use std::time::Duration;

/// The longest text that is read; the API server takes no schedule anywhere near it.
const MAX_LENGTH: usize = 1024;

/// Runs an hour from which a schedule is frequent: every five minutes.
const FREQUENT_PER_HOUR: u32 = 12;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The most days that each month has.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schedule {
    /// `@every 5m`.
    Every(Duration),
    /// Five fields.
    Fields(Fields),
}

/// The five fields, each a set of the values that fit: bit n for the value n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// The days of the week restrict: with days of the month that restrict too, either is enough.
    weekdays_restrict: bool,
}

impl Schedule {
    /// Reads a schedule; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut text = text.trim();
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            text = text.split_once(char::is_whitespace)?.1.trim_start();
        }
        if let Some(name) = text.strip_prefix('@') {
            let spelled = match name {
                "yearly" | "annually" => "0 0 1 1 *",
                "monthly" => "0 0 1 * *",
                "weekly" => "0 0 * * 0",
                "daily" | "midnight" => "0 0 * * *",
                "hourly" => "0 * * * *",
                _ => {
                    let period = duration(name.strip_prefix("every")?.trim())?;
                    return Some(Self::Every(period));
                }
            };
            return Fields::parse(spelled).map(Self::Fields);
        }
        Fields::parse(text).map(Self::Fields)
    }

    /// Whether it fires every five minutes or more often, at least for an hour at a time.
    pub(super) fn is_frequent(&self) -> bool {
        match self {
            Self::Every(period) => *period <= Duration::from_secs(300),
            Self::Fields(fields) => fields.minutes.count_ones() >= FREQUENT_PER_HOUR && !self.never_fires(),
        }
    }

    /// Whether there is no such date: none of its months has one of its days.
    pub(super) fn never_fires(&self) -> bool {
        let Self::Fields(fields) = self else { return false };
        if fields.weekdays_restrict {
            return false;
        }
        (1..=12).zip(DAYS).filter(|(month, _)| fields.months & bit(*month) != 0).all(|(_, last)| {
            let in_month = (bit(last) << 1) - 1;
            fields.days & in_month & !1 == 0
        })
    }
}

impl Fields {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_whitespace();
        let (minutes, _) = field(fields.next()?, 0, 59, &[])?;
        field(fields.next()?, 0, 23, &[])?;
        let (days, _) = field(fields.next()?, 1, 31, &[])?;
        let (months, _) = field(fields.next()?, 1, 12, &MONTHS)?;
        // 7 is Sunday too in many a crontab.
        let (weekdays, any_weekday) = field(fields.next()?, 0, 7, &WEEKDAYS)?;
        let weekdays_restrict = !any_weekday;
        fields.next().is_none().then_some(Self { minutes, days, months, weekdays, weekdays_restrict })
    }
}

/// The set that a field stands for, and whether it is a plain `*` (or `?`), which restricts nothing.
fn field(text: &str, lowest: u32, highest: u32, names: &[&str]) -> Option<(u64, bool)> {
    let mut set = 0;
    let mut any = false;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let star = matches!(range, "*" | "?");
        let (from, to) = if star {
            (lowest, highest)
        } else if let Some((from, to)) = range.split_once('-') {
            (value(from, lowest, names)?, value(to, lowest, names)?)
        } else {
            let from = value(range, lowest, names)?;
            (from, if step.is_some() { highest } else { from })
        };
        if from < lowest || to > highest || from > to {
            return None;
        }
        let step = step.unwrap_or(1);
        any |= star && step == 1;
        let mut at = from;
        while at <= to {
            set |= bit(at);
            at = at.saturating_add(step);
        }
    }
    Some((set, any))
}

/// A number, or a name of which the first counts as `lowest`.
fn value(text: &str, lowest: u32, names: &[&str]) -> Option<u32> {
    if let Ok(number) = text.parse::<u32>() {
        return Some(number);
    }
    let at = names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
    u32::try_from(at).ok().map(|at| at + lowest)
}

/// The set of one value, which is below 64.
fn bit(value: u32) -> u64 {
    1_u64.checked_shl(value).unwrap_or(0)
}

/// A duration as Go writes it: `1h30m`, `90s`, `1.5h`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, unit) = rest.split_at(end);
        let unit_end = unit.find(|character: char| character.is_ascii_digit() || character == '.');
        let (unit, after) = unit.split_at(unit_end.unwrap_or(unit.len()));
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    // It is rounded down to whole seconds, and never below one.
    Duration::try_from_secs_f64(seconds.trunc().max(1.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_and_never() {
        for (text, frequent, never) in [
            ("* * * * *", true, false),
            ("*/1 * * * *", true, false),
            ("*/5 * * * *", true, false),
            ("*/6 * * * *", false, false),
            ("0-59/5 3 * * *", true, false),
            ("2/5 * * * *", true, false),
            ("0,5,10,15,20,25,30,35,40,45,50,55 * * * *", true, false),
            ("0,1 3 * * *", false, false),
            ("? ? ? ? ?", true, false),
            ("* * 31 2 *", false, true),
            ("CRON_TZ=Europe/Berlin * * * * *", true, false),
            ("TZ=UTC  0 0 * * *", false, false),
            ("@every 5m", true, false),
            ("@every 4m59s", true, false),
            ("@every 0.05h", true, false),
            ("@every 6m", false, false),
            ("@every 1h", false, false),
            ("@hourly", false, false),
            ("@midnight", false, false),
            ("0 0 31 2 *", false, true),
            ("0 0 30 2 ?", false, true),
            ("0 0 31 APR,jun,Sep,11 *", false, true),
            ("0 0 31 4-5 *", false, false),
            ("0 0 29 2 *", false, false),
            ("0 0 31 2 MON", false, false),
            ("0 0 31 2 */2", false, false),
            ("0 0 */31 2 *", false, false),
            ("0 0 30-31 2 *", false, true),
            ("0 0 * * 7", false, false),
        ] {
            let schedule = Schedule::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((schedule.is_frequent(), schedule.never_fires()), (frequent, never), "{text}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_none() {
        for text in [
            "",
            " ",
            "*",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1,, * * * *",
            "@reboot",
            "@every",
            "@every 5",
            "@every m",
            "@every -5m",
            "@every 5y",
            "@every 1e9s",
            "@",
            "TZ=UTC",
            "1--2 * * * *",
            "* * * * MON-SUN",
            "*/99999999999 * * * *",
            "${SCHEDULE}",
            "@every 1..5m",
        ] {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
        assert_eq!(Schedule::parse(&"1,".repeat(100_000)), None);
        assert!(Schedule::parse("@every 99999999999999999999h").is_none());
    }

    #[test]
    fn any_text_is_read_without_harm() {
        for text in ["@every é", "é * * * *", "*/é * * * *", "\u{0}", "@every 1µs", "1-é * * * *"] {
            let _ = Schedule::parse(text);
        }
    }
}
