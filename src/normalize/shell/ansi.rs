//! Backslash escapes: `$'…'`, `echo -e`, `printf`.

use super::token::Cursor;

/// Decodes escapes up to `end` (or the end of the text). Gives the text, and whether an escape spelled out
/// a letter, digit or `/` that could have been written plainly: that hides text, `\n` or `\e` do not.
pub(super) fn decode(cur: &mut Cursor<'_>, end: Option<char>) -> (String, bool) {
    let mut out: Vec<u8> = Vec::new();
    let mut hid = false;
    while let Some(c) = cur.bump() {
        if Some(c) == end {
            break;
        }
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        let Some(kind) = cur.bump() else {
            out.push(b'\\');
            break;
        };
        let before = out.len();
        let mut numeric = true;
        match kind {
            'x' => number(cur, 16, 2, &mut out),
            'u' => number(cur, 16, 4, &mut out),
            'U' => number(cur, 16, 8, &mut out),
            '0'..='7' => {
                let lead = kind.to_digit(8).unwrap_or(0);
                // `\0NNN` of echo and `\NNN` of $'…' differ in length only.
                let digits = digits(cur, 8, if kind == '0' { 3 } else { 2 });
                let value = digits.chars().fold(lead, |v, d| (v * 8) + d.to_digit(8).unwrap_or(0));
                out.push(u8::try_from(value & 0xff).unwrap_or(0));
            }
            _ => {
                numeric = false;
                simple(kind, &mut out);
            }
        }
        if numeric {
            hid |= out.get(before..).is_some_and(|made| {
                made.first().is_some_and(|b| made.len() == 1 && (b.is_ascii_alphanumeric() || *b == b'/'))
            });
        }
    }
    (String::from_utf8_lossy(&out).into_owned(), hid)
}

fn simple(kind: char, out: &mut Vec<u8>) {
    match kind {
        'n' => out.push(b'\n'),
        't' => out.push(b'\t'),
        'r' => out.push(b'\r'),
        'a' => out.push(7),
        'b' => out.push(8),
        'e' | 'E' => out.push(27),
        'f' => out.push(12),
        'v' => out.push(11),
        '\\' | '\'' | '"' | '?' => push(out, kind),
        other => {
            out.push(b'\\');
            push(out, other);
        }
    }
}

fn digits<'t>(cur: &mut Cursor<'t>, radix: u32, max: usize) -> &'t str {
    let rest = cur.rest();
    let len = rest.chars().take(max).take_while(|c| c.is_digit(radix)).count();
    cur.skip(len);
    rest.get(..len).unwrap_or_default()
}

fn number(cur: &mut Cursor<'_>, radix: u32, max: usize, out: &mut Vec<u8>) {
    let text = digits(cur, radix, max);
    match u32::from_str_radix(text, radix) {
        Ok(value) if max == 2 => out.push(u8::try_from(value).unwrap_or(0)),
        Ok(value) => push(out, char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)),
        Err(_) => out.extend_from_slice(match max {
            2 => b"\\x",
            4 => b"\\u",
            _ => b"\\U",
        }),
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
