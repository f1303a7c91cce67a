//! The table of the Splunk search, with what is literal about its expressions.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::{ATTACK, BENIGN, Folder};

/// The rows without the header, taken apart.
fn rows(folder: &Folder) -> Vec<Vec<String>> {
    let output = folder.scan(&["--format", "spl", "--fail-on", "never", "."]);
    assert_eq!(output.code, 0, "{output:?}");
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    output.stdout.lines().skip(1).map(cells).collect()
}

/// The names of the expressions that match, without `Is`.
fn matches(object: &Value) -> Vec<&'static str> {
    let row = rows(&Folder::with(&[("a.json", &object.to_string())])).remove(0);
    let names = [
        "SuspiciousImage",
        "SuspiciousCommand",
        "HostPathMount",
        "Privileged",
        "HostNetwork",
        "SensitiveMount",
    ];
    let matched: Vec<&str> =
        names.into_iter().zip(&row[8..14]).filter(|(_, cell)| *cell == "1").map(|(name, _)| name).collect();
    assert_eq!(row[14], matched.len().to_string());
    matched
}

fn job(container: &Value) -> Value {
    json!({"kind": "Job", "metadata": {"name": "x"}, "spec": {"template": {"spec": {"containers": [container]}}}})
}

#[test]
fn the_table_has_the_columns_and_the_order_of_the_search() {
    let dated = |name: &str, time: &str| {
        format!(
            "kind: Job\nmetadata: {{name: {name}, creationTimestamp: '{time}'}}\nspec: {{a: wget}}\n---\n"
        )
    };
    let dated = dated("old", "2026-01-02T00:00:00Z") + &dated("new", "2026-02-02T00:00:00Z");
    let folder = Folder::with(&[("a.yaml", BENIGN), ("b.yaml", dated.as_str()), ("c.yaml", ATTACK)]);
    let folder_with_more = |name: &str| rows(&folder).iter().position(|row| row[7] == name).unwrap();
    let output = folder.scan(&["--format", "spl", "."]);
    let header: Vec<&str> = output.stdout.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        header,
        [
            "_time",
            "objectRef.resource",
            "verb",
            "user",
            "user_agent",
            "source_ip",
            "namespace",
            "resource_name",
            "IsSuspiciousImage",
            "IsSuspiciousCommand",
            "IsHostPathMount",
            "IsPrivileged",
            "IsHostNetwork",
            "IsSensitiveMount",
            "SuspicionScore"
        ]
    );
    assert_eq!(output.code, 1);
    // Highest score first, then newest first; nc alone, without a blank after it, is no command for the search.
    assert!(folder_with_more("new") < folder_with_more("old"));
    assert!(folder_with_more("old") < folder_with_more("shell"));
    let row = &rows(&folder)[folder_with_more("shell")];
    assert_eq!(row[..9], ["-", "cronjobs", "create", "-", "-", "-", "shop", "shell", "0"]);
    assert_eq!(rows(&folder)[0][0], "2026-02-02T00:00:00Z");
}

#[test]
fn expressions_are_applied_to_the_text() {
    for (object, expected) in [
        (job(&json!({"securityContext": {"privileged": false}})), vec!["Privileged"]),
        (job(&json!({"image": "registry.example.test/unprivileged:1"})), vec!["Privileged"]),
        // A line break is a backslash and an n in JSON.
        (job(&json!({"args": ["cd /tmp\ncat x"]})), vec!["SuspiciousImage", "SuspiciousCommand"]),
        (job(&json!({"args": ["cd\nc x"]})), vec!["SuspiciousCommand"]),
        (job(&json!({"args": ["rsync -a"]})), vec!["SuspiciousCommand"]),
        (job(&json!({"args": ["nc", "-e"]})), vec![]),
        (job(&json!({"args": ["nc\t-e"]})), vec![]),
        (job(&json!({"args": ["nc\u{a0}-e"]})), vec![]),
        (job(&json!({"command": ["/bin/sh", "-c", "x"]})), vec![]),
        (job(&json!({"command": ["/bin/sh -c x"]})), vec!["SuspiciousCommand"]),
        (job(&json!({"args": ["retrieval"]})), vec!["SuspiciousCommand"]),
        (job(&json!({"args": ["/processes"]})), vec!["SensitiveMount"]),
        (job(&json!({"args": ["CURL"]})), vec![]),
        (job(&json!({"args": ["a&&curl>x"]})), vec!["SuspiciousCommand"]),
        (
            json!({"kind": "Job", "spec": {"hostNetwork": null, "hostPath": 1}}),
            vec!["HostPathMount", "HostNetwork"],
        ),
        // All of the request counts, and nothing but the request.
        (json!({"kind": "Job", "metadata": {"annotations": {"a": "python"}}}), vec!["SuspiciousImage"]),
        (
            json!({"kind": "Job", "metadata": {"managedFields": [{"a": "python"}]}, "status": {"a": "curl"}}),
            vec![],
        ),
    ] {
        assert_eq!(matches(&object), expected, "{object}");
    }
}

#[test]
fn of_equal_keys_the_last_counts_and_merged_ones_do() {
    let yaml = "a: &a {image: alpine, command: [curl]}\nkind: Job\nmetadata: {name: x}\nspec:\n  image: debian\n  \
                <<: *a\n  command: [x]\n  image: own\n  1: wget\n";
    let row = rows(&Folder::with(&[("a.yaml", yaml)])).remove(0);
    assert_eq!(row[8..], ["0", "1", "0", "0", "0", "0", "1"], "only the value of the numeric key is left");
}

#[test]
fn an_alias_bomb_in_a_field_that_nothing_else_reads_is_said() {
    let mut bomb = "a0: &a0 [curl, curl]\n".to_owned();
    for level in 1..40 {
        writeln!(bomb, "a{level}: &a{level} [*a{0}, *a{0}]", level - 1).unwrap();
    }
    let folder =
        Folder::with(&[("a.yaml", &format!("{bomb}kind: Job\nmetadata: {{name: x}}\nspec: {{x: *a39}}\n"))]);
    let output = folder.scan(&["--format", "spl", "a.yaml"]);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("no row for Job x: document contains excessive aliasing"), "{output:?}");
    assert_eq!(output.stdout.lines().count(), 1);
}

#[test]
fn names_cannot_move_columns() {
    let row = rows(&Folder::with(&[("a.json", r#"{"kind": "Job", "metadata": {"name": "a 1 1\t1\n1"}}"#)]))
        .remove(0);
    assert_eq!(row[7], "a␣1␣1\\t1\\n1");
    assert_eq!(row.len(), 15);
}
