//! Faults of the API server and of what it is trusted by.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scenario::{Scenario, is_long, seconds};
use crate::support::converged::LIVENESS;
use crate::support::proxy::{Action, Answer, Authority, Match, Verb};
use crate::support::{
    Component, ControlPlane, Jobrisk, NAMESPACE, REVERSE_SHELL, cron_job, eventually, kubeconfig,
};

/// Events of jobrisk that say about one workload what another one has said.
fn repeated_events(plane: &ControlPlane, namespace: &str) -> Vec<String> {
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    let list: Value = serde_json::from_str(&plane.kubectl_ok(&["get", "--raw", &path])).unwrap();
    let mut said: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["reportingController"] == "jobrisk.io/controller")
        .map(|event| format!("{} {} {}", event["regarding"]["uid"], event["reason"], event["note"]))
        .collect();
    said.sort();
    said.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect()
}

#[test]
fn w05_a_store_that_was_put_back_is_found_out() {
    if !is_long() {
        // It may take as long as the interval between two audits.
        return;
    }
    let scenario = Scenario::begin("w05");
    let plane = scenario.plane();
    scenario.jobs("kept", 4);
    scenario.settles_soon();
    let data = plane.dir().join("etcd");
    let copy = plane.dir().join("etcd-backup");
    let stop = || {
        plane.stop_apiserver();
        plane.stop(Component::Etcd);
    };
    let start = || {
        plane.start_etcd();
        plane.start_apiserver();
    };
    let copy_folder = |from: &std::path::Path, to: &std::path::Path| {
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    stop();
    copy_folder(&data, &copy);
    start();
    // What happens now will not have happened: new Jobs, one deleted, one changed.
    scenario.jobs("undone", 30);
    plane.kubectl_ok(&["delete", "job", "kept-1", "--namespace=w05"]);
    scenario.settles(Duration::from_secs(60));
    stop();
    fs::remove_dir_all(&data).unwrap();
    copy_folder(&copy, &data);
    start();
    let begin = Instant::now();
    scenario.converges(Duration::from_secs(600));
    // With fewer changes than the store has lost, the versions are still those of before.
    scenario.sees_new_job("after", Duration::from_secs(600));
    eprintln!("w05: repaired after {:?}", begin.elapsed());
    scenario.settles_soon();
    assert!(scenario.jobrisk.sum("jobrisk_relist_drift_total") > 0.5, "{}", scenario.jobrisk.metrics());
}

#[test]
fn w11_a_crash_of_the_api_server_is_survived() {
    let scenario = Scenario::begin("w11");
    let plane = scenario.plane();
    for round in 0..2 {
        scenario.jobs(&format!("round-{round}"), 6);
        plane.signal(Component::ApiServer, "KILL");
        // Only waits until it is gone.
        plane.stop_apiserver();
        plane.start_apiserver();
        scenario.sees_new_job(&format!("after-{round}"), Duration::from_secs(30));
    }
    scenario.settles_soon();
    assert!(scenario.jobrisk.lives());
    let repeated = repeated_events(plane, "w11");
    assert!(repeated.is_empty(), "{repeated:#?}");
}

#[test]
fn w12_an_api_server_that_stands_still_is_waited_for() {
    let scenario = Scenario::begin("w12");
    let plane = scenario.plane();
    scenario.jobs("before", 6);
    plane.signal(Component::ApiServer, "STOP");
    thread::sleep(seconds(30, 300));
    plane.signal(Component::ApiServer, "CONT");
    if !scenario.jobrisk.lives() {
        // To end is right too: a Deployment starts it again.
        let code = scenario.jobrisk.exit_code();
        assert_ne!(code, Some(0), "it gave up without saying so");
        return;
    }
    scenario.sees_new_job("after", Duration::from_secs(45));
    scenario.settles_soon();
    let repeated = repeated_events(plane, "w12");
    assert!(repeated.is_empty(), "{repeated:#?}");
}

#[test]
fn w15_a_token_that_is_replaced_on_disk_is_taken_up() {
    let mut scenario = Scenario::prepare("w15");
    let plane_folder = scenario.plane().dir().to_owned();
    let file = plane_folder.join("w15.token");
    let expired = scenario.token().to_owned();
    fs::write(&file, &expired).unwrap();
    let config = plane_folder.join("w15.kubeconfig");
    kubeconfig::write_with_files(&config, &scenario.proxy.url(), None, &file).unwrap();
    scenario.jobrisk = Jobrisk::with_kubeconfig(&plane_folder, &config);
    scenario.start();
    scenario.jobs("before", 2);
    scenario.settles_soon();

    let old = expired.clone();
    let refusal = Answer::status(401, "Unauthorized", "Unauthorized");
    let mark = scenario.proxy.mark();
    scenario.proxy.add(Match::any().when(move |request| request.token == old), Action::Answer(refusal));
    scenario.proxy.cut_all();
    thread::sleep(seconds(15, 60));
    let asked = scenario.proxy.since(mark).len();
    assert!(asked < 60, "{asked} requests without a token that counts");
    let namespace = format!("--namespace={NAMESPACE}");
    // Another duration, so that it is another token even within the same second.
    let fresh = scenario.plane().kubectl_ok(&["create", "token", "jobrisk", &namespace, "--duration=23h"]);
    fs::write(&file, fresh.trim_end()).unwrap();
    scenario.sees_new_job("after", Duration::from_secs(70));
    assert!(scenario.jobrisk.lives());
    scenario.settles_soon();
}

#[test]
fn w16_an_authority_that_is_replaced_on_disk_is_taken_up() {
    let mut scenario = Scenario::prepare("w16");
    let folder = scenario.plane().dir().to_owned();
    let (ca, token, config) =
        (folder.join("w16.ca"), folder.join("w16.token"), folder.join("w16.kubeconfig"));
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    fs::write(&ca, &first.ca_pem).unwrap();
    fs::write(&token, scenario.token()).unwrap();
    let url = scenario.proxy.url().replace("http:", "https:");
    kubeconfig::write_with_files(&config, &url, Some(&ca), &token).unwrap();
    scenario.proxy.serve_tls(&first);
    scenario.jobrisk = Jobrisk::with_kubeconfig(&folder, &config);
    scenario.start();
    scenario.jobs("before", 2);
    scenario.settles_soon();

    scenario.proxy.serve_tls(&second);
    fs::write(&ca, &second.ca_pem).unwrap();
    scenario.proxy.cut_all();
    let begin = Instant::now();
    scenario.risky("after");
    let mark = scenario.proxy.mark();
    // Whatever it asks through the new certificate shows that it trusts it.
    let outcome = eventually(Duration::from_secs(120), || {
        let ended = scenario.jobrisk.exit_code();
        (ended.is_some() || scenario.proxy.mark() > mark).then_some(ended)
    });
    let refusals = scenario.proxy.refusals().len();
    assert!(refusals > 0 || outcome.is_some(), "the new certificate was never seen");
    match outcome {
        None => panic!("neither recovered nor ended, after {refusals} handshakes"),
        Some(Some(code)) => assert_ne!(code, 0, "it gave up without saying so"),
        Some(None) => scenario.settles(LIVENESS * 3),
    }
    eprintln!("w16: {:?} after {refusals} refused handshakes", begin.elapsed());
}

#[test]
fn w17_a_permission_taken_away_for_one_kind_leaves_the_other() {
    let scenario = Scenario::begin("w17");
    let proxy = &scenario.proxy;
    scenario.jobs("before", 2);
    scenario.settles_soon();
    let message = "jobs.batch is forbidden: User \"system:serviceaccount:jobrisk-system:jobrisk\" cannot watch \
                   resource \"jobs\" in API group \"batch\" at the cluster scope";
    let refusal = Answer::status(403, "Forbidden", message);
    proxy.add(Match::resource("jobs"), Action::Answer(refusal));
    let mark = proxy.mark();
    proxy.end(Match::on(Verb::Watch, "jobs"));
    let told = eventually(LIVENESS * 2, || {
        let errors = scenario.jobrisk.errors();
        errors.into_iter().find(|error| error.contains("jobs.batch") && error.contains("kubectl apply"))
    });
    assert!(told.is_some(), "the log does not say it: {}", scenario.jobrisk.stderr());
    scenario.create(&cron_job("w17", "allowed", REVERSE_SHELL));
    let written = eventually(LIVENESS, || {
        let wanted = Match::on(Verb::Patch, "jobriskreports").name("cronjob-allowed");
        proxy.writes(mark).into_iter().find(|entry| wanted.matches(&entry.request))
    });
    assert!(written.is_some(), "the other kind stands still: {}", scenario.jobrisk.stderr());
    thread::sleep(Duration::from_secs(5));
    let refused = proxy.since(mark).iter().filter(|entry| entry.status == Some(403)).count();
    assert!((1..=20).contains(&refused), "{refused} requests that were refused");
    proxy.clear();
    scenario.sees_new_job("after", Duration::from_secs(30));
    scenario.settles_soon();
}
