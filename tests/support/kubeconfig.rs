//! Kubeconfigs.

use std::path::Path;

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::pki;

/// Writes a kubeconfig (JSON is YAML) for the bearer of `token`, with everything in it: no path to another file.
pub(crate) fn write(path: &Path, url: &str, ca_pem: &str, user: &str, token: &str) -> Result<(), String> {
    let cluster = json!({
        "server": url,
        "certificate-authority-data": ByteString(ca_pem.as_bytes().to_vec()),
    });
    write_parts(path, user, &cluster, &json!({ "token": token }))
}

/// Writes a kubeconfig that leads to files: of the token, and of the authority for a server with TLS.
pub(crate) fn write_with_files(
    path: &Path,
    url: &str,
    authority: Option<&Path>,
    token: &Path,
) -> Result<(), String> {
    let cluster = match authority {
        Some(authority) => json!({ "server": url, "certificate-authority": authority }),
        None => json!({ "server": url }),
    };
    write_parts(path, "test", &cluster, &json!({ "tokenFile": token }))
}

fn write_parts(path: &Path, user: &str, cluster: &Value, credentials: &Value) -> Result<(), String> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": user } }],
        "clusters": [{ "name": "test", "cluster": cluster }],
        "users": [{ "name": user, "user": credentials }],
    });
    pki::write_private(path, &format!("{config:#}\n"))
}
