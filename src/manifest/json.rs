//! From a stream of JSON objects to trees, as kubectl reads a file that begins with `{`.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::scalar::float;
use super::tree::{Builder, Tree, Value};
use super::{Position, Problem};

/// What became of a text that may be JSON.
pub(super) struct Outcome {
    /// How many objects were read.
    pub(super) objects: usize,
    /// The offset of what is not JSON.
    pub(super) rest: Option<usize>,
    /// Why it is not.
    pub(super) problem: Option<Problem>,
}

/// Calls `visit` for each of the JSON values that `text` begins with.
pub(super) fn documents<'t>(text: &'t str, visit: &mut dyn FnMut(Result<Tree<'t>, Problem>)) -> Outcome {
    let mut places = Places { text, offset: 0, at: Position::START };
    // Validates without recursion; what is read below is known to be JSON.
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    let mut objects = 0;
    while let Some(value) = values.next() {
        if let Err(error) = value {
            let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).max(1);
            let position = Position { line: number(error.line()), column: number(error.column()) };
            let message = format!("not JSON: {error}");
            let problem = Some(Problem { position: Some(position), message });
            return Outcome { objects, rest: Some(start), problem };
        }
        let end = values.byte_offset();
        objects += 1;
        if let Some(tree) = read(text, start, end, &mut places).finish().transpose() {
            visit(tree);
        }
        start = end;
    }
    Outcome { objects, rest: None, problem: None }
}

/// Reads the valid JSON value in `text[start..end]`.
fn read<'t>(text: &'t str, start: usize, end: usize, places: &mut Places<'t>) -> Builder<'t> {
    let mut builder = Builder::default();
    let mut offset = start;
    while let Some(byte) = text.as_bytes().get(offset).filter(|_| offset < end && !builder.is_too_large()) {
        let length = match byte {
            b'{' | b'[' => {
                builder.open(*byte == b'{', places.at(offset));
                1
            }
            b'}' | b']' => {
                builder.close();
                1
            }
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => 1,
            b'"' => {
                let length = string_length(text.as_bytes().get(offset..end).unwrap_or_default());
                let value = string(text.get(offset..offset + length).unwrap_or_default());
                builder.scalar(Value::Text(value), places.at(offset));
                length
            }
            _ => {
                let rest = text.get(offset..end).unwrap_or_default();
                let length = rest
                    .bytes()
                    .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t'))
                    .unwrap_or(rest.len());
                builder.scalar(word(rest.get(..length).unwrap_or_default()), places.at(offset));
                length
            }
        };
        offset += length.max(1);
    }
    builder
}

/// The length of the string at the beginning of `bytes`, quotes included.
fn string_length(bytes: &[u8]) -> usize {
    let mut escaped = true; // the opening quote
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn string(quoted: &str) -> Cow<'_, str> {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if inner.contains('\\') {
        Cow::Owned(serde_json::from_str(quoted).unwrap_or_default())
    } else {
        Cow::Borrowed(inner)
    }
}

fn word(text: &str) -> Value<'static> {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => match text.parse() {
            Ok(integer) => Value::Int(integer),
            Err(_) => text.parse().ok().and_then(float).unwrap_or(Value::Number),
        },
    }
}

/// Lines and columns of growing offsets, in one pass over the text.
struct Places<'t> {
    text: &'t str,
    offset: usize,
    at: Position,
}

impl Places<'_> {
    fn at(&mut self, offset: usize) -> Position {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        for character in passed.chars() {
            if character == '\n' {
                self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
            } else {
                self.at.column = self.at.column.saturating_add(1);
            }
        }
        self.offset = offset;
        self.at
    }
}
