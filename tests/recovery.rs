//! What the controller lacks, it says once and plainly, and it goes on by itself when it has it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]

mod support;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, apply_manifests, base, create, cron_job, eventually, job,
    wait_for_report,
};

/// How long trouble may take to be noticed: a watch goes on until its own end, 60 s at most.
const NOTICE_LIMIT: Duration = Duration::from_secs(75);

/// A controller on the control plane that the tests share, which one test has to itself.
fn begin(namespace: &str) -> (MutexGuard<'static, ()>, &'static ControlPlane, Jobrisk) {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let plane = ControlPlane::shared();
    plane.kubectl_ok(&["create", "namespace", namespace]);
    let jobrisk = Jobrisk::install(plane);
    (guard, plane, jobrisk)
}

/// Waits for an error in the log that has all of `parts`.
fn wait_for_error(jobrisk: &Jobrisk, parts: &[&str]) {
    let found = eventually(NOTICE_LIMIT, || {
        jobrisk.errors().into_iter().find(|message| parts.iter().all(|part| message.contains(part)))
    });
    assert!(found.is_some(), "no error with {parts:?}: {}", jobrisk.stderr());
}

/// Waits until the log says that something works again.
fn wait_for_recovery(jobrisk: &Jobrisk, what: &str) {
    let message = format!("works again: {what}");
    let found =
        eventually(NOTICE_LIMIT, || jobrisk.log().into_iter().find(|line| line["message"] == *message));
    assert!(found.is_some(), "no line {message:?}: {}", jobrisk.stderr());
}

/// Each trouble was told once, in a line that says what to do.
fn assert_told_once(jobrisk: &Jobrisk) {
    assert_told(jobrisk, 1);
}

/// Each trouble was told once for each of `times` that it began.
fn assert_told(jobrisk: &Jobrisk, times: usize) {
    let mut told: HashMap<String, usize> = HashMap::new();
    for line in jobrisk.log().into_iter().filter(|line| line["level"] == "ERROR") {
        let message = line["message"].as_str().unwrap();
        assert!(message.contains("; ") && !message.contains('\n'), "no advice: {message}");
        let what = message.split(':').next().unwrap();
        *told.entry(format!("{what} {}", line["reason"])).or_default() += 1;
    }
    assert!(told.values().all(|count| *count <= times), "told too often: {told:?}\n{}", jobrisk.stderr());
}

#[test]
fn without_the_definition_it_waits_and_goes_on_when_it_is_there() {
    let (_guard, plane, jobrisk) = begin("missing");
    plane.kubectl_ok(&["delete", "crd", "jobriskreports.jobrisk.io"]);
    create(plane, &job("missing", "early", REVERSE_SHELL));
    jobrisk.run();
    wait_for_error(&jobrisk, &["list and watch jobriskreports.jobrisk.io", "kubectl apply -k crds"]);
    assert_eq!(jobrisk.readyz(), Some((503, "not listed yet: jobriskreports, cronjobs, jobs\n".to_owned())));
    assert_eq!(jobrisk.livez(), Some(200));

    apply_manifests(plane);
    jobrisk.wait_ready();
    wait_for_report(plane, "missing", "job-early", |_| true);
    wait_for_recovery(&jobrisk, "list and watch jobriskreports.jobrisk.io");
    assert_told_once(&jobrisk);
}

#[test]
fn a_definition_that_goes_and_comes_back_is_noticed() {
    let (_guard, plane, jobrisk) = begin("gone");
    jobrisk.run();
    create(plane, &cron_job("gone", "before", REVERSE_SHELL));
    wait_for_report(plane, "gone", "cronjob-before", |_| true);
    jobrisk.wait_idle();
    plane.kubectl_ok(&["delete", "crd", "jobriskreports.jobrisk.io"]);
    for number in 0..5 {
        create(plane, &job("gone", &format!("meanwhile-{number}"), REVERSE_SHELL));
    }
    wait_for_error(&jobrisk, &["write jobriskreports.jobrisk.io", "kubectl apply -k crds"]);
    assert!(jobrisk.lives());

    apply_manifests(plane);
    create(plane, &job("gone", "after", REVERSE_SHELL));
    wait_for_report(plane, "gone", "job-after", |_| true);
    for number in 0..5 {
        wait_for_report(plane, "gone", &format!("job-meanwhile-{number}"), |_| true);
    }
    // All reports went with the definition: that of a workload that has not changed since is written again too.
    wait_for_report(plane, "gone", "cronjob-before", |_| true);
    wait_for_recovery(&jobrisk, "write jobriskreports.jobrisk.io");
    assert_told_once(&jobrisk);
}

#[test]
fn without_permission_for_one_kind_the_other_works() {
    let (_guard, plane, jobrisk) = begin("forbidden");
    let patch = |resources: &str| {
        let patch = format!(r#"[{{"op":"replace","path":"/rules/0/resources","value":{resources}}}]"#);
        plane.kubectl_ok(&["patch", "clusterrole", "jobrisk-controller", "--type=json", "--patch", &patch]);
    };
    patch(r#"["cronjobs"]"#);
    jobrisk.run();
    wait_for_error(&jobrisk, &["list and watch jobs.batch", "kubectl apply -k manifests/base"]);
    create(plane, &cron_job("forbidden", "allowed", REVERSE_SHELL));
    wait_for_report(plane, "forbidden", "cronjob-allowed", |_| true);
    assert_eq!(jobrisk.readyz(), Some((503, "not listed yet: jobs\n".to_owned())));

    create(plane, &job("forbidden", "unseen", REVERSE_SHELL));
    apply_manifests(plane);
    wait_for_report(plane, "forbidden", "job-unseen", |_| true);
    jobrisk.wait_ready();
    wait_for_recovery(&jobrisk, "list and watch jobs.batch");
    assert_told_once(&jobrisk);
}

#[test]
fn a_namespace_that_refuses_reports_does_not_hold_up_the_others() {
    let (_guard, plane, jobrisk) = begin("refusing");
    let policy = "
        {apiVersion: v1, kind: List, items: [
          {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: refuse},
           spec: {
             matchConstraints: {resourceRules: [
               {apiGroups: [jobrisk.io], apiVersions: ['*'], operations: [CREATE, UPDATE],
                resources: [jobriskreports]}]},
             validations: [{expression: 'object.metadata.namespace != \"refusing\"', message: no reports here}]}},
          {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding,
           metadata: {name: refuse}, spec: {policyName: refuse, validationActions: [Deny]}}]}";
    plane.kubectl_ok_stdin(&["apply", "-f", "-"], policy);
    let probe =
        "{apiVersion: jobrisk.io/v1alpha1, kind: JobRiskReport, metadata: {name: probe, namespace: refusing},
        spec: {subject: {apiVersion: batch/v1, kind: Job, name: probe, uid: none}}}";
    let refused = eventually(NOTICE_LIMIT, || {
        let output = plane.kubectl_stdin(&["create", "--dry-run=server", "-f", "-"], probe);
        output.stderr.contains("no reports here").then_some(())
    });
    assert!(refused.is_some(), "the policy takes no effect");
    for number in 0..10 {
        create(plane, &job("refusing", &format!("job-{number}"), REVERSE_SHELL));
    }
    jobrisk.run();
    wait_for_error(
        &jobrisk,
        &["write jobriskreports.jobrisk.io", "no reports here", "look for an admission policy"],
    );
    for number in 0..10 {
        create(plane, &job("default", &format!("beside-{number}"), REVERSE_SHELL));
        wait_for_report(plane, "default", &format!("job-beside-{number}"), |_| true);
    }
    assert_told_once(&jobrisk);

    plane.kubectl_ok(&["delete", "validatingadmissionpolicybinding", "refuse"]);
    for number in 0..10 {
        wait_for_report(plane, "refusing", &format!("job-job-{number}"), |_| true);
    }
    wait_for_recovery(&jobrisk, "write jobriskreports.jobrisk.io in namespace refusing");
}

#[test]
fn s08_nothing_is_left_when_it_is_removed() {
    let (_guard, plane, jobrisk) = begin("removed");
    jobrisk.run();
    // Reports of all kinds: on what lives, on what is gone, and one that somebody holds back.
    create(plane, &cron_job("removed", "lives", REVERSE_SHELL));
    create(plane, &job("removed", "harmless", BENIGN));
    create(plane, &job("removed", "goes", REVERSE_SHELL));
    for name in ["cronjob-lives", "job-harmless", "job-goes"] {
        wait_for_report(plane, "removed", name, |_| true);
    }
    plane.kubectl_ok(&["delete", "job", "goes", "--namespace=removed"]);
    wait_for_report(plane, "removed", "job-goes", |report| {
        report["metadata"]["labels"]["jobrisk.io/retained"] == "true"
    });
    // As it is written in the README, while the controller runs: its Pod goes with all the rest.
    plane.kubectl_ok(&["delete", "-k", &base(), "--wait=false", "--ignore-not-found"]);
    let left = || {
        let names = ["namespace/jobrisk-system", "crd/jobriskreports.jobrisk.io"];
        plane.kubectl_ok(&["get", names[0], names[1], "--ignore-not-found", "-o", "name"])
    };
    let gone = eventually(NOTICE_LIMIT * 2, || left().is_empty().then_some(()));
    assert!(gone.is_some(), "left behind: {}", left());
    let roles = plane.kubectl_ok(&["get", "clusterroles,clusterrolebindings", "-o", "name"]);
    assert!(!roles.contains("jobrisk"), "{roles}");
    assert_eq!(jobrisk.livez(), Some(200), "what still runs waits");
    let (code, _) = jobrisk.terminate();
    assert_eq!(code, 0);
    // What was looked at is as it was, and its namespace can go.
    plane.kubectl_ok(&["get", "cronjob/lives", "job/harmless", "--namespace=removed"]);
    plane.kubectl_ok(&["delete", "namespace", "removed", "--timeout=45s"]);
}

#[test]
fn an_api_server_that_goes_and_comes_back_is_watched_again() {
    let plane = ControlPlane::start();
    let jobrisk = Jobrisk::install(&plane);
    plane.stop_apiserver();
    jobrisk.run();
    wait_for_error(&jobrisk, &["list and watch jobriskreports.jobrisk.io", "check that the API server runs"]);
    assert_eq!(jobrisk.livez(), Some(200));
    plane.start_apiserver();
    jobrisk.wait_ready();
    create(&plane, &job("default", "first", REVERSE_SHELL));
    wait_for_report(&plane, "default", "job-first", |_| true);

    plane.stop_apiserver();
    for kind in ["jobs", "cronjobs"] {
        wait_for_error(&jobrisk, &["list and watch", kind, "check that the API server runs"]);
    }
    assert!(jobrisk.lives() && jobrisk.livez() == Some(200));
    plane.start_apiserver();
    create(&plane, &job("default", "second", REVERSE_SHELL));
    create(&plane, &cron_job("default", "third", BENIGN));
    wait_for_report(&plane, "default", "job-second", |_| true);
    wait_for_report(&plane, "default", "cronjob-third", |_| true);
    for kind in ["jobs", "cronjobs"] {
        wait_for_recovery(&jobrisk, &format!("list and watch {kind}.batch"));
    }
    assert_told(&jobrisk, 2);

    let (code, duration) = jobrisk.terminate();
    assert_eq!(code, 0, "{}", jobrisk.stderr());
    assert!(duration < Duration::from_secs(5), "{duration:?}");
    assert_eq!(jobrisk.log().last().unwrap()["message"], "stopped");
}
