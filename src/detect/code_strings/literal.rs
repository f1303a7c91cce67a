//! String literals: where they end, and what their quotes and escapes stand for.

/// The string literals of a text, quotes and escapes undone; the first 256.
pub(in crate::detect) fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = code.get(at..).and_then(|text| text.find(['"', '\'', '`'])) {
        let (text, end) = literal(code, at + next);
        if !text.is_empty() {
            found.push(text);
        }
        at = end;
        if found.len() >= 256 {
            break;
        }
    }
    found
}

/// The literal whose quote stands at `start`, and where it ends.
pub(super) fn literal(code: &str, start: usize) -> (String, usize) {
    let from = code.get(start..).unwrap_or_default();
    let Some(quote) = from.chars().next() else { return (String::new(), code.len()) };
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let long = from.starts_with(&triple);
    let mut at = start + if long { 3 } else { 1 };
    let mut text = String::new();
    while let Some(letter) = code.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = code.get(at..).unwrap_or_default();
        if letter == quote && (!long || rest.starts_with(&triple)) {
            return (text, at + if long { 3 } else { 1 });
        }
        at += letter.len_utf8();
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        let Some(escaped) = code.get(at..).and_then(|rest| rest.chars().next()) else { break };
        at += escaped.len_utf8();
        match escaped {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'x' => {
                let digits = code.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match digits {
                    Some(byte) => {
                        text.push(char::from(byte));
                        at += 2;
                    }
                    None => text.push_str("\\x"),
                }
            }
            '\n' => {}
            other => text.push(other),
        }
    }
    (text, code.len())
}

/// The largest boundary of a character up to `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
