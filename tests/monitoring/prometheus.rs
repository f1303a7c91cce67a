//! A real Prometheus scrapes the real controller: each alert fires once its cause is there, and ends with it.
//!
//! The rules are the shipped ones with all times divided by [`FASTER`]; as they are, promtool tests them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use regex::{Captures, Regex};
use serde_json::Value;

use crate::metrics::served;
use crate::rules::{alerts, rule_file, rules};
use crate::support::prometheus::Prometheus;
use crate::support::proxy::{Action, Answer, Match, Proxy, Verb};
use crate::support::{BENIGN, ControlPlane, Jobrisk, NAMESPACE, REVERSE_SHELL, create, job, wait_for_report};

/// By how much everything is faster: an hour is 36 seconds.
const FASTER: u32 = 100;
/// How long an alert may take to fire or to end. The slowest takes 45 seconds by itself.
const LIMIT: Duration = Duration::from_secs(240);
/// How long nothing may fire while nothing is wrong: fifteen minutes and more, by the rules.
const QUIET: Duration = Duration::from_secs(10);
/// The namespace of the test.
const WATCHED: &str = "watched";

/// The rules with their times divided: ranges, offsets, `for`, and thresholds, all of which are seconds.
fn faster() -> Value {
    let duration = Regex::new(r"(?P<before>\[|offset |^)(?P<count>\d+)(?P<unit>[mh])").unwrap();
    let threshold = Regex::new(r"> (?P<seconds>[1-9]\d*)").unwrap();
    let divide = |text: &str| {
        let text = duration.replace_all(text, |found: &Captures<'_>| {
            let unit = if &found["unit"] == "h" { 3_600_000 } else { 60_000 };
            let milliseconds = found["count"].parse::<u64>().unwrap() * unit / u64::from(FASTER);
            format!("{}{milliseconds}ms", &found["before"])
        });
        let text = threshold.replace_all(&text, |found: &Captures<'_>| {
            format!("> {}", found["seconds"].parse::<f64>().unwrap() / f64::from(FASTER))
        });
        text.into_owned()
    };
    let mut file = rule_file();
    for rule in rules(&mut file) {
        rule["expr"] = divide(rule["expr"].as_str().unwrap()).into();
        if let Some(time) = rule.get("for").and_then(Value::as_str).map(&divide) {
            rule["for"] = time.into();
        }
    }
    file
}

/// What a test follows: the controller behind its proxy, and Prometheus, which scrapes it.
struct Watch {
    plane: &'static ControlPlane,
    proxy: Proxy,
    jobrisk: Jobrisk,
    prometheus: Prometheus,
    /// Jobs made by [`Self::stir`].
    count: Cell<usize>,
    begin: Instant,
}

impl Watch {
    fn start() -> Self {
        let plane = ControlPlane::shared();
        for namespace in [WATCHED, "failing", "refusing"] {
            plane.kubectl_ok(&["create", "namespace", namespace]);
        }
        let namespace = format!("--namespace={NAMESPACE}");
        let token = plane.kubectl_ok(&["create", "token", "jobrisk", &namespace, "--duration=24h"]);
        let proxy = Proxy::start(plane);
        let kubeconfig = proxy.kubeconfig(plane.dir(), token.trim_end());
        let mut jobrisk = Jobrisk::with_kubeconfig(plane.dir(), &kubeconfig);
        jobrisk.set_arguments(&["--audit-interval=1s"]);
        // An event that never comes, of which no watch says that it is missing.
        let unseen = Action::rewrite_events(|event| {
            let is_unseen = event["object"]["metadata"]["name"] == "unseen";
            if is_unseen { Vec::new() } else { vec![event] }
        });
        proxy.add(Match::on(Verb::Watch, "jobs"), unseen);
        jobrisk.run();
        jobrisk.wait_ready();
        let prometheus = Prometheus::start(&faster(), jobrisk.port());
        let watch = Self { plane, proxy, jobrisk, prometheus, count: 0.into(), begin: Instant::now() };
        // Until it was scraped for the first time there was none: with a slow start for long enough to be told of.
        watch.end(&["JobRiskControllerDown"], || {});
        watch
    }

    /// Lets the API server send something of Jobs, which a quiet one does once a minute.
    fn stir(&self) {
        let count = self.count.replace(self.count.get() + 1);
        create(self.plane, &job(WATCHED, &format!("stirred-{count}"), BENIGN));
    }

    /// The alerts that fire. Of what is watched only Jobs count: the rest may be quiet.
    fn firing(&self) -> BTreeMap<String, Value> {
        let alerts = self.prometheus.alerts().into_iter().filter(|alert| {
            let resource = alert["labels"]["resource"].as_str();
            alert["state"] == "firing" && resource.is_none_or(|resource| resource == "jobs")
        });
        alerts.map(|alert| (alert["labels"]["alertname"].as_str().unwrap().to_owned(), alert)).collect()
    }

    /// Waits until each of these fires, or has fired since the call; `meanwhile` is done over and over.
    fn fire(&self, names: &[&str], meanwhile: impl Fn()) {
        let mut missing: Vec<&str> = names.to_vec();
        self.wait(&format!("{names:?} fire"), || {
            meanwhile();
            let firing = self.firing();
            missing.retain(|name| match firing.get(*name) {
                Some(alert) => {
                    assert_reads_well(alert);
                    false
                }
                None => true,
            });
            missing.is_empty()
        });
    }

    /// Waits until none of these fires.
    fn end(&self, names: &[&str], meanwhile: impl Fn()) {
        self.wait(&format!("{names:?} end"), || {
            meanwhile();
            let firing = self.firing();
            names.iter().all(|name| !firing.contains_key(*name))
        });
    }

    fn wait(&self, what: &str, mut done: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !done() {
            assert!(
                begin.elapsed() < LIMIT,
                "not within {LIMIT:?}: {what}\n{:#?}\n{}\n{}",
                self.prometheus.alerts(),
                self.jobrisk.stderr(),
                self.prometheus.log()
            );
            thread::sleep(Duration::from_millis(200));
        }
        eprintln!("{:>5.1} s: {what}", self.begin.elapsed().as_secs_f64());
    }
}

/// Prometheus has filled in what is said.
fn assert_reads_well(alert: &Value) {
    for text in ["summary", "description"] {
        let text = alert["annotations"][text].as_str().unwrap();
        assert!(!text.contains(['{', '<']) && text.ends_with('.'), "{text}");
    }
}

/// The shipped sample of a Critical Job.
fn critical() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/attack-2-privileged-etc.yaml");
    fs::read_to_string(path).unwrap().replace("namespace: default", &format!("namespace: {WATCHED}"))
}

#[test]
fn every_alert_fires_with_its_cause_and_ends_with_it() {
    // Its controller has ended by then: there is only one at a time.
    served();
    let watch = Watch::start();
    let all: Vec<String> = alerts().into_keys().collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let begin = Instant::now();
    while begin.elapsed() < QUIET {
        watch.stir();
        let firing = watch.firing();
        // A busy machine can be late with what these two wait for.
        let early: Vec<_> = firing
            .keys()
            .filter(|name| !["JobRiskBehind", "JobRiskControllerDeaf"].contains(&name.as_str()))
            .collect();
        assert!(early.is_empty(), "{early:?} without a cause: {firing:#?}");
    }
    watch.end(&all, || watch.stir());

    let patches = |namespace: &str| Match::on(Verb::Patch, "jobriskreports").namespace(namespace);
    let refusal =
        Answer::status(403, "Forbidden", "admission webhook \"none\" denied the request: no reports");
    let refusing = watch.proxy.add(patches("refusing"), Action::Answer(refusal));
    let failure = Answer::status(500, "InternalError", "etcdserver: mvcc: database space exceeded");
    let failing = watch.proxy.add(patches("failing"), Action::Answer(failure));
    let plane = watch.plane;
    create(plane, &job("refusing", "refused", REVERSE_SHELL));
    create(plane, &job(WATCHED, "unseen", REVERSE_SHELL));
    plane.kubectl_ok_stdin(&["create", "-f", "-"], &critical());
    let script = format!("echo {}", "x".repeat(1_400_000));
    create(plane, &job(WATCHED, "unreadable", &["/bin/sh", "-c", &script]));
    create(plane, &job(WATCHED, "tampered", REVERSE_SHELL));
    wait_for_report(plane, WATCHED, "job-tampered", |_| true);
    let namespace = format!("--namespace={WATCHED}");
    plane.kubectl_ok(&["delete", "jobriskreport", "job-tampered", &namespace]);
    let at_once = [
        "JobRiskBehind",
        "JobRiskCriticalFinding",
        "JobRiskCriticalStands",
        "JobRiskDrift",
        "JobRiskNamespaceRefuses",
        "JobRiskReportWritesFailing",
        "JobRiskReportsTampered",
        "JobRiskUnreadableWorkloads",
    ];
    // What fails is tried less and less often: something new fails at once.
    let fails = |number: usize| create(plane, &job("failing", &format!("failing-{number}"), BENIGN));
    let number = Cell::new(0);
    watch.fire(&at_once, || fails(number.replace(number.get() + 1)));
    watch.proxy.remove(refusing);
    watch.proxy.remove(failing);
    plane.kubectl_ok(&["delete", "jobs", "privileged-etc", "unreadable", &namespace, "--wait=false"]);
    watch.end(&at_once, || {});

    let is_evidence = |report: &Value| report["status"]["subjectDeleted"].is_object();
    wait_for_report(plane, WATCHED, "job-privileged-etc", is_evidence);
    plane.kubectl_ok(&["delete", "jobriskreport", "job-privileged-etc", &namespace]);
    let evidence = ["JobRiskEvidenceRemoved"];
    watch.fire(&evidence, || {});
    watch.end(&evidence, || {});

    let jobs = || Match::resource("jobs").verbs(&[Verb::List, Verb::Watch]);
    let silence = watch.proxy.add(jobs(), Action::Answer(Answer::html(503)));
    watch.proxy.cut(jobs());
    let deaf = ["JobRiskControllerDeaf", "JobRiskAuditStale"];
    watch.fire(&deaf, || {});
    watch.proxy.remove(silence);
    watch.end(&deaf, || watch.stir());

    watch.jobrisk.kill();
    watch.fire(&["JobRiskControllerDown"], || {});
    watch.jobrisk.run();
    watch.end(&all, || watch.stir());
    assert_eq!(
        at_once.len() + evidence.len() + deaf.len() + 1,
        all.len(),
        "an alert was not provoked: {all:?}"
    );
}
