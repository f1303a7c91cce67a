//! The orders that wait to be carried out. Pure: time comes in as a value.
//!
//! * Of each workload the latest order waits, and at most one is under way.
//! * Namespaces take turns: one in which thousands of workloads appear does not hold up the others.
//! * Orders that change no severity, as after a change of the rules, come last and at a limited rate.
//! * A namespace that refuses reports is tried with one order at a time, with growing delays. Of what else waits in it
//!   only names are kept, so that it takes no memory from the others.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff;
use super::ledger::Key;
use super::write::Order;

/// The first delay after a failed write.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The longest delay after failed writes.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// The time between two orders that change no severity: at most 100 in a second.
const CALM_PACE: Duration = Duration::from_millis(10);
/// Orders of a refusing namespace that are kept whole. Of the others the name is enough: they are read again.
const MAX_HELD: usize = 32;
/// Orders that wait after a failure and are kept whole.
const MAX_DELAYED: usize = 1024;

/// Something that can be begun.
#[derive(Debug)]
pub enum Work {
    /// An order, and since when it has waited.
    Write(Box<Order>, Instant),
    /// A workload that has to be read and judged again: its order was not kept.
    Read(Key),
}

/// What a failure says of other orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing.
    Workload,
    /// The namespace refuses all reports: it is being deleted, or a quota or a policy is in the way.
    Namespace,
}

/// Since when the orders have waited that have waited the longest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oldest {
    /// Of namespaces that take reports.
    pub waiting: Option<Instant>,
    /// Of namespaces that refuse them.
    pub refused: Option<Instant>,
}

/// See the module's text.
#[derive(Debug)]
pub struct Queue {
    waiting: HashMap<Key, Waiting>,
    lanes: HashMap<Arc<str>, Lane>,
    /// The namespaces in which something is ready, in the order of their turns.
    turns: VecDeque<Arc<str>>,
    /// Workloads whose orders change no severity.
    calm: VecDeque<Key>,
    calm_from: Instant,
    delayed: Vec<(Instant, Key)>,
    under_way: HashSet<Key>,
    failures: HashMap<Key, u32>,
}

#[derive(Debug)]
struct Waiting {
    order: Box<Order>,
    since: Instant,
}

#[derive(Debug, Default)]
struct Lane {
    ready: VecDeque<Key>,
    /// Names of workloads whose orders were not kept.
    owed: BTreeSet<Key>,
    hold: Option<Hold>,
    has_turn: bool,
}

#[derive(Debug)]
struct Hold {
    until: Instant,
    failures: u32,
    is_tried: bool,
}

impl Queue {
    /// An empty queue.
    pub fn new(now: Instant) -> Self {
        Self {
            waiting: HashMap::new(),
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            calm: VecDeque::new(),
            calm_from: now,
            delayed: Vec::new(),
            under_way: HashSet::new(),
            failures: HashMap::new(),
        }
    }

    /// Adds an order, in place of an earlier one on the same workload, which keeps its turn.
    pub fn add(&mut self, order: Order, now: Instant) {
        let key = order.key.clone();
        let order = Box::new(order);
        if let Some(earlier) = self.waiting.get_mut(&key) {
            earlier.order = order;
            return;
        }
        self.insert(key, order, now);
    }

    fn insert(&mut self, key: Key, order: Box<Order>, since: Instant) {
        let is_calm = order.is_calm();
        let lane = self.lanes.entry(Arc::clone(&key.namespace)).or_default();
        if lane.hold.is_some() && lane.ready.len() >= MAX_HELD {
            lane.owed.insert(key);
            return;
        }
        self.waiting.insert(key.clone(), Waiting { order, since });
        if !self.under_way.contains(&key) {
            if is_calm { self.calm.push_back(key) } else { self.ready_now(key) }
        }
    }

    fn ready_now(&mut self, key: Key) {
        let namespace = Arc::clone(&key.namespace);
        self.with_turn(&namespace).ready.push_back(key);
    }

    /// The lane of a namespace, which gets a turn.
    fn with_turn(&mut self, namespace: &Arc<str>) -> &mut Lane {
        let lane = self.lanes.entry(Arc::clone(namespace)).or_default();
        if !lane.has_turn {
            lane.has_turn = true;
            self.turns.push_back(Arc::clone(namespace));
        }
        lane
    }

    /// Takes back an order that is not needed any more: the report says what it should already.
    pub fn withdraw(&mut self, key: &Key) {
        if self.waiting.remove(key).is_some() {
            // Its places in the lanes are passed over when their turn comes.
            self.delayed.retain(|(_, delayed)| delayed != key);
        }
    }

    /// What to begin next.
    pub fn next(&mut self, now: Instant) -> Option<Work> {
        self.wake(now);
        for _ in 0..self.turns.len() {
            let Some(namespace) = self.turns.pop_front() else { break };
            let work = self.next_of(&namespace, now);
            match self.lanes.get_mut(&namespace) {
                Some(lane) if lane.is_idle() => {
                    lane.has_turn = false;
                    if lane.hold.is_none() {
                        self.lanes.remove(&namespace);
                    }
                }
                Some(_) => self.turns.push_back(namespace),
                None => {}
            }
            if work.is_some() {
                return work;
            }
        }
        self.next_calm(now)
    }

    fn next_of(&mut self, namespace: &Arc<str>, now: Instant) -> Option<Work> {
        let lane = self.lanes.get_mut(namespace)?;
        if lane.rests(now) {
            return None;
        }
        // Places of orders that were withdrawn, or are under way again, are passed over.
        while let Some(key) = lane.ready.pop_front() {
            // When that ends, it gets a place again.
            if self.under_way.contains(&key) {
                continue;
            }
            if let Some(waiting) = self.waiting.remove(&key) {
                lane.tried();
                self.under_way.insert(key);
                return Some(Work::Write(waiting.order, waiting.since));
            }
        }
        while let Some(key) = lane.owed.pop_first() {
            if !self.under_way.contains(&key) && !self.waiting.contains_key(&key) {
                lane.tried();
                self.under_way.insert(key.clone());
                return Some(Work::Read(key));
            }
        }
        None
    }

    fn next_calm(&mut self, now: Instant) -> Option<Work> {
        if now < self.calm_from {
            return None;
        }
        for _ in 0..self.calm.len() {
            let key = self.calm.pop_front()?;
            if self.under_way.contains(&key) {
                continue;
            }
            if self.lanes.get(&key.namespace).is_some_and(|lane| lane.rests(now)) {
                self.calm.push_back(key);
                continue;
            }
            if let Some(waiting) = self.waiting.remove(&key) {
                self.calm_from = now + CALM_PACE;
                self.under_way.insert(key);
                return Some(Work::Write(waiting.order, waiting.since));
            }
        }
        None
    }

    /// An order was carried out, or is not to be tried again.
    pub fn done(&mut self, key: &Key, is_written: bool) {
        self.failures.remove(key);
        self.under_way.remove(key);
        if is_written {
            // The namespace takes reports again.
            if let Some(lane) = self.lanes.get_mut(&key.namespace) {
                lane.hold = None;
            }
        } else {
            self.not_tried(&key.namespace);
            // Nothing is left to be tried in a namespace that refuses, perhaps since it is gone.
            if self.lanes.get(&key.namespace).is_some_and(Lane::is_idle) {
                self.lanes.remove(&key.namespace);
                self.turns.retain(|namespace| *namespace != key.namespace);
            }
        }
        self.requeue(key);
    }

    /// What was begun in a namespace did not show whether it takes reports.
    fn not_tried(&mut self, namespace: &Arc<str>) {
        if let Some(hold) = self.lanes.get_mut(namespace).and_then(|lane| lane.hold.as_mut()) {
            hold.is_tried = false;
        }
    }

    /// A read of a workload whose order was not kept has ended; its new order, if there is one, comes by `add`.
    pub fn read(&mut self, key: &Key) {
        self.under_way.remove(key);
        self.not_tried(&key.namespace);
        self.requeue(key);
    }

    fn requeue(&mut self, key: &Key) {
        if let Some(waiting) = self.waiting.get(key) {
            if waiting.order.is_calm() {
                self.calm.push_back(key.clone());
            } else {
                self.ready_now(key.clone());
            }
        }
    }

    /// An order failed: it is tried again after a delay, unless a later one has come meanwhile, which takes over
    /// the delay.
    pub fn failed(&mut self, order: Order, since: Instant, scope: Scope, now: Instant) {
        let key = order.key.clone();
        self.under_way.remove(&key);
        match scope {
            Scope::Namespace => {
                let lane = self.lanes.entry(Arc::clone(&key.namespace)).or_default();
                let failures = lane.hold.as_ref().map_or(0, |hold| hold.failures);
                // Those that were under way together failed together: that is one failure.
                if lane.hold.as_ref().is_none_or(|hold| hold.is_tried || hold.until <= now) {
                    let delay = delay(failures);
                    let until = now + delay + spread(&key, delay);
                    lane.hold = Some(Hold { until, failures: failures.saturating_add(1), is_tried: false });
                }
                if self.waiting.contains_key(&key) {
                    self.requeue(&key);
                } else {
                    self.insert(key.clone(), Box::new(order), since);
                }
                // A lane that is held has a turn, to be tried when the time comes.
                self.with_turn(&key.namespace);
            }
            Scope::Workload => {
                self.not_tried(&key.namespace);
                let failures = self.failures.entry(key.clone()).or_default();
                let delay = delay(*failures);
                *failures = failures.saturating_add(1);
                let due = now + delay + spread(&key, delay);
                if self.delayed.len() < MAX_DELAYED || order.is_urgent() {
                    self.waiting.entry(key.clone()).or_insert(Waiting { order: Box::new(order), since });
                }
                self.delayed.push((due, key));
            }
        }
    }

    /// Makes those ready whose delay is over.
    fn wake(&mut self, now: Instant) {
        if self.delayed.iter().all(|(due, _)| *due > now) {
            return;
        }
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.delayed).into_iter().partition(|(due, _)| *due <= now);
        self.delayed = later;
        for (_, key) in due {
            if self.waiting.contains_key(&key) {
                self.ready_now(key);
            } else {
                let namespace = Arc::clone(&key.namespace);
                self.with_turn(&namespace).owed.insert(key);
            }
        }
    }

    /// When something can be begun that cannot yet.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        let delays = self.delayed.iter().map(|(due, _)| *due);
        let holds = self.lanes.values().filter_map(|lane| {
            lane.hold.as_ref().filter(|hold| !hold.is_tried && !lane.is_idle()).map(|hold| hold.until)
        });
        let calm = (!self.calm.is_empty()).then_some(self.calm_from);
        delays.chain(holds).chain(calm).filter(|due| *due > now).min()
    }

    /// Orders that wait or are under way.
    pub fn len(&self) -> usize {
        let owed: usize = self.lanes.values().map(|lane| lane.owed.len()).sum();
        self.waiting.len() + self.under_way.len() + owed
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Orders that are kept whole and wait for nothing but their turn.
    pub fn ready(&self) -> usize {
        let held: usize =
            self.lanes.values().filter(|lane| lane.hold.is_some()).map(|lane| lane.ready.len()).sum();
        self.waiting.len().saturating_sub(held + self.delayed.len())
    }

    /// Orders under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Whether an order on a workload, or a read of it, is under way.
    pub fn is_under_way(&self, key: &Key) -> bool {
        self.under_way.contains(key)
    }

    /// Takes a workload for something else than an order: until `done`, no order on it is begun.
    pub fn take(&mut self, key: &Key) {
        self.under_way.insert(key.clone());
    }

    /// Whether an order on a workload waits.
    pub fn is_waiting(&self, key: &Key) -> bool {
        self.waiting.contains_key(key)
    }

    /// Since when the order has waited that has waited the longest: in namespaces that take reports, and in those that
    /// refuse them. Looks at each of them.
    pub fn oldest(&self) -> Oldest {
        let mut oldest = Oldest::default();
        for (key, Waiting { since, .. }) in &self.waiting {
            let is_held = self.lanes.get(&key.namespace).is_some_and(|lane| lane.hold.is_some());
            let least = if is_held { &mut oldest.refused } else { &mut oldest.waiting };
            *least = Some(least.map_or(*since, |least| least.min(*since)));
        }
        oldest
    }

    /// Namespaces that refuse reports.
    pub fn refusing(&self) -> usize {
        self.lanes.values().filter(|lane| lane.hold.is_some()).count()
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.lanes.clear();
        self.turns.clear();
        self.calm.clear();
        self.delayed.clear();
        self.failures.clear();
    }
}

impl Lane {
    fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.owed.is_empty()
    }

    /// Whether nothing may be begun in it now.
    fn rests(&self, now: Instant) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.until > now || hold.is_tried)
    }

    fn tried(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.is_tried = true;
        }
    }
}

fn delay(failures: u32) -> Duration {
    backoff::delay(FIRST_DELAY, LONGEST_DELAY, failures)
}

/// Up to a quarter of the delay more, by the workload: those that failed together are not tried together.
fn spread(key: &Key, delay: Duration) -> Duration {
    let sum: u32 = key.name.bytes().chain(key.namespace.bytes()).map(u32::from).sum();
    delay.mul_f64(f64::from(sum % 64) / 256.0)
}

#[cfg(test)]
mod tests;
