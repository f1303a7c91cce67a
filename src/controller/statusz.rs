//! What the controller says of itself at `/statusz`, for `jobrisk status`.
//!
//! No name of a namespace or a workload is in it: whoever reaches the port may read it. Times are counted from now, so
//! that the clocks of the two ends need not agree.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::Shared;
use super::health::Source;
use super::trouble::Category;
use crate::text::SafeText;

/// Raised when a field is removed or changes its meaning; new fields do not raise it.
const SCHEMA_VERSION: &str = "1";
/// What last failed this long ago is over: everything that is still wanted is tried again before.
const OVER_AFTER: Duration = Duration::from_secs(180);

/// The longest text and the most entries of a list that are taken from an answer.
const MAX_TEXT: usize = 200;
const MAX_LISTED: usize = 16;

/// What the controller says. Read leniently: another version may have written it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Statusz {
    /// The version of this object.
    pub schema_version: String,
    /// The version of the program.
    pub version: String,
    /// How long it has been running.
    pub up_seconds: u64,
    /// Why it counts as hung or deaf, if it does.
    pub not_live: Option<String>,
    /// What it has not listed yet, if something.
    pub not_ready: Option<String>,
    /// What it lists and watches.
    pub watches: Vec<Watch>,
    /// What it has to write.
    pub queue: Backlog,
    /// What it cannot do now.
    pub failing: Vec<Failing>,
}

/// A list or watch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Watch {
    /// The resource.
    pub resource: String,
    /// Whether it was listed to the end.
    pub listed: bool,
    /// How long ago the API server last sent something; `None` if it never has.
    pub moved_seconds_ago: Option<u64>,
}

/// Reports that are not written yet.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Backlog {
    /// How many wait or are under way.
    pub waiting: u64,
    /// For how long the oldest has waited, of namespaces that take reports.
    pub oldest_seconds: f64,
    /// How many namespaces refuse reports.
    pub refusing_namespaces: u64,
}

/// Something that cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Failing {
    /// What.
    pub what: String,
    /// The category of the trouble, as in the log.
    pub reason: String,
    /// How long ago it last failed.
    pub seconds_ago: u64,
}

impl Statusz {
    /// What the controller with this state says now.
    pub fn of(shared: &Shared) -> Self {
        let moved = |source| {
            let progress = shared.health.last_progress(source);
            progress.map(|time| SystemTime::now().duration_since(time).unwrap_or_default())
        };
        let watches = Source::ALL.map(|source| Watch {
            resource: source.name().to_owned(),
            listed: shared.health.is_listed(source),
            moved_seconds_ago: moved(source).map(|ago| ago.as_secs()),
        });
        // A watch works again when it has begun, also if nothing ever comes of it.
        let moved_since = |what: &str, failed: Duration| {
            let source = Source::ALL.into_iter().find(|source| source.following() == what);
            source.and_then(moved).is_some_and(|ago| ago < failed)
        };
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            up_seconds: shared.word.started.elapsed().as_secs(),
            not_live: shared.health.not_live(),
            not_ready: shared.health.not_ready(),
            watches: watches.into(),
            queue: shared.word.with(|state| state.queue),
            failing: shared.word.failing(moved_since),
        }
    }
}

impl Statusz {
    /// The same with all text made safe to print: whoever answered may be somebody else.
    #[must_use]
    pub fn made_safe(mut self) -> Self {
        let safe = |text: &mut String| *text = SafeText::new(text, MAX_TEXT).to_string();
        self.watches.truncate(MAX_LISTED);
        self.failing.truncate(MAX_LISTED);
        [&mut self.schema_version, &mut self.version].into_iter().for_each(safe);
        self.not_live.iter_mut().chain(&mut self.not_ready).for_each(safe);
        self.watches.iter_mut().for_each(|watch| safe(&mut watch.resource));
        for failing in &mut self.failing {
            safe(&mut failing.what);
            safe(&mut failing.reason);
        }
        self
    }
}

/// What is kept for it while the controller runs.
#[derive(Debug)]
pub struct Word {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: Backlog,
    /// What fails everywhere and not only in one namespace, and when it last did.
    failing: BTreeMap<&'static str, (Category, Instant)>,
}

impl Default for Word {
    fn default() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }
}

impl Word {
    /// What there is to write: how much, and how many namespaces refuse it.
    pub fn set_queue(&self, waiting: usize, refusing: usize) {
        let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
        self.with(|state| {
            state.queue.waiting = count(waiting);
            state.queue.refusing_namespaces = count(refusing);
        });
    }

    /// For how long the oldest has waited, of namespaces that take reports.
    pub fn set_oldest(&self, oldest: Option<Duration>) {
        self.with(|state| state.queue.oldest_seconds = oldest.unwrap_or_default().as_secs_f64());
    }

    /// `what` failed.
    pub fn failed(&self, what: &'static str, category: Category) {
        self.with(|state| state.failing.insert(what, (category, Instant::now())));
    }

    /// `what` works.
    pub fn works(&self, what: &'static str) {
        self.with(|state| state.failing.remove(what));
    }

    /// What fails now, without what is `over`, which is asked how long ago it failed.
    fn failing(&self, over: impl Fn(&str, Duration) -> bool) -> Vec<Failing> {
        self.with(|state| {
            state.failing.retain(|_, (_, last)| last.elapsed() < OVER_AFTER);
            let failing =
                state.failing.iter().map(|(what, (category, last))| (what, category, last.elapsed()));
            failing
                .filter(|(what, _, ago)| !over(what, *ago))
                .map(|(what, category, ago)| Failing {
                    what: (*what).to_owned(),
                    reason: category.as_str().to_owned(),
                    seconds_ago: ago.as_secs(),
                })
                .collect()
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A poisoned lock holds plain values that are right all the same.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_again_fails_no_more() {
        let word = Word::default();
        word.failed("write reports", Category::Timeout);
        word.failed("write reports", Category::Forbidden);
        word.failed("write Events", Category::Refused);
        word.works("write Events");
        let now = word.failing(|_, _| false);
        assert_eq!(now.len(), 1);
        assert_eq!((now[0].what.as_str(), now[0].reason.as_str()), ("write reports", "forbidden"));
        assert!(word.failing(|what, _| what == "write reports").is_empty());
    }

    #[test]
    fn what_somebody_else_answers_does_nothing_to_the_reader() {
        let hostile = "\u{1b}[2J\n".repeat(1_000);
        let word = Statusz {
            schema_version: hostile.clone(),
            version: hostile.clone(),
            not_live: Some(hostile.clone()),
            not_ready: Some(hostile.clone()),
            watches: vec![Watch { resource: hostile.clone(), ..Watch::default() }; 1_000],
            failing: vec![Failing { what: hostile.clone(), reason: hostile, seconds_ago: 0 }; 1_000],
            ..Statusz::default()
        };
        let json = serde_json::to_string(&word.made_safe()).unwrap();
        assert!(!json.contains("u001b") && !json.contains("\\n\""), "{json}");
        assert!(json.len() < 20_000, "{}", json.len());
    }

    #[test]
    fn another_versions_word_can_be_read() {
        let word: Statusz =
            serde_json::from_str(r#"{"version":"9.0.0","more":[1],"queue":{"waiting":3}}"#).unwrap();
        assert_eq!((word.version.as_str(), word.queue.waiting), ("9.0.0", 3));
    }
}
