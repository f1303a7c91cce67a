//! Small decoders for text that a spec hides: base64 (both alphabets, padded or not) and hexadecimal.
//!
//! Total and linear; more than [`MAX_TEXT`] bytes are left alone, so that decoding never costs more than
//! reading does.

/// The longest encoded text that is decoded.
pub const MAX_TEXT: usize = 64 * 1024;

/// The bytes of base64 in the standard or the URL alphabet. Blanks are skipped, padding may be absent.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT { None } else { base64_of_any_length(text) }
}

/// [`base64`] without its limit, for callers that bound their text otherwise.
#[must_use]
pub fn base64_of_any_length(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut have) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ if letter.is_ascii_whitespace() => continue,
            _ => return None,
        };
        bits = ((bits << 6) | u32::from(value)) & 0x00ff_ffff;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push(u8::try_from((bits >> have) & 0xff).unwrap_or(0));
        }
    }
    Some(out)
}

/// The bytes of pairs of hexadecimal digits. Blanks, colons, and `\x` or `0x` before a pair are skipped.
#[must_use]
pub fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let plain = text.replace("\\x", "").replace("0x", "");
    let mut out = Vec::with_capacity(plain.len() / 2);
    let mut first: Option<u32> = None;
    for letter in plain.chars().filter(|letter| !letter.is_whitespace() && *letter != ':') {
        let digit = letter.to_digit(16)?;
        match first.take() {
            None => first = Some(digit),
            Some(high) => out.push(u8::try_from(high * 16 + digit).unwrap_or(0)),
        }
    }
    first.is_none().then_some(out)
}

/// The bytes as text, if they are: UTF-8, or UTF-16LE as `PowerShell` encodes its commands.
#[must_use]
pub fn text(bytes: &[u8]) -> Option<String> {
    // ASCII in UTF-16LE has a zero as every other byte; UTF-8 text has none at all.
    if bytes.len() >= 2 && bytes.len().is_multiple_of(2) && bytes.iter().skip(1).step_by(2).all(|b| *b == 0) {
        return String::from_utf8(bytes.iter().step_by(2).copied().collect()).ok();
    }
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().all(is_text).then_some(text)
}

/// What a literal in a program decodes to, if it is encoded text. Short ones are left alone: `admin` and
/// `12345678` are valid in both encodings.
#[must_use]
pub fn literal(encoded: &str) -> Option<String> {
    if encoded.len() < 8 {
        return None;
    }
    let readable =
        |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| text(&bytes)).filter(|text| text.len() > 3);
    readable(hex(encoded)).or_else(|| readable(base64(encoded)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_with_and_without_padding() {
        for (encoded, want) in [
            ("aWQ=", "id"),
            ("aWQ", "id"),
            ("a W\nQ =", "id"),
            ("Pz8_Pj4-", "???>>>"),
            ("Pz8/Pj4+", "???>>>"),
            ("", ""),
        ] {
            assert_eq!(base64(encoded).as_deref(), Some(want.as_bytes()), "{encoded}");
        }
        assert_eq!(base64("a$b"), None);
    }

    #[test]
    fn hexadecimal_in_its_spellings() {
        for encoded in ["6964", "69 64", "\\x69\\x64", "0x69 0x64", "69:64"] {
            assert_eq!(hex(encoded).as_deref(), Some(b"id".as_slice()), "{encoded}");
        }
        assert_eq!(hex("696"), None);
        assert_eq!(hex("6g"), None);
    }

    #[test]
    fn text_and_only_text() {
        assert_eq!(text(b"w\0h\0o\0").as_deref(), Some("who"));
        assert_eq!(text(b"who").as_deref(), Some("who"));
        assert_eq!(text(b"\x7fELF\x01"), None);
        assert_eq!(text(b"\xff\xfe"), None);
        assert_eq!(literal("cm0gLXJmIC8=").as_deref(), Some("rm -rf /"));
        assert_eq!(literal("admin"), None);
    }

    #[test]
    fn huge_input_is_left_alone() {
        assert_eq!(base64(&"A".repeat(MAX_TEXT + 1)), None);
        assert_eq!(hex(&"A".repeat(MAX_TEXT + 1)), None);
    }
}
