//! How each program of the control plane is started.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::path::Path;

/// Loopback ports of one control plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) api_server: u16,
}

impl Ports {
    pub(crate) fn pick() -> Result<Self, String> {
        let etcd = free_port(None).ok_or("no free port on 127.0.0.1")?;
        let api_server = free_port(Some(etcd)).ok_or("no free port on 127.0.0.1")?;
        Ok(Self { etcd, api_server })
    }
}

/// A port below the range from which the kernel serves outgoing connections. From inside that range, a
/// stopped API server could lose its port to a client before it comes back, and a client that keeps
/// dialling it could end up connected to itself.
pub(crate) fn free_port(except: Option<u16>) -> Option<u16> {
    const FIRST: u64 = 20_000;
    const COUNT: u64 = 12_000;
    let start = RandomState::new().build_hasher().finish() % COUNT;
    (0..COUNT)
        .filter_map(|step| u16::try_from(FIRST + (start + step) % COUNT).ok())
        .find(|&port| Some(port) != except && TcpListener::bind(("127.0.0.1", port)).is_ok())
}

pub(crate) fn etcd(folder: &Path, ports: Ports) -> Vec<String> {
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls=http://127.0.0.1:{}", ports.etcd),
        format!("--advertise-client-urls=http://127.0.0.1:{}", ports.etcd),
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        // Nothing here outlives the process.
        "--unsafe-no-fsync".to_owned(),
        "--snapshot-count=10000".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

pub(crate) fn api_server(folder: &Path, ports: Ports) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.api_server),
        format!("--cert-dir={}", file("cert-dir")),
        format!("--tls-cert-file={}", file("serving.crt")),
        format!("--tls-private-key-file={}", file("serving.key")),
        format!("--client-ca-file={}", file("ca.crt")),
        format!("--token-auth-file={}", file("tokens.csv")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", file("sa.pub")),
        format!("--service-account-signing-key-file={}", file("sa.key")),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        // Off by default in the program, on in every real cluster; privileged templates need it.
        "--allow-privileged=true".to_owned(),
        "--profiling=false".to_owned(),
        // Without it, a stop waits for whoever watches until it is killed.
        "--shutdown-watch-termination-grace-period=1s".to_owned(),
    ]
}

pub(crate) fn controller_manager(folder: &Path) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("--kubeconfig={}", file("controller-manager.kubeconfig")),
        "--leader-elect=false".to_owned(),
        // The default of 20 per second makes the start four seconds longer: each controller gets its own
        // ServiceAccount and token first.
        "--kube-api-qps=500".to_owned(),
        "--kube-api-burst=1000".to_owned(),
        "--use-service-account-credentials=true".to_owned(),
        format!("--service-account-private-key-file={}", file("sa.key")),
        format!("--root-ca-file={}", file("ca.crt")),
        // Serves nothing: no port, no certificate.
        "--secure-port=0".to_owned(),
        "--profiling=false".to_owned(),
    ]
}
