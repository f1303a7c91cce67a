//! The script inside of something else of the shell.

use super::super::bare::{is_program, pipes, words};
use super::spell::quote;
use super::{Change, Context, REWRITE, Rewrite, Script, on_script};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "function",
        what: "f() { script; }; f",
        everyday: true,
        change: Change::Script(|script, context| {
            let name = context.dice.of(&["main", "run_job", "f", "do_it"]);
            let opening = context.dice.of(&["() {", "()\n{", "() ("]);
            let end = if opening.ends_with('(') { ')' } else { '}' };
            script.text = format!("{name}{opening}\n{}\n{end}\n{name}", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "function-with-argument",
        what: "f() { \"$@\"; }; f program argument",
        change: Change::Script(|script, context| {
            let name = context.dice.of(&["run", "try", "_x"]);
            before_programs(script, context, &format!("{name} "))?;
            script.text.insert_str(0, &format!("{name}() {{ \"$@\"; }}\n"));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "eval",
        what: "eval 'script'",
        change: Change::Script(|script, _| {
            script.text = format!("eval {}", quote(&script.text));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "eval-pieces",
        what: "a='scr' b='ipt'; eval \"$a$b\"",
        change: Change::Script(|script, context| {
            let (first, second) = (context.variable(), context.variable());
            let mut at = script.text.len() / 2;
            while !script.text.is_char_boundary(at) {
                at += 1;
            }
            let (left, right) = script.text.split_at(at);
            let (left, right) = (quote(left), quote(right));
            script.text = format!("{first}={left}\n{second}={right}\neval \"${first}${second}\"");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "nested-shell",
        what: "sh -c 'script'",
        everyday: true,
        change: Change::Script(|script, context| {
            let flag = context.dice.of(&["-c", "-ec", "-c --", "-e -c"]);
            script.text = format!("{} {flag} {}", script.shell, quote(&script.text));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "nested-shell-argument",
        what: "sh -c 'eval \"$1\"' _ 'script'",
        change: Change::Script(|script, context| {
            let (shell, text) = (script.shell.clone(), quote(&script.text));
            script.text = match context.dice.below(3) {
                0 => format!("{shell} -c 'eval \"$1\"' _ {text}"),
                1 => format!("{shell} -c 'eval \"$0\"' {text}"),
                _ => format!("{shell} -c '{shell} -c \"$1\"' job {text}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "subshell",
        what: "( script )",
        everyday: true,
        change: Change::Script(|script, _| {
            script.text = format!("(\n{}\n)", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "group",
        what: "{ script; }",
        everyday: true,
        change: Change::Script(|script, _| {
            script.text = format!("{{\n{}\n}}", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "background",
        what: "( script ) & wait $!",
        change: Change::Script(|script, _| {
            script.text = format!("(\n{}\n) &\nwait $!", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "if-true",
        what: "if true; then script; fi",
        everyday: true,
        change: Change::Script(|script, context| {
            let test = context.dice.of(&["true", ":", "[ 1 = 1 ]", "test -d /", "[ -n \"$PATH\" ]"]);
            script.text = format!("if {test}; then\n{}\nfi", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "else",
        what: "if false; then :; else script; fi",
        everyday: true,
        change: Change::Script(|script, _| {
            script.text = format!("if [ -e /nonexistent ]; then :; else\n{}\nfi", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "loop-once",
        what: "for i in 1; do script; done",
        everyday: true,
        change: Change::Script(|script, context| {
            let name = context.variable();
            script.text = format!("for {name} in 1; do\n{}\ndone", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "case",
        what: "case a in a) script;; esac",
        change: Change::Script(|script, _| {
            script.text = format!("case run in\nno) :;;\nr*)\n{}\n;;\nesac", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "and-or",
        what: "true && { script; }, false || …",
        change: Change::Script(|script, context| {
            let test = context.dice.of(&["true &&", "false ||", "! false &&", ": &&"]);
            script.text = format!("{test} {{\n{}\n}}", script.text);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "trap",
        what: "trap 'script' EXIT",
        change: Change::Script(|script, context| {
            // A trap that a trap sets is not run.
            if script.text.contains("trap ") {
                return None;
            }
            let signal = context.dice.of(&["EXIT", "0"]);
            script.text = format!("trap {} {signal}\n:", quote(&format!("{}\nexit $?", script.text)));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "xargs-script",
        what: "printf 'script' | xargs -0 sh -c",
        needs: &["xargs"],
        change: Change::Script(|script, _| {
            script.text = format!("printf %s {} | xargs -0 {} -c", quote(&script.text), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "alias",
        what: "alias a=program; a argument",
        needs: &["dash"],
        // Behind all other changes of the script: an alias is known from the next line on, and its name may not be
        // quoted.
        change: Change::Vector(|run, context| on_script(run, context, alias)),
        ..REWRITE
    },
    Rewrite {
        name: "cat-stage",
        what: "a | cat | b",
        everyday: true,
        change: Change::Script(|script, context| {
            let found = pipes(&script.text);
            if found.is_empty() {
                return None;
            }
            let stage = context.dice.of(&["| cat ", "| tee /dev/null ", "| cat - "]);
            script.text.insert_str(context.dice.of(&found), stage);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "grouped-stage",
        what: "{ a; } | b",
        change: Change::Script(|script, _| {
            let at = *pipes(&script.text).first()?;
            let start = script.text[..at].rfind(['\n', ';', '&', '(', '{']).map_or(0, |at| at + 1);
            let left = script.text[start..at].to_owned();
            let first = left.split_whitespace().next()?;
            let torn = ['\'', '"'].iter().any(|quote| left.matches(*quote).count() % 2 == 1);
            if torn || !is_program(first) || first.contains('=') {
                return None;
            }
            script.text.replace_range(start..at, &format!(" {{ {} ; }} ", left.trim()));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "xargs-argument",
        what: "echo argument | xargs program",
        needs: &["xargs"],
        change: Change::Script(|script, context| {
            let found = words(&script.text);
            let fits = |at: &usize| {
                let (word, next) = (&found[*at], found.get(at + 1));
                word.command
                    && word.plain_to_end
                    && word.first_stage
                    && is_program(&script.text[word.at.clone()])
                    && next.is_some_and(|next| !next.command)
            };
            let starts: Vec<usize> = (0..found.len()).filter(fits).collect();
            if starts.is_empty() {
                return None;
            }
            let first = context.dice.of(&starts);
            let last = found[first + 1..].iter().take_while(|word| !word.command).last()?;
            let (start, end) = (found[first].at.start, last.at.end);
            let head = script.text[start..last.at.start].trim_end().to_owned();
            let argument = script.text[last.at.clone()].to_owned();
            if head.contains('\n') {
                return None;
            }
            script.text.replace_range(start..end, &format!("echo {argument} | xargs {head}"));
            Some(())
        }),
        ..REWRITE
    },
];

fn alias(script: &mut Script, context: &mut Context) -> Option<()> {
    // bash has aliases in scripts only in its POSIX mode, which is that of sh.
    if script.shell != "sh" && script.shell != "dash" {
        return None;
    }
    let name = context.variable();
    let mut first = None;
    super::spell::respell(
        script,
        context,
        |word, text| word.command && is_program(text),
        |word, _| {
            if first.get_or_insert_with(|| word.to_owned()) == word { name.clone() } else { word.to_owned() }
        },
    )?;
    script.text.insert_str(0, &format!("alias {name}={}\n", first?));
    Some(())
}

/// Puts a prefix before programs of simple commands.
pub(super) fn before_programs(script: &mut Script, context: &mut Context, prefix: &str) -> Option<()> {
    super::spell::respell(
        script,
        context,
        |word, text| word.command && is_program(text),
        |word, _| format!("{prefix}{word}"),
    )
}
