//! Quotes, backslashes and escapes in words.

use super::spell::{cut, respell};
use super::{Change, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "quote-single",
        what: "'word'",
        everyday: true,
        change: Change::Script(|script, context| {
            respell(script, context, |_, _| true, |word, _| format!("'{word}'"))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "quote-double",
        what: "\"word\"",
        everyday: true,
        change: Change::Script(|script, context| {
            respell(script, context, |_, _| true, |word, _| format!("\"{word}\""))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "quote-part",
        what: "wo'rd', w\"or\"d",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let (left, right) = cut(word, context);
                    let quote = context.dice.of(&['\'', '"']);
                    if context.dice.coin() {
                        format!("{left}{quote}{right}{quote}")
                    } else {
                        format!("{quote}{left}{quote}{right}")
                    }
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "quote-mixed",
        what: "'w'\"o\"r'd'",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let spell = |letter: char| match context.dice.below(3) {
                        0 => format!("'{letter}'"),
                        1 => format!("\"{letter}\""),
                        _ => letter.to_string(),
                    };
                    word.chars().map(spell).collect()
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "quote-empty",
        what: "wo''rd, \"\"word",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let (left, right) = cut(word, context);
                    let nothing = context.dice.of(&["''", "\"\"", "''\"\"", "$''"]);
                    // $'' is of bash; elsewhere it would be a dollar.
                    let nothing = if nothing == "$''" { "''" } else { nothing };
                    match context.dice.below(3) {
                        0 => format!("{nothing}{word}"),
                        1 => format!("{word}{nothing}"),
                        _ => format!("{left}{nothing}{right}"),
                    }
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "backslash",
        what: "wo\\rd",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, _| true,
                |word, context| {
                    let at = context.dice.below(word.len());
                    format!("{}\\{}", &word[..at], &word[at..])
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "backslash-all",
        what: "\\w\\o\\r\\d",
        change: Change::Script(|script, context| {
            respell(script, context, |_, _| true, |word, _| word.chars().flat_map(|c| ['\\', c]).collect())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "ansi-c-hex",
        what: "$'\\x77ord'",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            script.for_bash();
            respell(
                script,
                context,
                |_, _| true,
                |word, context| {
                    let spell = |byte: u8| match context.dice.coin() {
                        true => format!("\\x{byte:02x}"),
                        false => char::from(byte).to_string(),
                    };
                    format!("$'{}'", word.bytes().map(spell).collect::<String>())
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "ansi-c-octal",
        what: "$'\\167\\157\\162\\144'",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            script.for_bash();
            respell(
                script,
                context,
                |_, _| true,
                |word, _| {
                    format!("$'{}'", word.bytes().map(|byte| format!("\\{byte:03o}")).collect::<String>())
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "ansi-c-unicode",
        what: "$'\\u0077ord'",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            script.for_bash();
            respell(
                script,
                context,
                |_, _| true,
                |word, _| {
                    let first = word.as_bytes()[0];
                    format!("$'\\u{first:04x}'{}", &word[1..])
                },
            )
        }),
        ..REWRITE
    },
];
