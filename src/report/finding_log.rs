//! The line of the finding log: the durable record of a verdict, for a SIEM.

use serde::Serialize;

use crate::api::report::JobRiskReport;
use crate::severity::Severity;
use crate::workload::Kind;

/// One change of verdict. The first group of fields has the names of the original search, so that its tables and
/// dashboards go on working; the second is ours.
#[derive(Debug, Clone, Serialize)]
pub struct FindingLine {
    /// When the verdict was written, RFC 3339.
    #[serde(rename = "_time")]
    time: String,
    /// `jobs` or `cronjobs`.
    #[serde(rename = "objectRef.resource")]
    resource: &'static str,
    /// `create` for the first verdict on a uid, `update` after.
    verb: &'static str,
    namespace: String,
    resource_name: String,
    #[serde(rename = "IsSuspiciousImage")]
    is_suspicious_image: i32,
    #[serde(rename = "IsSuspiciousCommand")]
    is_suspicious_command: i32,
    #[serde(rename = "IsHostPathMount")]
    is_host_path_mount: i32,
    #[serde(rename = "IsPrivileged")]
    is_privileged: i32,
    #[serde(rename = "IsHostNetwork")]
    is_host_network: i32,
    #[serde(rename = "IsSensitiveMount")]
    is_sensitive_mount: i32,
    #[serde(rename = "SuspicionScore")]
    suspicion_score: i32,

    kind: &'static str,
    uid: String,
    severity: Severity,
    #[serde(rename = "previousSeverity")]
    previous_severity: Option<Severity>,
    #[serde(rename = "riskScore")]
    risk_score: i32,
    techniques: Vec<String>,
    rules: Vec<String>,
    report: String,
    generation: i64,
    /// The field manager of the last change: a hint, chosen by the client.
    manager: Option<String>,
}

impl FindingLine {
    /// The line for a report that was written at `time`; nothing for a report without a verdict.
    pub fn new(time: String, kind: Kind, report: &JobRiskReport, previous: Option<Severity>) -> Option<Self> {
        let status = report.status.as_ref()?;
        let indicators = status.indicators;
        let subject = &report.spec.subject;
        let mut rules: Vec<String> = Vec::new();
        for finding in &status.findings {
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule.clone());
            }
        }
        Some(Self {
            time,
            resource: kind.plural(),
            verb: if previous.is_none() { "create" } else { "update" },
            namespace: report.metadata.namespace.clone().unwrap_or_default(),
            resource_name: subject.name.clone(),
            is_suspicious_image: indicators.suspicious_image.into(),
            is_suspicious_command: indicators.suspicious_command.into(),
            is_host_path_mount: indicators.host_path_mount.into(),
            is_privileged: indicators.privileged.into(),
            is_host_network: indicators.host_network.into(),
            is_sensitive_mount: indicators.sensitive_mount.into(),
            suspicion_score: status.suspicion_score,
            kind: kind.as_str(),
            uid: subject.uid.clone(),
            severity: status.severity,
            previous_severity: previous,
            risk_score: status.risk_score,
            techniques: status.techniques.clone(),
            rules,
            report: report.metadata.name.clone().unwrap_or_default(),
            generation: status.subject_generation,
            manager: status.attribution.as_ref().map(|attribution| attribution.manager.to_string()),
        })
    }
}
