//! What `jobrisk top` and `jobrisk status` print on a cluster of 1 000 workloads, how long that takes, and how much
//! memory.
//!
//! ```text
//! cargo bench --bench people
//! ```
//!
//! `JOBRISK_BENCH_WORKLOADS` is how many there are. A measurement, not a gate: it fails only where something did not
//! work at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what does not work has to stop it"
)]
#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

#[path = "../../tests/people/pod.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod pod;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, cron_job, eventually, job};

/// How often each command is measured.
const ROUNDS: usize = 7;
/// The lines that are shown of an output.
const SHOWN: usize = 24;
const LIMIT: Duration = Duration::from_secs(300);

struct Run {
    code: Option<i32>,
    output: String,
    duration: Duration,
    /// In KiB.
    peak: u64,
}

fn main() {
    let workloads = std::env::var("JOBRISK_BENCH_WORKLOADS").map_or(1_000, |text| text.parse().unwrap());
    let plane = ControlPlane::start();
    let jobrisk = Jobrisk::start(&plane);
    fill(&plane, workloads);
    let reported = eventually(LIMIT, || {
        let names = plane.kubectl_ok(&["get", "jobriskreports", "-A", "-o", "name"]);
        (names.lines().count() == workloads).then_some(())
    });
    assert!(reported.is_some(), "not all are reported: {}", jobrisk.stderr());
    jobrisk.wait_idle();
    let door = pod::Door::open();
    door.leads_to(pod::Behind::Port(jobrisk.port()));
    pod::make(&plane, &door);
    // So that nothing is new.
    thread::sleep(Duration::from_secs(11));

    let kubeconfig = format!("--kubeconfig={}", plane.admin_kubeconfig().display());
    for arguments in [
        &["top", "-A"][..],
        &["top", "-A", "-o", "wide"],
        &["top", "-A", "-o", "json"],
        &["top", "-A", "--min-severity=high"],
        &["status"],
        &["status", "-o", "json"],
    ] {
        let runs: Vec<Run> = (0..ROUNDS).map(|_| run(arguments, &kubeconfig)).collect();
        let mut times: Vec<u128> = runs.iter().map(|run| run.duration.as_millis()).collect();
        times.sort_unstable();
        let peak = runs.iter().map(|run| run.peak).max().unwrap();
        let last = runs.last().unwrap();
        println!("$ jobrisk {}", arguments.join(" "));
        for line in last.output.lines().take(SHOWN) {
            println!("{line}");
        }
        let more = last.output.lines().count().saturating_sub(SHOWN);
        if more > 0 {
            println!("[… {more} more lines]");
        }
        println!(
            "[exit code {:?}; {ROUNDS} runs: {} ms the fastest, {} ms the median, {} ms the slowest; peak {peak} KiB]\n",
            last.code,
            times[0],
            times[times.len() / 2],
            times[times.len() - 1],
        );
    }
}

/// Every third is a `CronJob`, every tenth is risky; in five namespaces.
fn fill(plane: &ControlPlane, workloads: usize) {
    for number in 0..5 {
        plane.kubectl_ok(&["create", "namespace", &format!("team-{number}")]);
    }
    let items: Vec<Value> = (0..workloads)
        .map(|number| {
            let (namespace, name) = (format!("team-{}", number % 5), format!("workload-{number}"));
            let command = if number % 10 == 0 { REVERSE_SHELL } else { BENIGN };
            if number % 3 == 0 {
                return cron_job(&namespace, &name, command);
            }
            let mut object = job(&namespace, &name, command);
            if number % 50 == 1 {
                object["spec"]["template"]["spec"]["hostNetwork"] = json!(true);
            }
            object
        })
        .collect();
    for items in items.chunks(500) {
        create(plane, &json!({ "apiVersion": "v1", "kind": "List", "items": items }));
    }
}

fn run(arguments: &[&str], kubeconfig: &str) -> Run {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_jobrisk"))
        .args(arguments)
        .arg(kubeconfig)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut stdout = child.stdout.take().unwrap();
    let mut output = String::new();
    let mut peak = 0;
    thread::scope(|scope| {
        let reader = scope.spawn(|| stdout.read_to_string(&mut output).unwrap());
        // The kernel keeps the peak, so only what grows within the last millisecond can be missed.
        while !reader.is_finished() {
            peak = peak_of(&status).unwrap_or(peak);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let code = child.wait().unwrap().code();
    Run { code, output, duration: begin.elapsed(), peak }
}

/// `VmHWM` in KiB; none when the process has ended.
fn peak_of(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
