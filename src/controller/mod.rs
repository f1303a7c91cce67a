//! The controller: watches, judges at arrival, writes what changed. One task, no locks around its state.
//!
//! [`ledger`], [`plan`], [`queue`], [`owners`] and [`voucher`] are pure; [`watch`], [`write`] and [`audit`] talk to the API server,
//! through the limits of [`transport`]. The loop here takes turns between them:
//!
//! * an object arrives: it is judged at once, and forgotten; a changed verdict becomes a line of the finding log and an
//!   order in the queue,
//! * a report arrives: what was not written here is put right,
//! * a write ends: its result goes into the ledger, or its order back into the queue with a delay,
//! * the queue is full: lists are not polled, so that the API server holds what this process cannot.
//!
//! Of several instances one writes: see [`lease`], [`fence`] and [`lead`].

mod arrive;
mod attribution;
pub mod audit;
pub mod backoff;
pub mod client;
pub mod events;
pub mod fence;
pub mod fenced;
pub mod finding_log;
mod guards;
pub mod health;
pub mod id;
mod lead;
pub mod lease;
pub mod ledger;
pub mod metrics;
pub mod owners;
pub mod plan;
pub mod queue;
mod reports;
mod say;
mod settle;
pub mod statusz;
pub mod stored;
pub mod transport;
pub mod trouble;
pub mod voucher;
pub mod watch;
mod work;
pub mod write;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use k8s_openapi::jiff::Timestamp;
use kube::runtime::watcher;
use kube::{Api, Client};

use crate::workload::Kind;
use audit::{Audit, Differences};
use events::{Budget, Pod};
use fence::Fence;
use finding_log::FindingLog;
use guards::Guards;
use health::{Health, Source};
use id::Id;
use lead::Lead;
use ledger::{Key, Ledger};
use metrics::Metrics;
use metrics::label::Wait;
use plan::{Chore, Retention};
use queue::Queue;
use stored::Stored;
use trouble::{Trouble, Troubles};
use voucher::{Standing, Voucher};
use watch::{Event, Follower, Watched};
use work::{Done, NamedRun};
use write::Writer;

/// Writes under way at one time. Past this the API server gains nothing: see the measurements of its apply rate.
const WRITES_UNDER_WAY: usize = 16;
/// Reads of single objects under way at one time.
const READS_UNDER_WAY: usize = 8;
/// Owners that may be looked up before the Jobs have to wait. Each holds two reports.
const MAX_LOOKUPS: usize = 64;
/// Orders that may wait for their turn before a list has to: enough that no write is waited for, and no more,
/// since each holds a report.
const MAX_WAITING: usize = 4 * WRITES_UNDER_WAY;
/// The same before a watch has to. It may be behind by more: behind the flood of one namespace are the others.
const MAX_WAITING_OF_WATCH: usize = 2048;
/// How often the loop turns when nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long writes under way may take to end after a signal.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
/// How long Jobs wait for the CronJobs that own them, where those cannot be listed.
const OWNERS_PATIENCE: Duration = Duration::from_secs(10);
/// The time between an audit that found something and the next.
const AUDIT_AGAIN: Duration = Duration::from_secs(10);
/// A report that is gone is looked into after this time: most go because their workload goes.
const GONE_PATIENCE: Duration = Duration::from_secs(1);
/// How often one workload's report is put back at most.
const PUT_BACK_PACE: Duration = Duration::from_secs(2);

/// What the outside may look at while the controller runs.
#[derive(Debug, Default)]
pub struct Shared {
    /// For probes.
    pub health: Health,
    /// For Prometheus.
    pub metrics: Metrics,
    /// For `jobrisk status`.
    pub word: Arc<statusz::Word>,
    /// Whether this instance may write.
    pub fence: Fence,
}

/// What can be chosen.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of this instance in Events.
    pub instance: String,
    /// The pod in which it runs, if it is known.
    pub pod: Option<Pod>,
    /// How long and how many reports outlive their workloads.
    pub retention: Retention,
    /// How often it is checked that what is remembered is what is stored.
    pub audit_interval: Duration,
}

/// A controller.
pub struct Controller {
    client: Client,
    writer: Writer,
    settings: Settings,
    shared: Arc<Shared>,
    finding_log: FindingLog,
    ledger: Ledger,
    queue: Queue,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    troubles: Troubles,
    budget: Budget,
    /// The uid of the CustomResourceDefinition of reports.
    definition: Option<String>,
    is_definition_asked: bool,
    is_definition_settled: bool,
    listed: HashSet<Source>,
    voucher: Voucher,
    /// What was last told of it.
    told: Option<Standing>,
    /// Workloads that were judged while it was not known whether somebody vouches for them.
    unvouched: HashSet<Key>,
    /// Workloads to be read and judged anew, in the order of the times to do so, and whether their report was
    /// tampered with.
    rereads: BTreeMap<(Instant, Key), bool>,
    reads: usize,
    lookups: usize,
    /// When a report was last put back.
    put_back: HashMap<Key, Instant>,
    runs: VecDeque<NamedRun>,
    chores: VecDeque<Chore>,
    chores_under_way: HashSet<Id>,
    chores_due: Instant,
    /// Reports whose deletion was asked for, without an answer.
    perhaps_deleted: HashSet<Id>,
    /// Reports that were heard of while a write on them was under way.
    unsettled: HashMap<Key, Vec<reports::Heard>>,
    audit: Option<Audit>,
    audit_due: Instant,
    audits_to_do: Vec<(Kind, Option<Differences>)>,
    relist: HashSet<Source>,
    /// When everything is next counted for the metrics.
    census_due: Instant,
    lead: Lead,
    started: Instant,
}

impl Controller {
    /// A controller that talks to the API server by `client`, which has to have the limits of [`transport::Limits`].
    pub fn new(client: Client, settings: Settings, shared: Arc<Shared>, finding_log: FindingLog) -> Self {
        let now = Instant::now();
        Self {
            writer: Writer::new(client.clone(), settings.instance.clone()),
            client,
            troubles: Troubles::new(Arc::clone(&shared.word)),
            finding_log,
            ledger: Ledger::default(),
            queue: Queue::new(now),
            running: FuturesUnordered::new(),
            budget: Budget::new(now),
            definition: None,
            is_definition_asked: false,
            is_definition_settled: false,
            listed: HashSet::new(),
            voucher: Voucher::default(),
            told: None,
            unvouched: HashSet::new(),
            rereads: BTreeMap::new(),
            reads: 0,
            lookups: 0,
            put_back: HashMap::new(),
            runs: VecDeque::new(),
            chores: VecDeque::new(),
            chores_under_way: HashSet::new(),
            chores_due: now,
            perhaps_deleted: HashSet::new(),
            unsettled: HashMap::new(),
            audit: None,
            audit_due: now + settings.audit_interval,
            audits_to_do: Vec::new(),
            relist: HashSet::new(),
            census_due: now,
            lead: if shared.fence.is_elected() { Lead::Follows } else { Lead::Leads },
            shared,
            started: now,
            settings,
        }
    }

    /// Runs until `shutdown` is done. Trouble with the API server never ends it. Says whether everything that it began
    /// has ended.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = shutdown => {}
            () = self.follow() => {}
        }
        self.finish().await
    }

    /// Follows everything, for ever.
    async fn follow(&mut self) {
        let mut reports = Follower::<Stored>::new(Api::all(self.client.clone()));
        let mut cron_jobs = Follower::workloads(self.client.clone(), Kind::CronJob);
        let mut jobs = Follower::workloads(self.client.clone(), Kind::Job);
        let mut guards = Guards::new(&self.client);
        loop {
            self.look_at_the_lead();
            for source in std::mem::take(&mut self.relist) {
                match source {
                    Source::Reports => reports.list_again(),
                    Source::CronJobs => cron_jobs.list_again(),
                    Source::Jobs => jobs.list_again(),
                }
            }
            let wake = self.turn();
            let cron_jobs_open = self.may_follow_cron_jobs() && self.has_room(&cron_jobs);
            let jobs_open = self.may_follow_jobs() && self.has_room(&jobs) && self.lookups < MAX_LOOKUPS;
            for (source, open) in [(Source::CronJobs, cron_jobs_open), (Source::Jobs, jobs_open)] {
                if !open {
                    self.shared.health.moved(source);
                }
            }
            let may_write = self.lead != Lead::Follows;
            tokio::select! {
                () = self.shared.fence.becomes(!may_write) => {}
                Some(done) = self.running.next() => self.settle(done),
                event = reports.next() => self.report_event(event),
                (part, event) = guards.next() => self.guard_event(part, event),
                event = cron_jobs.next(), if cron_jobs_open => self.workload_event(Kind::CronJob, event),
                event = jobs.next(), if jobs_open => self.workload_event(Kind::Job, event),
                () = tokio::time::sleep(wake) => {}
            }
        }
    }

    /// Begins what can be begun, and says how long nothing else is due.
    fn turn(&mut self) -> Duration {
        let now = Instant::now();
        self.shared.health.turn();
        self.finding_log.look(now);
        self.begin_work(now);
        let (waiting, refusing) = (self.queue.len(), self.queue.refusing());
        self.shared.metrics.set_queue(waiting, refusing);
        self.shared.word.set_queue(waiting, refusing);
        if now >= self.census_due {
            self.census_due = now + HEARTBEAT;
            self.census(now);
        }
        let rereads = self.rereads.keys().map(|(due, _)| *due).find(|due| *due > now);
        let due = self.queue.next_due(now).into_iter().chain(rereads).min();
        due.map_or(HEARTBEAT, |due| due.saturating_duration_since(now).min(HEARTBEAT))
    }

    /// Counts what would be too much to count at each turn.
    fn census(&self, now: Instant) {
        for (kind, coverage) in self.ledger.coverage() {
            self.shared.metrics.set_coverage(kind, coverage);
        }
        let oldest = self.queue.oldest();
        let [waiting, refused] = [oldest.waiting, oldest.refused]
            .map(|since| since.map(|since| now.saturating_duration_since(since)));
        self.shared.word.set_oldest(waiting);
        self.shared.metrics.set_oldest(Wait::Waiting, waiting);
        self.shared.metrics.set_oldest(Wait::Refused, refused);
    }

    /// What is written already has to be known first: only with that can an unchanged verdict be recognised.
    fn may_follow_cron_jobs(&self) -> bool {
        self.listed.contains(&Source::Reports) && self.is_definition_settled && self.voucher.is_settled()
    }

    /// The owners come first, unless they cannot be listed.
    fn may_follow_jobs(&self) -> bool {
        self.may_follow_cron_jobs()
            && (self.listed.contains(&Source::CronJobs) || self.started.elapsed() > OWNERS_PATIENCE)
    }

    fn has_room(&self, follower: &Follower<Watched>) -> bool {
        let limit = if follower.is_listing() { MAX_WAITING } else { MAX_WAITING_OF_WATCH };
        self.queue.ready() < limit
    }

    fn workload_event(&mut self, kind: Kind, event: Event<Watched>) {
        let source = source(kind);
        self.shared.health.moved(source);
        match event {
            Ok(event) => {
                match event {
                    // The beginning of a list is no sign that it will work.
                    watcher::Event::Init => return self.ledger.begin_list(kind),
                    watcher::Event::InitApply(object) | watcher::Event::Apply(object) => {
                        self.arrived(kind, &object, arrive::Why::Watch);
                    }
                    watcher::Event::Delete(object) => self.gone(&key(kind, &object)),
                    watcher::Event::InitDone => self.listed(kind),
                }
                self.troubles.end(source.following());
                self.shared.metrics.set_workloads(self.ledger.counts());
            }
            Err(error) => self.follow_failed(source, &Trouble::from(&error)),
        }
    }

    fn follow_failed(&mut self, source: Source, trouble: &Trouble) {
        self.shared.health.moved(source);
        self.shared.metrics.watch_failed(source, trouble.category);
        self.troubles.begin(source.following(), trouble);
    }

    /// A kind was listed to the end.
    fn listed(&mut self, kind: Kind) {
        let gone = self.ledger.end_list(kind, seconds());
        for (key, gone) in &gone {
            self.say_gone(key, gone);
        }
        let is_first = self.set_listed(source(kind));
        if kind == Kind::CronJob && is_first && self.started.elapsed() > OWNERS_PATIENCE {
            // Jobs may have been judged without their owners.
            self.judge_again(Kind::Job);
        }
        self.ledger.shrink();
        self.chores_due = Instant::now();
        tracing::info!(kind = kind.as_str(), gone = gone.len(), "listed");
    }

    /// A source was listed to the end. Says whether for the first time.
    fn set_listed(&mut self, source: Source) -> bool {
        self.shared.health.set_listed(source, true);
        self.listed.insert(source)
    }

    /// Lists a kind again and judges all of it.
    fn judge_again(&mut self, kind: Kind) {
        self.ledger.forget_versions(kind);
        self.relist.insert(source(kind));
    }

    /// Lets the writes under way end. What waits is not lost: after a restart it is found again.
    async fn finish(mut self) -> bool {
        let all = async { while self.running.next().await.is_some() {} };
        let ended = tokio::time::timeout(SHUTDOWN_LIMIT, all).await.is_ok();
        if !ended {
            tracing::warn!("some writes did not end in time; they are made up for after the next start");
        }
        self.finding_log.finish().await;
        tracing::info!("stopped");
        ended
    }
}

fn source(kind: Kind) -> Source {
    match kind {
        Kind::CronJob => Source::CronJobs,
        Kind::Job => Source::Jobs,
    }
}

fn key(kind: Kind, object: &Watched) -> Key {
    let meta = kube::Resource::meta(object);
    Key::new(kind, meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default())
}

/// The time, in seconds since 1970.
fn seconds() -> i64 {
    Timestamp::now().as_second()
}

/// A time in RFC 3339 as seconds since 1970; `None` for what cannot be read.
fn parse_seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}
