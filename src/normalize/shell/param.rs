//! `$` expansions.

use super::super::Span;
use super::ansi;
use super::apply::apply;
use super::builder::Mode;
use super::frame::Kind;
use super::parser::Parser;
use super::token::{Cursor, is_name};
use super::vars::Var;

/// An open `${name op …}`.
pub(super) struct Operation {
    name: String,
    op: String,
    /// Length of the word's text where the operand starts.
    start: usize,
    /// Inside `"…"` or a here-document.
    pub(super) quoted: bool,
    indirect: bool,
    array: bool,
}

/// Variables whose first character is `/` wherever a shell runs.
const ABSOLUTE: [&str; 5] = ["HOME", "PATH", "PWD", "SHELL", "OLDPWD"];

impl Parser<'_> {
    fn quoted(&self) -> bool {
        let modes = self.frame.word.as_ref().map(|w| w.modes.as_slice()).unwrap_or_default();
        match modes.last() {
            Some(Mode::Double(_) | Mode::Here) => true,
            Some(Mode::Param(operation)) => operation.quoted,
            _ => false,
        }
    }

    /// Reads the expansion at a `$`.
    pub(super) fn dollar(&mut self, cur: &mut Cursor<'_>) {
        self.word();
        let quoted = self.quoted();
        cur.bump();
        match cur.peek() {
            Some('(') if cur.nth(1) == Some('(') && self.is_arithmetic(cur) => {
                cur.skip(2);
                self.word().push_expanded("$((", true);
                self.push_mode(Mode::Arith(2));
            }
            Some('(') => {
                cur.bump();
                self.open(Kind::Subst);
            }
            Some('{') => {
                cur.bump();
                self.braced(cur, quoted);
            }
            Some('\'') if !quoted => {
                cur.bump();
                let (text, hid) = ansi::decode(cur, Some('\''));
                self.single(&text);
                self.word().disguised |= hid;
            }
            // `$"…"` is a translated string; the quote itself follows.
            Some('"') if !quoted => {}
            Some(c) if is_name(c) && !c.is_ascii_digit() => {
                let name = cur.take_while(is_name);
                self.variable(name, quoted, cur.peek());
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                cur.bump();
                let name = c.to_string();
                self.variable(&name, quoted, cur.peek());
            }
            _ if quoted => self.word().push_quoted("$", false),
            _ => self.word().push_plain('$'),
        }
    }

    fn braced(&mut self, cur: &mut Cursor<'_>, quoted: bool) {
        let length = cur.peek() == Some('#') && cur.nth(1).is_some_and(is_name);
        let indirect = cur.peek() == Some('!') && cur.nth(1).is_some_and(is_name);
        if length || indirect {
            cur.bump();
        }
        let mut name = cur.take_while(is_name);
        if name.is_empty() && cur.peek().is_some_and(|c| "@*#?-$!".contains(c)) {
            let rest = cur.rest();
            cur.bump();
            name = rest.get(..1).unwrap_or_default();
        }
        let mut array = matches!(name, "@" | "*");
        if cur.eat("[") {
            array |= matches!(cur.take_until(']'), "@" | "*");
        }
        if cur.eat("}") && !indirect {
            if length {
                let text = self
                    .vars
                    .get(name)
                    .filter(|v| !v.dynamic && v.value.len() <= 64)
                    .map(|v| v.value.chars().count().to_string());
                self.word().push_expanded(text.as_deref().unwrap_or("$"), text.is_none());
            } else if array && quoted {
                self.array(name);
            } else {
                self.variable(name, quoted, cur.peek());
            }
            return;
        }
        let rest = cur.rest();
        let len = match rest.get(..2) {
            Some(":-" | ":=" | ":+" | ":?" | "##" | "%%" | "//" | "^^" | ",,") => 2,
            _ if rest.starts_with([':', '-', '=', '+', '?', '#', '%', '/', '^', ',', '@']) => 1,
            _ => 0,
        };
        let op = rest.get(..len).unwrap_or_default().to_owned();
        cur.skip(len);
        let start = self.word().text.len();
        self.push_mode(Mode::Param(Operation { name: name.to_owned(), op, start, quoted, indirect, array }));
        if indirect {
            // The `}` of `${!name}` is gone already.
            if let Some(Mode::Param(operation)) = self.pop_mode() {
                self.finish_param(&operation);
            }
        }
    }

    fn array(&mut self, name: &str) {
        if self.vars.get(name).is_some() {
            self.known(name, true);
        } else {
            self.variable(name, true, None);
        }
    }

    /// Puts the value of a variable that has one into the word.
    fn known(&mut self, name: &str, split: bool) {
        let Some(var) = self.vars.get(name) else { return };
        // The copy is charged as well: a long value that is named often would cost more than the input.
        let value = (var.value.len() <= self.budget).then(|| var.value.clone());
        let (dynamic, reads) = (var.dynamic, var.reads.clone());
        self.attach(&reads);
        if let Some(value) = value {
            self.insert(&value, dynamic, split);
        } else {
            self.truncated = true;
            self.unresolved(name);
        }
    }

    fn attach(&mut self, reads: &[Span]) {
        let word = self.word();
        for span in reads {
            Span::add(&mut word.reads, *span);
        }
    }

    /// `$name`; `next` is the character behind it.
    fn variable(&mut self, name: &str, quoted: bool, next: Option<char>) {
        let nested = self.frame.word.as_ref().is_some_and(|w| !w.modes.is_empty());
        if name == "IFS" && !quoted && !nested && !self.assigning() {
            self.separate(true);
            return;
        }
        if self.vars.get(name).is_some() {
            // `"$@"` stays the words it was set from.
            self.known(name, (!quoted && !nested) || (name == "@" && quoted));
            return;
        }
        if name == "IFS" {
            self.word().push_expanded(" \t\n", false);
            return;
        }
        let names_program = self.frame.draft.as_ref().is_none_or(|d| d.command.words.is_empty());
        let word = self.word();
        let letter = |c: char| c.is_ascii_alphanumeric();
        let behind = word.text.ends_with(|c| letter(c) || c == '-') && next.is_some_and(letter);
        let unset = matches!(name, "@" | "*");
        // Inside of a word at all: `/et${x}c`, `/${x}etc`, `x${x}.exe`.
        let amid = word.text.ends_with(|c| letter(c) || "-/.:".contains(c))
            && next.is_some_and(|c| letter(c) || "/.".contains(c))
            && (word.text.ends_with(letter) || next.is_some_and(letter) || unset)
            // The second dash of a long option.
            || word.text == "-" && next == Some('-');
        if (behind || amid) && !unset && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            // Between letters nobody needs a variable that nobody sets but to break up a word. It may come from
            // elsewhere all the same: the word stays dynamic.
            word.push_expanded("", !names_program || !behind);
            word.disguised |= names_program && behind;
            return;
        }
        if unset && amid && !behind {
            // The positional parameters that nobody set are nothing.
            word.push_expanded("", false);
            return;
        }
        let digit = name.starts_with(|c: char| c.is_ascii_digit() && c != '0');
        if (unset && behind) || (digit && word.is_blank() && word.disguised) {
            // Positional parameters that nobody set, put there to break up a name.
            word.push_expanded("", false);
            word.disguised = true;
        } else {
            word.push_expanded(&format!("${name}"), true);
        }
    }

    fn assigning(&self) -> bool {
        let first = self.frame.draft.as_ref().is_none_or(|d| d.command.words.is_empty());
        first && self.frame.word.as_ref().is_some_and(|w| w.assign.is_some())
    }

    /// Ends the word at an unquoted blank inside an expansion.
    fn separate(&mut self, disguised: bool) {
        let done = self.word().split(disguised);
        if let Some(done) = done {
            let after = self.frame.word.take();
            self.frame.word = Some(done);
            self.finish_word();
            if self.frame.word.is_none() {
                self.frame.word = after;
            }
        }
    }

    /// Puts the value of an expansion into the word; `split` cuts it at blanks as unquoted expansions are.
    pub(super) fn insert(&mut self, value: &str, dynamic: bool, split: bool) {
        if value.len() > self.budget {
            self.truncated = true;
            self.word().push_expanded("$", true);
            return;
        }
        self.budget -= value.len();
        if !split || self.assigning() || self.frame.pattern {
            self.word().push_expanded(value, dynamic);
            return;
        }
        let ifs = self.vars.ifs();
        let mut pieces = value.split(|c| ifs.contains(c));
        if let Some(first) = pieces.next() {
            self.word().push_expanded(first, dynamic);
        }
        for piece in pieces {
            // Each word costs more than its text.
            let Some(left) = self.budget.checked_sub(8) else {
                self.truncated = true;
                return;
            };
            self.budget = left;
            let hid = self.word().disguised;
            self.separate(hid);
            self.word().push_expanded(piece, dynamic);
        }
    }

    /// Replaces the operand, at the end of the word, by what the expansion gives.
    pub(super) fn finish_param(&mut self, operation: &Operation) {
        let operand = self.word().cut(operation.start);
        let Operation { name, op, quoted, indirect, .. } = operation;
        let nested = self.frame.word.as_ref().is_some_and(|w| !w.modes.is_empty());
        let split = (!quoted || operation.array) && !nested;
        if name == "IFS" && split && op != ":+" && op != "+" {
            self.separate(true);
            return;
        }
        let mut var = self.vars.get(name);
        if *indirect {
            var = var.filter(|v| !v.dynamic).and_then(|v| self.vars.get(&v.value));
        }
        let known = var.filter(|v| !(v.value.is_empty() && op.starts_with(':') && op.len() == 2));
        let reads = known.map(|v| v.reads.clone()).unwrap_or_default();
        let Some(left) = self.budget.checked_sub(known.map_or(0, |v| v.value.len())) else {
            self.truncated = true;
            self.unresolved(name);
            return;
        };
        let value = known.map(|v| (v.value.clone(), v.dynamic));
        self.budget = left;
        self.attach(&reads);
        match (op.as_str(), value) {
            (":-" | "-" | ":=" | "=", None) => {
                if op.ends_with('=') {
                    let var = Var { value: operand.clone(), ..Var::default() };
                    self.truncated |= !self.vars.set(name, var, false);
                }
                self.insert(&operand, true, split);
            }
            (":+" | "+", value) => self.insert(&operand, value.is_none(), split),
            (":", None)
                if ABSOLUTE.contains(&name.as_str()) && matches!(operand.as_str(), "0:1" | " 0:1") =>
            {
                self.word().disguised = true;
                self.word().push_expanded("/", false);
            }
            (_, Some((value, dynamic))) => match apply(op, &value, &operand) {
                Some(text) => self.insert(&text, dynamic, split),
                None => self.unresolved(name),
            },
            _ => self.unresolved(name),
        }
    }

    fn unresolved(&mut self, name: &str) {
        self.word().push_expanded(&format!("${name}"), true);
    }
}
