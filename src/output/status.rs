//! Whether a cluster is covered, as `jobrisk status` shows it.

use std::io::{self, Write};

use serde::Serialize;

use super::age::age;
use super::json::SCHEMA_VERSION;
use super::paint::painted;
use crate::cluster::coverage::{Coverage, Sort};
use crate::cluster::replicas::Replica;
use crate::cluster::verdict::{Judgement, Seen, Verdict};
use crate::controller::statusz::Statusz;
use crate::tool::Tool;

/// The most workloads of a sort that people are shown by name; JSON has more.
const MAX_NAMED: usize = 3;

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StatusFormat {
    /// For people.
    Text,
    /// One versioned JSON object. See docs/status.md.
    Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: &'static str,
    tool: Tool,
    #[serde(flatten)]
    judgement: &'a Judgement,
    coverage: Option<&'a Coverage>,
    controllers: Option<&'a [Replica]>,
}

/// Writes what was seen, and what is to be thought of it.
///
/// # Errors
/// Those of the writer.
pub fn write(
    format: StatusFormat,
    seen: &Seen,
    judgement: &Judgement,
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == StatusFormat::Json {
        let document = Document {
            schema_version: SCHEMA_VERSION,
            tool: Tool::THIS,
            judgement,
            coverage: seen.coverage.as_ref().ok(),
            controllers: seen.replicas.as_deref().ok(),
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        return writeln!(out);
    }
    let mut lines = Lines::default();
    if let Ok(coverage) = &seen.coverage {
        lines.coverage(coverage);
    }
    for replica in seen.replicas.iter().flatten() {
        lines.replica(replica);
    }
    lines.write(out)?;
    conclude(judgement, color, out)
}

fn conclude(judgement: &Judgement, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint = |text: &str, code| if color { painted(text, code) } else { text.to_owned() };
    match judgement.verdict {
        Verdict::Covered => {
            writeln!(
                out,
                "{}: all workloads are reported, and the controller is alive",
                paint("Covered", "32")
            )?;
        }
        Verdict::NotCovered => writeln!(out, "{}:", paint("Not covered", "1;31"))?,
        Verdict::Unknown => {}
    }
    for problem in &judgement.problems {
        writeln!(out, "  {problem}")?;
    }
    if !judgement.unknown.is_empty() {
        writeln!(out, "{}:", paint("Cannot tell", "33"))?;
    }
    for unknown in &judgement.unknown {
        writeln!(out, "  {unknown}")?;
    }
    Ok(())
}

/// Names and what is said of them.
#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl Lines {
    fn add(&mut self, name: &str, value: String) {
        self.0.push((format!("{name}:"), value));
    }

    fn coverage(&mut self, coverage: &Coverage) {
        let place = match &coverage.namespace {
            None => "in all namespaces".to_owned(),
            Some(namespace) => format!("in namespace {namespace}"),
        };
        let Coverage { cron_jobs, jobs, .. } = coverage;
        self.add("Workloads", format!("{}, {cron_jobs} CronJobs and {jobs} Jobs, {place}", cron_jobs + jobs));
        self.add("  with a report", coverage.reported.to_string());
        self.add("  runs of a CronJob", coverage.runs.to_string());
        self.add("  new", coverage.new.to_string());
        self.add("  without a report", sort(&coverage.missing));
        self.add("  changed since", sort(&coverage.outdated));
        self.add("  judged in part", sort(&coverage.partly_judged));
        self.add("Evidence", format!("{} reports of workloads that are gone", coverage.retained));
        if coverage.foreign > 0 {
            self.add("Foreign", format!("{} reports that jobrisk did not write", coverage.foreign));
        }
    }

    fn replica(&mut self, replica: &Replica) {
        let pod = replica.pod.as_ref().map(|pod| {
            let ready = if pod.ready { "ready" } else { "not ready" };
            let reason = pod.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("Pod {}, {}{reason}, {ready}, {} restarts", pod.name, pod.phase, pod.restarts)
        });
        let version = replica
            .word
            .as_ref()
            .map(|word| format!("version {}, up {}", word.version, ago(word.up_seconds)));
        let said: Vec<String> = pod.into_iter().chain(version).collect();
        self.add("Controller", said.join(", "));
        if let Some(word) = &replica.word {
            self.word(word);
        }
        if let Some(silent) = &replica.silent {
            self.add("  cannot be heard", silent.to_string());
        }
    }

    fn word(&mut self, word: &Statusz) {
        for watch in &word.watches {
            let moved = match watch.moved_seconds_ago {
                Some(seconds) => format!("moved {} ago", ago(seconds)),
                None => "never moved".to_owned(),
            };
            let listed = if watch.listed { "" } else { ", not listed yet" };
            self.add(&format!("  {}", watch.resource), format!("{moved}{listed}"));
        }
        let queue = word.queue;
        let oldest = if queue.waiting > 0 {
            format!(", the oldest for {:.0} s", queue.oldest_seconds)
        } else {
            String::new()
        };
        self.add("  to be written", format!("{}{oldest}", queue.waiting));
        for failing in &word.failing {
            self.add(
                "  cannot",
                format!("{}: {}, {} ago", failing.what, failing.reason, ago(failing.seconds_ago)),
            );
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.0.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        self.0.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {value}"))
    }
}

fn ago(seconds: u64) -> String {
    age(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// How many there are, and the oldest by name.
fn sort(sort: &Sort) -> String {
    let named = sort.named.iter().take(MAX_NAMED);
    let named: Vec<String> = named
        .map(|one| format!("{} {}/{} ({})", one.kind, one.namespace, one.name, age(one.age_seconds)))
        .collect();
    if named.is_empty() {
        sort.total.to_string()
    } else {
        format!("{}, oldest: {}", sort.total, named.join(", "))
    }
}
