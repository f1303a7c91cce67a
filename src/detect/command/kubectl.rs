//! The command line of kubectl and its kin, taken apart as they do it.

use super::words::{has, option, words};
use crate::normalize::Invocation;

/// Options whose value is a word of its own: it is neither verb nor resource.
const VALUED: &[&str] = &[
    "-n",
    "--namespace",
    "-l",
    "--selector",
    "-o",
    "--output",
    "-f",
    "--filename",
    "-k",
    "--kustomize",
    "-p",
    "--patch",
    "--patch-file",
    "-c",
    "--container",
    "--context",
    "--cluster",
    "--user",
    "--kubeconfig",
    "-s",
    "--server",
    "--token",
    "--as",
    "--as-group",
    "--as-uid",
    "--field-selector",
    "--sort-by",
    "--type",
    "--image",
    "--schedule",
    "--from",
    "--clusterrole",
    "--role",
    "--serviceaccount",
    "--group",
    "--verb",
    "--resource",
    "--grace-period",
    "--timeout",
    "--template",
    "--overrides",
    "--certificate-authority",
    "--client-certificate",
    "--client-key",
    "--cache-dir",
    "--request-timeout",
    "-v",
    "--subresource",
    "--replicas",
    "--field-manager",
    "--duration",
    "--username",
    "--password",
    "--tls-server-name",
    "--raw",
];

/// What resources are called: the name that the rules use, then the others that kubectl takes.
const KINDS: &[(&str, &[&str])] = &[
    ("secret", &["secrets"]),
    ("namespace", &["namespaces", "ns", "project", "projects"]),
    ("pod", &["pods", "po"]),
    ("node", &["nodes", "no"]),
    ("configmap", &["configmaps", "cm"]),
    ("cronjob", &["cronjobs", "cj"]),
    ("job", &["jobs"]),
    ("daemonset", &["daemonsets", "ds"]),
    ("deployment", &["deployments", "deploy"]),
    ("statefulset", &["statefulsets", "sts"]),
    ("event", &["events", "ev"]),
    ("persistentvolume", &["persistentvolumes", "pv"]),
    ("persistentvolumeclaim", &["persistentvolumeclaims", "pvc"]),
    ("customresourcedefinition", &["customresourcedefinitions", "crd", "crds"]),
    ("clusterrole", &["clusterroles"]),
    ("clusterrolebinding", &["clusterrolebindings"]),
    ("role", &["roles"]),
    ("rolebinding", &["rolebindings"]),
    ("certificatesigningrequest", &["certificatesigningrequests", "csr"]),
    ("validatingwebhookconfiguration", &["validatingwebhookconfigurations"]),
    ("mutatingwebhookconfiguration", &["mutatingwebhookconfigurations"]),
    ("validatingadmissionpolicy", &["validatingadmissionpolicies"]),
    ("validatingadmissionpolicybinding", &["validatingadmissionpolicybindings"]),
    ("networkpolicy", &["networkpolicies", "netpol"]),
    ("podsecuritypolicy", &["podsecuritypolicies", "psp"]),
    ("clusterpolicy", &["clusterpolicies", "cpol"]),
    ("constrainttemplate", &["constrainttemplates"]),
    ("ciliumnetworkpolicy", &["ciliumnetworkpolicies", "cnp"]),
    ("ciliumclusterwidenetworkpolicy", &["ciliumclusterwidenetworkpolicies", "ccnp"]),
    ("volumesnapshot", &["volumesnapshots", "vs"]),
    ("volumesnapshotcontent", &["volumesnapshotcontents"]),
    ("backup", &["backups"]),
    ("schedule", &["schedules"]),
];

/// A command line of kubectl.
pub(super) struct Call<'a> {
    /// `get`, `create`, …; empty if there is none.
    pub verb: &'a str,
    /// The operands behind it, up to a `--`.
    pub rest: Vec<&'a str>,
    invocation: &'a Invocation,
}

/// Whether a program is kubectl or takes its place, a version or platform in its name aside.
pub(in crate::detect) fn is_kubectl(invocation: &Invocation) -> bool {
    let name = invocation.program.as_str();
    let versioned = name.strip_prefix("kubectl").is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(['-', '_', '.', 'v']) || starts_with_digit(rest)
    });
    versioned && !is_plugin(name) || matches!(name, "oc" | "k3s" | "k0s" | "microk8s.kubectl" | "rke2")
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
}

/// `kubectl-NAME` are plugins: programs of their own. `kubectl-v1.30` and `kubectl-linux-amd64` are kubectl.
fn is_plugin(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("kubectl-").or_else(|| name.strip_prefix("kubectl_")) else {
        return false;
    };
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    !starts_with_digit(rest) && !["linux", "darwin", "amd64", "arm64"].iter().any(|os| rest.starts_with(os))
}

/// The command line, if the program is kubectl.
pub(super) fn call(invocation: &Invocation) -> Option<Call<'_>> {
    if !is_kubectl(invocation) {
        return None;
    }
    let mut operands = Vec::new();
    let mut all = words(invocation);
    while let Some(word) = all.next() {
        if word == "--" {
            break;
        }
        if VALUED.contains(&word) {
            all.next();
        } else if !word.starts_with('-') && operands.len() < 64 {
            operands.push(word);
        }
    }
    // `k3s kubectl get`.
    let skip = usize::from(operands.first() == Some(&"kubectl"));
    let mut operands = operands.into_iter().skip(skip);
    Some(Call { verb: operands.next().unwrap_or_default(), rest: operands.collect(), invocation })
}

impl<'a> Call<'a> {
    /// The kinds it is about, by the names of [`KINDS`]; unknown ones as they are written.
    pub(super) fn kinds(&self) -> Vec<&'a str> {
        let first = self.rest.first().copied().unwrap_or_default();
        let words =
            if first.contains('/') { self.rest.as_slice() } else { self.rest.get(..1).unwrap_or_default() };
        words.iter().flat_map(|word| word.split(',')).take(32).map(kind).collect()
    }

    /// Whether it is about this kind.
    pub(super) fn is_about(&self, wanted: &[&str]) -> bool {
        self.kinds().iter().any(|kind| wanted.contains(kind))
    }

    /// The names of objects, those in `TYPE/NAME` included.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let first = self.rest.first().copied().unwrap_or_default();
        if first.contains('/') {
            return self.rest.iter().filter_map(|word| word.split_once('/')).map(|(_, name)| name).collect();
        }
        self.rest.get(1..).unwrap_or_default().to_vec()
    }

    /// The value of one of these options.
    pub(super) fn option(&self, names: &[&str]) -> Option<&'a str> {
        option(self.invocation, names)
    }

    /// The namespace it names.
    pub(super) fn namespace(&self) -> &'a str {
        let attached =
            || words(self.invocation).find_map(|word| word.strip_prefix("-n").filter(|n| !n.is_empty()));
        self.option(&["-n", "--namespace"]).or_else(attached).unwrap_or_default().trim_start_matches('=')
    }

    /// In all namespaces.
    pub(super) fn everywhere(&self) -> bool {
        has(self.invocation, &["--all-namespaces", "--all-namespaces=true"])
            || words(self.invocation).any(|word| word.starts_with("-A"))
    }

    /// Every object of the kind.
    pub(super) fn all(&self) -> bool {
        has(self.invocation, &["--all", "--all=true"])
    }

    /// Only some objects, by label or field.
    pub(super) fn selected(&self) -> bool {
        words(self.invocation).any(|word| {
            word.starts_with("--selector") || word.starts_with("--field-selector") || word.starts_with("-l")
        })
    }

    /// The value of `-o`, in its spellings.
    pub(super) fn output(&self) -> &'a str {
        let attached = words(self.invocation).find_map(|word| {
            ["-o", "-Ao"].iter().find_map(|flag| word.strip_prefix(flag)).filter(|o| !o.is_empty())
        });
        attached.or_else(|| self.option(&["-o", "--output"])).unwrap_or_default().trim_start_matches('=')
    }

    /// Files and addresses of `-f` and `-k`.
    pub(super) fn files(&self) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut all = words(self.invocation);
        while let Some(word) = all.next() {
            if matches!(word, "-f" | "--filename" | "-k" | "--kustomize") {
                found.extend(all.next());
            } else if let Some(file) = ["--filename=", "--kustomize=", "-f=", "-f", "-k"]
                .iter()
                .find_map(|flag| word.strip_prefix(flag))
                .filter(|_| !word.starts_with("--") || word.contains('='))
            {
                found.push(file);
            }
            if found.len() >= 16 {
                break;
            }
        }
        found.into_iter().flat_map(|files| files.split(',')).collect()
    }
}

/// Whether a word is known only when the script runs: a variable, or the placeholder of `xargs`.
pub(super) fn is_found_out(word: &str) -> bool {
    word.contains('$') || word.contains("{}")
}

/// The name of a kind that the rules use: without `/NAME`, group and version.
fn kind(word: &str) -> &str {
    let word = word.split(['/', '.']).next().unwrap_or(word);
    let is = |name: &str| name.eq_ignore_ascii_case(word);
    KINDS
        .iter()
        .find(|(name, others)| is(name) || others.iter().any(|other| is(other)))
        .map_or(word, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{Limits, executed};

    fn show(line: &str) -> String {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let execution = executed(&argv, &Limits::default());
        call(&execution.commands[0]).map_or("-".to_owned(), |call| {
            format!(
                "{} {:?} {:?} {:?} {:?}",
                call.verb,
                call.kinds(),
                call.names(),
                call.output(),
                call.namespace()
            )
        })
    }

    #[test]
    fn verbs_kinds_and_names_wherever_options_stand() {
        for (line, want) in [
            ("kubectl get secrets.v1. -A -ojson", r#"get ["secret"] [] "json" """#),
            ("kubectl -n kube-system --as x get Secret/a", r#"get ["secret"] ["a"] "" "kube-system""#),
            ("kubectl get -Aoyaml secret", r#"get ["secret"] [] "yaml" """#),
            ("kubectl get po,secrets.v1 -o=yaml", r#"get ["pod", "secret"] [] "yaml" """#),
            ("kubectl -nprod delete ns a b", r#"delete ["namespace"] ["a", "b"] "" "prod""#),
            ("k3s kubectl get no", r#"get ["node"] [] "" """#),
            ("kubectl-v1.30 get cm x", r#"get ["configmap"] ["x"] "" """#),
            ("kubectl-neat get cm x", "-"),
            ("kubectl exec a -- get secrets", r#"exec ["a"] [] "" """#),
        ] {
            assert_eq!(show(line), want, "{line}");
        }
    }

    #[test]
    fn files_in_their_spellings() {
        for line in [
            "kubectl apply -f http://x/y",
            "kubectl apply -fhttp://x/y",
            "kubectl apply --filename=http://x/y",
        ] {
            let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let execution = executed(&argv, &Limits::default());
            assert_eq!(call(&execution.commands[0]).unwrap().files(), ["http://x/y"], "{line}");
        }
        let argv = ["kubectl", "apply", "--force", "-f", "-"].map(str::to_owned);
        let execution = executed(&argv, &Limits::default());
        assert_eq!(call(&execution.commands[0]).unwrap().files(), ["-"]);
    }
}
