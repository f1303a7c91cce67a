use super::*;
use crate::assess::assess;
use crate::controller::id::Id;
use crate::report::report;
use crate::workload::Kind;
use crate::workload::decode::from_json;

fn order_in(namespace: &str, name: &str, generation: i64) -> Order {
    let json =
        format!(r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}","generation":{generation}}}}}"#);
    let draft = report(&assess(Kind::Job, &from_json(json.as_bytes()).unwrap()));
    let key = Key::new(Kind::Job, namespace, name);
    Order { key, uid: Id::of("1"), draft, name: 0, before: None, tampered: false, announce: true }
}

fn order(name: &str, generation: i64) -> Order {
    order_in("n", name, generation)
}

fn generation(order: &Order) -> i64 {
    order.draft.report.status.as_ref().unwrap().subject_generation
}

fn start(queue: &mut Queue, now: Instant) -> Option<(Order, Instant)> {
    match queue.next(now)? {
        Work::Write(order, since) => Some((*order, since)),
        Work::Read(key) => panic!("{key:?}"),
    }
}

#[test]
fn the_latest_verdict_takes_the_place_of_the_earlier() {
    let now = Instant::now();
    let mut queue = Queue::new(now);
    queue.add(order("a", 1), now);
    queue.add(order("b", 1), now);
    queue.add(order("a", 2), now);
    assert_eq!(queue.len(), 2);
    assert_eq!(generation(&start(&mut queue, now).unwrap().0), 2);
}

#[test]
fn one_write_per_workload_at_a_time() {
    let now = Instant::now();
    let mut queue = Queue::new(now);
    queue.add(order("a", 1), now);
    let (first, _) = start(&mut queue, now).unwrap();
    queue.add(order("a", 2), now);
    assert!(start(&mut queue, now).is_none());
    queue.done(&first.key, true);
    assert_eq!(generation(&start(&mut queue, now).unwrap().0), 2);
    queue.done(&first.key, true);
    assert!(queue.is_empty());
}

#[test]
fn failures_wait_longer_and_longer_and_the_latest_verdict_wins() {
    let mut now = Instant::now();
    let mut queue = Queue::new(now);
    queue.add(order("a", 1), now);
    let mut delays = Vec::new();
    for round in 0..9 {
        let (order, since) = start(&mut queue, now).unwrap();
        if round == 3 {
            queue.add(self::order("a", 2), now);
        }
        queue.failed(order, since, Scope::Workload, now);
        assert!(start(&mut queue, now).is_none());
        let due = queue.next_due(now).unwrap();
        delays.push(due - now);
        now = due;
    }
    assert!(delays.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(delays[8] >= LONGEST_DELAY && delays[8] <= LONGEST_DELAY.mul_f64(1.25));
    assert_eq!(generation(&start(&mut queue, now).unwrap().0), 2);
}

#[test]
fn a_withdrawn_order_is_not_started() {
    let now = Instant::now();
    let mut queue = Queue::new(now);
    queue.add(order("a", 1), now);
    queue.withdraw(&order("a", 1).key);
    assert!(start(&mut queue, now).is_none() && queue.is_empty());
}

#[test]
fn namespaces_take_turns() {
    let now = Instant::now();
    let mut queue = Queue::new(now);
    for number in 0..1000 {
        queue.add(order_in("flood", &format!("job-{number}"), 1), now);
    }
    queue.add(order_in("quiet", "one", 1), now);
    let started: Vec<_> = (0..3).map(|_| start(&mut queue, now).unwrap().0.key.namespace).collect();
    assert!(started.iter().any(|namespace| &**namespace == "quiet"), "{started:?}");
}

#[test]
fn a_namespace_that_refuses_is_tried_once_per_delay_and_takes_no_memory() {
    let mut now = Instant::now();
    let begin = now;
    let mut queue = Queue::new(now);
    for number in 0..500 {
        queue.add(order_in("refuses", &format!("job-{number}"), 1), now);
    }
    // Four under way at the time of the first refusal.
    let first: Vec<_> = (0..4).map(|_| start(&mut queue, now).unwrap()).collect();
    for (order, since) in first {
        queue.failed(order, since, Scope::Namespace, now);
    }
    queue.add(order_in("takes", "one", 1), now);
    assert_eq!(&*start(&mut queue, now).unwrap().0.key.namespace, "takes");
    let mut tries = 0;
    for number in 500..5_000 {
        queue.add(order_in("refuses", &format!("job-{number}"), 1), now);
    }
    while now < begin + Duration::from_secs(120) {
        match queue.next(now) {
            Some(Work::Write(order, since)) => {
                tries += 1;
                assert!(queue.next(now).is_none(), "more than one is tried");
                queue.failed(*order, since, Scope::Namespace, now);
            }
            Some(Work::Read(key)) => panic!("{key:?}"),
            None => now = queue.next_due(now).unwrap(),
        }
    }
    assert!((5..=10).contains(&tries), "{tries} tries");
    assert!(queue.waiting.len() < 600, "{} orders are kept", queue.waiting.len());
    assert_eq!(queue.ready(), 0, "they hold up the watches");

    // It takes reports again: nothing is forgotten.
    let mut seen = HashSet::new();
    let mut patience = 0;
    while seen.len() < 5_000 && patience < 20_000 {
        patience += 1;
        match queue.next(now) {
            Some(Work::Write(order, _)) => {
                queue.done(&order.key, true);
                seen.insert(order.key.name.clone());
            }
            Some(Work::Read(key)) => {
                queue.read(&key);
                queue.add(order_in("refuses", &key.name, 1), now);
            }
            None => now = queue.next_due(now).unwrap(),
        }
    }
    assert_eq!(seen.len(), 5_000);
}

#[test]
fn the_oldest_of_namespaces_that_refuse_is_told_apart() {
    let begin = Instant::now();
    let mut queue = Queue::new(begin);
    assert_eq!(queue.oldest(), Oldest::default());
    queue.add(order_in("refuses", "a", 1), begin);
    let (refused, since) = start(&mut queue, begin).unwrap();
    queue.failed(refused, since, Scope::Namespace, begin);
    let later = begin + Duration::from_millis(100);
    queue.add(order_in("takes", "b", 1), later);
    queue.add(order_in("takes", "c", 1), later + Duration::from_millis(1));
    assert_eq!(queue.oldest(), Oldest { waiting: Some(later), refused: Some(begin) });
}
