//! What probes ask.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// After this time without a turn of the loop the process counts as hung.
const HUNG_AFTER: Duration = Duration::from_secs(60);
/// After this time in which nothing came of a list or watch, not even an error, the process counts as deaf.
///
/// Every request has a limit and a quiet watch is started anew each minute, so something comes of each within 75 s.
pub const DEAF_AFTER: Duration = Duration::from_secs(180);

/// What is listed and watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The reports.
    Reports,
    /// `CronJobs`.
    CronJobs,
    /// `Jobs`.
    Jobs,
}

impl Source {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Reports, Self::CronJobs, Self::Jobs];

    /// The resource, for labels and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reports => "jobriskreports",
            Self::CronJobs => "cronjobs",
            Self::Jobs => "jobs",
        }
    }

    /// The path of its lists and watches on the API server.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Reports => "/apis/jobrisk.io/v1alpha1/jobriskreports",
            Self::CronJobs => "/apis/batch/v1/cronjobs",
            Self::Jobs => "/apis/batch/v1/jobs",
        }
    }

    /// What is done with it, for troubles.
    pub const fn following(self) -> &'static str {
        match self {
            Self::Reports => "list and watch jobriskreports.jobrisk.io",
            Self::CronJobs => "list and watch cronjobs.batch",
            Self::Jobs => "list and watch jobs.batch",
        }
    }
}

/// The state of the controller for `/livez` and `/readyz`.
#[derive(Debug)]
pub struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    last_turn: Instant,
    sources: [Following; Source::ALL.len()],
}

#[derive(Debug, Clone, Copy, Default)]
struct Following {
    /// When something last came of it, an error too. Not set as long as it has not begun.
    moved: Option<Instant>,
    /// When the API server last sent something.
    progress: Option<SystemTime>,
    listed: bool,
}

impl Default for Health {
    fn default() -> Self {
        let state = State { last_turn: Instant::now(), sources: Default::default() };
        Self { state: Mutex::new(state) }
    }
}

impl Health {
    /// The loop of the controller made a turn.
    pub fn turn(&self) {
        self.with(|state| state.last_turn = Instant::now());
    }

    /// Something came of a list or watch, or it rests on purpose.
    pub fn moved(&self, source: Source) {
        self.following(source, |following| following.moved = Some(Instant::now()));
    }

    /// The API server sent something of a list or watch.
    pub fn progress(&self, source: Source) {
        self.following(source, |following| {
            following.moved = Some(Instant::now());
            following.progress = Some(SystemTime::now());
        });
    }

    /// A source was listed to the end, or what was known of it is not true any more.
    pub fn set_listed(&self, source: Source, listed: bool) {
        self.following(source, |following| following.listed = listed);
    }

    /// Whether a source was listed to the end.
    pub fn is_listed(&self, source: Source) -> bool {
        let mut listed = false;
        self.following(source, |following| listed = following.listed);
        listed
    }

    /// When the API server last sent something of a list or watch.
    pub fn last_progress(&self, source: Source) -> Option<SystemTime> {
        let mut progress = None;
        self.following(source, |following| progress = following.progress);
        progress
    }

    /// Why the process counts as hung or deaf, if it does.
    pub fn not_live(&self) -> Option<String> {
        self.with(|state| {
            let idle = state.last_turn.elapsed();
            if idle > HUNG_AFTER {
                return Some(format!("the controller has not moved for {} s", idle.as_secs()));
            }
            let mut all = Source::ALL.into_iter().zip(state.sources);
            all.find_map(|(source, following)| {
                let silent = following.moved?.elapsed();
                (silent > DEAF_AFTER)
                    .then(|| format!("cannot {}: nothing for {} s", source.following(), silent.as_secs()))
            })
        })
    }

    /// What is missing until everything has been seen once, if something is.
    pub fn not_ready(&self) -> Option<String> {
        self.with(|state| {
            let all = Source::ALL.into_iter().zip(state.sources);
            let missing: Vec<&str> =
                all.filter(|(_, following)| !following.listed).map(|(source, _)| source.name()).collect();
            (!missing.is_empty()).then(|| format!("not listed yet: {}", missing.join(", ")))
        })
    }

    fn following(&self, source: Source, change: impl FnOnce(&mut Following)) {
        self.with(|state| {
            let mut all = Source::ALL.into_iter().zip(state.sources.iter_mut());
            if let Some((_, following)) = all.find(|(known, _)| *known == source) {
                change(following);
            }
        });
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        // A poisoned lock holds plain values that are right all the same.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        read(&mut state)
    }
}
