//! The score as a sum that can be redone by hand.

use std::io;

use super::detail::Detail;
use super::markup::Page;
use crate::output::Workload;
use crate::score::{BANDS, Floor, Formula, MAX_SCORE, TWENTIETHS, decimal};
use crate::severity::Severity;

pub(super) fn write(page: &mut Page<'_>, workload: &Workload, detail: &Detail) -> io::Result<()> {
    let explanation = &workload.explanation;
    page.put(
        "<table class=sum><caption>How the score comes about</caption><thead><tr><th scope=col>Family\
         <th scope=col>Points × weight<th scope=col class=n>Score</thead><tbody>",
        &[],
    )?;
    let mut families = Vec::new();
    for (family, summands) in &detail.families {
        page.put("<tr><th scope=row>{}<td>", &[&family.title()])?;
        let formula = Formula::new(*family, summands.clone());
        for (index, summand) in summands.iter().enumerate() {
            let plus = if index == 0 { "" } else { " + " };
            page.put(
                "{}<span title=\"{}\">{}{}</span>",
                &[&plus, &summand.rule.id, &summand.points, &summand.times()],
            )?;
        }
        page.put("{}", &[&formula.result()])?;
        families.push(formula.points);
        page.put("<td class=n>{}", &[&formula.points])?;
    }
    if explanation.combination > 0 {
        let smaller = explanation.host.min(explanation.command);
        page.put(
            "<tr><th scope=row>Combination<td>a quarter of the smaller of host ({}) and command ({}) = {}",
            &[&explanation.host, &explanation.command, &decimal(smaller * (TWENTIETHS / 4))],
        )?;
        if smaller % 4 != 0 {
            page.put(", rounded {}", &[&explanation.combination])?;
        }
        page.put("<td class=n>{}", &[&explanation.combination])?;
    }
    page.put("<tr class=total><th scope=row>Total<td>", &[])?;
    let sum: i32 = families.iter().sum::<i32>() + explanation.combination;
    if sum > MAX_SCORE {
        page.put("{}, at most {}", &[&sum, &MAX_SCORE])?;
    }
    page.put("<td class=n>{}</tbody></table>", &[&explanation.total])?;
    verdict(page, explanation.total, &detail.floors)
}

/// The severity: the band of the total, and the floors that raise it.
fn verdict(page: &mut Page<'_>, total: i32, floors: &[&Floor]) -> io::Result<()> {
    match BANDS.iter().find(|(lowest, _)| total >= *lowest) {
        Some((lowest, band)) => page.put("<p>A score from {} on is <b>{}</b>.", &[lowest, band])?,
        None => page.put("<p>So low a score is <b>{}</b>.", &[&Severity::None])?,
    }
    if floors.is_empty() {
        return page.put("</p>", &[]);
    }
    page.put(" Whatever the sum, the severity is not below:</p><ul>", &[])?;
    for floor in floors {
        page.put("<li><b>{}</b>: {} (<code>{}</code>)", &[&floor.severity, &floor.reason, &floor.id])?;
    }
    page.put("</ul>", &[])
}
