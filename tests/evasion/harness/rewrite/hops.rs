//! The script on its way through several files, or through functions, loops and open descriptors.

use super::encode::base64;
use super::spell::{here, quote, uses_positionals};
use super::{Change, Context, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "file-tee",
        what: "printf 'script' | tee file; sh file",
        change: Change::Script(|script, context| {
            let (file, text, shell) = (context.file(), quote(&script.text), script.shell.clone());
            script.text = match context.dice.below(3) {
                0 => format!("printf '%s\\n' {text} | tee {file} > /dev/null\n{shell} {file}"),
                1 => format!("printf '%s\\n' {text} | tee -a {file} | cat > /dev/null; {shell} {file}"),
                _ => format!("printf '%s\\n' {text} | cat - > {file} && . {file}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-dd",
        what: "printf 'script' | dd of=file; dd if=file of=other; sh other",
        needs: &["dd"],
        change: Change::Script(|script, context| {
            let (file, other) = (context.file(), context.file());
            let (text, shell) = (quote(&script.text), script.shell.clone());
            script.text = match context.dice.below(3) {
                0 => format!("printf '%s\\n' {text} | dd of={file} 2>/dev/null\n{shell} {file}"),
                1 => {
                    format!("printf '%s\\n' {text} > {file}; dd if={file} of={other} 2>/dev/null\n. {other}")
                }
                _ => format!("printf '%s\\n' {text} > {file}; dd if={file} 2>/dev/null | {shell}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-gzip",
        what: "printf 'script' | gzip > file; gunzip; sh",
        needs: &["gzip", "gunzip", "zcat"],
        change: Change::Script(|script, context| {
            let (file, text, shell) = (context.file(), quote(&script.text), script.shell.clone());
            script.text = match context.dice.below(4) {
                0 => format!("printf '%s\\n' {text} | gzip > {file}.gz\ngunzip {file}.gz\n{shell} {file}"),
                1 => format!("printf '%s\\n' {text} > {file}; gzip {file}; zcat {file}.gz | {shell}"),
                2 => format!("printf '%s\\n' {text} | gzip > {file}.gz; gzip -dc {file}.gz | {shell}"),
                _ => format!("printf '%s\\n' {text} | gzip | gunzip | {shell}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-halves",
        what: "two halves in files of their own, put together by cat",
        change: Change::Script(|script, context| {
            let (first, second, whole) = (context.file(), context.file(), context.file());
            let (left, right) = halves(&script.text);
            let shell = &script.shell;
            let made =
                format!("printf %s {} > {first}\nprintf %s {} > {second}\n", quote(left), quote(right));
            let run = match context.dice.below(4) {
                0 => format!("cat {first} {second} > {whole}; {shell} {whole}"),
                1 => format!("cat {first} {second} | {shell}"),
                2 => format!("cat {second} >> {first}; . {first}"),
                _ => format!("{shell} -c \"$(cat {first} {second})\""),
            };
            script.text = format!("{made}{run}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-variable",
        what: "a='scr'; a=\"${a}ipt\"; printf %s \"$a\" > file; sh file",
        change: Change::Script(|script, context| {
            let (file, name) = (context.file(), context.variable());
            let (left, right) = halves(&script.text);
            let (left, right) = (quote(left), quote(right));
            let shell = &script.shell;
            script.text = format!(
                "{name}={left}\n{name}=\"${{{name}}}\"{right}\nprintf '%s\\n' \"${name}\" > {file}\n{shell} {file}"
            );
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-installed",
        what: "install, cp -t, cat >, ln: another name, made executable, run by it",
        needs: &["install"],
        change: Change::Script(|script, context| {
            let (file, other) = (context.file(), context.file());
            let text = quote(&format!("#!/bin/{}\n{}", script.shell, script.text));
            let made = format!("printf '%s\\n' {text} > {file}\n");
            let run = match context.dice.below(4) {
                0 => format!("install -m 755 {file} {other}; {other}"),
                1 => format!("cat {file} > {other}; chmod +x {other}; exec {other}"),
                2 => format!("ln {file} {other}; {} {other}", script.shell),
                _ => format!("mkdir {other} && cp -t {other} {file} && {} {other}/*", script.shell),
            };
            script.text = format!("{made}{run}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-encoded",
        what: "base64 in a file, decoded from there",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let (file, other) = (context.file(), context.file());
            let body = base64(&script.text);
            let shell = &script.shell;
            let run = match context.dice.below(3) {
                0 => format!("base64 -d {file} | {shell}"),
                1 => format!("base64 -d < {file} > {other}; {shell} {other}"),
                _ => format!("eval \"$(base64 -d {file})\""),
            };
            script.text = format!("echo {body} > {file}\n{run}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-filtered",
        what: "tail, sed, grep, sort between the file and the shell",
        needs: &["tail", "sed", "grep", "head"],
        change: Change::Script(|script, context| {
            let (file, other) = (context.file(), context.file());
            let (text, shell) = (quote(&script.text), script.shell.clone());
            let filter = context.dice.of(&["tail -n +1", "sed -n p", "head -c 1000000", "grep ''"]);
            let run = match context.dice.below(2) {
                0 => format!("{filter} {file} | {shell}"),
                _ => format!("{filter} {file} > {other}; {shell} {other}"),
            };
            script.text = format!("printf '%s\\n' {text} > {file}\n{run}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "descriptor",
        what: "exec 3> file; printf 'script' >&3; sh <&4",
        change: Change::Script(|script, context| {
            let (file, text, shell) = (context.file(), quote(&script.text), script.shell.clone());
            script.text = match context.dice.below(2) {
                0 => format!("exec 3> {file}\nprintf '%s\\n' {text} >&3\nexec 3>&-\n{shell} {file}"),
                _ => format!("printf '%s\\n' {text} > {file}\nexec 4< {file}\n{shell} <&4"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "function-argument",
        what: "r() { eval \"$1\"; }; r 'script'",
        change: Change::Script(|script, context| {
            if uses_positionals(script) {
                return None;
            }
            let (name, text, shell) = (name(context), quote(&script.text), script.shell.clone());
            script.text = match context.dice.below(4) {
                0 => format!("{name}() {{ eval \"$1\"; }}; {name} {text}"),
                1 => format!("{name}() {{\n  {shell} -c \"$1\"\n}}\n{name} {text}"),
                2 => format!("{name}() {{ printf '%s\\n' \"$1\" | {shell}; }}; {name} {text}"),
                _ => format!("{name}() {{ printf '%s\\n' \"$1\"; }}; {name} {text} | {shell}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "function-source",
        what: "g() { cat <<'E'; }; g | sh",
        change: Change::Script(|script, context| {
            let (name, body) = (name(context), here(&script.text, context));
            let (end, rest) = body.split_once('\n')?;
            script.text = format!("{name}() {{\ncat <<'{end}'\n{rest}}}\n{name} | {}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "function-sink-decoded",
        what: "r() { base64 -d | sh; }; echo … | r",
        needs: &["base64"],
        change: Change::Script(|script, context| {
            let (name, body) = (name(context), base64(&script.text));
            let shell = &script.shell;
            script.text = match context.dice.below(3) {
                0 => format!("{name}() {{ base64 -d | {shell}; }}; echo {body} | {name}"),
                1 => format!("{name}() {{\n{shell} -c \"$(base64 -d)\"\n}}\necho {body} | {name}"),
                _ => format!("{name}() {{ cat | base64 -d | {shell}; }}; {name} <<E\n{body}\nE"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "group-sink",
        what: "printf 'script' | ( cd /; sh ), | if true; then sh; fi",
        change: Change::Script(|script, context| {
            let (text, shell) = (quote(&script.text), script.shell.clone());
            let sink = match context.dice.below(4) {
                0 => format!("( : ; {shell} )"),
                1 => format!("{{ true && {shell}; }}"),
                2 => format!("if true; then {shell}; fi"),
                _ => format!("for once in 1; do {shell}; done"),
            };
            script.text = format!("printf '%s\\n' {text} | {sink}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "read-all",
        what: "while read -r line; do eval \"$line\"; done",
        change: Change::Script(|script, context| {
            // Read line by line, without the blanks around it: only what stands on one line stays what it is.
            if script.text.contains('\n') || script.text.trim() != script.text {
                return None;
            }
            let (text, shell) = (quote(&script.text), script.shell.clone());
            let run = context.dice.of(&["eval \"$line\"", "\"$SH\" -c \"$line\""]).replace("\"$SH\"", &shell);
            let file = context.file();
            script.text = match context.dice.below(3) {
                0 => format!("printf '%s\\n' {text} | while read -r line; do {run}; done"),
                1 => format!("printf '%s\\n' {text} > {file}; while read -r line; do {run}; done < {file}"),
                _ => format!("while IFS= read -r line; do {run}; done <<'E'\n{}\nE", script.text),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "code-printed",
        what: "awk 'BEGIN { print … }' | sh, perl -e 'print …' > file",
        needs: &["perl"],
        change: Change::Script(|script, context| {
            if script.text.contains(['\\', '$', '@', '"', '%', '\'']) || !script.text.contains(' ') {
                return None;
            }
            let (file, shell, text) = (context.file(), script.shell.clone(), script.text.clone());
            script.text = match context.dice.below(2) {
                0 => format!("perl -e 'print \"{text}\"' | {shell}"),
                _ => format!("perl -e 'print \"{text}\"' > {file}; {shell} {file}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "named-pipe",
        what: "mkfifo p; sh < p & printf 'script' > p",
        needs: &["mkfifo"],
        change: Change::Script(|script, context| {
            let (file, text, shell) = (context.file(), quote(&script.text), script.shell.clone());
            script.text =
                format!("mkfifo {file}\n{shell} < {file} &\nprintf '%s\\n' {text} > {file}\nwait $!");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "other-name",
        what: "a='script'; declare -n b=a; eval \"$b\"",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            let (name, other) = (context.variable(), context.variable());
            let declare = context.dice.of(&["declare -n", "typeset -n"]);
            let text = quote(&script.text);
            script.text = format!("{name}={text}\n{declare} {other}={name}\neval \"${other}\"");
            script.for_bash();
            Some(())
        }),
        ..REWRITE
    },
];

fn name(context: &mut Context) -> &'static str {
    context.dice.of(&["run", "apply_it", "r", "step"])
}

fn halves(text: &str) -> (&str, &str) {
    let mut at = text.len() / 2;
    while !text.is_char_boundary(at) {
        at += 1;
    }
    text.split_at(at)
}
