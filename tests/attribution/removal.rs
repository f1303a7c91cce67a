//! The policy goes, is changed, and comes back, while the controller runs. On a control plane of its own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{attribution, tell, wait_until_verified};
use crate::support::{
    BENIGN, ControlPlane, Jobrisk, REVERSE_SHELL, create, eventually, job, report, wait_for_report,
};
use crate::tenant::{apply_policy, is_stamping, lies, manifests};

const LIMIT: Duration = Duration::from_secs(60);
const NAMESPACE: &str = "removal-of-policy";

/// What the controller has told of attributions, in order.
fn told(jobrisk: &Jobrisk) -> Vec<String> {
    let lines = jobrisk.log().into_iter();
    let messages = lines.filter_map(|line| line["message"].as_str().map(str::to_owned));
    messages.filter(|message| message.starts_with("attributions")).collect()
}

fn wait_told(jobrisk: &Jobrisk, count: usize, text: &str) {
    let heard = eventually(LIMIT, || (told(jobrisk).len() >= count).then_some(()));
    let told = told(jobrisk);
    assert!(heard.is_some() && told.len() == count && told[count - 1].contains(text), "{told:#?}");
}

/// A Job with lies, made now.
fn made(plane: &ControlPlane, name: &str) -> Value {
    let mut object = job(NAMESPACE, name, REVERSE_SHELL);
    object["metadata"]["annotations"] = lies();
    create(plane, &object);
    wait_for_report(plane, NAMESPACE, &format!("job-{name}"), |_| true)
}

#[test]
fn what_was_verified_stays_and_what_comes_later_is_a_claim() {
    let plane = &ControlPlane::start();
    plane.kubectl_ok(&["create", "namespace", NAMESPACE]);
    let jobrisk = Jobrisk::start(plane);
    wait_told(&jobrisk, 1, "may not be read");
    let never = made(plane, "never");
    tell("a Job with forged annotations, where attribution is not switched on", &never);
    assert_eq!(attribution(&never)["verified"], false);
    assert!(jobrisk.errors().is_empty(), "{:?}", jobrisk.errors());

    apply_policy(plane);
    jobrisk.restart();
    wait_told(&jobrisk, 2, "are verified");
    let too_early = made(plane, "too-early");
    assert_eq!(attribution(&too_early)["verified"], false, "the policy is too young");
    wait_until_verified(plane, NAMESPACE);
    let verified = made(plane, "verified");
    tell("a Job with forged annotations, under the policy", &verified);
    assert_eq!(
        (&attribution(&verified)["verified"], &attribution(&verified)["user"]),
        (&json!(true), &json!("admin"))
    );
    let forged_later = made(plane, "forged-later");
    assert_eq!(attribution(&forged_later)["verified"], true);

    plane.kubectl_ok(&["delete", "mutatingadmissionpolicy", "jobrisk-attribution"]);
    wait_told(&jobrisk, 3, "missing");
    assert!(eventually(LIMIT, || (!is_stamping(plane)).then_some(())).is_some());
    let after = made(plane, "after");
    tell("a Job with forged annotations, after the policy was deleted", &after);
    assert_eq!(attribution(&after)["verified"], false);
    let forge = [
        "annotate",
        "job/forged-later",
        "--overwrite",
        "jobrisk.io/created-by=ann",
        "--namespace",
        NAMESPACE,
    ];
    plane.kubectl_ok(&forge);
    let forged =
        wait_for_report(plane, NAMESPACE, "job-forged-later", |report| attribution(report)["user"] == "ann");
    tell("an annotation that was verified, forged after the policy was deleted", &forged);
    assert_eq!(attribution(&forged)["verified"], false);

    let is_as_it_was = || {
        jobrisk.wait_idle();
        let now = report(plane, NAMESPACE, "job-verified").unwrap();
        assert_eq!(now["metadata"]["resourceVersion"], verified["metadata"]["resourceVersion"], "{now:#}");
    };
    is_as_it_was();
    jobrisk.restart();
    is_as_it_was();
    println!("a report that was verified is not written again: policy deleted, controller restarted");

    // Back, but another one.
    plane.kubectl_ok(&["apply", "-k", &manifests()]);
    plane.kubectl_ok(&[
        "patch",
        "mutatingadmissionpolicy",
        "jobrisk-attribution",
        "--type=merge",
        "--patch",
        r#"{"spec":{"failurePolicy":"Ignore"}}"#,
    ]);
    let says_changed =
        || told(&jobrisk).last().is_some_and(|last| last.contains("not the one of this version"));
    assert!(eventually(LIMIT, || says_changed().then_some(())).is_some(), "{:#?}", told(&jobrisk));
    assert_eq!(attribution(&made(plane, "changed"))["verified"], false);
    // The same words again: it counts from now.
    plane.kubectl_ok(&["apply", "-k", &manifests()]);
    let says_verified = || told(&jobrisk).last().is_some_and(|last| last.contains("are verified"));
    assert!(eventually(LIMIT, || says_verified().then_some(())).is_some(), "{:#?}", told(&jobrisk));
    assert_eq!(attribution(&made(plane, "too-early-again"))["verified"], false);
    wait_until_verified_again(plane);
    jobrisk.restart();
    is_as_it_was();
    let claim = report(plane, NAMESPACE, "job-changed").unwrap();
    assert_eq!(attribution(&claim)["verified"], false, "older than the policy as it is");
    plane.kubectl_ok(&["delete", "-k", &manifests()]);
}

fn wait_until_verified_again(plane: &ControlPlane) {
    plane.kubectl_ok(&["create", "namespace", "again"]);
    wait_until_verified(plane, "again");
    create(plane, &job("again", "last", BENIGN));
    let last = wait_for_report(plane, "again", "job-last", |_| true);
    assert_eq!(attribution(&last)["verified"], true);
}
