//! Somebody with a kubeconfig, and the cluster that all tests share.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ControlPlane, Jobrisk, Output, run_to_end_within};

/// Far more than it takes, on a busy machine, of a program that nobody optimised.
const LIMIT: Duration = Duration::from_secs(120);

/// The control plane with a running controller.
pub(crate) fn cluster() -> (&'static ControlPlane, &'static Jobrisk) {
    // What a cluster says in which nothing is installed is asked first.
    uninstalled();
    (ControlPlane::shared(), Jobrisk::shared())
}

/// What a command said when jobrisk was not installed in the cluster yet.
pub(crate) struct Uninstalled {
    pub(crate) top: Output,
    pub(crate) watch: Output,
    pub(crate) status: Output,
}

pub(crate) fn uninstalled() -> &'static Uninstalled {
    static SAID: OnceLock<Uninstalled> = OnceLock::new();
    SAID.get_or_init(|| {
        let admin = Person::admin(ControlPlane::shared());
        Uninstalled {
            top: admin.run(&["top"]),
            watch: admin.run(&["top", "--watch"]),
            status: admin.run(&["status"]),
        }
    })
}

/// Somebody who uses the program.
pub(crate) struct Person {
    kubeconfig: PathBuf,
}

impl Person {
    /// The administrator of a cluster.
    pub(crate) fn admin(plane: &ControlPlane) -> Self {
        Self { kubeconfig: plane.admin_kubeconfig().to_owned() }
    }

    /// With a kubeconfig.
    pub(crate) fn with(kubeconfig: &Path) -> Self {
        Self { kubeconfig: kubeconfig.to_owned() }
    }

    /// A `ServiceAccount` of this name in a namespace, which has to exist, with these `ClusterRoles` in it.
    pub(crate) fn in_namespace(plane: &ControlPlane, namespace: &str, name: &str, roles: &[&str]) -> Self {
        let option = format!("--namespace={namespace}");
        plane.kubectl_ok(&["create", "serviceaccount", name, &option]);
        for role in roles {
            let (role_option, account) =
                (format!("--clusterrole={role}"), format!("--serviceaccount={namespace}:{name}"));
            let binding = format!("{name}-{role}");
            plane.kubectl_ok(&["create", "rolebinding", &binding, &role_option, &account, &option]);
        }
        let kubeconfig = plane.service_account_kubeconfig(namespace, name);
        // As a person's own kubeconfig has it.
        let mut config: Value = serde_json::from_str(&fs::read_to_string(&kubeconfig).unwrap()).unwrap();
        config["contexts"][0]["context"]["namespace"] = json!(namespace);
        fs::write(&kubeconfig, config.to_string()).unwrap();
        Self { kubeconfig }
    }

    /// The arguments with the person's kubeconfig.
    pub(crate) fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        all.push(format!("--kubeconfig={}", self.kubeconfig.display()));
        all
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let arguments = self.arguments(arguments);
        run_to_end_within(LIMIT, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What the program prints when it ends with 0.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.success(), "{arguments:?}: {output:?}");
        output.stdout
    }
}

/// The program ended with 2, printed nothing, and told why in one line that has all of `parts`.
pub(crate) fn assert_cannot(output: &Output, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(output.stdout, "", "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    assert!(output.stderr.starts_with("jobrisk: "), "{output:?}");
    for part in parts {
        assert!(output.stderr.contains(part), "{part}: {output:?}");
    }
}

/// Nothing in a text would do something to a terminal, but for the breaks of its lines.
pub(crate) fn assert_harmless(text: &str) {
    let is_harmful = |character: &char| {
        (character.is_control() && *character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(text.chars().find(is_harmful), None, "{text:?}");
}
