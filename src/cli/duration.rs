//! Times on the command line.

use std::time::Duration;

/// A time such as `90s`, `15m`, `12h` or `7d`, at most ten years.
///
/// # Errors
/// When the text is none, in words for the user.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("not a time such as 90s, 15m, 12h or 7d: {text:?}");
    let unit = text.chars().last().filter(char::is_ascii_alphabetic).ok_or_else(wrong)?;
    let count: u64 = text.strip_suffix(unit).and_then(|count| count.parse().ok()).ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let total = count.checked_mul(seconds).filter(|total| *total <= 10 * 366 * 86_400);
    total.map(Duration::from_secs).ok_or_else(|| format!("more than ten years: {text:?}"))
}
