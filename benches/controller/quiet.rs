//! A cluster in which nothing happens: the time on a core, and what is asked for.

use std::thread::sleep;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::controller::Controller;
use crate::numbers::{Line, Wanted, number};
use crate::sizes::Sizes;
use crate::support::proxy::{Entry, Verb};

/// Until then what the first sync has begun is over, also what waits for the garbage collector.
const CALM_DOWN: Duration = Duration::from_secs(20);

pub(crate) fn measure(sizes: &Sizes) -> Vec<Line> {
    let cluster = Cluster::start();
    cluster.create_many(sizes.workloads);
    let (proxy, kubeconfig) = cluster.counting_proxy();
    let controller = Controller::start(&kubeconfig);
    controller.wrote(sizes.workloads);
    controller.idle();
    sleep(CALM_DOWN);

    let (mark, before) = (proxy.mark(), controller.cpu_time());
    sleep(Duration::from_secs(u64::try_from(sizes.quiet_seconds).unwrap()));
    let spent = controller.cpu_time().saturating_sub(before);
    let requests = proxy.since(mark);
    controller.stop();

    let count = |wanted: fn(&Entry) -> bool| requests.iter().filter(|entry| wanted(entry)).count();
    let watches = count(|entry| entry.request.verb == Verb::Watch);
    let audit = count(|entry| entry.request.verb == Verb::List && entry.request.resource != "jobriskreports");
    let share = spent.as_secs_f64() / number(sizes.quiet_seconds) * 100.0;
    let what = format!("{} workloads, {} s of quiet", sizes.workloads, sizes.quiet_seconds);
    vec![
        Line::new(format!("{what}: share of a core"), share, " %", Wanted::AtMost(0.1))
            .with(&format!("{} ms", spent.as_millis())),
        Line::count(
            format!("{what}: requests but watches and the audit"),
            requests.len() - watches - audit,
            Wanted::Exactly(0.0),
        )
        .with(&format!("{watches} watches, {audit} pages")),
    ]
}
