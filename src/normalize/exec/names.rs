//! Programs under another name: copied, linked, with a version behind the name.

use std::collections::HashMap;

use super::super::argv::program;
use super::super::path::canonical;
use super::super::shell::{Command, Redirect};
use super::Word;
use super::prefix::unwrapped;
use super::shells::is_shell;

/// Other names that are remembered.
const MAX_NAMES: usize = 256;

/// Programs that are worth another name, the shells aside. Asked of every word: so no list to walk.
fn is_worth_a_name(name: &str) -> bool {
    matches!(
        name,
        "python"
            | "pypy"
            | "perl"
            | "ruby"
            | "node"
            | "nodejs"
            | "bun"
            | "deno"
            | "php"
            | "lua"
            | "luajit"
            | "pwsh"
            | "awk"
            | "gawk"
            | "mawk"
            | "busybox"
            | "toybox"
            | "curl"
            | "wget"
            | "aria"
            | "nc"
            | "ncat"
            | "netcat"
            | "socat"
            | "telnet"
            | "openssl"
            | "ssh"
            | "scp"
            | "sftp"
            | "rsync"
            | "tftp"
            | "ftp"
            | "kubectl"
            | "oc"
            | "helm"
            | "docker"
            | "podman"
            | "nerdctl"
            | "crictl"
            | "ctr"
            | "aws"
            | "gcloud"
            | "az"
            | "gsutil"
            | "rclone"
            | "nsenter"
            | "chroot"
            | "unshare"
            | "mount"
            | "insmod"
            | "modprobe"
            | "dd"
            | "tar"
            | "find"
            | "xargs"
            | "env"
            | "base"
            | "xxd"
            | "sudo"
            | "git"
            | "websocat"
            | "nmap"
            | "masscan"
            | "xmrig"
            | "gcc"
    )
}

/// The other names that a script has given.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_path: HashMap<String, String>,
}

impl Names {
    /// The program behind a path under which a known one was put, or behind a name with a version. Nothing for what
    /// goes by its own name: a known name stays, whatever was put in its place.
    pub(super) fn real(&self, path: &str) -> Option<String> {
        let name = program(path);
        if is_known(name) {
            return None;
        }
        let known = || self.by_path.get(&canonical(path));
        if let Some(real) = (!self.by_path.is_empty()).then(known).flatten() {
            return Some(real.clone());
        }
        let plain = without_version(name);
        (plain != name && is_known(plain)).then(|| plain.to_owned())
    }

    /// Notes what a command puts under another name.
    pub(super) fn visit(&mut self, command: &Command) {
        let Some((first, args)) = unwrapped(&command.words).split_first() else { return };
        let mut operands = args.iter().map(|word| word.text.as_str()).filter(|text| !text.starts_with('-'));
        match program(&first.text) {
            "cp" | "mv" | "ln" | "install" | "link" => {
                let Some(to) = operands.next_back() else { return };
                let from: Vec<&str> = operands.take(2).collect();
                // `ln -s /bin/sh` alone, and what keeps its name in a folder, need no other name.
                if let [from] = from.as_slice() {
                    self.add(from, to);
                }
            }
            "cat" => {
                let to = command.redirects.iter().rfind(|redirect| Redirect::takes_stdout(redirect));
                if let (Some(from), Some(to)) = (operands.next(), to) {
                    self.add(from, &to.target.text);
                }
            }
            "dd" => {
                let value = |name: &str| args.iter().find_map(|word| word.text.strip_prefix(name));
                if let (Some(from), Some(to)) = (value("if="), value("of=")) {
                    self.add(from, to);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, from: &str, to: &str) {
        if self.by_path.len() >= MAX_NAMES || to.len() > 4096 {
            return;
        }
        // Out of a folder for programs: a file that happens to have such a name is no program.
        // A shell without a folder is one where the script has changed to its folder.
        let is_program =
            from.rsplit_once('/').map_or_else(|| is_shell(from), |(folder, _)| folder.ends_with("bin"));
        let real = self.real(from).unwrap_or_else(|| program(from).to_owned());
        if !is_known(&real) || !is_program && !self.by_path.contains_key(&canonical(from)) {
            return;
        }
        // A name in a folder for programs is found without the folder.
        if let Some((folder, name)) = to.rsplit_once('/')
            && folder.ends_with("bin")
        {
            self.by_path.insert(name.to_owned(), real.clone());
        }
        self.by_path.insert(canonical(to).trim_start_matches("./").to_owned(), real);
    }
}

/// Whether a program is known by this name, a number behind it aside: `python3.12`.
fn is_known(name: &str) -> bool {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    is_shell(name) || is_worth_a_name(plain) || plain.len() != name.len() && is_worth_a_name(name)
}

/// A name without its version and platform: `kubectl-v1.30`, `kubectl-linux-amd64`.
fn without_version(mut name: &str) -> &str {
    while let Some((front, last)) = name.rsplit_once(['-', '_']) {
        let number = last.strip_prefix('v').unwrap_or(last);
        let is_version = number.starts_with(|c: char| c.is_ascii_digit())
            && number.bytes().all(|c| c.is_ascii_digit() || c == b'.');
        let is_platform = matches!(
            last,
            "linux" | "amd64" | "arm64" | "x86" | "64" | "aarch64" | "arm" | "musl" | "static" | "gnu"
        );
        if front.is_empty() || !is_version && !is_platform {
            break;
        }
        name = front;
    }
    name
}

/// Whether a program in a folder for temporary files takes the name of another one as its first word, as `busybox`
/// does under any name.
pub(super) fn is_multicall(words: &[Word]) -> bool {
    let [first, second, ..] = words else { return false };
    if !is_shell(&second.text) && !matches!(second.text.as_str(), "wget" | "nc" | "curl" | "telnetd") {
        return false;
    }
    let path = canonical(&first.text);
    ["/tmp/", "/var/tmp/", "/dev/shm/"].iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{Limits, executed};

    fn programs(script: &str) -> Vec<String> {
        let argv: Vec<String> = ["sh", "-c", script].map(str::to_owned).to_vec();
        let commands = executed(&argv, &Limits::default()).commands;
        commands.into_iter().skip(1).map(|call| call.program).collect()
    }

    #[test]
    fn a_copy_is_what_it_was_copied_from() {
        for (script, want) in [
            ("cp /bin/sh /tmp/log; /tmp/log -c id", vec!["cp", "sh", "id"]),
            ("ln -s /bin/bash x; ./x", vec!["ln", "bash"]),
            ("cat /usr/bin/curl > /tmp/c; nohup /tmp/c u", vec!["cat", "curl"]),
            ("dd if=/bin/sh of=/tmp/s; echo id | /tmp/s", vec!["dd", "echo", "sh", "id"]),
            ("cp /bin/sh /tmp/a; mv /tmp/a /tmp/b; /tmp/b", vec!["cp", "mv", "sh"]),
            ("cp /bin/busybox /tmp/b; /tmp/b wget u", vec!["cp", "wget"]),
            ("cp $(command -v curl) /tmp/a; /tmp/a u", vec!["cp", "command", "curl"]),
            ("kubectl-v1.30 get pods; ./kubectl_linux_amd64", vec!["kubectl", "kubectl"]),
            ("command cp /bin/sh /tmp/l; /tmp/l -c id", vec!["cp", "sh", "id"]),
            ("cd /bin; cp sh /tmp/l; /tmp/l -c id", vec!["cd", "cp", "sh", "id"]),
            ("bash-5.2 -c id", vec!["bash", "id"]),
            ("/lib64/ld-linux-x86-64.so.2 --library-path /l /tmp/x y", vec!["x"]),
            ("/tmp/bb wget u | /tmp/bb sh", vec!["bb", "wget", "bb", "sh"]),
            // A known name stays what it is, and so does what is no program.
            ("cp /bin/true /usr/bin/curl; curl u", vec!["cp", "curl"]),
            ("cp /bin/echo /tmp/curl; /tmp/curl u", vec!["cp", "curl"]),
            ("cp conf/git /tmp/x; /tmp/x", vec!["cp", "x"]),
            ("migrate-2 up; app-v1.2", vec!["migrate-2", "app-v1.2"]),
        ] {
            assert_eq!(programs(script), want, "{script}");
        }
    }

    #[test]
    fn many_copies_are_linear() {
        let script: String =
            (0..3000).fold(String::new(), |all, n| format!("{all}cp /bin/sh /tmp/{n};/tmp/{n};"));
        assert!(programs(&script).len() >= 6000);
        assert_eq!(without_version(&"-1".repeat(100_000)), "-1");
    }
}
