//! What is written at each change, and what passes by it.

use std::time::Duration;

use serde_json::json;

use crate::support::{BENIGN, cron_job, eventually, job};
use crate::tenant::{Tenant, manifests, plane};

#[test]
fn each_change_of_the_spec_names_its_author_and_the_creator_stays() {
    let mallory = Tenant::new("changes");
    let bob = Tenant::named(mallory.plane, "changes", "bob");
    mallory.creates(&cron_job("changes", "c", BENIGN));
    for (number, who) in [&bob, &mallory, &bob].into_iter().enumerate() {
        let patch = json!({ "spec": { "schedule": format!("{number} 1 * * *") } }).to_string();
        who.does(&["patch", "cronjob/c", "--type=merge", "--patch", &patch], "");
        mallory.check(
            "a change of the spec by one and another",
            "cronjob/c",
            &[("created-by", &mallory.user), ("changed-by", &who.user)],
        );
    }
}

#[test]
fn what_is_no_change_of_the_spec_is_nobodys() {
    let mallory = Tenant::new("metadata");
    let bob = Tenant::named(mallory.plane, "metadata", "bob");
    mallory.creates(&job("metadata", "j", BENIGN));
    let truth: [(&str, &str); 1] = [("created-by", &mallory.user)];
    bob.does(&["label", "job/j", "a=b"], "");
    mallory.check("another one sets a label", "job/j", &truth);
    bob.does(
        &["patch", "job/j", "--type=merge", "--patch", r#"{"metadata":{"finalizers":["example.test/x"]}}"#],
        "",
    );
    mallory.check("another one sets a finalizer", "job/j", &truth);
    // The Job controller has written the status by now: it is suspended.
    let suspended = eventually(Duration::from_secs(20), || {
        mallory.stored("job/j")["status"]["conditions"].as_array().map(|_| ())
    });
    assert!(suspended.is_some(), "the Job controller does not write the status");
    mallory.check("a controller writes the status", "job/j", &truth);
    // An update of what is about to go.
    bob.does(&["delete", "job/j", "--wait=false"], "");
    bob.does(&["patch", "job/j", "--type=merge", "--patch", r#"{"metadata":{"finalizers":null}}"#], "");
    let gone = eventually(Duration::from_secs(30), || {
        (!mallory.tries(&["get", "job/j"], "").success()).then_some(())
    });
    assert!(gone.is_some(), "it is not deleted");
    println!("a deletion that waited for a finalizer goes through");
}

#[test]
fn the_policy_is_stored_as_it_is_shipped() {
    let plane = plane();
    let again = plane.kubectl_ok(&["apply", "-k", &manifests()]);
    assert_eq!(again.lines().count(), 4, "{again}");
    assert!(again.lines().all(|line| line.ends_with(" unchanged")), "{again}");
    let difference = plane.kubectl(&["diff", "-k", &manifests()]);
    assert_eq!(
        (difference.status.code(), difference.stdout.as_str()),
        (Some(0), ""),
        "{}",
        difference.stderr
    );
    let output = plane.kubectl(&[
        "apply",
        "-k",
        &manifests(),
        "--server-side",
        "--dry-run=server",
        "--field-manager=other",
        "--force-conflicts",
    ]);
    assert!(output.success() && output.stderr.is_empty(), "{output:?}");
    // Defaults of the API that the manifest does not name would make the stored spec another one.
    let generations = plane.kubectl_ok(&[
        "get",
        "mutatingadmissionpolicy,mutatingadmissionpolicybinding",
        "-o",
        "jsonpath={.items[*].metadata.generation}",
    ]);
    assert_eq!(generations, "1 1");
}
