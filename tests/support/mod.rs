//! A real Kubernetes control plane for the integration tests and the demo.
//!
//! etcd, kube-apiserver and kube-controller-manager run on loopback, in a temporary folder, for as long as
//! a [`ControlPlane`] lives. There is no kubelet: Pods stay pending and nothing in them ever runs.
//!
//! ```text
//! test process ──stdin──▶ supervise ──▶ etcd, kube-apiserver, kube-controller-manager
//! ```
//!
//! The programs are children of the script `supervise`, which ends them and removes the folder as soon as
//! the test process is gone, however that came about.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken harness has to stop the test at once, with the place"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "for whoever reads the test's output")]
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

mod components;
mod control_plane;
mod kubeconfig;
mod kubectl;
mod pki;
mod process;
mod programs;
mod supervisor;

pub(crate) use control_plane::{Component, ControlPlane};
pub(crate) use process::{Output, eventually};
