//! A running control plane and what a test does with it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::runtime::Runtime;

use super::components::{self, Ports};
use super::kubectl::Kubectl;
use super::process::{Output, eventually, tail};
use super::supervisor::Supervisor;
use super::{kubeconfig, pki, programs};

const READY_LIMIT: Duration = Duration::from_secs(60);
const LOG_LINES: usize = 40;
/// Another process may take a port between our look and the program's bind.
const ATTEMPTS: usize = 3;

/// A program of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    Etcd,
    ApiServer,
    ControllerManager,
}

impl Component {
    /// The program's name, also of its log in [`ControlPlane::dir`].
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
        }
    }
}

/// etcd, kube-apiserver and kube-controller-manager on loopback. Dropping it ends them and removes
/// everything they wrote; so does the end of the test process, whatever kind of end it is.
pub(crate) struct ControlPlane {
    supervisor: Supervisor,
    programs: PathBuf,
    ports: Ports,
    ca_pem: String,
    admin_kubeconfig: PathBuf,
    kubectl: Kubectl,
}

impl ControlPlane {
    /// Starts a control plane and waits until it takes work.
    ///
    /// # Panics
    /// With the last lines of the log of the program that failed.
    pub(crate) fn start() -> Self {
        Self::try_start(None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The control plane that all tests of one test binary share. It ends with the process.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Like [`Self::start`]; `assets` stands in for the environment variable `KUBEBUILDER_ASSETS`.
    pub(crate) fn try_start(assets: Option<&Path>) -> Result<Self, String> {
        let programs = programs::folder(assets)?;
        let mut attempt = 1;
        loop {
            match Self::try_once(&programs) {
                Err(error) if attempt < ATTEMPTS && error.contains("address already in use") => attempt += 1,
                result => return result,
            }
        }
    }

    fn try_once(programs: &Path) -> Result<Self, String> {
        let supervisor = Supervisor::start()?;
        let folder = supervisor.folder().to_owned();
        let ports = Ports::pick()?;
        let pki = pki::write(&folder)?;
        let admin_kubeconfig = folder.join("admin.kubeconfig");
        let kubectl = Kubectl::new(programs, &folder, &admin_kubeconfig);
        let plane = Self {
            supervisor,
            programs: programs.to_owned(),
            ports,
            ca_pem: pki.ca_pem,
            admin_kubeconfig,
            kubectl,
        };
        plane.write_kubeconfig("admin", &pki.admin_token)?;
        plane.write_kubeconfig("controller-manager", &pki.controller_manager_token)?;
        plane.write_kubeconfig("hostile", &pki.hostile_token)?;

        plane.run(Component::Etcd)?;
        plane.wait_for(Component::Etcd, "listens", || dial(ports.etcd))?;
        plane.run(Component::ApiServer)?;
        plane.wait_until_ready()?;
        plane.run(Component::ControllerManager)?;
        plane.wait_for(Component::ControllerManager, "has made the default ServiceAccount", || {
            let found = plane.kubectl.run(&["get", "serviceaccount/default", "--namespace=default"], "");
            found.is_ok_and(|output| output.success())
        })?;
        Ok(plane)
    }

    /// `https://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api_server)
    }

    /// The API server's port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.ports.api_server
    }

    /// The port of etcd on 127.0.0.1, without TLS.
    pub(crate) fn etcd_port(&self) -> u16 {
        self.ports.etcd
    }

    /// The certificate of the authority that the API server's certificate is from.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The temporary folder with the data, the logs and the kubeconfigs.
    pub(crate) fn dir(&self) -> &Path {
        self.supervisor.folder()
    }

    /// The process ids of the supervisor and of every program that runs now.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let running = self.supervisor.running().unwrap();
        std::iter::once(self.supervisor.pid()).chain(running.into_iter().map(|(_, pid)| pid)).collect()
    }

    /// The process id of one program, `None` when it does not run.
    pub(crate) fn pid(&self, component: Component) -> Option<u32> {
        let running = self.supervisor.running().unwrap();
        running.into_iter().find(|(name, _)| name == component.name()).map(|(_, pid)| pid)
    }

    /// What a program has logged so far.
    pub(crate) fn log(&self, component: Component) -> String {
        tail(&self.supervisor.log(component.name()), usize::MAX)
    }

    /// Sends a signal by its short name: `STOP` freezes a program, `CONT` lets it go on, `KILL` crashes it.
    pub(crate) fn signal(&self, component: Component, signal: &str) {
        self.supervisor.signal(component.name(), signal).unwrap();
    }

    /// Stops a program.
    pub(crate) fn stop(&self, component: Component) {
        self.supervisor.stop(component.name()).unwrap();
    }

    /// Starts etcd again and waits until it listens.
    pub(crate) fn start_etcd(&self) {
        let listens = || dial(self.ports.etcd);
        self.run(Component::Etcd)
            .and_then(|()| self.wait_for(Component::Etcd, "listens", listens))
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Stops the API server; etcd keeps the data.
    pub(crate) fn stop_apiserver(&self) {
        self.supervisor.stop(Component::ApiServer.name()).unwrap();
    }

    /// Starts the API server again on the same port and waits until it is ready.
    pub(crate) fn start_apiserver(&self) {
        self.run(Component::ApiServer)
            .and_then(|()| self.wait_until_ready())
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Stops the API server and starts it again.
    pub(crate) fn restart_apiserver(&self) {
        self.stop_apiserver();
        self.start_apiserver();
    }

    /// A kubeconfig of a member of `system:masters`.
    pub(crate) fn admin_kubeconfig(&self) -> &Path {
        &self.admin_kubeconfig
    }

    /// A kubeconfig of [`HOSTILE_USER`], who is in the group `hostile` and may do nothing yet.
    pub(crate) fn hostile_kubeconfig(&self) -> PathBuf {
        self.dir().join("hostile.kubeconfig")
    }

    /// A kubeconfig with a token of a `ServiceAccount` that is bound to a Pod, as the token in that Pod is.
    pub(crate) fn pod_kubeconfig(&self, namespace: &str, name: &str, pod: &str) -> PathBuf {
        let (namespace_option, pod_option) =
            (format!("--namespace={namespace}"), format!("--bound-object-name={pod}"));
        let token = self.kubectl_ok(&[
            "create",
            "token",
            name,
            &namespace_option,
            "--bound-object-kind=Pod",
            &pod_option,
        ]);
        self.write_kubeconfig(&format!("{namespace}.{name}.{pod}"), token.trim_end()).unwrap()
    }

    /// A kubeconfig with a fresh token (24 hours) of an existing `ServiceAccount`.
    pub(crate) fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> PathBuf {
        let namespace_option = format!("--namespace={namespace}");
        let token = self.kubectl_ok(&["create", "token", name, &namespace_option, "--duration=24h"]);
        self.write_kubeconfig(&format!("{namespace}.{name}"), token.trim_end()).unwrap()
    }

    /// Runs kubectl as the administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_stdin(arguments, "")
    }

    /// Runs kubectl as the administrator, with `input` on its stdin.
    pub(crate) fn kubectl_stdin(&self, arguments: &[&str], input: &str) -> Output {
        self.kubectl.run(arguments, input).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs kubectl as the administrator and gives its stdout.
    ///
    /// # Panics
    /// With kubectl's stderr when it fails.
    pub(crate) fn kubectl_ok(&self, arguments: &[&str]) -> String {
        self.kubectl_ok_stdin(arguments, "")
    }

    /// Like [`Self::kubectl_ok`], with `input` on kubectl's stdin: `kubectl_ok_stdin(&["apply", "-f", "-"], yaml)`.
    pub(crate) fn kubectl_ok_stdin(&self, arguments: &[&str], input: &str) -> String {
        let output = self.kubectl_stdin(arguments, input);
        assert!(output.success(), "kubectl {}: {}{}", arguments.join(" "), output.stdout, output.stderr);
        output.stdout
    }

    /// What somebody, such as `--as=ann`, may do in a namespace, as kubectl lists it, sorted. Without what everyone may:
    /// ask about themselves, and read the API's own description.
    pub(crate) fn rights(&self, who: &str, namespace: &str) -> Vec<String> {
        let namespace = format!("--namespace={namespace}");
        let listed = self.kubectl_ok(&["auth", "can-i", "--list", "--no-headers", who, &namespace]);
        let is_basic = |line: &&str| {
            line.contains(".authorization.k8s.io")
                || line.contains(".authentication.k8s.io")
                || line.contains("[/")
        };
        let mut rights: Vec<String> = listed
            .lines()
            .filter(|line| !is_basic(line))
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        rights.sort();
        rights
    }

    /// Runs kubectl with another kubeconfig, such as one of [`Self::service_account_kubeconfig`].
    pub(crate) fn kubectl_as(&self, kubeconfig: &Path, arguments: &[&str]) -> Output {
        self.kubectl_as_stdin(kubeconfig, arguments, "")
    }

    /// [`Self::kubectl_as`], with `input` on kubectl's stdin.
    pub(crate) fn kubectl_as_stdin(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Output {
        let option = format!("--kubeconfig={}", kubeconfig.display());
        let arguments: Vec<&str> =
            std::iter::once(option.as_str()).chain(arguments.iter().copied()).collect();
        self.kubectl_stdin(&arguments, input)
    }

    /// A client of the administrator, for what kubectl is too slow for, and what it runs on.
    pub(crate) fn client(&self) -> (Runtime, Client) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(&self.admin_kubeconfig).unwrap();
            let options = KubeConfigOptions::default();
            Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
        });
        (runtime, client)
    }

    /// Runs a line of a page in a shell, in [`Self::dir`], with kubectl as the administrator.
    pub(crate) fn shell(&self, line: &str) -> Output {
        self.kubectl.shell(line).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The API server's own metrics, as text.
    pub(crate) fn metrics(&self) -> String {
        self.kubectl_ok(&["get", "--raw", "/metrics"])
    }

    fn write_kubeconfig(&self, name: &str, token: &str) -> Result<PathBuf, String> {
        let path = self.dir().join(format!("{name}.kubeconfig"));
        kubeconfig::write(&path, &self.url(), &self.ca_pem, name, token)?;
        Ok(path)
    }

    fn run(&self, component: Component) -> Result<(), String> {
        let arguments = match component {
            Component::Etcd => components::etcd(self.dir(), self.ports),
            Component::ApiServer => components::api_server(self.dir(), self.ports),
            Component::ControllerManager => components::controller_manager(self.dir()),
        };
        self.supervisor.run(component.name(), &self.programs.join(component.name()), &arguments)
    }

    fn wait_until_ready(&self) -> Result<(), String> {
        self.wait_for(Component::ApiServer, "is ready", || {
            let ready = || self.kubectl.run(&["get", "--raw", "/readyz", "--request-timeout=5s"], "");
            dial(self.ports.api_server) && ready().is_ok_and(|output| output.success())
        })
    }

    /// Polls until `probe` holds; an error as soon as the program has exited or the limit has passed.
    fn wait_for(
        &self,
        component: Component,
        what: &str,
        mut probe: impl FnMut() -> bool,
    ) -> Result<(), String> {
        let name = component.name();
        let failure = |why: String| {
            let log = tail(&self.supervisor.log(name), LOG_LINES);
            Err(format!("{name} {why}; the end of its log:\n{log}"))
        };
        let outcome = eventually(READY_LIMIT, || {
            let running = self.supervisor.running();
            match running {
                Err(error) => Some(Err(error)),
                Ok(list) if list.iter().all(|(running, _)| running != name) => {
                    Some(failure("has exited".to_owned()))
                }
                Ok(_) => probe().then_some(Ok(())),
            }
        });
        outcome.unwrap_or_else(|| failure(format!("took longer than {READY_LIMIT:?} until it {what}")))
    }
}

fn dial(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(1)).is_ok()
}
