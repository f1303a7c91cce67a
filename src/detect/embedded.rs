//! Kubernetes objects that stand in what a workload runs: in here-documents, request bodies, files it writes, code.
//!
//! Who makes objects in the cluster is as dangerous as what he makes. The text is read as a manifest file is, and
//! what would run pods becomes a workload of its own, to be judged by the same rules.

use std::collections::HashSet;

use super::code;
use super::code_strings;
use super::command::is_kubectl;
use super::derive::text_written;
use super::flow::is_downloader;
use super::runs::Run;
use crate::manifest::{self, Item, Other};
use crate::normalize::shell::stdin_text;
use crate::normalize::{Execution, Invocation};
use crate::workload::Workload;

/// How deep workloads in workloads are judged.
pub(super) const MAX_DEPTH: u8 = 2;
/// The most objects that are looked at.
const MAX_OBJECTS: usize = 32;
/// Bytes of text that are read for objects, on top of the length of what is run: keeps the work linear.
const EXTRA: usize = 64 * 1024;
/// The most places in one text of code that are looked at.
const MAX_IN_CODE: usize = 16;

/// An object in the text of a command.
pub struct Embedded {
    /// Index of the run in [`super::Facts::runs`].
    pub run: usize,
    /// Index of the invocation in it.
    pub at: usize,
    /// Its `kind`; empty for a patch.
    pub kind: String,
    /// Its name, as far as it says.
    pub name: String,
    /// What it is.
    pub(super) what: What,
}

/// What an embedded object does.
pub(super) enum What {
    /// It runs pods like this workload.
    Workload(Box<Workload>),
    /// It is one of the few objects without pods that give power: see [`Power`].
    Power(Power),
}

/// How much power an object gives to whom it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    /// All of the cluster, or some of it to everybody.
    Full,
    /// Some of it.
    Some,
}

/// The objects in what `runs` run. Only where something talks to an API server, which few workloads do.
pub(super) fn embedded(runs: &[Run<'_>]) -> Vec<Embedded> {
    let talks = |run: &Run<'_>| run.execution.commands.iter().any(is_client);
    if !runs.iter().any(talks) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    let mut budget = EXTRA
        + runs
            .iter()
            .flat_map(|run| &run.execution.commands)
            .flat_map(|call| &call.args)
            .map(|word| word.text.len())
            .sum::<usize>();
    for (run, of) in runs.iter().enumerate() {
        for (at, invocation) in of.invocations() {
            for text in texts(&of.execution, invocation) {
                if found.len() >= MAX_OBJECTS || text.len() > budget {
                    return found;
                }
                if known.contains(&text) {
                    continue;
                }
                budget -= text.len();
                read(&text, run, at, &mut found);
                known.insert(text);
            }
        }
    }
    found.truncate(MAX_OBJECTS);
    found
}

/// Whether a program may bring objects to an API server.
fn is_client(invocation: &Invocation) -> bool {
    is_kubectl(invocation) || is_downloader(invocation) || code::language(&invocation.program).is_some()
}

/// Texts of an invocation that may be objects.
fn texts(execution: &Execution, invocation: &Invocation) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        if looks_like_object(text) {
            found.push(text.to_owned());
        }
    };
    if let Some(text) = stdin_text(&invocation.redirects) {
        add(&text.text);
    } else if matches!(
        invocation.program.as_str(),
        "echo" | "printf" | "base64" | "openssl" | "xxd" | "tr" | "rev" | "sed" | "cat"
    ) && let Some(text) = text_written(execution, invocation)
    {
        add(&text);
    }
    if let Some(code) = code::text(invocation) {
        if looks_like_object(code) {
            for literal in &code_strings::literals(code) {
                add(literal);
            }
            for object in in_braces(code) {
                add(object);
            }
        }
    } else if is_client(invocation) {
        for word in &invocation.args {
            // `-p={…}`, `--overrides={…}`, `-d{…}`.
            let start = word.text.find(['{', '[']).filter(|at| *at < 32);
            if let Some(json) = start.and_then(|start| word.text.get(start..)) {
                add(json);
            }
        }
    }
    found
}

fn looks_like_object(text: &str) -> bool {
    text.len() >= 16 && (text.contains("kind") || text.contains("spec"))
}

/// The innermost braces around each `kind` in code: an object written out as a literal of the language, which YAML
/// can read in most languages. One pass.
fn in_braces(code: &str) -> Vec<&str> {
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut found = Vec::new();
    for (at, letter) in code.char_indices() {
        match letter {
            '{' => open.push((at, false)),
            '}' => {
                let Some((start, true)) = open.pop() else { continue };
                found.extend(code.get(start..=at));
                if found.len() >= MAX_IN_CODE {
                    break;
                }
            }
            'k' if code.get(at..).is_some_and(|rest| rest.starts_with("kind")) => {
                if let Some(last) = open.last_mut() {
                    last.1 = true;
                }
            }
            _ => {}
        }
    }
    found
}

fn read(text: &str, run: usize, at: usize, found: &mut Vec<Embedded>) {
    let mut add = |kind: &str, name: &str, what: What| {
        if found.len() < MAX_OBJECTS {
            found.push(Embedded { run, at, kind: kind.to_owned(), name: name.to_owned(), what });
        }
    };
    manifest::read(text.as_bytes(), &mut |item| match item {
        Item::Workload(manifest) => {
            let workload = Workload::from_object(manifest.kind, &manifest.object);
            let name = workload.name.clone();
            add(manifest.kind.as_str(), &name, What::Workload(Box::new(workload)));
        }
        Item::Other(other) => {
            let name = other.text("metadata.name").unwrap_or_default();
            if let Some((kind, object)) = other.as_workload() {
                let workload = Workload::from_object(kind, &object);
                add(other.kind, name, What::Workload(Box::new(workload)));
            } else if let Some(power) = power(&other, name) {
                add(other.kind, name, What::Power(power));
            }
        }
        // Text that is no manifest is no reason to complain: it is only looked at in case it is one.
        Item::Unreadable(_) => {}
    });
}

/// Roles that are all of the cluster, or nearly.
pub(super) const ADMINS: &[&str] = &["cluster-admin", "admin", "system:masters", "system:node", "edit"];
/// Names by which everybody is meant.
const EVERYBODY: &[&str] =
    &["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"];
/// `ConfigMap`s of the system by which names are resolved, traffic is led, or people become administrators.
pub(super) const SYSTEM_CONFIG: &[&str] = &[
    "aws-auth",
    "coredns",
    "coredns-custom",
    "kube-dns",
    "kube-proxy",
    "kubeadm-config",
    "kubelet-config",
    "extension-apiserver-authentication",
];

fn power(other: &Other<'_>, name: &str) -> Option<Power> {
    let each = |list: &str, field: &str, wanted: &[&str]| {
        (0..MAX_IN_CODE)
            .any(|at| other.text(&format!("{list}[{at}].{field}")).is_some_and(|text| wanted.contains(&text)))
    };
    match other.kind {
        "ClusterRoleBinding" | "RoleBinding" => {
            let role = other.text("roleRef.name").unwrap_or_default();
            let to_all = each("subjects", "name", EVERYBODY);
            let cluster = other.kind == "ClusterRoleBinding";
            let full = role == "cluster-admin" || cluster && ADMINS.contains(&role) || to_all;
            if full { Some(Power::Full) } else { cluster.then_some(Power::Some) }
        }
        "ClusterRole" | "Role" => {
            let of = |rule: usize, list: &str, wanted: &[&str]| {
                (0..MAX_IN_CODE).any(|at| {
                    other
                        .text(&format!("rules[{rule}].{list}[{at}]"))
                        .is_some_and(|text| wanted.contains(&text))
                })
            };
            let full = (0..MAX_IN_CODE).any(|rule| {
                of(rule, "verbs", &["*"]) && of(rule, "resources", &["*"])
                    || of(rule, "verbs", &["escalate", "bind", "impersonate"])
            });
            full.then_some(Power::Full)
        }
        "CertificateSigningRequest" => {
            let signer = other.text("spec.signerName").unwrap_or_default();
            matches!(
                signer,
                "kubernetes.io/kube-apiserver-client" | "kubernetes.io/kube-apiserver-client-kubelet"
            )
            .then_some(Power::Full)
        }
        "ConfigMap" => {
            let system = other.text("metadata.namespace").is_none_or(|namespace| namespace == "kube-system");
            (system && SYSTEM_CONFIG.contains(&name)).then_some(Power::Full)
        }
        "Secret" => {
            (other.text("type") == Some("kubernetes.io/service-account-token")).then_some(Power::Some)
        }
        _ => None,
    }
}
