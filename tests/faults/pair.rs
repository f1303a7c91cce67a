//! Two controllers on one control plane, each behind a proxy of its own, and who of them wrote when.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::scenario::{Scenario, seconds};
use crate::support::proxy::{Entry, Proxy};
use crate::support::{Jobrisk, NAMESPACE, create, eventually, manifests, tail_of};

/// How long after the time of a lease another has to hold it at the latest.
const LATEST: Duration = Duration::from_secs(5);
/// By so much the log of the proxy may be behind what it tells of, on a busy machine.
const SLACK: Duration = Duration::from_millis(500);

/// How long a lease is for, and how often it is renewed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) duration: Duration,
    renew: Duration,
}

impl Lease {
    /// A short one, so that a round takes seconds; in the long tests the one that is the default.
    pub(crate) fn for_tests() -> Self {
        Self { duration: seconds(6, 15), renew: seconds(2, 5) }
    }

    /// For how long after it was renewed its holder may write.
    fn term(self) -> Duration {
        self.duration * 2 / 3
    }
}

/// One of the two.
#[derive(Clone, Copy)]
pub(crate) struct Replica<'p> {
    pub(crate) number: usize,
    pub(crate) proxy: &'p Proxy,
    pub(crate) jobrisk: &'p Jobrisk,
}

/// Two controllers, of which neither runs yet.
pub(crate) struct Pair {
    pub(crate) scenario: Scenario,
    proxies: [Proxy; 2],
    jobrisks: [Jobrisk; 2],
    pub(crate) lease: Lease,
}

impl Pair {
    /// Everything is there for two controllers, with these arguments.
    pub(crate) fn prepare(id: &str, arguments: &[String]) -> Self {
        let scenario = Scenario::prepare(id);
        let plane = scenario.plane();
        let proxies = [Proxy::start(plane), Proxy::start(plane)];
        let jobrisks = [0, 1].map(|number: usize| {
            let kubeconfig = proxies[number].kubeconfig(plane.dir(), scenario.token());
            let name = format!("--instance=replica-{number}");
            let mut jobrisk = Jobrisk::with_kubeconfig(plane.dir(), &kubeconfig);
            let arguments: Vec<&str> = std::iter::once(&name).chain(arguments).map(String::as_str).collect();
            jobrisk.set_arguments(&arguments);
            jobrisk
        });
        Self { scenario, proxies, jobrisks, lease: Lease::for_tests() }
    }

    /// Two that elect a leader, with exactly the permissions of `manifests/ha`. Both run and are ready.
    pub(crate) fn electing(id: &str) -> Self {
        let lease = Lease::for_tests();
        let arguments = [
            "--leader-elect".to_owned(),
            format!("--lease-namespace={NAMESPACE}"),
            format!("--lease-duration={}s", lease.duration.as_secs()),
            format!("--lease-renew={}s", lease.renew.as_secs()),
        ];
        let pair = Self::prepare(id, &arguments);
        let plane = pair.scenario.plane();
        plane.kubectl_ok(&["apply", "-k", &manifests("ha")]);
        // One of an earlier test may have an owner that is gone. One that nobody ever had is free.
        let namespace = format!("--namespace={NAMESPACE}");
        plane.kubectl_ok(&["delete", "lease", "jobrisk", &namespace, "--ignore-not-found"]);
        create(
            plane,
            &json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": { "name": "jobrisk", "namespace": NAMESPACE },
            }),
        );
        pair.start();
        let held = eventually(LATEST, || pair.holder());
        assert!(held.is_some(), "nobody leads: {}", pair.jobrisks[0].stderr());
        pair
    }

    /// Starts both and waits until they are ready.
    pub(crate) fn start(&self) {
        self.jobrisks.iter().for_each(Jobrisk::run);
        self.jobrisks.iter().for_each(Jobrisk::wait_ready);
    }

    pub(crate) fn replica(&self, number: usize) -> Replica<'_> {
        Replica { number, proxy: &self.proxies[number], jobrisk: &self.jobrisks[number] }
    }

    pub(crate) fn replicas(&self) -> [Replica<'_>; 2] {
        [self.replica(0), self.replica(1)]
    }

    /// The one that has last taken or renewed the lease.
    fn holder(&self) -> Option<usize> {
        self.merged().iter().rev().find(|(_, entry)| is_lease_write(entry)).map(|(number, _)| *number)
    }

    /// The leader, and the other.
    pub(crate) fn leader_first(&self) -> [Replica<'_>; 2] {
        let leader = self.holder().unwrap();
        [self.replica(leader), self.replica(1 - leader)]
    }

    /// Waits until a replica has taken the lease after `begin`, and says how long after.
    pub(crate) fn takeover(&self, by: usize, begin: Instant) -> Duration {
        let limit = self.lease.duration + LATEST;
        let taken = eventually(limit + SLACK, || {
            let log = self.proxies[by].log();
            log.iter().find(|entry| entry.at > begin && is_lease_write(entry)).map(|entry| entry.at - begin)
        });
        let time = taken.unwrap_or_else(|| panic!("no takeover: {}", self.jobrisks[by].stderr()));
        assert!(time <= limit, "the takeover took {time:?}");
        time
    }

    /// All requests of both, with the number of the replica, in the order of their times.
    fn merged(&self) -> Vec<(usize, Entry)> {
        let of = |number: usize| self.proxies[number].log().into_iter().map(move |entry| (number, entry));
        let mut all: Vec<_> = of(0).chain(of(1)).collect();
        all.sort_by_key(|(_, entry)| entry.at);
        all
    }

    /// Nobody has ever asked for a write who did not hold the lease, or whose term was over.
    pub(crate) fn assert_one_writer(&self) {
        let mut holder: Option<(usize, Instant)> = None;
        let mut writes = 0;
        for (number, entry) in self.merged() {
            if is_lease_write(&entry) {
                holder = Some((number, entry.at));
            } else if entry.is_write() {
                writes += 1;
                let (holds, renewed) =
                    holder.unwrap_or_else(|| panic!("a write before anybody led: {entry:#?}"));
                assert_eq!(holds, number, "a write of one that does not hold the lease: {entry:#?}");
                let after = entry.at - renewed;
                assert!(
                    after <= self.lease.term() + SLACK,
                    "a write {after:?} after the last renewal: {entry:#?}"
                );
            }
        }
        assert!(writes > 0, "nothing was written");
    }

    /// Each report was written once, however often the leader changed: nothing that was right was written again.
    pub(crate) fn assert_each_written_once(&self) {
        let mut writes: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        for (number, entry) in self.merged() {
            if entry.is_done_write() && entry.request.resource == "jobriskreports" {
                let name = (entry.request.namespace.clone(), entry.request.name.clone());
                writes.entry(name).or_default().push(number);
            }
        }
        let again: Vec<_> = writes.iter().filter(|(_, by)| by.len() > 1).collect();
        assert!(again.is_empty(), "written again: {again:#?}");
    }

    /// How often the lease has passed to another.
    pub(crate) fn passes(&self) -> usize {
        let holders: Vec<usize> = self
            .merged()
            .iter()
            .filter(|(_, entry)| is_lease_write(entry))
            .map(|(number, _)| *number)
            .collect();
        holders.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// Writes of both that the API server has carried out.
    pub(crate) fn writes(&self) -> usize {
        self.merged().iter().filter(|(_, entry)| entry.is_done_write()).count()
    }

    /// The reports are right within `limit`.
    pub(crate) fn converges(&self, limit: Duration) {
        let checked = catch_unwind(AssertUnwindSafe(|| self.scenario.converges(limit)));
        if let Err(panic) = checked {
            for jobrisk in &self.jobrisks {
                eprintln!("the end of the log of a replica:\n{}", tail_of(&jobrisk.stderr(), 15));
            }
            resume_unwind(panic);
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for jobrisk in self.jobrisks.iter().filter(|jobrisk| jobrisk.lives()) {
            jobrisk.kill();
        }
    }
}

/// The lease was taken, renewed or given back.
fn is_lease_write(entry: &Entry) -> bool {
    let succeeded = entry.status.is_some_and(|status| status < 300);
    entry.request.resource == "leases" && entry.request.verb.writes() && entry.sent_on && succeeded
}
