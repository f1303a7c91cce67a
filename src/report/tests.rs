use super::*;
use crate::assess::assess;
use crate::severity::Severity;
use crate::workload::decode::{Object, from_json};

fn object(json: &str) -> Object {
    from_json(json.as_bytes()).unwrap()
}

fn report_on(json: &str) -> JobRiskReport {
    report(&assess(Kind::Job, &object(json))).report
}

fn job(pod_spec: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"a","namespace":"n","uid":"u","generation":1,
        "managedFields":[{{"manager":"m","operation":"Update","fieldsV1":{{"f:spec":{{}}}}}}]}},
        "spec":{{"template":{{"spec":{pod_spec}}}}}}}"#
    )
}

#[test]
fn a_report_says_what_it_is_about_and_who_owns_it() {
    let report = report_on(&job("{}"));
    assert_eq!(report.metadata.name.as_deref(), Some("job-a"));
    assert_eq!(report.spec.subject.uid, "u");
    let owner = &report.metadata.owner_references.as_ref().unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.name.as_str(), owner.uid.as_str()), ("Job", "a", "u"));
    assert_eq!(owner.block_owner_deletion, None);
    let status = report.status.unwrap();
    assert_eq!(status.severity, Severity::None);
    assert_eq!(status.conditions[0].status, "True");
    assert!(status.findings.is_empty() && status.techniques.is_empty());
}

#[test]
fn names_of_jobs_and_cron_jobs_never_meet() {
    assert_eq!(report_name(Kind::Job, "cronjob-a"), "job-cronjob-a");
    assert_eq!(report_name(Kind::CronJob, "a"), "cronjob-a");
    assert_ne!(report_name(Kind::CronJob, "a"), report_name(Kind::Job, "a"));
}

#[test]
fn the_digest_covers_the_verdict_and_nothing_else() {
    let digest_of = |report: &JobRiskReport| digest(report).to_string();
    let first = report_on(&job(r#"{"containers":[{"name":"c","image":"a:1"}]}"#));
    // Another image of the same standing makes no difference to the report.
    assert_eq!(
        digest_of(&first),
        digest_of(&report_on(&job(r#"{"containers":[{"name":"c","image":"b:1"}]}"#)))
    );
    let risky = report_on(&job(r#"{"hostNetwork":true}"#));
    assert_ne!(digest_of(&first), digest_of(&risky));
    let successor =
        report_on(&job(r#"{"containers":[{"name":"c","image":"a:1"}]}"#).replace(r#""u""#, r#""v""#));
    assert_ne!(digest_of(&first), digest_of(&successor));
    let mut peaked = risky.clone();
    let status = peaked.status.as_mut().unwrap();
    status.peak = Some(raised_peak(None, status));
    assert_eq!(digest_of(&risky), digest_of(&peaked));
    assert_eq!(Digest::parse(&digest_of(&risky)), Some(digest(&risky)));
    assert_eq!(risky.metadata.annotations.unwrap()[keys::DIGEST], digest_of(&peaked));
    for text in ["", "00", &"g".repeat(64), &"ä".repeat(32)] {
        assert_eq!(Digest::parse(text), None);
    }
}

#[test]
fn the_peak_is_the_worst_and_the_earliest_of_equals() {
    let status = |pod_spec: &str, generation: i64| {
        let mut status = report_on(&job(pod_spec)).status.unwrap();
        status.subject_generation = generation;
        status
    };
    let (low, high) = (status(r#"{"hostNetwork":true}"#, 1), status(r#"{"containers":7}"#, 2));
    let peak = raised_peak(None, &low);
    assert_eq!((peak.severity, peak.subject_generation), (Severity::Low, 1));
    let peak = raised_peak(Some(peak), &high);
    assert_eq!((peak.severity, peak.subject_generation), (Severity::High, 2));
    assert_eq!(raised_peak(Some(peak), &low), peak);
    assert_eq!(raised_peak(Some(peak), &status(r#"{"containers":7}"#, 3)), peak);
}

#[test]
fn a_report_is_small_whatever_the_object() {
    let size = |report: &JobRiskReport| serde_json::to_vec(report).unwrap().len();
    let clean = report_on(&job(r#"{"containers":[{"name":"c","image":"registry.test/app:1"}]}"#));
    assert!(size(&clean) <= 2 * 1024, "{}", size(&clean));

    let nasty = "\u{1b}".repeat(63);
    let containers: Vec<String> = (0..5_000)
        .map(|_| {
            serde_json::json!({"name": nasty, "securityContext": {"privileged": true}, "image": "alpine",
                "command": ["nc", "-e", "\u{202e}".repeat(200)]})
            .to_string()
        })
        .collect();
    let worst =
        report_on(&job(&format!(r#"{{"hostNetwork":true,"containers":[{}]}}"#, containers.join(","))));
    assert!(size(&worst) <= MAX_BYTES + 128, "{}", size(&worst));
    let status = worst.status.unwrap();
    assert!(status.findings_omitted > 14_000);
    assert_eq!(
        status.findings_total,
        status.findings_omitted + i64::try_from(status.findings.len()).unwrap()
    );
    assert_eq!(status.severity, Severity::Critical);
}

#[test]
fn what_cannot_be_read_is_said() {
    let status = report_on(&job("[]")).status.unwrap();
    assert_eq!(status.severity, Severity::High);
    assert_eq!(status.findings[0].rule, "evd-unreadable");
    assert_eq!(status.findings[0].path, "spec.template.spec");
    assert_eq!(status.findings[0].evidence.as_str(), "expected an object, found a list");
    assert_eq!(
        (status.conditions[0].status.as_str(), status.conditions[0].reason.as_str()),
        ("False", "PartlyUnreadable")
    );
}

#[test]
fn hints_of_attribution_are_escaped_and_never_verified() {
    let report = report_on(
        r#"{"metadata":{"name":"a","managedFields":[{"manager":"x\u001b[2J","operation":"Update",
        "time":"2024-01-01T00:00:00Z","fieldsV1":{"f:spec":{}}}]}}"#,
    );
    let attribution = report.status.unwrap().attribution.unwrap();
    assert!(!attribution.verified);
    assert_eq!(attribution.manager.as_str(), "x\\u{1b}[2J");
}

#[test]
fn a_report_that_somebody_has_changed_says_so_within_the_limits() {
    let mut report = report_on(&job(r#"{"hostNetwork":true,"containers":[{"name":"c","image":"alpine"}]}"#));
    let peak = Peak { severity: Severity::Critical, risk_score: 90, subject_generation: 3 };
    let status = report.status.as_mut().unwrap();
    // As many as the API allows, none of them ours.
    let mut other = status.conditions[0].clone();
    other.type_ = "Harmless".to_owned();
    status.conditions = vec![other; 8];
    status.peak = None;
    report.metadata.labels = None;
    let report = damaged(report, Severity::High, 60, peak);
    let status = report.status.unwrap();
    assert_eq!((status.severity, status.risk_score, status.peak), (Severity::High, 60, Some(peak)));
    let types: Vec<&str> = status.conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(types, ["Intact"]);
    assert!(status.conditions[0].message.len() <= 256);
    assert_eq!(report.metadata.labels.unwrap()["jobrisk.io/severity"], "high");
}
