//! The controller as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{eventually, free_port, sum};

/// More than any start, list or write ever takes.
const LIMIT: Duration = Duration::from_secs(120);
/// More than a report takes on average where many are written.
const EACH: Duration = Duration::from_millis(20);
/// The unit of times in `/proc/PID/stat`, on Linux everywhere.
const TICK: Duration = Duration::from_millis(10);

/// `jobrisk run`. It ends with this value, and with this process, whatever kind of end that is.
pub(crate) struct Controller {
    child: Child,
    port: u16,
    started: Instant,
    log: Receiver<(Instant, String)>,
}

impl Controller {
    pub(crate) fn start(kubeconfig: &Path) -> Self {
        Self::start_by(&[], kubeconfig)
    }

    /// With a limit on its data: heap, stacks and all other memory of its own that can be written.
    pub(crate) fn start_with_data_limit(kubeconfig: &Path, mib: u32) -> Self {
        Self::start_by(&["prlimit", &format!("--data={}", u64::from(mib) << 20)], kubeconfig)
    }

    fn start_by(launcher: &[&str], kubeconfig: &Path) -> Self {
        let port = free_port();
        // A frozen process does not end by itself when this one is gone.
        let tied = [&["setpriv", "--pdeathsig", "KILL"], launcher, &[env!("CARGO_BIN_EXE_jobrisk")]].concat();
        let spawn = |program: &[&str]| {
            Command::new(program[0])
                .args(&program[1..])
                .args(["run", &format!("--listen=127.0.0.1:{port}")])
                .arg("--kubeconfig")
                .arg(kubeconfig)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
        };
        let started = Instant::now();
        let mut child = match spawn(&tied) {
            Err(error) if error.kind() == ErrorKind::NotFound => spawn(&tied[3..]),
            result => result,
        }
        .expect("jobrisk does not start");
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, log) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // Read to the end, also when nobody listens any more: a full pipe would stop the controller.
                let _ = sender.send((Instant::now(), line));
            }
        });
        Self { child, port, started, log }
    }

    /// Waits until everything was listed. The log says so on its own; asking again and again would be work
    /// for the one thread of the controller.
    pub(crate) fn ready(&self) -> Duration {
        let mut said = String::new();
        let mut listed = 0;
        loop {
            let Ok((at, line)) = self.log.recv_timeout(LIMIT) else { panic!("not ready; its log:\n{said}") };
            listed += usize::from(line.contains(r#""message":"listed""#));
            if listed == 2 {
                assert!(self.get("/readyz").ends_with("ok\n"), "listed, but not ready; its log:\n{said}");
                return at - self.started;
            }
            said.push_str(&line);
            said.push('\n');
        }
    }

    /// Waits until this many reports are written; the time since the start.
    pub(crate) fn wrote(&self, reports: usize) -> Duration {
        let all = f64::from(u32::try_from(reports).unwrap());
        let written =
            || sum(&self.get("/metrics"), "jobrisk_report_writes_total", |label| label.contains("ok"));
        let limit = LIMIT + EACH * u32::try_from(reports).unwrap();
        let done = eventually(limit, || (written() >= all).then(|| self.started.elapsed()));
        done.unwrap_or_else(|| panic!("{reports} reports were not written:\n{}", self.get("/metrics")))
    }

    /// The most memory that it ever had resident.
    pub(crate) fn peak_kib(&self) -> u32 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Waits until nothing waits to be written.
    pub(crate) fn idle(&self) {
        let idle = || sum(&self.get("/metrics"), "jobrisk_queue_depth", |_| true) < 0.5;
        eventually(LIMIT, || idle().then_some(())).expect("it does not come to rest");
    }

    /// The time that it has spent on a core, in its own code and in the kernel.
    pub(crate) fn cpu_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // What stands before the last bracket is its name.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11..13].iter().map(|ticks| TICK * ticks.parse::<u32>().unwrap()).sum()
    }

    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let ended =
            eventually(LIMIT, || self.child.try_wait().transpose()).expect("it does not end").unwrap();
        assert!(ended.success(), "{ended}");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", r#"kill -s "$1" "$2""#, "kill", name, &pid]).status();
        assert!(sent.unwrap().success(), "signal {name}");
    }

    /// The answer with its head; empty when there is none.
    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            let _ = write!(stream, "GET {path} HTTP/1.0\r\n\r\n")
                .and_then(|()| stream.read_to_string(&mut answer));
        }
        answer
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
