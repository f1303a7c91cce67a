//! Words that mean something to the code under test, taken from the samples as far as they stand there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::seeds;

/// What no sample has: syntax, its borders, and what outputs have to escape.
const SYNTAX: &[&str] = &[
    "true",
    "false",
    "null",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-1",
    "9223372036854775808",
    "1e999",
    "\\u0000",
    "\\ud800",
    "\\u202e",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{fffe}",
    "<jrx>",
    "</script>",
    "]]>",
    "&amp;",
    "'\"",
    "\0",
    "\r\n",
];
const YAML: &[&str] = &[
    "\n---\n",
    "\n...\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "!!str ",
    "!!bool ",
    "|\n",
    "|-\n",
    ">+\n",
    "? ",
    ": ",
    "- ",
    "#",
    "%YAML 1.1\n",
    "yes",
    "on",
    "~",
    "0o17",
    "0x1f",
    "1_0",
    ".inf",
    "items:",
    "kind: List",
    "kind: Job",
    "kind: CronJob",
    "apiVersion: batch/v1",
    "generateName: a-",
    "\t",
];
const SHELL: &[&str] = &[
    "|",
    "||",
    "&",
    "&&",
    ";",
    ";;",
    "<",
    ">",
    ">>",
    "<<E\n",
    "<<-'E'\n",
    "\nE\n",
    "<<<",
    "<(",
    ">(",
    "2>&1",
    "&>",
    ">|",
    "<>",
    "$(",
    ")",
    "`",
    "$((",
    "))",
    "${",
    "}",
    "${x:-",
    "${x#",
    "${x/a/b}",
    "${x:1:2}",
    "${!x}",
    "$IFS",
    "$'",
    "\\x41",
    "\\101",
    "\\u0041",
    "\"",
    "'",
    "\\\n",
    "{a,b}",
    "{1..9}",
    "{ ",
    "[[ ",
    "]]",
    "(",
    "if ",
    "then ",
    "elif ",
    "else ",
    "fi\n",
    "for x in ",
    "while ",
    "until ",
    "do ",
    "done\n",
    "case x in ",
    "esac\n",
    "function f() {",
    "select x in ",
    "time ",
    "! ",
    "coproc ",
    "eval ",
    "trap ",
    "source ",
    ". /dev/stdin",
    "set -- ",
    "alias x=",
    "a=",
    "$a",
    "$@",
    "$0",
    "~",
    "*",
    "?",
    "[a-z]",
    "base64 -d",
    "xxd -r -p",
    "printf '%b' ",
    "echo -e ",
    "rev",
    "tr a-z b-za",
    "gunzip",
    "openssl enc -d",
    "sh -c ",
    "bash -lc ",
    "env -S ",
    "xargs ",
    "busybox ",
    "nsenter -t 1 -m ",
    "chroot /host ",
    "timeout 5 ",
    "python3 -c ",
    "perl -e ",
    "node -e ",
    "/dev/tcp/",
    "$(SETTING)",
    "$$(A)",
];

const SECRETS: &[&str] = &[
    "--no-password ",
    "password",
    "token ",
    "--secret=",
    "PASSWORD= ",
    "-u ",
    "-p ",
    "-H ",
    "Authorization: ",
    "Bearer ",
    "https://",
    "user:",
    "@",
    "pass=",
    "api_key",
];

/// The words for a target.
pub fn words(target: &str) -> Vec<String> {
    let mut all: BTreeSet<String> = SYNTAX.iter().map(ToString::to_string).collect();
    let mut add = |list: &[&str]| all.extend(list.iter().map(ToString::to_string));
    add(if target == "manifest" { YAML } else { SHELL });
    if target == "secrets" {
        add(SECRETS);
    }
    if matches!(target, "object" | "manifest") {
        for value in seeds::values() {
            collect(&value, target == "object", &mut all);
        }
    } else {
        for script in seeds::script_texts() {
            let words =
                script.split(|character: char| character.is_whitespace() || "'\"|;&".contains(character));
            all.extend(words.filter(|word| (3..=32).contains(&word.len())).map(ToOwned::to_owned));
        }
    }
    all.into_iter().collect()
}

/// The names of fields and short texts of an object.
fn collect(value: &Value, json: bool, words: &mut BTreeSet<String>) {
    let quoted = |text: &str| Value::from(text).to_string();
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                words.insert(if json { format!("{}:", quoted(name)) } else { format!("{name}: ") });
                collect(value, json, words);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, json, words)),
        Value::String(text) if (1..=32).contains(&text.len()) => {
            words.insert(if json { quoted(text) } else { text.clone() });
        }
        _ => {}
    }
}

/// The words as a dictionary file of libFuzzer.
pub fn file(target: &str) -> String {
    let mut file = String::new();
    for word in words(target).iter().filter(|word| word.len() <= 64) {
        file.push('"');
        for byte in word.bytes() {
            match byte {
                b'"' | b'\\' => write!(file, "\\{}", char::from(byte)).unwrap(),
                b' '..=b'~' => file.push(char::from(byte)),
                _ => write!(file, "\\x{byte:02X}").unwrap(),
            }
        }
        file.push_str("\"\n");
    }
    file
}
