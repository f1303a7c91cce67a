//! A page as Markdown, in the dialect of GitHub.

use std::fmt::Write as _;

use super::document::{self, Block, Inline};

/// The page as Markdown.
pub(super) fn render(document: &[Block]) -> String {
    document::render(document, block)
}

fn block(out: &mut String, block: &Block) {
    // Writing to a String cannot fail, here and below.
    match block {
        Block::Heading(level, title) => {
            let _ = writeln!(out, "{} {}", "#".repeat(usize::from(*level)), escape(title));
        }
        Block::Paragraph(inlines) => {
            let _ = writeln!(out, "{}", inline(inlines));
        }
        Block::Bullets(items) => {
            for item in items {
                let _ = writeln!(out, "- {}", inline(item));
            }
        }
        Block::Steps(steps) => {
            for (index, step) in steps.iter().enumerate() {
                let _ = writeln!(out, "{}. {}", index + 1, inline(&step.text));
                if let Some(command) = &step.command {
                    let _ = write!(out, "\n   ```sh\n   {command}\n   ```\n\n");
                }
            }
            // A blank line follows the last command; the next block brings one of its own.
            while out.ends_with("\n\n") {
                out.pop();
            }
        }
        Block::Code(language, lines) => {
            let _ = writeln!(out, "```{language}\n{}\n```", lines.trim_end());
        }
        Block::Table(titles, rows) => {
            let _ = writeln!(out, "| {} |", titles.join(" | "));
            let _ = writeln!(out, "|{}", "---|".repeat(titles.len()));
            for row in rows {
                let cells: Vec<String> = row.iter().map(|cell| inline(cell).replace('|', "\\|")).collect();
                let _ = writeln!(out, "| {} |", cells.join(" | "));
            }
        }
    }
}

fn inline(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.push_str(&escape(text)),
            Inline::Code(text) => {
                let _ = write!(out, "`{text}`");
            }
            Inline::Link(text, address) if text == address => {
                let _ = write!(out, "<{address}>");
            }
            Inline::Link(text, address) => {
                let _ = write!(out, "[{}]({address})", escape(text));
            }
        }
    }
    out
}

/// Escapes what Markdown would take for a mark. An underscore or a dash inside a word is none.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        let between_letters = || {
            let before = text.get(..index).and_then(|before| before.chars().next_back());
            let after = text.get(index + character.len_utf8()..).and_then(|after| after.chars().next());
            before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
        };
        if matches!(character, '*' | '`' | '[' | ']' | '<' | '>' | '\\' | '~')
            || (character == '_' && !between_letters())
        {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::document::{code, link, text};
    use super::*;

    #[test]
    fn words_stay_words() {
        assert_eq!(escape("a_b and *.c <d> [e]"), "a_b and \\*.c \\<d\\> \\[e\\]");
        let cells = vec![vec![vec![text("a|b")], vec![code("c"), text(", "), link("d", "d.md")]]];
        assert_eq!(
            render(&[Block::Table(vec!["x", "y"], cells)]),
            "| x | y |\n|---|---|\n| a\\|b | `c`, [d](d.md) |\n"
        );
    }
}
