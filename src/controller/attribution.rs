//! What the controller does about who made a workload.

use std::time::Instant;

use kube::api::DynamicObject;
use kube::runtime::watcher;

use super::arrive::Arrival;
use super::ledger::Key;
use super::owners::Maker;
use super::voucher::{Part, Standing};
use super::watch::Event;
use super::{Controller, guards};
use crate::api::report::Attribution;
use crate::assess::Assessment;
use crate::report::{attribution, mark};

/// The most workloads that are remembered to be judged again once it is known whether somebody vouches for them.
const MAX_UNVOUCHED: usize = 4096;

impl Controller {
    /// Something was heard of the policy or its binding.
    pub(super) fn guard_event(&mut self, part: Part, event: Event<DynamicObject>) {
        match event {
            Ok(watcher::Event::Init) => self.voucher.list_begins(part),
            Ok(watcher::Event::InitApply(object) | watcher::Event::Apply(object)) => {
                self.voucher.there(part, guards::stored(&object));
            }
            Ok(watcher::Event::InitDone) => self.voucher.list_ends(part),
            Ok(watcher::Event::Delete(_)) => self.voucher.gone(part),
            Err(error) => self.voucher.lost(part, guards::is_denied(&error)),
        }
        self.tell_standing();
    }

    /// Tells of a change, once, and has those judged again of whom nobody knew. An interruption is no change.
    fn tell_standing(&mut self) {
        let now = self.voucher.standing();
        if now == Standing::Unknown {
            return;
        }
        let due = Instant::now();
        self.rereads.extend(self.unvouched.drain().map(|key| ((due, key), false)));
        let before = self.told.replace(now);
        if before == Some(now) {
            return;
        }
        match now {
            Standing::Since(_) => tracing::info!("attributions are verified: {now}"),
            // So it is wherever nobody has switched it on.
            Standing::Denied | Standing::Absent if before.is_none() => {
                tracing::info!("attributions are claims, not verified: {now}");
            }
            _ => tracing::warn!("attributions of new workloads are claims, not verified: {now}"),
        }
    }

    /// Takes note of whether a workload is stamped that has to be if the policy works.
    pub(super) fn check_enforced(&mut self, created: i64, assessment: &Assessment) {
        if self.voucher.saw(created, assessment.stamps.created.is_some()) {
            self.tell_standing();
        }
    }

    /// Who made a workload what it is, and whether the API server vouches for it.
    ///
    /// That it does is a fact of the time when the workload was made: a report that says so is believed as long as it
    /// names the same users and the workload's spec is the same, whatever has become of the policy since.
    pub(super) fn attribution(&mut self, arrival: &Arrival, assessment: &Assessment) -> Option<Attribution> {
        let said = attribution(assessment)?;
        let verified = said.actor.user.is_some() && self.is_vouched(arrival, assessment, &said);
        Some(Attribution { verified, ..said })
    }

    fn is_vouched(&mut self, arrival: &Arrival, assessment: &Assessment, said: &Attribution) -> bool {
        if self.voucher.vouches(arrival.created) {
            return true;
        }
        let known = self.ledger.known_of(&arrival.key, arrival.uid);
        let was_vouched = known.is_some_and(|known| {
            known.subject_generation == assessment.generation && known.vouched == Some(mark(said))
        });
        let is_unknown = self.voucher.standing() == Standing::Unknown;
        if is_unknown && !was_vouched && self.unvouched.len() < MAX_UNVOUCHED {
            self.unvouched.insert(arrival.key.clone());
        }
        was_vouched
    }

    /// Who is proven to have made a Job that says that a CronJob made it.
    pub(super) fn maker(&mut self, arrival: &Arrival, assessment: &Assessment) -> Maker {
        let Some(created) = assessment.stamps.created.as_ref().map(|stamp| stamp.user.clone()) else {
            return Maker::Unknown;
        };
        match self.attribution(arrival, assessment) {
            Some(attribution) if attribution.verified => Maker::of(&created),
            _ => Maker::Unknown,
        }
    }

    /// A workload is gone, and nobody has to know any more.
    pub(super) fn forget_unvouched(&mut self, key: &Key) {
        self.unvouched.remove(key);
    }
}
