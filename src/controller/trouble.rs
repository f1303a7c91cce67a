//! What goes wrong with the API server, in one line that says what to do, told once.

use std::collections::HashMap;

use kube::runtime::watcher;

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
    /// 403.
    Forbidden,
    /// 404 on a kind: its CustomResourceDefinition is missing.
    NotInstalled,
    /// 429, 5xx: it will pass.
    Overloaded,
    /// No answer in time.
    Timeout,
    /// Anything else.
    Other,
}

impl Category {
    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotInstalled => "not_installed",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Other => "other",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "check that the API server runs and that the network lets this process reach it"
            }
            Self::Unauthorized => "check that the ServiceAccount exists and that its token is current",
            Self::Forbidden => "give the ServiceAccount its permissions: kubectl apply -k manifests/base",
            Self::NotInstalled => "install the CustomResourceDefinitions: kubectl apply -k crds",
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
    /// No answer within the limit of a request.
    pub fn timeout(seconds: u64) -> Self {
        Self {
            category: Category::Timeout,
            message: SafeText::new(&format!("no answer within {seconds} s"), MAX_MESSAGE),
        }
    }
}

impl From<&kube::Error> for Trouble {
    fn from(error: &kube::Error) -> Self {
        let (category, message) = match error {
            kube::Error::Api(status) => {
                let category = match status.code {
                    401 => Category::Unauthorized,
                    403 => Category::Forbidden,
                    404 => Category::NotInstalled,
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

/// Tells of each trouble once: when it begins, when it changes, and when it is over.
#[derive(Debug, Default)]
pub struct Troubles {
    current: HashMap<&'static str, Category>,
}

impl Troubles {
    /// `what` failed.
    pub fn begin(&mut self, what: &'static str, trouble: &Trouble) {
        if self.current.insert(what, trouble.category) != Some(trouble.category) {
            tracing::error!(
                reason = trouble.category.as_str(),
                detail = trouble.message.as_str(),
                "cannot {what}: {}; {}",
                trouble.message,
                trouble.category.advice()
            );
        }
    }

    /// `what` works.
    pub fn end(&mut self, what: &'static str) {
        if self.current.remove(what).is_some() {
            tracing::info!("works again: {what}");
        }
    }
}
