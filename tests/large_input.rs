//! However a file of the size of the largest object is made, `jobrisk scan` takes little memory for it and says
//! something about it. How long it takes is for the benches and the fuzzer: a clock would make this test fail where
//! the machine is busy.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they mean")]

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use fuzzing::large::{SIZE, all};

/// In MiB.
const MOST_MEMORY: u64 = 256;

/// The peak of a scan's memory in MiB, and its output.
fn scan(file: &[u8]) -> (u64, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobrisk"))
        .args(["scan", "--format", "json", "--fail-on", "never", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = String::new();
    let mut peak = 0;
    thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(file).unwrap());
        let reader = scope.spawn(|| stdout.read_to_string(&mut output).unwrap());
        // The kernel keeps the peak, so only what grows within the last millisecond can be missed.
        while !reader.is_finished() {
            peak = peak_of(&status).unwrap_or(peak);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 2)), "ended with {code:?}");
    (peak, output)
}

/// `VmHWM` in MiB; none when the process has ended.
fn peak_of(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? / 1024)
}

#[test]
fn no_file_takes_much_memory_or_is_passed_over() {
    let open = Mutex::new(all(SIZE));
    let measured = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some((name, file)) = open.lock().unwrap().pop() else { return };
            let (peak, output) = scan(&file);
            let output: serde_json::Value =
                serde_json::from_str(&output).unwrap_or_else(|error| panic!("{name}: {error}"));
            let count = |what: &str| output["summary"][what].as_u64().unwrap();
            let said = count("workloads") + count("skipped") + count("errors");
            measured.lock().unwrap().push((peak, name, said));
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let mut measured = measured.into_inner().unwrap();
    measured.sort_unstable();
    for (peak, name, said) in &measured {
        println!("{peak:>5} MiB  {name}: {said} objects and errors");
    }
    assert!(measured.iter().all(|(peak, ..)| (1..=MOST_MEMORY).contains(peak)), "{measured:?}");
    let silent = measured.iter().find(|(_, name, said)| *said == 0 && *name != "empty documents");
    assert!(silent.is_none(), "{silent:?}");
}
