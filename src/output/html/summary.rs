//! The top of the page, the controls of the table, and what was not read.

use std::io;
use std::num::NonZeroUsize;

use super::markup::Page;
use crate::output::{Error, Results, Settings, Workload};
use crate::severity::Severity;

/// The width of the bar, in the units of its picture.
const BAR: usize = 1_000;

pub(super) fn write(page: &mut Page<'_>, results: &Results, settings: &Settings) -> io::Result<()> {
    let total = results.workloads.len();
    page.put("<header><h1>jobrisk</h1><p>Jobs and CronJobs, judged from their manifests</p></header>", &[])?;
    page.put("<section aria-labelledby=summary><h2 id=summary>Summary</h2><ul class=counts>", &[])?;
    for severity in Severity::ALL.into_iter().rev() {
        page.put(
            "<li class=\"count {}\"><b>{}</b> {}",
            &[&severity.as_label(), &results.count(severity), &severity],
        )?;
    }
    page.put("</ul>", &[])?;
    bar(page, results)?;
    page.put(
        "<dl class=facts><div><dt>Workloads<dd>{}</div><div><dt>Files<dd>{}</div>\
         <div><dt>Objects of other kinds<dd>{}</div>",
        &[&total, &results.files.len(), &results.skipped.total],
    )?;
    if let Some(limit) = settings.fail_on {
        let failing = results.workloads.iter().filter(|workload| settings.fails(workload)).count();
        page.put("<div><dt>At or above {}<dd>{}</div>", &[&limit, &failing])?;
    }
    match results.errors.len() {
        0 => page.put("<div><dt>Not read<dd>0</div>", &[])?,
        count => page.put("<div><dt>Not read<dd><a href=\"#errors\">{}</a></div>", &[&count])?,
    }
    page.put("</dl>", &[])?;
    if settings.min_severity > Severity::None {
        page.put(
            "<p class=note>Workloads below {} are counted, but not listed.</p>",
            &[&settings.min_severity],
        )?;
    }
    page.put("</section>", &[])
}

/// The shares of the severities.
fn bar(page: &mut Page<'_>, results: &Results) -> io::Result<()> {
    let Some(total) = NonZeroUsize::new(results.workloads.len()) else { return Ok(()) };
    page.put("<svg class=bar viewBox=\"0 0 {} 1\" preserveAspectRatio=none aria-hidden=true>", &[&BAR])?;
    let mut before = 0;
    for severity in Severity::ALL.into_iter().rev() {
        let count = results.count(severity);
        let (start, end) = (before * BAR / total, (before + count) * BAR / total);
        before += count;
        page.put(
            "<rect class={} x={} width={} height=1></rect>",
            &[&severity.as_label(), &start, &(end - start)],
        )?;
    }
    page.put("</svg>", &[])
}

/// Shown only where the script runs.
pub(super) fn controls(page: &mut Page<'_>, workloads: &[&Workload]) -> io::Result<()> {
    page.put(
        "<div class=controls id=controls role=search hidden><label>Filter <input type=search id=text autocomplete=off \
         placeholder=\"name, rule, evidence, file, technique\"></label><fieldset><legend>Severity</legend>",
        &[],
    )?;
    for severity in Severity::ALL.into_iter().rev() {
        let count = workloads.iter().filter(|workload| workload.severity == severity).count();
        if count > 0 {
            page.put(
                "<label><input type=checkbox checked value={}> {} ({})</label>",
                &[&severity.as_label(), &severity, &count],
            )?;
        }
    }
    page.put(
        "</fieldset><button type=button id=open>Open all</button><button type=button id=close>Close all</button>\
         <output id=shown aria-live=polite></output></div>",
        &[],
    )
}

pub(super) fn errors(page: &mut Page<'_>, errors: &[Error]) -> io::Result<()> {
    if errors.is_empty() {
        return Ok(());
    }
    page.put(
        "<section aria-labelledby=errors><h2 id=errors>Not read</h2>\
         <p class=note>Nothing is known about what stands there.</p>\
         <table class=errors><thead><tr><th scope=col>Place<th scope=col>Problem</thead><tbody>",
        &[],
    )?;
    for error in errors {
        page.put("<tr><td><code>{}", &[&error.file])?;
        if let (Some(line), Some(column)) = (error.line, error.column) {
            page.put(":{}:{}", &[&line, &column])?;
        }
        page.put("</code><td>{}", &[&error.message])?;
    }
    page.put("</tbody></table></section>", &[])
}
