//! Mining of crypto currencies.

use super::url::target;
use super::words::{only_prints, option, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::findings::Collector;
use crate::normalize::Invocation;

pub(super) static RULES: &[Rule] = &[Rule {
    id: "cmd-crypto-miner",
    title: "Cryptocurrency miner",
    message: "mines crypto currency",
    meaning: "A miner's program, the protocol of mining pools, or the options that only miners have. It is what most \
              abused clusters end up running.",
    false_positives: "Mining on purpose.",
    confirm: &[
        Step::Object(
            "The pool, the wallet (-u, --user) and the program. The wallet and pool identify the campaign: \
             keep them.",
        ),
        Step::Run(
            "kubectl -n NAMESPACE top pods --containers",
            "CPU at the limit for the whole run time. Needs metrics-server; without it use your monitoring.",
        ),
        Step::Logs("Lines such as “accepted”, “new job from”, “speed 10s/60s/15m” are a miner at work."),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Token],
        attack: "Mining is what is seen last: find out how they came in. Block the pool by name and \
                 address, and look for the same image, wallet or pool in other namespaces.",
        benign: "If you mine or benchmark on purpose, do it in a namespace of its own with a \
                 ResourceQuota, and keep an agreement in writing where who is on call finds it.",
    },
    severity: Severity::Critical,
    points: 50,
    techniques: &["T1496"],
    references: &[links::QUOTA, links::NETWORK_POLICY],
    check: mines,
    samples: &[
        Sample::Hit(50, "containers: [{name: a, command: [/tmp/.x/xmrig, -o, 'p.example.test:3333']}]"),
        Sample::Hit(
            50,
            "containers: [{name: a, image: example.test/w, args: [--url, 'stratum+tcp://p.example.test:1']}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, command: [/app/w, '--pool=stratum2+ssl://p.example.test:1']}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, env: [{name: POOL, value: 'stratum+ssl://p.example.test:1'}]}]",
        ),
        Sample::Hit(50, "containers: [{name: a, command: [/app/w, -o, 'xmr.nanopool.org:10300']}]"),
        Sample::Hit(
            48,
            "containers: [{name: a, command: [/app/w, --algo, rx/0, -o, 'p.example.test:3333', -u, W.rig, -k]}]",
        ),
        Sample::Hit(
            48,
            "containers: [{name: a, command: [sh, -c, './kworker --donate-level 1 -o p.example.test:443 -u W --tls']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [echo, 'stratum+tcp://p.example.test:1']}]"),
        Sample::Miss("containers: [{name: a, command: [mysqldump, -u, root, -p, x, -o, 'db:3306']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [/app/train, --algo, ppo, --user, me, --url, 'tracker:5000']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'pgrep xmrig && exit 1']}]"),
    ],
    ..COMMAND
}];

/// Programs and images of miners, lower case.
const MINERS: &[&str] = &[
    "xmrig",
    "xmrig-proxy",
    "xmrig-notls",
    "xmrig-cuda",
    "xmrigcc",
    "xmrdaemon",
    "xmr-stak",
    "xmr-stak-cpu",
    "xmr-stak-rx",
    "minerd",
    "cpuminer",
    "cpuminer-multi",
    "cpuminer-opt",
    "cpuminer-sse2",
    "ccminer",
    "cgminer",
    "bfgminer",
    "sgminer",
    "t-rex",
    "lolminer",
    "nbminer",
    "gminer",
    "phoenixminer",
    "teamredminer",
    "ethminer",
    "claymore",
    "nanominer",
    "srbminer",
    "srbminer-multi",
    "wildrig",
    "wildrig-multi",
    "kawpowminer",
    "minergate",
    "minergate-cli",
    "nsfminer",
    "bzminer",
    "rigel",
    "onezerominer",
    "verthashminer",
    "hellminer",
    "miniz",
    "astrominer",
    "xmrminer",
    "monero-miner",
    "cryptonight",
    "kdevtmpfsi",
    "p2pool",
    "randomx-miner",
];

/// Hosts of mining pools.
const POOLS: &[&str] = &[
    "minexmr.com",
    "supportxmr.com",
    "nanopool.org",
    "2miners.com",
    "f2pool.com",
    "ethermine.org",
    "moneroocean.stream",
    "hashvault.pro",
    "nicehash.com",
    "unmineable.com",
    "c3pool.com",
    "c3pool.org",
    "herominers.com",
    "flexpool.io",
    "viabtc.com",
    "antpool.com",
    "xmrpool.eu",
    "minergate.com",
    "woolypooly.com",
    "zpool.ca",
    "kryptex.network",
    "monerohash.com",
    "crypto-pool.fr",
    "dwarfpool.com",
    "miningpoolhub.com",
    "prohashing.com",
    "luckpool.net",
    "zergpool.com",
    "rplant.xyz",
    "monerop.com",
];

/// Names of mining algorithms, which nothing else is called.
const ALGORITHMS: &[&str] = &[
    "randomx",
    "rx/0",
    "rx/wow",
    "rx/arq",
    "cryptonight",
    "cn/r",
    "cn/gpu",
    "cn-heavy",
    "kawpow",
    "ethash",
    "etchash",
    "autolykos",
    "autolykos2",
    "kheavyhash",
    "argon2/chukwa",
    "ghostrider",
    "progpow",
    "cuckatoo32",
    "cuckaroo29",
    "beamhashiii",
    "octopus",
    "verushash",
    "x16r",
    "x16rv2",
    "equihash",
    "lyra2z",
    "yescrypt",
    "yespower",
    "sha256d",
    "blake3_alephium",
];

fn mines(facts: &Facts<'_>, found: &mut Collector<'_>) {
    for run in &facts.runs {
        let hit = run
            .invocations()
            .filter_map(|(at, invocation)| weigh(invocation).map(|weight| (at, weight)))
            .max_by_key(|(at, weight)| (weight.1, std::cmp::Reverse(*at)));
        if let Some((at, (severity, points))) = hit {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
    // The pool in the environment of a program that is not known.
    for container in &facts.workload.containers {
        if let Some((name, _)) = container.env.iter().find(|(_, value)| names_pool(value)) {
            found.hit(Some(&container.name), &format!("{}.env", container.path), &format!("{name}=***"));
        }
    }
}

fn weigh(invocation: &Invocation) -> Option<Weight> {
    let program = invocation.program.to_ascii_lowercase();
    if is_miner(&program) {
        return Some((Severity::Critical, 50));
    }
    let quiet =
        only_prints(&program) || matches!(program.as_str(), "pkill" | "killall" | "pgrep" | "kill" | "ps");
    if quiet {
        return None;
    }
    // A configuration that is written down for a miner.
    let written =
        invocation.redirects.iter().any(|redirect| redirect.target.text.contains("\"donate-level\""));
    if written || words(invocation).any(names_pool) {
        return Some((Severity::Critical, 50));
    }
    has_miner_options(invocation).then_some((Severity::High, 48))
}

/// Whether a program is a miner, a version in its name aside.
fn is_miner(name: &str) -> bool {
    MINERS.contains(&name) || name.starts_with("xmrig-") || name.starts_with("xmr-stak-")
}

/// Whether a word is the address of a mining pool: by protocol, alone or after `=`, or by name.
fn names_pool(word: &str) -> bool {
    let value = match word.split_once('=') {
        Some((option, value)) if !option.contains("://") => value,
        _ => word,
    };
    let scheme = value.split_once("://").map(|(scheme, _)| scheme).unwrap_or_default();
    if scheme.starts_with("stratum") || matches!(scheme, "ethproxy" | "daemon+http" | "daemon+https") {
        return true;
    }
    if value.len() > 512 || !value.contains('.') {
        return false;
    }
    let Some(target) = target(value) else { return false };
    let host = target.host.to_ascii_lowercase();
    // With a port, as pools have one: their pages and APIs are not the pool.
    let has_port =
        target.port.is_some_and(|port| !matches!(port, "443" | "80" | "") || !value.starts_with("http"));
    has_port
        && POOLS
            .iter()
            .any(|pool| host == *pool || host.strip_suffix(pool).is_some_and(|front| front.ends_with('.')))
}

/// At least three options as miners have them, one of which only miners have.
fn has_miner_options(invocation: &Invocation) -> bool {
    // One option alone makes two signs at most, and three are asked for: most commands are done with here.
    if words(invocation).filter(|word| word.starts_with('-')).take(2).count() < 2 {
        return false;
    }
    let value = |names: &[&str]| option(invocation, names);
    let is_endpoint = |text: &str| {
        target(text).is_some_and(|target| {
            target.port.is_some_and(|port| port.parse::<u16>().is_ok()) && target.host.contains('.')
        })
    };
    let algorithm = value(&["-a", "--algo", "--coin", "--algorithm"]);
    let endpoint = value(&["-o", "--url", "--pool", "--server", "-P"]).filter(|text| is_endpoint(text));
    let user = value(&["-u", "--user", "--wallet", "--address"]);
    let flag = |wanted: &[&str]| {
        words(invocation).any(|word| wanted.contains(&word.split('=').next().unwrap_or(word)))
    };
    let special = [
        flag(&["--donate-level", "--donate-over-proxy"]),
        flag(&["--cpu-max-threads-hint", "--max-cpu-usage", "--randomx-1gb-pages", "--randomx-mode"]),
        flag(&["--nicehash", "--rig-id", "--no-huge-pages", "--opencl", "--cuda"]),
        algorithm.is_some_and(|name| ALGORITHMS.contains(&name.to_ascii_lowercase().as_str())),
        endpoint.is_some_and(|host| host.starts_with("pool.") || host.contains(".pool.")),
        user.is_some_and(is_wallet),
    ];
    let common = [
        algorithm.is_some() && !special.get(3).copied().unwrap_or(false),
        endpoint.is_some(),
        user.is_some(),
        flag(&["--tls", "-k", "--keepalive", "--tls-fingerprint"]),
        flag(&["--cpu-priority", "--threads", "-t", "-B", "--background", "--print-time"]),
    ];
    let count = |list: &[bool]| list.iter().filter(|set| **set).count();
    count(&special) >= 1 && count(&special) + count(&common) >= 3
}

/// An address as Monero or Ethereum have it.
fn is_wallet(user: &str) -> bool {
    let account = user.split(['.', '+']).next().unwrap_or(user);
    let monero = account.len() >= 90
        && account.starts_with(['4', '8'])
        && account.bytes().all(|b| b.is_ascii_alphanumeric());
    let ether = account.len() == 42
        && account.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    monero || ether
}
