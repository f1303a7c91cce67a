//! *Converged*: the reports that exist say what an independent look at what is stored says. *Stable*: nothing is
//! written any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::control_plane::ControlPlane;
use super::jobrisk::run_to_end;
use super::process::eventually;
use super::proxy::Proxy;

/// How soon everything is as it should be once nothing is in the way any more.
pub(crate) const LIVENESS: Duration = Duration::from_secs(10);

/// Kind, namespace and name.
type Key = (String, String, String);

#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    severity: String,
    risk_score: i64,
    suspicion_score: i64,
    rules: BTreeSet<String>,
}

/// How the reports differ from `jobrisk scan` of the Jobs and CronJobs that are stored; empty when they do not.
///
/// Every workload has one report, on its uid, with the same verdict, except for a Job that is
/// [rolled up](is_rolled_up). Every other report is [retained evidence](is_retained).
pub(crate) fn differences(plane: &ControlPlane) -> Vec<String> {
    let reports = items(plane, "/apis/jobrisk.io/v1alpha1/jobriskreports");
    let jobs = items(plane, "/apis/batch/v1/jobs");
    let cron_jobs = items(plane, "/apis/batch/v1/cronjobs");
    let verdicts = scanned(plane);
    let uids: BTreeMap<Key, &Value> = jobs
        .iter()
        .map(|job| ("Job", job))
        .chain(cron_jobs.iter().map(|cron_job| ("CronJob", cron_job)))
        .map(|(kind, object)| (key(kind, object), &object["metadata"]["uid"]))
        .collect();
    let mut missing: BTreeMap<&Key, &Verdict> = verdicts.iter().collect();
    missing.retain(|key, _| {
        let job = jobs.iter().find(|job| self::key("Job", job) == **key);
        !job.is_some_and(|job| is_rolled_up(job, &cron_jobs, &verdicts))
    });
    let mut found = Vec::new();
    for report in &reports {
        let subject = &report["spec"]["subject"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (text(&subject["kind"]), text(&report["metadata"]["namespace"]), text(&subject["name"]));
        let is_current = uids.get(&key).is_some_and(|uid| **uid == subject["uid"]);
        match missing.get(&key).filter(|_| is_current) {
            Some(expected) => {
                let verdict = verdict(&report["status"]);
                if verdict != **expected {
                    found.push(format!("{key:?}: the report says {verdict:?}, the scan {expected:?}"));
                }
                missing.remove(&key);
            }
            None if is_retained(report) => {}
            None => found.push(format!("{key:?}: a report too many: {}", report["metadata"]["name"])),
        }
    }
    found.extend(missing.keys().map(|key| format!("{key:?}: no report")));
    found
}

/// A Job needs no report of its own when its owner is a CronJob that exists, and what was found in it was found in the
/// CronJob too.
fn is_rolled_up(job: &Value, cron_jobs: &[Value], verdicts: &BTreeMap<Key, Verdict>) -> bool {
    let owners = job["metadata"]["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
    owners.iter().any(|owner| {
        let cron_job = cron_jobs.iter().find(|cron_job| {
            owner["kind"] == "CronJob"
                && cron_job["metadata"]["uid"] == owner["uid"]
                && cron_job["metadata"]["namespace"] == job["metadata"]["namespace"]
        });
        let verdict_of = |kind, object| verdicts.get(&key(kind, object));
        cron_job.is_some_and(|cron_job| match (verdict_of("Job", job), verdict_of("CronJob", cron_job)) {
            (Some(job), Some(cron_job)) => job.rules.is_subset(&cron_job.rules),
            _ => false,
        })
    })
}

/// A report that outlives its workload is held by the definition of reports.
fn is_retained(report: &Value) -> bool {
    let owners = report["metadata"]["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
    owners.iter().any(|owner| owner["kind"] == "CustomResourceDefinition")
}

/// What `jobrisk scan` says about everything that is stored.
fn scanned(plane: &ControlPlane) -> BTreeMap<Key, Verdict> {
    let file = |kind: &str| {
        let path = plane.dir().join(format!("stored-{kind}.json"));
        fs::write(&path, plane.kubectl_ok(&["get", "--raw", &format!("/apis/batch/v1/{kind}")])).unwrap();
        path.display().to_string()
    };
    let (jobs, cron_jobs) = (file("jobs"), file("cronjobs"));
    let output = run_to_end(&["scan", "--format=json", "--fail-on=never", &jobs, &cron_jobs]);
    assert!(output.success(), "{}", output.stderr);
    let scan: Value = serde_json::from_str(&output.stdout).unwrap();
    let workloads = scan["workloads"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    workloads
        .iter()
        .map(|found| {
            let key = (text(&found["kind"]), text(&found["namespace"]), text(&found["name"]));
            (key, verdict(found))
        })
        .collect()
}

fn verdict(of: &Value) -> Verdict {
    let findings = of["findings"].as_array().map_or(&[][..], Vec::as_slice);
    Verdict {
        severity: of["severity"].as_str().unwrap_or_default().to_owned(),
        risk_score: of["riskScore"].as_i64().unwrap_or(-1),
        suspicion_score: of["suspicionScore"].as_i64().unwrap_or(-1),
        rules: findings.iter().filter_map(|finding| finding["rule"].as_str().map(str::to_owned)).collect(),
    }
}

fn key(kind: &str, object: &Value) -> Key {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    (kind.to_owned(), text("namespace"), text("name"))
}

fn items(plane: &ControlPlane, path: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(&plane.kubectl_ok(&["get", "--raw", path])).unwrap();
    list["items"].as_array().cloned().unwrap_or_default()
}

/// Waits until the reports are right.
///
/// # Panics
/// With what is wrong when that takes too long.
pub(crate) fn wait_converged(plane: &ControlPlane, limit: Duration) {
    let mut last = Vec::new();
    let converged = eventually(limit, || {
        last = differences(plane);
        last.is_empty().then_some(())
    });
    let (count, first) = (last.len(), last.iter().take(10).cloned().collect::<Vec<_>>().join("\n"));
    assert!(converged.is_some(), "not converged within {limit:?}, {count} differences:\n{first}");
}

/// Waits until nothing was written for some time.
///
/// # Panics
/// With the last writes when it goes on being written.
pub(crate) fn wait_stable(proxy: &Proxy, quiet: Duration, limit: Duration) {
    let begin = std::time::Instant::now();
    let silence = || proxy.quiet_for().unwrap_or(Duration::MAX).min(begin.elapsed());
    while silence() < quiet {
        if begin.elapsed() > limit {
            let writes: Vec<_> = proxy.log().into_iter().filter(super::proxy::Entry::is_write).collect();
            panic!("writes go on: {:#?}", &writes[writes.len().saturating_sub(5)..]);
        }
        thread::sleep(Duration::from_millis(50));
    }
}
