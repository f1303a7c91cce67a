//! What is asked of API servers and kubelets without kubectl: URLs and paths, headers, and client libraries.

use super::Weight;
use super::kubernetes::FULL;
use super::url::target;
use super::words::{option, words};
use crate::detect::code;
use crate::detect::code_strings;
use crate::normalize::Invocation;
use crate::severity::Severity;

/// A request by a tool for HTTP.
pub(super) fn by_tool(invocation: &Invocation) -> Option<Weight> {
    let method = method(invocation);
    // Writing one object by its name is not reading secrets.
    let changes = matches!(method, "DELETE" | "PATCH" | "PUT");
    let weights = words(invocation)
        .filter_map(|word| by_url(word, method))
        .filter(|weight| !changes || *weight == FULL)
        .chain(impersonates(invocation).then_some(FULL));
    weights.max_by_key(|weight| weight.1)
}

/// The method that a tool uses.
pub(super) fn method(invocation: &Invocation) -> &str {
    let attached =
        || words(invocation).find_map(|word| word.strip_prefix("-X").filter(|method| !method.is_empty()));
    if let Some(method) = option(invocation, &["-X", "--request", "--method"]).or_else(attached) {
        return method;
    }
    // HTTPie: `http POST URL`.
    let first = words(invocation).find(|word| !word.starts_with('-')).unwrap_or_default();
    if matches!(first, "POST" | "PUT" | "PATCH" | "DELETE") {
        return first;
    }
    let sends = words(invocation).any(|word| {
        matches!(word, "-d" | "--json")
            || word.starts_with("--data")
            || word.starts_with("--post-")
            || word.starts_with("-d")
    });
    if sends { "POST" } else { "GET" }
}

/// `Impersonate-User: system:admin` and the like.
fn impersonates(invocation: &Invocation) -> bool {
    words(invocation).any(|word| {
        let word = word.to_ascii_lowercase();
        word.contains("impersonate-group:") && word.contains("system:masters")
            || word.contains("impersonate-user:")
                && ["system:", "admin"].iter().any(|name| word.contains(name))
    })
}

/// URLs of the API server and of kubelets.
pub(super) fn by_url(word: &str, method: &str) -> Option<Weight> {
    let by_port = word.contains(":10250/") || word.contains(":10255/");
    let by_place = by_port || word.contains("/api/v1/") || word.contains("/apis/");
    let is_place = word.contains("://") || by_place && !word.starts_with(['-', '{']);
    if !is_place || word.len() > 4096 || word.contains(char::is_whitespace) {
        return None;
    }
    let target = target(word)?;
    if matches!(target.port, Some("10250" | "10255")) {
        let paths = [
            "/run/",
            "/exec/",
            "/attach/",
            "/cri/",
            "/pods",
            "/runningpods",
            "/logs",
            "/containerLogs",
            "/portForward",
            "/configz",
        ];
        return paths.iter().any(|path| target.path.starts_with(path)).then_some(FULL);
    }
    by_path(target.path, method)
}

/// Paths of the API.
pub(super) fn by_path(path: &str, method: &str) -> Option<Weight> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts = path.trim_matches('/').split('/');
    let group = match (parts.next(), parts.next()) {
        (Some("api"), Some("v1")) => "",
        (Some("apis"), Some(group)) => {
            parts.next();
            group
        }
        _ => return None,
    };
    let rest: Vec<&str> = parts.take(6).collect();
    let (kind, after) = match rest.as_slice() {
        ["namespaces", _, kind, after @ ..] | [kind, after @ ..] => (*kind, after),
        [] => return None,
    };
    let makes = method == "POST";
    match (group, kind, after) {
        ("", "secrets", []) if makes => None,
        ("", "secrets", [_, ..]) => Some((Severity::Low, 15)),
        ("", "secrets", [])
        | ("", "pods", [_, "exec" | "attach", ..])
        | ("", "nodes", [_, "proxy", ..])
        | ("", "serviceaccounts", [_, "token", ..]) => Some(FULL),
        ("certificates.k8s.io", "certificatesigningrequests", [_, "approval", ..]) => {
            Some((Severity::Low, 20))
        }
        ("rbac.authorization.k8s.io", "clusterrolebindings", []) if makes => Some(FULL),
        ("rbac.authorization.k8s.io", "clusterrolebindings", _) if query.is_empty() => {
            Some((Severity::Low, 20))
        }
        _ => None,
    }
}

/// Methods of client libraries, written alike in all of them: `list_secret_for_all_namespaces` of Python,
/// `listSecretForAllNamespaces` of JavaScript and Java.
const METHODS: &[(&str, Weight)] = &[
    ("listsecretforallnamespaces", FULL),
    ("listnamespacedsecret", FULL),
    ("createclusterrolebinding", FULL),
    ("createnamespacedserviceaccounttoken", FULL),
    ("replacecertificatesigningrequestapproval", (Severity::Low, 20)),
    ("patchclusterrolebinding", FULL),
    ("replaceclusterrolebinding", FULL),
    ("readnamespacedsecret", (Severity::Low, 15)),
    ("connectgetnamespacedpodexec", (Severity::Low, 12)),
    ("connectpostnamespacedpodexec", (Severity::Low, 12)),
];
/// Methods of client libraries that make pods.
const MAKES_PODS: &[&str] = &[
    "createnamespacedpod",
    "createnamespaceddaemonset",
    "createnamespaceddeployment",
    "createnamespacedjob",
    "createnamespacedcronjob",
    "createnamespacedstatefulset",
    "patchnamespaceddaemonset",
    "patchnamespaceddeployment",
    "patchnamespacedcronjob",
];

/// What code asks of an API server.
pub(super) fn by_code(invocation: &Invocation) -> Option<Weight> {
    let code = code::text(invocation)?;
    let urls = code::any(code, &["/secrets", ":1025", "/exec", "/clusterrolebindings", "/proxy"]);
    let literals = if urls { code_strings::literals(code) } else { Vec::new() };
    let posts = code::any(code, &[".post(", "POST"]);
    let method = if posts { "POST" } else { "GET" };
    // What is put together from host and path has the path alone in a literal.
    let weights = literals.iter().filter_map(|text| {
        if text.starts_with("/api") { by_path(text, method) } else { by_url(text, method) }
    });
    weights.chain(by_library(code)).max_by_key(|weight| weight.1)
}

fn by_library(code: &str) -> Option<Weight> {
    let is_client =
        code::any(code, &["kubernetes", "kubeclient", "k8s", "Namespaced", "_namespaced_", "clientset"]);
    if !is_client {
        return None;
    }
    let dynamic = code.contains("DynamicClient") || code.contains("Dynamic");
    if dynamic && code::any(code, &["kind='Secret'", "kind=\"Secret\"", "kind: 'Secret'", "kind: \"Secret\""])
    {
        return Some(FULL);
    }
    // client-go: `clientset.CoreV1().Secrets("").List(`.
    if code.contains(".Secrets(\"\").List(") || code.contains(".ClusterRoleBindings().Create(") {
        return Some(FULL);
    }
    let plain: String =
        code.chars().filter(|letter| *letter != '_').map(|l| l.to_ascii_lowercase()).collect();
    let calls = |name: &str| {
        plain.match_indices(name).any(|(at, _)| {
            let after = plain.get(at + name.len()..).unwrap_or_default();
            after.starts_with('(') || after.starts_with("withhttpinfo(")
        })
    };
    let by_method = METHODS.iter().filter(|(name, _)| calls(name)).map(|(_, weight)| *weight);
    let privileged =
        ["privileged=true", "privileged:true", "hostpid=true", "hostpid:true", "privileged: true"];
    let takes_node = code::any(&plain, &privileged) && MAKES_PODS.iter().any(|name| calls(name));
    by_method.chain(takes_node.then_some(FULL)).max_by_key(|weight| weight.1)
}
