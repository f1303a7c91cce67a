//! One step inside an open quote, expansion, arithmetic or array.

use super::builder::Mode;
use super::parser::Parser;
use super::token::Cursor;

impl Parser<'_> {
    /// One step inside `"…"` or a here-document.
    pub(super) fn in_quotes(&mut self, cur: &mut Cursor<'_>, c: char, double: bool) {
        match c {
            '"' if double => {
                cur.bump();
                if let Some(Mode::Double(start)) = self.pop_mode()
                    && start >= self.word().text.len()
                {
                    self.word().push_empty_quotes();
                }
            }
            '\\' => {
                cur.bump();
                if cur.peek() == Some('`') && self.backticks() > 0 {
                    self.inner_backtick(cur);
                    return;
                }
                match cur.peek() {
                    Some('\n') => {
                        cur.bump();
                    }
                    Some(c) if matches!(c, '$' | '`' | '\\') || (c == '"' && double) => {
                        cur.bump();
                        self.word().push_quoted(c.encode_utf8(&mut [0; 4]), false);
                    }
                    _ => self.word().push_quoted("\\", false),
                }
            }
            '$' => self.dollar(cur),
            '`' => self.backtick(cur),
            _ => {
                let text = cur.take_while(|c| !matches!(c, '"' | '\\' | '$' | '`'));
                let text = if text.is_empty() { cur.bump().map_or("", |_| "\"") } else { text };
                let word = self.word();
                let start = matches!(word.modes.last(), Some(Mode::Double(at)) if *at == word.text.len());
                word.push_quoted(text, start && word.modes.len() == 1);
            }
        }
    }

    /// One step inside the operand of `${…}`.
    pub(super) fn in_param(&mut self, cur: &mut Cursor<'_>, c: char, quoted: bool) {
        match c {
            '}' => {
                cur.bump();
                if let Some(Mode::Param(operation)) = self.pop_mode() {
                    self.finish_param(&operation);
                }
            }
            '\\' => {
                cur.bump();
                if let Some(c) = cur.bump() {
                    self.word().text.push(c);
                }
            }
            '\'' if !quoted => {
                cur.bump();
                let text = cur.take_until('\'');
                self.word().text.push_str(text);
            }
            '"' => {
                cur.bump();
                let start = self.word().text.len();
                self.push_mode(Mode::Double(start));
            }
            '$' => self.dollar(cur),
            '`' => self.backtick(cur),
            _ => self.raw(cur, |c| !matches!(c, '}' | '\\' | '\'' | '"' | '$' | '`')),
        }
    }

    fn raw(&mut self, cur: &mut Cursor<'_>, ok: impl Fn(char) -> bool) {
        let text = cur.take_while(ok);
        let word = self.word();
        if text.is_empty() {
            word.text.extend(cur.bump());
        } else {
            word.text.push_str(text);
        }
    }

    /// One step inside `$((…))` or `((…))`.
    pub(super) fn in_arithmetic(&mut self, cur: &mut Cursor<'_>, c: char) {
        match c {
            '$' => self.dollar(cur),
            '`' => self.backtick(cur),
            '(' | ')' => {
                cur.bump();
                self.word().text.push(c);
                self.parenthesis(c);
            }
            _ => self.raw(cur, |c| !matches!(c, '$' | '`' | '(' | ')')),
        }
    }

    /// One step inside `name=(…)`.
    pub(super) fn in_array(&mut self, cur: &mut Cursor<'_>, c: char) {
        // A mark in front of the value says that it is an array, until the assignment is stored.
        let word = self.word();
        if word.assign == Some(word.text.len()) {
            word.text.push('\u{1}');
        }
        match c {
            '$' => self.dollar(cur),
            '`' => self.backtick(cur),
            '\'' => {
                cur.bump();
                let text = cur.take_until('\'');
                self.word().push_quoted(text, false);
            }
            '"' => {
                cur.bump();
                let start = self.word().text.len();
                self.push_mode(Mode::Double(start));
            }
            '\\' => {
                cur.bump();
                self.word().text.extend(cur.bump());
            }
            '(' | ')' => {
                cur.bump();
                self.parenthesis(c);
            }
            '#' if self.word().text.ends_with(['\u{1}', ' ']) => {
                cur.take_while(|c| c != '\n');
            }
            c if c.is_whitespace() => {
                cur.take_while(char::is_whitespace);
                let word = self.word();
                if !word.text.ends_with(['\u{1}', ' ']) {
                    word.text.push(' ');
                }
            }
            _ => self
                .raw(cur, |c| !matches!(c, '$' | '`' | '(' | ')' | '\'' | '"' | '\\') && !c.is_whitespace()),
        }
    }

    /// Counts parentheses in arithmetic and arrays.
    fn parenthesis(&mut self, c: char) {
        let mut closed = false;
        if let Some(Mode::Arith(open) | Mode::Array(open)) = self.word().modes.last_mut() {
            *open = if c == '(' { *open + 1 } else { open.saturating_sub(1) };
            closed = *open == 0;
        }
        if closed {
            self.pop_mode();
        }
    }
}
