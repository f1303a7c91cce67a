//! The reports that exist, by their metadata alone.

use kube::api::{ListParams, PartialObjectMeta};
use kube::{Api, Client};

use super::ledger::{Key, Written};
use super::trouble::Trouble;
use super::write::REQUEST_LIMIT;
use crate::api::report::{JobRiskReport, keys};
use crate::report::{Digest, report_name};
use crate::severity::Severity;
use crate::workload::Kind;

/// Reports of one page.
const PAGE_SIZE: u32 = 500;

/// Lists all reports of the cluster. Foreign or damaged ones are left out: they are written anew.
pub(super) async fn list(client: &Client) -> Result<Vec<(Key, Written)>, Trouble> {
    let api: Api<JobRiskReport> = Api::all(client.clone());
    let mut found = Vec::new();
    let mut params = ListParams::default().limit(PAGE_SIZE);
    loop {
        let page = tokio::time::timeout(REQUEST_LIMIT, api.list_metadata(&params))
            .await
            .map_err(|_| Trouble::timeout(REQUEST_LIMIT.as_secs()))?
            .map_err(|error| Trouble::from(&error))?;
        found.extend(page.items.iter().filter_map(known));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}

fn known(report: &PartialObjectMeta<JobRiskReport>) -> Option<(Key, Written)> {
    let metadata = &report.metadata;
    let owner = metadata.owner_references.as_deref()?.iter().find(|owner| owner.api_version == "batch/v1")?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == owner.kind)?;
    if metadata.name.as_deref() != Some(&report_name(kind, &owner.name)) {
        return None;
    }
    let key =
        Key { kind, namespace: metadata.namespace.as_deref()?.into(), name: owner.name.as_str().into() };
    let label = metadata.labels.as_ref().and_then(|labels| labels.get(keys::SEVERITY));
    let annotation = metadata.annotations.as_ref().and_then(|annotations| annotations.get(keys::DIGEST));
    let written = Written {
        uid: owner.uid.as_str().into(),
        digest: annotation.and_then(|text| Digest::parse(text)),
        severity: label.and_then(|label| Severity::from_label(label)),
        peak: None,
    };
    Some((key, written))
}
