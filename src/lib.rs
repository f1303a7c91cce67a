//! jobrisk finds abuse of Kubernetes Jobs and CronJobs (MITRE ATT&CK T1053.007) from the objects themselves.
//!
//! ```text
//!  kube-apiserver ──watch──▶ workload::decode ──▶ workload ──▶ normalize ──▶ detect ──▶ score
//!    Jobs, CronJobs           (thin, lenient)     (one view    (argv, shell,  (rules)    │ (0–100, severity,
//!                                                  of both)     paths, images)           ▼  explanation)
//!                                                                                     assess
//!                                                                                        ▼
//!                              controller::ledger ◀── digest unchanged? ◀────────── report (digest, caps)
//!                                 yes: nothing at all │ no
//!                     finding_log ◀── controller::say ◀──┤
//!  kube-apiserver ◀── one server-side apply, one Event ── controller::write
//! ```
//!
//! Everything from `workload` to `report` is pure: values in, values out; no client, no clock, no I/O. A test
//! holds it to that. Around it, [`controller`] talks to the API server, [`server`] answers probes, and [`cli`] reads
//! the command line. `jobrisk scan` has the same core between other ends: [`manifest`] reads files as kubectl does,
//! [`output`] writes the verdicts; [`rules`] shows the catalogue. `jobrisk top` and `jobrisk status` read from a
//! [`cluster`] what the controller wrote, with the rights of whoever calls them.

pub mod api;
pub mod assess;
pub mod cli;
pub mod cluster;
pub mod controller;
pub mod detect;
pub mod finding_log;
pub mod fingerprint;
pub mod manifest;
pub mod normalize;
pub mod output;
pub mod report;
pub mod rollup;
pub mod rules;
pub mod score;
pub mod search;
pub mod server;
pub mod severity;
pub mod text;
mod tool;
pub mod workload;
