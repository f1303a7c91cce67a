//! What stands in a Lease, and what a candidate does about it. Pure: time comes in as a value.

use std::time::Duration;

use serde::Deserialize;

use super::times::{LONGEST, Times};
use crate::controller::fence::Moment;

/// A Lease as the API server has it, without the fields that do not matter. Times are text: nothing is worked out from
/// what another clock says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Lease {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    uid: String,
    #[serde(default)]
    resource_version: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<i64>,
    renew_time: Option<String>,
    lease_transitions: Option<i64>,
}

impl Lease {
    /// By which it is changed only if nobody else has changed it.
    pub fn version(&self) -> &str {
        &self.metadata.resource_version
    }

    /// Who holds it, if somebody does.
    pub fn holder(&self) -> Option<&str> {
        self.spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// How often it has passed from one to another.
    pub fn transitions(&self) -> i64 {
        self.spec.lease_transitions.unwrap_or_default().max(0)
    }

    /// Whether its holder has given it back, or nobody ever had it. A holder that somebody else has removed by hand
    /// leaves the time of the last renewal behind, and may still write.
    fn is_vacant(&self) -> bool {
        self.holder().is_none() && self.spec.renew_time.is_none()
    }

    /// Whether its holder has not renewed it in between.
    fn stands_as(&self, earlier: &Self) -> bool {
        self.metadata.uid == earlier.metadata.uid && self.spec == earlier.spec
    }

    /// For how long its holder has it. Not what this candidate was started with: the holder may be of another setting.
    fn duration(&self, times: Times) -> Duration {
        let seconds = self.spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let said = seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
        // What is longer was not written by one of us.
        said.map_or(times.duration(), |said| said.min(LONGEST))
    }
}

/// What a candidate does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// There is none: it makes it.
    Create,
    /// It takes or renews it.
    Take,
    /// It waits, for no longer than this.
    Wait(Duration),
}

/// What was last seen of the lease.
#[derive(Debug, Default)]
pub struct Seen {
    /// Nothing if there was none.
    last: Option<Lease>,
    /// Since when it has been seen to stand so, by this candidate's own clock; nothing as long as nobody has looked.
    since: Option<Moment>,
}

impl Seen {
    /// It was seen like this, by an answer that was complete at `now`.
    pub fn take_in(&mut self, lease: Option<Lease>, now: Moment) {
        let is_same = match (&self.last, &lease) {
            (Some(earlier), Some(lease)) => lease.stands_as(earlier),
            (None, None) => true,
            _ => false,
        };
        if !is_same || self.since.is_none() {
            self.since = Some(now);
        }
        self.last = lease;
    }

    /// The lease, if there is one.
    pub fn lease(&self) -> Option<&Lease> {
        self.last.as_ref()
    }

    /// What to do. A lease is taken from another only when it has not moved for as long as it is given for, since it was
    /// first seen so: that was later than its holder began to renew it.
    pub fn step(&self, identity: &str, times: Times, now: Moment) -> Step {
        let Some(since) = self.since else { return Step::Wait(Duration::ZERO) };
        let stood = now.since(since);
        let (free, duration, step) = match &self.last {
            // Somebody may have removed it while its holder goes on.
            None => (false, times.duration(), Step::Create),
            Some(lease) => {
                let is_own = lease.holder() == Some(identity);
                (is_own || lease.is_vacant(), lease.duration(times), Step::Take)
            }
        };
        if free || stood >= duration { step } else { Step::Wait(duration.saturating_sub(stood)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> Times {
        Times::new(Duration::from_secs(15), Duration::from_secs(5)).unwrap()
    }

    fn lease(version: &str, spec: &str) -> Lease {
        let json = format!(r#"{{"metadata":{{"uid":"u","resourceVersion":"{version}"}},"spec":{spec}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn seen(lease: Option<Lease>, at: Moment) -> Seen {
        let mut seen = Seen::default();
        seen.take_in(lease, at);
        seen
    }

    const HELD: &str =
        r#"{"holderIdentity":"other","leaseDurationSeconds":15,"renewTime":"2026-01-01T00:00:00.0Z"}"#;

    #[test]
    fn what_is_held_is_taken_when_it_has_not_moved_for_its_duration() {
        let begin = Moment::now();
        let at = |seconds| begin.after(Duration::from_secs(seconds));
        let mut seen = seen(Some(lease("1", HELD)), begin);
        assert_eq!(seen.step("me", times(), at(14)), Step::Wait(Duration::from_secs(1)));
        assert_eq!(seen.step("me", times(), at(15)), Step::Take);
        // Another field was changed: that is no renewal, but the version is the new one.
        seen.take_in(Some(lease("2", HELD)), at(10));
        assert_eq!((seen.step("me", times(), at(15)), seen.lease().unwrap().version()), (Step::Take, "2"));
        // However old the time in it is by this clock.
        seen.take_in(Some(lease("3", &HELD.replace("00.0Z", "05.0Z"))), at(14));
        assert_eq!(seen.step("me", times(), at(28)), Step::Wait(Duration::from_secs(1)));
        assert_eq!(seen.step("me", times(), at(29)), Step::Take);
    }

    #[test]
    fn what_is_free_is_taken_at_once() {
        let now = Moment::now();
        for spec in
            ["{}", r#"{"leaseTransitions":4}"#, r#"{"holderIdentity":""}"#, &HELD.replace("other", "me")]
        {
            assert_eq!(seen(Some(lease("1", spec)), now).step("me", times(), now), Step::Take, "{spec}");
        }
    }

    #[test]
    fn a_holder_that_somebody_removed_and_a_lease_that_is_gone_are_waited_for() {
        let now = Moment::now();
        for stands in [Some(lease("1", &HELD.replace("other", ""))), None] {
            let seen = seen(stands, now);
            assert_eq!(seen.step("me", times(), now), Step::Wait(Duration::from_secs(15)));
            assert_ne!(
                seen.step("me", times(), now.after(Duration::from_secs(15))),
                Step::Wait(Duration::ZERO)
            );
        }
    }

    #[test]
    fn the_duration_that_counts_is_the_holders_within_bounds() {
        let now = Moment::now();
        for (seconds, expected) in [("7", 7), ("0", 15), ("-3", 15), ("null", 15), ("9000000000", 300)] {
            let spec = HELD.replace(":15", &format!(":{seconds}"));
            let wait = seen(Some(lease("1", &spec)), now).step("me", times(), now);
            assert_eq!(wait, Step::Wait(Duration::from_secs(expected)), "{seconds}");
        }
    }

    #[test]
    fn nothing_is_done_before_it_was_looked_at() {
        assert_eq!(Seen::default().step("me", times(), Moment::now()), Step::Wait(Duration::ZERO));
    }
}
