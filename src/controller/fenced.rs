//! The last check before a write is sent, below everything that could make it wait.
//!
//! Writes have connections of their own, which look at the fence whenever they hand bytes to the system: a process that
//! was stopped anywhere before that sends nothing when it goes on. When the term ends, what is under way is dropped,
//! which closes its connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, poll_fn};
use http::{Method, Request, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower::{BoxError, Service};

use super::Shared;

/// Another process writes, or may.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("this instance does not lead, or not any more")]
pub struct NotLeader;

/// A client of two: one for what everybody may send, one for what only the leader may.
#[derive(Clone)]
pub struct Fenced<S, W> {
    others: S,
    writes: W,
    shared: Arc<Shared>,
}

impl<S, W> Fenced<S, W> {
    /// Sends writes by `writes`, as long as the fence of `shared` is open, and everything else by `others`.
    pub fn new(others: S, writes: W, shared: Arc<Shared>) -> Self {
        Self { others, writes, shared }
    }
}

/// Whether only the leader may send it. All candidates write the lease: that is how one becomes the leader.
fn is_fenced<B>(request: &Request<B>) -> bool {
    request.method() != Method::GET && !request.uri().path().contains("/apis/coordination.k8s.io/")
}

impl<S, W, B> Service<Request<B>> for Fenced<S, W>
where
    S: Service<Request<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    W: Service<Request<B>, Response = S::Response>,
    W::Future: Send + 'static,
    W::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        futures::ready!(self.others.poll_ready(context)).map_err(Into::into)?;
        self.writes.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !is_fenced(&request) {
            let answer = self.others.call(request);
            return Box::pin(async move { answer.await.map_err(Into::into) });
        }
        let shared = Arc::clone(&self.shared);
        let mut answer = Box::pin(self.writes.call(request));
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

/// Opens the connections for writes.
#[derive(Clone)]
pub struct FencedConnector<C> {
    inner: C,
    shared: Arc<Shared>,
}

impl<C> FencedConnector<C> {
    /// Puts the fence of `shared` into the connections that `inner` opens.
    pub fn new(inner: C, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<C> Service<Uri> for FencedConnector<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = FencedStream<C::Response>;
    type Error = C::Error;
    type Future = BoxFuture<'static, Result<Self::Response, C::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (opening, shared) = (self.inner.call(uri), Arc::clone(&self.shared));
        Box::pin(async move { Ok(FencedStream { inner: opening.await?, shared }) })
    }
}

/// A connection to which nothing can be written when the fence is closed. It lies below encryption: between the check and
/// the system is nothing that takes time.
pub struct FencedStream<T> {
    inner: T,
    shared: Arc<Shared>,
}

impl<T> FencedStream<T> {
    fn check(&self) -> io::Result<()> {
        if self.shared.fence.is_open() { Ok(()) } else { Err(io::Error::other(NotLeader)) }
    }
}

impl<T: Read + Unpin> Read for FencedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Write for FencedStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<T: Connection> Connection for FencedStream<T> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Response;
    use hyper_util::rt::TokioIo;

    use super::super::fence::Moment;
    use super::*;

    const REPORT: &str = "/apis/jobrisk.io/v1alpha1/namespaces/n/jobriskreports/job-x";
    const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/n/leases/jobrisk";

    /// What comes of a request that the API server answers after a while.
    async fn sent(
        shared: &Arc<Shared>,
        method: Method,
        path: &str,
        after: Duration,
    ) -> Result<String, BoxError> {
        let server = tower::service_fn(move |request: Request<&'static str>| async move {
            tokio::time::sleep(after).await;
            Ok::<_, BoxError>(Response::new(request.into_body().to_owned()))
        });
        let mut fenced = Fenced::new(server, server, Arc::clone(shared));
        let request = Request::builder().method(method).uri(path).body("content")?;
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
    async fn a_connection_takes_no_bytes_when_the_term_is_over() {
        let shared = Arc::new(Shared::default());
        let (near, _far) = tokio::io::duplex(64);
        let mut stream = FencedStream { inner: TokioIo::new(near), shared: Arc::clone(&shared) };
        let mut write =
            async || poll_fn(|context| Pin::new(&mut stream).poll_write(context, b"request")).await;
        assert_eq!(write().await.unwrap(), 7);
        shared.fence.close();
        assert!(write().await.is_err_and(|error| error.to_string() == NotLeader.to_string()));
    }
}
