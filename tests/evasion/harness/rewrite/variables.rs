//! Variables of the script and of the container.

use super::super::bare::{is_program, words};
use super::super::subject::{Run, reference};
use super::spell::{cut, respell, script, uses_positionals};
use super::{Change, Context, REWRITE, Rewrite, Script};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "variable-word",
        what: "v=word; $v",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, _| (format!("{name}={word}\n"), format!("${{{name}}}")))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-parts",
        what: "a=wo; b=rd; $a$b",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, context| {
                let (left, right) = cut(word, context);
                (format!("{name}='{left}'; {name}b='{right}'\n"), format!("${{{name}}}${{{name}b}}"))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-letters",
        what: "one letter of the word in a variable",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, context| {
                let at = context.dice.below(word.len());
                let (left, rest) = word.split_at(at);
                (format!("{name}={}\n", &rest[..1]), format!("{left}${{{name}}}{}", &rest[1..]))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-appended",
        what: "v=wo; v=${v}rd; $v",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, context| {
                let (left, right) = cut(word, context);
                (format!("{name}={left}\n{name}=${{{name}}}{right}\n"), format!("${name}\"\""))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-default",
        what: "${none:-word}",
        change: Change::Script(|script, context| {
            let none = context.variable();
            respell(script, context, |_, _| true, |word, _| format!("${{{none}:-{word}}}"))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-slice",
        what: "v=__word; ${v:2:4}",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            script.for_bash();
            assigned(script, context, |word, name, _| {
                (format!("{name}=__{word}__\n"), format!("${{{name}:2:{}}}", word.len()))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-stripped",
        what: "v=word.off; ${v%.off}",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, context| {
                if context.dice.coin() {
                    (format!("{name}={word}.off\n"), format!("${{{name}%.off}}"))
                } else {
                    (format!("{name}=off.{word}\n"), format!("${{{name}#off.}}"))
                }
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-replaced",
        what: "v=w#ord; ${v//#}",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            script.for_bash();
            assigned(script, context, |word, name, context| {
                let (left, right) = cut(word, context);
                (format!("{name}='{left}__{right}'\n"), format!("${{{name}//__/}}"))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-printed",
        what: "v=$(printf 'wo%s' rd); $v",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, context| {
                let (left, right) = cut(word, context);
                let made = match context.dice.below(3) {
                    0 => format!("$(printf '%s%s' '{left}' {right})"),
                    1 => format!("$({} {word})", printer(word)),
                    _ => format!("`{} {left}`{right}", printer(left)),
                };
                (format!("{name}={made}\n"), format!("${{{name}}}"))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-of-loop",
        what: "for v in word; do …$v…; done",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, _| {
                (format!("for {name} in {word}; do\n"), format!("${name}\"\""))
            })?;
            script.text.push_str("\ndone");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "variable-read",
        what: "read v <<E",
        change: Change::Script(|script, context| {
            assigned(script, context, |word, name, _| {
                (format!("read -r {name} <<E\n{word}\nE\n"), format!("${{{name}}}"))
            })
        }),
        ..REWRITE
    },
    Rewrite {
        name: "array",
        what: "v=(program argument); \"${v[@]}\"",
        needs: &["bash"],
        change: Change::Script(|script, context| command_of_words(script, context, true)),
        ..REWRITE
    },
    Rewrite {
        name: "variable-command",
        what: "v='program argument'; $v",
        change: Change::Script(|script, context| command_of_words(script, context, false)),
        ..REWRITE
    },
    Rewrite {
        name: "positionals",
        what: "set -- word; $1",
        change: Change::Script(|script, context| {
            if uses_positionals(script) || script.text.contains("()") {
                return None;
            }
            let mut before = String::new();
            let mut first = true;
            respell(
                script,
                context,
                |word, _| word.command,
                |word, _| {
                    if !std::mem::take(&mut first) {
                        return word.to_owned();
                    }
                    before = format!("set -- {word}\n");
                    "$1".to_owned()
                },
            )?;
            script.text.insert_str(0, &before);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "printed-word",
        what: "$(printf '\\167\\157rd')",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, _| true,
                |word, _| {
                    let octal: String = word.bytes().map(|byte| format!("\\{byte:03o}")).collect();
                    format!("$(printf '{octal}')")
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "echoed-part",
        what: "wo$(echo rd)",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |_, word| word.len() > 1,
                |word, context| {
                    let (left, right) = cut(word, context);
                    match context.dice.below(3) {
                        0 => format!("{left}`{} {right}`", printer(right)),
                        1 => format!("$({} {left}){right}", printer(left)),
                        _ => format!("{left}$({} {right})", printer(right)),
                    }
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "env-word",
        what: "a word from the container's env, $V",
        everyday: true,
        change: Change::Script(|script, context| in_env(script, context, false)),
        ..REWRITE
    },
    Rewrite {
        name: "env-parts",
        what: "two halves of a word from the container's env, $A$B",
        change: Change::Script(|script, context| in_env(script, context, true)),
        ..REWRITE
    },
    Rewrite {
        name: "env-eval",
        what: "the script in the container's env: eval \"$V\"",
        change: Change::Script(|script, context| {
            let name = context.variable().to_uppercase();
            let text = match context.dice.below(4) {
                0 => format!("eval \"${name}\""),
                1 => format!("{} -c \"${name}\"", script.shell),
                2 => format!("echo \"${name}\" | {}", script.shell),
                _ => format!("printf '%s\\n' \"${{{name}}}\" | {}", script.shell),
            };
            script.env.push((name, std::mem::replace(&mut script.text, text)));
            // echo of dash reads backslashes.
            (!script.env.last()?.1.contains('\\')).then_some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "kubelet-script",
        what: "the whole script as $(V) of the container's env",
        change: Change::Spec(|run, context| from_kubelet(run, context, 1)),
        ..REWRITE
    },
    Rewrite {
        name: "kubelet-parts",
        what: "the script in pieces, $(A)$(B)$(C)",
        change: Change::Spec(|run, context| from_kubelet(run, context, 3)),
        ..REWRITE
    },
    Rewrite {
        name: "kubelet-word",
        what: "one element of the argument vector as $(V)",
        everyday: true,
        change: Change::Spec(|run, context| {
            let name = context.variable().to_uppercase();
            let at = context.dice.below(run.argv.len());
            run.env.push((name.clone(), std::mem::replace(&mut run.argv[at], reference(&name))));
            Some(())
        }),
        ..REWRITE
    },
];

/// What prints a word: echo takes some for its options.
fn printer(word: &str) -> &'static str {
    if word.starts_with('-') { "printf %s" } else { "echo" }
}

/// Puts a line in front of the script, and the expansion in place of one word.
fn assigned(
    script: &mut Script,
    context: &mut Context,
    spell: impl Fn(&str, &str, &mut Context) -> (String, String),
) -> Option<()> {
    let mut before = String::new();
    respell(
        script,
        context,
        |_, word| word.len() > 1,
        |word, context| {
            let name = context.variable();
            let (line, spelled) = spell(word, &name, context);
            if before.starts_with("for ") {
                return word.to_owned();
            }
            before.push_str(&line);
            spelled
        },
    )?;
    script.text.insert_str(0, &before);
    Some(())
}

/// One simple command of bare words as a variable.
fn command_of_words(script: &mut Script, context: &mut Context, array: bool) -> Option<()> {
    let found = words(&script.text);
    let starts: Vec<usize> = (0..found.len())
        .filter(|at| {
            let word = &found[*at];
            word.command && word.plain_to_end && is_program(&script.text[word.at.clone()])
        })
        .collect();
    if starts.is_empty() {
        return None;
    }
    let first = context.dice.of(&starts);
    let more = found[first + 1..].iter().take_while(|word| !word.command);
    let range = found[first].at.start..more.last().unwrap_or(&found[first]).at.end;
    let name = context.variable();
    let text = script.text[range.clone()].to_owned();
    if text.contains('\n') {
        return None;
    }
    let (line, spelled) = if array {
        script.for_bash();
        (format!("{name}=({text})\n"), format!("\"${{{name}[@]}}\""))
    } else {
        (format!("{name}='{text}'\n"), format!("${name}"))
    };
    script.text.replace_range(range, &spelled);
    script.text.insert_str(0, &line);
    Some(())
}

fn in_env(script: &mut Script, context: &mut Context, parts: bool) -> Option<()> {
    let mut added = Vec::new();
    respell(
        script,
        context,
        |_, word| word.len() > 1,
        |word, context| {
            let name = context.variable().to_uppercase();
            if !parts {
                added.push((name.clone(), word.to_owned()));
                return format!("${{{name}}}");
            }
            let (left, right) = cut(word, context);
            added.push((name.clone(), left.to_owned()));
            added.push((format!("{name}_B"), right.to_owned()));
            format!("${{{name}}}${{{name}_B}}")
        },
    )?;
    script.env.extend(added);
    Some(())
}

/// The last element of `SHELL -c TEXT`, or all of another vector as text for `sh -c`.
fn from_kubelet(run: &mut Run, context: &mut Context, pieces: usize) -> Option<()> {
    let mut whole = script(run);
    let program = super::spell::program_of(&whole, run);
    let mut text = String::new();
    for left in (1..=pieces).rev() {
        let mut at = if left == 1 { whole.text.len() } else { whole.text.len() / left };
        while !whole.text.is_char_boundary(at) {
            at += 1;
        }
        let rest = whole.text.split_off(at);
        let name = context.variable().to_uppercase();
        text.push_str(&reference(&name));
        // A value is expanded as well.
        let value = std::mem::replace(&mut whole.text, rest);
        run.env.push((name, value.replace('$', "$$")));
    }
    run.argv = vec![program, "-c".to_owned(), text];
    Some(())
}
