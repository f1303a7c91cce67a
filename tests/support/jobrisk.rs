//! The real program, run against a control plane as its own `ServiceAccount` with the permissions that are shipped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::control_plane::ControlPlane;
use super::process::{self, Output, eventually};
use super::{components, http};

/// The namespace of the shipped manifests.
pub(crate) const NAMESPACE: &str = "jobrisk-system";
const PROGRAM: &str = env!("CARGO_BIN_EXE_jobrisk");
const READY_LIMIT: Duration = Duration::from_secs(60);
const END_LIMIT: Duration = Duration::from_secs(15);

/// Runs a program as its child and says its process id. Ends it when its own stdin ends, which the test holds: so
/// nothing stays behind, however the test process goes.
const TETHERED: &str = r#"
exec 3<&0
"$@" >>"$STDOUT" 2>>"$STDERR" </dev/null 3<&- &
program=$!
echo "$program"
(read -r _ <&3; kill -KILL "$program") &
tether=$!
wait "$program"
code=$?
kill "$tether"
exit "$code"
"#;

/// An installed controller, which may run or not. Dropping it ends it.
pub(crate) struct Jobrisk {
    kubeconfig: PathBuf,
    port: u16,
    stdout: PathBuf,
    stderr: PathBuf,
    /// Further arguments of `jobrisk run`.
    arguments: Vec<String>,
    /// What the shell does before it begins the program, such as setting limits.
    before: String,
    process: Mutex<Option<Process>>,
}

struct Process {
    shell: Child,
    pid: u32,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Waiting closes stdin first.
        drop(self.shell.wait());
    }
}

impl Jobrisk {
    /// Applies the shipped manifests and waits until reports can be stored. Starts nothing.
    pub(crate) fn install(plane: &ControlPlane) -> Self {
        apply_manifests(plane);
        let kubeconfig = plane.service_account_kubeconfig(NAMESPACE, "jobrisk");
        Self::with_kubeconfig(plane.dir(), &kubeconfig)
    }

    /// A controller that is not started yet, with its output in files of a folder.
    pub(crate) fn with_kubeconfig(folder: &Path, kubeconfig: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = |name: &str| {
            let path = folder.join(format!("jobrisk-{number}.{name}"));
            File::create(&path).unwrap();
            path
        };
        Self {
            kubeconfig: kubeconfig.to_owned(),
            port: free_port(),
            stdout: file("stdout"),
            stderr: file("stderr"),
            arguments: Vec::new(),
            before: String::new(),
            process: Mutex::new(None),
        }
    }

    /// Has it begin with further arguments from now on.
    pub(crate) fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    }

    /// Has the shell do something before it begins the program from now on: `ulimit -d 65536`.
    pub(crate) fn set_before(&mut self, line: &str) {
        line.clone_into(&mut self.before);
    }

    /// The same with its standard output elsewhere, such as in a named pipe.
    pub(crate) fn with_stdout(self, stdout: PathBuf) -> Self {
        Self { stdout, ..self }
    }

    /// The port of its probes and metrics on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Installs, starts and waits until it is ready.
    pub(crate) fn start(plane: &ControlPlane) -> Self {
        let jobrisk = Self::install(plane);
        jobrisk.run();
        jobrisk.wait_ready();
        jobrisk
    }

    /// The controller that all tests of one test binary share, on the control plane that they share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Jobrisk> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(ControlPlane::shared()))
    }

    /// Starts the program. Its output is appended to what earlier runs said.
    pub(crate) fn run(&self) {
        let mut shell = Command::new("sh")
            .args(["-c", &format!("{}\n{TETHERED}", self.before), "sh", PROGRAM, "run"])
            .arg(format!("--kubeconfig={}", self.kubeconfig.display()))
            .arg(format!("--listen=127.0.0.1:{}", self.port))
            .args(&self.arguments)
            .env("STDOUT", &self.stdout)
            .env("STDERR", &self.stderr)
            .env_remove("JOBRISK_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        let process = Process { shell, pid: pid.trim_end().parse().unwrap() };
        let earlier = self.process().replace(process);
        assert!(earlier.is_none(), "it runs already");
    }

    /// Sends SIGTERM and gives the exit code and how long the end took.
    ///
    /// # Panics
    /// When it does not run or does not end.
    pub(crate) fn terminate(&self) -> (i32, Duration) {
        self.end("TERM")
    }

    /// Ends it the way a crash does.
    pub(crate) fn kill(&self) {
        self.end("KILL");
    }

    /// Terminates it, starts it again and waits until it is ready.
    pub(crate) fn restart(&self) {
        self.terminate();
        self.run();
        self.wait_ready();
    }

    /// Sends a signal by its short name: `STOP` freezes it, `CONT` lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        send(signal, self.pid());
    }

    fn end(&self, signal: &str) -> (i32, Duration) {
        let mut process = self.process().take().expect("it runs");
        let begin = Instant::now();
        send(signal, process.pid);
        let status = eventually(END_LIMIT, || process.shell.try_wait().unwrap());
        let status = status.unwrap_or_else(|| panic!("SIG{signal} does not end it: {}", self.stderr()));
        (status.code().unwrap(), begin.elapsed())
    }

    /// The process id.
    ///
    /// # Panics
    /// When it does not run.
    pub(crate) fn pid(&self) -> u32 {
        self.process().as_ref().expect("it runs").pid
    }

    /// The memory of the process that is resident now, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    /// The memory of the process that was resident at most, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    fn memory_kib(&self, which: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The exit code, once it has ended by itself.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.process().as_mut()?.shell.try_wait().unwrap()?.code()
    }

    /// Whether the process is there.
    pub(crate) fn lives(&self) -> bool {
        self.process().as_mut().is_some_and(|process| process.shell.try_wait().unwrap().is_none())
    }

    /// The status code of `/livez`.
    pub(crate) fn livez(&self) -> Option<u16> {
        Some(http::get(self.port, "/livez")?.0)
    }

    /// The status code and text of `/readyz`.
    pub(crate) fn readyz(&self) -> Option<(u16, String)> {
        http::get(self.port, "/readyz")
    }

    /// Waits until `/readyz` says yes.
    ///
    /// # Panics
    /// With what it logged when that takes too long.
    pub(crate) fn wait_ready(&self) {
        let ready = eventually(READY_LIMIT, || self.readyz().filter(|(status, _)| *status == 200));
        assert!(ready.is_some(), "not ready: {:?}\n{}", self.readyz(), self.stderr());
    }

    /// Waits until it is ready and has nothing left to write.
    pub(crate) fn wait_idle(&self) {
        // Nobody answers while another test restarts it.
        let metrics = || http::get(self.port, "/metrics").map(|(_, body)| body).unwrap_or_default();
        let ready = || self.readyz().is_some_and(|(status, _)| status == 200);
        let idle = eventually(READY_LIMIT, || {
            (ready() && sum(&metrics(), "jobrisk_queue_depth", |_| true) < 0.5).then_some(())
        });
        assert!(idle.is_some(), "still writing\n{}\n{}", metrics(), self.stderr());
    }

    /// What `/metrics` says.
    pub(crate) fn metrics(&self) -> String {
        http::get(self.port, "/metrics").map(|(_, body)| body).expect("/metrics answers")
    }

    /// The sum of the samples of a metric, whatever their labels.
    pub(crate) fn sum(&self, metric: &str) -> f64 {
        sum(&self.metrics(), metric, |_| true)
    }

    /// Everything on standard output, of all runs.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    /// Everything on standard error, of all runs.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    /// The finding log: each line of standard output. All of them have to be JSON.
    pub(crate) fn findings(&self) -> Vec<Value> {
        json_lines(&self.stdout())
    }

    /// The log: each line of standard error. All of them have to be JSON.
    pub(crate) fn log(&self) -> Vec<Value> {
        json_lines(&self.stderr())
    }

    /// The messages of the log's errors.
    pub(crate) fn errors(&self) -> Vec<String> {
        let errors = self.log().into_iter().filter(|line| line["level"] == "ERROR");
        errors.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send(signal: &str, pid: u32) {
    let script = format!("kill -s {signal} {pid}");
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

/// `kubectl apply -k manifests/base`, until the definition of reports is served.
pub(crate) fn apply_manifests(plane: &ControlPlane) {
    plane.kubectl_ok(&["apply", "-k", &base()]);
    plane.kubectl_ok(&["wait", "--for=condition=Established", "crd/jobriskreports.jobrisk.io"]);
    let served =
        eventually(READY_LIMIT, || plane.kubectl(&["get", "jobriskreports"]).success().then_some(()));
    assert!(served.is_some(), "jobriskreports are not served");
}

/// The folder of the shipped manifests.
pub(crate) fn base() -> String {
    manifests("base")
}

/// A folder of shipped manifests.
pub(crate) fn manifests(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name).display().to_string()
}

/// The sum of a metric's samples in Prometheus text, over those whose labels are wanted.
pub(crate) fn sum(text: &str, metric: &str, wanted: impl Fn(&str) -> bool) -> f64 {
    text.lines()
        .filter_map(|line| {
            let (labels, value) = line.strip_prefix(metric)?.rsplit_once(' ')?;
            // Else it is another metric with a longer name.
            let is_it = labels.is_empty() || labels.starts_with('{');
            (is_it && wanted(labels)).then(|| value.parse::<f64>().unwrap())
        })
        .sum()
}

/// Runs the program to its end.
pub(crate) fn run_to_end(arguments: &[&str]) -> Output {
    run_to_end_within(END_LIMIT, arguments)
}

/// Runs the program to its end, which may take so long.
pub(crate) fn run_to_end_within(limit: Duration, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stderr(Stdio::piped());
    for name in ["JOBRISK_LOG", "KUBECONFIG", "POD_NAME"] {
        command.env_remove(name);
    }
    process::run(command, "", limit).unwrap()
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    components::free_port(None).expect("a free port on 127.0.0.1")
}

/// All strings anywhere in a value, keys included.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| std::iter::once(key.as_str()).chain(strings(value)))
            .collect(),
        _ => Vec::new(),
    }
}

fn json_lines(text: &str) -> Vec<Value> {
    // A line that is being written has no end yet.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}
