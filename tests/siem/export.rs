//! `jobrisk export`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::lines::lines;
use crate::support::run_to_end;

fn log() -> String {
    lines().into_iter().map(|line| line.text().unwrap()).collect()
}

#[test]
fn files_are_converted_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.log"), folder.path().join("two.log"));
    fs::write(&one, log()).unwrap();
    // Without an end, as a log that is being written; with blank lines, and line ends of elsewhere.
    fs::write(&two, format!("\n{}\r\n\n{}", log().lines().next().unwrap(), log().lines().last().unwrap()))
        .unwrap();
    let files = [one.to_str().unwrap(), two.to_str().unwrap()];
    for (format, field, value) in
        [("ocsf", "/class_uid", json!(2004)), ("ecs", "/event/module", json!("jobrisk"))]
    {
        let output = run_to_end(&["export", "--format", format, files[0], files[1]]);
        assert_eq!((output.status.code(), output.stderr.as_str()), (Some(0), ""));
        let converted: Vec<Value> =
            output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(converted.len(), lines().len() + 2);
        assert!(converted.iter().all(|line| *line.pointer(field).unwrap() == value));
    }
    let written = folder.path().join("out");
    let output = run_to_end(&["export", "--format=ocsf", files[0], "-o", written.to_str().unwrap()]);
    assert!(output.success() && output.stdout.is_empty());
    assert_eq!(fs::read_to_string(written).unwrap().lines().count(), lines().len());
}

#[test]
fn what_is_no_line_is_named_with_its_place_and_the_rest_is_converted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("finding.log");
    let good = log().lines().next().unwrap().to_owned();
    let mut bytes =
        format!("{good}\nnonsense \u{1b}[31m\n{{\"level\":\"INFO\"}}\n{}\n{good}\n", "x".repeat(100_000))
            .into_bytes();
    bytes.extend(b"\xff\xfe\n");
    bytes.extend(good.replace("\"1.0\"", "\"2.0\"").bytes());
    fs::write(&path, bytes).unwrap();
    let name = path.to_str().unwrap();
    let output = run_to_end(&["export", "--format=ecs", "/nonexistent/log", name]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout.lines().count(), 2, "{output:?}");
    let errors: Vec<&str> = output.stderr.lines().collect();
    let expected = [
        "jobrisk: /nonexistent/log: cannot read: ".to_owned(),
        format!("jobrisk: {name}:2: no line of the finding log: "),
        format!("jobrisk: {name}:3: no line of the finding log: `schema` is not"),
        format!("jobrisk: {name}:4: longer than any line"),
        format!("jobrisk: {name}:6: no line of the finding log: "),
        format!("jobrisk: {name}:7: schemaVersion \"2.0\" cannot be read: this is for 1.x"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.starts_with(&expected), "{expected}: {error}");
    }
    assert!(!output.stderr.contains('\u{1b}'));
}

#[test]
fn a_log_that_is_followed_is_converted_as_it_comes() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobrisk"))
        .args(["export", "--format=ocsf"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || output.lines().for_each(|line| sender.send(line.unwrap()).unwrap()));
    for line in log().lines() {
        writeln!(input, "{line}").unwrap();
        // The input stays open.
        let converted = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(converted.contains("\"class_uid\":2004"));
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_format_is_needed() {
    let output = run_to_end(&["export"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.contains("--format"), "{output:?}");
    let output = run_to_end(&["log-schema"]);
    assert_eq!(output.stdout, crate::lines::file("docs/siem/finding-log.schema.json"));
}
