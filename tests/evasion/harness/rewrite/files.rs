//! The script in a file, a here-document, a pipe.

use super::spell::{here, quote};
use super::{Change, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "here-document",
        what: "sh <<'E'",
        change: Change::Script(|script, context| {
            let body = here(&script.text, context);
            let (end, rest) = body.split_once('\n')?;
            let shell = &script.shell;
            script.text = match context.dice.below(3) {
                0 => format!("{shell} <<'{end}'\n{rest}"),
                1 => format!("{shell} -s << \"{end}\"\n{rest}"),
                _ => format!("{shell} <<\\{end}\n{rest}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "here-document-expanded",
        what: "sh <<E, with its dollars escaped",
        change: Change::Script(|script, context| {
            let text = script.text.replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`");
            let body = here(&text, context);
            let (end, rest) = body.split_once('\n')?;
            script.text = format!("{} <<{end}\n{rest}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "here-document-cat",
        what: "cat <<'E' | sh",
        change: Change::Script(|script, context| {
            let body = here(&script.text, context);
            let (end, rest) = body.split_once('\n')?;
            script.text = format!("cat <<'{end}' | {}\n{rest}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "here-string",
        what: "bash <<< 'script'",
        needs: &["bash"],
        change: Change::Script(|script, _| {
            script.text = format!("{} <<< {}", script.shell, quote(&script.text));
            script.for_bash();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "echo-pipe",
        what: "echo 'script' | sh",
        change: Change::Script(|script, context| {
            if script.text.contains('\\') {
                return None;
            }
            let printer = context.dice.of(&["echo", "printf '%s\\n'"]);
            let before = context.dice.of(&["", "cat | ", "tee /dev/null | "]);
            script.text = format!("{printer} {} | {before}{}", quote(&script.text), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "substituted-file",
        what: "bash <(echo 'script')",
        needs: &["bash"],
        change: Change::Script(|script, context| {
            let runs = context.dice.of(&["bash", "source", "."]);
            script.text = format!("{runs} <(printf '%s\\n' {})", quote(&script.text));
            script.for_bash();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-here",
        what: "cat > file <<'E'; sh file",
        everyday: true,
        change: Change::Script(|script, context| {
            let (file, body) = (context.file(), here(&script.text, context));
            let (end, rest) = body.split_once('\n')?;
            script.text = match context.dice.below(3) {
                0 => format!("cat > {file} <<'{end}'\n{rest}{} {file}", script.shell),
                1 => format!("cat <<'{end}' > {file}\n{rest}{} {file}", script.shell),
                _ => format!("tee {file} > /dev/null <<'{end}'\n{rest}. {file}"),
            };
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-run",
        what: "printf 'script' > file; chmod +x file; file",
        change: Change::Script(|script, context| {
            let (file, text) = (context.file(), quote(&format!("#!/bin/{}\n{}", script.shell, script.text)));
            let mode = context.dice.of(&["+x", "755", "u+x", "0700"]);
            script.text = format!("printf '%s\\n' {text} > {file}\nchmod {mode} {file} && {file}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-lines",
        what: "the script appended to a file line by line, then run",
        change: Change::Script(|script, context| {
            let file = context.file();
            let lines = script.text.lines().map(|line| format!("printf '%s\\n' {} >> {file}\n", quote(line)));
            script.text = format!("{}{} {file}", lines.collect::<String>(), script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-sourced",
        what: "written to a file, which is sourced",
        change: Change::Script(|script, context| {
            let (file, text) = (context.file(), quote(&script.text));
            script.text = format!("printf '%s\\n' {text} > {file}\n. {file}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-redirected",
        what: "written to a file, sh < file, cat file | sh",
        change: Change::Script(|script, context| {
            let (file, text, shell) = (context.file(), quote(&script.text), script.shell.clone());
            let run = match context.dice.below(3) {
                0 => format!("{shell} < {file}"),
                1 => format!("cat {file} | {shell}"),
                _ => format!("eval \"$(cat {file})\""),
            };
            script.text = format!("printf '%s\\n' {text} > {file}\n{run}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-moved",
        what: "written to a file, copied, then run",
        change: Change::Script(|script, context| {
            let (file, other, text) = (context.file(), context.file(), quote(&script.text));
            let copy = context.dice.of(&["cp", "mv", "ln -s"]);
            script.text =
                format!("printf '%s\\n' {text} > {file}\n{copy} {file} {other}\n{} {other}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "file-directory",
        what: "cd to the folder of the file first",
        change: Change::Script(|script, context| {
            if script.text.contains("./") {
                return None;
            }
            let (file, text) = (context.file(), quote(&script.text));
            let (folder, name) = file.rsplit_once('/')?;
            script.text = format!("(cd {folder} && printf '%s\\n' {text} > {name})\n{} {file}", script.shell);
            Some(())
        }),
        ..REWRITE
    },
];
