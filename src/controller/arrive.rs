//! What happens when a workload arrives or goes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use kube::Resource as _;

use super::id::Id;
use super::ledger::{Key, Seen};
use super::owners::Owned;
use super::plan::{Plan, plan};
use super::watch::Watched;
use super::work::{Lookup, NamedRun};
use super::write::Order;
use super::{Controller, key, parse_seconds, seconds, source};
use crate::api::report::DifferingRun;
use crate::assess::{Assessment, assess, assess_disowned, assess_workload};
use crate::report::report_owned;
use crate::rollup::FindingSet;
use crate::text::SafeText;
use crate::workload::decode::Object;
use crate::workload::{Kind, OwnerClaim, Workload};

/// A claim about the future is a mistake or a lie, beyond this many seconds of clocks that differ.
const CLOCK_SKEW: i64 = 300;

/// Why a workload is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A list or a watch delivered it.
    Watch,
    /// It was read, because its report or its verdict is not known to be right any more.
    Read {
        /// Somebody else changed or removed its report.
        tampered: bool,
    },
}

impl Controller {
    /// An object is there, new or changed or listed again.
    pub(super) fn arrived(&mut self, kind: Kind, object: &Watched, why: Why) {
        let key = key(kind, object);
        if key.name.is_empty() {
            // An API server stores nothing without a name; there would be nothing to attach a report to.
            tracing::error!(kind = kind.as_str(), "an object without a readable name was skipped");
            self.shared.metrics.not_decoded(kind);
            return;
        }
        let uid = Id::of(object.meta().uid.as_deref().unwrap_or_default());
        if let Some(entry) = self.ledger.get_uid(&key, uid) {
            if why == Why::Watch && entry.version == object.version() {
                return self.ledger.seen_again(&key);
            }
            if object.is_dying() {
                // Its verdict stands. Nothing that can run changes any more.
                self.ledger.seen_again(&key);
                return self.ledger.dying(&key);
            }
            // A server that lags behind; unless what is remembered was forgotten on purpose.
            let newest = entry.known.map_or(i64::MIN, |known| known.subject_generation);
            if why == Why::Watch && entry.version != 0 && object.generation() < newest {
                return self.ledger.seen_again(&key);
            }
        }
        let now = Instant::now();
        let assessment = judge(kind, object, assess);
        self.shared.metrics.judged(kind, &assessment, now.elapsed());
        let arrival = Arrival {
            key,
            uid,
            version: object.version(),
            created: parse_seconds(object.created()).unwrap_or(i64::MIN),
            is_dying: object.is_dying(),
            is_gone: false,
            why,
            since: now,
        };
        self.check_enforced(arrival.created, &assessment);
        match &assessment.owner {
            Some(claim) => self.claimed(&arrival, &assessment, claim, object),
            None => {
                self.accept(&arrival, &assessment);
            }
        }
    }

    /// A Job says that a CronJob made it.
    fn claimed(&mut self, arrival: &Arrival, assessment: &Assessment, claim: &OwnerClaim, object: &Watched) {
        let findings = FindingSet::of(assessment);
        let owned = self.ledger.judge_owner(&arrival.key, claim, &findings, arrival.created, seconds());
        let maker = self.maker(arrival, assessment);
        match owned {
            // Whatever the CronJob says, it did not make this.
            _ if maker.disproves(claim) => {
                let disowned = judge_disowned(object);
                self.differs(arrival, disowned.as_ref().unwrap_or(assessment), object.created());
            }
            Some(Owned::Covered) => self.cover(arrival, assessment),
            Some(Owned::Differs) => self.differs(arrival, assessment, object.created()),
            // Before anything is called forged, the CronJob is read: the watch may be behind with it.
            _ if self.listed.contains(&source(Kind::CronJob)) => {
                self.observe(arrival, assessment, false);
                self.look_up(Lookup {
                    disowned: Box::new(judge_disowned(object).unwrap_or_else(|| assessment.clone())),
                    arrival: arrival.clone(),
                    assessment: Box::new(assessment.clone()),
                    claim: claim.clone(),
                    maker,
                    findings,
                    created: object.created().to_owned(),
                });
            }
            // The CronJobs cannot be listed: nobody knows.
            _ => {
                self.accept(arrival, assessment);
            }
        }
    }

    /// A run that does what its CronJob does not: it has a report of its own, and its CronJob's report names it.
    pub(super) fn differs(&mut self, arrival: &Arrival, assessment: &Assessment, created: &str) {
        let is_news = self.accept(arrival, assessment);
        let Some(owner) = assessment.owner.as_ref().filter(|_| is_news) else { return };
        let key = Key { kind: Kind::CronJob, name: owner.name.as_str().into(), ..arrival.key.clone() };
        let run = DifferingRun {
            name: assessment.name.clone(),
            uid: assessment.uid.clone(),
            severity: assessment.score.severity,
            risk_score: assessment.score.total,
            created: SafeText::new(created, 40),
        };
        self.name_run(NamedRun { key, uid: Id::of(&owner.uid), run });
    }

    /// The CronJob's report speaks for a Job.
    pub(super) fn cover(&mut self, arrival: &Arrival, assessment: &Assessment) {
        self.observe(arrival, assessment, true);
        if self.leads() {
            self.queue.withdraw(&arrival.key);
            // It was judged by itself before, perhaps before its owner was known.
            self.remove_covered(&arrival.key);
        }
    }

    /// Takes a verdict. Says whether it is to be written.
    pub(super) fn accept(&mut self, arrival: &Arrival, assessment: &Assessment) -> bool {
        let attribution = self.attribution(arrival, assessment);
        let draft = report_owned(assessment, self.definition.as_deref(), attribution);
        self.observe(arrival, assessment, false);
        self.ledger.set_verdict(&arrival.key, arrival.uid, draft.digest);
        if arrival.key.kind == Kind::CronJob {
            let changed = assessment.last_change.as_ref().and_then(|change| parse_seconds(&change.time));
            // The first generation, which only the API server counts, has had no other template: whatever claims to be
            // a run of it and is not, is forged, also in the same second.
            let changed =
                changed.filter(|changed| assessment.generation > 1 && *changed <= seconds() + CLOCK_SKEW);
            self.ledger.set_findings(&arrival.key, FindingSet::of(assessment), changed.unwrap_or(i64::MIN));
        }
        if !self.leads() {
            return false;
        }
        let known = self.ledger.get_uid(&arrival.key, arrival.uid).and_then(|entry| entry.known);
        let tampered = arrival.why == Why::Read { tampered: true };
        let plan = plan(draft.digest, known, self.ledger.strays_of(&arrival.key));
        self.say_verdict(arrival, &draft, known, &plan, tampered);
        match plan {
            Plan::Nothing => {
                self.queue.withdraw(&arrival.key);
                false
            }
            Plan::Write { name, before } => {
                let order = Order {
                    key: arrival.key.clone(),
                    uid: arrival.uid,
                    draft,
                    name,
                    before,
                    tampered,
                    announce: true,
                };
                self.queue.add(order, arrival.since);
                true
            }
        }
    }

    fn observe(&mut self, arrival: &Arrival, assessment: &Assessment, is_covered: bool) {
        if arrival.is_gone {
            return;
        }
        let seen = Seen {
            uid: arrival.uid,
            version: arrival.version,
            severity: assessment.score.severity,
            is_dying: arrival.is_dying,
            is_covered,
            is_partial: assessment.is_partial(),
        };
        if let Some(gone) = self.ledger.observe(&arrival.key, seen, seconds()) {
            self.say_gone(&arrival.key, &gone);
            self.chores_due = Instant::now();
        }
    }

    /// A workload is gone. What waits to be said of it is said all the same.
    pub(super) fn gone(&mut self, key: &Key) {
        self.forget_unvouched(key);
        if let Some(gone) = self.ledger.remove(key, seconds()) {
            self.say_gone(key, &gone);
            self.put_back.remove(key);
            self.chores_due = Instant::now();
        }
    }
}

/// A workload that was judged.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) key: Key,
    pub(super) uid: Id,
    pub(super) version: u64,
    /// When it was created, in seconds since 1970. Nobody but the API server sets that.
    pub(super) created: i64,
    pub(super) is_dying: bool,
    /// It is gone since: it is reported, but not remembered.
    pub(super) is_gone: bool,
    pub(super) why: Why,
    pub(super) since: Instant,
}

/// Judges an object. If the engine itself fails on it, that is what its report says; the others go on.
fn judge(kind: Kind, object: &Watched, engine: impl Fn(Kind, &Object) -> Assessment) -> Assessment {
    catch_unwind(AssertUnwindSafe(|| engine(kind, &object.object))).unwrap_or_else(|_| {
        let Key { namespace, name, .. } = key(kind, object);
        tracing::error!(kind = kind.as_str(), "the engine failed on an object; its report says so");
        let uid = object.meta().uid.clone().unwrap_or_default();
        let mut workload = Workload::identity_only(kind, &namespace, &name, &uid, "judging it failed");
        workload.stamps = object.stamps();
        assess_workload(workload)
    })
}

fn judge_disowned(object: &Watched) -> Option<Assessment> {
    catch_unwind(AssertUnwindSafe(|| assess_disowned(Kind::Job, &object.object))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::UNREADABLE;
    use crate::report::{RETAINED_FROM, report};

    #[test]
    fn c12_where_the_engine_fails_the_report_says_so() {
        let json = r#"{"metadata": {"name": "x", "namespace": "n", "uid": "1"}, "spec": {}}"#;
        let object: Watched = serde_json::from_str(json).unwrap();
        let fails = |_: Kind, _: &Object| -> Assessment { panic!("a fault of the engine") };
        let assessment = judge(Kind::Job, &object, fails);
        assert!(assessment.is_partial() && assessment.score.severity >= RETAINED_FROM);
        let draft = report(&assessment);
        let status = draft.report.status.unwrap();
        assert_eq!(draft.report.spec.subject.uid, "1");
        assert_eq!(status.findings[0].rule, UNREADABLE);
        assert_eq!(status.conditions[0].status, "False");
        // The next one is judged as ever.
        assert!(!judge(Kind::Job, &object, assess).is_partial());
    }
}
