//! The metadata services of clouds.

use std::net::Ipv6Addr;

use super::url::{ipv4, target};
use super::words::{only_prints, words};
use super::{COMMAND, Rule, Run, Sample, Severity, Weight, each_heaviest};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::flow::is_downloader;
use crate::detect::{code, code_strings};
use crate::normalize::{Invocation, RedirectOp};

const FULL: Weight = (Severity::High, 45);

pub(super) static RULES: &[Rule] = &[Rule {
    id: "cmd-cloud-metadata",
    title: "Request to the cloud's metadata service",
    message: "asks the cloud's metadata service",
    meaning: "The metadata service gives the credentials of the node's machine role to whoever asks from the node, and \
              with them often the cluster or the account.",
    false_positives: "Finding out region or zone, which weighs 20: only paths to credentials weigh 45.",
    confirm: &[
        Step::Object(
            "The path after the address. …/iam/security-credentials, …/token, …/identity and user-data \
             give credentials; region, zone and instance-id do not.",
        ),
        Step::Logs("JSON with AccessKeyId, access_token or a certificate means that it was given out."),
    ],
    remedy: Remedy {
        exposes: &[Exposure::Cloud, Exposure::Node],
        attack: "Take the role of the node from the cloud console and look up in its audit log what was \
                 done under it since the first run, from addresses that are not the node's.",
        benign: "Give the workload an identity of its own (IAM roles for service accounts, Workload \
                 Identity) and close the metadata service to pods: IMDSv2 with hop limit 1, or an egress \
                 policy that excepts the address. Region and zone stand in the node's labels.",
    },
    severity: Severity::High,
    points: 45,
    techniques: &["T1552.005"],
    references: &[links::IMDS, links::WORKLOAD_IDENTITY, links::NETWORK_POLICY],
    check: |facts, found| each_heaviest(facts, found, weigh),
    samples: &[
        Sample::Hit(
            45,
            "containers: [{name: a, command: [perl, -MIO::Socket, -e, '$s=IO::Socket::INET->new(\"169.254.169.254:80\"); print $s \"GET /latest/user-data HTTP/1.0\"']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, 'http://169.254.169.254/latest/meta-data/iam/security-credentials/r']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [wget, -qO-, 'http://0xa9fea9fe/latest/user-data']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, 'http://[::ffff:169.254.169.254]/latest/meta-data/iam/security-credentials/']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, -H, 'Metadata-Flavor: Google', 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [python3, -c, 'import requests; requests.get(\"http://169.254.169.254/metadata/identity/oauth2/token\")']}]",
        ),
        Sample::Hit(
            20,
            "containers: [{name: a, command: [sh, -c, 'R=$(curl -s http://169.254.169.254/latest/meta-data/placement/region)']}]",
        ),
        Sample::Hit(
            20,
            "containers: [{name: a, command: [bash, -c, 'exec 3<>/dev/tcp/169.254.169.254/80']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, --resolve, 'm.example.test:80:169.254.169.254', 'http://m.example.test/latest/user-data']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, --connect-to, '::169.254.169.254:80', 'http://a.example.test/latest/meta-data/iam/security-credentials/']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, -x, 'http://2852039166', 'http://x/latest/user-data']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, 'curl 169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [sh, -c, \"printf 'GET /latest/user-data HTTP/1.0\\r\\n\\r\\n' | nc 169.254.169.254 80\"]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [bash, -c, \"exec 3<>/dev/tcp/169.254.169.254/80; echo 'GET /latest/user-data HTTP/1.0' >&3; cat <&3\"]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [python3, -c, \"import http.client as h; c=h.HTTPConnection('169.254.169.254'); c.request('GET','/latest/user-data')\"]}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, 'http://[0:0:0:0:0:ffff:a9fe:a9fe]/opc/v2/identity/key.pem']}]",
        ),
        Sample::Hit(
            45,
            "containers: [{name: a, command: [curl, 'http://100.100.100.200/latest/meta-data/ram/security-credentials/']}]",
        ),
        Sample::Hit(
            20,
            "containers: [{name: a, command: [curl, 'http://metadata.tencentyun.com/latest/meta-data/placement/zone']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [curl, --resolve, 'm.example.test:80:10.0.0.1', 'http://m.example.test/user-data']}]",
        ),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, \"printf 'GET /user-data HTTP/1.0\\r\\n\\r\\n' | nc web 80\"]}]",
        ),
        Sample::Miss("containers: [{name: a, command: [curl, 'http://169.254.20.10:9253/metrics']}]"),
        Sample::Miss("containers: [{name: a, command: [echo, 'http://169.254.169.254/latest/user-data']}]"),
        Sample::Miss("containers: [{name: a, command: [curl, 'http://svc/metadata/token']}]"),
        Sample::Miss(
            "containers: [{name: a, command: [sh, -c, 'A=http://169.254.169.254/latest/user-data']}]",
        ),
    ],
    ..COMMAND
}];

/// Addresses of metadata services: AWS, Azure, GCP and others; the credential endpoints of ECS and EKS; Alibaba;
/// Oracle; Azure's `WireServer`; Scaleway.
const ADDRESSES: [u32; 7] =
    [0xa9fe_a9fe, CONTAINER[0], CONTAINER[1], 0x6464_64c8, 0xc000_00c0, 0xa83f_8110, 0xa9fe_2a2a];
/// The credential endpoints of ECS and EKS, which give nothing else.
const CONTAINER: [u32; 2] = [0xa9fe_aa02, 0xa9fe_aa17];
/// The same in IPv6: AWS, EKS, GCP, `OpenStack`.
const ADDRESSES_V6: [&str; 4] = ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fe80::a9fe:a9fe"];
const NAMES: [&str; 6] = [
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "metadata.tencentyun.com",
    "metadata.platformequinix.com",
    "metadata.packet.net",
];
/// Variables with the path or address of credentials, which ECS and EKS give to containers.
const VARIABLES: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];

/// Parts of paths that lead to credentials, or to start scripts with credentials in them.
const CREDENTIALS: [&str; 16] = [
    "security-credentials",
    "user-data",
    "userdata",
    "user_data",
    "vendor_data",
    "oauth2/token",
    "/token",
    "/identity",
    "credentials",
    "custom-data",
    "customdata",
    "kube-env",
    "service-accounts",
    "attributes/",
    "kube-labels",
    "comp=goalstate",
];

fn weigh(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    if only_prints(&invocation.program) {
        return None;
    }
    // What an unknown program is given is looked at where it is a whole URL.
    let tool = is_downloader(invocation) || speaks_raw(invocation);
    // A script is read as what it is; without a blank in it, it would look like a URL, and with one it would not.
    let is_script = |word: &str| invocation.scripts.iter().any(|script| script == word);
    let is_url = |word: &str| word.contains("://") && !is_script(word);
    let own = words(invocation).filter(|word| tool || is_url(word)).filter_map(|word| {
        // --endpoint=http://…
        let word = word
            .split_once('=')
            .filter(|(option, _)| option.starts_with('-'))
            .map_or(word, |(_, value)| value);
        // socat's `TCP:HOST:PORT`.
        let word = if invocation.program == "socat" {
            word.split_once(':').map_or(word, |(_, rest)| rest)
        } else {
            word
        };
        credentials_at(word)
    });
    let sockets = invocation.redirects.iter().filter_map(|redirect| {
        let rest = redirect.target.text.strip_prefix("/dev/tcp/")?;
        credentials_at(rest)
    });
    let in_code = code::text(invocation).filter(|code| code.contains("169.254") || code::fetches(code));
    let literals = in_code.map(code_strings::literals).unwrap_or_default();
    let in_code = literals.iter().filter_map(|text| credentials_at(text));
    let rerouted = tool && reroutes(invocation);
    let named = own.chain(sockets).chain(in_code).chain(rerouted.then_some(false)).max();
    let by_variable = tool && words(invocation).any(|word| VARIABLES.iter().any(|name| word.contains(name)));
    if by_variable {
        return Some(FULL);
    }
    // The address in one place, and the path in another: an option, a literal of its own, the request's text.
    let credentials = named?
        || tool && words(invocation).any(|word| target(word).is_some_and(|target| asks(target.path)))
        || literals.iter().any(|text| text.starts_with('/') && asks(text) || is_request(text))
        || speaks_raw(invocation) && requests(run, at);
    Some(if credentials { FULL } else { (Severity::Low, 20) })
}

/// Whether an option leads a request for any host to a metadata service: as its address, or as a proxy.
fn reroutes(invocation: &Invocation) -> bool {
    let leads = |value: &str| {
        // `HOST:PORT:ADDRESS`, `HOST1:PORT1:HOST2:PORT2`, or a URL.
        value.split([':', ',', '[', ']']).any(|part| is_service(part.trim_matches('/')))
            || target(value).is_some_and(|target| is_service(target.host))
            || ADDRESSES_V6.iter().any(|address| value.contains(address))
    };
    let options = [
        "--resolve",
        "--connect-to",
        "-x",
        "--proxy",
        "--preproxy",
        "--proxy1.0",
        "--socks5",
        "--socks5-hostname",
        "--socks4",
        "-e",
        "--execute",
    ];
    let mut all = words(invocation);
    while let Some(word) = all.next() {
        let value = if options.contains(&word) {
            all.next()
        } else {
            word.split_once('=').filter(|(name, _)| options.contains(name)).map(|(_, value)| value)
        };
        // `http_proxy=URL` of wget's `-e`.
        if value.is_some_and(|value| leads(value.split_once("proxy=").map_or(value, |(_, url)| url))) {
            return true;
        }
    }
    invocation
        .assignments
        .iter()
        .any(|(name, value)| name.to_ascii_lowercase().ends_with("_proxy") && leads(value))
}

/// Whether the text of the request is written by hand: to a netcat, or to a socket of the shell.
fn speaks_raw(invocation: &Invocation) -> bool {
    super::shells::is_netcat(&invocation.program)
        || matches!(invocation.program.as_str(), "telnet" | "socat")
        || invocation.redirects.iter().any(|redirect| redirect.target.text.starts_with("/dev/tcp/"))
}

/// Whether a request for credentials is written out near `at`: before it, for a pipe, or after it, for a socket.
fn requests(run: &Run<'_>, at: usize) -> bool {
    run.invocations().skip(at.saturating_sub(NEAR)).take(2 * NEAR).any(|(_, call)| {
        words(call).any(is_request)
            || call.redirects.iter().any(|redirect| {
                matches!(redirect.op, RedirectOp::HereDoc | RedirectOp::HereString)
                    && is_request(&redirect.target.text)
            })
    })
}

/// Whether a text is a request for credentials, as it goes over the wire.
fn is_request(text: &str) -> bool {
    text.split(['\n', '"', '\''])
        .filter_map(|line| line.split_once("GET ").or_else(|| line.split_once("PUT ")))
        .any(|(_, path)| asks(path.split(' ').next().unwrap_or_default()))
}

/// How many commands away a request's text is looked for.
const NEAR: usize = 16;

/// Whether a path asks for credentials.
fn asks(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    // `PUT /latest/api/token` only opens a session: what is asked for with it comes later.
    CREDENTIALS.iter().any(|part| path.contains(part) && !(*part == "/token" && path.contains("/api/token")))
}

/// Whether a host is a metadata service, by address in any spelling, or by name.
fn is_service(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    ipv4_of(&host).is_some_and(|address| ADDRESSES.contains(&address))
        || NAMES.contains(&host.as_str())
        || ADDRESSES_V6.iter().any(|address| host.starts_with(address))
        // Names that resolve to the address in them.
        || ["169.254.169.254.", "169-254-169-254.", "a9fea9fe."].iter().any(|start| host.starts_with(start))
}

/// An IPv4 address, also one that is mapped into IPv6 in a longer spelling.
fn ipv4_of(host: &str) -> Option<u32> {
    ipv4(host).or_else(|| host.parse::<Ipv6Addr>().ok()?.to_ipv4_mapped().map(u32::from))
}

/// Whether a word names a metadata service, and if so whether it asks for credentials.
fn credentials_at(word: &str) -> Option<bool> {
    if word.len() > 4096 || word.contains(char::is_whitespace) {
        return None;
    }
    let target = target(word)?;
    // `169.254.170.2$AWS_CONTAINER_…`: what is not known yet is the path, or a port.
    let host = target.host.split('$').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let known = is_service(&host) || host == "metadata" && target.path.contains("computeMetadata");
    let more = target.path.len() > 1 || host.len() < target.host.trim_end_matches('.').len();
    let container = ipv4_of(&host).is_some_and(|address| CONTAINER.contains(&address)) && more;
    known.then(|| container || asks(target.path))
}
