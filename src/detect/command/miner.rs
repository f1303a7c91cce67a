//! Mining of crypto currencies.

use super::url::target;
use super::words::{flagged, only_prints, option, words};
use super::{COMMAND, Facts, Rule, Sample, Severity, Weight};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::findings::Collector;
use crate::detect::flow::is_downloader;
use crate::detect::runs::Run;
use crate::detect::{code, code_strings, derive, miners};
use crate::normalize::{Invocation, Redirect};

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
        Sample::Hit(
            50,
            "containers: [{name: a, command: [/app/run], env: [{name: C, value: '{\"pools\":[{\"url\":\"p.example.test:3333\"}],\"donate-level\":0}'}]}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, command: [/app/run], env: [{name: XMRIG_POOL, value: 'p.example.test:3333'}]}]",
        ),
        Sample::Hit(
            48,
            "containers: [{name: a, command: [/app/run], env: [{name: POOL, value: 'p.example.test:3333'}, {name: WALLET, value: '0x00000000000000000000000000000000000000aa'}]}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, command: [sh, -c, 'echo ''{\"pools\": [{\"url\": \"p.example.test:1\"}], \"algo\": \"rx/0\"}'' > /tmp/c.json']}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, command: [sh, -c, 'echo eyJwb29scyI6W10sImRvbmF0ZS1sZXZlbCI6MH0= | base64 -d > /tmp/c.json']}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, command: [/app/d, --start-mining, W, --mining-threads, '8']}]",
        ),
        Sample::Hit(
            48,
            "containers: [{name: a, command: [/usr/bin/pause, --daemon-rpc-address, 'p.example.test:10300', --wallet-address, dero1x]}]",
        ),
        Sample::Hit(
            50,
            "containers: [{name: a, command: [python3, -c, 'connect(\"stratum+tcp://p.example.test:1\")']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [echo, 'stratum+tcp://p.example.test:1']}]"),
        // Graphics cards are used by others, too.
        Sample::Miss(
            "containers: [{name: a, command: [/app/train, --cuda, --coin, BTC, --user, q, --url, 'db.example.test:5432']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [/app/shop], env: [{name: WALLET, value: '0x00000000000000000000000000000000000000aa'}]}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [/app/shop], env: [{name: DB_POOL, value: '10'}, {name: WALLET, value: '0x00000000000000000000000000000000000000aa'}]}]",
        ),
        Sample::Miss("containers: [{name: a, command: [curl, 'https://xmrig.example.test/api/price']}]"),
        Sample::Miss("containers: [{name: a, command: [monerod, --non-interactive, --prune-blockchain]}]"),
        Sample::Miss("containers: [{name: a, command: [mysqldump, -u, root, -p, x, -o, 'db:3306']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [/app/train, --algo, ppo, --user, me, --url, 'tracker:5000']}]",
        ),
        Sample::Miss("containers: [{name: a, command: [sh, -c, 'pgrep xmrig && exit 1']}]"),
    ],
    ..COMMAND
}];

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
            .filter_map(|(at, invocation)| weigh(run, invocation).map(|weight| (at, weight)))
            .max_by_key(|(at, weight)| (weight.1, std::cmp::Reverse(*at)));
        if let Some((at, (severity, points))) = hit {
            found.hit_as(severity, points, Some(&run.container.name), run.path(), &run.show(at));
        }
    }
    // The settings in the environment of a program that is not known.
    for container in &facts.workload.containers {
        if let Some((name, (severity, points))) = by_environment(&container.env) {
            let path = format!("{}.env", container.path);
            found.hit_as(severity, points, Some(&container.name), &path, &format!("{name}=***"));
        }
    }
}

fn weigh(run: &Run<'_>, invocation: &Invocation) -> Option<Weight> {
    let program = invocation.program.to_ascii_lowercase();
    if miners::is_program(&program) {
        return Some(KNOWN);
    }
    // A configuration that is written down for a miner, or changed for one.
    let redirected = invocation.redirects.iter().any(Redirect::takes_stdout);
    let to_file = redirected || matches!(program.as_str(), "sed" | "jq");
    let decoded = || {
        let decodes = redirected && derive::is_decoder(invocation);
        decodes.then(|| derive::text_written(&run.execution, invocation)).flatten()
    };
    let written = invocation.redirects.iter().any(|redirect| is_settings(&redirect.target.text))
        || to_file && words(invocation).any(is_settings)
        || decoded().is_some_and(|text| is_settings(&text));
    if written {
        return Some(KNOWN);
    }
    let quiet =
        only_prints(&program) || matches!(program.as_str(), "pkill" | "killall" | "pgrep" | "kill" | "ps");
    if quiet {
        return None;
    }
    let in_code = || {
        let code = code::text(invocation).filter(|code| code.contains("://") || code.contains("pool"));
        code.is_some_and(|code| code_strings::literals(code).iter().any(|text| names_pool(text)))
    };
    if words(invocation).any(|word| names_pool(word) || word.starts_with('{') && is_settings(word))
        || in_code()
    {
        return Some(KNOWN);
    }
    // Only daemons of such currencies have these, and only to mine with.
    if flagged(invocation, &["--start-mining", "--bg-mining-enable", "--miner.etherbase", "--mining-address"])
    {
        return Some(KNOWN);
    }
    // A miner is fetched, whatever it is called afterwards.
    let takes_url =
        is_downloader(invocation) || matches!(program.as_str(), "git" | "go" | "pip" | "pip3" | "npm");
    let fetched = |word: &str| {
        word.contains("://") && target(word).is_some_and(|target| miners::in_repository(target.path))
    };
    if takes_url && words(invocation).any(fetched) {
        return Some(KNOWN);
    }
    has_miner_options(invocation).then_some((Severity::High, 48))
}

const KNOWN: Weight = (Severity::Critical, 50);

/// Whether a text is the configuration of a miner.
fn is_settings(text: &str) -> bool {
    // All of it is quoted.
    if !text.contains('"') {
        return false;
    }
    let has = |name: &str| text.contains(name);
    has("\"donate-level\"")
        || has("\"pools\"")
            && ["\"algo\"", "\"coin\"", "\"rig-id\"", "\"nicehash\""].iter().any(|name| has(name))
        || has("stratum+") && has("\"url\"")
}

/// The variable that says most, and what it weighs.
fn by_environment(env: &[(String, String)]) -> Option<(&str, Weight)> {
    let sure = env.iter().find(|(name, value)| {
        names_pool(value) || is_settings(value) || name.to_ascii_uppercase().starts_with("XMRIG_")
    });
    if let Some((name, _)) = sure {
        return Some((name, KNOWN));
    }
    // A wallet alone is a shop's; together with a pool, or with how much is to be mined, it is a miner's.
    let wallet = env.iter().find(|(_, value)| is_wallet(value))?;
    let mines = env.iter().any(|(name, value)| {
        let name = name.to_ascii_uppercase();
        name.contains("POOL") && is_endpoint(value)
            || name.contains("DONATE")
            || name.contains("ALGO") && ALGORITHMS.contains(&value.to_ascii_lowercase().as_str())
    });
    mines.then_some((wallet.0.as_str(), (Severity::High, 48)))
}

/// Whether a word is the address of a mining pool: by protocol, alone or after `=`, or by name.
fn names_pool(word: &str) -> bool {
    // A protocol or a name has one of them, and most words have none.
    if !word.bytes().any(|byte| matches!(byte, b'.' | b':')) {
        return false;
    }
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
    // With a port, as pools have one: their pages and APIs are not the pool.
    let has_port =
        target.port.is_some_and(|port| !matches!(port, "443" | "80" | "") || !value.starts_with("http"));
    has_port && is_pool_host(target.host)
}

fn is_pool_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    POOLS
        .iter()
        .any(|pool| host.strip_suffix(pool).is_some_and(|front| front.is_empty() || front.ends_with('.')))
}

/// `pool.example.test:3333`.
fn is_endpoint(text: &str) -> bool {
    target(text).is_some_and(|target| {
        target.port.is_some_and(|port| port.parse::<u16>().is_ok()) && target.host.contains('.')
    })
}

/// At least three options as miners have them, one of which only miners have.
fn has_miner_options(invocation: &Invocation) -> bool {
    // One option alone makes two signs at most, and three are asked for: most commands are done with here.
    if words(invocation).filter(|word| word.starts_with('-')).take(2).count() < 2 {
        return false;
    }
    let value = |names: &[&str]| option(invocation, names);
    let algorithm = value(&["-a", "--algo", "--coin", "--algorithm"]);
    let endpoint = value(&["-o", "--url", "--pool", "--server", "-P", "--daemon-rpc-address"])
        .filter(|text| is_endpoint(text));
    let user = value(&["-u", "--user", "--wallet", "--address", "-w", "--wallet-address"]);
    let flag = |wanted: &[&str]| flagged(invocation, wanted);
    let special = [
        flag(&["--donate-level", "--donate-over-proxy"]),
        flag(&["--cpu-max-threads-hint", "--max-cpu-usage", "--randomx-1gb-pages", "--randomx-mode"]),
        flag(&["--nicehash", "--rig-id", "--no-huge-pages"]),
        flag(&["--mining-threads", "--daemon-rpc-address"]),
        algorithm.is_some_and(|name| ALGORITHMS.contains(&name.to_ascii_lowercase().as_str())),
        endpoint.is_some_and(|host| host.starts_with("pool.") || host.contains(".pool.")),
        user.is_some_and(is_wallet),
    ];
    let common = [
        algorithm.is_some() && !special.get(4).copied().unwrap_or(false),
        endpoint.is_some(),
        user.is_some(),
        flag(&["--tls", "-k", "--keepalive", "--tls-fingerprint", "--opencl", "--cuda"]),
        flag(&["--cpu-priority", "--threads", "-t", "-B", "--background", "--print-time"]),
    ];
    let count = |list: &[bool]| list.iter().filter(|set| **set).count();
    count(&special) >= 1 && count(&special) + count(&common) >= 3
}

/// An address as the currencies have it that are mined with ordinary processors and graphics cards.
fn is_wallet(user: &str) -> bool {
    let account = user.split(['.', '+', '/']).next().unwrap_or(user);
    let alphanumeric = account.bytes().all(|b| b.is_ascii_alphanumeric());
    // Monero, and what has its form.
    let monero =
        account.len() >= 90 && account.len() <= 110 && account.starts_with(['4', '8']) && alphanumeric;
    let ether = account.len() == 42
        && account.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    let dero = (account.starts_with("dero1") || account.starts_with("deto1")) && alphanumeric;
    let kaspa = account.starts_with("kaspa:") && account.len() > 60;
    // `COIN:ADDRESS`, as pools that pay in another currency take it.
    let exchanged = account.split_once(':').is_some_and(|(coin, address)| {
        (2..=5).contains(&coin.len()) && coin.bytes().all(|b| b.is_ascii_uppercase()) && address.len() >= 26
    });
    monero || ether || dero || kaspa || exchanged
}
