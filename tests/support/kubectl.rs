//! kubectl as the administrator of one control plane.

use std::ffi::OsStr;
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
        self.command_of(&self.program, kubeconfig)
    }

    fn command_of(&self, program: impl AsRef<OsStr>, kubeconfig: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", kubeconfig).env("KUBECACHEDIR", &self.cache).env("KUBERC", "off");
        command.stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<Output, String> {
        let mut command = self.command(&self.kubeconfig);
        command.args(arguments);
        process::run(command, input, LIMIT)
    }

    /// A line as somebody types it, in a shell that finds kubectl; a pipe fails with any of its parts.
    pub(crate) fn shell(&self, line: &str) -> Result<Output, String> {
        let mut command = self.command_of("bash", &self.kubeconfig);
        let programs = self.program.parent().unwrap_or(Path::new("/"));
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        command.args(["-o", "pipefail", "-c", line]).env("PATH", path);
        command.current_dir(self.kubeconfig.parent().unwrap_or(Path::new("/")));
        process::run(command, "", LIMIT)
    }
}
