//! Is the cluster covered, and is the controller alive? Judged from what could be seen.

use serde::Serialize;

use super::coverage::Coverage;
use super::replicas::Replica;
use super::{Failure, Place};
use crate::controller::health::DEAF_AFTER;
use crate::controller::statusz::Statusz;
use crate::controller::trouble::Category;

/// A report that waits longer to be written is late.
const LATE_SECONDS: f64 = 60.0;

/// What can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Every workload has its report, and the controller is alive.
    Covered,
    /// Something is missing, or the controller is not well.
    NotCovered,
    /// Nothing wrong was seen, but not everything could be seen.
    Unknown,
}

/// What could be seen.
#[derive(Debug)]
pub struct Seen {
    /// The workloads and their reports.
    pub coverage: Result<Coverage, Failure>,
    /// The controllers.
    pub replicas: Result<Vec<Replica>, Failure>,
    /// Where they were looked for.
    pub installed_in: Place,
}

/// The verdict, and the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong.
    pub problems: Vec<String>,
    /// What could not be seen, and why.
    pub unknown: Vec<String>,
}

impl Seen {
    /// Judges.
    pub fn judge(&self) -> Judgement {
        let (mut problems, mut unknown) = (Vec::new(), Vec::new());
        match &self.coverage {
            Ok(coverage) => problems.extend(gaps(coverage)),
            // That is known: nothing can be reported.
            Err(failure) if failure.trouble.category == Category::NotInstalled => {
                problems.push(failure.to_string());
            }
            Err(failure) => unknown.push(failure.to_string()),
        }
        match &self.replicas {
            Ok(replicas) => self.judge_replicas(replicas, &mut problems, &mut unknown),
            Err(failure) => unknown.push(failure.to_string()),
        }
        let verdict = match (problems.is_empty(), unknown.is_empty()) {
            (false, _) => Verdict::NotCovered,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::Covered,
        };
        Judgement { verdict, problems, unknown }
    }

    fn judge_replicas(&self, replicas: &[Replica], problems: &mut Vec<String>, unknown: &mut Vec<String>) {
        if replicas.is_empty() {
            let namespace = crate::text::escaped(self.installed_in.namespace().unwrap_or_default());
            problems.push(format!("no Pod of jobrisk in namespace {namespace}"));
        }
        for replica in replicas {
            for trouble in replica.word.iter().flat_map(troubles) {
                problems.push(format!("{}: {trouble}", replica.title()));
            }
        }
        // One that says nothing is no loss where another one speaks.
        if replicas.iter().any(|replica| replica.word.is_some()) {
            return;
        }
        for replica in replicas {
            let reason = replica.silent.as_ref().map_or("it says nothing", |reason| reason.as_str());
            let said = format!("{}: {reason}", replica.title());
            // Its node asks it all the time.
            let is_well = replica.pod.as_ref().is_some_and(|pod| pod.ready);
            if is_well { unknown.push(said) } else { problems.push(said) }
        }
    }
}

impl Replica {
    /// What it is called.
    pub fn title(&self) -> String {
        self.pod.as_ref().map_or_else(|| "controller".to_owned(), |pod| format!("Pod {}", pod.name))
    }
}

/// What is wrong with the reports.
fn gaps(coverage: &Coverage) -> Vec<String> {
    let mut gaps = Vec::new();
    let missing = &coverage.missing;
    if let Some(oldest) = missing.named.first() {
        gaps.push(format!(
            "{} of {} workloads have no report, {} {}/{} for {} s",
            missing.total,
            coverage.jobs + coverage.cron_jobs,
            oldest.kind,
            oldest.namespace,
            oldest.name,
            oldest.age_seconds
        ));
    }
    if let Some(oldest) = coverage.outdated.named.first() {
        gaps.push(format!(
            "{} workloads were changed since their report, {} {}/{} is one",
            coverage.outdated.total, oldest.kind, oldest.namespace, oldest.name
        ));
    }
    gaps
}

/// What a controller says is wrong with it.
fn troubles(word: &Statusz) -> Vec<String> {
    let mut troubles: Vec<String> = word.not_live.iter().chain(&word.not_ready).cloned().collect();
    for failing in &word.failing {
        troubles.push(format!("cannot {}: {}, {} s ago", failing.what, failing.reason, failing.seconds_ago));
    }
    for watch in &word.watches {
        if let Some(seconds) = watch.moved_seconds_ago.filter(|seconds| *seconds > DEAF_AFTER.as_secs()) {
            troubles.push(format!("the watch of {} has not moved for {seconds} s", watch.resource));
        }
    }
    let queue = word.queue;
    if queue.oldest_seconds > LATE_SECONDS {
        troubles.push(format!(
            "{} reports wait to be written, the oldest for {:.0} s",
            queue.waiting, queue.oldest_seconds
        ));
    }
    if queue.refusing_namespaces > 0 {
        troubles.push(format!("{} namespaces refuse reports: the log names them", queue.refusing_namespaces));
    }
    troubles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::replicas::Pod;
    use crate::controller::statusz::{Backlog, Failing, Watch};
    use crate::controller::trouble::Trouble;
    use crate::text::SafeText;

    fn failure(category: Category) -> Failure {
        Failure::new("test", &Place::Everywhere, "ask", Trouble::new(category, "no"))
    }

    fn replica(ready: bool, word: Option<Statusz>) -> Replica {
        let text = |text: &str| SafeText::new(text, 100);
        let pod = Pod { name: text("a"), phase: text("Running"), ready, restarts: 0, reason: None };
        Replica { pod: Some(pod), silent: word.is_none().then(|| text("no answer")), word }
    }

    fn verdict(coverage: Result<Coverage, Failure>, replicas: Result<Vec<Replica>, Failure>) -> Judgement {
        Seen { coverage, replicas, installed_in: Place::Namespace("jobrisk-system".to_owned()) }.judge()
    }

    #[test]
    fn what_is_wrong_outweighs_what_is_not_known() {
        let covered = || Ok(Coverage::default());
        let well = || Some(Statusz::default());
        assert_eq!(verdict(covered(), Ok(vec![replica(true, well())])).verdict, Verdict::Covered);
        let forbidden = || failure(Category::Forbidden);
        assert_eq!(verdict(Err(forbidden()), Ok(vec![replica(true, well())])).verdict, Verdict::Unknown);
        assert_eq!(verdict(covered(), Err(forbidden())).verdict, Verdict::Unknown);
        assert_eq!(verdict(Err(forbidden()), Ok(Vec::new())).verdict, Verdict::NotCovered);
        let missing = failure(Category::NotInstalled);
        assert_eq!(verdict(Err(missing), Err(forbidden())).verdict, Verdict::NotCovered);
    }

    #[test]
    fn a_silent_pod_is_judged_by_its_node_unless_another_speaks() {
        let well = || Some(Statusz::default());
        let of = |replicas: Vec<Replica>| verdict(Ok(Coverage::default()), Ok(replicas)).verdict;
        assert_eq!(of(vec![replica(true, None)]), Verdict::Unknown);
        assert_eq!(of(vec![replica(false, None)]), Verdict::NotCovered);
        assert_eq!(of(vec![replica(false, None), replica(true, well())]), Verdict::Covered);
        assert_eq!(of(Vec::new()), Verdict::NotCovered);
    }

    #[test]
    fn all_that_a_controller_says_is_wrong_counts() {
        let watch = |ago| Watch { resource: "jobs".to_owned(), listed: true, moved_seconds_ago: Some(ago) };
        let failing =
            Failing { what: "write reports".to_owned(), reason: "timeout".to_owned(), seconds_ago: 1 };
        let queue =
            |oldest_seconds, refusing_namespaces| Backlog { waiting: 3, oldest_seconds, refusing_namespaces };
        for (word, expected) in [
            (Statusz { not_live: Some("hung".to_owned()), ..Statusz::default() }, "hung"),
            (Statusz { not_ready: Some("not listed".to_owned()), ..Statusz::default() }, "not listed"),
            (Statusz { failing: vec![failing], ..Statusz::default() }, "cannot write reports: timeout"),
            (Statusz { watches: vec![watch(181)], ..Statusz::default() }, "jobs has not moved for 181 s"),
            (Statusz { queue: queue(61.0, 0), ..Statusz::default() }, "the oldest for 61 s"),
            (Statusz { queue: queue(0.0, 2), ..Statusz::default() }, "2 namespaces refuse reports"),
        ] {
            let judged = verdict(Ok(Coverage::default()), Ok(vec![replica(true, Some(word))]));
            assert_eq!(judged.verdict, Verdict::NotCovered);
            assert!(judged.problems.len() == 1 && judged.problems[0].contains(expected), "{judged:?}");
        }
        let busy = Statusz { watches: vec![watch(179)], queue: queue(5.0, 0), ..Statusz::default() };
        assert_eq!(
            verdict(Ok(Coverage::default()), Ok(vec![replica(true, Some(busy))])).verdict,
            Verdict::Covered
        );
    }
}
