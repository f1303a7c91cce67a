//! The last check before a write is sent, below everything that could make it wait.
//!
//! A request is looked at whenever its future is polled, and once more by the task of its connection when that takes
//! the body to send it: a process that was stopped in between sends nothing when it goes on. When the term ends, what
//! is under way is dropped, which closes its connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, poll_fn};
use http::{Method, Request};
use http_body::{Body, Frame, SizeHint};
use kube::client::Body as RequestBody;
use tower::{BoxError, Service};

use super::Shared;

/// Another process writes, or may.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("this instance does not lead, or not any more")]
pub struct NotLeader;

/// A service below which no write gets when the [fence](super::fence::Fence) is closed.
#[derive(Clone)]
pub struct Fenced<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Fenced<S> {
    /// Puts the fence of `shared` before `inner`.
    pub fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

/// Whether only the leader may send it. All candidates write the lease: that is how one becomes the leader.
fn is_fenced<B>(request: &Request<B>) -> bool {
    request.method() != Method::GET && !request.uri().path().contains("/apis/coordination.k8s.io/")
}

impl<S> Service<Request<RequestBody>> for Fenced<S>
where
    S: Service<Request<FencedBody>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let fenced = is_fenced(&request).then(|| Arc::clone(&self.shared));
        let shared = fenced.clone();
        let mut answer = Box::pin(self.inner.call(request.map(|inner| FencedBody { inner, fenced })));
        let Some(shared) = shared else {
            return Box::pin(async move { answer.await.map_err(Into::into) });
        };
        Box::pin(async move {
            let checked = poll_fn(|context| {
                if shared.fence.is_open() {
                    answer.as_mut().poll(context).map_err(Into::into)
                } else {
                    Poll::Ready(Err(NotLeader.into()))
                }
            });
            tokio::select! {
                biased;
                () = shared.fence.becomes(false) => Err(NotLeader.into()),
                answer = checked => answer,
            }
        })
    }
}

/// A request's body that cannot be read for sending when the fence is closed.
pub struct FencedBody {
    inner: RequestBody,
    fenced: Option<Arc<Shared>>,
}

impl Body for FencedBody {
    type Data = <RequestBody as Body>::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, BoxError>>> {
        if self.fenced.as_ref().is_some_and(|shared| !shared.fence.is_open()) {
            return Poll::Ready(Some(Err(NotLeader.into())));
        }
        Pin::new(&mut self.inner).poll_frame(context).map_err(Into::into)
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
    use std::time::Duration;

    use http::Response;
    use http_body_util::BodyExt as _;

    use super::super::fence::Moment;
    use super::*;

    const REPORT: &str = "/apis/jobrisk.io/v1alpha1/namespaces/n/jobriskreports/job-x";
    const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/n/leases/jobrisk";

    /// What comes of a request when the API server reads it after a while, and answers with what it has read.
    async fn sent(
        shared: &Arc<Shared>,
        method: Method,
        path: &str,
        after: Duration,
    ) -> Result<String, BoxError> {
        let server = tower::service_fn(move |request: Request<FencedBody>| async move {
            tokio::time::sleep(after).await;
            let read = request.into_body().collect().await?.to_bytes();
            Ok::<_, BoxError>(Response::new(String::from_utf8(read.to_vec())?))
        });
        let mut fenced = Fenced::new(server, Arc::clone(shared));
        let body = RequestBody::from(b"content".to_vec());
        let request = Request::builder().method(method).uri(path).body(body)?;
        fenced.call(request).await.map(Response::into_body)
    }

    fn is_refused(result: &Result<String, BoxError>) -> bool {
        result.as_ref().is_err_and(|error| error.is::<NotLeader>())
    }

    #[tokio::test]
    async fn without_an_election_everything_passes() {
        let shared = Arc::new(Shared::default());
        let sent = sent(&shared, Method::PATCH, REPORT, Duration::ZERO).await;
        assert_eq!(sent.unwrap(), "content");
    }

    #[tokio::test]
    async fn behind_a_closed_fence_only_reads_and_the_lease_pass() {
        let shared = Arc::new(Shared::default());
        shared.fence.close();
        for (method, path, passes) in [
            (Method::GET, REPORT, true),
            (Method::PATCH, REPORT, false),
            (Method::DELETE, REPORT, false),
            (Method::POST, "/apis/events.k8s.io/v1/namespaces/n/events", false),
            (Method::PATCH, LEASE, true),
            (Method::POST, "/prefix/apis/coordination.k8s.io/v1/namespaces/n/leases", true),
        ] {
            let result = sent(&shared, method.clone(), path, Duration::ZERO).await;
            assert_eq!(is_refused(&result), !passes, "{method} {path}: {result:?}");
        }
    }

    #[tokio::test]
    async fn what_is_under_way_is_given_up_when_the_term_ends() {
        let shared = Arc::new(Shared::default());
        let begin = Moment::now();
        shared.fence.open_until(begin.after(Duration::from_millis(50)));
        let result = sent(&shared, Method::PATCH, REPORT, Duration::from_secs(60)).await;
        assert!(is_refused(&result), "{result:?}");
        assert!(Moment::now().since(begin) < Duration::from_secs(30), "it was waited for");
    }

    #[tokio::test]
    async fn a_body_is_not_read_for_sending_when_the_term_is_over() {
        let shared = Arc::new(Shared::default());
        let inner = RequestBody::from(b"content".to_vec());
        let body = FencedBody { inner, fenced: Some(Arc::clone(&shared)) };
        assert_eq!(body.size_hint().exact(), Some(7), "or its length would not be told");
        shared.fence.close();
        assert!(body.collect().await.is_err_and(|error| error.is::<NotLeader>()));
    }
}
