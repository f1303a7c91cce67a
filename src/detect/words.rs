//! Questions about the words of an invocation.

use crate::normalize::Invocation;

/// The arguments as text.
pub(super) fn words(invocation: &Invocation) -> impl DoubleEndedIterator<Item = &str> + Clone {
    invocation.args.iter().map(|word| word.text.as_str())
}

/// The arguments that are not options.
pub(super) fn operands(invocation: &Invocation) -> impl DoubleEndedIterator<Item = &str> + Clone {
    words(invocation).filter(|text| !text.starts_with('-'))
}

/// Whether one of `wanted` is an argument.
pub(super) fn has(invocation: &Invocation, wanted: &[&str]) -> bool {
    words(invocation).any(|text| wanted.contains(&text))
}

/// Whether one of these options is given, alone or with `=VALUE`.
pub(super) fn flagged(invocation: &Invocation, options: &[&str]) -> bool {
    words(invocation).any(|word| options.contains(&word.split('=').next().unwrap_or(word)))
}

/// Whether one of the first operands is one of `wanted`: a subcommand, wherever global options stand.
pub(super) fn subcommand(invocation: &Invocation, wanted: &[&str]) -> bool {
    operands(invocation).take(4).any(|text| wanted.contains(&text))
}

/// The value of an option: the word after it, or what follows `=`.
pub(super) fn option<'a>(invocation: &'a Invocation, names: &[&str]) -> Option<&'a str> {
    let mut all = words(invocation);
    while let Some(word) = all.next() {
        if names.contains(&word) {
            return all.next();
        }
        if let Some((name, value)) = word.split_once('=')
            && names.contains(&name)
        {
            return Some(value);
        }
    }
    None
}

/// Whether a short flag is given, alone or among others: `-rf` has `r`.
pub(super) fn short(invocation: &Invocation, flag: char) -> bool {
    words(invocation).any(|text| cluster(text).is_some_and(|flags| flags.contains(flag)))
}

/// The letters of `-abc`, if it is such a word.
pub(super) fn cluster(text: &str) -> Option<&str> {
    text.strip_prefix('-').filter(|flags| {
        (1..=8).contains(&flags.len()) && flags.chars().all(|flag| flag.is_ascii_alphabetic())
    })
}

/// Programs that print or search their arguments: words about something, not the thing.
pub(super) fn only_prints(program: &str) -> bool {
    matches!(
        program,
        "echo"
            | "printf"
            | "grep"
            | "egrep"
            | "fgrep"
            | "sed"
            | "test"
            | "["
            | "[["
            | "case"
            | "for"
            | "logger"
            | "tr"
    )
}
