//! Weak rules: what everyday scripts and attacks have in common. They never decide alone.

use super::words::{has, operands, option, short, subcommand, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, each_match};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::findings::Collector;
use crate::detect::runs::Run;
use crate::normalize::{Invocation, RedirectOp};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-cpu-burn",
        title: "CPU burner",
        message: "burns CPU time",
        meaning: "It computes for nothing: a test load, or the cover of a miner.",
        false_positives: "Load tests.",
        confirm: &[
            Step::Object("The loop or load generator, and its limits: a load test has a duration."),
            Step::Run(
                "kubectl -n NAMESPACE top pods --containers",
                "CPU use. Needs metrics-server; without it use your monitoring.",
            ),
        ],
        remedy: Remedy {
            exposes: &[],
            attack: "Look for a miner beside it: the same pod, the same image, outgoing connections. The \
                     load may be the cover.",
            benign: "Give a load test resources.limits, activeDeadlineSeconds and a tool with a duration \
                     (stress-ng --timeout).",
        },
        severity: Severity::Low,
        points: 12,
        techniques: &["T1496"],
        references: &[links::QUOTA, links::JOB],
        check: |facts, found| each_match(facts, found, super::burn::burns),
        samples: &[
            Sample::Hit(12, "containers: [{name: a, command: [sh, -c, 'yes > /dev/null']}]"),
            Sample::Hit(12, "containers: [{name: a, command: [stress-ng, --cpu, '4']}]"),
            Sample::Hit(12, "containers: [{name: a, command: [sh, -c, 'while :; do :; done']}]"),
            Sample::Hit(12, "containers: [{name: a, command: [sha256sum, /dev/zero]}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'yes | apt-get install x']}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'cmd || :; :; echo done']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-keepalive",
        title: "Job that never ends",
        message: "never ends by itself",
        meaning: "A Job that sleeps for ever is a place to come back to with kubectl exec.",
        false_positives: "Debugging, workers that poll.",
        confirm: &[
            Step::Object("The loop or sleep, and whether anything else is done in it."),
            Step::Run(
                "kubectl -n NAMESPACE events --for job/NAME",
                "How long it has been running. Who used kubectl exec is only in the API server's audit log.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "A pod that waits is a foothold. See who may exec into pods of this namespace, and \
                     what the pod's account and volumes open.",
            benign: "Use kubectl debug for a look inside. A worker that polls is a Deployment; a Job that \
                     waits for something has activeDeadlineSeconds.",
        },
        severity: Severity::None,
        points: 6,
        techniques: &["T1609"],
        references: &[links::DEBUG, links::JOB],
        check: |facts, found| each_match(facts, found, keeps_alive),
        samples: &[
            Sample::Hit(6, "containers: [{name: a, command: [sleep, infinity]}]"),
            Sample::Hit(6, "containers: [{name: a, command: [tail, -f, /dev/null]}]"),
            Sample::Hit(
                6,
                "containers: [{name: a, command: [sh, -c, --], args: ['while true; do sleep 30; done;']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'until nc -z db 1; do sleep 1; done']}]"),
            Sample::Miss("containers: [{name: a, command: [sleep, '30']}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'cmd || true; sleep 5']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-package-install",
        title: "Package installation at run time",
        message: "installs packages when it starts",
        meaning: "What runs is not what the image holds, and comes from outside at run time.",
        false_positives: "Small scripts on base images.",
        confirm: &[Step::Object(
            "The packages, and from which index or repository; an own index (--index-url, \
                 --extra-index-url, added sources) deserves a look.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Check the names for misspellings of known packages, and whether one of them is known \
                     to be malicious.",
            benign: "Build an image with the packages at fixed versions: it starts faster, works when the \
                     repository does not, and can be scanned.",
        },
        severity: Severity::None,
        points: 4,
        techniques: &["T1105"],
        references: &[links::IMAGES, links::SUPPLY_CHAIN],
        check: |facts, found| each_match(facts, found, |_, _, invocation| installs(invocation)),
        samples: &[
            Sample::Hit(
                4,
                "containers: [{name: a, command: [sh, -c, 'apt-get update && apt-get install -y jq']}]",
            ),
            Sample::Hit(4, "containers: [{name: a, command: [sh, -c, 'apk add --no-cache curl']}]"),
            Sample::Miss("containers: [{name: a, command: [npm, ci]}]"),
            Sample::Miss("containers: [{name: a, command: [apt-get, --version]}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-interpreter-inline",
        title: "Inline program",
        message: "runs a program given on the command line",
        meaning: "The code stands in the manifest, not in an image that was scanned and reviewed.",
        false_positives: "Everyday one-liners.",
        confirm: &[Step::Object(
            "The code after -c or -e. A few lines that you understand at once are fine; long or \
                 encoded ones have other findings.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Read the code to its end, also what is far to the right or after many empty lines.",
            benign: "Longer code belongs into an image or a ConfigMap, where it is reviewed and tested.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1059"],
        references: &[links::CONFIGMAP],
        check: |facts, found| each_match(facts, found, |_, _, invocation| code::inline(invocation).is_some()),
        samples: &[
            Sample::Hit(3, "containers: [{name: a, command: [python3, -c, 'print(1)']}]"),
            Sample::Hit(3, "containers: [{name: a, command: [sh, -c, 'perl -e 1']}]"),
            Sample::Miss("containers: [{name: a, command: [python3, script.py, -c, x]}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-output-suppressed",
        title: "Output thrown away",
        message: "throws away everything a program says",
        meaning: "Nothing of it is in the pod's logs.",
        false_positives: "Checks whose exit code is all that counts.",
        confirm: &[Step::Object(
            "Which command is silenced. A check (command -v, grep -q) is ordinary, a download or an \
                 unknown program is not.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "The log will not help. What ran has to be read from the command, from process \
                     accounting on the node or a runtime sensor.",
            benign: "Let it speak, and filter where the logs are read. Suppress only where the exit code \
                     is the answer.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1564"],
        references: &[links::LOGGING],
        check: |facts, found| each_match(facts, found, |_, _, invocation| silences(invocation)),
        samples: &[
            Sample::Hit(3, "containers: [{name: a, command: [sh, -c, './run > /dev/null 2>&1']}]"),
            Sample::Hit(3, "containers: [{name: a, command: [bash, -c, 'exec &> /dev/null']}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'command -v jq > /dev/null 2>&1']}]"),
            Sample::Miss("containers: [{name: a, command: [sh, -c, './run 2> /dev/null']}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-interactive-tty",
        title: "Interactive terminal",
        message: "waits for somebody at a terminal",
        meaning: "A Job with a terminal is made to be attached to.",
        false_positives: "Manifests made with kubectl run -it.",
        confirm: &[
            Step::Fields("..stdin", "true: somebody can attach and type."),
            Step::Fields("..tty", "true: a terminal is allocated."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Who attached is in the API server's audit log only (pods/attach, pods/exec). Without \
                     one, assume that somebody did.",
            benign: "Leave stdin and tty out of manifests of Jobs. For an interactive pod use kubectl run \
                     -it --rm or kubectl debug.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1609"],
        references: &[links::DEBUG],
        check: interactive,
        samples: &[
            Sample::Hit(3, "containers: [{name: a, tty: true}]"),
            Sample::Miss("containers: [{name: a, stdin: true, tty: false}]"),
        ],
        ..COMMAND
    },
];

fn interactive(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for container in facts.workload.containers.iter().filter(|container| container.terminal) {
        found.hit(Some(&container.name), &format!("{}.tty", container.path), "tty: true");
    }
}

fn keeps_alive(run: &Run<'_>, at: usize, invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "sleep" => {
            let time = operands(invocation).next().unwrap_or_default();
            let seconds = time.trim_end_matches(['s', 'm', 'h', 'd']).parse::<f64>().unwrap_or(0.0);
            let scale = match time.chars().next_back() {
                Some('m') => 60.0,
                Some('h') => 3600.0,
                Some('d') => 86_400.0,
                _ => 1.0,
            };
            // `while true; do …; sleep 30; done`: an endless condition inside the same loop.
            let before = (at.saturating_sub(8)..at).filter_map(|before| run.invocation(before));
            let looped = before.into_iter().any(|before| {
                matches!(before.program.as_str(), "true" | ":")
                    && before.args.is_empty()
                    && before.nesting == invocation.nesting
                    && before.nesting > run.invocation(0).map_or(0, |top| top.nesting) + 1
            });
            matches!(time, "infinity" | "inf") || seconds * scale >= 86_400.0 || looped
        }
        "tail" => (short(invocation, 'f') || short(invocation, 'F')) && has(invocation, &["/dev/null"]),
        "pause" => invocation.args.is_empty(),
        "cat" => {
            invocation.args.is_empty()
                && invocation.redirects.is_empty()
                && invocation.stage == 0
                && invocation.last_stage
                && run.container.terminal
        }
        _ => false,
    }
}

fn installs(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "apt" | "apt-get" | "yum" | "dnf" | "microdnf" | "zypper" | "tdnf" => {
            subcommand(invocation, &["install", "localinstall", "in"])
        }
        "apk" | "yarn" => subcommand(invocation, &["add"]),
        "pip" | "pip2" | "pip3" | "gem" | "cargo" | "go" | "pipx" | "conda" | "mamba" => {
            subcommand(invocation, &["install"])
        }
        "npm" | "pnpm" => {
            subcommand(invocation, &["install", "i", "add"]) && operands(invocation).count() > 1
        }
        "pacman" => words(invocation).any(|word| word.starts_with("-S")),
        "dpkg" => short(invocation, 'i'),
        "rpm" => option(invocation, &["-i", "-U", "-ivh", "-Uvh"]).is_some(),
        program if program.starts_with("python") => {
            let module = option(invocation, &["-m"]);
            module == Some("pip") && subcommand(invocation, &["install"])
        }
        _ => false,
    }
}

fn silences(invocation: &Invocation) -> bool {
    // Checks whose answer is their exit code.
    let asks = matches!(
        invocation.program.as_str(),
        "command"
            | "which"
            | "type"
            | "hash"
            | "grep"
            | "test"
            | "["
            | "nc"
            | "kubectl"
            | "curl"
            | "wget"
            | "pushd"
            | "popd"
            | "nslookup"
            | "getent"
    );
    let prefixed =
        invocation.prefixes.iter().any(|prefix| prefix == "command") || has(invocation, &["-v", "--version"]);
    if asks || prefixed {
        return false;
    }
    let null = |descriptor: u32| {
        invocation.redirects.iter().any(|redirect| {
            redirect.target.text == "/dev/null"
                && (redirect.op == RedirectOp::OutErr
                    || redirect.fd.unwrap_or(1) == descriptor && redirect.op != RedirectOp::In)
                || redirect.op == RedirectOp::DupOut
                    && (redirect.target.text == "/dev/null"
                        || redirect.fd.unwrap_or(1) == descriptor
                            && redirect.target.text == "1"
                            && descriptor == 2)
        })
    };
    null(1) && null(2)
}
