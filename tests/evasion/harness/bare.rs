//! The words of a shell script that may be spelled differently: outside of quotes and expansions, no keywords.
//!
//! Careful rather than complete. What it does not understand it leaves out; at a here-document or `case` it stops.

use std::collections::BTreeSet;
use std::ops::Range;

/// A bare word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bare {
    /// Where it stands in the text.
    pub(crate) at: Range<usize>,
    /// It names the program of a simple command.
    pub(crate) command: bool,
    /// Nothing but bare words follows it up to the end of its simple command.
    pub(crate) plain_to_end: bool,
    /// Its command is the first of a pipeline: its standard input is that of the script.
    pub(crate) first_stage: bool,
}

/// Words that the shell itself gives a meaning where a command starts.
const KEYWORDS: &str =
    "if then else elif fi do done while until for case esac in function select time coproc";
/// Commands of the shell itself: they are found by no path and run by no other program.
const BUILTINS: &str = ". : [ alias bg break cd command continue echo eval exec exit false fg getopts hash jobs \
    kill let local mapfile popd printf pushd pwd read readarray return set shift shopt source test times trap true \
    type ulimit umask unalias unset wait";
/// Builtins after which `name=value` is an assignment, as long as they are spelled plainly.
const DECLARING: &str = "export readonly declare typeset local";

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|entry| entry == word)
}

/// Whether a word is the name of a program in a file, as far as the text can say.
pub(crate) fn is_program(word: &str) -> bool {
    !is_in(BUILTINS, word) && !is_in(KEYWORDS, word) && !is_in(DECLARING, word)
}

/// The bare words of `text`, in order.
pub(crate) fn words(text: &str) -> Vec<Bare> {
    let mut reader = Reader { text, at: 0, found: Vec::new(), functions: BTreeSet::new(), open: Vec::new() };
    reader.read();
    let Reader { mut found, functions, .. } = reader;
    found.retain(|word| !functions.contains(&text[word.at.clone()]));
    found
}

/// Where the single `|` of pipelines stand.
pub(crate) fn pipes(text: &str) -> Vec<usize> {
    let mut quote = None;
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (byte, quote) {
            (b'\\' | b'#' | b'<' | b'`', None) => return found,
            (b'\'' | b'"', None) => quote = Some(*byte),
            (_, Some(open)) if *byte == open => quote = None,
            (b'|', None)
                if at > 0
                    && !matches!(bytes[at - 1], b'|' | b'>')
                    && bytes.get(at + 1).is_some_and(|b| !matches!(b, b'|' | b'&')) =>
            {
                found.push(at);
            }
            _ => {}
        }
    }
    found
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    found: Vec<Bare>,
    functions: BTreeSet<&'t str>,
    /// Indices of the words of the simple command under way.
    open: Vec<usize>,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Ends the simple command; all of its words from the last unclear one on are plain.
    fn end(&mut self) {
        for index in self.open.drain(..) {
            self.found[index].plain_to_end = true;
        }
    }

    fn read(&mut self) {
        let (mut command, mut skip, mut first_stage) = (true, 0, true);
        while let Some(letter) = self.peek() {
            match letter {
                ' ' | '\t' => self.at += 1,
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                '\n' | ';' | '&' | '(' => {
                    if self.rest().starts_with("((") {
                        return;
                    }
                    self.end();
                    // `>&` and `&>` do not end a command.
                    let redirects = letter == '&' && self.rest().starts_with("&>");
                    self.at += if redirects { 2 } else { 1 };
                    (command, first_stage) = (!redirects, true);
                }
                '|' => {
                    self.end();
                    first_stage = self.rest().starts_with("||");
                    self.at += if first_stage { 2 } else { 1 };
                    command = true;
                }
                ')' => {
                    self.end();
                    self.at += 1;
                    command = false;
                }
                '<' | '>' => {
                    if self.rest().starts_with("<<")
                        || self.rest().starts_with("<(")
                        || self.rest().starts_with(">(")
                    {
                        return;
                    }
                    self.open.clear();
                    self.at += 1;
                    self.at +=
                        self.rest().find(|c| !matches!(c, '>' | '&' | '|')).unwrap_or(self.rest().len());
                    self.at += self.rest().find(|c| c != ' ').unwrap_or(0);
                    self.word();
                }
                _ => {
                    let start = self.at;
                    let bare = self.word();
                    let word = &self.text[start..self.at];
                    if self.rest().starts_with("()") || self.rest().starts_with(" ()") {
                        self.functions.insert(word);
                        continue;
                    }
                    if command && word == "[[" {
                        self.at += self.rest().find("]]").map_or(self.rest().len(), |end| end + 2);
                        continue;
                    }
                    // Patterns look like commands.
                    if command && word == "case" {
                        self.end();
                        return;
                    }
                    if command && matches!(word, "for" | "select" | "function") {
                        skip = 2;
                    }
                    let keyword = is_in(KEYWORDS, word) || matches!(word, "{" | "}" | "!");
                    let assigns = command && word.contains('=');
                    let declares = command && is_in(DECLARING, word);
                    if skip > 0 || keyword || assigns || declares || !bare {
                        skip = if skip > 0 { skip - 1 } else { 0 };
                        if !bare {
                            self.open.clear();
                        }
                        command =
                            command && (keyword && !matches!(word, "for" | "select" | "function") || assigns);
                        continue;
                    }
                    self.open.push(self.found.len());
                    let at = start..self.at;
                    self.found.push(Bare { at, command, plain_to_end: false, first_stage });
                    command = false;
                }
            }
        }
        self.end();
    }

    /// Skips one word. Says whether it is bare: letters that mean nothing to the shell, and not a descriptor.
    fn word(&mut self) -> bool {
        let start = self.at;
        let mut bare = true;
        while let Some(letter) = self.peek() {
            match letter {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    bare = false;
                    self.at += 1;
                    self.at += self.rest().find('\'').map_or(self.rest().len(), |end| end + 1);
                }
                '"' => {
                    bare = false;
                    self.quoted();
                }
                '\\' => {
                    bare = false;
                    self.at = (self.at + 2).min(self.text.len());
                }
                '$' => {
                    bare = false;
                    self.expansion();
                }
                '`' => {
                    bare = false;
                    self.at += 1;
                    self.at += self.rest().find('`').map_or(self.rest().len(), |end| end + 1);
                }
                _ => {
                    bare &= letter.is_ascii_alphanumeric() || "_-./:,@%+=".contains(letter);
                    self.at += letter.len_utf8();
                }
            }
        }
        let word = &self.text[start..self.at];
        let descriptor = self.rest().starts_with(['<', '>']) && word.chars().all(|c| c.is_ascii_digit());
        bare && !word.is_empty() && !descriptor && !word.contains('=')
    }

    /// Skips `"…"`, with the substitutions in it.
    fn quoted(&mut self) {
        self.at += 1;
        while let Some(letter) = self.peek() {
            match letter {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => self.at = (self.at + 2).min(self.text.len()),
                '$' => self.expansion(),
                _ => self.at += letter.len_utf8(),
            }
        }
    }

    /// Skips `$name`, `${…}`, `$(…)`: what is inside is left as it is.
    fn expansion(&mut self) {
        self.at += 1;
        let (open, close) = match self.peek() {
            Some('(') => ('(', ')'),
            Some('{') => ('{', '}'),
            _ => return,
        };
        let mut depth = 0;
        while let Some(letter) = self.peek() {
            match letter {
                '\'' => {
                    self.at += 1;
                    self.at += self.rest().find('\'').map_or(self.rest().len(), |end| end + 1);
                    continue;
                }
                '"' => {
                    self.quoted();
                    continue;
                }
                '\\' => self.at += 1,
                _ if letter == open => depth += 1,
                _ if letter == close => depth -= 1,
                _ => {}
            }
            self.at = (self.at + letter.len_utf8()).min(self.text.len());
            if depth == 0 {
                return;
            }
        }
    }
}
