//! promtool and a real Prometheus, for the tests of metrics and alerts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::components::free_port;
use super::http;
use super::process::{self, Output, eventually, tail};
use super::supervisor::Supervisor;

/// Two slow cores and an empty module cache need ten minutes.
const BUILD_LIMIT: Duration = Duration::from_secs(45 * 60);
const LIMIT: Duration = Duration::from_secs(120);
const NAME: &str = "prometheus";

/// The folder with promtool and prometheus, which are built when this machine has none yet.
///
/// # Panics
/// With what the build said when it fails.
pub(crate) fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/prometheus/build");
        let mut command = Command::new(&script);
        // A first build takes minutes: whoever waits has to see it.
        command.stderr(Stdio::inherit());
        let output = process::run(command, "", BUILD_LIMIT).unwrap();
        assert!(output.success(), "{} failed: {}", script.display(), output.stdout);
        PathBuf::from(output.stdout.trim_end())
    })
}

/// Runs promtool in a folder, with `input` on its stdin.
pub(crate) fn promtool(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(programs().join("promtool"));
    command.args(arguments).current_dir(folder).stderr(Stdio::piped());
    process::run(command, input, LIMIT).unwrap()
}

/// A running Prometheus, in a temporary folder, with one target and some rules. Dropping it ends it.
pub(crate) struct Prometheus {
    supervisor: Supervisor,
    port: u16,
}

impl Prometheus {
    /// Starts one that scrapes a port on 127.0.0.1 each second and looks at its rules twice as often.
    ///
    /// # Panics
    /// With the end of its log when it does not become ready.
    pub(crate) fn start(rules: &Value, target: u16) -> Self {
        let supervisor = Supervisor::start().unwrap();
        let folder = supervisor.folder().to_owned();
        let config = json!({
            "global": { "scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "500ms" },
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{
                "job_name": "jobrisk",
                "static_configs": [{ "targets": [format!("127.0.0.1:{target}")] }],
            }],
        });
        // JSON is YAML too.
        for (name, content) in [("prometheus.yaml", &config), ("rules.yaml", rules)] {
            std::fs::write(folder.join(name), content.to_string()).unwrap();
        }
        let port = free_port(None).expect("a free port on 127.0.0.1");
        let arguments = [
            format!("--config.file={}", folder.join("prometheus.yaml").display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--log.level=warn".to_owned(),
        ];
        supervisor.run(NAME, &programs().join(NAME), &arguments).unwrap();
        let prometheus = Self { supervisor, port };
        let works = || {
            let (_, answer) = http::get(port, "/api/v1/query?query=up==1")?;
            answer.contains("\"value\"").then_some(())
        };
        assert!(eventually(LIMIT, works).is_some(), "nothing is scraped: {}", prometheus.log());
        prometheus
    }

    /// The alerts that are pending or firing, with labels, annotations and state.
    ///
    /// # Panics
    /// With the end of its log when it does not answer.
    pub(crate) fn alerts(&self) -> Vec<Value> {
        let answer = http::get(self.port, "/api/v1/alerts").filter(|(status, _)| *status == 200);
        let (_, body) = answer.unwrap_or_else(|| panic!("no answer: {}", self.log()));
        let answer: Value = serde_json::from_str(&body).unwrap();
        answer["data"]["alerts"].as_array().unwrap().clone()
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        tail(&self.supervisor.log(NAME), 20)
    }
}
