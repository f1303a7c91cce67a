//! Why something could not be read, and what whoever wanted to read it can do.

use std::fmt;

use super::Place;
use crate::controller::trouble::{Category, Trouble};
use crate::text::SafeText;

/// The longest namespace that is repeated.
const MAX_NAMESPACE: usize = 63;

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is in the way.
    pub trouble: Trouble,
    what: &'static str,
    place: String,
    rights: &'static str,
}

impl Failure {
    /// `what` could not be done somewhere; `rights` says who may do it.
    pub fn new(what: &'static str, place: &Place, rights: &'static str, trouble: Trouble) -> Self {
        let place = match place {
            Place::Everywhere => String::new(),
            Place::Namespace(name) => format!(" in namespace {}", SafeText::new(name, MAX_NAMESPACE)),
        };
        Self { trouble, what, place, rights }
    }

    fn advice(&self) -> &'static str {
        match self.trouble.category {
            Category::Forbidden => self.rights,
            Category::Unauthorized => "log in again, or choose another user of the kubeconfig",
            Category::NotInstalled => {
                "jobrisk is not installed in this cluster: kubectl apply -k manifests/base"
            }
            Category::Unreachable => "check the cluster of the kubeconfig (--context) and the network",
            Category::Timeout => "try again, with a longer --request-timeout if need be",
            _ => "try again",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}{}: {}; {}", self.what, self.place, self.trouble.message, self.advice())
    }
}
