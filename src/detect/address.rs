//! Addresses as text: where they lead, by their number alone.

use std::net::{IpAddr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The pod or node itself.
    Loopback,
    /// A network of the owner's: private, shared (RFC 6598), link-local, unique local.
    Private,
    /// Anywhere else.
    Public,
}

/// Where the host of `host`, `host:port` or `[v6]:port` leads, if it is an address and no name.
pub(super) fn reach(host: &str) -> Option<Reach> {
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match host.split_once(':') {
            Some((before, port)) if !port.contains(':') => before,
            _ => host,
        },
    };
    let address: IpAddr = host.parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            if v4.is_loopback() || v4.is_unspecified() {
                Reach::Loopback
            } else if v4.is_private() || v4.is_link_local() || is_shared {
                Reach::Private
            } else {
                Reach::Public
            }
        }
        IpAddr::V6(v6) if v6 == Ipv6Addr::LOCALHOST || v6.is_unspecified() => Reach::Loopback,
        IpAddr::V6(v6) if v6.is_unique_local() || v6.is_unicast_link_local() => Reach::Private,
        IpAddr::V6(_) => Reach::Public,
    })
}

/// Whether a host is the API server by its name inside of a cluster, or by the variable that every pod has.
///
/// The whole name counts: `kubernetes.default.example.test` can be anybody's.
pub(super) fn is_api_server(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    let name = name.strip_suffix(".cluster.local").unwrap_or(name);
    matches!(name, "kubernetes" | "kubernetes.default" | "kubernetes.default.svc")
        || host.contains("KUBERNETES_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (host, expected) in [
            ("127.0.0.1", Some(Reach::Loopback)),
            ("[::1]:80", Some(Reach::Loopback)),
            ("10.0.0.1:5000", Some(Reach::Private)),
            ("169.254.20.10", Some(Reach::Private)),
            ("100.64.0.10", Some(Reach::Private)),
            ("fd00::1", Some(Reach::Private)),
            ("::ffff:10.0.0.1", Some(Reach::Private)),
            ("192.0.2.10:443", Some(Reach::Public)),
            ("2001:db8::1", Some(Reach::Public)),
            ("100.128.0.1", Some(Reach::Public)),
            ("registry.example.test:5000", None),
            ("[::1", None),
            ("", None),
        ] {
            assert_eq!(reach(host), expected, "{host}");
        }
    }

    #[test]
    fn the_api_server_is_known_by_its_whole_name() {
        for host in [
            "kubernetes",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local.",
            "$KUBERNETES_SERVICE_HOST",
        ] {
            assert!(is_api_server(host), "{host}");
        }
        for host in ["kubernetes.example.test", "kubernetes.default.evil.example.test", "kubernetes-x", ""] {
            assert!(!is_api_server(host), "{host}");
        }
    }
}
