//! What people read from a cluster, with their own rights, for `jobrisk top` and `jobrisk status`.
//!
//! Lists come in pages and are reduced to what is shown while they come, so that a cluster of any size fits into little
//! memory. Everything that is read may have been written by somebody else than jobrisk: it is decoded leniently, and
//! text becomes [`SafeText`](crate::text::SafeText) before it is kept.

pub mod coverage;
mod failure;
mod list;
mod raw;
pub mod replicas;
pub mod reports;
pub mod verdict;
pub mod watched;

use std::sync::Arc;
use std::time::Duration;

use kube::client::ClientBuilder;
use kube::{Client, Config};

pub use failure::Failure;

use crate::controller::Shared;
use crate::controller::transport::Limits;

/// A cluster as one of its users sees it.
#[derive(Clone)]
pub struct Cluster {
    config: Config,
    client: Client,
    limit: Duration,
}

impl Cluster {
    /// Connects at the first request; each of them may take `limit`.
    ///
    /// # Errors
    /// When the configuration cannot be used, in words for the user.
    pub fn new(config: Config, limit: Duration) -> Result<Self, String> {
        let client = ClientBuilder::try_from(config.clone()).map_err(|error| unusable(&error))?.build();
        Ok(Self { config, client, limit })
    }

    /// A client for watches, which have no end by which they could be measured: it has the limits of the controller's.
    fn watching(&self) -> Result<Client, String> {
        let limits = Limits::new(Arc::<Shared>::default());
        let client = ClientBuilder::try_from(self.config.clone()).map_err(|error| unusable(&error))?;
        Ok(client.with_layer(&limits).build())
    }
}

fn unusable(error: &kube::Error) -> String {
    format!("cannot use the kubeconfig: {error}")
}

/// Where something is looked for: in one namespace, or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In all namespaces.
    Everywhere,
    /// In this one.
    Namespace(String),
}

impl Place {
    /// The namespace, if it is one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Everywhere => None,
            Self::Namespace(name) => Some(name),
        }
    }
}
