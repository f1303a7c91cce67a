//! One self-contained page: a summary, the techniques, a table of the workloads, and what was found in each.
//!
//! The page loads nothing and runs only the one script in it, which its policy names by its hash. Without the script
//! everything is there but sorting and filtering.

mod attack;
mod detail;
mod markup;
mod script;
mod sum;
mod summary;
mod workload;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

pub use detail::Detail;

use super::{Results, Settings, Workload};
use markup::Page;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The workloads whose findings are shown, worst first. Browsers take seconds for a page with more; the others have
/// their row.
const MAX_DETAILED: usize = 2_000;

pub(super) fn write(results: &Results, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let mut listed: Vec<&Workload> = results.listed(settings).collect();
    // Worst first; equal ones stay in the order of the files.
    listed.sort_by_key(|workload| std::cmp::Reverse((workload.severity, workload.risk_score)));
    let mut page = Page::new(out);
    head(&mut page)?;
    summary::write(&mut page, results, settings)?;
    attack::write(&mut page, listed.iter().copied())?;
    table(&mut page, &listed)?;
    summary::errors(&mut page, &results.errors)?;
    page.put("</main><footer>jobrisk {}</footer><script>", &[&env!("CARGO_PKG_VERSION")])?;
    page.asset(SCRIPT)?;
    page.put("</script></body></html>\n", &[])
}

fn head(page: &mut Page<'_>) -> io::Result<()> {
    page.put(
        "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\
         <meta name=referrer content=no-referrer><meta name=color-scheme content=\"light dark\">\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>jobrisk</title><style>",
        &[&hash(STYLE), &hash(SCRIPT)],
    )?;
    page.asset(STYLE)?;
    page.put("</style></head><body><main>", &[])
}

/// The hash by which the policy of the page names a style or script.
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

fn table(page: &mut Page<'_>, workloads: &[&Workload]) -> io::Result<()> {
    page.put("<section aria-labelledby=workloads><h2 id=workloads>Workloads</h2>", &[])?;
    if workloads.is_empty() {
        return page.put("<p>There is none to list.</p></section>", &[]);
    }
    if workloads.len() > MAX_DETAILED {
        page.put(
            "<p class=warning>The findings of the {} worst of {} workloads are shown. For those of the others, which \
             the filter does not see either, list fewer with <code>--min-severity</code>, or use another format.</p>",
            &[&MAX_DETAILED, &workloads.len()],
        )?;
    }
    page.put(
        "<p class=note>What a finding means, how to confirm it and what to do about it: \
         <code>jobrisk rules RULE-ID</code></p>",
        &[],
    )?;
    summary::controls(page, workloads)?;
    page.put(
        "<table id=list><thead><tr><th scope=col aria-sort=descending data-key=severity>Severity\
         <th scope=col class=n data-key=score>Score<th scope=col class=\"n wide\" data-key=suspicion>Suspicion\
         <th scope=col data-key=name>Workload<th scope=col class=wide data-key=findings>Findings\
         <th scope=col class=wide data-key=source>Source</thead>",
        &[],
    )?;
    for (index, workload) in workloads.iter().enumerate() {
        workload::write(page, workload, index, index < MAX_DETAILED)?;
    }
    page.put("</table><p id=nothing hidden>No workload matches the filter.</p></section>", &[])
}
