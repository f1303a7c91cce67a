//! The times of a lease, all from two that can be chosen. Pure.

use std::time::Duration;

/// The shortest lease: below that, requests on a busy machine take too large a part of it.
const SHORTEST: Duration = Duration::from_secs(3);
/// The longest lease: nobody writes for so long after a leader has crashed.
pub const LONGEST: Duration = Duration::from_secs(300);
/// The least number of renewals in a lease.
const RENEWALS: u32 = 3;

/// ```text
/// renewal begins          next renewal                                 others may take it
/// ├───────────────────────┼───────────────────────┼───────────────────────┤
/// 0                     renew                 term ends                duration
///                                                 └────── margin ─────────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    duration: Duration,
    renew: Duration,
}

impl Times {
    /// A lease that is taken for `duration` and renewed every `renew`.
    ///
    /// # Errors
    /// When they do not fit together, with what to change.
    pub fn new(duration: Duration, renew: Duration) -> Result<Self, String> {
        let seconds = |time: Duration| time.as_secs();
        if duration < SHORTEST || duration > LONGEST {
            return Err(format!(
                "--lease-duration has to be from {} s to {} s, and is {} s",
                seconds(SHORTEST),
                seconds(LONGEST),
                seconds(duration)
            ));
        }
        if renew < Duration::from_secs(1) || renew * RENEWALS > duration {
            return Err(format!(
                "--lease-renew has to be from 1 s to a third of --lease-duration, which is {} s, and is {} s",
                seconds(duration),
                seconds(renew)
            ));
        }
        Ok(Self { duration, renew })
    }

    /// How long it is taken for.
    pub fn duration(self) -> Duration {
        self.duration
    }

    /// How often it is renewed.
    pub fn renew(self) -> Duration {
        self.renew
    }

    /// For how long after the start of a successful renewal its holder may write.
    pub fn term(self) -> Duration {
        self.duration.saturating_sub(self.margin())
    }

    /// How long before others may take it the holder's term ends: for clocks that do not run alike, and for what it has
    /// sent to arrive or be lost.
    pub fn margin(self) -> Duration {
        self.duration / RENEWALS
    }

    /// How long a request on it may take: if one gets no answer, there is time for another in the term.
    pub fn limit(self) -> Duration {
        self.term().saturating_sub(self.renew) / 2
    }

    /// How often it is looked at by those who do not hold it, and tried again after a failure.
    pub fn retry(self) -> Duration {
        (self.renew / 2).min(Duration::from_secs(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_has_room_for_two_attempts_and_ends_before_the_lease() {
        for (duration, renew) in [(15, 5), (3, 1), (300, 100), (60, 1), (7, 2)] {
            let times = Times::new(Duration::from_secs(duration), Duration::from_secs(renew)).unwrap();
            assert!(times.renew() + times.limit() * 2 <= times.term(), "{times:?}");
            assert_eq!(times.term() + times.margin(), times.duration());
            assert!(
                times.limit() >= Duration::from_millis(500) && times.retry() <= times.renew(),
                "{times:?}"
            );
        }
    }

    #[test]
    fn times_that_do_not_fit_together_are_refused_with_what_to_change() {
        for (duration, renew, says) in [
            (2, 1, "from 3 s to 300 s, and is 2 s"),
            (301, 5, "is 301 s"),
            (15, 6, "and is 6 s"),
            (15, 0, "is 0 s"),
        ] {
            let refused = Times::new(Duration::from_secs(duration), Duration::from_secs(renew)).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
