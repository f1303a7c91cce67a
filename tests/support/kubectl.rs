//! kubectl as the administrator of one control plane.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process::{self, Output};

const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Kubectl {
    program: PathBuf,
    cache: PathBuf,
    kubeconfig: PathBuf,
}

impl Kubectl {
    pub(crate) fn new(programs: &Path, folder: &Path, kubeconfig: &Path) -> Self {
        Self {
            program: programs.join("kubectl"),
            cache: folder.join("kubectl-cache"),
            kubeconfig: kubeconfig.to_owned(),
        }
    }

    /// A kubectl that reads and writes nothing of the user's own.
    pub(crate) fn command(&self, kubeconfig: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.env("KUBECONFIG", kubeconfig).env("KUBECACHEDIR", &self.cache).env("KUBERC", "off");
        command.stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<Output, String> {
        let mut command = self.command(&self.kubeconfig);
        command.args(arguments);
        process::run(command, input, LIMIT)
    }
}
