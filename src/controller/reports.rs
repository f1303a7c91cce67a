//! What happens when a report arrives or goes. What was not written here is put right.

use std::time::Instant;

use kube::runtime::watcher;

use super::health::Source;
use super::id::Id;
use super::ledger::{Key, News};
use super::metrics::label::REMOVED;
use super::stored::{Known, Stored, Subject};
use super::trouble::{Category, Trouble};
use super::watch::Event;
use super::{Controller, GONE_PATIENCE, PUT_BACK_PACE, parse_seconds, seconds};

/// The most that is remembered of one report while a write on it is under way.
const MAX_HEARD: usize = 8;

/// Something that was heard of a report.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heard {
    /// It is there.
    There(Id, Known, Option<i64>),
    /// It is gone.
    Gone(Id, Id),
}

impl Controller {
    pub(super) fn report_event(&mut self, event: Event<Stored>) {
        self.shared.health.moved(Source::Reports);
        match event {
            Ok(event) => {
                match event {
                    // The beginning of a list is no sign that it will work.
                    watcher::Event::Init => return self.ledger.begin_reports(),
                    watcher::Event::InitApply(report) | watcher::Event::Apply(report) => {
                        self.report_there(&report);
                    }
                    watcher::Event::Delete(report) => self.report_deleted(&report),
                    watcher::Event::InitDone => self.reports_listed(),
                }
                self.troubles.end(Source::Reports.following());
            }
            Err(error) => {
                let trouble = Trouble::from(&error);
                if trouble.category == Category::NotInstalled {
                    self.reports_lost();
                }
                self.follow_failed(Source::Reports, &trouble);
            }
        }
    }

    fn report_there(&mut self, report: &Stored) {
        // Or it is not one of ours, and not where ours would be.
        let Some(Subject { key, uid, name }) = report.subject() else { return };
        let Some(known) = report.known_as(name) else { return };
        let deleted = report.status().and_then(|status| status.subject_deleted.as_ref());
        let marked = deleted.map(|deleted| parse_seconds(&deleted.time).unwrap_or_else(seconds));
        self.heard(key, Heard::There(uid, known, marked));
    }

    fn report_deleted(&mut self, report: &Stored) {
        let Some(Subject { key, uid, .. }) = report.subject() else { return };
        self.heard(key, Heard::Gone(uid, report.id()));
    }

    fn heard(&mut self, key: Key, heard: Heard) {
        if self.queue.is_under_way(&key) {
            // It may be what is being written. When that has ended, it can be told.
            let unsettled = self.unsettled.entry(key).or_default();
            if unsettled.len() >= MAX_HEARD {
                unsettled.remove(0);
            }
            unsettled.push(heard);
            return;
        }
        self.take_in(&key, heard);
    }

    /// Looks at what was heard while a write was under way.
    pub(super) fn take_in_unsettled(&mut self, key: &Key) {
        for heard in self.unsettled.remove(key).unwrap_or_default() {
            self.take_in(key, heard);
        }
    }

    fn take_in(&mut self, key: &Key, heard: Heard) {
        match heard {
            Heard::There(uid, known, marked) if !self.leads() => {
                self.ledger.report_told(key, uid, known, marked, seconds());
            }
            // It may be what was written, and only the answer was lost. What waits will be written over it anyway.
            Heard::There(..) if self.queue.is_waiting(key) => {}
            Heard::There(uid, known, marked) => {
                let news = self.ledger.report_seen(key, uid, known, marked, seconds());
                match news {
                    News::Expected => {}
                    News::Tampered => self.put_right(key),
                    News::EvidenceTampered => self.chores_due = Instant::now(),
                }
            }
            Heard::Gone(uid, id) => {
                if self.leads() && self.ledger.has_evidence(key, id) {
                    self.shared.metrics.retained(REMOVED);
                }
                self.say_evidence_removed(key, id);
                if self.ledger.report_gone(key, uid, id) && self.leads() {
                    self.rereads.insert((Instant::now() + GONE_PATIENCE, key.clone()), true);
                }
            }
        }
    }

    /// Has a workload's report written anew.
    fn put_right(&mut self, key: &Key) {
        let now = Instant::now();
        let due = self.put_back.get(key).map_or(now, |last| (*last + PUT_BACK_PACE).max(now));
        if !self.rereads.keys().any(|(_, known)| known == key) {
            self.rereads.insert((due, key.clone()), true);
        }
    }

    fn reports_listed(&mut self) {
        // Asked now and not before: a server that does not answer is one trouble, not two.
        self.ask_for_definition();
        let (missing, strays) = self.ledger.end_reports();
        for (key, stray) in strays {
            self.say_removed(&key, &stray);
        }
        if self.set_listed(Source::Reports) {
            tracing::info!(reports = self.ledger.strays().count(), "reports that exist are known");
        } else if self.leads() {
            let due = Instant::now() + GONE_PATIENCE;
            self.rereads.extend(missing.into_iter().map(|key| ((due, key), true)));
        }
        self.caught_up();
    }

    /// All reports went with their definition. They are not written again until it is back.
    pub(super) fn reports_lost(&mut self) {
        if self.listed.remove(&Source::Reports) {
            self.ledger.forget_reports();
            self.queue.clear();
            self.rereads.clear();
            self.chores.clear();
            self.runs.clear();
            self.definition = None;
            self.is_definition_settled = false;
            self.shared.health.set_listed(Source::Reports, false);
            self.relist.insert(Source::Reports);
            for kind in crate::workload::Kind::ALL {
                self.judge_again(kind);
            }
        }
    }
}
