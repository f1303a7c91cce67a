//! A workload in the table: its row, and below it what was found.

use std::io;

use super::markup::Page;
use super::script::Script;
use super::{attack, sum};
use crate::detect::catalog;
use crate::output::{Finding, Workload};

pub(super) fn write(
    page: &mut Page<'_>,
    workload: &Workload,
    index: usize,
    detailed: bool,
) -> io::Result<()> {
    let source = &workload.source;
    let place = format!("{}:{}", source.file, source.position.line);
    let severity = workload.severity;
    page.put(
        "\n<tbody data-index={} data-severity={} data-score={} data-suspicion={} data-findings={}>\
         <tr><td><span class=\"badge {}\">{}</span><td class=n>{}<td class=\"n wide\">{}",
        &[
            &index,
            &severity.as_label(),
            &workload.risk_score,
            &workload.suspicion_score,
            &workload.findings_total,
            &severity.as_label(),
            &severity,
            &workload.risk_score,
            &workload.suspicion_score,
        ],
    )?;
    page.put("<th scope=row><span class=kind>{}</span> <bdi>{}</bdi>", &[&workload.kind, &name(workload)])?;
    page.put("<td class=wide>{}", &[&workload.findings_total])?;
    if let Some(top) = workload.findings.first() {
        page.put(" <code class=top>{}</code>", &[&top.finding.rule])?;
    }
    page.put("<td class=wide><code>{}</code>", &[&place])?;
    if detailed && !workload.findings.is_empty() {
        page.put("<tr class=detail><td colspan=6><details><summary>", &[])?;
        let titles: Vec<&str> = workload.findings.iter().take(3).map(title).collect();
        page.put("{}", &[&titles.join(", ")])?;
        let more = workload.findings_total.saturating_sub(3);
        if more > 0 {
            page.put(" and {} more", &[&more])?;
        }
        page.put("</summary><div class=body>", &[])?;
        details(page, workload)?;
        page.put("</div></details>", &[])?;
    }
    page.put("</tbody>", &[])
}

/// `shop/backup`; without a namespace `backup`.
fn name(workload: &Workload) -> String {
    let name = if workload.name.as_str().is_empty() { "(no name)" } else { workload.name.as_str() };
    match workload.namespace.as_str() {
        "" => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    }
}

fn title(located: &Finding) -> &str {
    catalog::rule(&located.finding.rule).map_or(located.finding.rule.as_str(), |rule| rule.title)
}

fn details(page: &mut Page<'_>, workload: &Workload) -> io::Result<()> {
    let source = &workload.source;
    page.put(
        "<p class=source><code>{}:{}:{}</code>",
        &[&source.file, &source.position.line, &source.position.column],
    )?;
    if source.document > 1 {
        page.put(", document {}", &[&source.document])?;
    }
    if !source.item.is_empty() {
        page.put(", <code>{}</code>", &[&source.item])?;
    }
    page.put("</p><ol class=findings>", &[])?;
    for (index, located) in workload.findings.iter().enumerate() {
        let script = workload.detail.as_ref().and_then(|detail| detail.scripts.get(index)?.as_ref());
        finding(page, &source.file, located, script)?;
    }
    page.put("</ol>", &[])?;
    if workload.findings_omitted > 0 {
        page.put(
            "<p class=note>{} more findings are not listed; the score counts them.</p>",
            &[&workload.findings_omitted],
        )?;
    }
    match &workload.detail {
        Some(detail) => sum::write(page, workload, detail),
        None => Ok(()),
    }
}

fn finding(page: &mut Page<'_>, file: &str, located: &Finding, script: Option<&Script>) -> io::Result<()> {
    let finding = &located.finding;
    page.put(
        "<li><h3><span class=\"badge {}\">{}</span> {} <code>{}</code> <span class=points>{} points</span></h3>",
        &[&finding.severity.as_label(), &finding.severity, &title(located), &finding.rule, &finding.points],
    )?;
    page.put("<p>The workload {}.", &[&finding.message])?;
    attack::list(page, &finding.techniques)?;
    page.put(
        "</p><p class=place><code>{}:{}:{}</code> ",
        &[&file, &located.position.line, &located.position.column],
    )?;
    if let Some(container) = &finding.container {
        page.put("container <bdi>{}</bdi>, ", &[container])?;
    }
    page.put("<code>{}</code></p>", &[&finding.path])?;
    if !finding.evidence.as_str().is_empty() {
        page.put("<p class=evidence><code>{}</code></p>", &[&finding.evidence])?;
    }
    match script {
        Some(script) => excerpt(page, script),
        None => Ok(()),
    }
}

fn excerpt(page: &mut Page<'_>, script: &Script) -> io::Result<()> {
    page.put("<pre>", &[])?;
    if script.cut_before {
        page.put("…\n", &[])?;
    }
    for (index, line) in script.lines.iter().enumerate() {
        if index == script.marked {
            page.put("<mark>{}</mark>\n", &[line])?;
        } else {
            page.put("{}\n", &[line])?;
        }
    }
    if script.cut_after {
        page.put("…\n", &[])?;
    }
    page.put("</pre>", &[])
}
