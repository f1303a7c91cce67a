//! The program as its user meets it: what it says and how it ends when it is called wrongly.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they mean")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use support::{Jobrisk, Output, eventually, free_port, run_to_end};

/// A kubeconfig for an API server that does not answer.
fn dead_kubeconfig(folder: &Path) -> PathBuf {
    let path = folder.join("kubeconfig");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "dead",
        "contexts": [{ "name": "dead", "context": { "cluster": "dead", "user": "nobody" } }],
        "clusters": [{ "name": "dead", "cluster": { "server": format!("https://127.0.0.1:{}", free_port()) } }],
        "users": [{ "name": "nobody", "user": { "token": "none" } }],
    });
    fs::write(&path, config.to_string()).unwrap();
    path
}

/// The program failed with this code, and told why in one line that has all of `parts`.
fn assert_one_line(output: &Output, code: i32, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(output.stdout, "");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    assert!(output.stderr.starts_with("jobrisk: "), "{}", output.stderr);
    for part in parts {
        assert!(output.stderr.contains(part), "{part}: {}", output.stderr);
    }
}

#[test]
fn a_missing_kubeconfig_is_named() {
    let output = run_to_end(&["run", "--kubeconfig=/nonexistent/kubeconfig"]);
    assert_one_line(&output, 1, &["kubeconfig", "/nonexistent/kubeconfig"]);
}

#[test]
fn a_broken_kubeconfig_is_named_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    fs::write(&path, "users: [{user: {token: hunter2}}]\nclusters: 7\n").unwrap();
    let output = run_to_end(&["run", "--kubeconfig", path.to_str().unwrap()]);
    assert_one_line(&output, 1, &["kubeconfig", path.to_str().unwrap(), "line"]);
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
}

#[test]
fn an_unknown_context_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = dead_kubeconfig(folder.path());
    let output = run_to_end(&["run", "--kubeconfig", path.to_str().unwrap(), "--context=staging"]);
    assert_one_line(&output, 1, &["staging"]);
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = dead_kubeconfig(folder.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run_to_end(&["run", "--kubeconfig", path.to_str().unwrap(), "--listen", &address]);
    assert_one_line(&output, 1, &["cannot listen on", &address]);
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_what_is_wrong() {
    for (arguments, expected) in [
        (&["run", "--unknown"][..], "--unknown"),
        (&["run", "--listen=nowhere"], "nowhere"),
        (&["nonsense"], "nonsense"),
        (&[], "Usage"),
    ] {
        let output = run_to_end(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stderr.contains(expected), "{output:?}");
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn version_and_help_are_printed() {
    let version = run_to_end(&["--version"]);
    assert!(version.success());
    assert_eq!(version.stdout, concat!("jobrisk ", env!("CARGO_PKG_VERSION"), "\n"));
    let help = run_to_end(&["run", "--help"]);
    assert!(help.success());
    for option in ["--listen", "--kubeconfig", "--context", "--log", "--instance"] {
        assert!(help.stdout.contains(option), "{option}: {}", help.stdout);
    }
}

#[test]
fn the_definitions_in_the_repository_are_those_of_the_types() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let folder = tempfile::tempdir().unwrap();
    let output = run_to_end(&["crds", "--dir", folder.path().to_str().unwrap()]);
    assert!(output.success(), "{output:?}");
    let printed = run_to_end(&["crds"]).stdout;
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name != "kustomization.yaml");
        names.sort();
        names
    };
    assert_eq!(names(folder.path()), names(&kept), "run `make generate`");
    for name in names(&kept) {
        let generated = fs::read_to_string(folder.path().join(&name)).unwrap();
        assert_eq!(generated, fs::read_to_string(kept.join(&name)).unwrap(), "run `make generate`: {name}");
        let (_, definition) = generated.split_once('\n').unwrap();
        assert!(printed.contains(definition), "`jobrisk crds` prints something else than {name}");
    }
}

#[test]
fn the_documentation_in_the_repository_is_that_of_the_rules() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let folder = tempfile::tempdir().unwrap();
    let output = run_to_end(&["rules", "--dir", folder.path().to_str().unwrap()]);
    assert!(output.success(), "{output:?}");
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(folder.path()), names(&kept), "run `make generate`");
    for name in names(&kept) {
        let generated = fs::read_to_string(folder.path().join(&name)).unwrap();
        assert!(generated == fs::read_to_string(kept.join(&name)).unwrap(), "run `make generate`: {name}");
    }
}

#[test]
fn rules_are_listed_and_shown_in_every_format() {
    let table = run_to_end(&["rules"]);
    let all: Vec<&str> = table.stdout.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert!(table.success() && all.contains(&"cmd-reverse-shell"), "{}", table.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&run_to_end(&["rules", "--format=json"]).stdout).unwrap();
    assert_eq!(json["schemaVersion"], "1");
    assert_eq!(json["rules"].as_array().unwrap().len(), all.len());
    let layer: serde_json::Value =
        serde_json::from_str(&run_to_end(&["rules", "--format=navigator"]).stdout).unwrap();
    assert_eq!(layer["versions"]["layer"], "4.5");
    let markdown = run_to_end(&["rules", "--format=markdown"]).stdout;
    assert!(markdown.starts_with("# Rules\n") && all.iter().all(|id| markdown.contains(id)));
    let page = run_to_end(&["rules", "host-pid"]).stdout;
    assert!(page.starts_with("host-pid: ") && page.contains("kubectl -n NAMESPACE"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.md");
    let written = run_to_end(&["rules", "host-pid", "--format=markdown", "-o", file.to_str().unwrap()]);
    assert_eq!((written.success(), written.stdout.as_str()), (true, ""));
    assert!(fs::read_to_string(file).unwrap().starts_with("# host-pid: "));
}

#[test]
fn a_rule_that_does_not_exist_ends_with_2_and_the_nearest_ones() {
    for (arguments, expected) in [
        (&["rules", "host-privilege"][..], "host-privileged"),
        (&["rules", "hostpath-via-pv"], "PersistentVolume"),
        (&["rules", "zzz"], "`jobrisk rules` lists all"),
        (&["rules", "host-pid", "--format=navigator"], "leave RULE-ID out"),
    ] {
        assert_one_line(&run_to_end(arguments), 2, &[expected]);
    }
}

#[test]
fn a_lease_that_makes_no_sense_ends_with_2_and_what_to_change() {
    for (arguments, expected) in [
        (&["--leader-elect"][..], "give --lease-namespace"),
        (&["--leader-elect", "--lease-namespace=x", "--lease-renew=6s"], "a third of --lease-duration"),
        (
            &["--leader-elect", "--lease-namespace=x", "--lease-duration=1s"],
            "--lease-duration has to be from 3 s",
        ),
        (&["--leader-elect", "--pod-namespace=../x"], "not the name of a Kubernetes object"),
    ] {
        assert_one_line(&run_to_end(&[&["run"], arguments].concat()), 2, &[expected]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let output = run_to_end(&["crds", "--dir=/nonexistent/folder"]);
    assert_one_line(&output, 1, &["/nonexistent/folder"]);
}

#[test]
fn it_waits_for_an_api_server_that_does_not_answer_and_ends_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let jobrisk = Jobrisk::with_kubeconfig(folder.path(), &dead_kubeconfig(folder.path()));
    jobrisk.run();
    let errors =
        eventually(Duration::from_secs(30), || Some(jobrisk.errors()).filter(|errors| !errors.is_empty()));
    let errors = errors.unwrap_or_else(|| panic!("{}", jobrisk.stderr()));
    assert!(errors[0].contains("check that the API server runs"), "{errors:?}");
    assert_eq!(jobrisk.livez(), Some(200));
    assert_eq!(jobrisk.readyz(), Some((503, "not listed yet: jobriskreports, cronjobs, jobs\n".to_owned())));
    let (code, duration) = jobrisk.terminate();
    assert_eq!(code, 0);
    assert!(duration < Duration::from_secs(5), "{duration:?}");
    // Told once, however often it was tried.
    assert_eq!(jobrisk.errors().len(), 1, "{}", jobrisk.stderr());
}
