//! What the three readers are brought to: simple commands with their words, as patterns where something is expanded.

use std::fmt;

/// Part of a word after quote removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// An expansion: a parser says that there is one, never what comes out of it.
    Hole,
}

/// A word as a parser sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    pub pieces: Vec<Piece>,
    /// It may become any number of words: an unquoted expansion or a brace list is in it.
    pub splits: bool,
}

impl Pattern {
    pub fn text(text: impl Into<String>) -> Self {
        let mut pattern = Self::default();
        pattern.push(&text.into());
        pattern
    }

    pub fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }

    pub fn hole(&mut self, splits: bool) {
        self.splits |= splits;
        if self.pieces.last() != Some(&Piece::Hole) {
            self.pieces.push(Piece::Hole);
        }
    }

    pub fn append(&mut self, other: Self) {
        self.splits |= other.splits;
        for piece in other.pieces {
            match piece {
                Piece::Text(text) => self.push(&text),
                Piece::Hole => self.hole(false),
            }
        }
    }

    /// Nothing in it is expanded: the text is certain.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            _ if self.splits => None,
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether `text` is this word, with any text for what is expanded.
    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        let mut floating = false;
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Hole => floating = true,
                Piece::Text(part) if !floating => match rest.strip_prefix(part.as_str()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Piece::Text(part) if at + 1 == self.pieces.len() => return rest.ends_with(part.as_str()),
                Piece::Text(part) => match rest.split_once(part.as_str()) {
                    Some((_, after)) => {
                        rest = after;
                        floating = false;
                    }
                    None => return false,
                },
            }
        }
        floating || rest.is_empty()
    }

    /// Whether `words` is what this word has become.
    fn becomes(&self, words: &[String]) -> bool {
        match words {
            [] => !self.pieces.iter().any(|piece| matches!(piece, Piece::Text(_))),
            [word] => self.matches(word),
            [first, .., last] => {
                let starts = match self.pieces.first() {
                    Some(Piece::Text(text)) => first.starts_with(text.as_str()),
                    _ => true,
                };
                let ends = match self.pieces.last() {
                    Some(Piece::Text(text)) => last.ends_with(text.as_str()),
                    _ => true,
                };
                starts && ends
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pieces.is_empty() {
            return f.write_str("''");
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => write!(f, "{}", text.escape_debug())?,
                Piece::Hole => f.write_str("◦")?,
            }
        }
        Ok(())
    }
}

/// Whether `words` is what `patterns` have become: each exactly one word, but for those that split.
pub fn words_match(patterns: &[Pattern], words: &[String]) -> bool {
    // reach[n]: the patterns so far can have become the first n words.
    let mut reach = vec![false; words.len() + 1];
    reach[0] = true;
    for pattern in patterns {
        let mut next = vec![false; words.len() + 1];
        for start in (0..=words.len()).filter(|start| reach[*start]) {
            if pattern.splits {
                for end in start..=words.len() {
                    next[end] |= pattern.becomes(&words[start..end]);
                }
            } else if words.get(start).is_some_and(|word| pattern.matches(word)) {
                next[start + 1] = true;
            }
        }
        reach = next;
    }
    reach[words.len()]
}

/// Where a command stands; the innermost of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Top,
    Substitution,
    Process,
    Function,
}

/// A command as a parser sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub place: Place,
    /// Number of its pipeline, by first appearance, and its position in it.
    pub pipeline: (usize, usize),
    pub assignments: Vec<(String, Pattern)>,
    pub words: Vec<Pattern>,
    /// Descriptor and operator (`2>>`), target. The body of a here-document is not compared.
    pub redirects: Vec<(String, Pattern)>,
}

impl Parsed {
    pub fn new(place: Place, pipeline: (usize, usize)) -> Self {
        Self { place, pipeline, assignments: Vec::new(), words: Vec::new(), redirects: Vec::new() }
    }

    pub fn is_blank(&self) -> bool {
        self.assignments.is_empty() && self.words.is_empty() && self.redirects.is_empty()
    }

    /// Words that are compared to the letter, and those that are compared as patterns.
    pub fn counts(&self) -> (usize, usize) {
        let all = self.words.iter().chain(self.assignments.iter().map(|(_, value)| value));
        let all: Vec<&Pattern> = all.chain(self.redirects.iter().map(|(_, target)| target)).collect();
        let literal = all.iter().filter(|word| word.literal().is_some()).count();
        (literal, all.len() - literal)
    }
}

impl fmt::Display for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.assignments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        parts.extend(self.words.iter().map(|word| format!("[{word}]")));
        parts.extend(self.redirects.iter().map(|(op, target)| format!("{{{op} {target}}}")));
        if self.pipeline.1 > 0 {
            f.write_str("| ")?;
        }
        f.write_str(&parts.join(" "))
    }
}

/// A command as this project's reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    pub place: Place,
    pub pipeline: (usize, usize),
    pub assignments: Vec<(String, String)>,
    pub words: Vec<String>,
    pub redirects: Vec<(String, String)>,
}

impl Ours {
    /// Whether it is what the parsers say: same place, pipeline, words, assignments, redirections.
    pub fn is(&self, parsed: &Parsed) -> bool {
        let pairs = |ours: &[(String, String)], theirs: &[(String, Pattern)]| {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|((name, text), (other, pattern))| name == other && pattern.matches(text))
        };
        self.place == parsed.place
            && self.pipeline.1 == parsed.pipeline.1
            && pairs(&self.assignments, &parsed.assignments)
            && pairs(&self.redirects, &parsed.redirects)
            && words_match(&parsed.words, &self.words)
    }
}

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = |pairs: &[(String, String)]| -> Vec<(String, Pattern)> {
            pairs.iter().map(|(name, text)| (name.clone(), Pattern::text(text))).collect()
        };
        let parsed = Parsed {
            place: self.place,
            pipeline: self.pipeline,
            assignments: pairs(&self.assignments),
            words: self.words.iter().map(Pattern::text).collect(),
            redirects: pairs(&self.redirects),
        };
        parsed.fmt(f)
    }
}

/// Gives pipelines numbers in the order in which their first command appears.
#[derive(Default)]
pub struct Numbers {
    seen: std::collections::HashMap<usize, usize>,
}

impl Numbers {
    pub fn of(&mut self, pipeline: usize) -> usize {
        let next = self.seen.len();
        *self.seen.entry(pipeline).or_insert(next)
    }
}

/// Whether an unquoted text holds a brace list or range, so that it becomes several words.
pub fn has_braces(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let inside = &text[at + 1..];
        inside.find('}').is_some_and(|end| inside[..end].contains(',') || inside[..end].contains(".."))
    })
}

/// `$'…'` escapes, as far as the scripts use them.
pub fn ansi(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(kind) = rest.chars().next() else { break };
        let (skip, radix, most) = match kind {
            'x' => (1, 16, 2),
            'u' => (1, 16, 4),
            'U' => (1, 16, 8),
            '0'..='7' => (0, 8, 3),
            _ => {
                out.push(match kind {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'e' => '\u{1b}',
                    other => other,
                });
                rest = &rest[kind.len_utf8()..];
                continue;
            }
        };
        let digits: String = rest[skip..].chars().take(most).take_while(|c| c.is_digit(radix)).collect();
        let value = u32::from_str_radix(&digits, radix).unwrap_or(0);
        out.extend(char::from_u32(value));
        rest = &rest[skip + digits.len()..];
    }
    out
}
