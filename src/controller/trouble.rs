//! What goes wrong with the API server, in one line that says what to do, told once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::runtime::watcher;

use super::fenced::NotLeader;
use super::statusz::Word;
use super::transport::{TooLate, is_from};
use crate::text::SafeText;

/// The longest message that is logged.
const MAX_MESSAGE: usize = 400;

/// What is wrong, as far as it makes a difference to whoever has to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The API server does not answer.
    Unreachable,
    /// 401.
    Unauthorized,
    /// 403 by RBAC.
    Forbidden,
    /// By admission: a policy, a quota, a namespace that is being deleted.
    Refused,
    /// 404 on a kind: its CustomResourceDefinition is missing.
    NotInstalled,
    /// 404 on a namespace: it is gone.
    NoNamespace,
    /// 429, 5xx: it will pass.
    Overloaded,
    /// No answer in time.
    Timeout,
    /// This instance does not lead, or not any more.
    NotLeader,
    /// Anything else.
    Other,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Unreachable,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Refused,
        Self::NotInstalled,
        Self::NoNamespace,
        Self::Overloaded,
        Self::Timeout,
        Self::NotLeader,
        Self::Other,
    ];

    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Refused => "refused",
            Self::NotInstalled => "not_installed",
            Self::NoNamespace => "no_namespace",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::NotLeader => "not_leader",
            Self::Other => "other",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "check that the API server runs and that the network lets this process reach it"
            }
            Self::Unauthorized => "check that the ServiceAccount exists and that its token is current",
            Self::Forbidden => {
                "give the ServiceAccount its permissions: kubectl apply -k manifests/base, or manifests/ha with --leader-elect"
            }
            Self::Refused => {
                "look for an admission policy, a quota or a namespace that is being deleted; it is tried again"
            }
            Self::NotInstalled => "install the CustomResourceDefinitions: kubectl apply -k crds",
            Self::NoNamespace => "nothing to do: what was in the namespace is gone",
            Self::NotLeader => "nothing to do: the leader writes",
            Self::Overloaded | Self::Timeout | Self::Other => "nothing to do if it passes; it is tried again",
        }
    }
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of thing.
    pub category: Category,
    /// What the API server or the client said, safe to print.
    pub message: SafeText,
}

impl Trouble {
    /// A trouble with a text of ours.
    pub fn new(category: Category, message: &str) -> Self {
        Self { category, message: SafeText::new(message, MAX_MESSAGE) }
    }
}

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&kube::Error> for Trouble {
    fn from(error: &kube::Error) -> Self {
        let (category, message) = match error {
            kube::Error::Api(status) => {
                let says = |text: &str| status.message.contains(text);
                let category = match status.code {
                    // By a policy or a webhook, which choose the code.
                    _ if says("denied request") || says("denied the request") => Category::Refused,
                    401 => Category::Unauthorized,
                    403 if says("cannot ") && says("User ") => Category::Forbidden,
                    403 => Category::Refused,
                    // Not the 404 on a name or a namespace.
                    404 if says("the requested resource") || says("page not found") => Category::NotInstalled,
                    404 if says("namespaces \"") => Category::NoNamespace,
                    429 | 500..=599 => Category::Overloaded,
                    _ => Category::Other,
                };
                let message = if status.message.is_empty() {
                    format!("HTTP status {}", status.code)
                } else {
                    status.message.clone()
                };
                (category, message)
            }
            _ if is_from::<NotLeader>(error) => (Category::NotLeader, chain(error)),
            _ if is_from::<TooLate>(error) => (Category::Timeout, chain(error)),
            kube::Error::HyperError(_) | kube::Error::Service(_) => (Category::Unreachable, chain(error)),
            kube::Error::Auth(_) => (Category::Unauthorized, chain(error)),
            _ => (Category::Other, chain(error)),
        };
        Self { category, message: SafeText::new(&message, MAX_MESSAGE) }
    }
}

impl From<&watcher::Error> for Trouble {
    fn from(error: &watcher::Error) -> Self {
        match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => error.into(),
            watcher::Error::WatchError(status) => (&kube::Error::Api(status.clone())).into(),
            watcher::Error::NoResourceVersion => {
                Self { category: Category::Other, message: SafeText::new(&error.to_string(), MAX_MESSAGE) }
            }
        }
    }
}

/// An error with its causes, in one line. The outermost text often says only that something failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// After this time a trouble that comes and goes is told of again.
const QUIET: Duration = Duration::from_secs(60);

/// The most namespaces whose troubles are told apart.
const MAX_PLACES: usize = 1024;

/// Where something goes wrong: everywhere, or in one namespace.
type Place = Option<Arc<str>>;

/// Tells of each trouble when it begins and when it is over; of one that comes and goes, once a minute.
#[derive(Debug, Default)]
pub struct Troubles {
    known: HashMap<(&'static str, Place), Known>,
    /// Where those are told of that are not of one namespace, to whoever asks.
    word: Arc<Word>,
}

#[derive(Debug)]
struct Known {
    category: Category,
    told: Instant,
    /// It goes on, and its beginning was told.
    open: bool,
    active: bool,
}

impl Troubles {
    /// None yet.
    pub fn new(word: Arc<Word>) -> Self {
        Self { word, ..Self::default() }
    }

    /// `what` failed.
    pub fn begin(&mut self, what: &'static str, trouble: &Trouble) {
        self.word.failed(what, trouble.category);
        self.begin_at(what, &None, trouble);
    }

    /// `what` failed in a namespace, for a reason that is the namespace's own. Says whether that is news.
    pub fn begin_in(&mut self, what: &'static str, namespace: &Arc<str>, trouble: &Trouble) -> bool {
        self.begin_at(what, &Some(Arc::clone(namespace)), trouble)
    }

    fn begin_at(&mut self, what: &'static str, place: &Place, trouble: &Trouble) -> bool {
        // The lease's own messages tell of that.
        if trouble.category == Category::NotLeader {
            return false;
        }
        if !self.is_news(what, place.clone(), trouble.category, Instant::now()) {
            return false;
        }
        let at = place.as_ref().map(|namespace| format!(" in namespace {}", SafeText::new(namespace, 63)));
        tracing::error!(
            reason = trouble.category.as_str(),
            detail = trouble.message.as_str(),
            "cannot {what}{}: {}; {}",
            at.unwrap_or_default(),
            trouble.message,
            trouble.category.advice()
        );
        true
    }

    /// `what` works.
    pub fn end(&mut self, what: &'static str) {
        if self.is_over(what, None) {
            tracing::info!("works again: {what}");
        }
    }

    /// `what` works in a namespace, and so it works at all.
    pub fn end_in(&mut self, what: &'static str, namespace: &Arc<str>) {
        self.end(what);
        if self.is_over(what, Some(Arc::clone(namespace))) {
            tracing::info!("works again: {what} in namespace {}", SafeText::new(namespace, 63));
        }
    }

    fn is_news(&mut self, what: &'static str, place: Place, category: Category, now: Instant) -> bool {
        if self.known.len() > MAX_PLACES {
            self.known.retain(|_, known| known.active || now.duration_since(known.told) < QUIET);
        }
        let is_full = self.known.len() > MAX_PLACES;
        match self.known.get_mut(&(what, place.clone())) {
            Some(known) if known.active && known.category == category => false,
            Some(known) if known.category == category && now.duration_since(known.told) < QUIET => {
                known.active = true;
                false
            }
            None if is_full => false,
            _ => {
                let known = Known { category, told: now, open: true, active: true };
                self.known.insert((what, place), known);
                true
            }
        }
    }

    fn is_over(&mut self, what: &'static str, place: Place) -> bool {
        if self.known.is_empty() {
            return false;
        }
        if place.is_none() && self.known.contains_key(&(what, None)) {
            self.word.works(what);
        }
        self.known.get_mut(&(what, place)).is_some_and(|known| {
            known.active = false;
            std::mem::take(&mut known.open)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: &str = "test";

    #[test]
    fn a_trouble_is_told_when_it_begins_and_when_it_is_over() {
        let (mut troubles, now) = (Troubles::default(), Instant::now());
        assert!(troubles.is_news(WHAT, None, Category::Timeout, now));
        assert!(!troubles.is_news(WHAT, None, Category::Timeout, now + QUIET * 2));
        assert!(troubles.is_news(WHAT, None, Category::Forbidden, now), "another trouble is news");
        assert!(troubles.is_over(WHAT, None));
        assert!(!troubles.is_over(WHAT, None));
    }

    #[test]
    fn one_that_comes_and_goes_is_told_once_a_minute() {
        let (mut troubles, now) = (Troubles::default(), Instant::now());
        assert!(troubles.is_news(WHAT, None, Category::Refused, now));
        assert!(troubles.is_over(WHAT, None));
        for second in 1..60 {
            assert!(!troubles.is_news(WHAT, None, Category::Refused, now + Duration::from_secs(second)));
            assert!(!troubles.is_over(WHAT, None), "its beginning was not told");
        }
        assert!(troubles.is_news(WHAT, None, Category::Refused, now + QUIET));
        assert!(troubles.is_over(WHAT, None));
    }

    #[test]
    fn a_refusal_is_told_from_a_missing_permission() {
        let category = |code: u16, message: &str| {
            let status =
                kube::core::Status { code, message: message.to_owned(), ..kube::core::Status::default() };
            Trouble::from(&kube::Error::Api(Box::new(status))).category
        };
        for (code, message, expected) in [
            (
                403,
                r#"jobs.batch is forbidden: User "x" cannot list resource "jobs" in API group "batch""#,
                Category::Forbidden,
            ),
            (403, r#"jobriskreports "a" is forbidden: exceeded quota: q"#, Category::Refused),
            (
                403,
                "unable to create new content in namespace n because it is being terminated",
                Category::Refused,
            ),
            (422, "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", Category::Refused),
            (400, r#"admission webhook "w" denied the request: no"#, Category::Refused),
            (404, "the server could not find the requested resource", Category::NotInstalled),
            (404, "404 page not found", Category::NotInstalled),
            (404, r#"namespaces "n" not found"#, Category::NoNamespace),
            (503, "", Category::Overloaded),
        ] {
            assert_eq!(category(code, message), expected, "{message}");
        }
    }
}
