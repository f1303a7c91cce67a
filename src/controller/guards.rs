//! Following the admission policy that attributions rest on, and its binding: two objects, and no others.

use std::time::{Duration, Instant};

use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher;
use kube::{Api, Client};

use super::trouble::{Category, Trouble};
use super::voucher::{NAME, Part, Stored};
use super::watch::{Event, Follower};

/// The time between two attempts where they may not be read, or are not served: so it is wherever attribution is not
/// switched on, for ever.
const REST: Duration = Duration::from_secs(300);

/// Follows both.
pub(super) struct Guards {
    policy: Follower<DynamicObject>,
    binding: Follower<DynamicObject>,
    /// The policy was listed: before that, the binding is not asked for.
    is_policy_listed: bool,
    rest: Option<Instant>,
}

impl Guards {
    pub(super) fn new(client: &Client) -> Self {
        let follower = |kind: &str, plural: &str| {
            let kind = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
            let resource = ApiResource::from_gvk_with_plural(&kind, plural);
            Follower::named(Api::all_with(client.clone(), &resource), NAME)
        };
        Self {
            policy: follower("MutatingAdmissionPolicy", "mutatingadmissionpolicies"),
            binding: follower("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings"),
            is_policy_listed: false,
            rest: None,
        }
    }

    /// What happens next. To drop the future loses nothing.
    pub(super) async fn next(&mut self) -> (Part, Event<DynamicObject>) {
        if let Some(until) = self.rest {
            tokio::time::sleep_until(until.into()).await;
            self.rest = None;
        }
        let (part, event) = tokio::select! {
            event = self.policy.next() => (Part::Policy, event),
            event = self.binding.next(), if self.is_policy_listed => (Part::Binding, event),
        };
        match &event {
            Ok(watcher::Event::InitDone) if part == Part::Policy => self.is_policy_listed = true,
            Ok(_) => {}
            Err(error) => {
                // A watch that goes on says nothing as long as nothing changes; a list says what is there.
                match part {
                    Part::Policy => self.policy.list_again(),
                    Part::Binding => self.binding.list_again(),
                }
                if is_denied(error) {
                    self.rest = Some(Instant::now() + REST);
                }
            }
        }
        (part, event)
    }
}

/// Whether it is as it is where attribution is not switched on.
pub(super) fn is_denied(error: &watcher::Error) -> bool {
    matches!(Trouble::from(error).category, Category::Forbidden | Category::NotInstalled)
}

/// What of an object decides.
pub(super) fn stored(object: &DynamicObject) -> Stored<'_> {
    let meta = &object.metadata;
    let changes = meta.managed_fields.iter().flatten().filter_map(|entry| entry.time.as_ref());
    Stored {
        spec: object.data.get("spec"),
        generation: meta.generation,
        created: meta.creation_timestamp.as_ref().map(|time| time.0.as_second()),
        changed: changes.map(|time| time.0.as_second()).max(),
    }
}
