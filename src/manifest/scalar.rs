//! What a YAML scalar is: the rules of the YAML library in kubectl (go-yaml v2: YAML 1.1 with its own mind).
//!
//! `yes`, `on` and `y` are booleans, `0777` is octal, `1_000` and `1e3` are integers once they have been through
//! JSON, a date is text. A reader of YAML 1.2 would take `hostNetwork: yes` for text, and miss it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::tree::Value;

/// Resolves a scalar; `plain` means neither quoted nor in block style. `tag` is the name of a tag of YAML's own
/// namespace (`str` for `!!str`), or any other text for a foreign one.
///
/// # Errors
/// When the text is not of the type that its tag claims.
pub(super) fn resolve<'t>(
    text: Cow<'t, str>,
    plain: bool,
    tag: Option<&str>,
) -> Result<Value<'t>, &'static str> {
    let wanted = match tag {
        None if plain => None,
        Some("merge") => return Ok(if text == "<<" { Value::Merge } else { Value::Text(text) }),
        Some("binary") => return binary(&text),
        Some(tag @ ("bool" | "int" | "float" | "null")) => Some(tag),
        // A timestamp stays the text that it is.
        None | Some(_) => return Ok(Value::Text(text)),
    };
    let value = plain_value(&text).unwrap_or(Value::Text(text));
    match (wanted, &value) {
        (None, _)
        | (Some("bool"), Value::Bool(_))
        | (Some("null"), Value::Null)
        | (Some("int" | "float"), Value::Int(_))
        | (Some("float"), Value::Number) => Ok(value),
        _ => Err("a value is not of the type that its tag says"),
    }
}

fn plain_value(text: &str) -> Option<Value<'static>> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Some(Value::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Some(Value::Bool(false));
        }
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "<<" => return Some(Value::Merge),
        _ => {}
    }
    match text.as_bytes().first()? {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        _ => None,
    }
}

fn number(text: &str) -> Option<Value<'static>> {
    let special = text.trim_start_matches(['+', '-']);
    if matches!(special, ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF") {
        return Some(Value::Number);
    }
    let digits: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    if let Some(integer) = integer(&digits) {
        return Some(i64::try_from(integer).map_or(Value::Number, Value::Int));
    }
    is_float(&digits).then(|| digits.parse().ok().and_then(float)).flatten()
}

/// A float as it comes out of JSON, where one without a fraction is an integer. Too large a number stays text.
pub(super) fn float(value: f64) -> Option<Value<'static>> {
    const LIMIT: f64 = 9e18; // just inside i64
    if !value.is_finite() {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "whole and in range")]
    let whole = (value.fract() == 0.0 && value.abs() < LIMIT).then_some(value as i64);
    Some(whole.map_or(Value::Number, Value::Int))
}

/// Go's `ParseInt` with base 0, up to the range of `u64`.
fn integer(text: &str) -> Option<i128> {
    let (sign, magnitude) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let prefix = magnitude.get(..2).map(str::to_ascii_lowercase);
    let (digits, radix) = match prefix.as_deref() {
        Some("0x") => (magnitude.get(2..)?, 16),
        Some("0b") => (magnitude.get(2..)?, 2),
        Some("0o") => (magnitude.get(2..)?, 8),
        Some(_) if magnitude.starts_with('0') => (magnitude.get(1..)?, 8),
        _ => (magnitude, 10),
    };
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let value = sign * i128::from_str_radix(digits, radix).ok()?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value).then_some(value)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        None => (text, "0"),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && !exponent.is_empty()
        && all_digits(exponent)
}

fn binary(text: &str) -> Result<Value<'static>, &'static str> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = STANDARD.decode(compact).map_err(|_| "!!binary value contains invalid base64 data")?;
    Ok(Value::Text(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Value<'_> {
        resolve(Cow::Borrowed(text), true, None).unwrap()
    }

    /// What `kubectl label --local -o json` of 1.36 prints for the same scalars.
    #[test]
    fn plain_scalars_are_what_they_are_for_kubectl() {
        for (text, expected) in [
            ("yes", Value::Bool(true)),
            ("y", Value::Bool(true)),
            ("ON", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("yEs", Value::Text("yEs".into())),
            ("~", Value::Null),
            ("", Value::Null),
            ("0777", Value::Int(511)),
            ("08", Value::Int(8)),
            ("1_000", Value::Int(1000)),
            ("1e3", Value::Int(1000)),
            ("0b11", Value::Int(3)),
            ("-0b11", Value::Int(-3)),
            ("0x1F", Value::Int(31)),
            ("0o17", Value::Int(15)),
            ("+3", Value::Int(3)),
            (".5", Value::Number),
            (".0", Value::Int(0)),
            ("18446744073709551615", Value::Number),
            (".inf", Value::Number),
            ("1e999", Value::Text("1e999".into())),
            ("2001-01-01", Value::Text("2001-01-01".into())),
            ("-", Value::Text("-".into())),
            ("-x", Value::Text("-x".into())),
            (".", Value::Text(".".into())),
            ("0x", Value::Text("0x".into())),
            ("1.2.3", Value::Text("1.2.3".into())),
            ("12:30", Value::Text("12:30".into())),
            ("<<", Value::Merge),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn quotes_and_tags_decide() {
        let resolve = |text: &'static str, plain, tag| resolve(Cow::Borrowed(text), plain, tag);
        assert_eq!(resolve("yes", false, None), Ok(Value::Text("yes".into())));
        assert_eq!(resolve("yes", true, Some("str")), Ok(Value::Text("yes".into())));
        assert_eq!(resolve("yes", true, Some("!custom")), Ok(Value::Text("yes".into())));
        assert_eq!(resolve("yes", false, Some("bool")), Ok(Value::Bool(true)));
        assert_eq!(resolve("3", true, Some("float")), Ok(Value::Int(3)));
        assert!(resolve("x", true, Some("int")).is_err());
        assert_eq!(resolve("bmMgLWU=", true, Some("binary")), Ok(Value::Text("nc -e".into())));
        assert!(resolve("%", true, Some("binary")).is_err());
    }
}
