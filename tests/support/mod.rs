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
pub(crate) mod converged;
mod http;
mod jobrisk;
pub(crate) mod kubeconfig;
mod kubectl;
mod pki;
mod process;
mod programs;
pub(crate) mod prometheus;
pub(crate) mod proxy;
mod reports;
mod supervisor;
mod tenant;
mod workloads;

pub(crate) use control_plane::{Component, ControlPlane};
pub(crate) use jobrisk::{
    Jobrisk, NAMESPACE, apply_manifests, base, free_port, manifests, run_to_end, run_to_end_within, strings,
    sum,
};
pub(crate) use pki::HOSTILE_USER;
pub(crate) use process::{Output, eventually, tail_of};
pub(crate) use reports::{create, event_reasons, report, rules, wait_for_report};
pub(crate) use tenant::Tenant;
pub(crate) use workloads::{BENIGN, REVERSE_SHELL, cron_job, job};
