//! Whether the API server vouches for what a workload's annotations say of who made it. Pure.
//!
//! It does for a workload that was made while the admission policy was in force: policy and binding are word for word
//! what is shipped, and the workload is younger than both of them and than their last change. Its creation time is set
//! by the API server alone. From then on each of its changes has gone through the policy too.

use std::fmt;

use serde_json::Value;

/// The name of the policy and of its binding.
pub const NAME: &str = "jobrisk-attribution";

const POLICY: &str = include_str!("../../manifests/attribution/policy.yaml");
const BINDING: &str = include_str!("../../manifests/attribution/binding.yaml");

/// How much younger a workload has to be, in seconds. API servers read policies once a second, each of several for
/// itself, and creation times have whole seconds.
pub const MARGIN: i64 = 10;

/// One of the two objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The `MutatingAdmissionPolicy`.
    Policy,
    /// The `MutatingAdmissionPolicyBinding`.
    Binding,
}

/// What is known of one of the two objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing yet.
    Unasked,
    /// Nothing for now: following it was interrupted.
    Interrupted,
    /// It may not be read, or is not served.
    Denied,
    /// It is not there.
    Absent,
    /// It is not as shipped.
    Changed,
    /// It is as shipped, and has been since this time, in seconds since 1970.
    Intact(i64),
}

/// Whether workloads are vouched for, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not known yet, or for a while.
    Unknown,
    /// Policy or binding may not be read, or there is no such kind.
    Denied,
    /// There is no policy, or no binding.
    Absent,
    /// One of them is not what is shipped.
    Changed,
    /// A workload that should have been stamped was not.
    NotEnforced,
    /// Those made after this time are, in seconds since 1970.
    Since(i64),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "it is not known whether the policy is in force",
            Self::Denied => {
                "policy or binding may not be read, or needs a newer API server; kubectl apply -k manifests/attribution"
            }
            Self::Absent => "policy or binding is missing; kubectl apply -k manifests/attribution",
            Self::Changed => {
                "policy or binding is not the one of this version; kubectl delete -k manifests/attribution, then \
                 kubectl apply -k manifests/attribution"
            }
            Self::NotEnforced => {
                "a workload made after the policy was not stamped; see that no API server runs without the admission \
                 plugin MutatingAdmissionPolicy, then apply manifests/attribution anew"
            }
            Self::Since(_) => "policy and binding are in force",
        })
    }
}

/// What is known of policy and binding.
#[derive(Debug)]
pub struct Voucher {
    policy: State,
    binding: State,
    shipped: [Option<Value>; 2],
    /// Found in the list that is under way.
    in_list: [bool; 2],
    not_enforced: bool,
}

impl Default for Voucher {
    fn default() -> Self {
        Self {
            policy: State::Unasked,
            binding: State::Unasked,
            shipped: [spec(POLICY), spec(BINDING)],
            in_list: [false; 2],
            not_enforced: false,
        }
    }
}

/// The spec in a manifest of ours; nothing vouches where it could not be read.
fn spec(yaml: &str) -> Option<Value> {
    let object: Value = serde_saphyr::from_str(yaml).ok()?;
    object.get("spec").filter(|spec| spec.is_object()).cloned()
}

/// An object as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its spec.
    pub spec: Option<&'a Value>,
    /// Its generation, which the API server counts up with each change of the spec.
    pub generation: Option<i64>,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
    /// The last change that its field managers tell of.
    pub changed: Option<i64>,
}

impl Voucher {
    /// A list begins.
    pub fn list_begins(&mut self, part: Part) {
        *self.listed(part) = false;
    }

    /// A list is complete.
    pub fn list_ends(&mut self, part: Part) {
        if !*self.listed(part) {
            self.set(part, State::Absent);
        }
    }

    /// The object is there, new or changed.
    pub fn there(&mut self, part: Part, stored: Stored<'_>) {
        *self.listed(part) = true;
        let [policy, binding] = &self.shipped;
        let shipped = if part == Part::Policy { policy } else { binding };
        let is_as_shipped = stored.spec.is_some() && stored.spec == shipped.as_ref();
        // A spec that was another one in between counts from when it is this one again. Whoever may write policies
        // could make that time an earlier one, and could as well write any annotation.
        let since = match stored.generation {
            Some(1) => stored.created,
            _ => stored.created.and_then(|created| Some(created.max(stored.changed?))),
        };
        let state = match since {
            Some(since) if is_as_shipped => State::Intact(since),
            _ => State::Changed,
        };
        self.set(part, state);
    }

    /// The object is gone.
    pub fn gone(&mut self, part: Part) {
        self.set(part, State::Absent);
    }

    /// It could not be followed any further, for now or because it may not be.
    pub fn lost(&mut self, part: Part, is_denied: bool) {
        self.set(part, if is_denied { State::Denied } else { State::Interrupted });
    }

    /// A workload was created at this time, and is stamped or not. Says whether that shows that the policy has no
    /// effect, for the first time. No tenant can have a workload unstamped while it has.
    pub fn saw(&mut self, created: i64, is_stamped: bool) -> bool {
        let is_news = !is_stamped && self.vouches(created);
        self.not_enforced |= is_news;
        is_news
    }

    /// Whether the API server vouches for the stamps of a workload that was created at this time.
    pub fn vouches(&self, created: i64) -> bool {
        matches!(self.standing(), Standing::Since(since) if created > since)
    }

    /// Whether the first that can be known of it is known.
    pub fn is_settled(&self) -> bool {
        match self.policy {
            State::Unasked => false,
            State::Interrupted | State::Denied => true,
            _ => self.binding != State::Unasked,
        }
    }

    /// Whether, and if not, why not.
    pub fn standing(&self) -> Standing {
        match (self.policy, self.binding) {
            (State::Denied, _) | (_, State::Denied) => Standing::Denied,
            (State::Unasked | State::Interrupted, _) | (_, State::Unasked | State::Interrupted) => {
                Standing::Unknown
            }
            (State::Absent, _) | (_, State::Absent) => Standing::Absent,
            (State::Changed, _) | (_, State::Changed) => Standing::Changed,
            _ if self.not_enforced => Standing::NotEnforced,
            (State::Intact(policy), State::Intact(binding)) => {
                Standing::Since(policy.max(binding).saturating_add(MARGIN))
            }
        }
    }

    fn set(&mut self, part: Part, state: State) {
        let known = match part {
            Part::Policy => &mut self.policy,
            Part::Binding => &mut self.binding,
        };
        // Made anew, or followed anew, it may work now.
        self.not_enforced &= *known == state;
        *known = state;
    }

    fn listed(&mut self, part: Part) -> &mut bool {
        let [policy, binding] = &mut self.in_list;
        if part == Part::Policy { policy } else { binding }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_force(since: i64) -> Voucher {
        let mut voucher = Voucher::default();
        for (part, yaml) in [(Part::Policy, POLICY), (Part::Binding, BINDING)] {
            there(&mut voucher, part, &spec(yaml).unwrap(), 1, since, None);
        }
        voucher
    }

    fn there(
        voucher: &mut Voucher,
        part: Part,
        spec: &Value,
        generation: i64,
        created: i64,
        changed: Option<i64>,
    ) {
        let stored =
            Stored { spec: Some(spec), generation: Some(generation), created: Some(created), changed };
        voucher.list_begins(part);
        voucher.there(part, stored);
        voucher.list_ends(part);
    }

    #[test]
    fn only_what_is_clearly_younger_is_vouched_for() {
        let voucher = in_force(1000);
        assert!(!voucher.vouches(999) && !voucher.vouches(1000) && !voucher.vouches(1000 + MARGIN));
        assert!(voucher.vouches(1001 + MARGIN));
        assert!(!Voucher::default().vouches(i64::MAX));
    }

    #[test]
    fn both_have_to_be_there_and_as_shipped() {
        for part in [Part::Policy, Part::Binding] {
            let mut voucher = in_force(1000);
            voucher.gone(part);
            assert_eq!(voucher.standing(), Standing::Absent);
            let mut voucher = in_force(1000);
            voucher.lost(part, false);
            assert_eq!(voucher.standing(), Standing::Unknown);
            voucher.lost(part, true);
            assert_eq!(voucher.standing(), Standing::Denied);
            voucher.list_begins(part);
            voucher.list_ends(part);
            assert_eq!(voucher.standing(), Standing::Absent);
        }
        for (pointer, value) in [
            ("/failurePolicy", "Ignore"),
            ("/matchConstraints/resourceRules/0/resources/0", "pods"),
            ("/variables/1/expression", "{'by': 'admin'}"),
        ] {
            let mut changed = spec(POLICY).unwrap();
            *changed.pointer_mut(pointer).unwrap() = value.into();
            let mut voucher = in_force(1000);
            there(&mut voucher, Part::Policy, &changed, 2, 1000, Some(2000));
            assert_eq!((voucher.standing(), voucher.vouches(9000)), (Standing::Changed, false), "{pointer}");
        }
        let mut narrower = spec(BINDING).unwrap();
        narrower["matchResources"] =
            serde_json::json!({ "namespaceSelector": { "matchLabels": { "a": "b" } } });
        let mut voucher = in_force(1000);
        there(&mut voucher, Part::Binding, &narrower, 1, 1000, None);
        assert_eq!(voucher.standing(), Standing::Changed);
    }

    #[test]
    fn a_policy_that_was_another_one_counts_from_its_last_change() {
        let mut voucher = in_force(1000);
        there(&mut voucher, Part::Policy, &spec(POLICY).unwrap(), 3, 1000, Some(5000));
        assert!(!voucher.vouches(5000 + MARGIN) && voucher.vouches(5001 + MARGIN));
        there(&mut voucher, Part::Policy, &spec(POLICY).unwrap(), 3, 1000, None);
        assert_eq!(voucher.standing(), Standing::Changed, "nobody knows since when");
    }

    #[test]
    fn a_workload_without_a_stamp_ends_it_until_the_policy_is_made_anew() {
        let mut voucher = in_force(1000);
        assert!(!voucher.saw(1000 + MARGIN, false) && !voucher.saw(2000, true));
        assert!(voucher.saw(2000, false) && !voucher.saw(2001, false));
        assert_eq!((voucher.standing(), voucher.vouches(9000)), (Standing::NotEnforced, false));
        there(&mut voucher, Part::Policy, &spec(POLICY).unwrap(), 1, 3000, None);
        assert!(voucher.vouches(9000));
    }
}
