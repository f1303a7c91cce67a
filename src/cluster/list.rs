//! Lists in pages.

use std::fmt;
use std::time::Duration;

use futures::AsyncReadExt as _;
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Cluster, Failure, Place};
use crate::controller::transport::{TooLate, smaller_page};
use crate::controller::trouble::{Category, Trouble};

/// The largest page, in bytes. Ordinary ones have less than one million; the largest object has less than this.
const PAGE_BYTES: u64 = 8 << 20;
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
        let (mut next, mut attempt, mut page_size) = (None, 1, listing.page_size);
        loop {
            match self.page(listing, place, page_size, next.as_deref()).await {
                Ok(Page { metadata, items }) => {
                    items.unwrap_or_default().into_iter().for_each(|item| add(&mut sum, item));
                    next = metadata.next.filter(|token| !token.is_empty());
                    if next.is_none() {
                        return Ok(sum);
                    }
                }
                // Large objects can be put in by anybody, next to each other.
                Err(Unanswered::TooLarge(_)) if page_size > 1 => page_size = smaller_page(page_size),
                // The place in the list is only known for some minutes.
                Err(Unanswered::Client(kube::Error::Api(status)))
                    if status.code == 410 && attempt < ATTEMPTS =>
                {
                    sum = S::default();
                    next = None;
                    attempt += 1;
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        listing: Listing,
        place: &Place,
        page_size: u32,
        next: Option<&str>,
    ) -> Result<Page<T>, Unanswered> {
        let mut params = ListParams::default().limit(page_size);
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
        self.ask(request.map_err(kube::Error::BuildRequest)?, self.limit, PAGE_BYTES).await
    }

    /// Sends a request and decodes the answer, which may take so long and have so many bytes.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: http::Request<Vec<u8>>,
        limit: Duration,
        most: u64,
    ) -> Result<T, Unanswered> {
        let answer = async {
            let stream = self.client.request_stream(request).await?;
            let mut stream = std::pin::pin!(stream.take(most + 1));
            let mut text = Vec::new();
            let read =
                stream.read_to_end(&mut text).await.map_err(|error| kube::Error::Service(error.into()))?;
            if u64::try_from(read).unwrap_or(u64::MAX) > most {
                return Err(Unanswered::TooLarge(most));
            }
            Ok(serde_json::from_slice(&text).map_err(kube::Error::SerdeError)?)
        };
        let answer = tokio::time::timeout(limit, answer).await;
        answer.map_err(|_| TooLate(limit))?
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error(transparent)]
    Client(#[from] kube::Error),
    #[error("an answer of more than {0} bytes")]
    TooLarge(u64),
    #[error(transparent)]
    TooLate(#[from] TooLate),
}

impl From<Unanswered> for Trouble {
    fn from(error: Unanswered) -> Self {
        match error {
            Unanswered::Client(error) => Self::from(&error),
            Unanswered::TooLate(_) => Self::new(Category::Timeout, &error.to_string()),
            Unanswered::TooLarge(_) => Self::new(Category::Other, &error.to_string()),
        }
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
