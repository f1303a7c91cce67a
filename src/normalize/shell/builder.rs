//! The word that is being read.

use super::super::Span;
use super::Word;
use super::brace;
use super::param::Operation;

/// An open quote or expansion inside a word.
pub(super) enum Mode {
    /// `"…"`, with the length of the text at its start.
    Double(usize),
    /// Body of a here-document with expansion.
    Here,
    /// `${name op …}`.
    Param(Operation),
    /// `$((…))` or `((…))`, with the open parentheses.
    Arith(usize),
    /// `name=(…)`, with the open parentheses.
    Array(usize),
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    None,
    Plain,
    Quoted,
    Expanded,
}

/// A word under construction.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the spelling, not states")]
pub(super) struct WordBuf {
    pub(super) text: String,
    pub(super) quoted: bool,
    pub(super) dynamic: bool,
    pub(super) disguised: bool,
    pub(super) modes: Vec<Mode>,
    /// Byte length of `name=` or `name+=` at the start, once read.
    pub(super) assign: Option<usize>,
    /// Runs whose output the word holds.
    pub(super) reads: Vec<Span>,
    /// Offsets of unquoted braces and commas.
    marks: Vec<usize>,
    glob: bool,
    equals: bool,
    empty_quotes: bool,
    last: Part,
    parts: usize,
    longest: usize,
    part_start: usize,
    expansions: usize,
}

/// Longest part of a name that counts as glued from variables: `$c$d`, not `$PREFIX$NAME`.
const GLUED_PART: usize = 6;

impl WordBuf {
    /// Whether nothing was written, not even empty quotes.
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty() && !self.quoted
    }

    /// Whether it is exactly the unquoted, unexpanded `text`.
    pub(super) fn is_bare(&self) -> bool {
        !self.quoted && self.expansions == 0 && !self.dynamic
    }

    /// Whether it is the unquoted `]]`.
    pub(super) fn ends_test(&self) -> bool {
        self.is_bare() && self.text == "]]"
    }

    fn enter(&mut self, part: Part) {
        let literal = |p| matches!(p, Part::Plain | Part::Quoted);
        if part == Part::Expanded || !literal(self.last) {
            self.longest = self.longest.max(self.text.len() - self.part_start.min(self.text.len()));
            self.part_start = self.text.len();
            self.parts += 1;
        }
        self.last = part;
    }

    fn option_like(&self) -> bool {
        self.equals || self.text.starts_with('-')
    }

    fn ends_in_letter(&self) -> bool {
        self.text.ends_with(|c: char| c.is_ascii_alphabetic())
    }

    /// An unquoted character.
    pub(super) fn push_plain(&mut self, c: char) {
        if c.is_ascii_alphabetic()
            && !self.option_like()
            && ((self.last == Part::Quoted && self.ends_in_letter())
                || (self.empty_quotes && self.text.is_empty()))
        {
            self.disguised = true;
        }
        if self.last != Part::Plain {
            self.enter(Part::Plain);
        }
        match c {
            '{' | ',' | '}' => self.marks.push(self.text.len()),
            '?' | '*' | '[' => self.glob = true,
            '=' if !self.equals => {
                self.equals = true;
                let name = self.text.strip_suffix('+').unwrap_or(&self.text);
                let name = name.split_once('[').map_or(name, |(name, _)| name);
                if self.is_bare() && super::token::is_identifier(name) {
                    self.assign = Some(self.text.len() + 1);
                }
            }
            _ => {}
        }
        self.text.push(c);
    }

    /// Quoted text; `start` opens a quote, otherwise it goes on inside one.
    pub(super) fn push_quoted(&mut self, text: &str, start: bool) {
        self.quoted = true;
        if start && self.last == Part::Plain && !self.option_like() && self.ends_in_letter() {
            self.disguised |= text.starts_with(|c: char| c.is_ascii_alphabetic());
        }
        if text.is_empty() {
            return;
        }
        if self.last != Part::Quoted {
            self.enter(Part::Quoted);
        }
        self.text.push_str(text);
    }

    /// A quote with nothing in it.
    pub(super) fn push_empty_quotes(&mut self) {
        self.quoted = true;
        self.empty_quotes = true;
        if !self.option_like() && self.ends_in_letter() {
            self.disguised = true;
        }
    }

    /// An unquoted backslash before `c`. `hides` where nothing but the spelling changes.
    pub(super) fn push_escaped(&mut self, c: char, hides: bool) {
        self.disguised |= hides && c.is_ascii_alphanumeric() && self.ends_in_letter() && !self.option_like();
        self.quoted = true;
        if self.last != Part::Quoted {
            self.enter(Part::Quoted);
        }
        self.text.push(c);
        // A plain letter may follow an escaped one without a quote having been closed in between.
        self.last = Part::Plain;
    }

    /// The result of an expansion.
    pub(super) fn push_expanded(&mut self, text: &str, dynamic: bool) {
        self.enter(Part::Expanded);
        self.expansions += 1;
        self.dynamic |= dynamic;
        self.text.push_str(text);
    }

    /// Cuts off what was written since `start`, for the operand of `${…}`.
    pub(super) fn cut(&mut self, start: usize) -> String {
        let at = if self.text.is_char_boundary(start) { start } else { self.text.len() };
        while self.marks.pop_if(|m| *m >= at).is_some() {}
        self.part_start = self.part_start.min(at);
        self.text.split_off(at)
    }

    /// Ends the word here and starts the next one, as an unquoted expansion with blanks does.
    pub(super) fn split(&mut self, disguised: bool) -> Option<Self> {
        self.disguised |= disguised;
        let mut modes = std::mem::take(&mut self.modes);
        for mode in &mut modes {
            if let Mode::Double(start) = mode {
                *start = 0;
            }
        }
        let reads = self.reads.clone();
        let next = Self { disguised, modes, reads, ..Self::default() };
        let done = std::mem::replace(self, next);
        (!done.is_blank()).then_some(done)
    }

    fn glued(&self) -> bool {
        let longest = self.longest.max(self.text.len() - self.part_start.min(self.text.len()));
        self.expansions > 0
            && self.parts > 1
            && longest <= GLUED_PART
            && self.text.len() <= 32
            && self.text.chars().all(|c| c.is_ascii_alphanumeric())
            && self.text.contains(|c: char| c.is_ascii_alphabetic())
    }

    /// The finished word.
    pub(super) fn finish(self, program: bool) -> Word {
        let glob = program && self.glob && !matches!(self.text.as_str(), "[" | "[[");
        let disguised = self.disguised || self.glued() || glob;
        Word { text: self.text, quoted: self.quoted, dynamic: self.dynamic || glob, disguised }
    }

    /// The finished words, brace lists expanded as far as `budget` goes.
    pub(super) fn finish_all(mut self, program: bool, budget: &mut usize) -> Vec<Word> {
        let marks = std::mem::take(&mut self.marks);
        match brace::expand(&self.text, &marks, budget) {
            Some(list) => {
                let word = self.finish(false);
                let disguised = word.disguised || program;
                list.into_iter().map(|text| Word { text, disguised, ..word.clone() }).collect()
            }
            None => vec![self.finish(program)],
        }
    }
}
