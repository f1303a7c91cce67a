//! A command in a pod, so that rules are reached at once.

use jobrisk::workload::Workload;
use jobrisk::workload::decode::from_json;

use super::invariants::judge;
use super::records;

/// One pod, see [`records`].
pub fn run(input: &[u8]) {
    let (kind, object) = records::object(input);
    let bytes = serde_json::to_vec(&object).unwrap();
    judge(Workload::from_object(kind, &from_json(&bytes).unwrap()));
}
