//! The connection to the API server.

use std::io;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where the API server is, and how to know it.
#[derive(Clone)]
pub(super) struct Upstream {
    port: u16,
    connector: TlsConnector,
}

impl Upstream {
    pub(super) fn new(port: u16, ca_pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { port, connector: TlsConnector::from(Arc::new(config)) }
    }

    /// Opens a connection.
    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("127.0.0.1").map_err(io::Error::other)?;
        let stream = self.connector.connect(name, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// The API server's end of one connection of the controller: one request at a time, as in HTTP/1.1.
pub(super) struct Line {
    upstream: Upstream,
    sender: tokio::sync::Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Line {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self { upstream, sender: tokio::sync::Mutex::new(None) }
    }

    /// Sends a request and gives the head of the answer.
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> io::Result<Response<Incoming>> {
        let host = format!("127.0.0.1:{}", self.upstream.port).parse().map_err(io::Error::other)?;
        request.headers_mut().insert("host", host);
        let mut sender = self.sender.lock().await;
        // A connection that the API server has closed meanwhile is opened anew.
        let ready = match sender.as_mut() {
            Some(open) => open.ready().await.is_ok(),
            None => false,
        };
        if !ready {
            *sender = Some(self.upstream.connect().await?);
        }
        sender.as_mut().unwrap().send_request(request).await.map_err(io::Error::other)
    }
}
