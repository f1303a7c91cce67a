//! A line as text: JSON without characters that could be taken for a command, with a line break at its end, and short
//! enough that a pipe takes it whole.

use std::fmt::Write as _;

use serde::Serialize;

use super::Line;
use crate::text::is_unsafe;

/// The longest line in bytes, its line break included: what a pipe takes whole or not at all (`PIPE_BUF` of Linux),
/// whatever else is written to it. Container runtimes take lines of up to 16 KiB apart only beyond that.
pub const MAX_LINE: usize = 4096;

impl Line {
    /// The line as it is written. As many of the worst findings stand in it as have room.
    ///
    /// Nothing for a line that is too long without any finding, which none about an object of an API server is.
    pub fn text(mut self) -> Option<String> {
        loop {
            let mut text = in_one_line(&self)?;
            text.push('\n');
            if text.len() <= MAX_LINE {
                return Some(text);
            }
            let details = self.details.as_mut()?;
            if details.findings.pop().is_none() {
                // They are worst first, and what is missing is counted by nothing but `findingsTotal`.
                details.rules.pop()?;
            }
        }
    }
}

/// A value as JSON in one line. Characters that a terminal or a reader could take for a command are written as their
/// numbers, which is the same text to whoever parses it.
pub(super) fn in_one_line(value: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(value).ok()?;
    if !json.chars().any(is_unsafe) {
        return Some(json);
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if is_unsafe(character) {
            // Only strings hold such characters, and writing to a String cannot fail.
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Some(safe)
}
