//! `jobrisk top --watch`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;

use crate::person::{Person, assert_harmless, cluster};
use crate::support::{BENIGN, REVERSE_SHELL, create, job, wait_for_report};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jobrisk");
/// Far more than it takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A program that goes on until this is dropped.
struct Running {
    child: Child,
    said: Receiver<String>,
}

impl Running {
    fn start(person: &Person, arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(person.arguments(arguments))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, said) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, said }
    }

    /// The next line, which has all of `parts`.
    fn says(&self, parts: &[&str]) -> String {
        let line = self.said.recv_timeout(LIMIT).expect("a line in time");
        assert!(parts.iter().all(|part| line.contains(part)), "{parts:?}: {line}");
        assert_harmless(&line);
        line
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn off_a_terminal_each_change_is_a_line() {
    let (plane, _) = cluster();
    plane.kubectl_ok(&["create", "namespace", "live"]);
    create(plane, &job("live", "shell", REVERSE_SHELL));
    wait_for_report(plane, "live", "job-shell", |_| true);
    let person = Person::in_namespace(plane, "live", "reader", &["view"]);
    let table = Running::start(&person, &["top", "--watch"]);
    let json = Running::start(&person, &["top", "-w", "-o", "json", "--min-severity=high"]);
    table.says(&["CHANGE", "WORKLOAD", "SCORE"]);
    table.says(&["listed", "shell", "High"]);
    let listed: Value = serde_json::from_str(&json.says(&[])).unwrap();
    assert_eq!((&listed["schemaVersion"], &listed["change"]), (&"1".into(), &"listed".into()));
    assert_eq!(listed["report"]["workload"]["name"], "shell");

    create(plane, &job("live", "quiet", BENIGN));
    table.says(&["new", "quiet", "None"]);
    plane.kubectl_ok(&["delete", "job", "quiet", "--namespace=live"]);
    table.says(&["gone", "quiet"]);
    // High: it stays, and says that its workload is gone.
    plane.kubectl_ok(&["delete", "job", "shell", "--namespace=live"]);
    table.says(&["changed", "shell (deleted)"]);
    let changed: Value = serde_json::from_str(&json.says(&[])).unwrap();
    assert_eq!(changed["change"], "changed", "what is below the severity is not told of");
    assert!(changed["report"]["subjectDeleted"].is_string(), "{changed}");
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let (plane, _) = cluster();
    plane.kubectl_ok(&["create", "namespace", "live-end"]);
    let mut running = Running::start(&Person::admin(plane), &["top", "-w", "-n", "live-end"]);
    create(plane, &job("live-end", "a", BENIGN));
    running.says(&["CHANGE"]);
    let (_, never) = mpsc::channel();
    drop(std::mem::replace(&mut running.said, never));
    let ended = crate::support::eventually(LIMIT, || {
        // A line that nobody takes any more; the thread that reads ends with the first one, the pipe with it.
        create(plane, &job("live-end", &format!("b-{}", name()), BENIGN));
        running.child.try_wait().unwrap()
    });
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
}

/// A name that no other has.
fn name() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()
}

#[test]
fn on_a_terminal_the_picture_changes_in_place() {
    let (plane, _) = cluster();
    plane.kubectl_ok(&["create", "namespace", "live-screen"]);
    create(plane, &job("live-screen", "first", REVERSE_SHELL));
    wait_for_report(plane, "live-screen", "job-first", |_| true);
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let size = Winsize { ws_row: 4, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    let person = Person::admin(plane);
    let mut child = Command::new(PROGRAM)
        .args(person.arguments(&["top", "-w", "-n", "live-screen"]))
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(terminal)
        .spawn()
        .unwrap();
    let (tell, said) = mpsc::channel();
    let mut master = File::from(master);
    thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = master.read(&mut part) {
            if tell.send(part[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    // Pictures begin with the cursor at home and end with what is below cleared.
    let mut shown = String::new();
    let mut picture_with = |part: &str| {
        let deadline = Instant::now() + LIMIT;
        loop {
            let pictures: Vec<&str> = shown.split("\u{1b}[H").skip(1).collect();
            let whole = pictures.iter().rev().find(|picture| picture.ends_with("\u{1b}[?7h"));
            if let Some(picture) = whole.filter(|picture| picture.contains(part)) {
                return (*picture).to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let bytes = said.recv_timeout(left).unwrap_or_else(|error| panic!("{error}: {shown:?}"));
            shown.push_str(&String::from_utf8(bytes).unwrap());
        }
    };
    let first = picture_with("first");
    assert!(first.contains("KIND") && first.contains("\u{1b}[31mHigh\u{1b}[0m"), "{first:?}");
    create(plane, &job("live-screen", "second", REVERSE_SHELL));
    let second = picture_with("second");
    assert!(second.contains("first"), "{second:?}");
    // Four lines: the header, two of the table, and the one with the cursor.
    create(plane, &job("live-screen", "third", REVERSE_SHELL));
    let third = picture_with("… and 2 more");
    assert!(third.contains("KIND"), "{third:?}");
    assert_eq!(third.matches('\n').count(), 3, "{third:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(shown.matches("\u{1b}[2J").count(), 1, "cleared only at the beginning");
}
