//! Harm done to the cluster itself, through its own interface or that of the cloud: objects deleted in bulk, guards
//! taken away.

use super::api;
use super::kubectl::{self, Call, is_found_out};
use super::url::target;
use super::words::{has, operands, subcommand, words};
use super::{Weight, fed_by};
use crate::detect::flow::is_downloader;
use crate::detect::runs::Run;
use crate::normalize::Invocation;
use crate::severity::Severity;

/// Kinds with which everybody's work or data goes.
const VITAL: &[&str] = &[
    "namespace",
    "persistentvolume",
    "persistentvolumeclaim",
    "node",
    "all",
    "customresourcedefinition",
    "volumesnapshot",
    "volumesnapshotcontent",
    "backup",
];
/// Kinds that decide what may run and who may talk to whom.
const GUARDS: &[&str] = &[
    "validatingwebhookconfiguration",
    "mutatingwebhookconfiguration",
    "validatingadmissionpolicy",
    "validatingadmissionpolicybinding",
    "networkpolicy",
    "ciliumnetworkpolicy",
    "ciliumclusterwidenetworkpolicy",
    "podsecuritypolicy",
    "clusterpolicy",
    "constrainttemplate",
];
/// Programs that watch the cluster, or decide for it.
const WATCHERS: &[&str] =
    &["falco", "tetragon", "kyverno", "gatekeeper", "kubearmor", "neuvector", "sysdig", "twistlock"];

const FULL: Weight = (Severity::High, 45);
const PART: Weight = (Severity::Medium, 25);
const MUCH_GONE: Weight = (Severity::Medium, 40);

/// Whether a command deletes in bulk, and what that weighs.
pub(super) fn destroys(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    if let Some(call) = kubectl::call(invocation) {
        if call.verb != "delete" {
            return None;
        }
        if call.all() {
            let works = call.is_about(&["deployment", "statefulset", "daemonset"]);
            return match (call.is_about(VITAL), call.everywhere()) {
                // Whatever runs in one namespace: a test environment is cleaned up that way, too.
                (true, false) if call.is_about(&["all"]) => Some(MUCH_GONE),
                (true, _) => Some(FULL),
                (false, true) => Some(MUCH_GONE),
                (false, false) => works.then_some(PART),
            };
        }
        return deletes_listed(run, at, &call, VITAL).then_some(FULL);
    }
    if is_downloader(invocation) {
        let wide = |word: &str| target(word).is_some_and(|target| is_vital_path(target.path));
        return (api::method(invocation) == "DELETE" && words(invocation).any(wide)).then_some(MUCH_GONE);
    }
    let deletes = |nouns: &[&str]| subcommand(invocation, &["delete"]) && subcommand(invocation, nouns);
    match invocation.program.as_str() {
        "velero" => {
            (deletes(&["backup", "backups", "schedule"]) && has(invocation, &["--all"])).then_some(FULL)
        }
        "aws" => {
            let bucket =
                has(invocation, &["s3"]) && has(invocation, &["rb"]) && has(invocation, &["--force"]);
            let whole = |word: &str| {
                word.strip_prefix("s3://").is_some_and(|rest| !rest.trim_end_matches('/').contains('/'))
            };
            let content = has(invocation, &["s3"])
                && has(invocation, &["rm"])
                && has(invocation, &["--recursive"])
                && operands(invocation).any(whole);
            let machines = has(invocation, &["delete-db-instance", "delete-db-cluster"])
                && has(invocation, &["--skip-final-snapshot"])
                || has(invocation, &["delete-snapshot", "delete-db-snapshot", "delete-backup-vault"])
                    && words(invocation).any(|word| word.contains('$'));
            (bucket || content || machines).then_some(MUCH_GONE)
        }
        "gsutil" => {
            let whole = |word: &str| {
                word.strip_prefix("gs://").is_some_and(|rest| !rest.trim_end_matches('/').contains('/'))
            };
            (has(invocation, &["rm", "rb"])
                && has(invocation, &["-r", "-R", "-f"])
                && operands(invocation).any(whole))
            .then_some(MUCH_GONE)
        }
        _ => None,
    }
}

/// `/api/v1/namespaces/$NAME` and the like: a vital object whose name another call found out.
fn is_vital_path(path: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    parts.next() == Some("api")
        && parts.next() == Some("v1")
        && matches!(parts.next(), Some("namespaces" | "persistentvolumes" | "nodes"))
        && parts.next().is_some_and(|name| name.contains(['$', '{']))
        && parts.next().is_none()
}

/// Whether a call deletes objects of these kinds by names that another call found out: of all of them, or all but a few.
fn deletes_listed(run: &Run<'_>, at: usize, call: &Call<'_>, kinds: &[&str]) -> bool {
    let found_out =
        call.rest.iter().any(|word| is_found_out(word)) || call.names().is_empty() && !call.selected();
    found_out && lists_all(run, at, call, kinds)
}

/// Whether what a call is fed with are all objects of a kind: listed without a selector, and not picked out.
fn lists_all(run: &Run<'_>, at: usize, call: &Call<'_>, kinds: &[&str]) -> bool {
    let mut lists = false;
    for source in fed_by(run, at) {
        if let Some(get) = kubectl::call(source).filter(|get| get.verb == "get") {
            if get.selected() {
                return false;
            }
            lists |= get.is_about(kinds) || call.is_about(kinds);
        }
        if picks(source) {
            return false;
        }
    }
    lists
}

/// Whether a filter picks out some lines, rather than leaving some out.
fn picks(invocation: &Invocation) -> bool {
    let pattern = |marks: &[&str]| words(invocation).any(|word| marks.iter().any(|mark| word.contains(mark)));
    match invocation.program.as_str() {
        "grep" | "egrep" | "fgrep" | "rg" => {
            !words(invocation)
                .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('v'))
                && !has(invocation, &["--invert-match"])
        }
        "awk" | "gawk" => {
            pattern(&["/", "==", "~", "if", "<", ">"]) && !pattern(&["!~", "!/", "NR>1", "NR > 1"])
        }
        "sed" => has(invocation, &["-n"]),
        "jq" => pattern(&["select(", "test("]),
        "head" | "tail" => !has(invocation, &["+2", "-n+2"]),
        "[" | "test" | "[[" | "comm" | "case" => true,
        _ => false,
    }
}

/// Whether a command takes guards of the cluster away, and what that weighs.
pub(super) fn disarms(run: &Run<'_>, at: usize, invocation: &Invocation) -> Option<Weight> {
    let call = kubectl::call(invocation)?;
    let names = |known: &[&str]| words(invocation).any(|word| known.iter().any(|name| word.contains(name)));
    match call.verb {
        // Webhooks have no namespace; policies of one namespace are its owner's.
        "delete" if call.all() && call.is_about(GUARDS) => {
            let cluster =
                call.kinds().iter().any(|kind| *kind != "networkpolicy" && *kind != "ciliumnetworkpolicy");
            Some(if cluster || call.everywhere() { FULL } else { PART })
        }
        "delete" if deletes_listed(run, at, &call, GUARDS) => Some(FULL),
        "delete" => (call.is_about(&["event"]) || names(WATCHERS)).then_some(PART),
        "scale" => (names(&["--replicas=0"]) && names(WATCHERS)).then_some(PART),
        "patch" => {
            let webhook = call.is_about(&["validatingwebhookconfiguration", "mutatingwebhookconfiguration"]);
            (webhook
                && words(invocation)
                    .any(|word| word.replace([' ', '"', '\''], "").contains("failurePolicy:Ignore")))
            .then_some(PART)
        }
        "label" | "annotate" => words(invocation)
            .any(|word| {
                word == "pod-security.kubernetes.io/enforce=privileged"
                    || word == "pod-security.kubernetes.io/enforce-"
                    || word.starts_with("admission.gatekeeper.sh/ignore=")
            })
            .then_some(PART),
        _ => None,
    }
}
