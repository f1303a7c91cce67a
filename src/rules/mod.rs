//! The catalogue as people and machines read it: lists, pages, documentation, a layer for the ATT&CK Navigator.
//!
//! Everything here is made from the entries of [`crate::detect::catalog`] and the tables of [`crate::score`]. A page
//! is put together once, from [`document::Block`]s, and written as text or as Markdown.

mod document;
mod index;
mod json;
mod markdown;
mod navigator;
mod page;
mod plain;
mod scoring;

use crate::detect::Rule;
use crate::detect::catalog::{self, reserved};

/// The format of the catalogue, or of the page of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: a table of all rules, or the page of one as text.
    Table,
    /// One versioned JSON object.
    Json,
    /// Markdown.
    Markdown,
    /// A layer for the ATT&CK Navigator (format 4.5), for all rules.
    Navigator,
}

/// The whole catalogue in a format.
pub fn catalogue(format: Format) -> String {
    match format {
        Format::Table => plain::render(&[index::table()]),
        Format::Json => pretty(&json::catalogue()),
        Format::Markdown => markdown::render(&index::index()),
        Format::Navigator => pretty(&navigator::layer()),
    }
}

/// One rule in a format; none for the layer, which is made of all rules.
pub fn rule(rule: &'static Rule, format: Format) -> Option<String> {
    match format {
        Format::Table => Some(plain::render(&page::page(rule))),
        Format::Json => Some(pretty(&json::document(&[rule]))),
        Format::Markdown => Some(markdown::render(&page::page(rule))),
        Format::Navigator => None,
    }
}

/// The page of a rule without its heading, as text and as Markdown, for where the title already stands.
pub fn help(rule: &Rule) -> (String, String) {
    let page = page::page(rule);
    let body = page.get(1..).unwrap_or_default();
    (plain::render(body), markdown::render(body))
}

/// The files of the documentation: names and contents.
pub fn documentation() -> Vec<(String, String)> {
    let mut files = vec![
        ("README.md".to_owned(), markdown::render(&index::index())),
        ("scoring.md".to_owned(), markdown::render(&scoring::scoring())),
    ];
    files.extend(
        catalog::rules().map(|rule| (format!("{}.md", rule.id), markdown::render(&page::page(rule)))),
    );
    files
}

/// What there is instead of a rule of this id: what to tell the user.
pub fn unknown(id: &str) -> String {
    if let Some(reserved) = reserved::reserved(id) {
        return format!("{id} is reserved and has no rule yet. It waits for: {}", reserved.needs);
    }
    let mut near: Vec<(f64, &str)> = catalog::rules()
        .map(|rule| (strsim::jaro_winkler(id, rule.id), rule.id))
        .filter(|(likeness, _)| *likeness > NEAR)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let shown = crate::text::escaped(id);
    if near.is_empty() {
        return format!("no rule {shown}; `jobrisk rules` lists all");
    }
    let names: Vec<&str> = near.into_iter().take(3).map(|(_, id)| id).collect();
    format!("no rule {shown}; did you mean {}? `jobrisk rules` lists all", names.join(", "))
}

/// How alike an id has to be to be proposed, from 0 to 1.
const NEAR: f64 = 0.8;

/// A value as JSON, ended by a newline.
fn pretty(value: &impl serde::Serialize) -> String {
    // Nothing in it can fail: all keys are strings, and no number is infinite.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_id_brings_the_nearest_ones() {
        assert!(unknown("cmd-reverse-shel").contains("did you mean cmd-reverse-shell"));
        assert!(unknown("host-privilege").contains("host-privileged"));
        assert!(unknown("hostpath-via-pv").contains("reserved"));
        assert_eq!(unknown("\u{1b}[31m"), "no rule \\u{1b}[31m; `jobrisk rules` lists all");
    }

    #[test]
    fn every_page_has_its_parts_in_both_forms() {
        for entry in catalog::rules() {
            let text = rule(entry, Format::Table).unwrap();
            let markdown = rule(entry, Format::Markdown).unwrap();
            for (part, page) in [("WHAT IT MEANS", &text), ("## What it means", &markdown)] {
                assert!(page.contains(part), "{}: {part}", entry.id);
            }
            for page in [&text, &markdown] {
                assert!(page.contains("kubectl -n NAMESPACE"), "{}", entry.id);
                assert!(!page.contains("\n\n\n") && page.ends_with('\n'), "{}", entry.id);
                assert!(
                    page.chars().all(|character| character == '\n' || !character.is_control()),
                    "{}",
                    entry.id
                );
            }
        }
    }
}
