//! What the controller makes of it: verified, or a claim.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    BENIGN, ControlPlane, Jobrisk, NAMESPACE, REVERSE_SHELL, create, cron_job, eventually, job, report,
    rules, wait_for_report,
};
use crate::tenant::{Tenant, plane};

/// The controller, once it takes what is made now for proven.
fn controller() -> &'static Jobrisk {
    static READY: OnceLock<()> = OnceLock::new();
    plane();
    let jobrisk = Jobrisk::shared();
    READY.get_or_init(|| {
        plane().kubectl_ok(&["create", "namespace", "probes"]);
        wait_until_verified(plane(), "probes");
    });
    jobrisk
}

/// Waits until a Job that is made now is verified. The policy has to be some seconds old for that.
pub(crate) fn wait_until_verified(plane: &ControlPlane, namespace: &str) {
    let mut number = 0;
    let verified = eventually(Duration::from_secs(90), || {
        number += 1;
        let name = format!("probe-{number}");
        create(plane, &job(namespace, &name, BENIGN));
        let report = wait_for_report(plane, namespace, &format!("job-{name}"), |_| true);
        let verified = attribution(&report)["verified"] == true;
        if !verified {
            std::thread::sleep(Duration::from_secs(1));
        }
        verified.then_some(())
    });
    assert!(verified.is_some(), "nothing is verified");
}

pub(crate) fn attribution(report: &Value) -> &Value {
    &report["status"]["attribution"]
}

/// Says what a report says of who it was.
pub(crate) fn tell(attempt: &str, report: &Value) {
    println!("{attempt}\n    reported: {}", attribution(report));
}

#[test]
fn report_and_finding_log_name_the_user_as_verified() {
    let mallory = Tenant::new("reported");
    let jobrisk = controller();
    let bob = Tenant::named(mallory.plane, "reported", "bob");
    mallory.creates(&cron_job("reported", "c", REVERSE_SHELL));
    let made = wait_for_report(mallory.plane, "reported", "cronjob-c", |_| true);
    tell("a CronJob with a reverse shell", &made);
    let who = attribution(&made);
    assert_eq!((&who["verified"], &who["user"]), (&json!(true), &json!(mallory.user)));
    assert!(who["credential"].as_str().unwrap().starts_with("JTI="), "{who}");
    assert_eq!(who["createdBy"], Value::Null);
    let is_it = |line: &Value| line["namespace"] == "reported" && line["resource_name"] == "c";
    let line = jobrisk.findings().into_iter().find(is_it).unwrap();
    assert_eq!((&line["attribution"], &line["user"]), (who, &json!(mallory.user)));

    bob.does(&["patch", "cronjob/c", "--type=merge", "--patch", r#"{"spec":{"schedule":"0 4 * * *"}}"#], "");
    let changed = wait_for_report(mallory.plane, "reported", "cronjob-c", |report| {
        report["status"]["subjectGeneration"] == 2
    });
    tell("another one changes its schedule", &changed);
    let who = attribution(&changed);
    assert_eq!(
        (&who["verified"], &who["user"], &who["createdBy"]["user"]),
        (&json!(true), &json!(bob.user), &json!(mallory.user))
    );

    // Annotations are no change of a verdict.
    mallory.does(&["annotate", "cronjob/c", "--overwrite", "jobrisk.io/changed-by=admin", "x=y"], "");
    create(mallory.plane, &job("reported", "later", BENIGN));
    wait_for_report(mallory.plane, "reported", "job-later", |_| true);
    jobrisk.wait_idle();
    let after = report(mallory.plane, "reported", "cronjob-c").unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], changed["metadata"]["resourceVersion"]);
    let wide = mallory.plane.kubectl_ok(&["get", "jrr", "-n", "reported", "-o", "wide"]);
    assert!(wide.contains("USER") && wide.contains(&bob.user), "{wide}");
}

#[test]
fn an_object_older_than_the_policy_is_a_claim() {
    controller();
    let old = wait_for_report(plane(), "before", "job-old", |_| true);
    tell("a Job older than the policy, with a forged annotation", &old);
    assert_eq!(
        (&attribution(&old)["verified"], &attribution(&old)["user"]),
        (&json!(false), &json!("admin"))
    );
}

#[test]
fn a_job_that_claims_a_cron_job_but_was_made_by_somebody_else_is_forged() {
    let mallory = Tenant::new("owners");
    let jobrisk = controller();
    mallory.creates(&cron_job("owners", "c", BENIGN));
    wait_for_report(mallory.plane, "owners", "cronjob-c", |_| true);
    let uid = mallory.stored("cronjob/c")["metadata"]["uid"].clone();
    // It does just what the CronJob does, so nothing but who made it tells.
    let mut forged = job("owners", "c-28000000", BENIGN);
    forged["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "batch/v1", "kind": "CronJob", "name": "c", "uid": uid, "controller": true,
    }]);
    mallory.creates(&forged);
    let reported = wait_for_report(mallory.plane, "owners", "job-c-28000000", |_| true);
    tell("a Job that passes for a run of a CronJob", &reported);
    assert_eq!(rules(&reported), ["evd-forged-owner"]);

    mallory.does(&["create", "job", "by-hand", "--from=cronjob/c"], "");
    // As if the last run had been years ago, so that one is due.
    let due = r#"{"spec":{"suspend":false,"schedule":"0 0 1 1 *"}}"#;
    mallory.does(&["patch", "cronjob/c", "--type=merge", "--patch", due], "");
    let last = r#"{"status":{"lastScheduleTime":"2020-01-01T00:00:00Z"}}"#;
    mallory.plane.kubectl_ok(&[
        "patch",
        "cronjob/c",
        "--namespace=owners",
        "--subresource=status",
        "--type=merge",
        "--patch",
        last,
    ]);
    let count =
        || mallory.plane.kubectl_ok(&["get", "jobs", "--namespace=owners", "-o", "name"]).lines().count();
    assert!(eventually(Duration::from_secs(60), || (count() == 3).then_some(())).is_some(), "no run");
    create(mallory.plane, &job("owners", "later", BENIGN));
    wait_for_report(mallory.plane, "owners", "job-later", |_| true);
    jobrisk.wait_idle();
    let reports = mallory.plane.kubectl_ok(&["get", "jrr", "--namespace=owners", "-o", "name"]);
    println!("of a run by the CronJob controller and one by hand there are no reports: {reports:?}");
    assert_eq!(reports.lines().count(), 3, "{reports}");
}

#[test]
fn the_controller_may_read_the_two_objects_and_no_others() {
    controller();
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:jobrisk");
    let listed = plane().kubectl_ok(&["auth", "can-i", "--list", &account, "--no-headers"]);
    let mut rules: Vec<String> = listed
        .lines()
        .filter(|line| line.contains("admissionregistration"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    rules.sort();
    assert_eq!(
        rules,
        [
            "mutatingadmissionpolicies.admissionregistration.k8s.io [] [jobrisk-attribution] [get list watch]",
            "mutatingadmissionpolicybindings.admissionregistration.k8s.io [] [jobrisk-attribution] [get list watch]",
        ],
        "{listed}"
    );
}
