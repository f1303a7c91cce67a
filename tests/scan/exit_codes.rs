//! 0: nothing at or above --fail-on. 1: something. 2: something could not be read, or a wrong command line.

use crate::command::{ATTACK, BENIGN, Folder};

#[test]
fn a_clean_scan_is_0_and_a_hit_is_1() {
    let folder = Folder::with(&[("good.yaml", BENIGN), ("bad.yaml", ATTACK)]);
    assert_eq!(folder.scan(&["good.yaml"]).code, 0);
    let hit = folder.scan(&["good.yaml", "bad.yaml"]);
    assert_eq!((hit.code, hit.stderr.as_str()), (1, ""));
    assert!(hit.stdout.contains("cmd-reverse-shell") && hit.stdout.contains("CronJob shop/shell"), "{hit:?}");
}

#[test]
fn fail_on_sets_the_limit() {
    let folder = Folder::with(&[("bad.yaml", ATTACK), ("good.yaml", BENIGN)]);
    for (limit, code) in [("low", 1), ("HIGH", 1), ("never", 0)] {
        assert_eq!(folder.scan(&["--fail-on", limit, "."]).code, code, "{limit}");
    }
    assert_eq!(folder.scan(&["--fail-on", "low", "good.yaml"]).code, 0);
}

#[test]
fn a_wrong_command_line_is_2() {
    let folder = Folder::with(&[("good.yaml", BENIGN)]);
    for arguments in
        [&[][..], &["--fail-on", "none", "."], &["--format", "xml", "."], &["--min-severity", "x", "."]]
    {
        assert_eq!(folder.scan(arguments).code, 2, "{arguments:?}");
    }
    let unwritable = folder.scan(&["-o", "no/such/folder/file", "."]);
    assert_eq!(unwritable.code, 2);
    assert!(unwritable.stderr.contains("cannot write no/such/folder/file"), "{unwritable:?}");
}

#[test]
fn what_cannot_be_read_is_2_and_the_rest_is_still_scanned() {
    let yaml = format!("{BENIGN}---\nkind: [\n---\n{ATTACK}");
    let folder = Folder::with(&[("a.yaml", yaml.as_str()), ("b.yaml", BENIGN)]);
    let output = folder.scan(&["--format", "json", ".", "missing.yaml"]);
    assert_eq!(output.code, 2);
    assert_eq!(
        output.workloads(),
        ["Job report ./a.yaml:1", "CronJob shell ./a.yaml:15", "Job report ./b.yaml:1"]
    );
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("missing.yaml: cannot be read: No such file"), "{lines:?}");
    assert!(lines[1].starts_with("./a.yaml:13:"), "{lines:?}");
    assert_eq!(output.json()["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn a_helm_template_is_one_line_and_no_crash() {
    let template = "{{- if .Values.enabled }}\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ .Values.name }}\n{{- end }}\n";
    let folder = Folder::with(&[("templates/job.yaml", template), ("values.yaml", "enabled: true\n")]);
    let output = folder.scan(&["."]);
    assert_eq!(output.code, 2);
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    assert!(output.stderr.starts_with("./templates/job.yaml:"), "{output:?}");
}
