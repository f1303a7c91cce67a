//! Other shells, and other spellings of their command lines.

use super::super::subject::Run;
use super::spell::{line, quote, script, shell_of, uses_positionals};
use super::{Change, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "shell-text",
        what: "sh -c 'program argument' for a vector without a shell",
        everyday: true,
        change: Change::Vector(|run, _| {
            if shell_of(&run.argv).is_some() {
                return None;
            }
            run.argv = vec!["sh".to_owned(), "-c".to_owned(), line(&run.argv)];
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "vector-as-arguments",
        what: "sh -c '\"$@\"' sh program argument",
        change: Change::Vector(|run, context| {
            let text = context.dice.of(&["\"$@\"", "exec \"$@\"", "$0 \"$@\""]);
            let name = (!text.starts_with("$0")).then_some("job");
            let front: Vec<&str> = ["sh", "-c", text].into_iter().chain(name).collect();
            run.argv.splice(0..0, front.into_iter().map(str::to_owned));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "shell-bash",
        what: "bash for sh",
        everyday: true,
        needs: &["bash"],
        change: Change::Vector(|run, context| {
            swap(run, &[context.dice.of(&["bash", "/bin/bash", "/usr/bin/bash"])])
        }),
        ..REWRITE
    },
    Rewrite {
        name: "shell-dash",
        what: "dash or ash for sh",
        everyday: true,
        needs: &["dash"],
        change: Change::Vector(|run, context| swap(run, &[context.dice.of(&["dash", "/bin/dash"])])),
        ..REWRITE
    },
    Rewrite {
        name: "shell-busybox",
        what: "busybox sh for sh",
        everyday: true,
        needs: &["busybox"],
        change: Change::Vector(|run, context| {
            swap(run, &[context.dice.of(&["busybox", "/bin/busybox"]), context.dice.of(&["sh", "ash"])])
        }),
        ..REWRITE
    },
    Rewrite {
        name: "shell-zsh",
        what: "zsh for sh",
        needs: &["zsh"],
        change: Change::Vector(|run, context| {
            let front: &[&[&str]] = &[&["zsh", "--emulate", "sh"], &["/bin/zsh", "-o", "shwordsplit"]];
            swap(run, context.dice.of(front))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "shell-ksh",
        what: "ksh for sh",
        needs: &["ksh"],
        change: Change::Vector(|run, context| swap(run, &[context.dice.of(&["ksh", "/usr/bin/ksh"])])),
        ..REWRITE
    },
    Rewrite {
        name: "shell-copied",
        what: "ln -sf /bin/sh ./log; ./log -c 'script'",
        change: Change::Script(|script, context| {
            let put = context.dice.of(&["ln -sf", "cp"]);
            let name = context.dice.of(&["log", "agent.bin", "x"]);
            let shell = &script.shell;
            let at = format!("$(command -v {shell})");
            script.text = format!("{put} \"{at}\" ./{name}; ./{name} -c {}", quote(&script.text));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "function-sink",
        what: "run() { sh; }; echo 'script' | run",
        change: Change::Script(|script, context| {
            let name = context.dice.of(&["run", "apply_it", "r"]);
            let shell = &script.shell;
            script.text = format!("{name}() {{ {shell}; }}; printf '%s\\n' {} | {name}", quote(&script.text));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "shell-path",
        what: "/usr/bin/../bin/sh",
        change: Change::Vector(|run, context| {
            let (shell, ..) = shell_of(&run.argv)?;
            let folder = context.dice.of(&["/usr/bin/../bin", "//bin", "/bin/.", "/usr/bin", "/bin/../bin"]);
            run.argv[0] = format!("{folder}/{shell}");
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "shell-options",
        what: "-ec, -lc, -c --, -o errexit -c, +m -c",
        everyday: true,
        change: Change::Vector(|run, context| {
            let spellings: &[&[&str]] = &[
                &["-ec"],
                &["-ce"],
                &["-e", "-c"],
                &["-c", "--"],
                &["-c", "-e"],
                &["-o", "errexit", "-c"],
                &["-eo", "errexit", "-c"],
                &["+m", "-c"],
                &["-lc"],
            ];
            options(run, context.dice.of(spellings))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "bash-options",
        what: "--norc -c, -O extglob -c, -euo pipefail -c",
        everyday: true,
        needs: &["bash"],
        change: Change::Vector(|run, context| {
            let spellings: &[&[&str]] = &[
                &["--norc", "-c"],
                &["--noprofile", "--norc", "-ec"],
                &["-O", "extglob", "-c"],
                &["-eo", "pipefail", "-c"],
                &["-o", "pipefail", "-c"],
                &["--login", "-c"],
                &["--posix", "-c", "--"],
            ];
            swap(run, &["bash"])?;
            options(run, context.dice.of(spellings))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "script-arguments",
        what: "sh -c 'script' name argument",
        everyday: true,
        change: Change::Vector(|run, context| {
            shell_of(&run.argv)?;
            if uses_positionals(&script(run)) {
                return None;
            }
            run.argv.push(context.dice.of(&["sh", "job", "--"]).to_owned());
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "script-as-argument",
        what: "sh -c 'eval \"$1\"' _ 'script'",
        change: Change::Vector(|run, context| {
            let (shell, _, text) = shell_of(&run.argv)?;
            let front: &[&[&str]] = &[
                &["eval \"$1\"", "_"],
                &["eval \"$0\""],
                &["exec sh -c \"$1\"", "job"],
                &["$0 -c \"$1\"", "sh"],
            ];
            let front = context.dice.of(front);
            // The inner shells are sh.
            if shell != "sh" && !front[0].starts_with("eval") {
                return None;
            }
            let mut argv = vec![shell.to_owned(), "-c".to_owned()];
            argv.extend(front.iter().map(|word| (*word).to_owned()));
            argv.push(text.to_owned());
            run.argv = argv;
            Some(())
        }),
        ..REWRITE
    },
];

/// Another shell for `sh`, with words of its own in front of `-c`.
fn swap(run: &mut Run, front: &[&str]) -> Option<()> {
    let (shell, options, _) = shell_of(&run.argv)?;
    if shell != "sh" || options.iter().any(|word| word.contains('l')) {
        return None;
    }
    run.argv.splice(0..1, front.iter().map(|word| (*word).to_owned()));
    Some(())
}

/// Another spelling of `-c`.
fn options(run: &mut Run, spelling: &[&str]) -> Option<()> {
    let (_, options, _) = shell_of(&run.argv)?;
    if options != ["-c"] {
        return None;
    }
    run.argv.splice(1..2, spelling.iter().map(|word| (*word).to_owned()));
    Some(())
}
