//! The orders that wait to be carried out. Pure: time comes in as a value.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::ledger::Key;
use super::write::Order;

/// The first delay after a failed write.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The longest delay after failed writes.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// At most one order per workload waits, the latest, and at most one is under way.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: HashMap<Key, Waiting>,
    /// The workloads in `waiting` that may be started, in order of arrival.
    ready: VecDeque<Key>,
    /// The workloads in `waiting` that have to wait after a failure.
    delayed: Vec<(Instant, Key)>,
    under_way: HashSet<Key>,
    failures: HashMap<Key, u32>,
}

#[derive(Debug)]
struct Waiting {
    order: Order,
    since: Instant,
}

impl Queue {
    /// Adds an order, in place of an earlier one on the same workload, which keeps its turn.
    pub fn add(&mut self, order: Order, now: Instant) {
        let key = order.key.clone();
        if let Some(earlier) = self.waiting.get_mut(&key) {
            earlier.order = order;
            return;
        }
        self.waiting.insert(key.clone(), Waiting { order, since: now });
        if !self.under_way.contains(&key) {
            self.ready.push_back(key);
        }
    }

    /// Takes back an order that is not needed any more: the report says what it should already.
    pub fn withdraw(&mut self, key: &Key) {
        if self.waiting.remove(key).is_some() {
            self.ready.retain(|ready| ready != key);
            self.delayed.retain(|(_, delayed)| delayed != key);
        }
    }

    /// The next order to start, with the time since when it has waited.
    pub fn start(&mut self, now: Instant) -> Option<(Order, Instant)> {
        if self.ready.is_empty() {
            self.wake(now);
        }
        let key = self.ready.pop_front()?;
        let waiting = self.waiting.remove(&key)?;
        self.under_way.insert(key);
        Some((waiting.order, waiting.since))
    }

    /// An order was carried out.
    pub fn done(&mut self, key: &Key) {
        self.failures.remove(key);
        self.under_way.remove(key);
        if self.waiting.contains_key(key) {
            self.ready.push_back(key.clone());
        }
    }

    /// An order failed: it is tried again after a delay, unless a later one has come meanwhile, which takes over
    /// the delay.
    pub fn failed(&mut self, order: Order, since: Instant, now: Instant) {
        let key = order.key.clone();
        self.under_way.remove(&key);
        let failures = self.failures.entry(key.clone()).or_default();
        let delay = FIRST_DELAY.saturating_mul(1 << (*failures).min(10)).min(LONGEST_DELAY);
        *failures = failures.saturating_add(1);
        self.waiting.entry(key.clone()).or_insert(Waiting { order, since });
        self.delayed.push((now + delay + spread(&key, delay), key));
    }

    /// Makes those ready whose delay is over.
    pub fn wake(&mut self, now: Instant) {
        let ready = &mut self.ready;
        self.delayed.retain(|(due, key)| {
            let wait = *due > now;
            if !wait {
                ready.push_back(key.clone());
            }
            wait
        });
    }

    /// When the next delay is over.
    pub fn next_due(&self) -> Option<Instant> {
        self.delayed.iter().map(|(due, _)| *due).min()
    }

    /// Orders that wait or are under way.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Orders that wait for their turn.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Orders that wait after a failure.
    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// Orders under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }
}

/// Up to a quarter of the delay more, by the workload: those that failed together are not tried together.
fn spread(key: &Key, delay: Duration) -> Duration {
    let sum: u32 = key.name.bytes().chain(key.namespace.bytes()).map(u32::from).sum();
    delay.mul_f64(f64::from(sum % 64) / 256.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::report::report;
    use crate::workload::Kind;
    use crate::workload::decode::from_json;

    fn order(name: &str, generation: i64) -> Order {
        let json = format!(r#"{{"metadata":{{"name":"{name}","namespace":"n","generation":{generation}}}}}"#);
        let draft = report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap()));
        let key = Key { kind: Kind::Job, namespace: "n".into(), name: name.into() };
        Order { key, draft, before: None }
    }

    fn generation(order: &Order) -> i64 {
        order.draft.report.status.as_ref().unwrap().subject_generation
    }

    #[test]
    fn the_latest_verdict_takes_the_place_of_the_earlier() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add(order("a", 1), now);
        queue.add(order("b", 1), now);
        queue.add(order("a", 2), now);
        assert_eq!(queue.len(), 2);
        assert_eq!(generation(&queue.start(now).unwrap().0), 2);
    }

    #[test]
    fn one_write_per_workload_at_a_time() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add(order("a", 1), now);
        let (first, _) = queue.start(now).unwrap();
        queue.add(order("a", 2), now);
        assert!(queue.start(now).is_none());
        queue.done(&first.key);
        assert_eq!(generation(&queue.start(now).unwrap().0), 2);
        queue.done(&first.key);
        assert!(queue.is_empty());
    }

    #[test]
    fn failures_wait_longer_and_longer_and_the_latest_verdict_wins() {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        queue.add(order("a", 1), now);
        let mut delays = Vec::new();
        for round in 0..9 {
            let (order, since) = queue.start(now).unwrap();
            if round == 3 {
                queue.add(self::order("a", 2), now);
            }
            queue.failed(order, since, now);
            assert!(queue.start(now).is_none());
            let due = queue.next_due().unwrap();
            delays.push(due - now);
            now = due;
        }
        assert!(delays.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(delays[8] >= LONGEST_DELAY && delays[8] <= LONGEST_DELAY.mul_f64(1.25));
        assert_eq!(generation(&queue.start(now).unwrap().0), 2);
    }

    #[test]
    fn a_withdrawn_order_is_not_started() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add(order("a", 1), now);
        let key = order("a", 1).key;
        queue.withdraw(&key);
        assert!(queue.start(now).is_none() && queue.is_empty());
    }
}
