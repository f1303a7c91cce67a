//! Bytes as an API server might send them: decode, judge, report.

use jobrisk::workload::decode::from_json;
use jobrisk::workload::{Kind, Workload};
use serde_json::Value;

use super::invariants::judge;
use super::manifest;

/// One object, read as a Job and as a CronJob.
pub fn run(input: &[u8]) {
    let object = from_json(input);
    let value: Option<Value> = serde_json::from_slice(input).ok();
    assert!(object.is_ok() || value.is_none(), "well-formed JSON that is not decoded: {object:?}");
    let Ok(object) = object else { return };
    for kind in Kind::ALL {
        judge(Workload::from_object(kind, &object));
    }
    if let Some(value) = value {
        check_manifest_reads_the_same(value);
    }
}

/// A file with the same object gets the same verdict as the object from an API server.
fn check_manifest_reads_the_same(mut value: Value) {
    let kind = if value["kind"] == "CronJob" { Kind::CronJob } else { Kind::Job };
    let Some(fields) = value.as_object_mut() else { return };
    if fields.contains_key("items") {
        return;
    }
    fields.insert("apiVersion".to_owned(), "batch/v1".into());
    fields.insert("kind".to_owned(), kind.as_str().into());
    let bytes = serde_json::to_vec(&value).unwrap();
    // Anew from the value: of two fields with the same name it has one.
    let served = from_json(&bytes).unwrap();
    let mut found = Vec::new();
    jobrisk::manifest::read(&bytes, &mut |item| found.push(manifest::digest_of(item)));
    if let [Some(digest)] = found[..] {
        assert_eq!(digest, judge(Workload::from_object(kind, &served)), "the file gets another verdict");
    } else {
        assert!(found.iter().all(Option::is_none), "one object, {} verdicts", found.len());
    }
}
