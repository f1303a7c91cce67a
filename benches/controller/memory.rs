//! Many workloads, while the kernel gives the controller's data no more than 64 MiB: first sync and restart.

use crate::cluster::{Cluster, settle};
use crate::controller::Controller;
use crate::numbers::{Line, Wanted};
use crate::sizes::Sizes;

const LIMIT_MIB: u32 = 64;

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let workloads = sizes.large;
    let cluster = Cluster::start();
    cluster.create_many(workloads);
    let first = Controller::start_with_data_limit(cluster.kubeconfig(), LIMIT_MIB);
    first.wrote(workloads);
    let mut lines = lines("first sync", &first, workloads);
    first.stop();
    settle();
    let second = Controller::start_with_data_limit(cluster.kubeconfig(), LIMIT_MIB);
    second.ready();
    settle();
    lines.extend(self::lines("restart", &second, workloads));
    second.stop();
    lines
}

fn lines(what: &str, controller: &Controller, workloads: usize) -> Vec<Line> {
    let peak = controller.peak_kib();
    vec![
        Line::new(
            format!("{what} of {workloads} within RLIMIT_DATA of {LIMIT_MIB} MiB"),
            f64::from(peak) / 1024.0,
            " MiB",
            Wanted::AtMost(f64::from(LIMIT_MIB)),
        )
        .with("all done"),
        Line::memory(what, peak, workloads),
    ]
}
