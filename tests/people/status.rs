//! `jobrisk status`, while a controller behind a proxy is well, deaf, dead and gone.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::person::{Person, assert_cannot, assert_harmless, uninstalled};
use crate::pod::{self, Behind, Door};
use crate::support::converged::wait_converged;
use crate::support::proxy::{Action, Match, Proxy};
use crate::support::{
    BENIGN, ControlPlane, Jobrisk, NAMESPACE, Output, REVERSE_SHELL, apply_manifests, create, cron_job,
    eventually, job,
};

/// Far more than it takes, on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

struct Stage {
    plane: ControlPlane,
    proxy: Proxy,
    jobrisk: Jobrisk,
    door: Door,
    operator: Person,
}

impl Stage {
    /// A controller that is well, behind a proxy on its way to the API server and a door on the way to it.
    fn set() -> Self {
        let plane = ControlPlane::start();
        apply_manifests(&plane);
        let proxy = Proxy::start(&plane);
        let option = format!("--namespace={NAMESPACE}");
        let token = plane.kubectl_ok(&["create", "token", "jobrisk", &option, "--duration=24h"]);
        let kubeconfig = proxy.kubeconfig(plane.dir(), token.trim_end());
        let jobrisk = Jobrisk::with_kubeconfig(plane.dir(), &kubeconfig);
        jobrisk.run();
        jobrisk.wait_ready();
        let door = Door::open();
        door.leads_to(Behind::Port(jobrisk.port()));
        pod::make(&plane, &door);
        let operator = Person::operator(&plane);
        Self { plane, proxy, jobrisk, door, operator }
    }

    /// Waits until status ends with a code and prints all of `parts`.
    fn becomes(&self, code: i32, parts: &[&str]) -> Output {
        let mut last = None;
        let found = eventually(LIMIT, || {
            let output = self.operator.run(&["status"]);
            let is_it = output.status.code() == Some(code);
            let is_it = is_it && parts.iter().all(|part| output.stdout.contains(part));
            last = Some(output.clone());
            is_it.then_some(output)
        });
        let output =
            found.unwrap_or_else(|| panic!("{code} {parts:?}: {last:#?}\n{}", self.jobrisk.stderr()));
        assert_harmless(&output.stdout);
        output
    }
}

impl Person {
    /// Whoever keeps jobrisk running, with the shipped roles for it.
    pub(crate) fn operator(plane: &ControlPlane) -> Self {
        plane.kubectl_ok(&["create", "namespace", "people"]);
        let person = Self::in_namespace(plane, "people", "operator", &[]);
        let account = "--serviceaccount=people:operator";
        let cluster =
            ["create", "clusterrolebinding", "operators", "--clusterrole=jobrisk-operator", account];
        plane.kubectl_ok(&cluster);
        let namespace = format!("--namespace={NAMESPACE}");
        plane.kubectl_ok(&[
            "create",
            "rolebinding",
            "operators",
            "--role=jobrisk-operator",
            account,
            &namespace,
        ]);
        person
    }
}

#[test]
fn status_tells_the_well_from_the_deaf_and_the_dead() {
    let output = &uninstalled().status;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.contains("jobrisk is not installed"), "{output:?}");
    assert!(output.stdout.contains("no Pod of jobrisk in namespace jobrisk-system"), "{output:?}");

    let stage = Stage::set();
    well(&stage);
    by_other_people(&stage);
    not_heard(&stage);
    deaf(&stage);
    dead(&stage);
    gone(&stage);
}

fn well(stage: &Stage) {
    let plane = &stage.plane;
    for number in 0..4 {
        create(
            plane,
            &job("people", &format!("job-{number}"), if number == 0 { REVERSE_SHELL } else { BENIGN }),
        );
    }
    create(plane, &cron_job("people", "nightly", BENIGN));
    plane.kubectl_ok(&["create", "job", "nightly-1", "--from=cronjob/nightly", "--namespace=people"]);
    // At least High: its report stays.
    create(plane, &job("people", "evidence", REVERSE_SHELL));
    wait_converged(plane, LIMIT);
    plane.kubectl_ok(&["delete", "job", "evidence", "--namespace=people"]);
    wait_converged(plane, LIMIT);
    let output = stage.becomes(0, &["Covered", "Evidence:", "1 reports of workloads that are gone"]);
    for part in [
        "Workloads:            6, 1 CronJobs and 5 Jobs, in all namespaces",
        "with a report:      5",
        "runs of a CronJob:  1",
        "without a report:   0",
        "changed since:      0",
        "Controller:           Pod jobrisk-0, Running, ready, 0 restarts, version 0.1.0, up ",
        "cronjobs:           moved ",
        "jobriskreports:     moved ",
        "to be written:      0",
    ] {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
    assert_eq!(output.stderr, "");

    let document: Value = serde_json::from_str(&stage.operator.ok(&["status", "-o", "json"])).unwrap();
    assert_eq!(document["schemaVersion"], "1");
    assert_eq!(document["verdict"], "covered");
    assert_eq!((&document["problems"], &document["unknown"]), (&json!([]), &json!([])));
    let coverage = &document["coverage"];
    let counts = ["jobs", "cronJobs", "reported", "runs", "retained", "foreign"].map(|name| &coverage[name]);
    assert_eq!(counts, [5, 1, 5, 1, 1, 0]);
    assert_eq!(coverage["missing"], json!({ "total": 0, "named": [] }));
    let controller = &document["controllers"][0];
    assert_eq!(controller["pod"]["name"], "jobrisk-0");
    let word = &controller["word"];
    assert_eq!((&word["notLive"], &word["notReady"]), (&Value::Null, &Value::Null));
    assert_eq!(word["watches"].as_array().unwrap().len(), 3);
    for watch in word["watches"].as_array().unwrap() {
        assert!(watch["listed"] == true && watch["movedSecondsAgo"].as_u64().unwrap() < 100, "{watch}");
    }
}

/// Whoever may see less is told less, and why.
fn by_other_people(stage: &Stage) {
    let plane = &stage.plane;
    let tenant = Person::in_namespace(plane, "people", "tenant", &["view"]);
    let output = tenant.run(&["status", "-n", "people"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        output.stdout.contains("in namespace people") && output.stdout.contains("Cannot tell"),
        "{output:?}"
    );
    assert!(
        output.stdout.contains("cannot list the Pods of jobrisk in namespace jobrisk-system"),
        "{output:?}"
    );
    assert!(output.stdout.contains("ask for the Role jobrisk-operator"), "{output:?}");
    let everywhere = tenant.run(&["status"]);
    assert_eq!(everywhere.status.code(), Some(2), "{everywhere:?}");
    assert!(everywhere.stdout.contains("cannot list jobriskreports.jobrisk.io: "), "{everywhere:?}");

    // Without the API server in between, as behind `kubectl port-forward`.
    let address = format!("http://127.0.0.1:{}", stage.jobrisk.port());
    let direct = tenant.run(&["status", "-n", "people", "--controller", &address]);
    assert_eq!(direct.status.code(), Some(0), "{direct:?}");
    for wrong in ["127.0.0.1:8080", "https://127.0.0.1:8080", "http://127.0.0.1:8080/x", "\u{1b}[2J"] {
        let output = tenant.run(&["status", "--controller", wrong]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    assert_cannot(&tenant.run(&["status", "--context=staging"]), &["staging"]);
}

fn not_heard(stage: &Stage) {
    stage.door.leads_to(Behind::Nobody);
    // Its node says that it is well, and what it has to say is not known.
    stage.becomes(2, &["Cannot tell:", "Pod jobrisk-0: ", "a NetworkPolicy may keep the API server out"]);
    stage.door.leads_to(Behind::Silence);
    stage.becomes(2, &["Cannot tell:", "Pod jobrisk-0: no answer within 5 s"]);
    let hostile = json!({
        "version": "\u{1b}[2J\n", "notLive": "\u{1b}]0;x\u{7}\r\nCovered", "failing": [{ "what": "\u{202e}" }],
    });
    stage.door.leads_to(Behind::Text(hostile.to_string()));
    let output = stage.becomes(1, &["Not covered:", "u{1b}"]);
    assert!(!output.stdout.lines().any(|line| line.starts_with("Covered")), "{}", output.stdout);
    let document: Value =
        serde_json::from_str(&stage.operator.run(&["status", "-o", "json"]).stdout).unwrap();
    for text in crate::support::strings(&document) {
        assert_harmless(text);
    }
    stage.door.leads_to(Behind::Text("x".repeat(1 << 20)));
    stage.becomes(2, &["Pod jobrisk-0: "]);
    stage.door.leads_to(Behind::Port(stage.jobrisk.port()));
    stage.becomes(0, &["Covered"]);
}

fn deaf(stage: &Stage) {
    stage.proxy.add(Match::default(), Action::CutBefore);
    stage.proxy.cut_all();
    let output =
        stage.becomes(1, &["Not covered:", "Pod jobrisk-0: cannot list and watch jobs.batch: unreachable"]);
    assert!(output.stdout.contains("without a report:   0"), "{}", output.stdout);
    stage.proxy.clear();
    stage.becomes(0, &["Covered"]);
}

fn dead(stage: &Stage) {
    let plane = &stage.plane;
    stage.jobrisk.kill();
    pod::set_ready(plane, false);
    create(plane, &job("people", "unseen", REVERSE_SHELL));
    let patch = json!({ "spec": { "schedule": "0 4 * * *" } }).to_string();
    plane.kubectl_ok(&["patch", "cronjob", "nightly", "--namespace=people", "--patch", &patch]);
    let output = stage.becomes(
        1,
        &[
            "Not covered:",
            "Pod jobrisk-0: ",
            "1 of 7 workloads have no report, Job people/unseen for ",
            "1 workloads were changed since their report, CronJob people/nightly is one",
        ],
    );
    assert!(
        output.stdout.contains("without a report:   1, oldest: Job people/unseen ("),
        "{}",
        output.stdout
    );

    stage.jobrisk.run();
    pod::set_ready(plane, true);
    stage.becomes(0, &["Covered"]);
}

fn gone(stage: &Stage) {
    let plane = &stage.plane;
    let waiting = json!([{
        "name": "jobrisk", "image": "jobrisk", "imageID": "", "ready": false, "restartCount": 3,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
    }]);
    pod::set_status(plane, &json!({ "phase": "Pending", "conditions": [], "containerStatuses": waiting }));
    stage.becomes(1, &["Pod jobrisk-0: it does not run (Pending: CrashLoopBackOff)", "3 restarts"]);
    let namespace = format!("--namespace={NAMESPACE}");
    plane.kubectl_ok(&["delete", "pod", "jobrisk-0", "--force", &namespace]);
    stage.becomes(1, &["no Pod of jobrisk in namespace jobrisk-system"]);
    stage.jobrisk.terminate();
    plane.kubectl_ok(&["delete", "crd", "jobriskreports.jobrisk.io"]);
    thread::sleep(Duration::from_secs(1));
    stage.becomes(1, &["jobrisk is not installed in this cluster: kubectl apply -k manifests/base"]);
}
