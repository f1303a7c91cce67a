//! However the YAML is written, it is the same object as in JSON.

use std::fmt::Write as _;

use serde_json::Value;

use super::choices::{Choices, of_each_sample};
use super::order;
use super::verdict::Verdict;

/// The object as a YAML document, every collection in a style of its own and so every scalar.
fn document(value: &Value, choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    block(value, 0, choices, &mut text);
    text
}

/// A value behind `key:` or `-`, with what is between them.
fn block(value: &Value, indent: usize, choices: &mut Choices<'_>, out: &mut String) {
    let is_flow = choices.below(8) == 7;
    match value {
        Value::Object(map) if !map.is_empty() && !is_flow => {
            let mut fields: Vec<_> = map.iter().collect();
            choices.shuffle(&mut fields);
            out.push('\n');
            for (key, value) in fields {
                let key = flow_text(key, choices);
                write!(out, "{:indent$}{key}:", "").unwrap();
                block(value, indent + 1 + choices.below(4), choices, out);
            }
        }
        Value::Array(list) if !list.is_empty() && !is_flow => {
            out.push('\n');
            for value in list {
                write!(out, "{:indent$}-", "").unwrap();
                block(value, indent + 1 + choices.below(4), choices, out);
            }
        }
        Value::String(text) => {
            let text = match choices.below(4) {
                1 => literal(text, indent),
                2 => folded(text, indent),
                _ => flow_text(text, choices),
            };
            writeln!(out, " {text}").unwrap();
        }
        other => writeln!(out, " {}", flow(other, choices)).unwrap(),
    }
}

/// In one line.
fn flow(value: &Value, choices: &mut Choices<'_>) -> String {
    let space = choices.of(&["", " ", "   "]);
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            choices.shuffle(&mut fields);
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(key, value)| format!("{}: {}", flow_text(key, choices), flow(value, choices)))
                .collect();
            format!("{{{space}{}{space}}}", fields.join(&format!(",{space} ")))
        }
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(|value| flow(value, choices)).collect();
            format!("[{space}{}{space}]", list.join(&format!("{space}, ")))
        }
        Value::String(text) => flow_text(text, choices),
        // Spellings of YAML 1.1, which kubectl reads.
        Value::Bool(true) => choices.of(&["true", "yes", "on", "True", "YES", "y"]).to_owned(),
        Value::Bool(false) => choices.of(&["false", "no", "off", "False", "NO", "n"]).to_owned(),
        Value::Null => choices.of(&["null", "~"]).to_owned(),
        Value::Number(number) => number.to_string(),
    }
}

/// Plain, single or double quotes.
fn flow_text(text: &str, choices: &mut Choices<'_>) -> String {
    let is_printable =
        |letter: char| !letter.is_control() && !matches!(letter, '\u{feff}' | '\u{2028}' | '\u{2029}');
    match choices.below(3) {
        1 if text.chars().all(is_printable) => format!("'{}'", text.replace('\'', "''")),
        2 => Value::from(text).to_string(),
        _ if is_plain(text) => text.to_owned(),
        _ => double(text, choices),
    }
}

/// With some letters as escapes.
fn double(text: &str, choices: &mut Choices<'_>) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str(choices.of(&["\\t", "\\x09"])),
            '/' => quoted.push_str(choices.of(&["/", "\\/"])),
            _ if !letter.is_ascii() || letter.is_ascii_control() => {
                write!(quoted, "\\U{:08x}", u32::from(letter)).unwrap();
            }
            _ if choices.below(16) == 15 => write!(quoted, "\\x{:02x}", u32::from(letter)).unwrap(),
            _ => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// Whether a word needs no quotes, and is nothing but text without them.
fn is_plain(text: &str) -> bool {
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/');
    let known = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let simple = |letter: char| letter.is_ascii_alphanumeric() || "/._-$()=@%;|".contains(letter);
    begins && text.chars().all(simple) && !known.contains(&text.to_lowercase().as_str())
}

/// A block of lines as they are; quoted, where a block cannot say it.
fn literal(text: &str, indent: usize) -> String {
    if !fits_block(text) {
        return Value::from(text).to_string();
    }
    let (body, chomp) = chomped(text);
    // What the first line begins with would be taken for the indentation.
    let lines: Vec<String> = body
        .split('\n')
        .map(|line| if line.is_empty() { String::new() } else { format!("{:indent$}{line}", "") })
        .collect();
    format!("|{chomp}\n{}", lines.join("\n"))
}

/// A block whose line breaks are blanks and whose blank lines are line breaks.
fn folded(text: &str, indent: usize) -> String {
    let starts_blank = |line: &str| line.starts_with([' ', '\t']);
    if !fits_block(text) || text.lines().any(|line| starts_blank(line) || line.is_empty()) {
        return literal(text, indent);
    }
    let (body, chomp) = chomped(text);
    let margin = " ".repeat(indent);
    // At single blanks between words a line may break.
    let fold = |line: &str| {
        let mut folded = String::new();
        for (number, word) in line.split(' ').enumerate() {
            let may_break = number > 0 && number % 3 == 0 && !word.is_empty() && !folded.ends_with(' ');
            match (number, may_break) {
                (0, _) => {}
                (_, true) => write!(folded, "\n{margin}").unwrap(),
                (_, false) => folded.push(' '),
            }
            folded.push_str(word);
        }
        folded
    };
    let lines: Vec<String> = body.split('\n').map(|line| format!("{margin}{}", fold(line))).collect();
    format!(">{chomp}\n{}", lines.join("\n\n"))
}

/// Without its last line break, and how a block says whether there is one.
fn chomped(text: &str) -> (&str, &'static str) {
    text.strip_suffix('\n').map_or((text, "-"), |body| (body, ""))
}

fn fits_block(text: &str) -> bool {
    let letter = |letter: char| letter == '\n' || !letter.is_control() && letter.is_ascii();
    let body = text.strip_suffix('\n').unwrap_or(text);
    !body.is_empty()
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with([' ', '\n'])
        && !body.contains(" \n")
        && text.chars().all(letter)
}

#[test]
fn all_styles_of_yaml_say_the_same() {
    let judged = of_each_sample(|sample, choices| {
        let text = document(&sample.object, choices);
        sample.verdict().must_equal(&Verdict::of_file(&text)?, &text)?;
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}

#[test]
fn json_and_yaml_say_the_same() {
    let judged = of_each_sample(|sample, choices| {
        let json = order::json(&sample.object, choices);
        let from_file = Verdict::of_file(&json)?;
        sample.verdict().must_equal(&from_file, &json)?;
        // Behind a comment it is read as YAML.
        let yaml = format!("# YAML\n{json}\n");
        from_file.must_equal(&Verdict::of_file(&yaml)?, &yaml)?;
        Ok(true)
    });
    assert!(judged > 1000, "{judged}");
}
