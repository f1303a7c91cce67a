//! Finds the control plane's programs, building them when this machine has none yet.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process;

/// Two slow cores and an empty module cache need ten minutes.
const BUILD_LIMIT: Duration = Duration::from_secs(45 * 60);

/// The folder with etcd, kube-apiserver, kube-controller-manager and kubectl. `assets` stands in for the
/// environment variable `KUBEBUILDER_ASSETS`.
pub(crate) fn folder(assets: Option<&Path>) -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/controlplane/build");
    let mut command = Command::new(&script);
    if let Some(assets) = assets {
        command.env("KUBEBUILDER_ASSETS", assets).stderr(Stdio::piped());
    } else {
        // A first build takes minutes: whoever waits has to see it.
        command.stderr(Stdio::inherit());
    }
    let output = process::run(command, "", BUILD_LIMIT)?;
    if !output.success() {
        return Err(format!("{} failed: {}{}", script.display(), output.stdout, output.stderr));
    }
    Ok(PathBuf::from(output.stdout.trim_end()))
}
