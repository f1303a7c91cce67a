//! Credentials in files.

use super::url::target;
use super::windows::dumps_credentials;
use super::words::{only_prints, option, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight};
use crate::detect::address::is_api_server;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::files::{Access, FileUse, below};
use crate::detect::findings::Collector;
use crate::detect::runs::Run;
use crate::detect::{code, code_strings};
use crate::normalize::Invocation;
use crate::normalize::path::{canonical, join, may_mean};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-sa-token-read",
        title: "Service account token read",
        message: "reads the token of the pod's service account",
        meaning: "With the token anything can be asked of the API server, or of the cloud, in the pod's name.",
        false_positives: "Scripts that talk to the API server with curl: where the token goes only there, it weighs 15.",
        confirm: &[
            Step::Object(
                "Where the token goes: into a header for the API server's address, into a file, or to \
                 another host.",
            ),
            Step::Rights(
                "What the token is worth: * or secrets, pods, bindings in the list make it serious.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Look in the API server's audit log, if there is one, for requests by this account \
                     from addresses that are not the pod's: then the token has left the cluster.",
            benign: "Use a client library or kubectl, which read the token themselves, under an account \
                     with only the rights it needs. Set automountServiceAccountToken: false where the API \
                     is not used.",
        },
        severity: Severity::Medium,
        points: 25,
        techniques: &["T1528"],
        references: &[links::SERVICE_ACCOUNT, links::RBAC_PRACTICES],
        check: |facts, found| {
            for run in &facts.runs {
                if let Some(at) = reads_token(facts, run) {
                    let (severity, points) =
                        if only_for_api(run, at) { (Severity::Low, 15) } else { (Severity::Medium, 25) };
                    found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
                }
            }
        },
        samples: &[
            Sample::Hit(
                25,
                "containers: [{name: a, command: [cat, /run/secrets/kubernetes.io/serviceaccount/token]}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [sh, -c, 'T=$(xxd -p /var/run/secrets//kubernetes.io/serviceaccount/token)']}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [sh, -c, 'cd /var/run/secrets/kubernetes.io/serviceaccount; cp token /data/t']}]",
            ),
            Sample::Hit(
                25,
                "volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: jwt}}]}}]\ncontainers: [{name: a, command: [cat, /idp/jwt], volumeMounts: [{name: t, mountPath: /idp}]}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [python3, -c, 'print(open(\"/var/run/secrets/kubernetes.io/serviceaccount/token\").read())']}]",
            ),
            Sample::Hit(
                15,
                "containers: [{name: a, command: [sh, -c, 'curl -X DELETE -H \"Authorization: Bearer $(cat /run/secrets/kubernetes.io/serviceaccount/token)\" https://kubernetes.default.svc/api/v1/x']}]",
            ),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'cat /var/run/secrets/*/*/token']}]"),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'base64 /run/secrets/k*/s*/t?ken']}]"),
            Sample::Hit(25, "containers: [{name: a, command: [tar, czf, /out/s.tgz, /var/run/secrets]}]"),
            Sample::Miss("containers: [{name: a, command: [ls, -R, /var/run/secrets]}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'cat /run/secrets/*/ca.crt /run/secrets/app/*']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'ls /var/run/*; cat /var/run/*.pid']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [cat, /var/run/secrets/kubernetes.io/serviceaccount/namespace]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [curl, --cacert, /run/secrets/kubernetes.io/serviceaccount/ca.crt, 'https://kubernetes.default/readyz']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [/app/run, --token-file, /run/secrets/kubernetes.io/serviceaccount/token]}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-credential-hunt",
        title: "Search for credentials",
        message: "looks for credentials",
        meaning: "It reads password files, keys, environments of other processes, or searches for them.",
        false_positives: "Backups of home directories, checks of file permissions.",
        confirm: &[
            Step::Object("Which files or variables it reads or searches for."),
            Step::Fields(
                "..hostPath",
                "Whether these are files of the node (translated through the mount) or only of the \
                 container.",
            ),
            Step::Logs("What it found. The log may now hold credentials itself: treat it so."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Secrets, Exposure::Token],
            attack: "List what the searched places held and rotate all of it. If they are the node's, the \
                     tokens of every pod on that node are among it.",
            benign: "A backup names the files that it needs instead of searching, and leaves out keys and \
                     tokens. Scan for secrets in the repository or the registry, not on nodes.",
        },
        severity: Severity::Low,
        points: 22,
        techniques: &["T1552.001", "T1552.004"],
        references: &[links::SECRET_PRACTICES],
        check: hunts,
        samples: &[
            Sample::Hit(22, "containers: [{name: a, command: [cat, /etc/shadow]}]"),
            Sample::Hit(
                22,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, command: [cat, /h/passwd], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                22,
                "volumes: [{name: v, hostPath: {path: /home}}]\ncontainers: [{name: a, command: [tar, czf, '-', '/h/u/.ssh'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(22, "containers: [{name: a, command: [sh, -c, 'cat /proc/*/environ']}]"),
            Sample::Hit(
                22,
                "containers: [{name: a, command: [sh, -c, 'cat /proc/self/fd/8/../../../etc/passwd']}]",
            ),
            Sample::Hit(22, "containers: [{name: a, command: [find, /, -name, id_rsa]}]"),
            Sample::Hit(22, "containers: [{name: a, command: [sh, -c, 'grep -ri password /home']}]"),
            Sample::Hit(10, "containers: [{name: a, command: [sh, -c, 'base64 ~/.aws/credentials']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [powershell.exe, -c, 'rundll32.exe C:\\windows\\System32\\comsvcs.dll, MiniDump 624 C:\\l.dmp full']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [reg.exe, save, 'HKLM\\SAM', 'C:\\s']}]"),
            Sample::Miss("containers: [{name: a, command: [powershell.exe, -c, 'Get-Process lsass']}]"),
            Sample::Miss("containers: [{name: a, command: [reg.exe, save, 'HKLM\\SOFTWARE\\app', 'C:\\s']}]"),
            Sample::Miss("containers: [{name: a, command: [cat, /etc/passwd]}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'cat /proc/self/fd/8']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'mkdir -p ~/.ssh && cp /keys/id_rsa ~/.ssh/id_rsa']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'cp /cfg/config.json /root/.docker/config.json']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [find, /logs, -name, '*.log', -delete]}]"),
        ],
        ..COMMAND
    },
];

/// Directories of tokens, and the tokens themselves.
const TOKENS: &[&str] = &[
    "/run/secrets/kubernetes.io/serviceaccount",
    "/run/secrets/eks.amazonaws.com",
    "/run/secrets/pods.eks.amazonaws.com",
    "/run/secrets/azure/tokens",
    "/run/secrets/tokens",
    "/run/secrets/workload-spiffe-credentials",
    "/run/secrets/openshift/serviceaccount",
];

/// What lies beside a token and is no secret.
fn is_public(path: &str) -> bool {
    path.ends_with("/namespace") || path.ends_with("/ca.crt") || path.ends_with("/service-ca.crt")
}

/// Whether a path of the container holds a token of the service account.
fn is_token(own: &Tokens, path: &str) -> bool {
    if is_public(path) {
        return false;
    }
    let named = below(path, "/run/secrets") && TOKENS.iter().any(|token| below(path, token));
    // Asked of every path: looked through once for what makes a pattern.
    let is_pattern = || path.bytes().any(|byte| matches!(byte, b'*' | b'?'));
    named || own.contains(path) || is_pattern() && TOKENS.iter().any(|token| may_mean(path, token))
}

/// Whether a folder is packed or copied whole that has tokens below it.
fn takes_tokens(run: &Run<'_>, file: &FileUse) -> bool {
    matches!(file.path.as_str(), "/run" | "/run/secrets" | "/run/secrets/kubernetes.io")
        && run.invocation(file.by).is_some_and(|call| {
            matches!(call.program.as_str(), "tar" | "bsdtar" | "zip" | "7z" | "cp" | "rsync" | "scp" | "cpio")
        })
}

/// Where the container finds the tokens that its pod projects.
type Tokens = std::collections::BTreeSet<String>;

fn own_tokens(facts: &Facts<'_>, run: &Run<'_>) -> Tokens {
    // Some pods have one or two; the limit is for those that are made to be slow.
    let files = facts.workload.token_files.iter().take(16);
    let paths = files.flat_map(|(volume, file)| {
        let mounts = run.container.mounts.iter().filter(move |mount| mount.volume == *volume).take(16);
        mounts.map(move |mount| join(&mount.mount_path, file))
    });
    paths.collect()
}

/// The first invocation that reads a token.
pub(super) fn reads_token(facts: &Facts<'_>, run: &Run<'_>) -> Option<usize> {
    let own = own_tokens(facts, run);
    let mut reads = run.files.iter().filter(|file| file.access == Access::Read);
    let by_file =
        reads.find(|file| is_token(&own, &file.path) || takes_tokens(run, file)).map(|file| file.by);
    by_file.or_else(|| {
        let in_code = |call: &Invocation| {
            code::text(call).is_some_and(|code| {
                code_strings::literals(code)
                    .iter()
                    .any(|text| text.starts_with('/') && is_token(&own, &canonical(text)))
            })
        };
        run.invocations().find(|(_, call)| in_code(call)).map(|(at, _)| at)
    })
}

/// Whether the token read at `at` goes to the API server, and nowhere else that is known.
fn only_for_api(run: &Run<'_>, at: usize) -> bool {
    let reader = run.invocation(at).map(std::ptr::from_ref);
    let fed = run.fed(|call| reader == Some(std::ptr::from_ref(call)));
    let mut sinks = run
        .invocations()
        .filter(|(sink, call)| {
            fed.get(*sink) == Some(&true) && !call.program.is_empty() && !call.program.starts_with('$')
        })
        .peekable();
    let to_api = |call: &Invocation| {
        crate::detect::flow::is_downloader(call)
            && words(call).any(|word| {
                let host = target(word).map(|target| target.host).unwrap_or_default();
                word.contains("://") && is_api_server(host)
            })
    };
    sinks.peek().is_some()
        && sinks.all(|(_, call)| to_api(call) || matches!(call.program.as_str(), "export" | "test" | "["))
}

/// Whether an invocation reads something that is a secret, whoever's: for what is sent away.
pub(super) fn reads_secret(facts: &Facts<'_>, run: &Run<'_>) -> Vec<bool> {
    let mut marks = vec![false; run.execution.commands.len()];
    let token = reads_token(facts, run);
    let own = own_tokens(facts, run);
    let hunted = run
        .files
        .iter()
        .filter(|file| file.access == Access::Read && credential(file).is_some())
        .map(|file| file.by);
    let named = run
        .files
        .iter()
        .filter(|file| file.access == Access::Read && (is_token(&own, &file.path) || takes_tokens(run, file)))
        .map(|file| file.by);
    for at in hunted.chain(named).chain(token) {
        if let Some(mark) = marks.get_mut(at) {
            *mark = true;
        }
    }
    marks
}

/// Files of the node, and of any system, whose readers want passwords or keys.
const SYSTEM: &[&str] = &["/etc/shadow", "/etc/gshadow", "/etc/sudoers"];
/// Files of the node that hold credentials of the cluster or of its users.
const NODE: &[&str] = &[
    "/etc/passwd",
    "/etc/kubernetes/pki",
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/super-admin.conf",
    "/etc/kubernetes/azure.json",
    "/var/lib/kubelet/pods",
    "/var/lib/kubelet/pki",
    "/var/lib/kubelet/kubeconfig",
    "/root",
    "/etc/rancher",
    "/etc/ssh",
    "/var/lib/etcd",
    "/home",
];
/// Files in home directories.
const HOME: &[&str] = &[
    "/.aws/credentials",
    "/.docker/config.json",
    "/.kube/config",
    "/.git-credentials",
    "/.netrc",
    "/.pgpass",
    "/.ssh/id_rsa",
    "/.ssh/id_ed25519",
    "/.ssh/id_ecdsa",
    "/.bash_history",
    "/.azure",
    "/.config/gcloud",
    "/.gnupg",
    "/.my.cnf",
    "/.ssh",
];

fn credential(file: &FileUse) -> Option<Weight> {
    const FULL: Weight = (Severity::Low, 22);
    let process = |path: &str| {
        let rest = path.strip_prefix("/proc/").unwrap_or_default();
        let (id, rest) = rest.split_once('/').unwrap_or_default();
        id != "self" && (rest == "environ" || rest.starts_with("root"))
    };
    if SYSTEM.iter().any(|path| below(&file.path, path)) || process(&file.path) {
        return Some(FULL);
    }
    if let Some(host) = &file.host {
        let known = SYSTEM.iter().chain(NODE).any(|path| below(host, path)) || in_home(host);
        return known.then_some(FULL);
    }
    in_home(&file.path).then_some((Severity::None, 10))
}

/// Whether a path is one of those in home directories.
fn in_home(path: &str) -> bool {
    // All of them are hidden.
    path.contains("/.") && HOME.iter().any(|end| path.contains(end))
}

fn hunts(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for run in &facts.runs {
        let mut heaviest: Option<(usize, Weight)> = None;
        let mut note = |at: usize, weight: Weight| {
            if heaviest.is_none_or(|(_, known)| known.1 < weight.1) {
                heaviest = Some((at, weight));
            }
        };
        for file in run.files.iter().filter(|file| file.access == Access::Read) {
            let Some(weight) = credential(file) else { continue };
            // Copies of one's own keys to where tools expect them are everyday; showing or packing them is not.
            let shows = run.invocation(file.by).is_some_and(|call| {
                matches!(
                    call.program.as_str(),
                    "cat"
                        | "base64"
                        | "xxd"
                        | "od"
                        | "strings"
                        | "tar"
                        | "zip"
                        | "curl"
                        | "head"
                        | "tail"
                        | "nc"
                )
            });
            if file.host.is_some() || weight.1 > 10 || shows {
                note(file.by, weight);
            }
        }
        if let Some((at, _)) = run.invocations().find(|(_, call)| dumps_credentials(call)) {
            note(at, (Severity::High, 45));
        }
        if let Some((at, _)) = run.invocations().find(|(_, call)| searches(call)) {
            note(at, (Severity::Low, 22));
        }
        if let Some((at, (severity, points))) = heaviest {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}

/// `find … -name id_rsa`, `grep -r password /`.
pub(super) fn searches(invocation: &Invocation) -> bool {
    const NAMES: &[&str] = &[
        "token",
        "id_rsa",
        "id_rsa*",
        "id_ed25519",
        "*.pem",
        "*.key",
        ".env",
        "*.kubeconfig",
        "kubeconfig",
        "config.json",
        "credentials",
        "*password*",
        "*secret*",
        "*.kdbx",
        "wallet.dat",
        "authorized_keys",
        ".git-credentials",
        "admin.conf",
        "*.pfx",
        "*token*",
    ];
    match invocation.program.as_str() {
        "find" | "locate" => {
            option(invocation, &["-name", "-iname", "-path"]).is_some_and(|name| NAMES.contains(&name))
        }
        "grep" | "egrep" | "rg" => {
            let recursive = invocation.program == "rg"
                || words(invocation).any(|word| {
                    word.starts_with('-') && !word.starts_with("--") && word.contains(['r', 'R'])
                        || word == "--recursive"
                });
            let wants = words(invocation).any(|word| {
                let lower = word.to_ascii_lowercase();
                ["password", "passwd", "secret", "api_key", "apikey", "aws_access", "private key", "akia"]
                    .iter()
                    .any(|w| lower.contains(w))
            });
            let wide = words(invocation).any(|word| {
                matches!(
                    word.trim_end_matches('/'),
                    "" | "/home" | "/root" | "/etc" | "/var" | "/opt" | "/proc" | "/host"
                )
            });
            recursive && wants && wide
        }
        program => !only_prints(program) && matches!(program, "trufflehog" | "lazagne" | "mimipenguin"),
    }
}
