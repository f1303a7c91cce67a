use super::decode::from_json;
use super::*;

fn job(json: &str) -> Workload {
    Workload::from_object(Kind::Job, &from_json(json.as_bytes()).unwrap())
}

#[test]
fn every_place_that_runs_something_is_seen() {
    let workload = job(r#"{"metadata":{"name":"x"},"spec":{"template":{"spec":{
        "initContainers":[{"name":"i","command":["a"]},{"name":"s","restartPolicy":"Always","args":["b"]}],
        "containers":[{"name":"m","command":["c"],"args":["d"],
          "lifecycle":{"postStart":{"exec":{"command":["e"]}},"preStop":{"exec":{"command":["f"]}}},
          "livenessProbe":{"exec":{"command":["g"]}},"readinessProbe":{"exec":{"command":["h"]}},
          "startupProbe":{"exec":{"command":["i"]}}}],
        "ephemeralContainers":[{"name":"e","command":["j"]}]}}}}"#);
    let roles: Vec<_> = workload.containers.iter().map(|container| container.role).collect();
    assert_eq!(roles, [Role::Init, Role::Sidecar, Role::Main, Role::Ephemeral]);
    let texts: Vec<_> = workload
        .containers
        .iter()
        .flat_map(|container| &container.executes)
        .map(|exec| exec.argv.iter().map(|argument| argument.text.as_str()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(texts, ["a", "b", "c d", "e", "f", "g", "h", "i", "j"]);
    assert_eq!(
        workload.containers[2].executes[1].argv[0].path,
        "spec.template.spec.containers[0].lifecycle.postStart.exec.command[0]"
    );
    assert_eq!(workload.unreadable.total, 0);
}

#[test]
fn a_cron_job_is_seen_through_its_job_template() {
    let object = from_json(
        br#"{"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{
        "hostNetwork":true,"volumes":[{"name":"v","hostPath":{"path":"/etc"}}],
        "containers":[{"name":"c","securityContext":{"privileged":true}}]}}}}}}"#,
    )
    .unwrap();
    let workload = Workload::from_object(Kind::CronJob, &object);
    assert!(workload.host_network);
    assert!(workload.containers[0].privileged);
    assert_eq!(workload.host_paths[0].path, "spec.jobTemplate.spec.template.spec.volumes[0].hostPath.path");
}

#[test]
fn a_wrong_type_is_noted_and_hides_nothing_beside_it() {
    let workload = job(r#"{"metadata":{"name":"x","generation":"no"},"spec":{"template":{"spec":{
        "hostNetwork":"true","volumes":7,
        "containers":[5,{"name":"c","command":["sh",{"a":[1]},"-c"],"securityContext":{"privileged":true}}]}}}}"#);
    assert!(!workload.host_network);
    assert!(workload.containers[0].privileged);
    assert_eq!(workload.containers[0].executes[0].argv.len(), 2);
    let places: Vec<_> = workload
        .unreadable
        .places
        .iter()
        .map(|place| (place.path.as_str(), place.problem.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("metadata.generation", "expected an integer, found a string"),
            ("spec.template.spec.hostNetwork", "expected a boolean, found a string"),
            ("spec.template.spec.volumes", "expected a list, found a number"),
            ("spec.template.spec.containers[0]", "expected an object, found a number"),
            ("spec.template.spec.containers[1].command[1]", "expected a string, found an object"),
        ]
    );
}

#[test]
fn null_and_absent_are_nothing_to_run() {
    for json in [
        "{}",
        r#"{"spec":null}"#,
        r#"{"spec":{"template":null}}"#,
        r#"{"spec":{"template":{"spec":{"containers":null,"volumes":[null]}}}}"#,
    ] {
        let workload = job(json);
        assert!(workload.containers.is_empty(), "{json}");
        assert_eq!(workload.unreadable.total, 0, "{json}");
    }
}

#[test]
fn any_json_value_is_an_object_of_some_kind() {
    for json in ["7", "[]", "\"x\"", "null", "true", "[[[[1]]]]"] {
        let _ = job(json);
    }
    assert_eq!(job("7").unreadable.total, 2);
}

#[test]
fn odd_times_and_deep_managed_fields_do_not_stop_decoding() {
    let deep = format!("{}{}", "{\"f:a\":".repeat(5_000), "{}".to_owned() + &"}".repeat(5_000));
    let workload = job(&format!(
        r#"{{"metadata":{{"name":"x","creationTimestamp":"9999-12-31T23:59:59-12:00",
        "managedFields":[{{"manager":"m","operation":"Update","time":"9999-12-31T23:59:59-12:00",
        "fieldsV1":{{"f:spec":{deep}}}}}]}},
        "spec":{{"template":{{"metadata":{{"creationTimestamp":"9999-12-31T23:59:59-12:00"}},
        "spec":{{"containers":[{{"name":"c"}}]}}}}}}}}"#
    ));
    assert_eq!(workload.containers.len(), 1);
    assert_eq!(workload.last_change.unwrap().manager, "m");
    assert_eq!(workload.unreadable.total, 0);
}

#[test]
fn the_last_change_is_the_newest_entry_that_owns_the_spec() {
    let workload = job(r#"{"metadata":{"managedFields":[
        {"manager":"first","operation":"Update","time":"2024-01-01T00:00:00Z","fieldsV1":{"f:spec":{}}},
        {"manager":"second","operation":"Apply","time":"2024-01-02T00:00:00Z","fieldsV1":{"f:spec":{}}},
        {"manager":"labels","operation":"Update","time":"2024-01-03T00:00:00Z","fieldsV1":{"f:metadata":{}}},
        {"manager":"status","operation":"Update","time":"2024-01-04T00:00:00Z","subresource":"status",
         "fieldsV1":{"f:spec":{}}}]}}"#);
    assert_eq!(workload.last_change.unwrap().manager, "second");
}

#[test]
fn an_overlong_list_says_that_it_was_not_read_to_the_end() {
    let args = vec!["\"a\""; lenient::MAX_ELEMENTS + 3].join(",");
    let workload =
        job(&format!(r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"args":[{args}]}}]}}}}}}}}"#));
    assert_eq!(workload.unreadable.total, 1);
    assert!(workload.unreadable.places[0].problem.contains("65536"));
}

#[test]
fn settings_are_read_where_they_stand() {
    let object = from_json(
        br#"{"metadata":{"labels":{"a":"b"},"annotations":{"c":7},"finalizers":["x/y"]},
        "spec":{"schedule":"@hourly","suspend":true,"successfulJobsHistoryLimit":0,"jobTemplate":{
        "metadata":{"labels":{"d":"e"}},"spec":{"parallelism":3,"template":{"metadata":{"annotations":{"f":"g"}},
        "spec":{"hostPID":true,"hostUsers":false,"activeDeadlineSeconds":9,"serviceAccount":"old",
        "tolerations":[{"operator":"Exists"}],"nodeSelector":{"n":"1"},
        "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
          {"matchExpressions":[{"key":"yes","operator":"Exists"},{"key":"no","operator":"DoesNotExist"}]}]}}},
        "volumes":[{"projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":7}}]}}],
        "containers":[{"name":"m","securityContext":{"capabilities":{"add":["X"]}},"ports":[{"hostPort":80}],
          "env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],
          "livenessProbe":{"httpGet":{"host":"h"}}}]}}}}}}"#,
    )
    .unwrap();
    let workload = Workload::from_object(Kind::CronJob, &object);
    assert_eq!(workload.unreadable.total, 0);
    let paths: Vec<_> = workload.metadata.iter().map(|metadata| metadata.path.as_str()).collect();
    assert_eq!(paths, ["metadata", "spec.jobTemplate.metadata", "spec.jobTemplate.spec.template.metadata"]);
    assert_eq!(workload.metadata[0].annotations, [("c".to_owned(), String::new())]);
    assert_eq!(workload.finalizers, ["x/y"]);
    let cron = workload.cron.unwrap();
    assert!(cron.suspend && cron.schedule == "@hourly" && cron.successful_history == Some(0));
    assert_eq!((workload.job.parallelism, workload.job.active_deadline), (Some(3), Some(9)));
    let pod = workload.pod;
    assert!(pod.host_pid && pod.own_users && !pod.host_ipc);
    assert_eq!(pod.service_account, "old");
    let labels: Vec<_> = pod.node_labels.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(labels, ["n", "yes"]);
    assert_eq!(
        pod.volumes[0].path,
        "spec.jobTemplate.spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken"
    );
    let settings = &workload.containers[0].settings;
    assert_eq!(settings.security.added_capabilities[0].0, "X");
    assert_eq!(settings.host_ports[0].0, 80);
    assert_eq!(settings.secrets[0].0, "s");
    assert_eq!(settings.probed_hosts[0].0, "h");
}

#[test]
fn a_long_annotation_is_cut_between_characters() {
    let workload = job(&format!(r#"{{"metadata":{{"annotations":{{"a":"x{}"}}}}}}"#, "é".repeat(100_000)));
    let value = &workload.metadata[0].annotations[0].1;
    assert_eq!(value.len(), 255);
}

#[test]
fn a_list_that_two_readers_read_is_noted_once() {
    let workload = job(r#"{"spec":{"template":{"spec":{"volumes":[7],"containers":[{"env":7}]}}}}"#);
    assert_eq!(workload.unreadable.total, 2);
}
