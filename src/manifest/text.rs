//! From the bytes of a file to the pieces of text that kubectl would parse one by one.

use std::borrow::Cow;

use super::{Position, Problem};

/// Decodes UTF-8, and UTF-16 with a byte order mark, which kubectl reads too.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let valid = String::from_utf8_lossy(valid);
                let last = valid.rsplit('\n').next().unwrap_or_default();
                let column = u32::try_from(last.chars().count()).unwrap_or(u32::MAX).saturating_add(1);
                let position = Some(Position { line: 1 + count_lines(&valid), column });
                Problem { position, message: "the text is not UTF-8".to_owned() }
            })
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Problem> {
    let units = bytes.chunks_exact(2).filter_map(|pair| Some(unit(pair.try_into().ok()?)));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    if bytes.len() % 2 == 1 || text.is_err() {
        return Err(Problem { position: None, message: "the text is not UTF-16".to_owned() });
    }
    Ok(Cow::Owned(text.unwrap_or_default()))
}

/// How many lines end in `text`.
pub(super) fn count_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

/// A piece of a file between two lines `---`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk<'t> {
    pub(super) text: &'t str,
    /// The number of its first line in the file.
    pub(super) first_line: u32,
}

/// Splits at the lines that begin with `---` and say nothing more, before any YAML is parsed: what is wrong in one
/// document does not reach into the next.
pub(super) fn chunks(text: &str, first_line: u32) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut line_number = first_line;
    let mut start = 0;
    let mut start_line = first_line;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let next = offset + line.len();
        line_number = line_number.saturating_add(1);
        if line.strip_prefix("---").is_some_and(is_empty) {
            chunks.push(Chunk { text: text.get(start..offset).unwrap_or_default(), first_line: start_line });
            (start, start_line) = (next, line_number);
        }
        offset = next;
    }
    chunks.push(Chunk { text: text.get(start..).unwrap_or_default(), first_line: start_line });
    chunks
}

fn is_empty(rest_of_line: &str) -> bool {
    let rest = rest_of_line.trim();
    rest.is_empty() || rest.starts_with('#')
}

/// Text with the line breaks of YAML 1.1 (U+0085, U+2028, U+2029) made into those of YAML 1.2.
///
/// For kubectl a comment ends at U+2028, and what follows counts, though an editor shows it within the comment.
pub(super) fn yaml_lines(text: &str) -> Cow<'_, str> {
    const BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
    // All three begin with one of these bytes; most files have neither.
    let may_have = text.bytes().any(|byte| byte == 0xc2 || byte == 0xe2);
    if may_have && text.contains(BREAKS) {
        Cow::Owned(text.replace(BREAKS, "\n"))
    } else {
        Cow::Borrowed(text)
    }
}
