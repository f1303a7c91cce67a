//! Columns of text.

use std::io::{self, Write};

use super::paint::painted;

/// Marks that a cell was cut.
const ELLIPSIS: char = '…';

/// One cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    color: Option<&'static str>,
    /// Aligned to the right, as numbers are.
    right: bool,
}

impl Cell {
    /// A text in which no blanks are left, since they separate the columns; `-` if it is empty.
    pub(super) fn new(text: &str) -> Self {
        let visible = |character: char| if character.is_whitespace() { '\u{2423}' } else { character };
        let text = if text.is_empty() { "-".to_owned() } else { text.chars().map(visible).collect() };
        Self { text, ..Self::default() }
    }

    /// A number.
    pub(super) fn number(number: &(impl ToString + ?Sized)) -> Self {
        Self { right: true, ..Self::new(&number.to_string()) }
    }

    /// The same, at most so many characters long.
    pub(super) fn cut(mut self, limit: usize) -> Self {
        if self.text.chars().count() > limit {
            self.text = self.text.chars().take(limit.saturating_sub(1)).chain([ELLIPSIS]).collect();
        }
        self
    }

    /// The same in a colour.
    pub(super) fn colored(self, color: Option<&'static str>) -> Self {
        Self { color, ..self }
    }

    /// The same with a remark behind it. No text of a cell has a blank, so that none can look like one with a remark.
    pub(super) fn remark(mut self, remark: &str) -> Self {
        self.text.push(' ');
        self.text.push_str(remark);
        self
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }

    fn push_to(&self, line: &mut String, width: usize) {
        let blanks = std::iter::repeat_n(' ', width.saturating_sub(self.width()));
        if self.right {
            line.extend(blanks.clone());
        }
        match self.color {
            Some(color) => line.push_str(&painted(&self.text, color)),
            None => line.push_str(&self.text),
        }
        if !self.right {
            line.extend(blanks);
        }
    }
}

/// The widths of the columns of some rows.
pub(super) fn widths<'a>(rows: impl IntoIterator<Item = &'a Vec<Cell>>) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    widths
}

/// A row as a line, without the line break.
pub(super) fn line(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        if !line.is_empty() {
            line.push_str("  ");
        }
        cell.push_to(&mut line, *width);
    }
    line.truncate(line.trim_end().len());
    line
}

/// Writes rows one below the other.
pub(super) fn write(rows: &[Vec<Cell>], out: &mut dyn Write) -> io::Result<()> {
    let widths = widths(rows);
    rows.iter().try_for_each(|row| writeln!(out, "{}", line(row, &widths)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_colours_take_no_room() {
        let rows = [
            vec![Cell::new("NAME"), Cell::new("N"), Cell::new("LAST")],
            vec![Cell::new("a b"), Cell::number(&7), Cell::new("x").colored(Some("31"))],
            vec![Cell::new("").remark("(gone)"), Cell::number(&1234), Cell::new("long-text").cut(5)],
        ];
        let mut out = Vec::new();
        write(&rows, &mut out).unwrap();
        let expected = "NAME      N     LAST\n\
                        a␣b          7  \u{1b}[31mx\u{1b}[0m\n\
                        - (gone)  1234  long…\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
