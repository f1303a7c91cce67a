//! Hosts in the arguments of network tools, and what kind of place they are.

/// A host with what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// Name or address, without user, brackets and port.
    pub host: &'a str,
    /// The port, if it is written.
    pub port: Option<&'a str>,
    /// Path and query.
    pub path: &'a str,
}

/// Where a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// In the cluster, on the node, or in a private network.
    Internal,
    /// A name outside.
    Named,
    /// A public address without a name.
    Address,
    /// A place to leave and fetch things anonymously.
    Drop,
    /// Not known before it runs.
    Unknown,
}

/// Hosts where anyone can leave or take something without an account, or see requests that arrive.
const DROPS: &[&str] = &[
    "pastebin.com",
    "paste.ee",
    "hastebin.com",
    "dpaste.com",
    "dpaste.org",
    "ix.io",
    "0x0.st",
    "termbin.com",
    "sprunge.us",
    "transfer.sh",
    "temp.sh",
    "file.io",
    "bashupload.com",
    "oshi.at",
    "anonfiles.com",
    "gofile.io",
    "filebin.net",
    "tmpfiles.org",
    "catbox.moe",
    "webhook.site",
    "requestbin.com",
    "requestbin.net",
    "pipedream.net",
    "beeceptor.com",
    "requestcatcher.com",
    "interact.sh",
    "oast.fun",
    "oast.live",
    "oast.me",
    "oast.online",
    "oast.pro",
    "oast.site",
    "burpcollaborator.net",
    "oastify.com",
    "dnslog.cn",
    "ceye.io",
    "ngrok.io",
    "ngrok.app",
    "ngrok-free.app",
    "ngrok.dev",
    "trycloudflare.com",
    "serveo.net",
    "localhost.run",
    "loca.lt",
    "duckdns.org",
    "no-ip.org",
    "ddns.net",
    "onion",
    "canarytokens.com",
    "discord.com/api/webhooks",
    "discordapp.com",
];

/// The host of a word: `scheme://user@host:port/path`, or without a scheme.
pub(super) fn target(word: &str) -> Option<Target<'_>> {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = (rest.get(..end)?, rest.get(end..)?);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => match authority.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (authority, None),
        },
    };
    (!host.is_empty()).then_some(Target { host, port, path })
}

/// The IPv4 address of a host in any spelling that `inet_aton` takes: dotted, decimal, hexadecimal, octal, with
/// fewer parts; or mapped into IPv6.
pub(super) fn ipv4(host: &str) -> Option<u32> {
    if let Some(mapped) = host.strip_prefix("::ffff:").or_else(|| host.strip_prefix("::FFFF:")) {
        return mapped.split_once(':').map_or_else(
            || ipv4(mapped),
            |(high, low)| {
                let [high, low] =
                    [high, low].map(|part| u32::from_str_radix(part, 16).ok().filter(|p| *p <= 0xffff));
                Some(high? << 16 | low?)
            },
        );
    }
    let parts: Vec<u64> = host.split('.').take(5).map(number).collect::<Option<_>>()?;
    let (last, heads) = parts.split_last()?;
    if heads.len() > 3 || heads.iter().any(|part| *part > 255) {
        return None;
    }
    let free = 32 - 8 * heads.len();
    if *last >= 1_u64 << free {
        return None;
    }
    let mut address = 0_u64;
    for (at, head) in heads.iter().enumerate() {
        address |= head << (24 - 8 * at);
    }
    u32::try_from(address | last).ok()
}

fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok();
    }
    if text.len() > 1 && text.starts_with('0') {
        return u64::from_str_radix(text, 8).ok();
    }
    if text.bytes().all(|letter| letter.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Whether a host is an IPv4 address with four parts: what a person would write.
pub(super) fn is_dotted(host: &str) -> bool {
    host.split('.').count() == 4 && ipv4(host).is_some()
}

impl Target<'_> {
    /// Where it is.
    pub(super) fn reach(&self) -> Reach {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        if host.contains(['$', '`']) {
            // A known end says enough: `$id.example.test`.
            let end = host.rsplit(['$', ')', '}']).next().unwrap_or_default();
            return if end.matches('.').count() >= 2 { Reach::Named } else { Reach::Unknown };
        }
        let is_drop = |drop: &&str| {
            let (name, path) = drop.split_once('/').unwrap_or((*drop, ""));
            (host == name || host.strip_suffix(name).is_some_and(|front| front.ends_with('.')))
                && self.path.trim_start_matches('/').starts_with(path)
        };
        if DROPS.iter().any(is_drop) {
            return Reach::Drop;
        }
        if let Some(address) = ipv4(&host) {
            let [a, b, ..] = address.to_be_bytes();
            let private = matches!(
                (a, b),
                (0 | 10 | 127, _) | (172, 16..=31) | (192, 168) | (169, 254) | (100, 64..=127)
            );
            return if private { Reach::Internal } else { Reach::Address };
        }
        let inside =
            [".svc", ".local", ".internal", ".lan", ".intranet", ".corp", ".home.arpa", ".localdomain"];
        let is_inside =
            !host.contains('.') || host.contains(".svc.") || inside.iter().any(|end| host.ends_with(end));
        if is_inside { Reach::Internal } else { Reach::Named }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address() {
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0xA9.0xFE.0xA9.0xFE",
            "0251.0376.0251.0376",
            "169.254.43518",
            "169.16689662",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "025177524776",
        ] {
            assert_eq!(ipv4(host), Some(0xa9fe_a9fe), "{host}");
        }
        for host in ["", "a", "1.2.3.4.5", "256.1.1.1", "1..2", "4294967296", "0x", "09"] {
            assert_eq!(ipv4(host), None, "{host}");
        }
    }

    #[test]
    fn targets() {
        let show =
            |word| target(word).map(|t| format!("{} {:?} {}", t.host, t.port, t.path)).unwrap_or_default();
        assert_eq!(show("http://u:p@h.test:80/a?b"), "h.test Some(\"80\") /a?b");
        assert_eq!(show("shop:80/healthz"), "shop Some(\"80\") /healthz");
        assert_eq!(show("http://[::ffff:a9fe:a9fe]:80/x"), "::ffff:a9fe:a9fe Some(\"80\") /x");
        assert_eq!(show("http:///x"), "");
    }

    #[test]
    fn reaches() {
        for (word, reach) in [
            ("http://api.shop.svc.cluster.local/x", Reach::Internal),
            ("http://elasticsearch:9200", Reach::Internal),
            ("http://10.1.2.3", Reach::Internal),
            ("http://203.0.113.5/x", Reach::Address),
            ("https://get.example.test/x", Reach::Named),
            ("https://abc.ngrok.io/x", Reach::Drop),
            ("https://notngrok.io/x", Reach::Named),
            ("https://$HOST/x", Reach::Unknown),
            ("$(id).x.example.test", Reach::Named),
        ] {
            assert_eq!(target(word).unwrap().reach(), reach, "{word}");
        }
    }
}
