//! A cursor over the text: the only place that deals with byte offsets.

/// Position in a text, always on a character boundary.
pub(super) struct Cursor<'t> {
    text: &'t str,
    pos: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, pos: 0 }
    }

    pub(super) const fn pos(&self) -> usize {
        self.pos
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character `n` places on; meant for small `n`.
    pub(super) fn nth(&self, n: usize) -> Option<char> {
        self.rest().chars().nth(n)
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    /// Skips `bytes` bytes, to the end where that is no boundary.
    pub(super) fn skip(&mut self, bytes: usize) {
        let to = self.pos.saturating_add(bytes);
        self.pos = if self.text.is_char_boundary(to) { to } else { self.text.len() };
    }

    /// Skips `what` if it stands here.
    pub(super) fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        if found {
            self.pos += what.len();
        }
        found
    }

    /// Takes characters as long as `ok` holds.
    pub(super) fn take_while(&mut self, ok: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c| !ok(c)).unwrap_or(rest.len());
        self.pos += len;
        rest.get(..len).unwrap_or_default()
    }

    /// Takes up to `end` and skips it; takes the rest where it does not come.
    pub(super) fn take_until(&mut self, end: char) -> &'t str {
        let taken = self.take_while(|c| c != end);
        self.bump();
        taken
    }

    /// Whether `((…` here is arithmetic: the parenthesis that closes the second one is followed by another.
    /// Looks no further than that parenthesis, and not beyond `work` bytes over all calls: unclosed ones
    /// would otherwise be read to the end of the text again and again.
    pub(super) fn is_arithmetic(&self, work: &mut usize) -> bool {
        let mut depth = 0_usize;
        let mut bytes = self.rest().bytes();
        while let Some(c) = bytes.next() {
            let Some(left) = work.checked_sub(1) else { return true };
            *work = left;
            match c {
                b'(' => depth += 1,
                b')' if depth <= 2 => return bytes.next() == Some(b')'),
                b')' => depth -= 1,
                _ => {}
            }
        }
        true
    }
}

/// Whether `c` may stand in a variable name.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether `text` is a variable name.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| is_name(c) && !c.is_ascii_digit()) && text.chars().all(is_name)
}
