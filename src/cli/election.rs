//! The flags of `jobrisk run` for several instances of which one writes.

use std::time::Duration;

use super::duration::duration;
use crate::controller::lease::Settings;
use crate::controller::lease::times::Times;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Several instances")]
// By default a group is named like the struct, and there is one of that name around it.
#[group(skip)]
pub(super) struct Args {
    /// Write only as long as this instance holds a Lease, and watch otherwise: for two replicas or more.
    #[arg(long, env = "JOBRISK_LEADER_ELECT")]
    leader_elect: bool,
    /// The name of the Lease.
    #[arg(long, value_name = "NAME", default_value = "jobrisk", value_parser = name)]
    lease_name: String,
    /// The namespace of the Lease, by default that of the pod.
    #[arg(long, value_name = "NAMESPACE", value_parser = name)]
    lease_namespace: Option<String>,
    /// After this time without a sign of the leader another instance takes over. The leader stops writing after two
    /// thirds of it.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    lease_duration: Duration,
    /// How often the leader renews the Lease: at least three times in its duration.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    lease_renew: Duration,
}

impl Args {
    /// The lease to hold, if a leader is to be elected.
    ///
    /// # Errors
    /// When the times do not fit together or the namespace is not known, with what to change.
    pub(super) fn settings(&self, pod_namespace: Option<&str>) -> Result<Option<Settings>, String> {
        if !self.leader_elect {
            return Ok(None);
        }
        let times = Times::new(self.lease_duration, self.lease_renew)?;
        let namespace = self.lease_namespace.as_deref().or(pod_namespace);
        let namespace = namespace.ok_or(
            "--leader-elect needs the namespace of the Lease: give --lease-namespace, or --pod-namespace",
        )?;
        Ok(Some(Settings { namespace: name(namespace)?, name: self.lease_name.clone(), times }))
    }
}

/// A name that an object can have.
fn name(text: &str) -> Result<String, String> {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let ends_well = |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if text.len() <= 253 && text.bytes().all(is_plain) && ends_well(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("not the name of a Kubernetes object: {text:?}"))
    }
}
