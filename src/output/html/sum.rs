//! The score as a sum that can be redone by hand.

use std::fmt::Write as _;
use std::io;

use super::detail::Detail;
use super::markup::Page;
use crate::output::Workload;
use crate::score::{self, BANDS, Family, Floor, MAX_SCORE, TWENTIETHS};
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
        page.put("<tr><th scope=row>{}<td>", &[&name(*family)])?;
        for (index, summand) in summands.iter().enumerate() {
            let plus = if index == 0 { "" } else { " + " };
            let weight = weight(summand.weight);
            page.put(
                "{}<span title=\"{}\">{}{}</span>",
                &[&plus, &summand.rule.id, &summand.points, &weight],
            )?;
        }
        let counted: i32 = summands.iter().map(|summand| summand.points * summand.weight).sum();
        let rounded = score::weighted(summands.iter().map(|summand| summand.points).collect());
        if counted % TWENTIETHS != 0 {
            page.put(" = {}, rounded {}", &[&decimal(counted), &rounded])?;
        } else if summands.len() > 1 {
            page.put(" = {}", &[&rounded])?;
        }
        if rounded > family.cap() {
            page.put(", at most {}", &[&family.cap()])?;
        }
        families.push(rounded.min(family.cap()));
        page.put("<td class=n>{}", &[&rounded.min(family.cap())])?;
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

const fn name(family: Family) -> &'static str {
    match family {
        Family::Host => "Host access",
        Family::Command => "Command",
        Family::Image => "Image",
        Family::Identity => "Identity",
        Family::Placement => "Placement",
        Family::Schedule => "Schedule and scale",
        Family::Evidence => "Traces and disguises",
        Family::Network => "Network",
    }
}

/// ` × 0.6`; nothing for the whole.
fn weight(twentieths: i32) -> String {
    if twentieths == TWENTIETHS { String::new() } else { format!(" × {}", decimal(twentieths)) }
}

/// A number of twentieths with as many decimals as it needs.
fn decimal(twentieths: i32) -> String {
    let mut text = (twentieths / TWENTIETHS).to_string();
    let hundredths = twentieths % TWENTIETHS * (100 / TWENTIETHS);
    if hundredths % 10 != 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ".{hundredths:02}");
    } else if hundredths != 0 {
        let _ = write!(text, ".{}", hundredths / 10);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (twentieths, expected) in
            [(0, "0"), (3, "0.15"), (12, "0.6"), (20, "1"), (1121, "56.05"), (1110, "55.5")]
        {
            assert_eq!(decimal(twentieths), expected);
        }
        assert_eq!((weight(20), weight(8)), (String::new(), " × 0.4".to_owned()));
    }
}
