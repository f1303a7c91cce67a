//! The result in print.

use std::fmt::Write as _;

use super::measure::{Miss, Result, Tally};
use super::rewrite;

/// The tables; with `details`, every miss with what is left of the workload.
pub(crate) fn print(title: &str, result: &Result, details: bool) -> String {
    let mut out = String::new();
    writeln!(
        out,
        "{title}: {} samples, {} rewritten, {} kept their verdict ({:.2} %)",
        result.samples,
        result.total.tried,
        result.total.held,
        result.total.percent()
    )
    .unwrap();
    for name in &result.unfit {
        writeln!(out, "  not used, its verdict as it stands is another one: {name}").unwrap();
    }
    writeln!(out, "\n  {:<24} {:>14} {:>16}  an example of a miss", "rewrite", "alone", "with others")
        .unwrap();
    for entry in rewrite::all() {
        let Some(both) = result.by_rewrite.get(entry.name) else { continue };
        let miss = both.alone.misses.first().or(both.together.misses.first());
        writeln!(
            out,
            "  {:<24} {:>14} {:>16}  {}",
            entry.name,
            share(&both.alone),
            share(&both.together),
            example(miss)
        )
        .unwrap();
    }
    writeln!(out, "\n  {:<24} {:>14}  an example of a miss", "class", "all").unwrap();
    for (class, tally) in &result.by_class {
        writeln!(out, "  {class:<24} {:>14}  {}", share(tally), example(tally.misses.first())).unwrap();
    }
    if details {
        for miss in &result.total.misses {
            writeln!(
                out,
                "\n{} [{}] is {}\n{}",
                miss.sample,
                miss.rewrites.join(" + "),
                miss.got.as_str(),
                miss.object
            )
            .unwrap();
        }
    }
    out
}

fn share(tally: &Tally) -> String {
    if tally.tried == 0 { "-".to_owned() } else { format!("{}/{}", tally.held, tally.tried) }
}

fn example(miss: Option<&Miss>) -> String {
    miss.map(|miss| format!("{} [{}]: {}", miss.sample, miss.rewrites.join(" + "), miss.got.as_str()))
        .unwrap_or_default()
}
