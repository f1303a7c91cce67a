//! Lists in pages.

use std::fmt;

use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Cluster, Failure, Place};
use crate::controller::transport::TooLate;
use crate::controller::trouble::Trouble;

/// How often a list is begun anew because its place was lost on the way.
const ATTEMPTS: usize = 3;

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing {
    /// The path of the API group, without the slash at its end.
    pub(super) group: &'static str,
    /// The resource.
    pub(super) plural: &'static str,
    /// Labels that are asked for.
    pub(super) labels: Option<&'static str>,
    /// Without `spec` and `status`.
    pub(super) metadata_only: bool,
    /// Objects of one page.
    pub(super) page_size: u32,
    /// What is done, for messages.
    pub(super) what: &'static str,
    /// Who may do it, for messages.
    pub(super) rights: &'static str,
}

#[derive(Deserialize)]
struct Page<T> {
    metadata: PageMetadata,
    /// `null` when there are none.
    items: Option<Vec<T>>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl Cluster {
    /// Lists everything, and gives what is left when `add` has seen each object. A page is all that is ever in memory.
    pub(super) async fn fold<T, S>(
        &self,
        listing: Listing,
        place: &Place,
        mut add: impl FnMut(&mut S, T),
    ) -> Result<S, Failure>
    where
        T: DeserializeOwned,
        S: Default,
    {
        let failed = |trouble| Failure::new(listing.what, place, listing.rights, trouble);
        let mut sum = S::default();
        let (mut next, mut attempt) = (None, 1);
        loop {
            match self.page(listing, place, next.as_deref()).await {
                Ok(Page { metadata, items }) => {
                    items.unwrap_or_default().into_iter().for_each(|item| add(&mut sum, item));
                    next = metadata.next.filter(|token| !token.is_empty());
                    if next.is_none() {
                        return Ok(sum);
                    }
                }
                // The place in the list is only known for some minutes.
                Err(kube::Error::Api(status)) if status.code == 410 && attempt < ATTEMPTS => {
                    sum = S::default();
                    next = None;
                    attempt += 1;
                }
                Err(error) => return Err(failed(Trouble::from(&error))),
            }
        }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        listing: Listing,
        place: &Place,
        next: Option<&str>,
    ) -> Result<Page<T>, kube::Error> {
        let mut params = ListParams::default().limit(listing.page_size);
        if let Some(labels) = listing.labels {
            params = params.labels(labels);
        }
        if let Some(token) = next {
            params = params.continue_token(token);
        }
        let within =
            place.namespace().map(|name| format!("/namespaces/{}", segment(name))).unwrap_or_default();
        let request = Request::new(format!("{}{within}/{}", listing.group, listing.plural));
        let request =
            if listing.metadata_only { request.list_metadata(&params) } else { request.list(&params) };
        self.ask(request.map_err(kube::Error::BuildRequest)?).await
    }

    /// Sends a request and decodes the answer, in the time that one may take.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<T, kube::Error> {
        let answer = tokio::time::timeout(self.limit, self.client.request(request)).await;
        answer.map_err(|_| kube::Error::Service(TooLate(self.limit).into()))?
    }
}

/// A name as one segment of a path, whatever stands in it.
pub(super) fn segment(name: &str) -> impl fmt::Display {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:".contains(byte);
    name.bytes().fold(String::new(), |mut path, byte| {
        if is_plain(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = fmt::Write::write_fmt(&mut path, format_args!("%{byte:02X}"));
        }
        path
    })
}
