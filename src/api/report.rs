//! `JobRiskReport`: what jobrisk says about one Job or CronJob.
#![allow(clippy::duplicated_attributes, reason = "each printer column names its type and its path")]

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::detect::Indicators;
use crate::severity::Severity;
use crate::text::SafeText;

/// The labels and annotations of reports. Nothing else is ever set, and nothing is copied from the workload.
pub mod keys {
    /// Label: [`MANAGED_BY_VALUE`].
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// The value of [`MANAGED_BY`].
    pub const MANAGED_BY_VALUE: &str = "jobrisk";
    /// Label: the kind of the workload.
    pub const KIND: &str = "jobrisk.io/kind";
    /// Label: the severity, in lower case.
    pub const SEVERITY: &str = "jobrisk.io/severity";
    /// Label: `true` on a report that outlived its workload.
    pub const RETAINED: &str = "jobrisk.io/retained";
    /// Annotation: the digest of the verdict, by which an unchanged one is recognised.
    pub const DIGEST: &str = "jobrisk.io/digest";
    /// The labels that are ours. Those of others may stand beside them.
    pub const LABELS: [&str; 4] = [MANAGED_BY, KIND, SEVERITY, RETAINED];
}

/// The type of the condition that every report carries.
pub const ASSESSED: &str = "Assessed";

/// The type of the condition that a report carries once somebody else has changed it after its workload was gone.
pub const INTACT: &str = "Intact";

/// What the API server says when a report is to be about another workload: the message of the rule below.
pub const SUBJECT_FIXED: &str = "the subject of a report cannot change";

/// Lets a type with the field `meta` be listed and watched in place of [`JobRiskReport`], of which it reads a part, or more
/// leniently.
macro_rules! read_as_report {
    ($name:ident) => {
        impl kube::Resource for $name {
            type DynamicType = ();
            type Scope = kube::core::NamespaceResourceScope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                $crate::api::report::JobRiskReport::kind(&())
            }
            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $crate::api::report::JobRiskReport::group(&())
            }
            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $crate::api::report::JobRiskReport::version(&())
            }
            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $crate::api::report::JobRiskReport::plural(&())
            }
            fn meta(&self) -> &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &self.meta
            }
            fn meta_mut(&mut self) -> &mut k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
                &mut self.meta
            }
        }
    };
}
pub(crate) use read_as_report;

/// What a report is about. Cannot change: a successor of the same name is another subject.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "jobrisk.io",
    version = "v1alpha1",
    kind = "JobRiskReport",
    plural = "jobriskreports",
    singular = "jobriskreport",
    shortname = "jrr",
    category = "jobrisk",
    category = "security",
    namespaced,
    status = "ReportStatus",
    doc = "The risk of one Job or CronJob: what it runs and where, as jobrisk judges it from the object alone.",
    selectable = ".spec.subject.kind",
    selectable = ".status.severity",
    printcolumn(name = "Severity", type_ = "string", json_path = ".status.severity"),
    printcolumn(
        name = "Score",
        type_ = "integer",
        json_path = ".status.riskScore",
        description = "Risk, 0 to 100"
    ),
    printcolumn(
        name = "Suspicion",
        type_ = "integer",
        json_path = ".status.suspicionScore",
        description = "How many of the six indicators are set"
    ),
    printcolumn(
        name = "Top",
        type_ = "string",
        json_path = ".status.findings[0].rule",
        description = "The worst finding"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Kind", type_ = "string", json_path = ".spec.subject.kind", priority = 1),
    printcolumn(name = "Workload", type_ = "string", json_path = ".spec.subject.name", priority = 1),
    printcolumn(name = "Findings", type_ = "integer", json_path = ".status.findingsTotal", priority = 1),
    printcolumn(name = "Techniques", type_ = "string", json_path = ".status.techniques", priority = 1),
    printcolumn(
        name = "Manager",
        type_ = "string",
        json_path = ".status.attribution.manager",
        priority = 1,
        description = "The field manager of the last change: a hint, chosen by the client"
    ),
    printcolumn(
        name = "User",
        type_ = "string",
        json_path = ".status.attribution.user",
        priority = 1,
        description = "Who last changed it, by its annotations: proven only where attribution.verified is true"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct ReportSpec {
    /// The workload that is judged.
    #[x_kube(validation = kube::core::Rule::new("self == oldSelf").message(SUBJECT_FIXED))]
    pub subject: Subject,
}

/// The workload that a report is about.
///
/// Atomic, as the status: nobody else has a part in either, and a list of who owns each field would be half of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct Subject {
    /// `batch/v1`.
    #[schemars(length(max = 64))]
    pub api_version: String,
    /// `Job` or `CronJob`.
    #[schemars(length(max = 64))]
    pub kind: String,
    /// The workload's name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// The workload's uid.
    #[schemars(length(max = 64))]
    pub uid: String,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct ReportStatus {
    /// The severity of the workload as a whole.
    pub severity: Severity,
    /// The risk, 0 to 100: the total of the explanation.
    #[schemars(range(min = 0, max = 100))]
    pub risk_score: i32,
    /// How many of the six indicators are set. Not part of the risk.
    #[schemars(range(min = 0, max = 6))]
    pub suspicion_score: i32,
    /// The six indicators of the original search.
    pub indicators: Indicators,
    /// The ATT&CK techniques of all findings, sorted.
    #[schemars(length(max = 64), inner(length(max = 16)))]
    pub techniques: Vec<String>,
    /// The worst findings, worst first.
    #[schemars(length(max = 20))]
    pub findings: Vec<Finding>,
    /// How many findings there are, those that are not listed included.
    pub findings_total: i64,
    /// How many findings are not listed. The score counts all of them.
    pub findings_omitted: i64,
    /// How the score comes about.
    pub explanation: Explanation,
    /// Who made the last change, as far as the object tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// The worst verdict on this uid so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<Peak>,
    /// Runs of this CronJob that did what its template does not say, newest first. Each has a report of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub differing_runs: Vec<DifferingRun>,
    /// The workload is gone, and the report stays as evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_deleted: Option<SubjectDeleted>,
    /// The workload's generation that was judged.
    pub subject_generation: i64,
    /// `Assessed`, and where somebody else has changed the report after its workload was gone, `Intact`, which is
    /// `False` then.
    #[schemars(length(max = 8))]
    pub conditions: Vec<Condition>,
}

/// One place that a rule hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's id.
    #[schemars(length(max = 64))]
    pub rule: String,
    /// The severity of this finding alone.
    pub severity: Severity,
    /// Its points, before weights and caps.
    #[schemars(range(min = 0, max = 100))]
    pub points: i32,
    /// ATT&CK technique ids.
    #[schemars(length(max = 16), inner(length(max = 16)))]
    pub techniques: Vec<String>,
    /// The container, if the finding is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub container: Option<SafeText>,
    /// The field of the workload.
    #[schemars(length(max = 256))]
    pub path: String,
    /// What stands there: cut, control characters escaped, secrets masked.
    #[schemars(length(max = 128))]
    pub evidence: SafeText,
    /// What it means, as the second half of a sentence about the workload.
    #[schemars(length(max = 128))]
    pub message: String,
}

/// The sum, so that anyone can redo it: each family's points after weights and cap, the combination, the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Access to the node, at most 60.
    pub host: i32,
    /// What is run, at most 75.
    pub command: i32,
    /// Which image runs it, at most 20.
    pub image: i32,
    /// Under which identity, at most 30.
    pub identity: i32,
    /// On which node, at most 20.
    pub placement: i32,
    /// When and how often, at most 10.
    pub schedule: i32,
    /// Traces, disguises and contradictions, at most 35.
    pub evidence: i32,
    /// Network settings, at most 25.
    pub network: i32,
    /// A quarter of the smaller of host and command.
    pub combination: i32,
    /// Names of the floors that apply: they raise the severity, not the score.
    #[schemars(length(max = 16), inner(length(max = 64)))]
    pub floors: Vec<String>,
    /// The sum, cut at 100.
    pub total: i32,
}

/// Who made the workload what it is.
///
/// The users come from annotations that an admission policy writes, and are proven where `verified` is true: see
/// docs/attribution.md. `manager`, `operation` and `time` are hints: the client chooses them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attribution {
    /// Whether the API server vouches for `user`, `createdBy` and what belongs to them. A fact of the time when the
    /// workload was made and changed: it stays when the policy is removed later.
    pub verified: bool,
    /// Who last changed the spec, or created the workload if nobody has changed it since.
    #[serde(flatten)]
    pub actor: Actor,
    /// Who created it, where its spec was changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Actor>,
    /// The field manager of the last change.
    #[serde(default, skip_serializing_if = "SafeText::is_empty")]
    #[schemars(length(max = 128))]
    pub manager: SafeText,
    /// `Apply` or `Update`.
    #[serde(default, skip_serializing_if = "SafeText::is_empty")]
    #[schemars(length(max = 16))]
    pub operation: SafeText,
    /// When, as the object says.
    #[serde(default, skip_serializing_if = "SafeText::is_empty")]
    #[schemars(length(max = 40))]
    pub time: SafeText,
}

/// Who made a request, as the API server knew it: with the optional policy of `manifests/attribution`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub user: Option<SafeText>,
    /// The pod whose token it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub pod: Option<SafeText>,
    /// The node of that pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub node: Option<SafeText>,
    /// The id of the token or client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub credential: Option<SafeText>,
    /// EKS: the ARN of the role's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub arn: Option<SafeText>,
    /// EKS: the ARN of the role or user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub canonical_arn: Option<SafeText>,
    /// EKS: the name of the session, often the person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub session: Option<SafeText>,
}

/// A verdict that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peak {
    /// The severity.
    pub severity: Severity,
    /// The risk.
    #[schemars(range(min = 0, max = 100))]
    pub risk_score: i32,
    /// The workload's generation that was judged.
    pub subject_generation: i64,
}

/// A Job that a CronJob controls, or is said to, and that does what the CronJob's template does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferingRun {
    /// The Job's name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// The Job's uid.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// The severity of the Job.
    pub severity: Severity,
    /// The risk of the Job.
    #[schemars(range(min = 0, max = 100))]
    pub risk_score: i32,
    /// When the Job was created, RFC 3339.
    #[schemars(length(max = 40))]
    pub created: SafeText,
}

/// The end of a workload whose report is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectDeleted {
    /// When it was seen to be gone, RFC 3339 in UTC. Later than the deletion where jobrisk did not run at that time.
    #[schemars(length(max = 40))]
    pub time: String,
}

/// A condition without a time of transition: a report changes only when its content does, and the time of that
/// stands in its `managedFields`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Assessed` or `Intact`.
    #[serde(rename = "type")]
    #[schemars(length(max = 64))]
    pub type_: String,
    /// `True`; `False` where the object could not be read or judged in full, or the report is not intact.
    #[schemars(length(max = 16))]
    pub status: String,
    /// A word for the state.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// A sentence for it.
    #[schemars(length(max = 256))]
    pub message: String,
    /// The workload's generation that was judged.
    pub observed_generation: i64,
}
