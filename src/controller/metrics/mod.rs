//! What the controller counts. No label holds text that a workload's author chooses.
//!
//! [`Metrics::default`] is the table of all metrics: from each of its statements come the series, their help and the row
//! in `docs/metrics.md`.

pub mod label;
pub mod page;
pub mod table;

use std::collections::HashMap;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::health::Source;
use super::ledger::Coverage;
use super::trouble::Category;
use crate::assess::Assessment;
use crate::severity::Severity;
use crate::workload::Kind;
use label::{Label, OK, Report, SUPPRESSED, Wait};
use table::{Fraction, Row, Series, Table};

/// Upper bounds of the buckets of the time from event to report, in seconds.
const DELAY_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// Upper bounds of the buckets of the time to judge an object, in seconds.
const JUDGING_BUCKETS: [f64; 8] = [0.000_05, 0.000_1, 0.000_25, 0.001, 0.005, 0.025, 0.1, 0.5];

/// All metrics, and what serves them.
#[derive(Debug)]
pub struct Metrics {
    table: Table,
    leader: Gauge,
    workloads: Series<2, Gauge>,
    reported: Series<2, Gauge>,
    unreadable: Series<1, Gauge>,
    assessments: Series<2, Counter>,
    findings: Series<1, Counter>,
    decode_failures: Series<1, Counter>,
    raises: Series<2, Counter>,
    writes: Series<1, Counter>,
    events: Series<1, Counter>,
    queue: Gauge,
    oldest: Series<1, Fraction>,
    refusing: Gauge,
    tampered: Counter,
    retained: Series<1, Counter>,
    lines: Series<1, Counter>,
    progress: Series<1, Gauge>,
    watch_errors: Series<2, Counter>,
    audited: Series<1, Gauge>,
    drift: Series<1, Counter>,
    judging: Histogram,
    delay: Histogram,
}

impl Default for Metrics {
    #[allow(clippy::too_many_lines, reason = "a table, with a row for each metric")]
    fn default() -> Self {
        let mut table = Table::default();
        let build = table.gauges(
            "jobrisk_build_info",
            [Label::Version],
            "Always 1; the label says which version runs",
        );
        build.with([env!("CARGO_PKG_VERSION")]).set(1);
        Self {
            leader: table.gauge(
                "jobrisk_leader",
                "1 for an instance that writes, 0 for one that only watches since another leads",
            ),
            workloads: table.gauges(
                "jobrisk_workloads",
                [Label::Kind, Label::Severity],
                "Workloads that exist, by the severity that they have now",
            ),
            reported: table.gauges(
                "jobrisk_reported_workloads",
                [Label::Kind, Label::Report],
                "Workloads that exist, by which report speaks for them; counted every 5 seconds",
            ),
            unreadable: table.gauges(
                "jobrisk_unreadable_workloads",
                [Label::Kind],
                "Workloads that exist and could be read or judged only in part; counted every 5 seconds",
            ),
            assessments: table.counters(
                "jobrisk_assessments_total",
                [Label::Kind, Label::Severity],
                "Judgements; after a start each workload is judged once",
            ),
            findings: table.counters(
                "jobrisk_findings_total",
                [Label::Rule],
                "Judgements in which a rule found something",
            ),
            decode_failures: table.counters(
                "jobrisk_decode_failures_total",
                [Label::Kind],
                "Judgements of objects that could be read or judged only in part, and objects without a readable name",
            ),
            raises: table.counters(
                "jobrisk_severity_raises_total",
                [Label::Kind, Label::Severity],
                "Reports written in which the severity is new or higher than in the one before, by the new severity",
            ),
            writes: table.counters(
                "jobrisk_report_writes_total",
                [Label::WriteResult],
                "Attempts to write a report, by what came of them",
            ),
            events: table.counters(
                "jobrisk_events_total",
                [Label::EventResult],
                "Events, by what came of them; suppressed are those beyond the limit on their rate",
            ),
            queue: table.gauge("jobrisk_queue_depth", "Reports that wait to be written or are being written"),
            oldest: table.fractions(
                "jobrisk_oldest_unreported_seconds",
                [Label::Wait],
                "For how long the oldest verdict that is not in a report has waited, in namespaces that take reports and \
                 in those that refuse them; 0 if none waits; counted every 5 seconds",
            ),
            refusing: table.gauge("jobrisk_refusing_namespaces", "Namespaces that refuse reports"),
            tampered: table.counter(
                "jobrisk_tampered_reports_total",
                "Reports that somebody else had changed or removed: put back, or marked where the workload is gone",
            ),
            retained: table.counters(
                "jobrisk_retained_reports_total",
                [Label::Fate],
                "Reports that outlived their workload: marked as evidence, expired, or removed by somebody else or with their \
                 namespace",
            ),
            lines: table.counters(
                "jobrisk_finding_log_lines_total",
                [Label::Line],
                "Lines of the finding log, by what became of them; dropped are those that nobody read in time",
            ),
            progress: table.gauges(
                "jobrisk_watch_last_progress_timestamp_seconds",
                [Label::Resource],
                "When the API server last sent something of a list or watch, in seconds since 1970; 0 if it never has",
            ),
            watch_errors: table.counters(
                "jobrisk_watch_errors_total",
                [Label::Resource, Label::Reason],
                "Failed lists and watches, by why they failed",
            ),
            audited: table.gauges(
                "jobrisk_audit_last_completion_timestamp_seconds",
                [Label::Kind],
                "When what is remembered was last compared with what is stored, in seconds since 1970; 0 if never",
            ),
            drift: table.counters(
                "jobrisk_relist_drift_total",
                [Label::Kind],
                "Workloads of which such a comparison found that the watch had been wrong",
            ),
            judging: table.histogram(
                "jobrisk_assessment_duration_seconds",
                JUDGING_BUCKETS,
                "Time to judge an object",
            ),
            delay: table.histogram(
                "jobrisk_event_to_report_seconds",
                DELAY_BUCKETS,
                "Time from the arrival of an object to its written report",
            ),
            table,
        }
    }
}

impl Metrics {
    /// All metrics, for their documentation.
    pub fn rows(&self) -> &[Row] {
        self.table.rows()
    }

    /// The text that Prometheus scrapes.
    pub fn encode(&self) -> String {
        self.table.encode()
    }

    /// Whether this instance is the one that writes.
    pub fn set_leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// An object was judged, in this time.
    pub fn judged(&self, kind: Kind, assessment: &Assessment, time: Duration) {
        self.assessments.with([kind.as_str(), assessment.score.severity.as_label()]).inc();
        for (rule, _) in assessment.findings.totals() {
            self.findings.with([rule.id]).inc();
        }
        if assessment.is_partial() {
            self.not_decoded(kind);
        }
        self.judging.observe(time.as_secs_f64());
    }

    /// A line of the finding log was written, or lost.
    pub fn logged(&self, result: &'static str) {
        self.lines.with([result]).inc();
    }

    /// An object could not be read, or only in part.
    pub fn not_decoded(&self, kind: Kind) {
        self.decode_failures.with([kind.as_str()]).inc();
    }

    /// The workloads that exist.
    pub fn set_workloads(&self, counts: &HashMap<(Kind, Severity), i64>) {
        for kind in Kind::ALL {
            for severity in Severity::ALL {
                let count = counts.get(&(kind, severity)).copied().unwrap_or(0);
                self.workloads.with([kind.as_str(), severity.as_label()]).set(count);
            }
        }
    }

    /// What reports speak for the workloads of a kind.
    pub fn set_coverage(&self, kind: Kind, coverage: Coverage) {
        let Coverage { own, cron_job, none, unreadable } = coverage;
        for (report, count) in [(Report::Own, own), (Report::CronJob, cron_job), (Report::None, none)] {
            self.reported.with([kind.as_str(), report.as_str()]).set(signed(count));
        }
        self.unreadable.with([kind.as_str()]).set(signed(unreadable));
    }

    /// A report was written.
    pub fn wrote(&self) {
        self.writes.with([OK]).inc();
    }

    /// A report was not written.
    pub fn not_written(&self, why: Category) {
        self.writes.with([why.as_str()]).inc();
    }

    /// A report says a severity that is above the one that was reported before.
    pub fn raised(&self, kind: Kind, severity: Severity) {
        self.raises.with([kind.as_str(), severity.as_label()]).inc();
    }

    /// The time from the arrival of an object to its written report.
    pub fn reported_after(&self, delay: Duration) {
        self.delay.observe(delay.as_secs_f64());
    }

    /// An Event was written.
    pub fn published(&self) {
        self.events.with([OK]).inc();
    }

    /// An Event was not written.
    pub fn not_published(&self, why: Category) {
        self.events.with([why.as_str()]).inc();
    }

    /// An Event was left out.
    pub fn suppressed(&self) {
        self.events.with([SUPPRESSED]).inc();
    }

    /// How many orders wait or are under way, and how many namespaces refuse them.
    pub fn set_queue(&self, depth: usize, refusing: usize) {
        self.queue.set(signed(depth));
        self.refusing.set(signed(refusing));
    }

    /// For how long the oldest verdict that is not written has waited.
    pub fn set_oldest(&self, wait: Wait, age: Option<Duration>) {
        self.oldest.with([wait.as_str()]).set(age.unwrap_or_default().as_secs_f64());
    }

    /// A report was put back.
    pub fn tampered(&self) {
        self.tampered.inc();
    }

    /// Something was done with a report that outlived its workload: one of the values of [`Label::Fate`].
    pub fn retained(&self, result: &'static str) {
        self.retained.with([result]).inc();
    }

    /// The API server sent something of a list or watch at this time, in seconds since 1970.
    pub fn set_progress(&self, source: Source, time: i64) {
        self.progress.with([source.name()]).set(time);
    }

    /// A list or watch failed.
    pub fn watch_failed(&self, source: Source, why: Category) {
        self.watch_errors.with([source.name(), why.as_str()]).inc();
    }

    /// What is remembered of a kind was compared with what is stored, at this time, in seconds since 1970.
    pub fn audited(&self, kind: Kind, time: i64) {
        self.audited.with([kind.as_str()]).set(time);
    }

    /// An audit found that the watch was wrong about so many workloads.
    pub fn drifted(&self, kind: Kind, count: usize) {
        self.drift.with([kind.as_str()]).inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
