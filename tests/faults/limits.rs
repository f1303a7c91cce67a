//! Little memory and little time of the processor.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::PostParams;
use rustix::process::{Pid, Signal, kill_process};

use crate::scenario::{Scenario, is_long};
use crate::support::converged::LIVENESS;
use crate::support::{BENIGN, REVERSE_SHELL, eventually, job, sum};

/// Creates Jobs faster than kubectl can: every third is risky, and every tenth has so many bytes more.
fn create_many(scenario: &Scenario, count: usize, bytes: usize) {
    let (runtime, client) = scenario.plane().client();
    let api: Api<Job> = Api::namespaced(client, &scenario.namespace);
    let filler = "x".repeat(bytes);
    let creations = futures::stream::iter(0..count).map(|number| {
        let mut command = if number % 3 == 0 { REVERSE_SHELL } else { BENIGN }.to_vec();
        if bytes > 0 && number % 10 == 0 {
            command.push(&filler);
        }
        let job = job(&scenario.namespace, &format!("job-{number}"), &command);
        let job: Job = serde_json::from_value(job).unwrap();
        let api = api.clone();
        async move { api.create(&PostParams::default(), &job).await.map(|_| ()).unwrap() }
    });
    runtime.block_on(creations.buffer_unordered(16).collect::<Vec<()>>());
}

/// How many reports the controller has written.
fn reports(scenario: &Scenario) -> f64 {
    sum(&scenario.jobrisk.metrics(), "jobrisk_report_writes_total", |labels| labels.contains("\"ok\""))
}

/// Begins a controller that may have so much memory and finds `count` Jobs; gives its peak in KiB.
fn finds_within(scenario: &Scenario, count: usize, limit: Duration) -> u64 {
    scenario.start();
    let all = f64::from(u32::try_from(count).unwrap()) - 0.5;
    let done = eventually(limit, || (reports(scenario) > all).then_some(()));
    assert!(done.is_some(), "{} of {count} reports: {}", reports(scenario), scenario.jobrisk.stderr());
    scenario.jobrisk.wait_idle();
    assert!(scenario.jobrisk.lives(), "{}", scenario.jobrisk.stderr());
    scenario.jobrisk.peak_kib()
}

#[test]
fn g01_all_jobs_at_once_are_found_in_little_memory() {
    let mut scenario = Scenario::prepare("g01");
    // Of its own, without programs and libraries: more is refused by the kernel, and ends it.
    scenario.jobrisk.set_before("ulimit -d 131072");
    let count = if is_long() { 100_000 } else { 600 };
    create_many(&scenario, count, 0);
    let peak = finds_within(&scenario, count, Duration::from_secs(if is_long() { 3600 } else { 180 }));
    eprintln!("g01: {count} Jobs: at most {peak} KiB resident");
    assert!(peak < 128 * 1024, "{peak} KiB");
    if !is_long() {
        scenario.settles_soon();
    }
}

#[test]
fn g02_large_objects_take_the_memory_of_a_page_and_not_of_all() {
    let mut scenario = Scenario::prepare("g02-tenth");
    scenario.jobrisk.set_before("ulimit -d 131072");
    // 10 % of 100 kB: a page of 100 has 1 MB of them, all together many times that.
    let count = if is_long() { 20_000 } else { 300 };
    create_many(&scenario, count, 100_000);
    let peak = finds_within(&scenario, count, Duration::from_secs(if is_long() { 1800 } else { 120 }));
    eprintln!("g02: {count} Jobs, {} MB: at most {peak} KiB resident", count / 10 / 10);
    assert!(peak < 64 * 1024, "{peak} KiB");
}

#[test]
fn g09_many_jobs_fit_into_64_mib() {
    let mut scenario = Scenario::prepare("g09");
    scenario.jobrisk.set_before("ulimit -d 65536");
    let count = if is_long() { 10_000 } else { 600 };
    create_many(&scenario, count, 0);
    let peak = finds_within(&scenario, count, Duration::from_secs(if is_long() { 600 } else { 120 }));
    eprintln!("g09: {count} Jobs: at most {peak} KiB resident");
    assert!(peak < 64 * 1024, "{peak} KiB");
}

/// The time of the processor that a process has had.
fn processor_time(pid: Pid) -> Duration {
    let text = fs::read_to_string(format!("/proc/{}/schedstat", pid.as_raw_nonzero())).unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Does what the kernel's scheduler does with a limit: who has had its share of a period stands still for its rest.
fn throttle(pid: Pid, share: Duration, period: Duration, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let (begin, before) = (Instant::now(), processor_time(pid));
        while begin.elapsed() < period {
            if processor_time(pid).saturating_sub(before) >= share {
                kill_process(pid, Signal::STOP).unwrap();
                thread::sleep(period.saturating_sub(begin.elapsed()));
                kill_process(pid, Signal::CONT).unwrap();
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn g08_a_twentieth_of_a_core_is_slow_and_not_dead() {
    const JOBS: u32 = 60;
    let scenario = Scenario::begin("g08");
    let pid = Pid::from_raw(i32::try_from(scenario.jobrisk.pid()).unwrap()).unwrap();
    assert!(processor_time(pid) > Duration::ZERO, "the kernel does not tell");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| throttle(pid, Duration::from_millis(5), Duration::from_millis(100), &stop));
        let (begin, before) = (Instant::now(), processor_time(pid));
        scenario.jobs("job", JOBS as usize);
        let mut answers = Vec::new();
        let done = eventually(Duration::from_secs(120), || {
            // As the shipped liveness probe asks: an answer within 5 s.
            answers.push(scenario.jobrisk.livez());
            (reports(&scenario) > f64::from(JOBS) - 0.5).then_some(())
        });
        let (time, used) = (begin.elapsed(), processor_time(pid).saturating_sub(before));
        stop.store(true, Ordering::Relaxed);
        assert!(done.is_some(), "{} of {JOBS} reports", reports(&scenario));
        assert!(answers.iter().all(|answer| *answer == Some(200)), "{answers:?}");
        eprintln!("g08: {JOBS} reports in {time:?}, with {used:?} of the processor");
        assert!(used < time / 5, "it was not held back: {used:?} of {time:?}");
    });
    scenario.settles(LIVENESS);
    assert!(scenario.jobrisk.lives());
}
