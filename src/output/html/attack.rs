//! The ATT&CK techniques that were found, by tactic.

use std::collections::BTreeMap;
use std::io;

use super::markup::Page;
use crate::detect::catalog::attack::{TACTICS, Technique, VERSION, technique};
use crate::output::Workload;

pub(super) fn write<'w>(
    page: &mut Page<'_>,
    workloads: impl Iterator<Item = &'w Workload>,
) -> io::Result<()> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for workload in workloads {
        for id in &workload.techniques {
            *counts.entry(id).or_default() += 1;
        }
    }
    if counts.is_empty() {
        return Ok(());
    }
    page.put(
        "<section aria-labelledby=attack><h2 id=attack>ATT&amp;CK techniques</h2>\
         <p class=note>By tactic, with the number of workloads; ATT&amp;CK {}.</p><div class=matrix>",
        &[&VERSION],
    )?;
    for (tactic, name) in TACTICS {
        let hit: Vec<(&Technique, usize)> = counts
            .iter()
            .filter_map(|(id, count)| Some((technique(id)?, *count)))
            .filter(|(technique, _)| technique.tactics.contains(&tactic))
            .collect();
        if hit.is_empty() {
            continue;
        }
        page.put("<div class=tactic><h3>{}</h3><ul>", &[&name])?;
        for (technique, count) in hit {
            page.put("<li><span class=n>{}</span> ", &[&count])?;
            link(page, technique)?;
        }
        page.put("</ul></div>", &[])?;
    }
    page.put("</div></section>", &[])
}

/// The techniques of a finding.
pub(super) fn list(page: &mut Page<'_>, ids: &[String]) -> io::Result<()> {
    for id in ids {
        page.put(" ", &[])?;
        match technique(id) {
            Some(technique) => page.put(
                "<a class=technique rel=\"noreferrer noopener\" href=\"{}\" title=\"{}\">{}</a>",
                &[&technique.url(), &technique.name, id],
            )?,
            None => page.put("<span class=technique>{}</span>", &[id])?,
        }
    }
    Ok(())
}

fn link(page: &mut Page<'_>, technique: &Technique) -> io::Result<()> {
    // The name of a sub-technique without that of its parent.
    let short = technique.name.rsplit_once(": ").map_or(technique.name, |(_, own)| own);
    page.put(
        "<a rel=\"noreferrer noopener\" href=\"{}\" title=\"{}\"><code>{}</code> {}</a>",
        &[&technique.url(), &technique.name, &technique.id, &short],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::catalog::attack::TECHNIQUES;

    #[test]
    fn every_tactic_has_its_place() {
        for tactic in TECHNIQUES.iter().flat_map(|technique| technique.tactics) {
            assert!(TACTICS.iter().any(|(known, _)| known == tactic), "{tactic}");
        }
    }
}
