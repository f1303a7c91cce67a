//! The names of mining programs, as programs are called and as images are.

/// A name, and where it says that somebody mines.
struct Miner {
    /// Lower case, without version.
    name: &'static str,
    /// As the name of a program.
    program: bool,
    /// As a part of an image's name.
    image: bool,
}

/// A name that says it of both.
const fn both(name: &'static str) -> Miner {
    Miner { name, program: true, image: true }
}

/// A name that other images have too, or none has.
const fn program(name: &'static str) -> Miner {
    Miner { name, program: true, image: false }
}

/// A name of pools and projects that no program has.
const fn image(name: &'static str) -> Miner {
    Miner { name, program: false, image: true }
}

static MINERS: &[Miner] = &[
    both("xmrig"),
    both("xmrigcc"),
    program("xmrig-proxy"),
    program("xmrig-notls"),
    program("xmrig-cuda"),
    program("xmrdaemon"),
    both("xmr-stak"),
    program("xmr-stak-cpu"),
    program("xmr-stak-rx"),
    both("xmrminer"),
    image("xmr-miner"),
    both("monero-miner"),
    both("minerd"),
    both("cpuminer"),
    program("cpuminer-multi"),
    program("cpuminer-opt"),
    program("cpuminer-sse2"),
    both("ccminer"),
    both("cgminer"),
    both("bfgminer"),
    program("sgminer"),
    program("t-rex"),
    image("t-rex-miner"),
    both("lolminer"),
    both("nbminer"),
    both("gminer"),
    both("phoenixminer"),
    both("teamredminer"),
    both("ethminer"),
    program("claymore"),
    both("nanominer"),
    both("srbminer"),
    program("srbminer-multi"),
    both("wildrig"),
    program("wildrig-multi"),
    both("kawpowminer"),
    program("minergate"),
    program("minergate-cli"),
    program("nsfminer"),
    both("bzminer"),
    program("rigel"),
    both("onezerominer"),
    both("verthashminer"),
    both("hellminer"),
    program("miniz"),
    both("astrominer"),
    program("dero-miner"),
    program("cryptonight"),
    program("kdevtmpfsi"),
    program("p2pool"),
    program("randomx-miner"),
    image("cryptominer"),
    image("crypto-miner"),
    image("coinminer"),
    image("moneroocean"),
    image("c3pool"),
    image("nicehash"),
];

/// Whether a program, its name in lower case, is a miner, a version in its name aside.
pub(super) fn is_program(name: &str) -> bool {
    MINERS.iter().any(|miner| miner.program && miner.name == name)
        || ["xmrig-", "xmr-stak-", "dero-miner-", "astrominer-"].iter().any(|start| name.starts_with(start))
}

/// Whether an image's repository has the name of a miner as a part: `worker` has none, `XMR-Stak_cpu` has.
pub(super) fn in_repository(repository: &str) -> bool {
    let name = repository.to_lowercase();
    let plain = |part: &str| MINERS.iter().any(|miner| miner.image && miner.name == part);
    name.split(|letter: char| !letter.is_alphanumeric()).any(plain)
        // Names with a hyphen in them.
        || name.split(['/', '_', '.']).any(|part| part.contains('-') && plain(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_stand_once() {
        for (at, miner) in MINERS.iter().enumerate() {
            assert_eq!(miner.name, miner.name.to_lowercase());
            assert!(miner.program || miner.image, "{}", miner.name);
            assert!(MINERS[..at].iter().all(|other| other.name != miner.name), "{}", miner.name);
        }
    }

    #[test]
    fn programs_and_images_are_told_apart() {
        for name in ["xmrig", "xmrig-6.21.0", "t-rex", "p2pool"] {
            assert!(is_program(name), "{name}");
        }
        for name in ["nicehash", "xmr", "rex", "nginx"] {
            assert!(!is_program(name), "{name}");
        }
        for name in ["example/xmrig", "xmrig/worker", "a/XMR-Stak_cpu", "x/t-rex-miner", "c3pool/run"] {
            assert!(in_repository(name), "{name}");
        }
        for name in ["example/data-miner", "zoo/t-rex", "example/gminerals", "example/rigel"] {
            assert!(!in_repository(name), "{name}");
        }
    }
}
