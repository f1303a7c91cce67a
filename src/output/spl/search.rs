//! The six expressions of the Splunk search, as they are: over the text of the request, not over its fields.
//!
//! The text is the JSON of the object as Go writes it, without blanks between its tokens. No expression can match
//! beyond a key or a string in it: none names a quote, and `\s` finds no blank outside. So each is matched on its own,
//! escaped as in the JSON: `\n` is a backslash and an `n` there, which together with `cat` is `ncat`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;

use crate::manifest::Manifest;
use crate::text::SafeText;

/// The expressions, in the order of their columns. `\s` is that of PCRE: ASCII only.
const EXPRESSIONS: [&str; 6] = [
    "(alpine|busybox|ubuntu|debian|kali|python|perl|ruby|php|ncat|netcat|nmap|masscan)",
    r"(?-u)(curl|wget|bash\s+-i|/dev/tcp|nc\s+|ncat|python\s+-c|perl\s+-e|ruby\s+-e|chmod\s+\+x|base64\s+-d|eval|/bin/sh\s+-c|/bin/bash\s+-c|mkfifo|socat)",
    "hostPath",
    "privileged",
    "hostNetwork",
    r"(/etc|/proc|/sys|/var/run/docker\.sock)",
];

static COMPILED: LazyLock<Vec<Regex>> =
    LazyLock::new(|| EXPRESSIONS.iter().filter_map(|expression| Regex::new(expression).ok()).collect());

/// What the search says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRow {
    /// `metadata.creationTimestamp`, which a manifest seldom has.
    pub(super) time: SafeText,
    /// One for each of the expressions.
    pub(super) matches: [bool; 6],
}

impl SearchRow {
    /// Applies the search to a manifest.
    ///
    /// # Errors
    /// When the object is too large because of its aliases.
    pub fn of(manifest: &Manifest<'_>) -> Result<Self, &'static str> {
        let mut matches = [false; 6];
        manifest.strings(&mut |text| {
            let text = as_in_json(text);
            for (matched, expression) in matches.iter_mut().zip(COMPILED.iter()) {
                *matched = *matched || expression.is_match(&text);
            }
        })?;
        let time = SafeText::new(manifest.text("metadata.creationTimestamp").unwrap_or_default(), 40);
        Ok(Self { time, matches })
    }

    /// The sum of the six.
    pub(super) fn score(&self) -> usize {
        self.matches.iter().filter(|matched| **matched).count()
    }
}

/// Text as it stands in a JSON string by Go's `encoding/json`, which also escapes what HTML could take for markup.
fn as_in_json(text: &str) -> Cow<'_, str> {
    let is_escaped = |character: char| {
        character < ' ' || matches!(character, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
    };
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut json = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            // Writing to a String cannot fail.
            _ if is_escaped(character) => drop(write!(json, "\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    Cow::Owned(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_expressions_compile() {
        assert_eq!(COMPILED.len(), EXPRESSIONS.len());
    }

    #[test]
    fn strings_are_escaped_as_by_go() {
        assert_eq!(as_in_json("plain ü / '"), "plain ü / '");
        assert_eq!(
            as_in_json("\"\\\n\r\t\u{8}\u{c}\u{b}\u{1f}\u{7f}<>&\u{2028}\u{2029}"),
            "\\\"\\\\\\n\\r\\t\\b\\f\\u000b\\u001f\u{7f}\\u003c\\u003e\\u0026\\u2028\\u2029"
        );
    }
}
