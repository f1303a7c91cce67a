//! The custom resources, and the CustomResourceDefinitions that are generated from them.

pub mod report;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;

/// The API group.
pub const GROUP: &str = "jobrisk.io";

/// All CustomResourceDefinitions, as `jobrisk crds` prints them.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut report = report::JobRiskReport::crd();
    for version in &mut report.spec.versions {
        // One server-side apply writes spec and status together, so that a report without a verdict can never
        // be seen. A status subresource would take two.
        version.subresources = None;
    }
    vec![report]
}
