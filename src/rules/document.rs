//! The parts of a page, before it is text for a terminal or Markdown.

/// A page: what is written is written once, for both.
pub(super) type Document = Vec<Block>;

/// The page as `write` writes its blocks, with a blank line between them.
pub(super) fn render(document: &[Block], write: fn(&mut String, &Block)) -> String {
    let mut out = String::new();
    for block in document {
        if !out.is_empty() {
            out.push('\n');
        }
        write(&mut out, block);
    }
    out
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading; level 1 is the page's.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list with bullets.
    Bullets(Vec<Vec<Inline>>),
    /// A numbered list; each entry can have a command below.
    Steps(Vec<Step>),
    /// Lines as they are, with the language for a highlighter.
    Code(&'static str, String),
    /// A table: titles and rows.
    Table(Vec<&'static str>, Vec<Vec<Vec<Inline>>>),
}

/// An entry of a numbered list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) text: Vec<Inline>,
    pub(super) command: Option<String>,
}

/// Text within a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inline {
    /// Plain text.
    Text(String),
    /// Something literal: an id, a path, a field.
    Code(String),
    /// A link: its text and its address.
    Link(String, String),
}

/// Plain text.
pub(super) fn text(text: impl Into<String>) -> Inline {
    Inline::Text(text.into())
}

/// Something literal.
pub(super) fn code(text: impl Into<String>) -> Inline {
    Inline::Code(text.into())
}

/// A link.
pub(super) fn link(text: impl Into<String>, address: impl Into<String>) -> Inline {
    Inline::Link(text.into(), address.into())
}

/// Words, with what stands between backticks as something literal.
pub(super) fn prose(words: &str) -> Vec<Inline> {
    let parts = words.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(index, part)| if index % 2 == 0 { text(part) } else { code(part) }).collect()
}

/// A paragraph of words.
pub(super) fn paragraph(words: impl AsRef<str>) -> Block {
    Block::Paragraph(prose(words.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_mark_what_is_literal() {
        assert_eq!(prose("run `a b`, then c"), [text("run "), code("a b"), text(", then c")]);
        assert_eq!(prose("`a`"), [code("a")]);
    }
}
