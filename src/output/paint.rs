//! Colours.

use crate::severity::Severity;

/// The code of a severity's colour.
pub(super) const fn color_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low => "36",
        Severity::None => "2",
    }
}

/// The text in a colour.
pub(super) fn painted(text: &str, code: &str) -> String {
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}
