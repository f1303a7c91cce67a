//! The metrics of a real controller are those of the table, and the table is the documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jobrisk::controller::metrics::{Metrics, page};

use crate::support::prometheus::promtool;
use crate::support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, cron_job, eventually, job, wait_for_report,
};

const LIMIT: Duration = Duration::from_secs(30);

/// The metrics of a controller that has something to say: workloads harmless and not, one of them not readable.
pub(crate) fn served() -> &'static str {
    static SERVED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SERVED.get_or_init(|| {
        let plane = ControlPlane::shared();
        let jobrisk = Jobrisk::start(plane);
        plane.kubectl_ok(&["create", "namespace", "metrics"]);
        create(plane, &job("metrics", "benign", BENIGN));
        create(plane, &cron_job("metrics", "shell", REVERSE_SHELL));
        // Too long to be read to its end.
        let script = format!("echo {}", "x".repeat(1_400_000));
        create(plane, &job("metrics", "too-long", &["/bin/sh", "-c", &script]));
        for report in ["job-benign", "cronjob-shell", "job-too-long"] {
            wait_for_report(plane, "metrics", report, |_| true);
        }
        // The slowest is counted every five seconds.
        let counted = eventually(LIMIT, || (jobrisk.sum("jobrisk_reported_workloads") > 2.5).then_some(()));
        assert!(counted.is_some(), "{}", jobrisk.metrics());
        let metrics = jobrisk.metrics();
        // Other tests of this binary begin with nothing.
        jobrisk.terminate();
        plane.kubectl_ok(&["delete", "jobs,cronjobs", "--all", "--namespace=metrics"]);
        metrics
    })
}

fn page_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")
}

/// Each sample: its name and its labels.
fn samples(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap_or_else(|error| panic!("{line}: {error}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap().split(',').filter(|label| !label.is_empty());
        let labels = labels.map(|label| {
            let (name, value) = label.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('"').to_owned())
        });
        (name.to_owned(), labels.collect())
    };
    lines.map(sample).collect()
}

#[test]
fn the_page_is_made_of_the_table() {
    let stored = fs::read_to_string(page_file()).unwrap_or_default();
    assert!(stored == page::page(), "docs/metrics.md is not what the metrics are: run `make generate`");
}

#[test]
fn what_is_served_is_what_is_documented() {
    let page = fs::read_to_string(page_file()).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<String> =
        rows.filter(|name| name.starts_with("jobrisk_")).map(str::to_owned).collect();
    let described = served().lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let described: BTreeSet<String> =
        described.map(|rest| rest.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(described, documented);
}

#[test]
fn every_label_has_one_of_its_values_and_every_series_is_there() {
    let metrics = Metrics::default();
    let samples = samples(served());
    for (name, labels) in &samples {
        let row = metrics.rows().iter().find(|row| {
            let suffix = name.strip_prefix(row.name);
            suffix.is_some_and(|suffix| ["", "_bucket", "_sum", "_count"].contains(&suffix))
        });
        let row = row.unwrap_or_else(|| panic!("{name} stands in no row"));
        let mut names: BTreeSet<&str> = row.labels.iter().map(|label| label.name()).collect();
        if name.ends_with("_bucket") {
            names.insert("le");
        }
        assert_eq!(labels.keys().map(String::as_str).collect::<BTreeSet<_>>(), names, "{name}");
        for label in &row.labels {
            let value = labels[label.name()].as_str();
            assert!(label.values().contains(&value), "{name}: {} is {value}", label.name());
        }
    }
    // No more series than a controller has that never saw a workload.
    let least = self::samples(&metrics.encode());
    assert_eq!(samples.len(), least.len(), "series have come");
}

#[test]
fn what_happened_is_counted() {
    let samples = served();
    let value = |series: &str| -> f64 {
        let line = samples.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{series} is missing\n{samples}")).parse().unwrap()
    };
    for series in [
        "jobrisk_workloads{kind=\"CronJob\",severity=\"high\"}",
        "jobrisk_reported_workloads{kind=\"CronJob\",report=\"own\"}",
        "jobrisk_findings_total{rule=\"cmd-reverse-shell\"}",
        "jobrisk_findings_total{rule=\"evd-unreadable\"}",
        "jobrisk_unreadable_workloads{kind=\"Job\"}",
        "jobrisk_decode_failures_total{kind=\"Job\"}",
        "jobrisk_severity_raises_total{kind=\"CronJob\",severity=\"high\"}",
        "jobrisk_assessments_total{kind=\"Job\",severity=\"none\"}",
        "jobrisk_event_to_report_seconds_count",
        "jobrisk_assessment_duration_seconds_count",
    ] {
        assert!(value(series) > 0.5, "{series}");
    }
    for resource in ["jobriskreports", "cronjobs", "jobs"] {
        let series = format!("jobrisk_watch_last_progress_timestamp_seconds{{resource=\"{resource}\"}}");
        assert!(value(&series) > 1e9, "{series}");
    }
    assert!(value("jobrisk_reported_workloads{kind=\"CronJob\",report=\"none\"}") < 0.5);
}

#[test]
fn promtool_finds_nothing_to_say_about_the_metrics() {
    let output = promtool(Path::new("/"), &["check", "metrics"], served());
    assert!(output.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}
