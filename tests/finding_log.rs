//! The finding log of a real run, on a real API server: each line is one of the schema, none is missing, and nobody who
//! does not read it holds anything up.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use jobrisk::finding_log::{MAX_LINE, schema};
use serde_json::{Value, json};
use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, cron_job, eventually, job, wait_for_report,
};

const NAMESPACE: &str = "log";
const LIMIT: Duration = Duration::from_secs(60);
/// Jobs whose lines take more than the 64 KiB that a pipe holds.
const MANY: usize = 120;

/// Reads a named pipe as long as it may.
struct Reader {
    lines: Arc<Mutex<Vec<String>>>,
    may_read: Arc<Mutex<()>>,
}

impl Reader {
    fn of(pipe: &Path) -> Self {
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        // For writing too: so it opens at once, and does not end between two runs.
        let file: File = OpenOptions::new().read(true).write(true).open(pipe).unwrap();
        let reader = Self { lines: Arc::default(), may_read: Arc::default() };
        let (lines, may_read) = (Arc::clone(&reader.lines), Arc::clone(&reader.may_read));
        thread::spawn(move || {
            for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
                drop(may_read.lock().unwrap_or_else(PoisonError::into_inner));
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(String::from_utf8(line).unwrap());
            }
        });
        reader
    }

    /// The lines, without those of earlier runs.
    fn lines(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// The actions of the lines on a workload.
    fn actions(&self, name: &str) -> Vec<String> {
        let lines = self.lines();
        let of_it = lines.iter().filter(|line| line["resource_name"] == name);
        of_it.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    }

    /// The last line on a workload, once these are its actions.
    fn wait(&self, name: &str, expected: &[&str]) -> Value {
        let there = eventually(LIMIT, || (self.actions(name) == expected).then_some(()));
        assert!(there.is_some(), "{name}: {:?}, not {expected:?}", self.actions(name));
        self.lines().into_iter().rfind(|line| line["resource_name"] == name).unwrap()
    }
}

struct Run<'a> {
    plane: &'a ControlPlane,
    jobrisk: Jobrisk,
    log: Reader,
}

impl Run<'_> {
    fn kubectl(&self, arguments: &[&str]) {
        let namespace = format!("--namespace={NAMESPACE}");
        self.plane.kubectl_ok(&[arguments, &[namespace.as_str()]].concat());
    }

    fn set_command(&self, name: &str, command: &[&str]) {
        let patch = json!([{ "op": "replace", "value": command,
            "path": "/spec/jobTemplate/spec/template/spec/containers/0/command" }]);
        self.kubectl(&["patch", "cronjob", name, "--type=json", "--patch", &patch.to_string()]);
    }

    fn a_verdict_that_changes(&self) {
        create(self.plane, &cron_job(NAMESPACE, "changing", BENIGN));
        let first = self.log.wait("changing", &["assessed"]);
        assert_eq!(
            (&first["verb"], &first["severity"], &first["retained"]),
            (&json!("create"), &json!("None"), &json!(false))
        );
        self.set_command("changing", REVERSE_SHELL);
        let worse = self.log.wait("changing", &["assessed", "detected"]);
        assert_eq!((&worse["verb"], &worse["previousSeverity"]), (&json!("update"), &json!("None")));
        assert_eq!(worse["retained"], true);
        assert!(worse["rules"].as_array().unwrap().contains(&json!("cmd-reverse-shell")), "{worse}");
        assert!(worse["findings"][0]["evidence"].as_str().unwrap().contains("nc 192.0.2.10"), "{worse}");
        assert!(worse["techniques"].as_array().unwrap().contains(&json!("T1053.007")), "{worse}");
        assert_eq!(worse["attribution"]["verified"], false);
        assert_eq!(worse.get("user"), None);
        self.set_command("changing", BENIGN);
        let over = self.log.wait("changing", &["assessed", "detected", "cleared"]);
        assert_eq!((&over["severity"], &over["previousSeverity"]), (&json!("None"), &worse["severity"]));
        assert_eq!(over["previousRiskScore"], worse["riskScore"]);
        assert_eq!(over["findingUid"], first["findingUid"]);
    }

    fn the_end_of_workloads(&self) {
        let mut low = job(NAMESPACE, "low", BENIGN);
        low["spec"]["template"]["spec"]["hostNetwork"] = json!(true);
        create(self.plane, &low);
        create(self.plane, &job(NAMESPACE, "clean", BENIGN));
        create(self.plane, &job(NAMESPACE, "shell", REVERSE_SHELL));
        for name in ["job-low", "job-clean", "job-shell"] {
            wait_for_report(self.plane, NAMESPACE, name, |_| true);
        }
        self.kubectl(&["delete", "job", "low", "clean", "shell"]);
        let low = self.log.wait("low", &["detected", "deleted"]);
        assert_eq!(
            (&low["verb"], &low["severity"], &low["retained"]),
            (&json!("delete"), &json!("Low"), &json!(false))
        );
        let high = self.log.wait("shell", &["detected", "deleted"]);
        assert_eq!((&high["severity"], &high["retained"]), (&json!("High"), &json!(true)));
        assert_eq!(high["report"], "job-shell");
        assert_eq!(self.log.actions("clean"), ["assessed"]);
    }

    fn what_somebody_does_to_reports(&self) {
        create(self.plane, &job(NAMESPACE, "living", REVERSE_SHELL));
        let before = wait_for_report(self.plane, NAMESPACE, "job-living", |_| true);
        self.kubectl(&["delete", "jobriskreport", "job-living"]);
        wait_for_report(self.plane, NAMESPACE, "job-living", |report| {
            report["metadata"]["uid"] != before["metadata"]["uid"]
        });
        let line = self.log.wait("living", &["detected", "tampered"]);
        assert_eq!(
            (line.get("verb"), line.get("previousSeverity"), &line["severity"]),
            (None, None, &json!("High"))
        );

        // The evidence of the end of `shell`, and of another.
        create(self.plane, &job(NAMESPACE, "other", REVERSE_SHELL));
        wait_for_report(self.plane, NAMESPACE, "job-other", |_| true);
        self.kubectl(&["delete", "job", "other"]);
        self.log.wait("other", &["detected", "deleted"]);
        self.kubectl(&[
            "patch",
            "jobriskreport",
            "job-other",
            "--type=merge",
            "--patch",
            r#"{"status":{"riskScore":46}}"#,
        ]);
        let changed = self.log.wait("other", &["detected", "deleted", "evidenceChanged"]);
        assert_ne!(changed["riskScore"], 46, "it says what was known before");
        self.kubectl(&["delete", "jobriskreport", "job-shell"]);
        let removed = self.log.wait("shell", &["detected", "deleted", "evidenceRemoved"]);
        assert_eq!((&removed["severity"], &removed["retained"]), (&json!("High"), &json!(false)));
    }

    fn a_namespace_that_takes_no_reports(&self) {
        self.plane.kubectl_ok(&["create", "namespace", "refusing"]);
        let quota = json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "none", "namespace": "refusing" },
            "spec": { "hard": { "count/jobriskreports.jobrisk.io": "0" } } });
        create(self.plane, &quota);
        let enforced = eventually(LIMIT, || {
            let hard =
                ["get", "resourcequota", "none", "--namespace=refusing", "-o", "jsonpath={.status.hard}"];
            (!self.plane.kubectl_ok(&hard).is_empty()).then_some(())
        });
        assert!(enforced.is_some(), "the quota is not enforced");
        create(self.plane, &job("refusing", "refused", REVERSE_SHELL));
        let line = self.log.wait("refused", &["detected"]);
        assert_eq!(line["severity"], "High");
        // It is judged again and again, and said once.
        for round in 1..=3 {
            self.plane.kubectl_ok(&[
                "annotate",
                "job",
                "refused",
                "--namespace=refusing",
                "--overwrite",
                &format!("round={round}"),
            ]);
        }
        create(self.plane, &job(NAMESPACE, "later", BENIGN));
        self.log.wait("later", &["assessed"]);
        assert_eq!(self.log.actions("refused"), ["detected"]);
        self.plane.kubectl_ok(&["delete", "job", "refused", "--namespace=refusing"]);
        let end = self.log.wait("refused", &["detected", "deleted"]);
        assert_eq!((&end["severity"], &end["retained"]), (&json!("High"), &json!(false)));
    }

    fn a_reader_that_does_not_read(&self) {
        let pause = self.log.may_read.lock().unwrap();
        let before = self.log.lines().len();
        let items: Vec<Value> =
            (0..MANY).map(|number| job(NAMESPACE, &format!("many-{number}"), REVERSE_SHELL)).collect();
        create(self.plane, &json!({ "apiVersion": "v1", "kind": "List", "items": items }));
        let written = eventually(LIMIT, || {
            let names =
                self.plane.kubectl_ok(&["get", "jobriskreports", "--namespace", NAMESPACE, "-o", "name"]);
            (names.lines().filter(|name| name.contains("/job-many-")).count() == MANY).then_some(())
        });
        assert!(written.is_some(), "the controller waits for a reader: {}", self.jobrisk.stderr());
        assert_eq!(self.jobrisk.livez(), Some(200));
        // One that was read already may be on its way.
        assert!(self.log.lines().len() <= before + 1);
        drop(pause);
        for number in 0..MANY {
            self.log.wait(&format!("many-{number}"), &["detected"]);
        }
    }

    /// Every line so far is one of the schema, in order, and none is missing or there twice.
    fn every_line_is_valid(&self) {
        for line in self.log.lines.lock().unwrap().iter() {
            assert!(line.len() < MAX_LINE, "{line}");
        }
        let validator = jsonschema::draft202012::new(&schema::schema()).unwrap();
        let lines = self.log.lines();
        let mut ids = BTreeSet::new();
        let mut actions: BTreeMap<&str, usize> = BTreeMap::new();
        for line in &lines {
            let problems: Vec<String> = validator
                .iter_errors(line)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(problems, Vec::<String>::new(), "{line}");
            assert!(ids.insert(line["id"].as_str().unwrap()), "twice: {line}");
            *actions.entry(line["action"].as_str().unwrap()).or_default() += 1;
        }
        let numbers: Vec<u64> = lines.iter().map(|line| line["sequence"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=u64::try_from(lines.len()).unwrap()).collect::<Vec<_>>());
        for action in
            ["assessed", "detected", "cleared", "deleted", "tampered", "evidenceChanged", "evidenceRemoved"]
        {
            assert!(actions.contains_key(action), "{actions:?}");
        }
        let counted = self.jobrisk.sum("jobrisk_finding_log_lines_total");
        assert!((counted - f64::from(u32::try_from(lines.len()).unwrap())).abs() < 0.5, "{counted}");
    }
}

#[test]
fn the_finding_log_of_a_real_run_tells_what_happened_and_holds_nothing_up() {
    let plane = ControlPlane::shared();
    let pipe = plane.dir().join("finding-log.pipe");
    let log = Reader::of(&pipe);
    let jobrisk = Jobrisk::install(plane).with_stdout(pipe);
    plane.kubectl_ok(&["create", "namespace", NAMESPACE]);
    jobrisk.run();
    jobrisk.wait_ready();
    let run = Run { plane, jobrisk, log };
    run.a_verdict_that_changes();
    run.the_end_of_workloads();
    run.what_somebody_does_to_reports();
    run.a_namespace_that_takes_no_reports();
    run.a_reader_that_does_not_read();
    run.every_line_is_valid();
    let count = run.log.lines().len();

    // A restart says nothing again but what no report says; and what went meanwhile.
    run.jobrisk.terminate();
    run.kubectl(&["delete", "job", "living"]);
    run.jobrisk.run();
    run.jobrisk.wait_ready();
    run.log.wait("living", &["detected", "tampered", "deleted"]);
    run.jobrisk.wait_idle();
    let again: Vec<Value> = run.log.lines().split_off(count);
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(again[0]["sequence"], 1);
}
