//! The metadata services of clouds.

use super::url::{ipv4, target};
use super::words::{only_prints, words};
use super::{COMMAND, Rule, Sample, Severity, Weight, each_heaviest};
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::detect::{code, code_strings};
use crate::normalize::Invocation;

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
    check: |facts, found| each_heaviest(facts, found, |_, _, invocation| weigh(invocation)),
    samples: &[
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
        Sample::Miss("containers: [{name: a, command: [curl, 'http://169.254.20.10:9253/metrics']}]"),
        Sample::Miss("containers: [{name: a, command: [echo, 'http://169.254.169.254/latest/user-data']}]"),
        Sample::Miss("containers: [{name: a, command: [curl, 'http://svc/metadata/token']}]"),
    ],
    ..COMMAND
}];

/// AWS, Azure, GCP and others; the credential endpoints of ECS and EKS; Alibaba; Oracle.
const ADDRESSES: [u32; 5] = [0xa9fe_a9fe, 0xa9fe_aa02, 0xa9fe_aa17, 0x6464_64c8, 0xc000_00c0];
const NAMES: [&str; 4] =
    ["metadata.google.internal", "metadata.goog", "instance-data", "metadata.tencentyun.com"];

/// Parts of paths that lead to credentials, or to start scripts with credentials in them.
const CREDENTIALS: [&str; 14] = [
    "security-credentials",
    "user-data",
    "userdata",
    "user_data",
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
];

fn weigh(invocation: &Invocation) -> Option<Weight> {
    if only_prints(&invocation.program) {
        return None;
    }
    // What an unknown program is given is looked at where it is a whole URL.
    let tool = super::fetch::is_downloader(invocation) || super::shells::is_netcat(&invocation.program);
    let own = words(invocation).filter(|word| tool || word.contains("://")).filter_map(|word| {
        // --endpoint=http://…
        let word = word
            .split_once('=')
            .filter(|(option, _)| option.starts_with('-'))
            .map_or(word, |(_, value)| value);
        credentials_at(word)
    });
    let sockets = invocation.redirects.iter().filter_map(|redirect| {
        let rest = redirect.target.text.strip_prefix("/dev/tcp/")?;
        credentials_at(rest)
    });
    let in_code = code::text(invocation).filter(|code| code.contains("169.254") || code::fetches(code));
    let literals = in_code.map(code_strings::literals).unwrap_or_default();
    let in_code = literals.iter().filter_map(|text| credentials_at(text));
    let credentials = own.chain(sockets).chain(in_code).max()?;
    Some(if credentials { (Severity::High, 45) } else { (Severity::Low, 20) })
}

/// Whether a word names a metadata service, and if so whether it asks for credentials.
fn credentials_at(word: &str) -> Option<bool> {
    if word.len() > 4096 || word.contains(char::is_whitespace) {
        return None;
    }
    let target = target(word)?;
    let host = target.host.trim_end_matches('.').to_ascii_lowercase();
    let known = ipv4(&host).is_some_and(|address| ADDRESSES.contains(&address))
        || NAMES.contains(&host.as_str())
        || host.starts_with("fd00:ec2::254")
        || host.starts_with("169.254.169.254.") // names that resolve to the address in them
        || host == "metadata" && target.path.contains("computeMetadata");
    // `PUT /latest/api/token` only opens a session: what is asked for with it comes later.
    let path = target.path.to_ascii_lowercase();
    let asks = |part: &&str| path.contains(*part) && !(**part == *"/token" && path.contains("/api/token"));
    let container =
        ipv4(&host).is_some_and(|address| matches!(address, 0xa9fe_aa02 | 0xa9fe_aa17)) && path.len() > 1;
    known.then(|| container || CREDENTIALS.iter().any(asks))
}
