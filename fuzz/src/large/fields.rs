//! Objects with much in fields that no container runs.

use serde_json::{Map, Value, json};

use super::{file, fill, many, whole};
use jobrisk::workload::Kind;

pub(super) fn all(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let pod = |name: &'static str, pod: Value| (name, file(&pod));
    let container = |name: &'static str, fields: Value| {
        let mut container = fields;
        container["name"] = json!("c");
        (name, file(&json!({"containers": [container]})))
    };
    let changed = |name: &'static str, kind: Kind, change: &dyn Fn(&mut Value)| {
        let mut object = whole(kind, "n", &json!({"containers": []}));
        change(&mut object);
        (name, serde_json::to_vec(&object).unwrap())
    };
    let fields = |each: &dyn Fn(usize) -> Value| {
        many(size, |number| json!([number, each(number)]))
            .iter()
            .map(|pair| (format!("k{}", pair[0]), pair[1].clone()))
            .collect::<Map<String, Value>>()
    };
    vec![
        pod(
            "many wrong values",
            json!({"containers": many(size, |number| json!([number])), "tolerations": 1}),
        ),
        pod("many tolerations", json!({"tolerations": many(size, |_| json!({"operator": "Exists"}))})),
        pod("many host names", {
            let aliases =
                many(size, |number| json!({"ip": "192.0.2.1", "hostnames": [format!("a{number}.svc")]}));
            json!({"hostAliases": aliases})
        }),
        pod("many kernel settings", {
            let sysctls =
                many(size, |number| json!({"name": "kernel.core_pattern", "value": format!("{number}+")}));
            json!({"securityContext": {"sysctls": sysctls}})
        }),
        pod("many secrets", {
            json!({"volumes": many(size, |number| json!({"name": "v", "secret": {"secretName": format!("admin-token-{number}")}}))})
        }),
        container("many capabilities", {
            json!({"securityContext": {"capabilities": {"add": many(size, |_| json!("cap_sys_admin"))}}})
        }),
        container("many ports", json!({"ports": many(size, |number| json!({"hostPort": number}))})),
        container("a long image", json!({"image": fill(size - 1000, "", &["a/b:c@"])})),
        container("a long working path", json!({"workingDir": fill(size - 1000, "/proc/self", &["/fd/.."])})),
        pod("a long path", {
            json!({"volumes": [{"name": "v", "hostPath": {"path": fill(size - 1000, "/etc", &["/./..//a"])}}]})
        }),
        changed("a long schedule", Kind::CronJob, &|object| {
            object["spec"]["schedule"] = json!(fill(size - 1000, "*/1", &[",*/1"]) + " * * * *");
        }),
        changed("a schedule of many fields", Kind::CronJob, &|object| {
            object["spec"]["schedule"] = json!(fill(size - 1000, "", &["* "]));
        }),
        changed("many labels", Kind::Job, &|object| {
            object["metadata"]["labels"] = json!(fields(&|_| json!("kube-proxy")));
        }),
        changed("many annotations", Kind::Job, &|object| {
            object["metadata"]["annotations"] = json!(fields(&|_| json!("unconfined")));
        }),
        changed("many finalizers", Kind::Job, &|object| {
            object["metadata"]["finalizers"] = json!(many(size, |number| json!(format!("a.test/{number}"))));
        }),
        changed("many managers", Kind::Job, &|object| {
            let manager = |_| json!({"manager": "curl", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {}}}});
            object["metadata"]["managedFields"] = json!(many(size, manager));
        }),
    ]
}
