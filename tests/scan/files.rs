//! Which files are read, and in which order.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::command::{ATTACK, BENIGN, Folder, JSON};

#[test]
fn folders_are_read_recursively_and_in_order() {
    let folder = Folder::with(&[
        ("b/z.yml", BENIGN),
        ("b/a.json", r#"{"kind": "Job", "metadata": {"name": "j"}}"#),
        ("a.yaml", BENIGN),
        ("c.txt", ATTACK),
        (".hidden/d.yaml", BENIGN),
    ]);
    let expected = [
        "Job report ./.hidden/d.yaml:1",
        "Job report ./a.yaml:1",
        "Job j ./b/a.json:1",
        "Job report ./b/z.yml:1",
    ];
    for _ in 0..5 {
        assert_eq!(folder.scan(JSON).workloads(), expected);
    }
    // A file that is named counts whatever it is called.
    assert_eq!(folder.scan(&["--format", "json", "c.txt"]).workloads(), ["CronJob shell c.txt:1"]);
}

#[test]
fn standard_input_is_a_dash() {
    let folder = Folder::with(&[("a.yaml", BENIGN)]);
    let output = folder.scan_with(&["--format", "json", "-", "a.yaml", "-"], ATTACK);
    assert_eq!(output.workloads(), ["CronJob shell -:1", "Job report a.yaml:1"]);
    assert_eq!(output.code, 1);
}

#[test]
fn links_are_followed_and_loops_end() {
    let folder = Folder::with(&[("real/a.yaml", BENIGN), ("elsewhere", BENIGN)]);
    symlink("..", folder.path("real/up")).unwrap();
    symlink("real", folder.path("alias")).unwrap();
    symlink("../elsewhere", folder.path("real/link.yaml")).unwrap();
    let output = folder.scan(JSON);
    assert_eq!(output.workloads(), ["Job report ./alias/a.yaml:1", "Job report ./alias/link.yaml:1"]);
    symlink("nowhere", folder.path("dangling.yaml")).unwrap();
    let output = folder.scan(JSON);
    assert_eq!(output.code, 2);
    assert!(output.stderr.starts_with("./dangling.yaml: cannot be read"), "{output:?}");
}

#[test]
fn unreadable_entries_are_reported() {
    let folder = Folder::with(&[("a.yaml", BENIGN), ("locked/b.yaml", ATTACK)]);
    let large = fs::File::create(folder.path("large.yaml")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    fs::set_permissions(folder.path("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    let locked = fs::read_dir(folder.path("locked")).is_err();
    let output = folder.scan(JSON);
    fs::set_permissions(folder.path("locked"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("./large.yaml: larger than 64 MiB"), "{output:?}");
    // Root may read everything.
    assert!(!locked || output.stderr.contains("./locked: cannot be read: Permission denied"), "{output:?}");
}

#[test]
fn other_kinds_are_counted() {
    let folder = Folder::with(&[(
        "a.yaml",
        "kind: Service\n---\nkind: Service\n---\nkind: Job\napiVersion: batch.volcano.sh/v1alpha1\n---\nreplicas: 2\n",
    )]);
    let output = folder.scan(JSON);
    assert_eq!(output.code, 0);
    let skipped = &output.json()["skipped"];
    assert_eq!(*skipped, serde_json::json!({"total": 4, "kinds": {"": 1, "Job": 1, "Service": 2}}));
    assert!(folder.scan(&["."]).stdout.contains("4 objects of other kinds skipped"));
}

#[test]
fn the_result_can_go_to_a_file() {
    let folder = Folder::with(&[("a.yaml", ATTACK)]);
    let output = folder.scan(&["--format", "json", "-o", "result.out", "a.yaml"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(fs::read_to_string(folder.path("result.out")).unwrap().contains("\"schemaVersion\": \"1\""));
}
