//! The test's end of the script `supervise`, which owns the processes and the folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::process;

/// Longer than the script's own grace period between TERM and KILL.
const REPLY_LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Supervisor {
    folder: PathBuf,
    child: Child,
    line: Mutex<Line>,
}

/// One command and its answer at a time. When `commands` closes, everything ends.
struct Line {
    commands: Option<ChildStdin>,
    replies: Receiver<String>,
}

impl Line {
    fn reply(&self) -> Result<String, String> {
        let reply = self.replies.recv_timeout(REPLY_LIMIT).map_err(|error| format!("supervise: {error}"))?;
        match reply.split_once(' ').unwrap_or((&reply, "")) {
            ("ok", rest) => Ok(rest.to_owned()),
            _ => Err(format!("supervise: {reply}")),
        }
    }
}

impl Supervisor {
    pub(crate) fn start() -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/supervise");
        let mut child = Command::new(&script)
            // A Ctrl-C is for the test; the script learns of the end from its stdin.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A pipe that someone reads to its end must not stay open for the clean-up.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", script.display()))?;
        let commands = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, replies) = channel();
        thread::spawn(move || {
            for reply in stdout.lines().map_while(Result::ok) {
                if sender.send(reply).is_err() {
                    return;
                }
            }
        });
        let line = Line { commands, replies };
        let folder = PathBuf::from(line.reply()?);
        Ok(Self { folder, child, line: Mutex::new(line) })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Starts `program` under `name`; its output is appended to [`Self::log`].
    pub(crate) fn run(&self, name: &str, program: &Path, arguments: &[String]) -> Result<(), String> {
        let path = self.folder.join(format!("{name}.command"));
        let command = |file: &mut File| -> std::io::Result<()> {
            writeln!(file, "{}", program.display())?;
            arguments.iter().try_for_each(|argument| writeln!(file, "{argument}"))
        };
        File::create(&path)
            .and_then(|mut file| command(&mut file))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        self.ask(&format!("start {name}")).map(drop)
    }

    /// Ends a process and returns when it is gone. No error when it was gone before.
    pub(crate) fn stop(&self, name: &str) -> Result<(), String> {
        self.ask(&format!("stop {name}")).map(drop)
    }

    /// Sends a signal by its short name, such as `STOP`, `CONT` or `KILL`.
    pub(crate) fn signal(&self, name: &str, signal: &str) -> Result<(), String> {
        self.ask(&format!("signal {name} {signal}")).map(drop)
    }

    /// Names and process ids of what runs now, without the script itself.
    pub(crate) fn running(&self) -> Result<Vec<(String, u32)>, String> {
        let reply = self.ask("pids")?;
        reply
            .split_whitespace()
            .map(|entry| {
                let (name, pid) = entry.split_once('=').ok_or(entry)?;
                Ok((name.to_owned(), pid.parse().map_err(|_| entry)?))
            })
            .collect::<Result<_, &str>>()
            .map_err(|entry| format!("supervise: odd answer {entry}"))
    }

    /// The process id of the script.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn ask(&self, command: &str) -> Result<String, String> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let commands = line.commands.as_mut().ok_or("supervise: closed")?;
        writeln!(commands, "{command}").map_err(|error| format!("supervise: {error}"))?;
        line.reply()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.line.get_mut().unwrap_or_else(PoisonError::into_inner).commands = None;
        let ended = process::eventually(REPLY_LIMIT, || self.child.try_wait().transpose());
        // Only a script that was itself killed leaves the folder to us.
        let gone = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if !gone(&error) => eprintln!("{} stays: {error}", self.folder.display()),
            _ if ended.is_none() => eprintln!("supervise, process {}, does not end", self.child.id()),
            _ => {}
        }
    }
}
