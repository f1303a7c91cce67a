//! Programs in front of programs, and programs by their path.

use super::super::bare::is_program;
use super::compose::before_programs;
use super::spell::respell;
use super::{Change, REWRITE, Rewrite};

/// An entry that puts a prefix before programs in a script.
macro_rules! prefix {
    ($name:literal, $what:literal, $everyday:literal, $needs:expr, [$($prefix:literal),+]) => {
        Rewrite {
            name: $name,
            what: $what,
            everyday: $everyday,
            needs: $needs,
            change: Change::Script(|script, context| {
                let prefix = context.dice.of(&[$($prefix),+]);
                before_programs(script, context, prefix)
            }),
            ..REWRITE
        }
    };
}

/// An entry that puts words in front of the argument vector.
macro_rules! in_front {
    ($name:literal, $what:literal, $needs:expr, [$($front:expr),+]) => {
        Rewrite {
            name: $name,
            what: $what,
            everyday: true,
            needs: $needs,
            change: Change::Vector(|run, context| {
                let fronts: &[&[&str]] = &[$(&$front),+];
                let front = context.dice.of(fronts);
                run.argv.splice(0..0, front.iter().map(|word| (*word).to_owned()));
                Some(())
            }),
            ..REWRITE
        }
    };
}

pub(super) static REWRITES: &[Rewrite] = &[
    prefix!("prefix-command", "command program", true, &[], ["command ", "command -p "]),
    prefix!(
        "prefix-env",
        "env program",
        true,
        &["env"],
        ["env ", "env -- ", "env LC_ALL=C ", "/usr/bin/env "]
    ),
    prefix!(
        "prefix-timeout",
        "timeout 60 program",
        true,
        &["timeout"],
        ["timeout 60 ", "timeout -k 5 60 ", "timeout -s KILL 1m "]
    ),
    prefix!("prefix-nohup", "nohup program", false, &["nohup"], ["nohup ", "nohup nohup "]),
    prefix!("prefix-setsid", "setsid program", false, &["setsid"], ["setsid -w ", "setsid --wait "]),
    prefix!("prefix-nice", "nice program", true, &["nice"], ["nice ", "nice -n 5 ", "nice -n 19 nice "]),
    prefix!("prefix-stdbuf", "stdbuf program", false, &["stdbuf"], ["stdbuf -oL ", "stdbuf -o0 "]),
    prefix!("prefix-assignment", "A=b program", true, &[], ["LC_ALL=C ", "TMPDIR=/tmp ", "X= Y=1 "]),
    Rewrite {
        name: "prefix-exec",
        what: "exec sh -c 'script'",
        everyday: true,
        change: Change::Script(|script, _| {
            script.text = format!("exec {} -c {}", script.shell, super::spell::quote(&script.text));
            Some(())
        }),
        ..REWRITE
    },
    in_front!(
        "vector-env",
        "env in front of the vector",
        &["env"],
        [["env"], ["/usr/bin/env"], ["env", "LC_ALL=C"], ["env", "--"]]
    ),
    in_front!(
        "vector-timeout",
        "timeout in front of the vector",
        &["timeout"],
        [["timeout", "3600"], ["timeout", "-k", "10", "1h"], ["timeout", "--signal=TERM", "600"]]
    ),
    in_front!(
        "vector-nice",
        "nice in front of the vector",
        &["nice"],
        [["nice"], ["nice", "-n", "10"], ["ionice", "-c3", "nice", "-n19"]]
    ),
    in_front!("vector-nohup", "nohup in front of the vector", &["nohup"], [["nohup"], ["/usr/bin/nohup"]]),
    in_front!(
        "vector-setsid",
        "setsid in front of the vector",
        &["setsid"],
        [["setsid", "-w"], ["setsid", "--wait", "env"]]
    ),
    in_front!(
        "vector-init",
        "an init in front of the vector",
        &["tini", "dumb-init"],
        [["tini", "--"], ["/sbin/tini", "-s", "--"], ["dumb-init", "--"], ["/usr/bin/dumb-init"]]
    ),
    in_front!(
        "vector-user",
        "a change of user in front of the vector",
        &["gosu", "su-exec"],
        [["gosu", "root"], ["su-exec", "root"], ["setpriv", "--reuid=0"]]
    ),
    Rewrite {
        name: "vector-xargs",
        what: "xargs as the program",
        needs: &["xargs"],
        change: Change::Vector(|run, _| {
            // Reads /dev/null: one run, with nothing added.
            run.argv.splice(0..0, ["xargs", "-a", "/dev/null"].map(str::to_owned));
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "absolute-program",
        what: "/usr/bin/program",
        everyday: true,
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |word, text| word.command && named(text),
                |word, _| format!("/usr/bin/{word}"),
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "crooked-program",
        what: "/usr/bin/../bin/program",
        change: Change::Script(|script, context| {
            respell(
                script,
                context,
                |word, text| word.command && named(text),
                |word, context| {
                    let folder = context.dice.of(&[
                        "/usr/bin/../bin",
                        "/usr//bin",
                        "/usr/./bin/.",
                        "/usr/bin/.././bin",
                    ]);
                    format!("{folder}/{word}")
                },
            )
        }),
        ..REWRITE
    },
];

/// A program of the system that is named without its path.
fn named(word: &str) -> bool {
    is_program(word) && !word.contains('/')
}
