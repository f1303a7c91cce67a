//! What goes into the finding log: each verdict when it is given, whether it can be written into a report or not; the
//! end of what was risky; and what somebody else does to reports. Of several instances the one that leads says it.

use super::Controller;
use super::arrive::Arrival;
use super::finding_log::FindingLog;
use super::id::Id;
use super::ledger::{Gone, Key, Said, Stray};
use super::plan::Plan;
use super::stored::Known;
use super::write::name_in;
use crate::finding_log::{About, Line, Stamp, Verdict};
use crate::report::{Draft, RETAINED_FROM};
use crate::severity::Severity;

/// The most reports of which it is remembered that their deletion was asked for without an answer.
const MAX_PERHAPS_DELETED: usize = 1024;

impl Controller {
    /// A verdict was given. It is said unless it is what was last said.
    pub(super) fn say_verdict(
        &mut self,
        arrival: &Arrival,
        draft: &Draft,
        known: Option<Known>,
        plan: &Plan,
        tampered: bool,
    ) {
        let Arrival { key, uid, .. } = arrival;
        let said = self.ledger.said(key, *uid);
        let tampered = tampered && *plan != Plan::Nothing;
        let is_news = match said {
            Some(said) => said.digest != draft.digest,
            // What a report says was said before the report was written, by this process or an earlier one.
            None => *plan != Plan::Nothing,
        };
        if !is_news && !tampered {
            return;
        }
        let before = said.map(|said| said.verdict).or_else(|| known.as_ref().map(Known::verdict));
        let name = match plan {
            Plan::Write { name, .. } => *name,
            Plan::Nothing => known.map_or(0, |known| known.name),
        };
        self.finding_log.write(|stamp| {
            let mut line = Line::verdict(stamp, key.kind, &draft.report, before, tampered)?;
            line.report = name_in(key, &draft.report.spec.subject.uid, name);
            Some(line)
        });
        let status = draft.report.status.as_ref();
        let verdict =
            status.map(|status| Verdict { severity: status.severity, risk_score: status.risk_score });
        let said = verdict.filter(|_| *plan != Plan::Nothing);
        self.ledger.say(key, *uid, said.map(|verdict| Said { digest: draft.digest, verdict }));
        if arrival.is_gone
            && let Some(last) =
                verdict.filter(|last| is_risky(*last)).filter(|last| last.severity < RETAINED_FROM)
        {
            let what = Told { uid: *uid, name, last, retained: false };
            say(&mut self.finding_log, key, what, Line::deleted);
        }
    }

    /// A workload is gone. Of one whose report is kept it is said when the report has been marked: also where that was
    /// missed, since nobody looked.
    pub(super) fn say_gone(&mut self, key: &Key, gone: &Gone) {
        if let Some(last) = gone.last.filter(|last| is_risky(*last))
            && self.leads()
            && !gone.known.as_ref().is_some_and(Known::is_retained)
        {
            let name = gone.known.map_or(0, |known| known.name);
            let what = Told { uid: gone.uid, name, last, retained: false };
            say(&mut self.finding_log, key, what, Line::deleted);
        }
    }

    /// A report was marked as one that outlived its workload.
    pub(super) fn say_marked(&mut self, key: &Key, stray: &Stray) {
        say(&mut self.finding_log, key, Told::of(stray, true), Line::deleted);
    }

    /// A report was removed. If it was about a Job for which its CronJob's report speaks, that is the end of it.
    pub(super) fn say_merged(&mut self, key: &Key, stray: &Stray) {
        let is_covered = self.ledger.get_uid(key, stray.uid).is_some_and(|entry| entry.is_covered);
        if is_covered && is_risky(stray.known.verdict()) {
            say(&mut self.finding_log, key, Told::of(stray, false), Line::merged);
        }
    }

    /// A report that is kept of a deleted workload was found to be changed, and is marked as that.
    pub(super) fn say_evidence_changed(&mut self, key: &Key, stray: &Stray) {
        let what = Told::of(stray, true);
        say(&mut self.finding_log, key, what, |stamp, about| Line::evidence(stamp, about, false));
    }

    /// A report is gone that was not removed here.
    pub(super) fn say_evidence_removed(&mut self, key: &Key, report: Id) {
        let stray = self.ledger.strays_of(key).find(|stray| stray.known.id == report).cloned();
        if let Some(stray) = stray {
            self.say_removed(key, &stray);
        }
    }

    /// A report on a workload that exists no more is gone.
    pub(super) fn say_removed(&mut self, key: &Key, stray: &Stray) {
        let is_ours = self.perhaps_deleted.remove(&stray.known.id);
        if self.leads() && stray.is_evidence() && !is_ours {
            let what = Told::of(stray, false);
            say(&mut self.finding_log, key, what, |stamp, about| Line::evidence(stamp, about, true));
        }
    }

    /// The deletion of a report was asked for, and nobody knows what came of it.
    pub(super) fn perhaps_deleted(&mut self, report: Id) {
        if self.perhaps_deleted.len() >= MAX_PERHAPS_DELETED {
            self.perhaps_deleted.clear();
        }
        self.perhaps_deleted.insert(report);
    }
}

/// Whether there is something that can end.
fn is_risky(verdict: Verdict) -> bool {
    verdict.severity > Severity::None
}

/// What is said of a workload that is known by its key.
#[derive(Debug, Clone, Copy)]
struct Told {
    uid: Id,
    /// Which of its names the report has.
    name: u8,
    last: Verdict,
    retained: bool,
}

impl Told {
    fn of(stray: &Stray, retained: bool) -> Self {
        Self { uid: stray.uid, name: stray.known.name, last: stray.known.verdict(), retained }
    }
}

fn say(log: &mut FindingLog, key: &Key, what: Told, line: impl FnOnce(&Stamp, &About<'_>) -> Line) {
    let Told { uid, name, last, retained } = what;
    let uid = uid.to_string();
    let report = name_in(key, &uid, name);
    let (namespace, name) = (&*key.namespace, &*key.name);
    let about = About { kind: key.kind, namespace, name, uid: &uid, report: &report, last, retained };
    log.write(|stamp| Some(line(stamp, &about)));
}
