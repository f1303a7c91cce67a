//! Somebody who may work in one namespace, and who the attacks come from.

use std::time::Duration;

use serde_json::Value;

use super::control_plane::ControlPlane;
use super::process::{Output, eventually};

/// How long a control plane that has just begun takes to fill the built-in roles.
const ROLES_LIMIT: Duration = Duration::from_secs(60);

/// A user with the built-in role `edit` in one namespace, and nothing else.
pub(crate) struct Tenant<'a> {
    plane: &'a ControlPlane,
    namespace: String,
    /// `--as=USER`: the API server judges the request as that user's.
    user: String,
}

impl<'a> Tenant<'a> {
    /// Binds the role in a namespace that exists.
    pub(crate) fn of(plane: &'a ControlPlane, namespace: &str) -> Self {
        let tenant = Self::known(plane, namespace);
        tenant.bind("tenant", "--clusterrole=edit");
        let ready = || {
            let answer = tenant.kubectl(&["auth", "can-i", "create", "jobs.batch"]);
            (answer.stdout == "yes\n").then_some(())
        };
        assert!(eventually(ROLES_LIMIT, ready).is_some(), "the role `edit` lets nobody create Jobs");
        tenant
    }

    /// The tenant of a namespace in which the role is bound.
    pub(crate) fn known(plane: &'a ControlPlane, namespace: &str) -> Self {
        Self { plane, namespace: namespace.to_owned(), user: format!("--as=tenant-of-{namespace}") }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    fn bind(&self, name: &str, role: &str) {
        let user = format!("--user=tenant-of-{}", self.namespace);
        let namespace = format!("--namespace={}", self.namespace);
        self.plane.kubectl_ok(&["create", "rolebinding", name, role, &user, &namespace]);
    }

    /// Gives the tenant what no shipped role gives: to write the reports of the namespace.
    pub(crate) fn may_write_reports(&self) {
        let namespace = format!("--namespace={}", self.namespace);
        let verbs = "--verb=get,list,watch,create,update,patch,delete,deletecollection";
        let resource = "--resource=jobriskreports.jobrisk.io";
        self.plane.kubectl_ok(&["create", "role", "reports", verbs, resource, &namespace]);
        self.bind("reports", "--role=reports");
    }

    /// Runs kubectl as the tenant, in the namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_stdin(arguments, "")
    }

    /// [`Self::kubectl`] with `input` on its stdin.
    pub(crate) fn kubectl_stdin(&self, arguments: &[&str], input: &str) -> Output {
        let namespace = format!("--namespace={}", self.namespace);
        let own = [self.user.as_str(), namespace.as_str()];
        self.plane.kubectl_stdin(&[arguments, &own].concat(), input)
    }

    /// [`Self::kubectl`], and gives its stdout.
    ///
    /// # Panics
    /// With kubectl's stderr when it fails.
    pub(crate) fn kubectl_ok(&self, arguments: &[&str]) -> String {
        let output = self.kubectl(arguments);
        assert!(output.success(), "kubectl {}: {}{}", arguments.join(" "), output.stdout, output.stderr);
        output.stdout
    }

    /// Creates an object as the tenant.
    pub(crate) fn create(&self, object: &Value) {
        let output = self.kubectl_stdin(&["create", "-f", "-"], &object.to_string());
        assert!(output.success(), "{}", output.stderr);
    }
}
