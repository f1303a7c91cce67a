//! One scenario: a control plane, the proxy before it, and a controller that talks through the proxy.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::converged::{LIVENESS, wait_converged, wait_stable};
use crate::support::proxy::Proxy;
use crate::support::{
    BENIGN, ControlPlane, Jobrisk, NAMESPACE, REVERSE_SHELL, Tenant, apply_manifests, job, tail_of,
};

/// A control plane with jobrisk installed.
pub(crate) struct Installed {
    pub(crate) plane: ControlPlane,
    /// Of the controller's `ServiceAccount`.
    pub(crate) token: String,
}

/// Control planes that nobody uses now. There are never more than tests at one time.
static IDLE: Mutex<Vec<Installed>> = Mutex::new(Vec::new());

/// A controller behind a proxy, with a control plane to itself.
pub(crate) struct Scenario {
    installed: Option<Installed>,
    pub(crate) proxy: Proxy,
    pub(crate) jobrisk: Jobrisk,
    /// The scenario's own namespace. What is done in it, its tenant does, who has the built-in role `edit` there.
    pub(crate) namespace: String,
    /// All namespaces that it has made.
    namespaces: Mutex<Vec<String>>,
}

impl Scenario {
    /// Everything is there; the controller is not started yet.
    pub(crate) fn prepare(id: &str) -> Self {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let installed = idle.unwrap_or_else(Installed::start);
        let proxy = Proxy::start(&installed.plane);
        let kubeconfig = proxy.kubeconfig(installed.plane.dir(), &installed.token);
        let jobrisk = Jobrisk::with_kubeconfig(installed.plane.dir(), &kubeconfig);
        let namespaces = Mutex::default();
        let scenario =
            Self { installed: Some(installed), proxy, jobrisk, namespace: id.to_owned(), namespaces };
        scenario.create_namespace(id);
        scenario
    }

    /// Makes another namespace, which is emptied at the end too, and gives its tenant.
    pub(crate) fn create_namespace(&self, name: &str) -> Tenant<'_> {
        self.plane().kubectl_ok(&["create", "namespace", name]);
        self.namespaces.lock().unwrap().push(name.to_owned());
        Tenant::of(self.plane(), name)
    }

    /// Who has the built-in role `edit` in the scenario's own namespace.
    pub(crate) fn tenant(&self) -> Tenant<'_> {
        Tenant::known(self.plane(), &self.namespace)
    }

    /// Creates an object in the scenario's own namespace, as its tenant.
    pub(crate) fn create(&self, object: &Value) {
        self.tenant().create(object);
    }

    /// A token of the controller's `ServiceAccount`.
    pub(crate) fn token(&self) -> &str {
        &self.installed.as_ref().unwrap().token
    }

    /// The controller runs, is ready, and has nothing to do.
    pub(crate) fn begin(id: &str) -> Self {
        let scenario = Self::prepare(id);
        scenario.start();
        scenario
    }

    /// Starts the controller and waits until it is ready.
    pub(crate) fn start(&self) {
        self.jobrisk.run();
        self.jobrisk.wait_ready();
    }

    pub(crate) fn plane(&self) -> &ControlPlane {
        &self.installed.as_ref().unwrap().plane
    }

    /// Creates a Job that a shell is opened by.
    pub(crate) fn risky(&self, name: &str) {
        self.create(&job(&self.namespace, name, REVERSE_SHELL));
    }

    /// Creates Jobs with names from `PREFIX-0`; every third is risky.
    pub(crate) fn jobs(&self, prefix: &str, count: usize) {
        create_jobs(&self.tenant(), prefix, count);
    }

    /// The reports are right within `limit`, and stay so.
    ///
    /// # Panics
    /// With what is wrong, and with the end of the controller's log.
    pub(crate) fn settles(&self, limit: Duration) {
        self.converges(limit);
        // A loop that writes by itself shows within seconds, and there are many tests; one that has slowed down to the
        // longest back-off shows in the long ones.
        let quiet = seconds(5, 30);
        wait_stable(&self.proxy, quiet, quiet * 6);
        self.converges(Duration::ZERO);
    }

    /// The reports are right within `limit`.
    pub(crate) fn converges(&self, limit: Duration) {
        let checked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wait_converged(self.plane(), limit)));
        if let Err(panic) = checked {
            eprintln!("the end of the controller's log:\n{}", tail_of(&self.jobrisk.stderr(), 15));
            std::panic::resume_unwind(panic);
        }
    }

    /// A new Job is reported within `limit`: the controller is not deaf.
    pub(crate) fn sees_new_job(&self, name: &str, limit: Duration) {
        self.risky(name);
        self.converges(limit);
    }

    /// As [`Self::settles`], in the time that is allowed when nothing is in the way.
    pub(crate) fn settles_soon(&self) {
        self.settles(LIVENESS);
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if self.jobrisk.lives() {
            self.jobrisk.kill();
        }
        // What a failed test leaves behind is not for the next one.
        if thread::panicking() {
            return;
        }
        if let Some(installed) = self.installed.take() {
            for namespace in self.namespaces.lock().unwrap().iter() {
                installed.empty(namespace);
            }
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(installed);
        }
    }
}

impl Installed {
    fn start() -> Self {
        let plane = ControlPlane::start();
        apply_manifests(&plane);
        let namespace = format!("--namespace={NAMESPACE}");
        let token = plane.kubectl_ok(&["create", "token", "jobrisk", &namespace, "--duration=24h"]);
        Self { plane, token: token.trim_end().to_owned() }
    }

    /// Removes what a scenario has made, for the next one.
    fn empty(&self, namespace: &str) {
        let groups = ["batch/v1 jobs", "batch/v1 cronjobs", "jobrisk.io/v1alpha1 jobriskreports"];
        delete_all(&self.plane, namespace, &groups);
    }
}

/// Deletes everything of some resources, each written as `GROUP/VERSION RESOURCE`, in a namespace.
pub(crate) fn delete_all(plane: &ControlPlane, namespace: &str, resources: &[&str]) {
    for resource in resources {
        let (group, resource) = resource.split_once(' ').unwrap();
        let path = format!("/apis/{group}/namespaces/{namespace}/{resource}?propagationPolicy=Background");
        plane.kubectl_ok(&["delete", "--raw", &path]);
    }
}

/// Creates Jobs with names from `PREFIX-0`; every third is risky.
pub(crate) fn create_jobs(tenant: &Tenant<'_>, prefix: &str, count: usize) {
    let items: Vec<Value> = (0..count)
        .map(|number| {
            let command = if number % 3 == 0 { REVERSE_SHELL } else { BENIGN };
            job(tenant.namespace(), &format!("{prefix}-{number}"), command)
        })
        .collect();
    // kubectl creates 50 objects a second and has a minute for a call.
    for items in items.chunks(1000) {
        tenant.create(&json!({ "apiVersion": "v1", "kind": "List", "items": items }));
    }
}

/// Whether the long tests were asked for, by `make test-long`.
pub(crate) fn is_long() -> bool {
    std::env::var_os("JOBRISK_LONG").is_some_and(|value| value == "1")
}

/// A time that is long in the long tests and short in the others.
pub(crate) fn seconds(short: u64, long: u64) -> Duration {
    Duration::from_secs(if is_long() { long } else { short })
}
