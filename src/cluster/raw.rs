//! Reports as the API server has them: every field optional, of whatever type.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use crate::workload::lenient::{Field, KnownKey, Lenient, List, objects};

objects! {
    /// `spec` of a report.
    Spec {
        /// `subject`.
        subject: Subject = "subject",
    }

    /// `spec.subject`.
    Subject {
        /// `kind`.
        kind: String = "kind",
        /// `name`.
        name: String = "name",
        /// `uid`.
        uid: String = "uid",
    }

    /// `status` of a report, as far as it is shown.
    Status {
        /// `severity`.
        severity: String = "severity",
        /// `riskScore`.
        risk_score: i64 = "riskScore",
        /// `suspicionScore`.
        suspicion_score: i64 = "suspicionScore",
        /// `indicators`.
        indicators: Indicators = "indicators",
        /// `techniques`.
        techniques: List<String> = "techniques",
        /// `findings`.
        findings: List<Finding> = "findings",
        /// `findingsTotal`.
        findings_total: i64 = "findingsTotal",
        /// `attribution`.
        attribution: Attribution = "attribution",
        /// `subjectDeleted`.
        subject_deleted: SubjectDeleted = "subjectDeleted",
        /// `subjectGeneration`.
        subject_generation: i64 = "subjectGeneration",
        /// `conditions`.
        conditions: List<Condition> = "conditions",
    }

    /// `status.indicators`.
    Indicators {
        /// `suspiciousImage`.
        suspicious_image: bool = "suspiciousImage",
        /// `suspiciousCommand`.
        suspicious_command: bool = "suspiciousCommand",
        /// `hostPathMount`.
        host_path_mount: bool = "hostPathMount",
        /// `privileged`.
        privileged: bool = "privileged",
        /// `hostNetwork`.
        host_network: bool = "hostNetwork",
        /// `sensitiveMount`.
        sensitive_mount: bool = "sensitiveMount",
    }

    /// One of `status.findings`.
    Finding {
        /// `rule`.
        rule: String = "rule",
    }

    /// `status.attribution`.
    Attribution {
        /// `verified`.
        verified: bool = "verified",
        /// `user`.
        user: String = "user",
        /// `pod`.
        pod: String = "pod",
        /// `node`.
        node: String = "node",
        /// `manager`.
        manager: String = "manager",
    }

    /// `status.subjectDeleted`.
    SubjectDeleted {
        /// `time`.
        time: String = "time",
    }

    /// One of `status.conditions`.
    Condition {
        /// `type`.
        type_: String = "type",
        /// `status`.
        status: String = "status",
    }
}

/// Metadata of a report. The API server sees to the types, whoever wrote it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) creation_timestamp: Option<String>,
    pub(super) resource_version: Option<String>,
}

/// A report as it is stored.
#[derive(Deserialize)]
pub(super) struct Raw {
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) spec: Field<Spec>,
    #[serde(default)]
    pub(super) status: Field<Status>,
}
