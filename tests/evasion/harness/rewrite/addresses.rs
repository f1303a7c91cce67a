//! Addresses of hosts in other notations. Proven by the text alone: nothing here talks to a network.

use super::{Change, Proof, REWRITE, Rewrite, Script};

pub(super) static REWRITES: &[Rewrite] = &[
    Rewrite {
        name: "address-decimal",
        what: "http://3221225994 for http://192.0.2.10",
        proof: Proof::None,
        change: Change::Script(|script, _| address(script, |ip| u32::from_be_bytes(ip).to_string())),
        ..REWRITE
    },
    Rewrite {
        name: "address-hexadecimal",
        what: "http://0xc000020a for http://192.0.2.10",
        proof: Proof::None,
        change: Change::Script(|script, _| address(script, |ip| format!("0x{:08x}", u32::from_be_bytes(ip)))),
        ..REWRITE
    },
    Rewrite {
        name: "address-octal",
        what: "http://0300.0.02.012",
        proof: Proof::None,
        change: Change::Script(|script, _| {
            address(script, |ip| ip.map(|byte| format!("0{byte:o}")).join("."))
        }),
        ..REWRITE
    },
    Rewrite {
        name: "url-scheme",
        what: "HTTP://HOST, or no scheme at all, with user and port",
        proof: Proof::None,
        change: Change::Script(|script, context| {
            let (at, rest) = script.text.split_once("http://")?;
            let scheme = context.dice.of(&["HTTP://", "hTTp://", "http://deploy@"]);
            script.text = format!("{at}{scheme}{rest}");
            Some(())
        }),
        ..REWRITE
    },
];

/// Spells the first dotted IPv4 address behind `://` anew.
fn address(script: &mut Script, spell: impl Fn([u8; 4]) -> String) -> Option<()> {
    let start = script.text.find("://")? + 3;
    let rest = &script.text[start..];
    let host = &rest[..rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len())];
    let ip: std::net::Ipv4Addr = host.parse().ok()?;
    let range = start..start + host.len();
    script.text.replace_range(range, &spell(ip.octets()));
    Some(())
}
