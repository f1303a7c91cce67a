//! Reports, reduced to what is shown of them.

use std::cmp::Reverse;

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::list::Listing;
use super::raw::{Condition, Indicators as RawIndicators, Raw, Subject};
use super::{Cluster, Failure, Place};
use crate::api::report::ASSESSED;
use crate::detect::Indicators;
use crate::report::report_names;
use crate::severity::Severity;
use crate::text::SafeText;
use crate::workload::lenient::{Field, List};
use crate::workload::{Kind, MAX_NAME};

/// The longest other text.
const MAX_TEXT: usize = 256;
/// The longest id of a rule or a technique, as in the API.
const MAX_ID: usize = 64;
/// The most techniques and rules that are kept of a report, as in the API.
const MAX_TECHNIQUES: usize = 64;
const MAX_RULES: usize = 20;

/// Who may read reports, for messages.
pub(super) const RIGHTS: &str =
    "ask for the ClusterRole view or jobrisk-reports-view, or choose a namespace of yours with -n";

/// What people do with reports, for messages.
pub const LISTING_REPORTS: &str = "list jobriskreports.jobrisk.io";

const LISTING: Listing = Listing {
    group: "/apis/jobrisk.io/v1alpha1",
    plural: "jobriskreports",
    labels: None,
    metadata_only: false,
    // About 4 KB each.
    page_size: 200,
    what: LISTING_REPORTS,
    rights: RIGHTS,
};

/// A report, as far as it is shown. Somebody else than jobrisk may have written it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its namespace, which is the workload's.
    pub namespace: SafeText,
    /// Its own name.
    pub name: SafeText,
    /// The workload it is about.
    pub workload: Workload,
    /// The severity; `None` where the report has none that is known.
    pub severity: Option<Severity>,
    /// The risk, 0 to 100.
    pub risk_score: Option<i64>,
    /// How many indicators are set, 0 to 6.
    pub suspicion_score: Option<i64>,
    /// The indicators.
    pub indicators: Indicators,
    /// The rules of the findings that are listed, worst first.
    pub rules: Vec<SafeText>,
    /// How many findings there are.
    pub findings_total: Option<i64>,
    /// ATT&CK technique ids.
    pub techniques: Vec<SafeText>,
    /// Who made the last change of the workload.
    pub attribution: Option<Attribution>,
    /// When the report was made, RFC 3339.
    pub created: SafeText,
    /// When the workload was seen to be gone, RFC 3339. The report stays as evidence.
    pub subject_deleted: Option<SafeText>,
    /// Whether the workload could be read and judged as a whole.
    pub assessed: bool,
    /// Whether it is not named as jobrisk names its reports: somebody else wrote it.
    pub foreign: bool,
    /// `created`, in seconds since 1970.
    #[serde(skip)]
    pub created_seconds: Option<i64>,
    /// The generation of the workload that was judged.
    #[serde(skip)]
    pub generation: Option<i64>,
}

/// The workload that a report is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workload {
    /// `Job` or `CronJob`.
    pub kind: SafeText,
    /// Its name.
    pub name: SafeText,
    /// Its uid.
    pub uid: SafeText,
}

/// Who made the last change of a workload, as far as its report tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// Whether the API server vouches for the user.
    pub verified: bool,
    /// The user.
    pub user: Option<SafeText>,
    /// The Pod whose token it was.
    pub pod: Option<SafeText>,
    /// The node of that Pod.
    pub node: Option<SafeText>,
    /// The field manager: a hint, chosen by the client.
    pub manager: Option<SafeText>,
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Raw::deserialize(deserializer).map(Self::of)
    }
}

impl Report {
    /// What is shown of a report.
    pub(super) fn of(Raw { metadata, spec, status }: Raw) -> Self {
        let subject = spec.get().and_then(|spec| spec.subject.get()).cloned().unwrap_or_default();
        let status = status.get().cloned().unwrap_or_default();
        let name = metadata.name.unwrap_or_default();
        let created = metadata.creation_timestamp.unwrap_or_default();
        Self {
            foreign: !is_named_by_jobrisk(&name, &subject),
            namespace: SafeText::new(&metadata.namespace.unwrap_or_default(), MAX_NAME),
            name: SafeText::new(&name, MAX_NAME),
            workload: Workload {
                kind: text(&subject.kind, MAX_TEXT),
                name: text(&subject.name, MAX_NAME),
                uid: text(&subject.uid, MAX_TEXT),
            },
            severity: status.severity.get().and_then(|severity| Severity::parse(severity)),
            risk_score: status.risk_score.get().copied(),
            suspicion_score: status.suspicion_score.get().copied(),
            indicators: status.indicators.get().map(indicators).unwrap_or_default(),
            rules: ids(elements(&status.findings).filter_map(|finding| finding.rule.get()), MAX_RULES),
            findings_total: status.findings_total.get().copied(),
            techniques: ids(elements(&status.techniques), MAX_TECHNIQUES),
            attribution: status.attribution.get().map(|attribution| Attribution {
                verified: attribution.verified.get().copied().unwrap_or_default(),
                user: known(&attribution.user),
                pod: known(&attribution.pod),
                node: known(&attribution.node),
                manager: known(&attribution.manager),
            }),
            created_seconds: created.parse::<Timestamp>().ok().map(Timestamp::as_second),
            created: SafeText::new(&created, MAX_TEXT),
            subject_deleted: status.subject_deleted.get().map(|deleted| text(&deleted.time, MAX_TEXT)),
            assessed: elements(&status.conditions).any(is_assessed),
            generation: status.subject_generation.get().copied(),
        }
    }

    /// The order of the search: highest score first, then newest first; then by name, so that it is the same each time.
    pub fn order(&self) -> impl Ord + '_ {
        let newest_first = Reverse((self.risk_score, self.created_seconds));
        (newest_first, self.namespace.as_str(), self.name.as_str())
    }

    /// Whether it is at least of this severity, or of none that is known: that is no reason to leave it out.
    pub fn is_from(&self, lowest: Severity) -> bool {
        self.severity.is_none_or(|severity| severity >= lowest)
    }
}

fn is_named_by_jobrisk(name: &str, subject: &Subject) -> bool {
    let (Some(kind), Some(of), Some(uid)) = (subject.kind.get(), subject.name.get(), subject.uid.get())
    else {
        return false;
    };
    Kind::parse(kind).is_some_and(|kind| report_names(kind, of, uid).iter().any(|known| known == name))
}

fn is_assessed(condition: &Condition) -> bool {
    condition.type_.get().is_some_and(|type_| type_ == ASSESSED)
        && condition.status.get().is_some_and(|status| status == "True")
}

fn indicators(raw: &RawIndicators) -> Indicators {
    let is_set = |field: &Field<bool>| field.get().copied().unwrap_or_default();
    Indicators {
        suspicious_image: is_set(&raw.suspicious_image),
        suspicious_command: is_set(&raw.suspicious_command),
        host_path_mount: is_set(&raw.host_path_mount),
        privileged: is_set(&raw.privileged),
        host_network: is_set(&raw.host_network),
        sensitive_mount: is_set(&raw.sensitive_mount),
    }
}

fn text(field: &Field<String>, limit: usize) -> SafeText {
    SafeText::new(field.get().map_or("", String::as_str), limit)
}

fn known(field: &Field<String>) -> Option<SafeText> {
    field.get().filter(|text| !text.is_empty()).map(|text| SafeText::new(text, MAX_TEXT))
}

fn elements<T>(list: &Field<List<T>>) -> impl Iterator<Item = &T> {
    list.get().into_iter().flat_map(|list| &list.elements).filter_map(Field::get)
}

fn ids<'a>(texts: impl Iterator<Item = &'a String>, limit: usize) -> Vec<SafeText> {
    texts.take(limit).map(|id| SafeText::new(id, MAX_ID)).collect()
}

impl Cluster {
    /// All reports in a place, in no order, without those below a severity.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn reports(&self, place: &Place, lowest: Severity) -> Result<Vec<Report>, Failure> {
        self.fold_reports(place, |reports: &mut Vec<Report>, report| {
            if report.is_from(lowest) {
                reports.push(report);
            }
        })
        .await
    }

    /// What is left when `add` has seen each report of a place.
    pub(super) async fn fold_reports<S: Default>(
        &self,
        place: &Place,
        add: impl FnMut(&mut S, Report),
    ) -> Result<S, Failure> {
        self.fold(LISTING, place, add).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(report: &Value) -> Report {
        serde_json::from_value(report.clone()).unwrap()
    }

    #[test]
    fn a_report_of_any_shape_can_be_read() {
        let odd = [json!(7), json!("x"), json!([1]), json!({ "a": 1 }), json!(null), json!(true)];
        for spec in &odd {
            for status in &odd {
                read(&json!({ "metadata": { "name": "x" }, "spec": spec, "status": status }));
            }
        }
        for value in &odd {
            let status = json!({
                "severity": value, "riskScore": value, "suspicionScore": value, "indicators": value,
                "techniques": [value], "findings": [value, { "rule": value }], "findingsTotal": value,
                "attribution": value, "subjectDeleted": value, "subjectGeneration": value, "conditions": [value],
            });
            read(&json!({ "metadata": {}, "spec": { "subject": value }, "status": status }));
        }
        let bare = read(&json!({ "metadata": { "name": "x", "namespace": "y" } }));
        assert!(bare.foreign && !bare.assessed && bare.is_from(Severity::Critical));
    }

    #[test]
    fn text_is_escaped_and_cut() {
        let hostile = "\u{1b}[2J\n".repeat(1_000);
        let report = read(&json!({
            "metadata": { "name": "x" },
            "spec": { "subject": { "kind": hostile, "name": hostile, "uid": hostile } },
            "status": {
                "severity": hostile, "techniques": vec![&hostile; 1_000],
                "findings": vec![json!({ "rule": hostile }); 1_000],
                "attribution": { "verified": true, "user": hostile, "manager": hostile },
                "subjectDeleted": { "time": hostile },
            },
        }));
        let shown = serde_json::to_string(&report).unwrap();
        assert!(!shown.contains("u001b") && !shown.contains("\\n\""), "{shown}");
        assert!(shown.len() < 20_000, "{}", shown.len());
        assert_eq!(report.severity, None);
    }

    #[test]
    fn the_highest_score_comes_first_then_the_newest() {
        let report = |name: &str, score: Option<i64>, created: &str| {
            let mut value =
                json!({ "metadata": { "name": name, "creationTimestamp": created }, "status": {} });
            value["status"]["riskScore"] = json!(score);
            read(&value)
        };
        let mut reports = [
            report("none", None, "2026-01-01T00:00:00Z"),
            report("old", Some(50), "2026-01-01T00:00:00Z"),
            report("high", Some(90), "2025-01-01T00:00:00Z"),
            report("new", Some(50), "2026-01-02T00:00:00Z"),
            report("also-new", Some(50), "2026-01-02T00:00:00Z"),
        ];
        reports.sort_by(|a, b| a.order().cmp(&b.order()));
        let names: Vec<&str> = reports.iter().map(|report| report.name.as_str()).collect();
        assert_eq!(names, ["high", "also-new", "new", "old", "none"]);
    }
}
