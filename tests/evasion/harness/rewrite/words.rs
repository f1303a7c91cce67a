//! Blanks, line ends, comments, lists of words.

use super::super::bare::words;
use super::spell::{cut, refuses_unset, respell, uses_positionals};
use super::{Change, Context, REWRITE, Rewrite, Script};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "ifs",
        what: "${IFS} for blanks",
        change: Change::Script(|script, context| blanks(script, context, &["${IFS}", "$IFS"])),
        ..REWRITE
    },
    Rewrite {
        name: "ifs-positional",
        what: "$IFS$9 for blanks",
        change: Change::Script(|script, context| {
            if refuses_unset(script) || uses_positionals(script) {
                return None;
            }
            blanks(script, context, &["$IFS$9", "${IFS}$8"])
        }),
        ..REWRITE
    },
    Rewrite {
        name: "unset-variable",
        what: "wo${none}rd",
        change: Change::Script(|script, context| {
            if refuses_unset(script) {
                return None;
            }
            let none = context.variable();
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let (left, right) = cut(word, context);
                    format!("{left}${{{none}}}{right}")
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "no-positionals",
        what: "wo$@rd",
        change: Change::Script(|script, context| {
            if uses_positionals(script) || script.text.contains("()") {
                return None;
            }
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let (left, right) = cut(word, context);
                    format!("{left}{}{right}", context.dice.of(&["$@", "$*", "${@}"]))
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "brace-list",
        what: "{program,argument,argument}",
        needs: &["bash"],
        change: Change::Script(brace_list),
        ..REWRITE
    },
    Rewrite {
        name: "tabs",
        what: "tabs and more blanks",
        everyday: true,
        change: Change::Script(|script, context| blanks(script, context, &["\t", "  ", " \t "])),
        ..REWRITE
    },
    Rewrite {
        name: "continued-line",
        what: "a line break behind a backslash, between words",
        everyday: true,
        change: Change::Script(|script, context| blanks(script, context, &[" \\\n", " \\\n  "])),
        ..REWRITE
    },
    Rewrite {
        name: "continued-word",
        what: "a line break behind a backslash, inside of words",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let (left, right) = cut(word, context);
                    format!("{left}\\\n{right}")
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "comments",
        what: "comments before and behind, with quotes in them",
        everyday: true,
        change: Change::Script(|script, context| {
            let comment =
                context.dice.of(&["it's the nightly run", "see \"README\"", "TODO: `clean up`", "(1/2"]);
            script.text = format!("# {comment}\n{}\n# {comment}\n", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "padding",
        what: "empty lines and commands that do nothing",
        everyday: true,
        change: Change::Script(|script, context| {
            let before = context.dice.of(&["true && :\n\n", ":;\n", "\n\n\n", "cd .\n", "umask 022\n"]);
            script.text = format!("{before}{}", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "log-lines",
        what: "echo of what is done, before it",
        everyday: true,
        change: Change::Script(|script, context| {
            let said =
                context.dice.of(&["starting", "step 1 of 1", "$(date) begin", "${HOSTNAME:-pod}: run"]);
            script.text = format!("echo \"{said}\" >&2\n{}", script.text);
            Some(())
        }),
        ..REWRITE
    },
];

/// Other blanks between two bare words of one command.
fn blanks(script: &mut Script, context: &mut Context, spellings: &[&'static str]) -> Option<()> {
    let found = words(&script.text);
    // Expanded blanks separate words only inside a command, not behind its assignments or a keyword.
    let gaps: Vec<_> = found
        .windows(2)
        .filter(|pair| !pair[1].command && script.text[pair[0].at.end..pair[1].at.start] == *" ")
        .map(|pair| pair[0].at.end)
        .collect();
    if gaps.is_empty() {
        return None;
    }
    let certain = context.dice.below(gaps.len());
    for (index, gap) in gaps.iter().enumerate().rev() {
        if index == certain || context.dice.coin() {
            // A name without braces would swallow the letters behind it.
            let plain = script.text[gap + 1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let spelling = context.dice.of(spellings);
            let spelling = if plain && spelling == "$IFS" { "${IFS}" } else { spelling };
            script.text.replace_range(*gap..=*gap, spelling);
        }
    }
    Some(())
}

fn brace_list(script: &mut Script, context: &mut Context) -> Option<()> {
    let found = words(&script.text);
    let fits = |word: &str| !word.contains([',', '@', '=']);
    let starts: Vec<usize> = (0..found.len())
        .filter(|at| {
            let next = found.get(at + 1).is_some_and(|next| !next.command);
            found[*at].command && found[*at].plain_to_end && next
        })
        .collect();
    if starts.is_empty() {
        return None;
    }
    let first = context.dice.of(&starts);
    let command: Vec<_> = found[first..]
        .iter()
        .enumerate()
        .take_while(|(at, word)| *at == 0 || !word.command)
        .map(|(_, w)| w)
        .collect();
    let list: Vec<&str> = command.iter().map(|word| &script.text[word.at.clone()]).collect();
    if !list.iter().all(|word| fits(word)) {
        return None;
    }
    let list = format!("{{{}}}", list.join(","));
    let range = command[0].at.start..command[command.len() - 1].at.end;
    script.text.replace_range(range, &list);
    script.for_bash();
    Some(())
}
