//! The digest of a verdict, by which an unchanged report is recognised without reading it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::api::report::{JobRiskReport, ReportSpec, ReportStatus, keys};

/// SHA-256 of everything that the report says. Not shortened: whoever writes workloads must not be able to
/// craft two of them with the same digest, since the second would then go unreported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest written as hexadecimal text, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The first 40 bits as hexadecimal text, for names that are unique enough together with a uid.
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(2 * self.0.len());
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        text.extend(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)));
        f.write_str(&text)
    }
}

/// The digest of a report. Annotations, labels of others and what is remembered (the peak, the differing runs) are not
/// part of it: the digest itself is an annotation, and what is remembered does not follow from the workload.
pub fn digest(report: &JobRiskReport) -> Digest {
    of_content(&content(report))
}

/// [`digest`] of a report in its parts.
pub fn digest_of(metadata: &ObjectMeta, spec: &ReportSpec, status: Option<&ReportStatus>) -> Digest {
    of_content(&content_of(metadata, spec, status))
}

/// The digest of a report with this [`content`].
pub(super) fn of_content(content: &[u8]) -> Digest {
    Digest(Sha256::digest(content).into())
}

/// Room for the content of most reports: a few findings and what is always there.
const USUAL_BYTES: usize = 4096;

/// What the digest covers, as JSON.
pub(super) fn content(report: &JobRiskReport) -> Vec<u8> {
    content_of(&report.metadata, &report.spec, report.status.as_ref())
}

fn content_of(metadata: &ObjectMeta, spec: &ReportSpec, status: Option<&ReportStatus>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Content<'a> {
        labels: BTreeMap<&'a str, &'a str>,
        owners: &'a Option<Vec<OwnerReference>>,
        spec: &'a ReportSpec,
        status: Option<Cow<'a, ReportStatus>>,
    }
    let content = Content {
        labels: ours(metadata.labels.as_ref()),
        owners: &metadata.owner_references,
        spec,
        status: status.map(|status| {
            if status.peak.is_none() && status.differing_runs.is_empty() {
                Cow::Borrowed(status)
            } else {
                Cow::Owned(ReportStatus { peak: None, differing_runs: Vec::new(), ..status.clone() })
            }
        }),
    };
    // Serialising plain structs to memory cannot fail; if it ever did, the same digest every time would mean
    // that nothing is written, so fall back to the debug text instead.
    let mut json = Vec::with_capacity(USUAL_BYTES);
    match serde_json::to_writer(&mut json, &content) {
        Ok(()) => json,
        Err(_) => format!("{spec:?}{status:?}").into_bytes(),
    }
}

fn ours(labels: Option<&BTreeMap<String, String>>) -> BTreeMap<&str, &str> {
    let labels = labels.into_iter().flatten();
    labels
        .filter(|(key, _)| keys::LABELS.contains(&key.as_str()))
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}
