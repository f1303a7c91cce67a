//! A page as text for a terminal.

use std::fmt::Write as _;

use super::document::{self, Block, Inline};

/// The width at which text is wrapped, in characters. Commands are not: they have to be copied whole.
const WIDTH: usize = 100;

/// The page as text.
pub(super) fn render(document: &[Block]) -> String {
    document::render(document, block)
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Heading(1, title) => {
            let line = "=".repeat(title.chars().count());
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(out, "{title}\n{line}");
        }
        Block::Heading(_, title) => {
            let _ = writeln!(out, "{}", title.to_uppercase());
        }
        Block::Paragraph(inlines) => wrap(out, "", "", &flat(inlines)),
        Block::Bullets(items) => {
            for item in items {
                wrap(out, "  - ", "    ", &flat(item));
            }
        }
        Block::Steps(steps) => {
            for (index, step) in steps.iter().enumerate() {
                wrap(out, &format!("{:>3}. ", index + 1), "     ", &flat(&step.text));
                if let Some(command) = &step.command {
                    let _ = writeln!(out, "       {command}");
                }
            }
        }
        Block::Code(_, lines) => {
            for line in lines.lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
        Block::Table(titles, rows) => table(out, titles, rows),
    }
}

/// A table with columns as wide as their longest cell; the last one is not filled up.
pub(super) fn table(out: &mut String, titles: &[&str], rows: &[Vec<Vec<Inline>>]) {
    let mut lines: Vec<Vec<String>> = vec![titles.iter().map(|title| title.to_uppercase()).collect()];
    lines.extend(rows.iter().map(|row| row.iter().map(|cell| flat(cell)).collect()));
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    for line in &lines {
        let mut written = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(written, "{cell:width$}  ");
        }
        let _ = writeln!(out, "{}", written.trim_end());
    }
}

/// The words of a text. A link to another page of the documentation has no address here that helps.
fn flat(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Link(text, address) if text != address && address.starts_with("https://") => {
                let _ = write!(out, "{text} ({address})");
            }
            Inline::Text(text) | Inline::Code(text) | Inline::Link(text, _) => out.push_str(text),
        }
    }
    out
}

fn wrap(out: &mut String, first: &str, further: &str, text: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            further.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(&line);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::document::{Step, code, link, paragraph, text};
    use super::*;

    #[test]
    fn text_is_wrapped_and_commands_are_not() {
        let long = "word ".repeat(40);
        let command = format!("kubectl {long}");
        let page = render(&[
            Block::Heading(1, "Title".to_owned()),
            paragraph(long.clone()),
            Block::Steps(vec![Step { text: vec![text(long)], command: Some(command.clone()) }]),
        ]);
        assert!(page.starts_with("Title\n=====\n\nword word"));
        assert!(page.contains(&command));
        assert!(
            page.lines().filter(|line| !line.contains("kubectl")).all(|line| line.len() <= WIDTH),
            "{page}"
        );
        assert!(page.contains("\n  1. word"));
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut out = String::new();
        let rows = vec![
            vec![vec![code("a")], vec![link("x", "x.md")]],
            vec![vec![code("long")], vec![link("y", "https://y.test/")]],
        ];
        table(&mut out, &["id", "name"], &rows);
        assert_eq!(out, "ID    NAME\na     x\nlong  y (https://y.test/)\n");
    }
}
