//! How long to wait after failures: twice as long after each. Pure.

use std::time::Duration;

/// The wait after a failure before which there were so many others in a row.
pub fn delay(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(16)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_a_limit() {
        let wait =
            |failures| delay(Duration::from_millis(500), Duration::from_secs(30), failures).as_millis();
        assert_eq!([0, 1, 2, 5, 6, 7, u32::MAX].map(wait), [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
    }
}
