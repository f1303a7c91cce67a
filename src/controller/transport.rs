//! Limits on every request, where no request can get around them: between kube's client and its connection.
//!
//! kube sets no limit on reading an answer, and starts a watch that ends at once again without a pause. Here
//!
//! * every request has a time by which its answer has to be complete, a watch one by which it has to begin and one for
//!   its silences,
//! * a `Retry-After` is kept by all requests of that kind,
//! * a page of a list may only be so large, or it is asked for again with fewer objects: an object can have 1.5 MB and
//!   more, and how many of them stand together decides who creates them,
//! * a watch is not started more than once a second,
//! * whatever arrives for a list or watch is noted as its progress.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::{Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use kube::client::Body as RequestBody;
use tokio::time::Sleep;
use tower::{BoxError, Layer, Service};

use super::Shared;
use super::health::Source;
use super::watch::WATCH_SECONDS;

/// How long a request for one object may take, its answer included.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// How long a page of a list may take.
const LIST_LIMIT: Duration = Duration::from_secs(30);
/// How long a watch may take to begin.
const WATCH_BEGIN_LIMIT: Duration = Duration::from_secs(15);
/// How long a watch may be silent. The server ends it before.
const WATCH_SILENCE_LIMIT: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 5);
/// The least time between two starts of the same watch.
const WATCH_PACE: Duration = Duration::from_secs(1);
/// The longest `Retry-After` that is kept; a longer one may be a mistake, and would be blindness.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The largest page of a list, in bytes. Ordinary ones have half a megabyte to two. While it is decoded, some three
/// times as much is in memory.
const PAGE_BYTES: u64 = 12 << 20;

/// A page of a list is larger than what is taken.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a page of more than {} MiB", PAGE_BYTES >> 20)]
pub struct TooLarge;

/// Whether an error, or one of its causes, is of this type.
pub fn is_from<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<E>)
}

/// Whether a request failed because its page was too large.
pub fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    is_from::<TooLarge>(error)
}

/// How many objects to ask for after a page of so many was too large. A page of one is taken however large it is.
pub fn smaller_page(objects: u32) -> u32 {
    (objects / 4).max(1)
}

/// No answer in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no answer within {} s", .0.as_secs())]
pub struct TooLate(pub Duration);

/// Puts the limits on a client.
#[derive(Clone)]
pub struct Limits {
    shared: Arc<Shared>,
    /// By what servers ask for: by method and resource, of which there are few.
    pauses: Arc<Pauses<(Method, String)>>,
    /// Between the starts of a watch.
    paces: Arc<Pauses<Source>>,
}

impl Limits {
    /// Limits that note progress in `shared`.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, pauses: Arc::default(), paces: Arc::default() }
    }
}

impl<S> Layer<S> for Limits {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, limits: self.clone() }
    }
}

/// Until when requests of a kind have to wait.
#[derive(Debug)]
struct Pauses<K>(Mutex<HashMap<K, Instant>>);

impl<K> Default for Pauses<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Pauses<K> {
    fn set(&self, what: K, until: Instant) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.retain(|_, until| *until > Instant::now());
        let entry = pauses.entry(what).or_insert(until);
        *entry = until.max(*entry);
    }

    fn left(&self, what: &K) -> Option<Duration> {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.get(what).and_then(|until| until.checked_duration_since(Instant::now()))
    }
}

/// What a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    /// The list or watch that it is part of.
    source: Option<Source>,
    is_watch: bool,
    /// How large the answer may be.
    most: Option<u64>,
    /// For pauses.
    what: (Method, String),
}

impl Call {
    fn of<B>(request: &Request<B>) -> Self {
        let uri = request.uri();
        let source = Source::ALL.into_iter().find(|source| source.path() == uri.path());
        let asks =
            |wanted: &str| uri.query().is_some_and(|query| query.split('&').any(|part| part == wanted));
        let is_watch = asks("watch=true");
        let most = source.filter(|_| !is_watch && !asks("limit=1")).map(|_| PAGE_BYTES);
        let mut parts = uri.path().split('/').skip_while(|part| *part != "namespaces").skip(2);
        let resource = parts.next().or_else(|| uri.path().rsplit('/').next()).unwrap_or_default();
        Self { source, is_watch, most, what: (request.method().clone(), resource.to_owned()) }
    }

    fn limit(&self) -> Duration {
        match (self.is_watch, self.source) {
            (true, _) => WATCH_BEGIN_LIMIT,
            (false, Some(_)) => LIST_LIMIT,
            (false, None) => REQUEST_LIMIT,
        }
    }
}

/// A client's service with limits.
#[derive(Clone)]
pub struct Limited<S> {
    inner: S,
    limits: Limits,
}

impl<S, B> Service<Request<RequestBody>> for Limited<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Error: Into<BoxError>> + Send + Unpin + 'static,
    B::Data: AsRef<[u8]>,
{
    type Response = Response<LimitedBody<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let call = Call::of(&request);
        let answer = self.inner.call(request);
        let limits = self.limits.clone();
        Box::pin(async move {
            // The inner future sends nothing before it is polled.
            if let Some(left) = limits.pauses.left(&call.what) {
                tokio::time::sleep(left).await;
            }
            if let Some(left) = call.source.filter(|_| call.is_watch).and_then(|source| limits.pace(source)) {
                tokio::time::sleep(left).await;
            }
            let limit = call.limit();
            let end = tokio::time::Instant::now() + limit;
            let answer = tokio::time::timeout_at(end, answer).await.map_err(|_| TooLate(limit))?;
            let answer = answer.map_err(Into::into)?;
            if let Some(pause) = pause(answer.status(), answer.headers()) {
                limits.pauses.set(call.what.clone(), Instant::now() + pause);
            }
            let progress = call.source.filter(|_| answer.status().is_success());
            if let Some(source) = progress {
                limits.shared.health.progress(source);
            }
            let (silence, end) = if call.is_watch {
                (Some(WATCH_SILENCE_LIMIT), tokio::time::Instant::now() + WATCH_SILENCE_LIMIT)
            } else {
                (None, end)
            };
            Ok(answer.map(|inner| LimitedBody {
                inner,
                late: Box::pin(tokio::time::sleep_until(end)),
                limit: silence.unwrap_or(limit),
                left: call.most,
                silence,
                progress: progress.map(|source| (source, limits.shared)),
            }))
        })
    }
}

impl Limits {
    /// How long the start of a watch has to wait; notes it as started.
    fn pace(&self, source: Source) -> Option<Duration> {
        let left = self.paces.left(&source);
        self.paces.set(source, Instant::now() + left.unwrap_or_default() + WATCH_PACE);
        left
    }
}

/// How long to wait after an answer.
fn pause(status: StatusCode, headers: &http::HeaderMap) -> Option<Duration> {
    if status != StatusCode::TOO_MANY_REQUESTS && status != StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits into the number is more than is kept.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
    }
    // A date, which API servers do not send.
    Some(Duration::from_secs(1))
}

/// A body that has to be complete in time, or must not be silent for too long.
pub struct LimitedBody<B> {
    inner: B,
    late: Pin<Box<Sleep>>,
    limit: Duration,
    /// How many bytes may still come, where that is limited.
    left: Option<u64>,
    /// Set for a watch: each frame starts the time anew.
    silence: Option<Duration>,
    progress: Option<(Source, Arc<Shared>)>,
}

impl<B> Body for LimitedBody<B>
where
    B: Body<Error: Into<BoxError>> + Unpin,
    B::Data: AsRef<[u8]>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            if let Some((source, shared)) = &this.progress
                && matches!(frame, Some(Ok(_)))
            {
                shared.health.progress(*source);
            }
            if let (Some(left), Some(Ok(frame))) = (&mut this.left, &frame) {
                let size = frame.data_ref().map_or(0, |data| data.as_ref().len());
                match left.checked_sub(u64::try_from(size).unwrap_or(u64::MAX)) {
                    Some(less) => *left = less,
                    None => return Poll::Ready(Some(Err(TooLarge.into()))),
                }
            }
            if let Some(silence) = this.silence {
                this.late.as_mut().reset(tokio::time::Instant::now() + silence);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        this.late.as_mut().poll(context).map(|()| Some(Err(TooLate(this.limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let call = |method: Method, uri: &str| {
            Call::of(&Request::builder().method(method).uri(uri).body(()).unwrap())
        };
        let list = call(Method::GET, "/apis/batch/v1/jobs?limit=100");
        assert_eq!((list.source, list.is_watch, list.limit()), (Some(Source::Jobs), false, LIST_LIMIT));
        let watch = call(Method::GET, "/apis/batch/v1/cronjobs?&watch=true&resourceVersion=1");
        assert_eq!((watch.source, watch.is_watch), (Some(Source::CronJobs), true));
        let limits = ["limit=100", "limit=1", "limit=100&watch=true"].map(|query| {
            call(Method::GET, &format!("/apis/batch/v1/jobs?{query}&resourceVersion=1")).most.is_some()
        });
        assert_eq!(limits, [true, false, false]);
        let patch = call(
            Method::PATCH,
            "/apis/jobrisk.io/v1alpha1/namespaces/jobs/jobriskreports/job-x?&force=true&fieldManager=jobrisk",
        );
        assert_eq!((patch.source, patch.is_watch, patch.limit()), (None, false, REQUEST_LIMIT));
        assert_eq!(patch.what, (Method::PATCH, "jobriskreports".to_owned()));
    }

    #[test]
    fn any_retry_after_is_kept_within_bounds() {
        let pause_of = |status: u16, text: &str| {
            let headers = [(header::RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
            pause(StatusCode::from_u16(status).unwrap(), &headers).map(|pause| pause.as_secs())
        };
        assert_eq!(pause_of(429, "1"), Some(1));
        assert_eq!(pause_of(503, "30"), Some(30));
        assert_eq!(pause_of(429, "10000000000000000000"), Some(30));
        assert_eq!(pause_of(429, "99999999999999999999999999999999"), Some(30));
        assert_eq!(pause_of(429, "Fri, 31 Dec 1999 23:59:59 GMT"), Some(1));
        assert_eq!(pause_of(429, "-1"), Some(1));
        assert_eq!(pause_of(500, "1"), None);
    }
}
