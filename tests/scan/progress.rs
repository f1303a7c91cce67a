//! The progress bar: on a terminal, on long work, and gone at the end.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::command::BENIGN;

/// What a scan of standard input, which comes after `delay`, prints to a standard error that is a terminal.
fn on_a_terminal(delay: Duration, environment: &[(&str, &str)]) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobrisk"))
        .args(["scan", "-"])
        .env_remove("CI")
        .env("TERM", "xterm")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(terminal.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    thread::sleep(delay);
    input.write_all(BENIGN.as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    // Something to read in any case; a terminal that nobody holds open any more cannot be read.
    (&terminal).write_all(b"END").unwrap();
    let mut master = File::from(master);
    let mut shown = Vec::new();
    while !shown.ends_with(b"END") {
        let mut part = [0; 1024];
        let length = master.read(&mut part).unwrap();
        shown.extend_from_slice(&part[..length]);
    }
    String::from_utf8(shown).unwrap().trim_end_matches("END").to_owned()
}

const LONG: Duration = Duration::from_millis(1_200);

#[test]
fn long_work_shows_a_bar_and_clears_it() {
    let shown = on_a_terminal(LONG, &[]);
    assert!(shown.contains("] 1 of 1 files"), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[K"), "{shown:?}");
    assert!(!shown.contains('\n'), "{shown:?}");
}

#[test]
fn short_work_and_continuous_integration_show_none() {
    assert_eq!(on_a_terminal(Duration::ZERO, &[]), "");
    assert_eq!(on_a_terminal(LONG, &[("CI", "true")]), "");
    assert_eq!(on_a_terminal(LONG, &[("TERM", "dumb")]), "");
}

#[test]
fn nothing_is_shown_where_nobody_looks() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobrisk"))
        .args(["scan", "-"])
        .env_remove("CI")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(LONG);
    child.stdin.take().unwrap().write_all(BENIGN.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(!output.stdout.contains(&0x1b));
}
