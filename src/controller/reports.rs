//! The reports that exist, by their metadata alone.

use std::collections::HashMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ListParams;
use kube::core::Request;
use kube::{Client, Resource as _};
use serde::Deserialize;

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
    let request = Request::new(JobRiskReport::url_path(&(), None));
    let mut found = Vec::new();
    let mut params = ListParams::default().limit(PAGE_SIZE);
    loop {
        let page = async {
            let request = request.list_metadata(&params).map_err(kube::Error::BuildRequest)?;
            client.request::<Page>(request).await
        };
        let page = tokio::time::timeout(REQUEST_LIMIT, page)
            .await
            .map_err(|_| Trouble::timeout(REQUEST_LIMIT.as_secs()))?
            .map_err(|error| Trouble::from(&error))?;
        found.extend(page.items.iter().flatten().filter_map(known));
        match page.metadata.next.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}

/// A page of metadata without its largest part, `managedFields`.
#[derive(Deserialize)]
struct Page {
    metadata: PageMetadata,
    /// `null` when there are none.
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    labels: Option<HashMap<String, String>>,
    annotations: Option<HashMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
}

fn known(report: &Item) -> Option<(Key, Written)> {
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
