//! Objects of a size at which an evaluation could be given up.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{BENIGN, job};
use crate::tenant::Tenant;

/// Creates it and changes it, both with lies.
fn is_stamped(tenant: &Tenant, what: &str, mut object: Value) {
    object["metadata"]["annotations"]["jobrisk.io/created-by"] = json!("admin");
    let begin = Instant::now();
    tenant.creates(&object);
    let name = format!("job/{}", object["metadata"]["name"].as_str().unwrap());
    tenant.check(
        &format!("{what}, created in {:?}", begin.elapsed()),
        &name,
        &[("created-by", &tenant.user)],
    );
    let begin = Instant::now();
    let patch = json!({
        "metadata": { "annotations": { "jobrisk.io/created-by": "admin", "jobrisk.io/changed-by": "admin" } },
        "spec": { "parallelism": 2 },
    });
    tenant.does(&["patch", &name, "--type=merge", "--patch", &patch.to_string()], "");
    tenant.check(
        &format!("{what}, changed in {:?}", begin.elapsed()),
        &name,
        &[("created-by", &tenant.user), ("changed-by", &tenant.user)],
    );
}

#[test]
fn a_job_of_1_4_mb_is_stamped() {
    let tenant = Tenant::new("large");
    let argument = "x".repeat(1_400_000);
    is_stamped(&tenant, "a Job of 1.4 MB", job("large", "large", &["sh", "-c", &argument]));
}

#[test]
fn a_job_of_5000_containers_is_stamped() {
    let tenant = Tenant::new("many");
    let mut many = job("many", "many", BENIGN);
    let containers: Vec<Value> =
        (0..5000).map(|number| json!({ "name": format!("c{number}"), "image": "i" })).collect();
    many["spec"]["template"]["spec"]["containers"] = json!(containers);
    is_stamped(&tenant, "a Job of 5 000 containers", many);
}

#[test]
fn a_job_of_20000_annotations_is_stamped() {
    let tenant = Tenant::new("annotations");
    let mut many = job("annotations", "many", BENIGN);
    for number in 0..20_000 {
        many["metadata"]["annotations"][format!("a.b/{number}")] = json!("");
    }
    is_stamped(&tenant, "a Job of 20 000 annotations", many);
}
