//! Does what is remembered agree with what is stored? Asked now and then, since a watch can be wrong without an error:
//! after a restore of etcd, or after an event that was lost on the way.
//!
//! Only metadata is listed, beside the running watches. A difference counts when it is there twice, some seconds apart,
//! and the watch has said nothing of that workload in between.

use std::collections::HashMap;

use kube::api::ListParams;
use kube::core::Request;
use kube::{Client, Resource as _};
use serde::Deserialize;

use super::id::Id;
use super::ledger::{Key, Ledger};
use super::transport::{is_too_large, smaller_page};
use super::trouble::Trouble;
use super::watch::{Watched, version};
use crate::workload::Kind;

/// Objects of one page, unless they are large: an annotation can have 256 KiB. With 500 on a page an audit took two
/// megabytes more than anything before it.
const PAGE_SIZE: u32 = 200;

/// A page of a list of one kind: what is there, and where it goes on.
#[derive(Debug)]
pub struct Page {
    items: Vec<(Key, Id, u64)>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// Lists one page of the metadata of a kind.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn page(client: Client, kind: Kind, next: Option<String>) -> Result<Page, Trouble> {
    let mut size = PAGE_SIZE;
    let list = loop {
        match list(&client, kind, next.as_deref(), size).await {
            Err(error) if is_too_large(&error) && size > 1 => size = smaller_page(size),
            result => break result?,
        }
    };
    let items = list.items.unwrap_or_default().into_iter().filter_map(|item| {
        let meta = item.metadata;
        let key = Key::new(kind, meta.namespace.as_deref()?, meta.name.as_deref()?);
        Some((key, Id::of(meta.uid.as_deref()?), version(meta.resource_version.as_deref()?)))
    });
    Ok(Page { items: items.collect(), next: list.metadata.next.filter(|token| !token.is_empty()) })
}

async fn list(client: &Client, kind: Kind, next: Option<&str>, size: u32) -> kube::Result<List> {
    let mut params = ListParams::default().limit(size);
    if let Some(token) = next {
        params = params.continue_token(token);
    }
    let request = Request::new(Watched::url_path(&kind, None));
    client.request(request.list_metadata(&params).map_err(kube::Error::BuildRequest)?).await
}

/// A page of metadata without its largest part, `managedFields`.
#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    /// `null` when there are none.
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct ListMetadata {
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
    uid: Option<String>,
    resource_version: Option<String>,
}

/// Workloads that differ, each with the version that was remembered of it, if any was.
pub type Differences = HashMap<Key, Option<u64>>;

/// An audit of one kind under way. Pure but for the pages that it is given.
#[derive(Debug)]
pub struct Audit {
    /// The kind.
    pub kind: Kind,
    /// What differed in the audit before, with the version that was remembered then.
    before: Option<Differences>,
    differs: Differences,
}

/// What came of an audit.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All agrees.
    Agrees,
    /// Something differs: it has to be looked at once more.
    Again(Differences),
    /// So many workloads differ.
    Drift(usize),
}

impl Audit {
    /// Begins an audit, after an earlier one that found this to differ.
    pub fn begin(kind: Kind, before: Option<Differences>, ledger: &mut Ledger) -> Self {
        ledger.begin_audit();
        Self { kind, before, differs: HashMap::new() }
    }

    /// Compares a page with what is remembered.
    pub fn page(&mut self, page: Page, ledger: &mut Ledger) {
        for (key, uid, version) in page.items {
            match ledger.audit(&key) {
                Some((known_uid, known)) if known_uid == uid && known == version => {}
                known => self.differ(key, known.map(|(_, known)| known)),
            }
        }
    }

    /// Ends it.
    pub fn end(mut self, ledger: &Ledger) -> Outcome {
        for (key, version) in ledger.not_audited(self.kind) {
            self.differ(key, Some(version));
        }
        match self.before {
            _ if self.differs.is_empty() => Outcome::Agrees,
            None => Outcome::Again(self.differs),
            Some(_) => Outcome::Drift(self.differs.len()),
        }
    }

    /// Takes note of a difference. In a second audit only one that was there before, with nothing said in between, counts.
    fn differ(&mut self, key: Key, known: Option<u64>) {
        if self.before.as_ref().is_none_or(|before| before.get(&key) == Some(&known)) {
            self.differs.insert(key, known);
        }
    }
}

#[cfg(test)]
mod tests;
