//! The six yes-or-no indicators of the search that jobrisk replaces, read from parsed fields.
//!
//! They keep the search's vocabulary so that its users find their numbers again. They never affect the score:
//! on real workloads they are set for every second benign one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::image::{GENERIC_OS, INTERPRETERS};
use super::runs::Origin;
use crate::normalize::exec::is_shell;
use crate::normalize::path::{covers, within};
use crate::normalize::{Invocation, Redirect};

/// The indicators. Their sum is the suspicion score.
#[allow(clippy::struct_excessive_bools, reason = "six columns of a table, each a yes or no by definition")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Indicators {
    /// An image is named like a general-purpose OS, an interpreter or an attack tool.
    pub suspicious_image: bool,
    /// A command is one of the search's list: curl, nc, `sh -c`, `base64 -d`, …
    pub suspicious_command: bool,
    /// A hostPath volume exists.
    pub host_path_mount: bool,
    /// Some container is privileged.
    pub privileged: bool,
    /// The pod shares the node's network.
    pub host_network: bool,
    /// A host path is at, under or covers /etc, /proc, /sys or the Docker socket.
    pub sensitive_mount: bool,
}

/// The search's attack tools among the images; its other two groups are those of the image rules.
const TOOLS: [&str; 4] = ["ncat", "netcat", "nmap", "masscan"];

/// The sensitive paths of the search; `/var/run` is `/run` after normalisation.
const SENSITIVE: [&str; 4] = ["/etc", "/proc", "/sys", "/run/docker.sock"];

impl Indicators {
    /// How many are set, 0 to 6.
    pub fn suspicion_score(self) -> i32 {
        [
            self.suspicious_image,
            self.suspicious_command,
            self.host_path_mount,
            self.privileged,
            self.host_network,
            self.sensitive_mount,
        ]
        .into_iter()
        .map(i32::from)
        .sum()
    }

    pub(super) fn of(facts: &Facts<'_>) -> Self {
        Self {
            suspicious_image: facts.images.iter().any(|image| is_suspicious_image(&image.reference.name)),
            suspicious_command: facts
                .runs
                .iter()
                // What the search could read: not what decoding brings to light.
                .filter(|run| run.origin == Origin::Spec)
                .any(|run| run.execution.commands.iter().any(is_suspicious_command)),
            host_path_mount: !facts.workload.host_paths.is_empty(),
            privileged: facts.workload.containers.iter().any(|container| container.privileged),
            host_network: facts.workload.host_network,
            sensitive_mount: facts.host_mounts.iter().any(|mount| {
                SENSITIVE.iter().any(|path| within(&mount.host_path, path) || covers(&mount.host_path, path))
            }),
        }
    }
}

fn is_suspicious_image(name: &str) -> bool {
    // The search's own list, not the rules' longer one: node or centos are not in it.
    let os = ["alpine", "busybox", "ubuntu", "debian", "kali", "kali-rolling"];
    let interpreters = ["python", "perl", "ruby", "php"];
    debug_assert!(
        interpreters.iter().all(|known| INTERPRETERS.contains(known)) && GENERIC_OS.contains(&"kali")
    );
    os.contains(&name) || interpreters.contains(&name) || TOOLS.contains(&name)
}

fn is_suspicious_command(invocation: &Invocation) -> bool {
    let has = |wanted: &[&str]| invocation.args.iter().any(|word| wanted.contains(&word.text.as_str()));
    let has_short = |letter: char| invocation.args.iter().any(|word| is_short_flag(&word.text, letter));
    let program = invocation.program.as_str();
    match program {
        "curl" | "wget" | "nc" | "ncat" | "netcat" | "mkfifo" | "socat" | "eval" => return true,
        "perl" | "ruby" if has_short('e') => return true,
        "chmod" if has(&["+x", "a+x", "u+x", "ugo+x", "+rx", "a+rx"]) => return true,
        "base64" if has(&["--decode"]) || has_short('d') || has_short('D') => return true,
        _ if program.starts_with("python") && has_short('c') => return true,
        _ if is_shell(program) && (has_short('c') || has_short('i')) => return true,
        _ => {}
    }
    let names_socket = |text: &str| text.contains("/dev/tcp/");
    invocation.redirects.iter().any(|Redirect { target, .. }| names_socket(&target.text))
        || (is_shell(program) && invocation.args.iter().any(|word| names_socket(&word.text)))
}

/// Whether `word` is a cluster of short flags with `letter` in it: `-c`, `-ec`.
fn is_short_flag(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|flags| {
        !flags.starts_with('-')
            && flags.len() <= 6
            && flags.chars().all(char::is_alphabetic)
            && flags.contains(letter)
    })
}
