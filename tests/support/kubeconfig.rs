//! Kubeconfigs with everything in them: no path to another file.

use std::path::Path;

use k8s_openapi::ByteString;
use serde_json::json;

use super::pki;

/// Writes a kubeconfig (JSON is YAML) for the bearer of `token`.
pub(crate) fn write(path: &Path, url: &str, ca_pem: &str, user: &str, token: &str) -> Result<(), String> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": user } }],
        "clusters": [{ "name": "test", "cluster": {
            "server": url,
            "certificate-authority-data": ByteString(ca_pem.as_bytes().to_vec()),
        } }],
        "users": [{ "name": user, "user": { "token": token } }],
    });
    pki::write_private(path, &format!("{config:#}\n"))
}
