//! The vector started by another language, or by a tool that runs what it is told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::subject::Run;
use super::spell::{line, shell_of};
use super::{Change, Proof, REWRITE, Rewrite};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "python-system",
        what: "python3 -c 'os.system(…)'",
        needs: &["python3"],
        change: Change::Vector(|run, context| {
            let text = literal(&shell_line(run));
            code(
                run,
                &["python3", "-c"],
                match context.dice.below(4) {
                    0 => format!("import os,sys\nsys.exit(os.system({text}) >> 8)"),
                    1 => format!("import os, sys; r = os.system({text}); sys.exit(r >> 8)"),
                    2 => format!("__import__('sys').exit(__import__('os').system({text})>>8)"),
                    _ => format!("from os import system\nimport sys\nsys.exit(system({text})>>8)"),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "python-subprocess",
        what: "python3 -c 'subprocess.run([…])'",
        needs: &["python3"],
        change: Change::Vector(|run, context| {
            let (list, text) = (list(&run.argv), literal(&shell_line(run)));
            code(
                run,
                &["python3", "-c"],
                match context.dice.below(5) {
                    0 => format!("import subprocess,sys;sys.exit(subprocess.run({list}).returncode)"),
                    1 => format!("import subprocess as s,sys\nsys.exit(s.call({list}))"),
                    2 => {
                        format!("import subprocess,sys;sys.exit(subprocess.Popen({text}, shell=True).wait())")
                    }
                    3 => format!("from subprocess import check_call\ncheck_call({text}, shell=True)"),
                    _ => format!("import subprocess\nsubprocess.check_call(args={text},shell=True)"),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "python-exec",
        what: "python3 -c 'os.execvp(…)'",
        needs: &["python3"],
        change: Change::Vector(|run, context| {
            let (first, list) = (literal(&run.argv[0]), list(&run.argv));
            code(
                run,
                &["python3", "-c"],
                match context.dice.coin() {
                    true => format!("import os; os.execvp({first}, {list})"),
                    false => format!("import os\na={list}\nos.execvp(a[0],a)"),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "python-decoded",
        what: "python3 with the command in base64 or hex",
        needs: &["python3"],
        change: Change::Vector(|run, context| {
            let text = shell_line(run);
            let encoded = STANDARD.encode(&text);
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let inner = STANDARD.encode(format!("import os,sys\nsys.exit(os.system({})>>8)", literal(&text)));
            code(
                run,
                &["python3", "-c"],
                match context.dice.below(4) {
                    0 => format!(
                        "import os,sys,base64;sys.exit(os.system(base64.b64decode('{encoded}').decode())>>8)"
                    ),
                    1 => format!("import os,sys;sys.exit(os.system(bytes.fromhex('{hex}').decode())>>8)"),
                    2 => format!("import base64;exec(base64.b64decode('{inner}'))"),
                    _ => format!(
                        "from base64 import b64decode as d\nimport subprocess,sys\nsys.exit(subprocess.call(d(b\"{encoded}\"),shell=True))"
                    ),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "python-joined",
        what: "python3 with the command in parts that are joined",
        needs: &["python3"],
        change: Change::Vector(|run, context| {
            let text = shell_line(run);
            let at = text.len() / 2;
            let (left, right) = text.split_at_checked(at)?;
            let (left, right) = (literal(left), literal(right));
            code(
                run,
                &["python3", "-c"],
                match context.dice.below(3) {
                    0 => format!("import os,sys;sys.exit(os.system({left}+{right})>>8)"),
                    1 => format!("import os,sys;sys.exit(os.system({left} {right})>>8)"),
                    _ => format!(
                        "import os,sys\ncmd = ''.join([{left}, {right}])\nsys.exit(os.system(cmd)>>8)"
                    ),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "python-here",
        what: "python3 - <<E in a shell",
        needs: &["python3"],
        change: Change::Vector(|run, _| {
            let text = literal(&shell_line(run));
            let code = format!("python3 - <<'PY'\nimport os, sys\nsys.exit(os.system({text}) >> 8)\nPY\n");
            run.argv = vec!["sh".to_owned(), "-c".to_owned(), code];
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "perl",
        what: "perl -e 'system(…)'",
        needs: &["perl"],
        change: Change::Vector(|run, context| {
            let text = perl_literal(&shell_line(run));
            let list: Vec<String> = run.argv.iter().map(|word| perl_literal(word)).collect();
            let list = list.join(",");
            code(
                run,
                &["perl", "-e"],
                match context.dice.below(4) {
                    0 => format!("exit(system({text})>>8)"),
                    1 => format!("exec {text};"),
                    2 => format!("system({list}); exit $?>>8"),
                    _ => format!("use strict; my $c={text}; exec $c;"),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "perl-decoded",
        what: "perl -e with the command packed in hex or base64",
        needs: &["perl"],
        change: Change::Vector(|run, context| {
            let text = shell_line(run);
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let encoded = STANDARD.encode(&text);
            if context.dice.coin() {
                code(run, &["perl", "-e"], format!("exec pack('H*','{hex}')"))
            } else {
                code(run, &["perl", "-MMIME::Base64", "-e"], format!("exec decode_base64('{encoded}')"))
            }
        }),
        ..REWRITE
    },
    Rewrite {
        name: "node",
        what: "node -e 'child_process…'",
        needs: &["node"],
        change: Change::Vector(|run, context| {
            let (text, list) = (literal(&shell_line(run)), list(&run.argv[1..]));
            let first = literal(&run.argv[0]);
            code(
                run,
                &["node", "-e"],
                match context.dice.below(3) {
                    0 => format!("require('child_process').execSync({text},{{stdio:'inherit'}})"),
                    1 => format!(
                        "const cp = require(\"child_process\");\nprocess.exit(cp.spawnSync({first}, {list}, {{stdio: 'inherit'}}).status)"
                    ),
                    _ => format!(
                        "require('child_process').exec(Buffer.from('{}','base64').toString()).stdout.pipe(process.stdout)",
                        STANDARD.encode(shell_line(run))
                    ),
                },
            )
        }),
        proof: Proof::Output,
        ..REWRITE
    },
    Rewrite {
        name: "ruby",
        what: "ruby -e 'system(…)'",
        needs: &["ruby"],
        change: Change::Vector(|run, context| {
            let text = perl_literal(&shell_line(run));
            code(
                run,
                &["ruby", "-e"],
                match context.dice.below(3) {
                    0 => format!("exec({text})"),
                    1 => format!("system({text}) || exit(1)"),
                    _ => format!(
                        "require 'base64'; exec(Base64.decode64('{}'))",
                        STANDARD.encode(shell_line(run))
                    ),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "php",
        what: "php -r 'passthru(…);'",
        needs: &["php"],
        change: Change::Vector(|run, context| {
            let text = perl_literal(&shell_line(run));
            code(
                run,
                &["php", "-r"],
                match context.dice.below(3) {
                    0 => format!("passthru({text},$r);exit($r);"),
                    1 => format!("$c={text}; passthru($c, $r); exit($r);"),
                    _ => format!(
                        "passthru(base64_decode('{}'),$r);exit($r);",
                        STANDARD.encode(shell_line(run))
                    ),
                },
            )
        }),
        ..REWRITE
    },
    Rewrite {
        name: "awk",
        what: "awk 'BEGIN{system(…)}'",
        needs: &["awk"],
        change: Change::Vector(|run, _| {
            let text = literal(&shell_line(run));
            code(run, &["awk"], format!("BEGIN {{ exit system({text}) }}"))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "awk-pipe",
        what: "awk 'BEGIN{print … | \"sh\"}'",
        needs: &["awk"],
        change: Change::Vector(|run, context| {
            let text = literal(&shell_line(run));
            code(
                run,
                &["awk"],
                match context.dice.coin() {
                    true => format!("BEGIN {{ print {text} | \"sh\" }}"),
                    false => format!("BEGIN {{ cmd = {text}; system(cmd) }}"),
                },
            )
        }),
        proof: Proof::Output,
        ..REWRITE
    },
    Rewrite {
        name: "lua",
        what: "lua -e 'os.execute(…)'",
        needs: &["lua"],
        change: Change::Vector(|run, _| {
            let text = literal(&shell_line(run));
            code(run, &["lua", "-e"], format!("os.execute({text})"))
        }),
        proof: Proof::Output,
        ..REWRITE
    },
    Rewrite {
        name: "find-exec",
        what: "find / -maxdepth 0 -exec sh -c script ;",
        needs: &["find"],
        proof: Proof::Output,
        change: Change::Vector(|run, context| {
            let end = context.dice.of(&[";", "+"]);
            // With + the file comes behind the words: it would be an argument.
            let end = if shell_of(&run.argv).is_some() { end } else { ";" };
            let front = ["find", "/", "-maxdepth", "0", "-exec"].map(str::to_owned);
            run.argv.splice(0..0, front);
            if end == "+" {
                run.argv.push("{}".to_owned());
            }
            run.argv.push(end.to_owned());
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "tar-checkpoint",
        what: "tar --checkpoint-action=exec=…",
        needs: &["tar"],
        proof: Proof::Output,
        change: Change::Vector(|run, _| {
            let action = format!("--checkpoint-action=exec={}", shell_line(run));
            run.argv = ["tar", "cf", "/dev/null", "/dev/null", "--checkpoint=1", &action]
                .map(str::to_owned)
                .to_vec();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "flock",
        what: "flock file -c script",
        needs: &["flock"],
        change: Change::Vector(|run, _| {
            let text = shell_line(run);
            run.argv = ["flock", "/tmp", "-c", &text].map(str::to_owned).to_vec();
            Some(())
        }),
        ..REWRITE
    },
    Rewrite {
        name: "sed-execute",
        what: "sed '1e command'",
        needs: &["sed"],
        proof: Proof::Output,
        change: Change::Vector(|run, _| {
            let text = shell_line(run);
            if text.contains(['\n', '\\']) {
                return None;
            }
            run.argv = ["sed", "-n", &format!("1e {text}"), "/etc/passwd"].map(str::to_owned).to_vec();
            Some(())
        }),
        ..REWRITE
    },
];

fn code(run: &mut Run, front: &[&str], code: String) -> Option<()> {
    run.argv = front.iter().map(|word| (*word).to_owned()).chain([code]).collect();
    Some(())
}

/// The vector as text for /bin/sh.
fn shell_line(run: &Run) -> String {
    match shell_of(&run.argv) {
        Some(("sh", [flag], text)) if flag == "-c" => text.to_owned(),
        _ => line(&run.argv),
    }
}

/// A string literal of Python, JavaScript, Lua and awk.
fn literal(text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{quoted}\"")
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.iter().map(|word| literal(word)).collect::<Vec<_>>().join(","))
}

/// A string literal of Perl, Ruby and PHP in which nothing is expanded.
fn perl_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
