use std::collections::BTreeSet;

use super::table::Type;
use super::*;

#[test]
fn every_series_is_there_from_the_start() {
    let text = Metrics::default().encode();
    for row in Metrics::default().rows() {
        let suffix = if row.kind == Type::Histogram { "_count" } else { "" };
        let start = format!("{}{suffix}", row.name);
        let series = text.lines().filter(|line| {
            line.strip_prefix(start.as_str()).is_some_and(|rest| rest.starts_with([' ', '{']))
        });
        let expected: usize = row.labels.iter().map(|label| label.values().len()).product();
        assert_eq!(series.count(), expected, "{}", row.name);
    }
    // Not more than a scrape should have to carry, however many workloads there are.
    assert!(text.lines().count() < 500, "{} lines", text.lines().count());
}

#[test]
fn each_metric_is_described_once_under_its_own_name() {
    let metrics = Metrics::default();
    let text = metrics.encode();
    for row in metrics.rows() {
        assert!(text.contains(&format!("# HELP {} {}.\n", row.name, row.meaning)), "{}", row.name);
        assert!(text.contains(&format!("# TYPE {} {}\n", row.name, row.kind.as_str())), "{}", row.name);
    }
    let described = text.lines().filter(|line| line.starts_with("# TYPE "));
    let described: BTreeSet<&str> = described.filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(described, metrics.rows().iter().map(|row| row.name).collect());
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
}

#[test]
fn names_say_what_they_are() {
    for row in Metrics::default().rows() {
        assert!(row.name.starts_with("jobrisk_"), "{}", row.name);
        assert_eq!(row.name.ends_with("_total"), row.kind == Type::Counter, "{}", row.name);
        assert!(!row.meaning.ends_with('.') && !row.meaning.contains(['|', '\n', '\\']), "{}", row.meaning);
    }
}

#[test]
fn what_is_counted_stands_under_its_labels() {
    let metrics = Metrics::default();
    metrics.watch_failed(Source::Jobs, Category::Forbidden);
    metrics.raised(Kind::CronJob, Severity::Critical);
    metrics.set_oldest(Wait::Refused, Some(Duration::from_millis(1500)));
    metrics.set_coverage(Kind::Job, Coverage { own: 3, cron_job: 2, none: 1, unreadable: 4 });
    metrics.tampered();
    let text = metrics.encode();
    for line in [
        "jobrisk_watch_errors_total{resource=\"jobs\",reason=\"forbidden\"} 1",
        "jobrisk_severity_raises_total{kind=\"CronJob\",severity=\"critical\"} 1",
        "jobrisk_oldest_unreported_seconds{state=\"refused\"} 1.5",
        "jobrisk_reported_workloads{kind=\"Job\",report=\"cronjob\"} 2",
        "jobrisk_unreadable_workloads{kind=\"Job\"} 4",
        "jobrisk_tampered_reports_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
