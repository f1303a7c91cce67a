//! Operations on a known value: `${name op operand}`.

/// What an operation makes of a known value; nothing where that takes more than plain text work.
pub(super) fn apply(op: &str, value: &str, operand: &str) -> Option<String> {
    let text = match op {
        "" | ":-" | "-" | ":=" | "=" | ":?" | "?" | "@" => value.to_owned(),
        "^^" => value.to_uppercase(),
        ",," => value.to_lowercase(),
        "#" | "##" | "%" | "%%" => strip(op, value, operand)?.to_owned(),
        "/" | "//" => {
            let (pattern, with) = operand.split_once('/').unwrap_or((operand, ""));
            if pattern.is_empty() || pattern.contains(['*', '?', '[']) || pattern.starts_with(['#', '%']) {
                return None;
            }
            // The longest result: one replacement per pattern length.
            if value.len() / pattern.len() * with.len() > 64 * 1024 {
                return None;
            }
            if op == "/" { value.replacen(pattern, with, 1) } else { value.replace(pattern, with) }
        }
        ":" => {
            let (from, len) = operand.split_once(':').map_or((operand, None), |(f, l)| (f, Some(l)));
            let from: i64 = from.trim().parse().ok()?;
            let count = value.chars().count();
            let skip = match usize::try_from(from) {
                Ok(from) => from,
                Err(_) => count.checked_sub(usize::try_from(from.unsigned_abs()).ok()?)?,
            };
            let take = match len.map(|l| l.trim().parse::<usize>()) {
                Some(len) => len.ok()?,
                None => count,
            };
            value.chars().skip(skip).take(take).collect()
        }
        _ => return None,
    };
    Some(text)
}

/// `#`, `##`, `%`, `%%` for patterns that are literal, all `?`, or have one `*` at the outer end.
fn strip<'v>(op: &str, value: &'v str, pattern: &str) -> Option<&'v str> {
    let front = op.starts_with('#');
    if !pattern.is_empty() && pattern.chars().all(|c| c == '?') {
        let count = pattern.len();
        let mut chars = value.chars();
        for _ in 0..count {
            if front { chars.next() } else { chars.next_back() }?;
        }
        return Some(chars.as_str());
    }
    let star = if front { pattern.strip_prefix('*') } else { pattern.strip_suffix('*') };
    let literal = star.unwrap_or(pattern);
    if literal.contains(['*', '?', '[']) {
        return None;
    }
    let found = match (op, star) {
        (_, None) if front => value.strip_prefix(literal),
        (_, None) => value.strip_suffix(literal),
        ("#", _) => value.split_once(literal).map(|(_, rest)| rest),
        ("##", _) => value.rsplit_once(literal).map(|(_, rest)| rest),
        ("%", _) => value.rsplit_once(literal).map(|(rest, _)| rest),
        _ => value.split_once(literal).map(|(rest, _)| rest),
    };
    Some(found.unwrap_or(value))
}
