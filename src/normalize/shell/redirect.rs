//! One step of the scan, and the operators: redirections, separators, parentheses.

use super::builder::{Mode, WordBuf};
use super::frame::{Draft, Head, Kind};
use super::parser::Parser;
use super::token::Cursor;
use super::{RedirectOp, Word};

/// A redirection whose target has not been read.
pub(super) struct Opened {
    pub(super) fd: Option<u32>,
    pub(super) op: RedirectOp,
    /// `<<-`
    pub(super) strip: bool,
}

const OPERATORS: [(&str, RedirectOp, bool); 12] = [
    ("&>>", RedirectOp::OutErr, false),
    ("&>", RedirectOp::OutErr, false),
    ("<<<", RedirectOp::HereString, false),
    ("<<-", RedirectOp::HereDoc, true),
    ("<<", RedirectOp::HereDoc, false),
    ("<&", RedirectOp::DupIn, false),
    ("<>", RedirectOp::InOut, false),
    ("<", RedirectOp::In, false),
    (">>", RedirectOp::Append, false),
    (">&", RedirectOp::DupOut, false),
    (">|", RedirectOp::Clobber, false),
    (">", RedirectOp::Out, false),
];

impl Parser<'_> {
    /// Reads at least one character.
    pub(super) fn step(&mut self, cur: &mut Cursor<'_>, c: char) {
        self.at = cur.pos();
        match self.frame.word.as_ref().and_then(|w| w.modes.last()) {
            Some(Mode::Double(_)) => self.in_quotes(cur, c, true),
            Some(Mode::Here) => self.in_quotes(cur, c, false),
            Some(Mode::Param(operation)) => {
                let quoted = operation.quoted;
                self.in_param(cur, c, quoted);
            }
            Some(Mode::Arith(_)) => self.in_arithmetic(cur, c),
            Some(Mode::Array(_)) => self.in_array(cur, c),
            None => self.plain(cur, c),
        }
    }

    fn plain(&mut self, cur: &mut Cursor<'_>, c: char) {
        match c {
            ' ' | '\t' | '\r' => {
                cur.bump();
                self.finish_word();
            }
            '\n' => {
                cur.bump();
                self.newline(cur);
            }
            '#' if self.frame.word.is_none() => {
                cur.take_while(|c| c != '\n');
            }
            '\\' => self.backslash(cur),
            '\'' => {
                cur.bump();
                self.single(cur.take_until('\''));
            }
            '"' => {
                cur.bump();
                let start = self.word().text.len();
                self.push_mode(Mode::Double(start));
            }
            '$' => self.dollar(cur),
            '`' => self.backtick(cur),
            '<' | '>' => self.angle(cur),
            // `]];` and `]]&&`: the operator ends the word, and with it the test.
            '&' | '|' | ';' | ')'
                if self.frame.in_test() && self.frame.word.as_ref().is_some_and(WordBuf::ends_test) =>
            {
                self.finish_word();
            }
            '&' | '|' | ';' if self.frame.in_test() => self.literal(cur),
            '&' => self.ampersand(cur),
            '|' => {
                cur.bump();
                if self.frame.pattern {
                    self.finish_word();
                } else if cur.eat("|") {
                    self.end_pipeline();
                } else {
                    cur.eat("&");
                    self.next_stage();
                }
            }
            ';' => self.semicolon(cur),
            '(' => self.open_paren(cur),
            ')' => self.close_paren(cur),
            _ => self.literal(cur),
        }
    }

    fn literal(&mut self, cur: &mut Cursor<'_>) {
        if let Some(c) = cur.bump() {
            self.word().push_plain(c);
        }
    }

    fn newline(&mut self, cur: &mut Cursor<'_>) {
        self.finish_word();
        if !self.frame.pattern && !self.frame.in_test() {
            // A newline after `|` goes on with the pipeline; then there is no command to end.
            let piped = self.frame.draft.is_none() && self.frame.group.is_none();
            if piped {
                self.finish_word();
            } else {
                self.end_pipeline();
            }
        }
        self.read_bodies(cur);
    }

    fn backslash(&mut self, cur: &mut Cursor<'_>) {
        if cur.nth(1) == Some('`') && self.backticks() > 0 {
            cur.bump();
            self.inner_backtick(cur);
            return;
        }
        cur.bump();
        match cur.bump() {
            Some('\n') => {
                let next = cur.peek().is_some_and(|c| c.is_ascii_alphabetic());
                if let Some(word) = self.frame.word.as_mut() {
                    word.disguised |= next && word.text.ends_with(|c: char| c.is_ascii_alphabetic());
                }
            }
            Some(c) => {
                let program = self.frame.draft.as_ref().is_none_or(|d| d.command.words.is_empty());
                self.word().push_escaped(c, program || !matches!(c, 'n' | 't' | 'r' | '0'));
            }
            None => self.word().push_plain('\\'),
        }
    }

    pub(super) fn single(&mut self, text: &str) {
        let word = self.word();
        if text.is_empty() {
            word.push_empty_quotes();
        } else {
            word.push_quoted(text, true);
        }
    }

    fn angle(&mut self, cur: &mut Cursor<'_>) {
        if cur.nth(1) == Some('(') && !self.frame.in_test() {
            let kind = if cur.peek() == Some('<') { Kind::ProcIn } else { Kind::ProcOut };
            cur.skip(2);
            self.word();
            self.open(kind);
        } else if self.frame.in_test() || self.frame.pattern {
            self.literal(cur);
        } else {
            self.redirect(cur);
        }
    }

    fn ampersand(&mut self, cur: &mut Cursor<'_>) {
        if cur.nth(1) == Some('>') && !self.frame.pattern {
            self.redirect(cur);
            return;
        }
        cur.bump();
        cur.eat("&");
        self.end_pipeline();
    }

    fn redirect(&mut self, cur: &mut Cursor<'_>) {
        let mut fd = None;
        if let Some(word) = self.frame.word.as_ref()
            && word.is_bare()
        {
            let named = word.text.starts_with('{') && word.text.ends_with('}');
            let digits = word.text.len() <= 9 && word.text.chars().all(|c| c.is_ascii_digit());
            if named || (digits && !word.text.is_empty()) {
                fd = word.text.parse().ok();
                self.frame.word = None;
            }
        }
        self.finish_word();
        for (text, op, strip) in OPERATORS {
            if cur.eat(text) {
                let fresh = self.frame.draft.is_none();
                let group = self.frame.group.take();
                let draft = self.draft();
                if fresh {
                    draft.command.group = group;
                }
                if let Some(before) = draft.opened.replace(Opened { fd, op, strip }) {
                    let target = Word::default();
                    draft.command.redirects.push(super::Redirect { fd: before.fd, op: before.op, target });
                }
                return;
            }
        }
        cur.bump();
    }

    fn semicolon(&mut self, cur: &mut Cursor<'_>) {
        let double = cur.eat(";;&") || cur.eat(";;") || cur.eat(";&");
        if !double {
            cur.bump();
        }
        self.end_pipeline();
        if double && self.frame.kind == Kind::Case {
            self.frame.pattern = true;
        }
    }

    fn open_paren(&mut self, cur: &mut Cursor<'_>) {
        if self.frame.pattern {
            cur.bump();
            return;
        }
        if self.frame.in_test() {
            self.literal(cur);
            return;
        }
        let empty = cur.rest().get(1..).is_some_and(|r| r.trim_start_matches([' ', '\t']).starts_with(')'));
        if let Some(word) = self.frame.word.as_ref() {
            if word.assign == Some(word.text.len()) {
                cur.bump();
                self.push_mode(Mode::Array(1));
                return;
            }
            if empty && word.is_bare() && self.frame.draft.as_ref().is_some_and(Draft::is_blank) {
                let name = word.text.clone();
                self.frame.word = None;
                self.define(cur, name);
                return;
            }
            self.finish_word();
        }
        if empty && self.frame.named.is_some() && self.frame.draft.is_none() {
            cur.take_while(|c| c != ')');
            cur.bump();
            return;
        }
        let words = self.frame.draft.as_ref().map(|d| d.command.words.as_slice());
        if empty && let Some([name]) = words {
            let name = name.text.clone();
            self.define(cur, name);
            return;
        }
        let head = self.frame.draft.as_ref().is_none_or(|d| d.head == Head::For);
        if cur.nth(1) == Some('(') && head && self.is_arithmetic(cur) {
            cur.skip(2);
            self.word().push_quoted("((", false);
            self.push_mode(Mode::Arith(2));
            return;
        }
        cur.bump();
        if self.frame.draft.is_some() {
            self.end_pipeline();
        }
        self.open(Kind::Paren);
    }

    /// Whether `((` here is arithmetic and not a subshell in a subshell.
    pub(super) fn is_arithmetic(&mut self, cur: &Cursor<'_>) -> bool {
        let arithmetic = cur.is_arithmetic(&mut self.ahead);
        self.truncated |= self.ahead == 0;
        arithmetic
    }

    /// `name()`: the next group is the body.
    fn define(&mut self, cur: &mut Cursor<'_>, name: String) {
        self.drop_draft();
        cur.take_while(|c| c != ')');
        cur.bump();
        self.frame.named = Some(name);
    }

    fn close_paren(&mut self, cur: &mut Cursor<'_>) {
        if self.frame.in_test() && self.frame.kind != Kind::Subst {
            self.literal(cur);
            return;
        }
        cur.bump();
        self.finish_word();
        if self.frame.pattern {
            self.frame.pattern = false;
            return;
        }
        let ends = |k| matches!(k, Kind::Subst | Kind::ProcIn | Kind::ProcOut | Kind::Paren);
        if !self.close_to(ends, |k| k == Kind::Backtick) {
            self.end_pipeline();
        }
    }

    pub(super) fn backticks(&self) -> usize {
        self.stack.iter().chain([&self.frame]).filter(|f| f.kind == Kind::Backtick).count()
    }

    /// A backtick ends the outermost backtick substitution, whatever is open inside.
    pub(super) fn backtick(&mut self, cur: &mut Cursor<'_>) {
        cur.bump();
        match self.backticks() {
            0 => {
                self.word();
                self.open(Kind::Backtick);
            }
            open => {
                for _ in 0..open {
                    self.close_to(|k| k == Kind::Backtick, |_| false);
                }
            }
        }
    }

    /// A backtick behind a backslash opens or ends a second level.
    pub(super) fn inner_backtick(&mut self, cur: &mut Cursor<'_>) {
        cur.bump();
        if self.backticks() > 1 {
            self.close_to(|k| k == Kind::Backtick, |_| false);
        } else {
            self.word();
            self.open(Kind::Backtick);
        }
    }
}
