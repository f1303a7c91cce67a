//! Network settings that lead the pod, or the kubelet, somewhere else.

use super::address::{Reach, reach};
use super::catalog::{RULE, Rule, Sample};
use super::facts::Facts;
use super::findings::Collector;
use crate::detect::catalog::{Exposure, Remedy, Step, links};
use crate::score::Family;
use crate::severity::Severity;

const NETWORK: Rule = Rule { family: Family::Network, ..RULE };

/// Resolvers that anybody uses.
const WELL_KNOWN_RESOLVERS: [&str; 14] = [
    "1.1.1.1",
    "1.0.0.1",
    "1.1.1.2",
    "1.0.0.2",
    "8.8.8.8",
    "8.8.4.4",
    "9.9.9.9",
    "149.112.112.112",
    "208.67.222.222",
    "208.67.220.220",
    "2606:4700:4700::1111",
    "2606:4700:4700::1001",
    "2001:4860:4860::8888",
    "2001:4860:4860::8844",
];

/// Names of the cloud's metadata service.
const METADATA_NAMES: [&str; 2] = ["metadata.google.internal", "metadata"];

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "net-dns-override",
        title: "DNS override",
        message: "has names answered by somebody else",
        meaning: "A name server outside of private networks, or an address of its own for a name of the cluster, \
                  lets its owner decide where the pod connects, and carries data out in the questions asked.",
        false_positives: "Split DNS. The well-known public resolvers are ordinary and count little.",
        confirm: &[
            Step::Fields("..dnsConfig", "nameservers: whose are they?"),
            Step::Fields(
                "..hostAliases",
                "Names of the cluster (kubernetes.default.svc, a service of yours) that lead elsewhere.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Token, Exposure::Data],
            attack: "Whoever answers the names saw where the pod connects, and could be whom it talked to: \
                     tokens and passwords that it sent are lost. Look for long or random names in the \
                     resolver's log, which carry data out.",
            benign: "Leave dnsPolicy at its default. Split DNS is configured once, in CoreDNS; hostAliases \
                     are for names outside of the cluster.",
        },
        severity: Severity::Medium,
        points: 25,
        techniques: &["T1557"],
        references: &[links::DNS, links::NETWORK_POLICY],
        check: dns,
        samples: &[
            Sample::Hit(25, "dnsPolicy: None\ndnsConfig: {nameservers: [192.0.2.53]}"),
            Sample::Hit(25, "hostAliases: [{ip: 192.0.2.1, hostnames: [kubernetes.default.svc]}]"),
            Sample::Hit(4, "dnsConfig: {nameservers: [1.1.1.1]}"),
            Sample::Miss("dnsConfig: {nameservers: [10.96.0.10, 169.254.20.10]}"),
            Sample::Miss("hostAliases: [{ip: 192.0.2.1, hostnames: [db.example.test]}]"),
            Sample::Miss("dnsConfig: {options: [{name: ndots, value: '2'}]}"),
        ],
        ..NETWORK
    },
    Rule {
        id: "net-probe-host",
        title: "Probe of another host",
        message: "has the kubelet connect to another host",
        meaning: "A probe or hook with a `host` makes the kubelet, from the node's network, ask whatever the \
                  author names: the cloud's metadata, the node's own services, other networks.",
        false_positives: "Old charts that name the pod's own Service.",
        confirm: &[
            Step::Search(
                "livenessProbe:|readinessProbe:|startupProbe:|postStart:|preStop:|host:",
                "The host, port and path that the kubelet is made to ask.",
            ),
            Step::Run(
                "kubectl -n NAMESPACE events",
                "Messages of failed probes repeat the beginning of the answer: this is how it gets out.",
            ),
        ],
        remedy: Remedy {
            exposes: &[Exposure::Cloud, Exposure::Node],
            attack: "The request came from the node. For the metadata address see the page of \
                     cmd-cloud-metadata; for 127.0.0.1 and node addresses see which services listen there.",
            benign: "Leave host out: a probe asks the pod itself. To wait for another service, use an init \
                     container.",
        },
        severity: Severity::Medium,
        points: 25,
        techniques: &["T1552.005"],
        references: &[links::PROBES, links::IMDS],
        check: |facts, found| {
            for container in &facts.workload.containers {
                for (host, path) in &container.settings.probed_hosts {
                    if host != "localhost" && reach(host) != Some(Reach::Loopback) {
                        found.hit(Some(&container.name), path, host);
                    }
                }
            }
        },
        samples: &[
            Sample::Hit(
                25,
                "containers: [{name: a, livenessProbe: {httpGet: {host: 169.254.169.254, path: /latest, port: 80}}}]",
            ),
            Sample::Hit(
                25,
                "containers: [{name: a, lifecycle: {postStart: {httpGet: {host: internal.example.test, port: 80}}}}]",
            ),
            Sample::Hit(
                25,
                "initContainers: [{name: a, restartPolicy: Always, startupProbe: {tcpSocket: {host: 10.0.0.1, port: 22}}}]",
            ),
            Sample::Miss("containers: [{name: a, livenessProbe: {httpGet: {path: /healthz, port: 80}}}]"),
            Sample::Miss("containers: [{name: a, livenessProbe: {httpGet: {host: 127.0.0.1, port: 80}}}]"),
        ],
        ..NETWORK
    },
];

fn dns(facts: &Facts<'_>, found: &mut Collector<'_>) {
    let pod = &facts.workload.pod;
    for (server, path) in &pod.nameservers {
        if WELL_KNOWN_RESOLVERS.contains(&server.as_str()) {
            found.hit_as(Severity::None, 4, None, path, server);
        } else if reach(server) == Some(Reach::Public) {
            found.hit(None, path, server);
        }
    }
    for (name, address, path) in &pod.host_aliases {
        if is_of_cluster(&name.to_ascii_lowercase()) {
            found.hit(None, path, &format!("{name} is {address}"));
        }
    }
}

/// Whether a name is one that the cluster or the cloud answers for.
fn is_of_cluster(name: &str) -> bool {
    name == "kubernetes"
        || name.starts_with("kubernetes.default")
        || name.rsplit('.').next() == Some("svc")
        || name.contains(".svc.")
        || name.ends_with(".cluster.local")
        || METADATA_NAMES.contains(&name)
}
