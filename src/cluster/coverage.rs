//! Which workloads have a report, seen without asking the controller: lists of the two are compared.
//!
//! The reports are listed before the workloads. So a workload without a report is there, and one that is not new should
//! have had its report by then. Whoever changes something in between is told from what stays wrong by a second look.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list::Listing;
use super::reports::Report;
use super::{Cluster, Failure, Place};
use crate::controller::id::Id;
use crate::text::SafeText;
use crate::workload::{Kind, MAX_NAME};

/// A workload that is younger may be without its report.
pub const NEW_SECONDS: i64 = 10;
/// The time between two looks, in which a controller that is alive makes up for what was missing.
const SECOND_LOOK: Duration = Duration::from_secs(3);
/// The most workloads that are named of each sort.
const MAX_NAMED: usize = 20;

/// How the workloads of a place and their reports go together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// The namespace that was looked at; `None` for all.
    pub namespace: Option<SafeText>,
    /// `CronJobs` that exist.
    pub cron_jobs: usize,
    /// `Jobs` that exist.
    pub jobs: usize,
    /// Workloads that have a report of their own.
    pub reported: usize,
    /// `Jobs` without one that a `CronJob` controls: its report is theirs as long as they do nothing else.
    pub runs: usize,
    /// Workloads without one that are so new that it may still be on its way.
    pub new: usize,
    /// Workloads without one that should have it.
    pub missing: Sort,
    /// Workloads that were changed since their report.
    pub outdated: Sort,
    /// Workloads of which the report says that they could only be judged in part.
    pub partly_judged: Sort,
    /// Reports that outlived their workload.
    pub retained: usize,
    /// Reports that are not named as jobrisk names its own.
    pub foreign: usize,
}

/// Workloads of a sort.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sort {
    /// How many there are.
    pub total: usize,
    /// The oldest of them.
    pub named: Vec<Named>,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// `Job` or `CronJob`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
    /// How long it has existed.
    pub age_seconds: i64,
    #[serde(skip)]
    identity: (Id, i64),
}

/// What is remembered of the reports.
#[derive(Default)]
struct Reports {
    /// By the uid of the workload.
    of: HashMap<Id, Reported>,
    retained: usize,
    foreign: usize,
}

struct Reported {
    generation: Option<i64>,
    assessed: bool,
}

/// Metadata of a workload. The API server sees to the types.
#[derive(Deserialize)]
struct Workload {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<String>,
    deletion_timestamp: Option<String>,
    owner_references: Option<Vec<Owner>>,
}

#[derive(Deserialize)]
struct Owner {
    kind: String,
    uid: String,
    controller: Option<bool>,
}

impl Coverage {
    /// Whether something is missing or outdated.
    pub fn is_behind(&self) -> bool {
        !self.missing.named.is_empty() || !self.outdated.named.is_empty()
    }

    /// Leaves only what was missing or outdated in the earlier look too.
    fn confirmed_by(mut self, earlier: &Self) -> Self {
        self.missing.keep_those_of(&earlier.missing);
        self.outdated.keep_those_of(&earlier.outdated);
        self
    }
}

impl Sort {
    fn keep_those_of(&mut self, earlier: &Self) {
        let known: HashSet<_> = earlier.named.iter().map(|named| named.identity).collect();
        self.named.retain(|named| known.contains(&named.identity));
        self.total = self.named.len();
    }

    /// Leaves the names of the oldest.
    fn cut(&mut self) {
        self.total = self.named.len();
        self.named.sort_by(|a, b| {
            (b.age_seconds, a.namespace.as_str(), a.name.as_str()).cmp(&(
                a.age_seconds,
                b.namespace.as_str(),
                b.name.as_str(),
            ))
        });
        self.named.truncate(MAX_NAMED);
    }
}

impl Cluster {
    /// Compares the workloads of a place with their reports. Looks twice where something is wrong.
    ///
    /// # Errors
    /// When one of the lists cannot be had.
    pub async fn coverage(&self, place: &Place) -> Result<Coverage, Failure> {
        let mut coverage = self.look(place).await?;
        if coverage.is_behind() {
            tokio::time::sleep(SECOND_LOOK).await;
            coverage = self.look(place).await?.confirmed_by(&coverage);
        }
        for sort in [&mut coverage.missing, &mut coverage.outdated, &mut coverage.partly_judged] {
            sort.cut();
        }
        Ok(coverage)
    }

    async fn look(&self, place: &Place) -> Result<Coverage, Failure> {
        let reports: Reports =
            self.fold_reports(place, |reports: &mut Reports, report| reports.add(&report)).await?;
        let now = Timestamp::now().as_second();
        let (of_cron_jobs, cron_jobs) = self
            .fold(listing(Kind::CronJob), place, |sum: &mut (Coverage, HashSet<Id>), workload: Workload| {
                let (coverage, uids) = sum;
                if let Some(uid) = coverage.count(Kind::CronJob, &workload.metadata, now, &reports, uids) {
                    uids.insert(uid);
                }
            })
            .await?;
        let of_jobs: Coverage = self
            .fold(listing(Kind::Job), place, |coverage: &mut Coverage, workload: Workload| {
                coverage.count(Kind::Job, &workload.metadata, now, &reports, &cron_jobs);
            })
            .await?;
        let mut coverage = of_cron_jobs.and(of_jobs);
        coverage.namespace = place.namespace().map(|name| SafeText::new(name, MAX_NAME));
        coverage.retained = reports.retained;
        coverage.foreign = reports.foreign;
        Ok(coverage)
    }
}

impl Reports {
    fn add(&mut self, report: &Report) {
        if report.foreign {
            self.foreign += 1;
        } else if report.subject_deleted.is_some() {
            self.retained += 1;
        } else {
            let reported = Reported { generation: report.generation, assessed: report.assessed };
            self.of.insert(Id::of(report.workload.uid.as_str()), reported);
        }
    }
}

impl Coverage {
    /// Counts a workload, and gives its uid if it counts.
    fn count(
        &mut self,
        kind: Kind,
        meta: &Metadata,
        now: i64,
        reports: &Reports,
        cron_jobs: &HashSet<Id>,
    ) -> Option<Id> {
        let uid = meta.uid.as_deref().map(Id::of)?;
        // One that is being deleted is not judged any more.
        if meta.deletion_timestamp.is_some() {
            return None;
        }
        *(match kind {
            Kind::CronJob => &mut self.cron_jobs,
            Kind::Job => &mut self.jobs,
        }) += 1;
        let created = meta.creation_timestamp.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
        let age_seconds = created.map_or(0, |created| now.saturating_sub(created.as_second()).max(0));
        let generation = meta.generation.unwrap_or_default();
        let named = || Named {
            kind: kind.as_str(),
            namespace: SafeText::new(meta.namespace.as_deref().unwrap_or_default(), MAX_NAME),
            name: SafeText::new(meta.name.as_deref().unwrap_or_default(), MAX_NAME),
            age_seconds,
            identity: (uid, generation),
        };
        let is_run = meta.owner_references.iter().flatten().any(|owner| {
            let is_its = owner.controller == Some(true) && owner.kind == Kind::CronJob.as_str();
            is_its && cron_jobs.contains(&Id::of(&owner.uid))
        });
        match reports.of.get(&uid) {
            Some(report) => {
                self.reported += 1;
                if report.generation.is_none_or(|judged| judged < generation) {
                    self.outdated.named.push(named());
                }
                if !report.assessed {
                    self.partly_judged.named.push(named());
                }
            }
            None if is_run => self.runs += 1,
            None if age_seconds < NEW_SECONDS => self.new += 1,
            None => self.missing.named.push(named()),
        }
        Some(uid)
    }

    fn and(mut self, other: Self) -> Self {
        self.cron_jobs += other.cron_jobs;
        self.jobs += other.jobs;
        self.reported += other.reported;
        self.runs += other.runs;
        self.new += other.new;
        self.missing.named.extend(other.missing.named);
        self.outdated.named.extend(other.outdated.named);
        self.partly_judged.named.extend(other.partly_judged.named);
        self
    }
}

fn listing(kind: Kind) -> Listing {
    Listing {
        group: "/apis/batch/v1",
        plural: kind.plural(),
        labels: None,
        metadata_only: true,
        // About 1.5 KB each.
        page_size: 500,
        what: match kind {
            Kind::CronJob => "list cronjobs.batch",
            Kind::Job => "list jobs.batch",
        },
        rights: "ask for the ClusterRole view or jobrisk-operator, or choose a namespace of yours with -n",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_767_225_600 + 60;

    fn workload(uid: &str, more: &Value) -> Metadata {
        let mut meta = json!({ "name": uid, "namespace": "n", "uid": uid, "generation": 2,
            "creationTimestamp": "2026-01-01T00:00:00Z" });
        meta.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(meta).unwrap()
    }

    fn reports(of: &[(&str, i64)]) -> Reports {
        let mut reports = Reports::default();
        for (uid, generation) in of {
            reports.add(&serde_json::from_value::<Report>(json!({
                "metadata": { "name": format!("job-{uid}") },
                "spec": { "subject": { "kind": "Job", "name": uid, "uid": uid } },
                "status": { "subjectGeneration": generation,
                    "conditions": [{ "type": "Assessed", "status": if *uid == "part" { "False" } else { "True" } }] },
            })).unwrap());
        }
        reports
    }

    #[test]
    fn each_workload_is_counted_once() {
        let reports = reports(&[("ok", 2), ("changed", 1), ("part", 2)]);
        let cron_jobs = HashSet::from([Id::of("cron")]);
        let owner = |uid: &str, controller: bool| json!({ "ownerReferences": [{ "kind": "CronJob", "name": "c", "uid": uid, "controller": controller }] });
        let mut coverage = Coverage::default();
        for (uid, more) in [
            ("ok", json!({})),
            ("changed", json!({})),
            ("part", json!({})),
            ("missing", json!({})),
            ("run", owner("cron", true)),
            ("false-run", owner("other", true)),
            ("not-controlled", owner("cron", false)),
            ("new", json!({ "creationTimestamp": "2026-01-01T00:00:55Z" })),
            ("going", json!({ "deletionTimestamp": "2026-01-01T00:00:55Z" })),
        ] {
            coverage.count(Kind::Job, &workload(uid, &more), NOW, &reports, &cron_jobs);
        }
        assert_eq!((coverage.jobs, coverage.reported, coverage.runs, coverage.new), (8, 3, 1, 1));
        let names = |sort: &Sort| sort.named.iter().map(|named| named.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&coverage.missing), ["missing", "false-run", "not-controlled"]);
        assert_eq!(names(&coverage.outdated), ["changed"]);
        assert_eq!(names(&coverage.partly_judged), ["part"]);
        assert!(coverage.is_behind());
        assert_eq!(coverage.missing.named[0].age_seconds, 60);
    }

    #[test]
    fn only_what_stays_wrong_is_wrong() {
        let look = |missing: &[&str], outdated: &[(&str, i64)]| {
            let mut coverage = Coverage::default();
            for uid in missing {
                coverage.count(Kind::Job, &workload(uid, &json!({})), NOW, &reports(&[]), &HashSet::new());
            }
            for (uid, generation) in outdated {
                let meta = workload(uid, &json!({ "generation": generation }));
                coverage.count(Kind::Job, &meta, NOW, &reports(&[(uid, 1)]), &HashSet::new());
            }
            coverage
        };
        let first = look(&["a", "b"], &[("c", 2), ("d", 2)]);
        let both = look(&["b", "x"], &[("c", 3), ("d", 2)]).confirmed_by(&first);
        let names = |sort: &Sort| sort.named.iter().map(|named| named.name.to_string()).collect::<Vec<_>>();
        assert_eq!(
            (names(&both.missing), names(&both.outdated)),
            (vec!["b".to_owned()], vec!["d".to_owned()])
        );
        assert!(!look(&["x"], &[("c", 3)]).confirmed_by(&first).is_behind());
    }

    #[test]
    fn the_oldest_are_named() {
        let mut coverage = Coverage::default();
        for number in 0..30 {
            let created = format!("2026-01-01T00:00:{number:02}Z");
            let meta = workload(&format!("w-{number}"), &json!({ "creationTimestamp": created }));
            coverage.count(Kind::Job, &meta, NOW, &reports(&[]), &HashSet::new());
        }
        coverage.missing.cut();
        assert_eq!((coverage.missing.total, coverage.missing.named.len()), (30, MAX_NAMED));
        assert_eq!(coverage.missing.named[0].name.as_str(), "w-0");
    }
}
