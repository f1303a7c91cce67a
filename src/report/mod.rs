//! From an assessment to the `JobRiskReport` that is written: names, caps and the digest.

mod attribution;
mod digest;

pub use attribution::{Mark, attribution, mark};
pub use digest::{Digest, digest, digest_of};

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::api::report::{
    ASSESSED, Attribution, Condition, DifferingRun, Explanation, Finding, INTACT, JobRiskReport, Peak,
    ReportSpec, ReportStatus, Subject, SubjectDeleted, keys,
};
use crate::assess::Assessment;
use crate::score::Family;
use crate::severity::Severity;
use crate::workload::Kind;

/// The most findings that a report lists.
pub const MAX_FINDINGS: usize = 20;
/// The largest report, as JSON, without what the API server adds. Findings are left out until it fits.
pub const MAX_BYTES: usize = 16 * 1024;
/// What may be added to a report later: the peak, and [`MAX_RUNS`] differing runs with the longest names.
const MAX_HISTORY: usize = 3 * 1024;
/// The most differing runs that a report names.
pub const MAX_RUNS: usize = 10;
/// From this severity on a report outlives its workload.
pub const RETAINED_FROM: Severity = Severity::High;
/// What a report has besides the content of its digest, as JSON: names of fields, its name and its namespace. Names
/// that are too long for an API server would take more; then the report is one that no API server takes.
const MAX_FRAME: usize = 1024;
/// The longest field path; only lists of absurd length have longer ones.
const MAX_PATH: usize = 256;

/// The name of the CustomResourceDefinition of reports.
pub const DEFINITION: &str = "jobriskreports.jobrisk.io";

/// The API version of Jobs and CronJobs.
pub const SUBJECT_API_VERSION: &str = "batch/v1";

/// The usual name of the report on a workload.
///
/// Names of Jobs and CronJobs have at most 63 and 52 characters, a report's name may have 253: it is never cut,
/// so two workloads never share one. A Job's report cannot be named like a CronJob's, since `job-` is not a
/// beginning of `cronjob-`.
pub fn report_name(kind: Kind, name: &str) -> String {
    match kind {
        Kind::CronJob => format!("cronjob-{name}"),
        Kind::Job => format!("job-{name}"),
    }
}

/// The names that the report on a workload may have, in the order in which they are tried: the usual one, unless the
/// report on a predecessor is kept under it as evidence; then one with the uid; and where somebody has taken that on
/// purpose, one that nobody can know in advance without the uid either.
pub fn report_names(kind: Kind, name: &str, uid: &str) -> [String; 3] {
    let usual = report_name(kind, name);
    let with_uid = format!("{usual}-{uid}");
    let hash = digest::of_content(format!("{usual}/{uid}").as_bytes()).short();
    let last = format!("{with_uid}-{hash}");
    [usual, with_uid, last]
}

/// A report with its digest, which is made once: it is the costliest part of a report.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The report, complete but for the peak, which history decides.
    pub report: JobRiskReport,
    /// Its [`digest`]. Stands in an annotation of the report too.
    pub digest: Digest,
}

/// The report on an assessment, outside a cluster: as [`report_owned`] without a definition.
pub fn report(assessment: &Assessment) -> Draft {
    report_owned(assessment, None, attribution(assessment))
}

/// The report on an assessment.
///
/// `definition` is the uid of the CustomResourceDefinition of reports, if it is known: it owns the reports of severity
/// [`RETAINED_FROM`] and above beside the workload, so that the garbage collector keeps them when the workload goes.
/// `attribution` is [`attribution`], verified or not.
pub fn report_owned(
    assessment: &Assessment,
    definition: Option<&str>,
    attribution: Option<Attribution>,
) -> Draft {
    let spec = ReportSpec {
        subject: Subject {
            api_version: SUBJECT_API_VERSION.to_owned(),
            kind: assessment.kind.as_str().to_owned(),
            name: assessment.name.clone(),
            uid: assessment.uid.clone(),
        },
    };
    let mut report = JobRiskReport {
        metadata: ObjectMeta {
            name: Some(report_name(assessment.kind, &assessment.name)),
            namespace: Some(assessment.namespace.clone()),
            labels: Some(labels(assessment)),
            owner_references: Some(owners(assessment, &spec.subject, definition)),
            ..ObjectMeta::default()
        },
        spec,
        status: Some(status(assessment, attribution)),
    };
    let mut content = digest::content(&report);
    // Nearly all reports are far below the limit, and their content shows it: only the others are measured.
    if content.len() + MAX_FRAME + MAX_HISTORY > MAX_BYTES {
        fit(&mut report);
        content = digest::content(&report);
    }
    let digest = digest::of_content(&content);
    seal(&mut report, digest);
    Draft { report, digest }
}

fn seal(report: &mut JobRiskReport, digest: Digest) {
    report.metadata.annotations = Some(BTreeMap::from([(keys::DIGEST.to_owned(), digest.to_string())]));
}

/// The report that stays as evidence of a workload that went at `time` (RFC 3339): what was said of it, its
/// definition as the only owner, and a mark.
pub fn evidence(mut report: JobRiskReport, definition: &str, time: &str) -> JobRiskReport {
    report.metadata.owner_references = Some(vec![definition_owner(definition)]);
    report.metadata.labels.get_or_insert_default().insert(keys::RETAINED.to_owned(), "true".to_owned());
    if let Some(status) = report.status.as_mut() {
        status.subject_deleted = Some(SubjectDeleted { time: time.to_owned() });
    }
    let digest = digest(&report);
    seal(&mut report, digest);
    report
}

/// A report whose workload is gone, that somebody else has changed: what is remembered of it is put back, and it says
/// that the rest cannot be relied on.
pub fn damaged(mut report: JobRiskReport, severity: Severity, risk_score: i32, peak: Peak) -> JobRiskReport {
    let labels = report.metadata.labels.get_or_insert_default();
    labels.insert(keys::SEVERITY.to_owned(), severity.as_label().to_owned());
    if let Some(status) = report.status.as_mut() {
        (status.severity, status.risk_score, status.peak) = (severity, risk_score, Some(peak));
        status.conditions.retain(|condition| condition.type_ == ASSESSED);
        status.conditions.truncate(1);
        status.conditions.push(Condition {
            type_: INTACT.to_owned(),
            status: "False".to_owned(),
            reason: "ChangedByOthers".to_owned(),
            message: "Somebody else, or another version of jobrisk, changed this report after its workload was gone. \
                      Only the severity, the risk score and the peak are those that jobrisk remembers."
                .to_owned(),
            observed_generation: status.subject_generation,
        });
    }
    report
}

/// The rules of findings, each once, in their order.
pub fn rules_of(findings: &[Finding]) -> Vec<&str> {
    let mut rules: Vec<&str> = Vec::new();
    for finding in findings {
        if !rules.contains(&finding.rule.as_str()) {
            rules.push(&finding.rule);
        }
    }
    rules
}

/// The runs of a CronJob that differed, with one more: newest first, each once, at most [`MAX_RUNS`].
pub fn with_run(mut runs: Vec<DifferingRun>, run: DifferingRun) -> Vec<DifferingRun> {
    runs.retain(|known| known.uid != run.uid);
    runs.push(run);
    // Times of one form, so their texts compare as they do.
    runs.sort_by(|a, b| b.created.as_str().cmp(a.created.as_str()).then_with(|| a.uid.cmp(&b.uid)));
    runs.truncate(MAX_RUNS);
    runs
}

fn labels(assessment: &Assessment) -> BTreeMap<String, String> {
    BTreeMap::from([
        (keys::MANAGED_BY.to_owned(), keys::MANAGED_BY_VALUE.to_owned()),
        (keys::KIND.to_owned(), assessment.kind.as_str().to_owned()),
        (keys::SEVERITY.to_owned(), assessment.score.severity.as_label().to_owned()),
    ])
}

fn owners(assessment: &Assessment, subject: &Subject, definition: Option<&str>) -> Vec<OwnerReference> {
    let kept = assessment.score.severity >= RETAINED_FROM;
    let definition = definition.filter(|_| kept).map(definition_owner);
    std::iter::once(subject_owner(subject)).chain(definition).collect()
}

/// The definition of reports lives as long as any of them can.
fn definition_owner(uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: "apiextensions.k8s.io/v1".to_owned(),
        kind: "CustomResourceDefinition".to_owned(),
        name: DEFINITION.to_owned(),
        uid: uid.to_owned(),
        ..OwnerReference::default()
    }
}

/// The workload owns its report: they are shown together, and go together.
///
/// `blockOwnerDeletion` stays unset: with it, some clusters ask for rights on the finalizers of Jobs.
pub fn subject_owner(subject: &Subject) -> OwnerReference {
    OwnerReference {
        api_version: SUBJECT_API_VERSION.to_owned(),
        kind: subject.kind.clone(),
        name: subject.name.clone(),
        uid: subject.uid.clone(),
        ..OwnerReference::default()
    }
}

/// The verdict alone, with at most [`MAX_FINDINGS`] findings. Not cut to [`MAX_BYTES`], which is the API's limit.
pub fn status(assessment: &Assessment, attribution: Option<Attribution>) -> ReportStatus {
    let all = assessment.findings.worst_first();
    let findings: Vec<Finding> = all
        .iter()
        .take(MAX_FINDINGS)
        .map(|(rule, hit)| Finding {
            rule: rule.id.to_owned(),
            severity: hit.severity,
            points: hit.points,
            techniques: rule.techniques.iter().map(ToString::to_string).collect(),
            container: hit.container.clone(),
            path: hit.path.chars().take(MAX_PATH).collect(),
            evidence: hit.evidence.clone(),
            message: rule.message.to_owned(),
        })
        .collect();
    let total = as_count(assessment.findings.total());
    ReportStatus {
        severity: assessment.score.severity,
        risk_score: assessment.score.total,
        suspicion_score: assessment.indicators.suspicion_score(),
        indicators: assessment.indicators,
        techniques: techniques(assessment),
        findings_omitted: total - as_count(findings.len()),
        findings_total: total,
        findings,
        explanation: explanation(assessment),
        attribution,
        peak: None,
        differing_runs: Vec::new(),
        subject_deleted: None,
        subject_generation: assessment.generation,
        conditions: vec![condition(assessment)],
    }
}

fn as_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The techniques of all findings. The one that the product is about is there whenever there is a finding.
fn techniques(assessment: &Assessment) -> Vec<String> {
    let mut all: BTreeSet<&str> =
        assessment.findings.by_rule().flat_map(|(rule, _)| rule.techniques.iter().copied()).collect();
    if !all.is_empty() {
        all.insert("T1053.007");
    }
    all.into_iter().map(ToOwned::to_owned).collect()
}

fn explanation(assessment: &Assessment) -> Explanation {
    let score = &assessment.score;
    let of = |family: Family| score.families.get(&family).copied().unwrap_or(0);
    Explanation {
        host: of(Family::Host),
        command: of(Family::Command),
        image: of(Family::Image),
        identity: of(Family::Identity),
        placement: of(Family::Placement),
        schedule: of(Family::Schedule),
        evidence: of(Family::Evidence),
        network: of(Family::Network),
        combination: score.combination,
        floors: score.floors.iter().map(|floor| floor.id.to_owned()).collect(),
        total: score.total,
    }
}

fn condition(assessment: &Assessment) -> Condition {
    let (status, reason, message) = if assessment.is_partial() {
        ("False", "PartlyUnreadable", "Part of the object could not be read; see the findings.")
    } else {
        ("True", "Scored", "The whole object was judged.")
    };
    Condition {
        type_: ASSESSED.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: assessment.generation,
    }
}

/// Leaves out the least findings until the report fits.
fn fit(report: &mut JobRiskReport) {
    while serde_json::to_vec(&*report).is_ok_and(|json| json.len() + MAX_HISTORY > MAX_BYTES) {
        let Some(status) = report.status.as_mut() else { return };
        if status.findings.pop().is_none() {
            return;
        }
        status.findings_omitted += 1;
    }
}

/// The peak after a new verdict: the worse of the two, the older one where they are equal.
pub fn raised_peak(earlier: Option<Peak>, status: &ReportStatus) -> Peak {
    let now = Peak {
        severity: status.severity,
        risk_score: status.risk_score,
        subject_generation: status.subject_generation,
    };
    match earlier {
        Some(earlier) if (earlier.severity, earlier.risk_score) >= (now.severity, now.risk_score) => earlier,
        _ => now,
    }
}

#[cfg(test)]
mod tests;
