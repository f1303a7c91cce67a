//! An invocation as the excerpt that a finding shows.

use std::cell::OnceCell;

use crate::normalize::{Invocation, Redirect, argv, decode};
use crate::text::{MASK, WINDOW, mask_word};

/// More would only cost time; but [`crate::text::SafeText`] has to see that there is more than it looks at.
const ENOUGH: usize = WINDOW + 1;
/// A value shorter than this says nothing, and stands in any text by chance.
const SHORTEST_VALUE: usize = 4;

/// What evidence must not show of a container's environment: a value there may be a secret.
pub(super) struct Values<'a> {
    raw: &'a [(String, String)],
    /// The same after the kubelet's expansion.
    expanded: Vec<(String, String)>,
    /// The spellings in which a value can stand in evidence. Most containers have no evidence at all, so they are worked
    /// out when the first is shown, for all that follow.
    spellings: OnceCell<Vec<String>>,
}

impl<'a> Values<'a> {
    pub(super) fn of(raw: &'a [(String, String)]) -> Self {
        Self { raw, expanded: argv::expand_env(raw), spellings: OnceCell::new() }
    }

    /// The environment after the kubelet's expansion.
    pub(super) fn expanded(&self) -> &[(String, String)] {
        &self.expanded
    }

    fn spellings(&self) -> &[String] {
        self.spellings.get_or_init(|| {
            let mut spellings: Vec<String> = Vec::new();
            for ((_, raw), (_, expanded)) in self.raw.iter().zip(&self.expanded) {
                // A shell splits a value at blanks, and the words are shown with one blank between them.
                let words = raw.split_whitespace().collect::<Vec<_>>().join(" ");
                // A secret is no less one for being encoded there and decoded here.
                let decoded = decode::base64(expanded).and_then(|bytes| decode::text(&bytes));
                let decoded = decoded.map(|text| text.trim().to_owned());
                spellings.extend([words, raw.clone(), expanded.clone()].into_iter().chain(decoded));
            }
            spellings.retain(|value| value.len() >= SHORTEST_VALUE);
            spellings
        })
    }
}

/// An invocation as text, without the values of the container's environment.
pub(super) fn excerpt(values: &Values<'_>, invocation: &Invocation) -> String {
    without_values(&show(invocation), values)
}

/// Evidence without what it took from the environment.
///
/// The mask is shorter than any value that it stands for, so the text only ever gets shorter.
fn without_values(text: &str, values: &Values<'_>) -> String {
    let mut text: String = text.chars().take(ENOUGH).collect();
    let spellings = values.spellings();
    if spellings.is_empty() {
        return text;
    }
    // A search in the sorted ends of the text: an environment may have as many values as an object has room for, and
    // looking through the text for each of them made the time grow with the product of both.
    let whole = text.clone();
    let mut ends: Vec<&str> = whole.char_indices().filter_map(|(at, _)| whole.get(at..)).collect();
    ends.sort_unstable();
    let is_in_text = |value: &&String| {
        let at = ends.partition_point(|end| *end < value.as_str());
        ends.get(at).is_some_and(|end| end.starts_with(value.as_str()))
    };
    let mut found: Vec<&String> = spellings.iter().filter(is_in_text).collect();
    // Longest first: a short value may be part of a longer one.
    found.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in found {
        if text.contains(value) {
            text = text.replace(value, MASK);
        }
    }
    text
}

fn show(invocation: &Invocation) -> String {
    let mut text = String::new();
    for (name, value) in &invocation.assignments {
        if text.len() > ENOUGH {
            break;
        }
        text.push_str(&mask_word(None, &format!("{name}={value}")));
        text.push(' ');
    }
    text.push_str(&invocation.path);
    let mut before = None;
    for word in &invocation.args {
        if text.len() > ENOUGH {
            break;
        }
        text.push(' ');
        text.push_str(&mask_word(before, &word.text));
        before = Some(word.text.as_str());
    }
    for Redirect { fd, op, target } in &invocation.redirects {
        if text.len() > ENOUGH {
            break;
        }
        let fd = fd.map(|fd| fd.to_string()).unwrap_or_default();
        text.push(' ');
        text.push_str(&fd);
        text.push_str(op.as_str());
        text.push_str(&target.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Values, without_values};

    #[test]
    fn values_of_the_environment_do_not_stand_in_evidence() {
        let env = [("A", "hunter2"), ("B", "x-$(A)-y"), ("C", "two  words"), ("D", "sh"), ("E", "czNjcjN0")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (text, expected) in [
            ("nc -e sh hunter2", "nc -e sh ***"),
            ("nc -e sh x-hunter2-y", "nc -e sh ***"),
            ("nc two words", "nc ***"),
            ("nc -e sh", "nc -e sh"),
            ("psql password=s3cr3t", "psql password=***"),
        ] {
            assert_eq!(without_values(text, &Values::of(&env)), expected);
        }
    }
}
