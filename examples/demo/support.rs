//! The control plane of the integration tests. Only the parts that need no test runner: the rest of that harness
//! asks cargo for the path of the program, which cargo tells to tests and not to examples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the harness stops at once when it is broken; the demo catches that and says why"
)]
#![allow(clippy::print_stderr, reason = "for whoever watches")]
#![allow(dead_code, unused_imports, reason = "the demo uses a part of it")]

#[path = "../../tests/support/components.rs"]
mod components;
#[path = "../../tests/support/control_plane.rs"]
mod control_plane;
#[path = "../../tests/support/http.rs"]
pub(crate) mod http;
#[path = "../../tests/support/kubeconfig.rs"]
mod kubeconfig;
#[path = "../../tests/support/kubectl.rs"]
mod kubectl;
#[path = "../../tests/support/pki.rs"]
mod pki;
#[path = "../../tests/support/process.rs"]
mod process;
#[path = "../../tests/support/programs.rs"]
mod programs;
#[path = "../../tests/support/supervisor.rs"]
mod supervisor;

pub(crate) use control_plane::ControlPlane;
pub(crate) use process::tail;
