//! `jobrisk scan`: the engine over manifest files, before they reach a cluster.

use std::io::{self, BufWriter, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::person::{severity, wants_color};
use super::{destination, progress};
use crate::assess::{Assessment, assess, assess_workload};
use crate::manifest::walk::{self, Source};
use crate::manifest::{self, Item, Manifest, Problem};
use crate::output::{self, Error, Format, Results, Settings};
use crate::severity::Severity;
use crate::text::escaped;
use crate::workload;

/// Nothing at or above --fail-on: 0. Something: 1. Something could not be read, or a wrong command line: 2.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Manifests: files, folders (their .yaml, .yml and .json files, recursively), or - for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The format of the output.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Exit with 1 when a workload is at or above this: low, medium, high, critical, or never.
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = fail_on)]
    fail_on: FailOn,
    /// List workloads from this severity on: none, low, medium, high, critical [default: low for table and sarif,
    /// none for json, junit, spl and html].
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    min_severity: Option<Severity>,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Colour the table: on a terminal (unless NO_COLOR is set), always, or never.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Debug, Clone, Copy)]
struct FailOn(Option<Severity>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

fn fail_on(text: &str) -> Result<FailOn, String> {
    match severity(text) {
        _ if text.eq_ignore_ascii_case("never") => Ok(FailOn(None)),
        Ok(severity) if severity > Severity::None => Ok(FailOn(Some(severity))),
        _ => Err("expected low, medium, high, critical or never".to_owned()),
    }
}

/// Scans and writes the result. The error is for the command line's user: exit code 2.
pub(super) fn scan(args: &Args) -> Result<ExitCode, String> {
    let settings = settings(args);
    let found = walk::find(&args.paths);
    let mut results = Results::default();
    results.errors.extend(found.problems.iter().map(|(file, problem)| Error::new(file, problem)));
    for file in read_all(&found.sources, args.format) {
        results.append(file);
    }
    report_errors(&results.errors);
    destination::write(args.output.as_deref(), |out| output::write(args.format, &results, &settings, out))?;
    Ok(if !results.errors.is_empty() {
        ExitCode::from(2)
    } else if results.workloads.iter().any(|workload| settings.fails(workload)) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn settings(args: &Args) -> Settings {
    let default = match args.format {
        Format::Table | Format::Sarif => Severity::Low,
        Format::Json | Format::Junit | Format::Spl | Format::Html => Severity::None,
    };
    let color = match args.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => args.output.is_none() && wants_color(),
    };
    let working_directory = std::env::current_dir().unwrap_or_default().to_string_lossy().into_owned();
    Settings {
        fail_on: args.fail_on.0,
        min_severity: args.min_severity.unwrap_or(default),
        color,
        working_directory,
    }
}

/// Reads and judges the files on all processors; the results come in the order of the files.
fn read_all(sources: &[Source], format: Format) -> Vec<Results> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(sources.len()));
    let work = || {
        while let Some((index, source)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, sources.get(index)?)))
        {
            let results = read_one(source, format);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, results));
        }
    };
    let threads = thread::available_parallelism().map_or(2, usize::from).min(sources.len());
    let on_all_processors = || {
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
    };
    progress::during(&next, sources.len(), on_all_processors);
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, results)| results).collect()
}

fn read_one(source: &Source, format: Format) -> Results {
    let name = source.name();
    let mut results = Results::default();
    match source.read() {
        Ok(content) => {
            results.files.push(escaped(&name).into_owned());
            let mut visit = |item: Item<'_>| match item {
                Item::Workload(manifest) => {
                    let assessment = judge(&manifest);
                    let mut workload = output::Workload::new(&name, &manifest, &assessment);
                    if let Err(problem) = workload.complete(format, &manifest, &assessment) {
                        results.errors.push(Error::new(&name, &problem));
                    }
                    results.workloads.push(workload);
                }
                Item::Other(other) => results.skipped.add(other.kind),
                Item::Unreadable(problem) => results.errors.push(Error::new(&name, &problem)),
            };
            // One file must not take the scan of the others with it.
            if catch_unwind(AssertUnwindSafe(|| manifest::read(&content, &mut visit))).is_err() {
                let message = "jobrisk itself failed on this file".to_owned();
                results.errors.push(Error::new(&name, &Problem { position: None, message }));
            }
        }
        Err(problem) => results.errors.push(Error::new(&name, &problem)),
    }
    results
}

/// Judges a manifest; one on which the engine itself fails is listed as unreadable, not lost.
fn judge(manifest: &Manifest<'_>) -> Assessment {
    catch_unwind(AssertUnwindSafe(|| assess(manifest.kind, &manifest.object))).unwrap_or_else(|_| {
        let problem = "jobrisk itself failed on this object";
        let meta = manifest.object.metadata.get();
        let name = meta.and_then(|meta| meta.name.get()).map_or("", String::as_str);
        let namespace = meta.and_then(|meta| meta.namespace.get()).map_or("", String::as_str);
        assess_workload(workload::Workload::identity_only(manifest.kind, namespace, name, "", problem))
    })
}

fn report_errors(errors: &[Error]) {
    let mut stderr = BufWriter::new(io::stderr().lock());
    for error in errors {
        // If standard error is gone there is nobody left to tell.
        let _ = writeln!(stderr, "{}", error.line());
    }
}
