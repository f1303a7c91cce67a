//! Traces removed, defences switched off, data destroyed.

use super::cluster;
use super::words::{flagged, has, operands, option, short, subcommand, words};
use super::{COMMAND, Rule, Sample, Severity, Weight};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::facts::Facts;
use crate::detect::files::{Access, FileUse, below, is_block_device};
use crate::detect::findings::Collector;
use crate::detect::runs::Run;
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-defense-evasion",
        title: "Removal of traces or defences",
        message: "removes traces or switches off defences",
        meaning: "Histories, logs and events are removed, firewalls and guards stopped, competitors killed.",
        false_positives: "Clean-up of nodes, images and events.",
        confirm: &[
            Step::Object(
                "What is removed or stopped: shell history, logs, events, firewall rules, agents, \
                 competing miners.",
            ),
            Step::Fields(
                "..hostPath",
                "Whether it is the node's logs and agents, or only those of the container.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Token],
            attack: "Do not trust what the node still says of itself: take logs and events from where they \
                     were shipped to. Check that your agents on those nodes run and report.",
            benign: "Rotate logs with the node's logrotate or the runtime's limits; let events expire by \
                     the API server's own time to live.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1070", "T1685"],
        references: &[links::LOGGING],
        check: |facts, found| {
            each_use(
                facts,
                found,
                |_, files| files.iter().any(removes_traces).then_some(TRACES),
                |run, at, call| cluster::disarms(run, at, call).or_else(|| evades(call).then_some(TRACES)),
            );
        },
        samples: &[
            Sample::Hit(25, "containers: [{name: a, command: [bash, -c, 'unset HISTFILE; id']}]"),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'iptables -F; setenforce 0']}]"),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'pkill -9 -f kdevtmpfsi']}]"),
            Sample::Hit(25, "containers: [{name: a, command: [kubectl, delete, events, --all]}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [kubectl, delete, validatingwebhookconfigurations.admissionregistration.k8s.io, --all]}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [kubectl, delete, netpol, --all, -A]}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'kubectl get validatingwebhookconfigurations -o name | xargs kubectl delete']}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [kubectl, -n, kyverno, scale, deploy, --replicas=0, --all]}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [kubectl, label, ns, shop, pod-security.kubernetes.io/enforce=privileged]}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [kubectl, patch, mutatingwebhookconfiguration, x, -p, '{\"webhooks\":[{\"name\":\"x\",\"failurePolicy\":\"Ignore\"}]}']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [kubectl, delete, validatingwebhookconfiguration, shop-webhook, --ignore-not-found]}]",
            ),
            Sample::Miss("containers: [{name: a, command: [kubectl, scale, deploy, shop, --replicas=0]}]"),
            Sample::Miss("containers: [{name: a, command: [kubectl, delete, netpol, web]}]"),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [sh, -c, 'echo nameserver 203.0.113.5 > /etc/resolv.conf']}]",
            ),
            Sample::Hit(
                25,
                "volumes: [{name: v, hostPath: {path: /var/log}}]\ncontainers: [{name: a, command: [sh, -c, 'rm -rf /l/*'], volumeMounts: [{name: v, mountPath: /l}]}]",
            ),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, './x; rm -f \"$0\"']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'rm -rf /var/log/app/*.gz; iptables -L']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'pkill -HUP nginx']}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'crontab -l; history']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-destructive",
        title: "Destruction of data",
        message: "destroys data",
        meaning: "Disks, file systems, the cluster's database or whole kinds of objects are wiped.",
        false_positives: "Clean-up of a scoped directory is not it; wiping disks for a storage system is.",
        confirm: &[
            Step::Object(
                "What is wiped: a device, a mount of the node, etcd, or objects by kubectl delete --all.",
            ),
            Step::Fields("..hostPath", "Whether the path is on the node, and with it other workloads' data."),
            Step::Logs("How far it came."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Cluster, Exposure::Data],
            attack: "Stop it before anything else, also before saving evidence. Then disconnect the \
                     backups from the credentials of this cluster, and restore to a clean one.",
            benign: "Clean up in a scoped directory with a fixed path, never a variable that may be empty. \
                     Disks are wiped by the storage system's operator; mount only the one device.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1485", "T1561"],
        references: &[links::JOB, links::VOLUMES],
        check: |facts, found| {
            each_use(
                facts,
                found,
                |run, files| wipes(run, files).then_some(WIPED),
                |run, at, call| cluster::destroys(run, at, call).or_else(|| destroys(call).then_some(WIPED)),
            );
        },
        samples: &[
            Sample::Hit(40, "containers: [{name: a, command: [rm, -rf, --no-preserve-root, /]}]"),
            Sample::Hit(
                40,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [sh, -c, 'rm -rf /h/var/lib/etcd/*'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(40, "containers: [{name: a, command: [dd, if=/dev/zero, of=/dev/sda]}]"),
            Sample::Hit(
                40,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [find, /h, -mindepth, '1', -delete], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [find, /h, -name, core, -mtime, '+7', -delete], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(40, "containers: [{name: a, command: [sh, -c, 'mkfs.ext4 -F /dev/nvme0n1']}]"),
            Sample::Hit(40, "containers: [{name: a, command: [etcdctl, del, '', --prefix]}]"),
            Sample::Hit(40, "containers: [{name: a, command: [kubectl, delete, deployments, --all, -A]}]"),
            Sample::Hit(45, "containers: [{name: a, command: [kubectl, delete, ns, --all]}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'kubectl get ns -o name | grep -v kube- | xargs kubectl delete']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'for n in $(kubectl get pvc -A -o name); do kubectl delete $n; done']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [velero, backup, delete, --all, --confirm]}]"),
            Sample::Hit(40, "containers: [{name: a, command: [aws, s3, rb, 's3://backups', --force]}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'kubectl get pods -A --field-selector=status.phase=Failed -o name | xargs kubectl delete']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'kubectl get ns -l preview=true -o name | xargs kubectl delete']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'kubectl get ns -o name | grep ^namespace/pr- | xargs kubectl delete']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [velero, backup, delete, nightly-1, --confirm]}]"),
            Sample::Miss("containers: [{name: a, command: [aws, s3, rm, 's3://logs/old/', --recursive]}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'rm -rf /data/cache/*']}]"),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /opt/cni/bin}}]\ncontainers: [{name: a, command: [sh, -c, 'rm -rf /h/*multus*'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss("containers: [{name: a, command: [kubectl, delete, jobs, -l, app=x]}]"),
            Sample::Miss("containers: [{name: a, command: [dd, if=/dev/zero, of=/data/test.img]}]"),
        ],
        ..COMMAND
    },
];

const TRACES: Weight = (Severity::Medium, 25);
const WIPED: Weight = (Severity::Medium, 40);

/// Adds a hit per run for the invocation that weighs most, by its files or itself, the first of equal ones.
fn each_use(
    facts: &Facts<'_>,
    found: &mut Collector<'_>,
    by_files: impl Fn(&Run<'_>, &[FileUse]) -> Option<Weight>,
    by_call: impl Fn(&Run<'_>, usize, &Invocation) -> Option<Weight>,
) {
    for run in &facts.runs {
        let files = run.files.chunk_by(|a, b| a.by == b.by);
        let files = files.filter_map(|files| Some((files.first()?.by, by_files(run, files)?)));
        let calls = run.invocations().filter_map(|(at, call)| Some((at, by_call(run, at, call)?)));
        let heaviest = files.chain(calls).reduce(|most, next| if next.1.1 > most.1.1 { next } else { most });
        if let Some((at, (severity, points))) = heaviest {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

fn removes_traces(file: &FileUse) -> bool {
    let log = |path: &str| {
        [
            "/var/log/wtmp",
            "/var/log/btmp",
            "/var/log/lastlog",
            "/var/log/auth.log",
            "/var/log/secure",
            "/var/log/audit",
        ]
        .iter()
        .any(|log| below(path, log))
            || path.ends_with("/.bash_history")
    };
    match file.access {
        Access::Remove => {
            let of_node = |host: &str| {
                matches!(host.trim_end_matches("/*"), "/var/log" | "/var/log/pods" | "/var/log/containers")
            };
            log(&file.path) || file.host.as_deref().is_some_and(|host| log(host) || of_node(host))
        }
        Access::Write => file.path == "/etc/resolv.conf" || log(&file.path),
        Access::Read | Access::Fill => false,
    }
}

/// Guards, and programs of other intruders.
const GUARDS: &[&str] = &[
    "falco",
    "auditd",
    "apparmor",
    "firewalld",
    "ufw",
    "selinux",
    "sysmon",
    "osqueryd",
    "wazuh",
    "crowdstrike",
    "falcon-sensor",
    "clamav",
    "aliyun",
    "aegis",
    "cloudmonitor",
    "qcloud",
    "tetragon",
    "rsyslog",
    "sysdig",
];
const RIVALS: &[&str] = &[
    "xmrig",
    "kinsing",
    "kdevtmpfsi",
    "minerd",
    "kworkerds",
    "watchbog",
    "xmr",
    "cnrig",
    "sysupdate",
    "networkservice",
    "masscan",
];

fn evades(invocation: &Invocation) -> bool {
    let names = |known: &[&str]| words(invocation).any(|word| known.iter().any(|name| word.contains(name)));
    match invocation.program.as_str() {
        "history" => short(invocation, 'c'),
        "unset" => has(invocation, &["HISTFILE", "HISTSIZE"]),
        "export" | "set" | "" => {
            let clears = |name: &str, value: &str| {
                name == "HISTFILE" && matches!(value, "" | "/dev/null") || name == "HISTSIZE" && value == "0"
            };
            invocation.assignments.iter().any(|(name, value)| clears(name, value))
                || words(invocation)
                    .filter_map(|word| word.split_once('='))
                    .any(|(name, value)| clears(name, value))
        }
        "setenforce" => has(invocation, &["0", "Permissive"]),
        "iptables" | "ip6tables" => has(invocation, &["-F", "--flush", "-X"]),
        "nft" => has(invocation, &["flush"]),
        "ufw" => has(invocation, &["disable"]),
        "auditctl" => has(invocation, &["-D"]) || option(invocation, &["-e"]) == Some("0"),
        "systemctl" | "service" | "rc-service" => {
            has(invocation, &["stop", "disable", "mask"]) && names(GUARDS)
        }
        "pkill" | "killall" | "kill" => names(GUARDS) || names(RIVALS),
        "crontab" => has(invocation, &["-r"]),
        "chattr" => has(invocation, &["+i", "+a", "-i", "-ia", "+ia"]),
        // A script that removes itself.
        "rm" | "shred" => operands(invocation).any(|word| {
            matches!(word, "$0" | "$BASH_SOURCE" | "sh" | "/proc/self/exe") && word.starts_with('$')
        }),
        _ => false,
    }
}

/// Directories whose removal takes the system, or everybody's data, with it.
const ROOTS: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt",
    "/root",
    "/sbin",
    "/srv",
    "/sys",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/etc/kubernetes",
    "/var/lib/etcd/member",
    "/etc/kubernetes/manifests",
    "/etc/kubernetes/pki",
    "/mnt",
    "/media",
];

/// Whether one of the files of an invocation is a disk, or the whole of a system.
fn wipes(run: &Run<'_>, files: &[FileUse]) -> bool {
    let Some(call) = files.first().and_then(|file| run.invocation(file.by)) else { return false };
    let overwrites = matches!(call.program.as_str(), "dd" | "cat" | "cp" | "shred" | "echo");
    // Once for all its files: both they and its words may be many.
    let recursive = call.program == "rm"
        && (short(call, 'r') || short(call, 'R') || has(call, &["--recursive"]))
        || call.program == "find";
    let whole = |path: &str| {
        let base = path.strip_suffix("/*").unwrap_or(path);
        ROOTS.contains(&if base.is_empty() { "/" } else { base })
    };
    files.iter().any(|file| match (file.access, &file.host) {
        (Access::Read | Access::Fill, _) => false,
        (Access::Write, _) => {
            overwrites && (is_block_device(&file.path) || file.path == "/proc/sysrq-trigger")
        }
        (Access::Remove, _) if call.program == "shred" && is_block_device(&file.path) => true,
        (Access::Remove, Some(host)) => recursive && whole(host),
        // In the container's own file system only the whole of it.
        (Access::Remove, None) => recursive && matches!(file.path.as_str(), "/" | "/*"),
    })
}

fn destroys(invocation: &Invocation) -> bool {
    let disk = || operands(invocation).any(is_block_device);
    match invocation.program.as_str() {
        "wipefs" | "blkdiscard" | "sgdisk" | "badblocks" => {
            disk() && !has(invocation, &["-n", "--no-act", "-p", "--print"])
        }
        program if program == "mkfs" || program.starts_with("mkfs.") => disk(),
        "etcdctl" => {
            subcommand(invocation, &["del"])
                && (flagged(invocation, &["--prefix", "--from-key"])
                    || operands(invocation).any(|key| key == "/registry"))
        }
        _ => false,
    }
}
