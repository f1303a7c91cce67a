//! What the controller counts. No label holds text that a workload's author chooses.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::assess::Assessment;
use crate::severity::Severity;
use crate::workload::Kind;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindSeverity {
    kind: &'static str,
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabel {
    resource: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabel {
    version: &'static str,
}

/// Upper bounds of the buckets of the time from event to report, in seconds.
const DELAY_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// Upper bounds of the buckets of the time to judge an object, in seconds.
const JUDGING_BUCKETS: [f64; 8] = [0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1, 0.5];

/// All metrics with the registry that serves them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    assessments: Family<KindSeverity, Counter>,
    workloads: Family<KindSeverity, Gauge>,
    unreadable: Family<KindLabel, Counter>,
    writes: Family<ResultLabel, Counter>,
    events: Family<ResultLabel, Counter>,
    watch_errors: Family<ResourceLabel, Counter>,
    progress: Family<ResourceLabel, Gauge>,
    drift: Family<KindLabel, Counter>,
    tampered: Counter,
    retained: Family<ResultLabel, Counter>,
    queue: Gauge,
    refusing: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    delay: Histogram,
    judging: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("jobrisk");
        let delay = Histogram::new(DELAY_BUCKETS);
        let build = Family::<BuildLabel, Gauge>::default();
        build.get_or_create(&BuildLabel { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build", "The version that runs", build);
        let metrics = Self {
            registry,
            assessments: Family::default(),
            workloads: Family::default(),
            unreadable: Family::default(),
            writes: Family::default(),
            events: Family::default(),
            watch_errors: Family::default(),
            progress: Family::default(),
            drift: Family::default(),
            tampered: Counter::default(),
            retained: Family::default(),
            queue: Gauge::default(),
            refusing: Gauge::default(),
            oldest: Gauge::default(),
            delay,
            judging: Histogram::new(JUDGING_BUCKETS),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("assessments", "Workloads judged", self.assessments.clone());
        registry.register("workloads", "Workloads that exist", self.workloads.clone());
        registry.register("unreadable", "Objects judged only in part", self.unreadable.clone());
        registry.register("report_writes", "Reports written, by result", self.writes.clone());
        registry.register("events", "Events written, by result", self.events.clone());
        registry.register("watch_errors", "Errors of lists and watches", self.watch_errors.clone());
        registry.register(
            "watch_last_progress_timestamp_seconds",
            "When the API server last sent something of a list or watch",
            self.progress.clone(),
        );
        registry.register(
            "relist_drift",
            "Workloads of which an audit found that the watch was wrong",
            self.drift.clone(),
        );
        registry.register(
            "tampered_reports",
            "Reports that somebody else had changed or removed: put back, or marked where the workload is gone",
            self.tampered.clone(),
        );
        registry.register(
            "retained_reports",
            "Reports that outlived their workload, by what was done with them",
            self.retained.clone(),
        );
        registry.register("queue_depth", "Reports that wait to be written", self.queue.clone());
        registry.register("refusing_namespaces", "Namespaces that refuse reports", self.refusing.clone());
        registry.register(
            "oldest_unreported_seconds",
            "For how long the oldest verdict that is not written has waited",
            self.oldest.clone(),
        );
        registry.register("assessment_duration_seconds", "Time to judge an object", self.judging.clone());
        registry.register(
            "event_to_report_seconds",
            "Time from the arrival of an object to its written report",
            self.delay.clone(),
        );
        self
    }

    /// An object was judged, in this time.
    pub fn judged(&self, kind: Kind, assessment: &Assessment, time: Duration) {
        let labels = KindSeverity { kind: kind.as_str(), severity: assessment.score.severity.as_label() };
        self.assessments.get_or_create(&labels).inc();
        if assessment.is_partial() {
            self.unreadable.get_or_create(&KindLabel { kind: kind.as_str() }).inc();
        }
        self.judging.observe(time.as_secs_f64());
    }

    /// The API server sent something of a list or watch at this time, in seconds since 1970.
    pub fn set_progress(&self, resource: &'static str, time: i64) {
        self.progress.get_or_create(&ResourceLabel { resource }).set(time);
    }

    /// An audit found that the watch was wrong about so many workloads.
    pub fn drifted(&self, kind: Kind, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.drift.get_or_create(&KindLabel { kind: kind.as_str() }).inc_by(count);
    }

    /// A report was put back.
    pub fn tampered(&self) {
        self.tampered.inc();
    }

    /// Something was done with a report that outlived its workload.
    pub fn retained(&self, result: &'static str) {
        self.retained.get_or_create(&ResultLabel { result }).inc();
    }

    /// For how long the oldest verdict that is not written has waited.
    pub fn set_oldest(&self, age: Option<Duration>) {
        self.oldest.set(age.unwrap_or_default().as_secs_f64());
    }

    /// The workloads that exist.
    pub fn set_workloads(&self, counts: &HashMap<(Kind, Severity), i64>) {
        for kind in Kind::ALL {
            for severity in Severity::ALL {
                let labels = KindSeverity { kind: kind.as_str(), severity: severity.as_label() };
                self.workloads
                    .get_or_create(&labels)
                    .set(counts.get(&(kind, severity)).copied().unwrap_or(0));
            }
        }
    }

    /// A report was written, or not: `result` is `ok` or the category of the trouble.
    pub fn wrote(&self, result: &'static str) {
        self.writes.get_or_create(&ResultLabel { result }).inc();
    }

    /// An Event was written, or not.
    pub fn published(&self, result: &'static str) {
        self.events.get_or_create(&ResultLabel { result }).inc();
    }

    /// A list or watch failed.
    pub fn watch_failed(&self, resource: &'static str) {
        self.watch_errors.get_or_create(&ResourceLabel { resource }).inc();
    }

    /// How many orders wait or are under way, and how many namespaces refuse them.
    pub fn set_queue(&self, depth: usize, refusing: usize) {
        self.queue.set(i64::try_from(depth).unwrap_or(i64::MAX));
        self.refusing.set(i64::try_from(refusing).unwrap_or(i64::MAX));
    }

    /// The time from the arrival of an object to its written report.
    pub fn reported_after(&self, delay: Duration) {
        self.delay.observe(delay.as_secs_f64());
    }

    /// The text that Prometheus scrapes.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
