//! Expressions of code as far as they are made of literals: arguments, assignments, texts that are joined.

use std::collections::HashMap;

use super::MAX_ARGUMENTS;
use super::literal::{floor, literal};

/// The most literals that are read in the arguments of one call.
const MAX_LITERALS: usize = 32;
/// The most assignments that are read in one text.
const MAX_VALUES: usize = 256;

/// Variables that code sets to literals, for calls that name them.
#[derive(Default)]
pub(super) struct Assigned {
    values: HashMap<String, Vec<String>>,
}

impl Assigned {
    /// Reads `name = LITERAL`, `$name='…'`, `const name = […]`; the first [`MAX_VALUES`].
    pub(super) fn of(code: &str) -> Self {
        let mut known = Self::default();
        // Reading a value costs up to MAX_ARGUMENTS.
        let mut left = MAX_VALUES;
        for (at, _) in code.match_indices('=') {
            let after = code.get(at + 1..).unwrap_or_default();
            let value = after.trim_start();
            if !value.starts_with(['"', '\'', '[', '(', '`']) {
                continue;
            }
            let before = code.get(..at).unwrap_or_default().trim_end();
            let start = before.rfind(|c: char| !is_name(c)).map_or(0, |at| at + 1);
            let name = before.get(start..).unwrap_or_default();
            // `a == "b"`, `{"a"="b"}`, and keyword arguments of calls are no assignments.
            let opens = before.get(..start).unwrap_or_default().trim_end().ends_with(['(', ',']);
            if name.is_empty() || opens {
                continue;
            }
            if left == 0 {
                break;
            }
            left -= 1;
            let literals = arguments(value, &Self::default()).0;
            if !literals.is_empty() {
                known.values.insert(name.to_owned(), literals);
            }
        }
        known
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The literals of an expression or an argument list, as far as it goes on, and whether there is a list in it.
/// Literals that are joined, `"a" + "b"`, `"a" "b"`, `'a'.'b'`, `"".join(["a", "b"])`, are one.
pub(super) fn arguments(text: &str, known: &Assigned) -> (Vec<String>, bool) {
    let text = text.get(..floor(text, MAX_ARGUMENTS)).unwrap_or_default();
    let mut literals: Vec<String> = Vec::new();
    let (mut depth, mut list) = (0_i32, false);
    // The depth at which a `join` is open, and what it puts in between.
    let mut join: Option<(i32, String)> = None;
    let mut joins_next = false;
    let mut at = 0;
    while let Some(letter) = text.get(at..).and_then(|text| text.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        match letter {
            '"' | '\'' | '`' => {
                let (piece, end) = literal(text, at);
                at = end;
                let glue = join.as_ref().map(|(_, glue)| glue.as_str());
                match (literals.last_mut(), glue) {
                    (Some(before), _) if joins_next => before.push_str(&piece),
                    (Some(before), Some(glue)) => {
                        if !before.is_empty() {
                            before.push_str(glue);
                        }
                        before.push_str(&piece);
                    }
                    _ => literals.push(piece),
                }
                joins_next = true;
                if literals.len() >= MAX_LITERALS {
                    break;
                }
                continue;
            }
            '.' if rest.starts_with(".join(") && joins_next => {
                join = Some((depth, literals.pop().unwrap_or_default()));
                literals.push(String::new());
                joins_next = false;
                at += 5;
                continue;
            }
            '+' | '.' | ' ' | '\t' | '\n' if joins_next && depth > 0 || matches!(letter, '+' | ' ') => {}
            '(' => depth += 1,
            '[' => {
                list |= join.is_none();
                depth += 1;
                joins_next = false;
            }
            ')' | ']' => {
                depth -= 1;
                joins_next = false;
                if join.as_ref().is_some_and(|(open, _)| depth <= *open) {
                    join = None;
                }
                if depth <= 0 {
                    break;
                }
            }
            // Callbacks and the next statement.
            '{' | ';' | '\n' | '=' if depth <= 1 && !literals.is_empty() => break,
            _ if is_name(letter) => {
                let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                let name = rest.get(..end).unwrap_or_default();
                at += end;
                // A prefix of a literal: `b"…"`, `r'…'`.
                if text.get(at..).is_some_and(|next| next.starts_with(['"', '\''])) && end <= 2 {
                    continue;
                }
                joins_next = false;
                if let Some(values) = known.values.get(name) {
                    let element = text.get(at..).is_some_and(|next| next.starts_with('['));
                    list |= values.len() > 1 && !element;
                    literals.extend(values.iter().take(if element { 1 } else { MAX_LITERALS }).cloned());
                }
                if literals.is_empty() && at > 256 {
                    break;
                }
                continue;
            }
            _ => joins_next = false,
        }
        at += letter.len_utf8();
        // A call whose arguments are computed has no literal soon, and text that only looks like calls none at all.
        if depth > 16 || literals.is_empty() && at > 256 {
            break;
        }
    }
    (literals, list)
}
