//! The controller: watches, judges at arrival, writes what changed. One task, no locks around its state.
//!
//! [`ledger`], [`queue`] and [`events`] are pure; [`watch`] and [`write`] talk to the API server. The loop here takes
//! turns between them:
//!
//! * an object arrives: it is judged at once, and forgotten; a changed verdict becomes an order in the queue,
//! * a write ends: its result goes into the ledger, or its order back into the queue with a delay,
//! * the queue is full: the watches are not polled, so that the API server holds what this process cannot.

pub mod events;
pub mod health;
pub mod ledger;
pub mod metrics;
pub mod queue;
mod reports;
pub mod trouble;
pub mod watch;
pub mod write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, SelectAll};
use futures::{FutureExt as _, StreamExt as _};
use kube::runtime::watcher;
use kube::{Client, ResourceExt as _};

use crate::assess::{Assessment, assess, assess_workload};
use crate::report::report;
use crate::workload::{Kind, Workload};
use health::Health;
use ledger::{Decision, Key, Ledger};
use metrics::Metrics;
use queue::Queue;
use trouble::{Category, Trouble, Troubles};
use watch::{Watched, watch};
use write::{Order, Receipt, Writer};

/// Writes under way at one time. Past this the API server gains nothing: see the measurements of its apply rate.
const WRITES_UNDER_WAY: usize = 16;
/// Orders that may wait for their turn before the watches have to: enough that no write is waited for, and no more,
/// since each holds a report.
const MAX_WAITING: usize = 4 * WRITES_UNDER_WAY;
/// Orders that may wait after a failure before the watches have to. Each holds a report, 2 KB as a rule and 16 KiB at
/// most. Many more than may wait for their turn: a namespace that refuses reports must not hold up the others.
const MAX_DELAYED: usize = 4096;
/// How often the loop turns when nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long writes under way may take to end after a signal.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// What the outside may look at while the controller runs.
#[derive(Debug, Default)]
pub struct Shared {
    /// For probes.
    pub health: Health,
    /// For Prometheus.
    pub metrics: Metrics,
}

/// A watch ended although it should not.
#[derive(Debug, thiserror::Error)]
#[error("the watches ended, which they never should; the process has to be started again")]
pub struct WatchEnded;

/// The outcome of one write, with what is needed to try it again.
type Write = BoxFuture<'static, (Receipt, Order, Instant)>;

/// A controller.
pub struct Controller {
    client: Client,
    writer: Writer,
    shared: Arc<Shared>,
    ledger: Ledger,
    queue: Queue,
    writes: FuturesUnordered<Write>,
    troubles: Troubles,
    reports_lost: bool,
}

impl Controller {
    /// A controller that talks to the API server by `client` and names `instance` in its Events.
    pub fn new(client: Client, instance: String, shared: Arc<Shared>) -> Self {
        Self {
            writer: Writer::new(client.clone(), instance),
            client,
            shared,
            ledger: Ledger::default(),
            queue: Queue::default(),
            writes: FuturesUnordered::new(),
            troubles: Troubles::default(),
            reports_lost: false,
        }
    }

    /// Runs until `shutdown` is done. Trouble with the API server never ends it.
    ///
    /// # Errors
    /// When a watch ends for good, which it never should: to stay would be to run without seeing anything.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), WatchEnded> {
        let mut shutdown = std::pin::pin!(shutdown.fuse());
        loop {
            tokio::select! {
                () = self.learn_reports() => {}
                () = &mut shutdown => return Ok(()),
            }
            tokio::select! {
                outcome = self.follow() => outcome?,
                () = &mut shutdown => {
                    self.finish().await;
                    return Ok(());
                }
            }
        }
    }

    /// Follows the watches until the reports are lost: then everything has to be listed and written anew.
    async fn follow(&mut self) -> Result<(), WatchEnded> {
        let watches = Kind::ALL.map(|kind| watch(self.client.clone(), kind).boxed());
        let mut watches: SelectAll<_> = watches.into_iter().collect();
        self.reports_lost = false;
        while !self.reports_lost {
            self.shared.health.turn();
            self.start_writes();
            self.shared.metrics.set_queue(self.queue.len());
            let room = self.queue.ready() < MAX_WAITING && self.queue.delayed() < MAX_DELAYED;
            let wake = self
                .queue
                .next_due()
                .map_or(HEARTBEAT, |due| due.saturating_duration_since(Instant::now()).min(HEARTBEAT));
            tokio::select! {
                Some((receipt, order, since)) = self.writes.next() => self.settle(receipt, order, since),
                event = watches.next(), if room => match event {
                    Some((kind, event)) => self.watched(kind, event),
                    None => return Err(WatchEnded),
                },
                () = tokio::time::sleep(wake) => {}
            }
        }
        Ok(())
    }

    /// Reads what stands in the reports that exist: only with that can an unchanged verdict be recognised.
    async fn learn_reports(&mut self) {
        const WHAT: &str = "list jobriskreports.jobrisk.io";
        let mut delay = Duration::from_millis(500);
        loop {
            self.shared.health.turn();
            match reports::list(&self.client).await {
                Ok(found) => {
                    self.troubles.end(WHAT);
                    tracing::info!(reports = found.len(), "reports that exist are known");
                    self.ledger.set_written(found);
                    self.shared.health.reports_known();
                    return;
                }
                Err(trouble) => self.troubles.begin(WHAT, &trouble),
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(HEARTBEAT);
        }
    }

    fn watched(&mut self, kind: Kind, event: watch::Event) {
        let what = match kind {
            Kind::CronJob => "list and watch cronjobs.batch",
            Kind::Job => "list and watch jobs.batch",
        };
        match event {
            Ok(event) => {
                match event {
                    // The beginning of a list is no sign that it will work.
                    watcher::Event::Init => return self.ledger.begin_list(kind),
                    watcher::Event::InitApply(object) | watcher::Event::Apply(object) => {
                        self.arrived(kind, &object);
                    }
                    watcher::Event::Delete(object) => self.ledger.gone(&key(kind, &object)),
                    watcher::Event::InitDone => {
                        let gone = self.ledger.end_list(kind);
                        self.shared.health.listed(kind);
                        tracing::info!(kind = kind.as_str(), gone, "listed");
                    }
                }
                self.troubles.end(what);
                self.shared.metrics.set_workloads(self.ledger.counts());
            }
            Err(error) => {
                self.shared.metrics.watch_failed(kind);
                self.troubles.begin(what, &Trouble::from(&error));
            }
        }
    }

    /// An object is there, new or changed or listed again.
    fn arrived(&mut self, kind: Kind, object: &Watched) {
        let key = key(kind, object);
        if key.name.is_empty() {
            // An API server stores nothing without a name; there would be nothing to attach a report to.
            tracing::error!(kind = kind.as_str(), "an object without a readable name was skipped");
            return;
        }
        let assessment = judge(kind, object);
        let severity = assessment.score.severity;
        self.shared.metrics.assessed(kind, severity, assessment.is_partial());
        let draft = report(&assessment);
        match self.ledger.observe(&key, &assessment.uid, severity, draft.digest) {
            Decision::Nothing => self.queue.withdraw(&key),
            Decision::Write { before } => self.queue.add(Order { key, draft, before }, Instant::now()),
        }
    }

    fn start_writes(&mut self) {
        while self.queue.under_way() < WRITES_UNDER_WAY
            && let Some((mut order, since)) = self.queue.start(Instant::now())
        {
            // What was written since the order was made is what stands there now.
            if let Some(written) = self.ledger.written(&order.key, &order.draft.report.spec.subject.uid) {
                // The object changed while this same verdict on it was being written.
                if written.digest == Some(order.draft.digest) {
                    self.queue.done(&order.key);
                    continue;
                }
                order.before = Some(written.clone());
            }
            let writer = self.writer.clone();
            let again = order.clone();
            self.writes.push(async move { (writer.carry_out(order).await, again, since) }.boxed());
        }
    }

    /// A write has ended, well or not.
    fn settle(&mut self, receipt: Receipt, order: Order, since: Instant) {
        const WHAT: &str = "write jobriskreports.jobrisk.io";
        match receipt.report {
            Ok(written) => {
                self.troubles.end(WHAT);
                self.shared.metrics.wrote("ok");
                self.shared.metrics.reported_after(since.elapsed());
                if self.ledger.exists(&receipt.key) {
                    self.ledger.note_written(receipt.key.clone(), written);
                }
                self.queue.done(&receipt.key);
            }
            Err(trouble) => {
                self.troubles.begin(WHAT, &trouble);
                self.shared.metrics.wrote(trouble.category.as_str());
                // All reports went with their definition. They are not written again until it is back.
                self.reports_lost |= trouble.category == Category::NotInstalled;
                if self.ledger.exists(&receipt.key) {
                    self.queue.failed(order, since, Instant::now());
                } else {
                    // Gone meanwhile, its namespace perhaps with it: there is nothing left to attach it to.
                    self.queue.done(&receipt.key);
                }
            }
        }
        match receipt.event {
            Some(Ok(())) => {
                self.troubles.end("write events.events.k8s.io");
                self.shared.metrics.published("ok");
            }
            Some(Err(trouble)) => {
                self.troubles.begin("write events.events.k8s.io", &trouble);
                self.shared.metrics.published(trouble.category.as_str());
            }
            None => {}
        }
    }

    /// Lets the writes under way end. What waits is not lost: after a restart it is found again.
    async fn finish(&mut self) {
        let all = async { while self.writes.next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_LIMIT, all).await.is_err() {
            tracing::warn!("some writes did not end in time; they are made up for after the next start");
        }
        tracing::info!("stopped");
    }
}

fn key(kind: Kind, object: &Watched) -> Key {
    Key {
        kind,
        namespace: object.namespace().unwrap_or_default().into(),
        name: kube::Resource::meta(object).name.clone().unwrap_or_default().into(),
    }
}

/// Judges an object. If the engine itself fails on it, that is what its report says; the others go on.
fn judge(kind: Kind, object: &Watched) -> Assessment {
    catch_unwind(AssertUnwindSafe(|| assess(kind, &object.object))).unwrap_or_else(|_| {
        let Key { namespace, name, .. } = key(kind, object);
        tracing::error!(kind = kind.as_str(), "the engine failed on an object; its report says so");
        let uid = object.uid().unwrap_or_default();
        assess_workload(Workload::identity_only(kind, &namespace, &name, &uid, "judging it failed"))
    })
}
