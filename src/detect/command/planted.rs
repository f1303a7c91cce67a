//! What is put on the node that it runs, loads or trusts later.

use super::places::names_odd_host;
use super::words::{operands, option, subcommand, words};
use crate::detect::files::{Access, FileUse, below};
use crate::detect::flow::is_downloader;
use crate::detect::runs::Run;
use crate::normalize::Invocation;

/// The first invocation of a run that plants something.
pub(super) fn plants(run: &Run<'_>) -> Option<usize> {
    let fetched = Fetched::of(run);
    let by_file =
        run.files.iter().find(|file| is_planted(file) || fetched.brings(run, file)).map(|file| file.by);
    by_file.or_else(|| run.invocations().find(|(at, call)| by_tool(run, *at, call)).map(|(at, _)| at))
}

/// Directories and files of the node that make it run or trust something.
const PLACES: &[&str] = &[
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/anacrontab",
    "/var/spool/cron",
    "/var/spool/at",
    "/etc/systemd",
    "/lib/systemd",
    "/usr/lib/systemd",
    "/usr/local/lib/systemd",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/etc/init.d",
    "/etc/rc.local",
    "/etc/rc.d",
    "/etc/init",
    "/etc/kubernetes/manifests",
    "/var/lib/rancher/k3s/server/manifests",
    "/var/lib/rancher/rke2/server/manifests",
    "/etc/ld.so.preload",
    "/etc/ld.so.conf.d",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/bash.bashrc",
    "/etc/environment",
    "/etc/update-motd.d",
    "/etc/udev/rules.d",
    "/lib/udev/rules.d",
    "/etc/pam.d",
    "/etc/ssh",
    "/etc/modules-load.d",
    "/etc/NetworkManager/dispatcher.d",
    "/var/lib/cloud/scripts",
    "/boot",
    // What other programs of the node start: at a log's turn, a boot, a login, a link that comes up, a container.
    "/etc/logrotate.d",
    "/etc/containers/oci/hooks.d",
    "/usr/share/containers/oci/hooks.d",
    "/etc/initramfs-tools",
    "/etc/kernel",
    "/etc/grub.d",
    "/etc/default/grub",
    "/etc/ld.so.conf",
    "/lib/security",
    "/lib64/security",
    "/usr/lib/security",
    "/usr/lib64/security",
    "/etc/network/if-up.d",
    "/etc/dhcp/dhclient-exit-hooks.d",
    "/var/lib/rancher/k3s/agent/pod-manifests",
    "/var/lib/rancher/rke2/agent/pod-manifests",
];

/// Files of that kind in home directories.
const HOME_FILES: &[&str] = &[
    "/authorized_keys",
    "/authorized_keys2",
    "/.bashrc",
    "/.bash_profile",
    "/.profile",
    "/.zshrc",
    "/.ssh",
    "/.bash_login",
];

/// Directories from which more is reached than what lies in them directly: an archive that is unpacked here can have
/// a file for any of [`PLACES`].
const ABOVE: &[&str] = &["/", "/etc", "/lib", "/usr/lib", "/root", "/home", "/var/spool"];

/// Directories of programs that the node, its kubelet or its container runtime start.
const PROGRAMS: &[&str] = &[
    "/usr/bin",
    "/usr/sbin",
    "/bin",
    "/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/libexec",
    "/opt/bin",
    "/opt/cni",
    "/usr/lib/cni",
    "/var/lib/rancher/k3s/data",
    "/var/lib/rancher/rke2/bin",
];

/// Programs of those directories that run by themselves, or whenever a container starts or someone logs in.
const STARTED: &[&str] = &[
    "runc",
    "crun",
    "containerd",
    "containerd-shim",
    "containerd-shim-runc-v1",
    "containerd-shim-runc-v2",
    "dockerd",
    "docker-proxy",
    "docker-init",
    "crio",
    "conmon",
    "kubelet",
    "kube-proxy",
    "k3s",
    "rke2",
    "sshd",
    "sudo",
    "su",
    "login",
    "bash",
    "sh",
    "dash",
    "init",
    "systemd",
    "mount",
    "umount",
    "modprobe",
    "iptables",
    "ip",
    "cron",
    "crond",
    "agetty",
    "loopback",
];

fn is_planted(file: &FileUse) -> bool {
    let Some(host) = file.host.as_deref() else { return false };
    let in_place = || PLACES.iter().any(|place| below(host, place));
    match file.access {
        Access::Write => {
            let (folder, name) = host.rsplit_once('/').unwrap_or_default();
            in_place()
                || HOME_FILES.iter().any(|end| host.ends_with(end))
                || PROGRAMS.contains(&folder) && folder != "/opt/cni" && STARTED.contains(&name)
        }
        Access::Fill => {
            in_place() || ABOVE.contains(&host) || HOME_FILES.iter().any(|end| host.ends_with(end))
        }
        Access::Read | Access::Remove => false,
    }
}

/// What a script gets from a host without a name. A tool from a named place is what installers copy to a node.
struct Fetched<'a> {
    /// For each invocation: it reads such a download.
    fed: Vec<bool>,
    /// The files that such downloads wrote, in the container.
    files: Vec<&'a str>,
}

impl<'a> Fetched<'a> {
    fn of(run: &'a Run<'_>) -> Self {
        let odd = |call: &Invocation| is_downloader(call) && names_odd_host(call);
        let fed = run.fed(odd);
        let from =
            |file: &&FileUse| fed.get(file.by) == Some(&true) || run.invocation(file.by).is_some_and(odd);
        let written = run.files.iter().filter(|file| file.access == Access::Write && !fed.is_empty());
        let files = written.filter(from).map(|file| file.path.as_str()).take(64).collect();
        Self { fed, files }
    }

    /// Whether a file use brings such a download to where the node has its programs.
    fn brings(&self, run: &Run<'_>, file: &FileUse) -> bool {
        if self.fed.is_empty() || !matches!(file.access, Access::Write | Access::Fill) {
            return false;
        }
        let to_programs =
            file.host.as_deref().is_some_and(|host| PROGRAMS.iter().any(|folder| below(host, folder)));
        let odd = || run.invocation(file.by).is_some_and(|call| is_downloader(call) && names_odd_host(call));
        let copied = || {
            let sources =
                run.files.iter().filter(|source| source.by == file.by && source.access == Access::Read);
            sources.take(64).any(|source| self.files.contains(&source.path.as_str()))
        };
        to_programs && (self.fed.get(file.by) == Some(&true) || odd() || copied())
    }
}

/// Tools that change the node they run on, or whose root is given to them.
fn by_tool(run: &Run<'_>, at: usize, invocation: &Invocation) -> bool {
    let on_node = run.on_node.get(at) == Some(&true);
    let lies_there = |path: &str| on_node || run.host.on_host(&run.at(at, path)).is_some();
    let with_root = || option(invocation, &["--root", "-R", "--prefix", "-P"]).is_some_and(lies_there);
    match invocation.program.as_str() {
        "chmod" | "install" | "setcap" => {
            gives_rights(invocation) && operands(invocation).filter(|word| word.contains('/')).any(lies_there)
        }
        _ => enables(invocation) && (on_node || with_root()),
    }
}

/// Whether a program runs with the rights of its owner, or with capabilities, after this.
fn gives_rights(invocation: &Invocation) -> bool {
    let set_uid = |mode: &str| {
        let octal = mode.trim_start_matches('0');
        let by_number = octal.len() == 4
            && octal.bytes().all(|digit| digit.is_ascii_digit())
            && octal.starts_with(['4', '5', '6', '7']);
        let by_letter = mode.split(',').any(|clause| {
            clause.split_once(['+', '=']).is_some_and(|(who, what)| {
                what.contains('s')
                    && (who.is_empty() || who.contains(['u', 'a']))
                    && who.chars().all(|c| "ugoa".contains(c))
            })
        });
        by_number || by_letter
    };
    match invocation.program.as_str() {
        "chmod" => operands(invocation).next().is_some_and(set_uid),
        "install" => option(invocation, &["-m", "--mode"]).is_some_and(set_uid),
        "setcap" => words(invocation).any(|word| word.starts_with("cap_") && !word.ends_with('=')),
        _ => false,
    }
}

/// Tools that make the system they run on start or trust something.
fn enables(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "systemctl" => subcommand(invocation, &["enable", "start", "daemon-reload", "link"]),
        "crontab" => !words(invocation).any(|word| matches!(word, "-l" | "-r")),
        "useradd" | "adduser" | "usermod" | "chpasswd" => true,
        _ => false,
    }
}
