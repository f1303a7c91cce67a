//! `manifests/report-protection` on a real API server: nobody but the controller writes reports, and all that has to go
//! still goes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, Tenant, create, cron_job, eventually, job, report,
    wait_for_report,
};

/// The garbage collector learns of new definitions every 30 s only.
const LIMIT: Duration = Duration::from_secs(90);
const REFUSAL: &str = "only jobrisk writes jobriskreports";

fn protect(plane: &ControlPlane, namespace: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/report-protection");
    plane.kubectl_ok(&["apply", "-k", &folder.display().to_string()]);
    // It takes the API server a moment to know it.
    let made = made_by_hand(namespace, "probe").to_string();
    let refused = eventually(LIMIT, || {
        let output = plane.kubectl_stdin(&["create", "--dry-run=server", "-f", "-"], &made);
        output.stderr.contains(REFUSAL).then_some(())
    });
    assert!(refused.is_some(), "the policy takes no effect");
}

fn made_by_hand(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "jobrisk.io/v1alpha1",
        "kind": "JobRiskReport",
        "metadata": { "name": format!("job-{name}"), "namespace": namespace },
        "spec": { "subject": { "apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": "none" } },
    })
}

#[test]
fn only_the_controller_writes_reports_and_what_has_to_go_goes() {
    let plane = ControlPlane::shared();
    let jobrisk = Jobrisk::shared();
    let namespace = "protected";
    plane.kubectl_ok(&["create", "namespace", namespace]);
    protect(plane, namespace);
    let tenant = Tenant::of(plane, namespace);
    // As somebody might be given it by mistake.
    tenant.may_write_reports();

    // The controller writes and rewrites.
    tenant.create(&job(namespace, "evidence", REVERSE_SHELL));
    tenant.create(&job(namespace, "harmless", BENIGN));
    tenant.create(&cron_job(namespace, "changing", BENIGN));
    for name in ["job-evidence", "job-harmless", "cronjob-changing"] {
        wait_for_report(plane, namespace, name, |_| true);
    }
    tenant.kubectl_ok(&["patch", "cronjob", "changing", "--patch", r#"{"spec":{"schedule":"1 2 3 4 5"}}"#]);
    wait_for_report(plane, namespace, "cronjob-changing", |report| {
        report["status"]["subjectGeneration"] == 2
    });
    jobrisk.wait_idle();

    // Nobody else does, with all rights on reports that RBAC can give.
    let before = report(plane, namespace, "job-evidence").unwrap();
    let lie = r#"{"status":{"severity":"None","riskScore":0,"findings":[]}}"#;
    let label = r#"{"metadata":{"labels":{"jobrisk.io/severity":"none"}}}"#;
    for arguments in [
        &["patch", "jobriskreport", "job-evidence", "--type=merge", "--patch", lie][..],
        &["patch", "jobriskreport", "job-evidence", "--type=merge", "--patch", label],
        &["delete", "jobriskreport", "job-evidence", "--wait=false"],
        &["delete", "jobriskreports", "--all", "--wait=false"],
    ] {
        for output in
            [tenant.kubectl(arguments), plane.kubectl(&[arguments, &["--namespace=protected"]].concat())]
        {
            assert!(!output.success() && output.stderr.contains(REFUSAL), "{arguments:?}: {output:?}");
        }
    }
    let made = tenant.kubectl_stdin(&["create", "-f", "-"], &made_by_hand(namespace, "made").to_string());
    assert!(made.stderr.contains(REFUSAL), "{made:?}");
    assert_eq!(report(plane, namespace, "job-evidence").unwrap(), before);
    assert!(jobrisk.sum("jobrisk_tampered_reports_total") < 0.5);

    what_has_to_go_goes(plane, jobrisk, &tenant, namespace);
}

/// The garbage collector and the namespace controller do what they do, also where jobrisk is not there to help.
fn what_has_to_go_goes(plane: &ControlPlane, jobrisk: &Jobrisk, tenant: &Tenant<'_>, namespace: &str) {
    jobrisk.terminate();
    tenant.kubectl_ok(&["delete", "job", "harmless", "evidence"]);
    let collected = eventually(LIMIT, || report(plane, namespace, "job-harmless").is_none().then_some(()));
    assert!(collected.is_some(), "the report on a harmless Job stays");
    wait_for_report(plane, namespace, "job-evidence", |report| {
        report["metadata"]["ownerReferences"].as_array().is_some_and(|owners| owners.len() == 1)
    });
    jobrisk.run();
    wait_for_report(plane, namespace, "job-evidence", |report| {
        report["metadata"]["labels"]["jobrisk.io/retained"] == "true"
    });
    jobrisk.terminate();
    create(plane, &job("default", "beside", BENIGN));
    plane.kubectl_ok(&["delete", "namespace", namespace, "--wait=false"]);
    let gone = eventually(LIMIT, || {
        let found = plane.kubectl_ok(&["get", "namespace", namespace, "--ignore-not-found", "-o", "name"]);
        found.is_empty().then_some(())
    });
    assert!(gone.is_some(), "{}", plane.kubectl_ok(&["get", "namespace", namespace, "-o", "yaml"]));
    jobrisk.run();
    wait_for_report(plane, "default", "job-beside", |_| true);
}
