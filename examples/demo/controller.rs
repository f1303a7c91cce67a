//! The controller, as a process of this machine.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::interrupt::{Interrupt, Stop};
use crate::support::{http, tail};

/// Ends the program when its own stdin ends, which the demo holds: nothing stays behind, however the demo goes.
const TETHERED: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
(
  read -r _ <&3
  kill -s TERM "$program"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 0.5
    kill -s 0 "$program" || exit
  done
  kill -s KILL "$program"
) 2>/dev/null >&2 &
tether=$!
wait "$program"
code=$?
kill "$tether" 2>/dev/null
exit "$code"
"#;

const READY_LIMIT: Duration = Duration::from_secs(60);
/// Its shell sees to it that the end takes no longer than ten seconds.
const END_LIMIT: Duration = Duration::from_secs(15);
const LOG_LINES: usize = 15;
/// Settings that would make the demo another one than is written here. A proxy never leads to loopback.
const NOT_INHERITED: [&str; 9] = [
    "JOBRISK_LOG",
    "KUBECONFIG",
    "POD_NAME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

pub(crate) struct Controller {
    process: Child,
    address: String,
    findings: PathBuf,
    log: PathBuf,
}

impl Controller {
    /// The release binary, which lies one folder above the examples.
    pub(crate) fn program() -> Result<PathBuf, Stop> {
        let example = std::env::current_exe()?;
        let program = example.ancestors().nth(2).map(|folder| folder.join("jobrisk")).unwrap_or_default();
        if program.is_file() {
            Ok(program)
        } else {
            Err(Stop::Failed(format!(
                "{} is not there: start the demo by `make demo`, which builds it",
                program.display()
            )))
        }
    }

    /// Starts it; finding log and log go into `folder`.
    pub(crate) fn start(program: &Path, kubeconfig: &Path, folder: &Path) -> Result<Self, Stop> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let (findings, log) = (folder.join("findings.log"), folder.join("jobrisk.log"));
        let mut command = Command::new("sh");
        command
            .args(["-c", TETHERED, "sh"])
            .arg(program)
            .arg("run")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["--listen", &address])
            // A Ctrl-C is for the demo, which ends this one in its turn.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(File::create(&findings)?)
            .stderr(File::create(&log)?);
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        Ok(Self { process: command.spawn()?, address, findings, log })
    }

    /// The address of the probes and the metrics.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The file of the finding log.
    pub(crate) fn findings(&self) -> &Path {
        &self.findings
    }

    /// The file of the log.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Fails with the end of its log when it has ended.
    pub(crate) fn check(&mut self) -> Result<(), Stop> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => Err(self.failure(&format!("has ended: {status}"))),
        }
    }

    /// Waits until it has seen everything once.
    pub(crate) fn wait_ready(&mut self, interrupt: &Interrupt) -> Result<(), Stop> {
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
        let ready = interrupt.wait(READY_LIMIT, || {
            self.check()?;
            Ok(http::get(port, "/readyz").filter(|(status, _)| *status == 200))
        })?;
        if ready.is_some() { Ok(()) } else { Err(self.failure("is not ready after 60 s")) }
    }

    /// What went wrong, with the end of the log.
    pub(crate) fn failure(&self, what: &str) -> Stop {
        Stop::Failed(format!("the controller {what}; the end of its log:\n{}", tail(&self.log, LOG_LINES)))
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let deadline = Instant::now() + END_LIMIT;
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                eprintln!("demo: the controller does not end; its parent is process {}", self.process.id());
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
