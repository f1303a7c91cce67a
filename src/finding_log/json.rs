//! A line as text: JSON without characters that could be taken for a command, with a line break at its end, and short
//! enough that a pipe takes it whole.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Details, Line};
use crate::api::report::{Actor, Attribution};
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
            self.details.as_mut()?.shorten()?;
        }
    }
}

impl Details {
    /// Leaves out what is missed least; nothing when there is nothing more to leave out.
    fn shorten(&mut self) -> Option<()> {
        let verified = self.attribution.as_ref().is_some_and(|who| who.verified);
        // What anybody may write into an annotation costs no finding its place.
        if !verified && self.attribution.as_mut().is_some_and(keep_the_user) {
            return Some(());
        }
        // They are worst first, and what is missing is counted by nothing but `findingsTotal`.
        if self.findings.pop().is_some() || self.attribution.as_mut().is_some_and(keep_the_user) {
            return Some(());
        }
        if self.attribution.take().is_some() {
            return Some(());
        }
        self.rules.pop().map(|_| ())
    }
}

/// Leaves the name of the user and the hints. Says whether there was more.
fn keep_the_user(attribution: &mut Attribution) -> bool {
    let user = Actor { user: attribution.actor.user.clone(), ..Actor::default() };
    let more = attribution.created_by.is_some() || attribution.actor != user;
    attribution.created_by = None;
    attribution.actor = user;
    more
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
