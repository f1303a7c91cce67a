//! Small decoders for text that a spec hides: base64 (both alphabets, padded or not), base32, hexadecimal, and what
//! is packed with gzip or zlib.
//!
//! Total and linear; more than [`MAX_TEXT`] bytes are left alone, so that decoding never costs more than
//! reading does.

use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

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
    bytes_of_letters(text, 6, |letter| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    })
}

/// The bytes of base32 in the alphabet of RFC 4648, in either case. Blanks are skipped, padding may be absent.
#[must_use]
pub fn base32(text: &str) -> Option<Vec<u8>> {
    bytes_of_letters(text, 5, |letter| match letter.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => Some(letter - b'A'),
        letter @ b'2'..=b'7' => Some(letter - b'2' + 26),
        _ => None,
    })
}

/// The bytes of letters that stand for `width` bits each. Blanks are skipped; padding ends it, and need not be there.
fn bytes_of_letters(text: &str, width: u32, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 8 * usize::try_from(width).unwrap_or(0));
    let (mut bits, mut have) = (0_u32, 0_u32);
    for letter in text.bytes() {
        if letter == b'=' {
            break;
        }
        if letter.is_ascii_whitespace() {
            continue;
        }
        // At most seven bits wait for the next letter, so nothing that counts is cut off.
        bits = ((bits << width) | u32::from(value(letter)?)) & 0xffff;
        have += width;
        if have >= 8 {
            have -= 8;
            out.push(u8::try_from((bits >> have) & 0xff).unwrap_or(0));
        }
    }
    Some(out)
}

/// What is packed in gzip (RFC 1952) or zlib (RFC 1950): its beginning, where it is longer than [`MAX_TEXT`] or
/// damaged. Bytes that are not packed stay as they are.
#[must_use]
pub fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    let inflated = match bytes.as_slice() {
        [0x1f, 0x8b, 8, ..] => gzip_body(&bytes).map(|body| decompress_to_vec_with_limit(body, MAX_TEXT)),
        // The window is at most 32 KiB, and the two bytes are a multiple of 31.
        [method, flags, ..]
            if method & 15 == 8
                && method >> 4 <= 7
                && (u16::from(*method) * 256 + u16::from(*flags)) % 31 == 0 =>
        {
            Some(decompress_to_vec_zlib_with_limit(&bytes, MAX_TEXT))
        }
        _ => None,
    };
    match inflated {
        Some(Ok(out)) => out,
        Some(Err(error)) if !error.output.is_empty() => error.output,
        _ => bytes,
    }
}

/// The packed part of gzip: what follows a header of ten bytes, and what its flags announce.
fn gzip_body(bytes: &[u8]) -> Option<&[u8]> {
    let flags = *bytes.get(3)?;
    let mut rest = bytes.get(10..)?;
    if flags & 4 != 0 {
        let [low, high, ..] = rest else { return None };
        rest = rest.get(2 + usize::from(*low) + 256 * usize::from(*high)..)?;
    }
    // A name and a comment, each ended by a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 == 0 { Some(rest) } else { rest.get(2..) }
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
        |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| text(&unpacked(bytes))).filter(|text| text.len() > 3);
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
    fn base32_in_both_cases() {
        for (encoded, want) in [("NFSA====", "id"), ("nfsa", "id"), ("ORSXG5A=", "test"), ("", "")] {
            assert_eq!(base32(encoded).as_deref(), Some(want.as_bytes()), "{encoded}");
        }
        assert_eq!(base32("NFS1"), None);
    }

    #[test]
    fn packed_text_is_unpacked_up_to_the_limit() {
        let deflated = |text: &[u8]| miniz_oxide::deflate::compress_to_vec(text, 9);
        let gzip = |flags: u8, extra: &[u8], text: &[u8]| {
            let mut all = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
            all.extend(extra);
            all.extend(deflated(text));
            all.extend([0; 8]);
            all
        };
        assert_eq!(unpacked(gzip(0, b"", b"id")), b"id");
        assert_eq!(unpacked(gzip(4 | 8 | 16 | 2, b"\x02\x00xxname\0comment\0hh", b"id")), b"id");
        assert_eq!(unpacked(miniz_oxide::deflate::compress_to_vec_zlib(b"id", 9)), b"id");
        assert_eq!(unpacked(gzip(0, b"", &vec![b'a'; 10_000_000])).len(), MAX_TEXT);
        for plain in [&b"id; ls"[..], b"x", b"", b"\x1f\x8b\x08", b"\x1f\x8b\x08\xff0123456789"] {
            assert_eq!(unpacked(plain.to_vec()), plain);
        }
    }

    #[test]
    fn huge_input_is_left_alone() {
        assert_eq!(base64(&"A".repeat(MAX_TEXT + 1)), None);
        assert_eq!(hex(&"A".repeat(MAX_TEXT + 1)), None);
    }
}
