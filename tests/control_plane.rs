//! The test harness itself: a control plane starts, is who it says, and leaves nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests say what they mean"
)]
#![allow(clippy::print_stdout, reason = "one test talks to the other over stdout")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::config::{KubeConfigOptions, Kubeconfig};
use support::{Component, ControlPlane, eventually};

const GONE_LIMIT: Duration = Duration::from_secs(15);
/// Set in the process that is there to be killed.
const HOLD: &str = "JOBRISK_TEST_HOLD";

/// Whether a process still does something; one that merely waits to be reaped does not.
fn lives(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(')').map(|(_, rest)| !rest.trim_start().starts_with('Z')))
        .unwrap_or(false)
}

fn is_gone(pids: &[u32], folder: &Path) -> bool {
    !folder.exists() && !pids.iter().any(|&pid| lives(pid))
}

#[test]
fn answers_as_administrator() {
    let plane = ControlPlane::shared();
    assert_eq!(plane.kubectl_ok(&["get", "--raw", "/readyz"]), "ok");
    let namespaces = plane.kubectl_ok(&["get", "ns", "-o", "name"]);
    assert!(namespaces.contains("namespace/default"), "{namespaces}");
    assert!(plane.kubectl_ok(&["version"]).contains("Server Version: v1."));
    assert!(plane.metrics().contains("apiserver_request_total"));
    assert_eq!(plane.pids().len(), 4, "{}", plane.log(Component::ControllerManager));
    assert!(plane.pids().into_iter().all(lives));
    let refused = plane.kubectl(&["get", "nonsense"]);
    assert!(!refused.success() && refused.stderr.contains("nonsense"), "{refused:?}");
}

#[test]
fn service_account_is_who_it_says() {
    let plane = ControlPlane::shared();
    let manifest = "
        {apiVersion: v1, kind: List, items: [
          {apiVersion: v1, kind: Namespace, metadata: {name: who}},
          {apiVersion: v1, kind: ServiceAccount, metadata: {name: reader, namespace: who}}]}";
    plane.kubectl_ok_stdin(&["apply", "-f", "-"], manifest);
    let kubeconfig = plane.service_account_kubeconfig("who", "reader");
    let who =
        plane.kubectl_as(&kubeconfig, &["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
    assert_eq!(who.stdout, "system:serviceaccount:who:reader", "{who:?}");
    let secrets = plane.kubectl_as(&kubeconfig, &["get", "secrets"]);
    assert!(secrets.stderr.contains("forbidden"), "{secrets:?}");
}

#[test]
fn controllers_work() {
    let plane = ControlPlane::shared();
    let created = plane.kubectl_ok(&["create", "cronjob", "tick", "--image=none", "--schedule=0 0 1 1 *"]);
    assert!(created.contains("created"), "{created}");
    plane.kubectl_ok(&["create", "job", "tick-1", "--from=cronjob/tick"]);
    let pod = eventually(GONE_LIMIT, || {
        let pods = plane.kubectl_ok(&["get", "pods", "--selector=job-name=tick-1", "-o", "name"]);
        (!pods.is_empty()).then_some(pods)
    });
    assert!(pod.is_some(), "the job controller made no Pod\n{}", plane.log(Component::ControllerManager));
    plane.kubectl_ok(&["delete", "cronjob", "tick", "--cascade=background"]);
    let collected = eventually(GONE_LIMIT, || {
        plane
            .kubectl_ok(&["get", "jobs", "--ignore-not-found", "-o", "name", "tick-1"])
            .is_empty()
            .then_some(())
    });
    assert!(collected.is_some(), "the garbage collector left the Job");
}

#[tokio::test]
async fn kubeconfig_works_with_the_client_library() {
    let plane = tokio::task::spawn_blocking(ControlPlane::shared).await.unwrap();
    let kubeconfig = Kubeconfig::read_from(plane.admin_kubeconfig()).unwrap();
    let config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    let client = kube::Client::try_from(config).unwrap();
    let namespaces =
        kube::Api::<Namespace>::all(client).list(&kube::api::ListParams::default()).await.unwrap();
    assert!(namespaces.items.iter().any(|namespace| namespace.metadata.name.as_deref() == Some("default")));
}

#[test]
fn api_server_comes_back_and_drop_leaves_nothing() {
    let plane = ControlPlane::start();
    let url = plane.url();
    plane.kubectl_ok(&["create", "namespace", "kept"]);
    let before = plane.pid(Component::ApiServer).unwrap();

    plane.stop_apiserver();
    assert!(!lives(before));
    assert_eq!(plane.pid(Component::ApiServer), None);
    assert!(!plane.kubectl(&["get", "ns"]).success());
    plane.start_apiserver();
    assert_eq!(plane.url(), url);
    plane.kubectl_ok(&["get", "namespace", "kept"]);

    plane.signal(Component::ApiServer, "KILL");
    assert!(eventually(GONE_LIMIT, || plane.pid(Component::ApiServer).is_none().then_some(())).is_some());
    plane.restart_apiserver();
    plane.kubectl_ok(&["get", "namespace", "kept"]);
    assert!(plane.pid(Component::ControllerManager).is_some());

    let (pids, folder) = (plane.pids(), plane.dir().to_owned());
    assert_eq!(pids.len(), 4);
    drop(plane);
    assert!(is_gone(&pids, &folder), "{pids:?} {}", folder.display());
}

/// The part of [`killed_process_leaves_nothing`] in the process that is killed.
fn hold_a_control_plane() {
    let plane = ControlPlane::start();
    println!("\nheld {} {:?}", plane.dir().display(), plane.pids());
    // Until the other process is gone, should it fail to kill this one.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn killed_process_leaves_nothing() {
    if std::env::var_os(HOLD).is_some() {
        return hold_a_control_plane();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "killed_process_leaves_nothing"])
        .env(HOLD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| Some(line.strip_prefix("held ")?.to_owned()))
        .expect("the child says what it holds");
    let (folder, pids) = held.split_once(" [").unwrap();
    let folder = PathBuf::from(folder);
    let pids: Vec<u32> = pids.trim_end_matches(']').split(", ").map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() == 4 && pids.iter().all(|&pid| lives(pid)) && folder.exists(), "{held}");

    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    assert!(eventually(GONE_LIMIT, || is_gone(&pids, &folder).then_some(())).is_some(), "left: {held}");
}

#[test]
fn failing_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let fake = |name: &str, script: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let missing = ControlPlane::try_start(Some(folder.path())).err().unwrap();
    assert!(missing.contains("etcd kube-apiserver kube-controller-manager kubectl"), "{missing}");

    fake("etcd", "echo no disk; exit 1");
    fake("kube-apiserver", "echo boom >&2; exit 1");
    fake("kube-controller-manager", "exit 1");
    fake("kubectl", "exit 1");
    let error = ControlPlane::try_start(Some(folder.path())).err().unwrap();
    assert!(error.contains("etcd has exited") && error.contains("no disk"), "{error}");

    fs::remove_file(folder.path().join("etcd")).unwrap();
    let real = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/controlplane/build"))
        .output()
        .unwrap();
    let real = PathBuf::from(String::from_utf8(real.stdout).unwrap().trim_end());
    std::os::unix::fs::symlink(real.join("etcd"), folder.path().join("etcd")).unwrap();
    let error = ControlPlane::try_start(Some(folder.path())).err().unwrap();
    assert!(error.contains("kube-apiserver has exited") && error.contains("boom"), "{error}");
}
