//! The only way into the page: markup that stands in this program, filled with text that is escaped.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a page.
///
/// Markup has to be `'static`, so that nothing of the input can be taken for it, and every value that is put into it is
/// escaped. There is no way to write a value as it is.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    /// Writes `markup` with its `{}` replaced by the values, in order. They are safe between tags and between double
    /// quotes, but not as a whole URL, a style or a script.
    pub(super) fn put(&mut self, markup: &'static str, values: &[&dyn Display]) -> io::Result<()> {
        debug_assert_eq!(markup.matches("{}").count(), values.len(), "{markup}");
        let mut pieces = markup.split("{}");
        self.out.write_all(pieces.next().unwrap_or_default().as_bytes())?;
        for (piece, value) in pieces.zip(values) {
            self.text(&value.to_string())?;
            self.out.write_all(piece.as_bytes())?;
        }
        Ok(())
    }

    /// Writes a style or script of this program, which may have braces.
    pub(super) fn asset(&mut self, text: &'static str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
            let (plain, special) = rest.split_at(at);
            self.out.write_all(plain.as_bytes())?;
            self.out.write_all(match special.as_bytes().first() {
                Some(b'<') => b"&lt;",
                Some(b'>') => b"&gt;",
                Some(b'&') => b"&amp;",
                Some(b'"') => b"&quot;",
                _ => b"&#39;",
            })?;
            rest = special.get(1..).unwrap_or_default();
        }
        self.out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_wherever_they_stand() {
        let mut out = Vec::new();
        let mut page = Page::new(&mut out);
        page.put("<a title=\"{}\">{}</a>{}", &[&"\"><img onerror='x'>", &"</a><script>&amp;", &7]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<a title=\"&quot;&gt;&lt;img onerror=&#39;x&#39;&gt;\">&lt;/a&gt;&lt;script&gt;&amp;amp;</a>7"
        );
    }
}
