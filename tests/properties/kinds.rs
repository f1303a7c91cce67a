//! A Job and the `CronJob` that makes it get the same verdict, but for what is about the schedule.

use jobrisk::detect::catalog::rule;
use jobrisk::score::Family;
use jobrisk::workload::Kind;
use serde_json::{Value, json};

use super::choices::of_each_sample;
use super::samples::Sample;
use super::verdict::Verdict;

/// The same pod under the other kind.
fn other_kind(sample: &Sample) -> Value {
    let mut object = sample.object.clone();
    match sample.kind() {
        Kind::Job => {
            object["kind"] = "CronJob".into();
            object["spec"] = json!({"schedule": "0 3 * * *", "jobTemplate": {"spec": object["spec"]}});
        }
        Kind::CronJob => {
            object["kind"] = "Job".into();
            object["spec"] = object["spec"]["jobTemplate"]["spec"].take();
        }
    }
    object
}

/// Rules that read what only a `CronJob` has, or that mean another thing in each.
fn is_about_kind(id: &str) -> bool {
    rule(id).is_none_or(|rule| rule.family == Family::Schedule) || id == "evd-no-history"
}

#[test]
fn jobs_and_cron_jobs_get_the_same_verdict() {
    let judged = of_each_sample(|sample, _| {
        let other = other_kind(sample);
        let (this, that) = (sample.verdict(), &Verdict::of(&other));
        proptest::prop_assert_eq!(this.rules_but(is_about_kind), that.rules_but(is_about_kind), "{}", other);
        if this.rules == that.rules {
            this.must_equal(that, &other)?;
        }
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}
