//! The reports of a cluster as they change.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::runtime::watcher;
use serde::{Deserialize, Deserializer, Serialize};

use super::raw::Raw;
use super::reports::{LISTING_REPORTS, RIGHTS, Report};
use super::{Cluster, Failure, Place};
use crate::api::report::read_as_report;
use crate::controller::trouble::Trouble;
use crate::controller::watch::Follower;
use crate::severity::Severity;

/// A report as a watch delivers it.
#[derive(Debug, Clone)]
pub struct Watched {
    meta: ObjectMeta,
    report: Box<Report>,
}

impl<'de> Deserialize<'de> for Watched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut raw = Raw::deserialize(deserializer)?;
        let meta = ObjectMeta {
            name: raw.metadata.name.clone(),
            namespace: raw.metadata.namespace.clone(),
            resource_version: raw.metadata.resource_version.take(),
            ..ObjectMeta::default()
        };
        let report = Report::of(raw);
        Ok(Self { meta, report: Box::new(report) })
    }
}

read_as_report!(Watched);

impl Cluster {
    /// Follows the reports in a place.
    ///
    /// # Errors
    /// When the configuration cannot be used, in words for the user.
    pub fn follow_reports(&self, place: &Place) -> Result<Follower<Watched>, String> {
        let client = self.watching()?;
        Ok(Follower::new(match place {
            Place::Everywhere => Api::all(client),
            Place::Namespace(name) => Api::namespaced(client, name),
        }))
    }
}

/// Why the reports in a place cannot be followed.
pub fn failure(place: &Place, error: &watcher::Error) -> Failure {
    Failure::new(LISTING_REPORTS, place, RIGHTS, Trouble::from(error))
}

/// What happened to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Happened {
    /// It was there when the watch began.
    Listed,
    /// It is new.
    New,
    /// It says something else than before.
    Changed,
    /// It is gone.
    Gone,
}

impl Happened {
    /// The word for it, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

/// A change of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub happened: Happened,
    /// The report as it is now, or as it was last.
    pub report: Report,
}

/// Namespace and name.
type Key = (String, String);

/// The reports from a severity on, kept up to date by the events of a watch.
#[derive(Debug)]
pub struct Reports {
    lowest: Severity,
    known: BTreeMap<Key, Report>,
    /// Seen in the list that is under way.
    seen: BTreeSet<Key>,
    complete: bool,
}

impl Reports {
    /// None yet.
    pub fn new(lowest: Severity) -> Self {
        Self { lowest, known: BTreeMap::new(), seen: BTreeSet::new(), complete: false }
    }

    /// Whether all have been listed once.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// All of them, sorted.
    pub fn sorted(&self) -> Vec<&Report> {
        let mut reports: Vec<&Report> = self.known.values().collect();
        reports.sort_by(|a, b| a.order().cmp(&b.order()));
        reports
    }

    /// Takes in an event, and says what it changes. Before the first list is complete, that is nothing.
    pub fn take(&mut self, event: watcher::Event<Watched>) -> Vec<Change> {
        match event {
            watcher::Event::Init => self.seen.clear(),
            watcher::Event::InitApply(watched) => {
                self.seen.insert(key(&watched.report));
                return self.apply(*watched.report).into_iter().collect();
            }
            watcher::Event::Apply(watched) => return self.apply(*watched.report).into_iter().collect(),
            watcher::Event::Delete(watched) => {
                let gone = self.known.remove(&key(&watched.report));
                return gone.map(|report| Change { happened: Happened::Gone, report }).into_iter().collect();
            }
            watcher::Event::InitDone => {
                let seen = std::mem::take(&mut self.seen);
                let gone: Vec<Key> = self.known.keys().filter(|key| !seen.contains(*key)).cloned().collect();
                let gone = gone.iter().filter_map(|key| self.known.remove(key));
                let gone = gone.map(|report| Change { happened: Happened::Gone, report }).collect();
                if self.complete {
                    return gone;
                }
                self.complete = true;
                let listed = |report: &Report| Change { happened: Happened::Listed, report: report.clone() };
                return self.sorted().into_iter().map(listed).collect();
            }
        }
        Vec::new()
    }

    /// One that falls below the severity is told of once more, and then forgotten.
    fn apply(&mut self, report: Report) -> Option<Change> {
        let key = key(&report);
        let before = self.known.remove(&key);
        let is_wanted = report.is_from(self.lowest);
        if is_wanted {
            self.known.insert(key, report.clone());
        }
        let happened = match before {
            Some(before) if before != report => Happened::Changed,
            None if is_wanted => Happened::New,
            _ => return None,
        };
        self.complete.then_some(Change { happened, report })
    }
}

fn key(report: &Report) -> Key {
    (report.namespace.to_string(), report.name.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(name: &str, severity: &str) -> Watched {
        let report = json!({
            "metadata": { "name": name, "namespace": "n", "resourceVersion": "7" },
            "status": { "severity": severity },
        });
        serde_json::from_value(report).unwrap()
    }

    fn take(reports: &mut Reports, event: watcher::Event<Watched>) -> Vec<(&'static str, String)> {
        let changes = reports.take(event);
        changes.iter().map(|change| (change.happened.as_str(), change.report.name.to_string())).collect()
    }

    #[test]
    fn each_change_is_told_of_once() {
        use watcher::Event::{Apply, Delete, Init, InitApply, InitDone};
        let told = |happened, name: &str| vec![(happened, name.to_owned())];
        let mut reports = Reports::new(Severity::Medium);
        assert!(take(&mut reports, Init).is_empty());
        for (name, severity) in [("a", "High"), ("b", "Low"), ("c", "High")] {
            assert!(take(&mut reports, InitApply(report(name, severity))).is_empty());
        }
        let listed = [told("listed", "a"), told("listed", "c")].concat();
        assert_eq!(take(&mut reports, InitDone), listed);

        assert!(take(&mut reports, Apply(report("a", "High"))).is_empty(), "it says the same");
        assert_eq!(take(&mut reports, Apply(report("a", "Critical"))), told("changed", "a"));
        assert_eq!(take(&mut reports, Apply(report("a", "Low"))), told("changed", "a"));
        assert!(take(&mut reports, Apply(report("a", "None"))).is_empty(), "it is below");
        assert_eq!(take(&mut reports, Apply(report("b", "Medium"))), told("new", "b"));
        assert_eq!(take(&mut reports, Delete(report("b", "Medium"))), told("gone", "b"));
        assert!(take(&mut reports, Delete(report("b", "Medium"))).is_empty());

        // A list anew: what is not in it is gone.
        assert!(take(&mut reports, Init).is_empty());
        assert_eq!(take(&mut reports, InitApply(report("d", "High"))), told("new", "d"));
        assert_eq!(take(&mut reports, InitDone), told("gone", "c"));
    }
}
