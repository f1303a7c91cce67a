//! The side of the reports: which there are, about what, and whether they are as they were written.

use super::entry::{Place, Stray};
use super::{Key, Ledger};
use crate::controller::id::Id;
use crate::controller::stored::Known;

/// What a change of a report means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It is what was written, or an earlier state of it, or about nothing that exists.
    Expected,
    /// Somebody else wrote it.
    Tampered,
    /// Somebody else changed it, and its workload is gone: it cannot be written again.
    EvidenceTampered,
}

impl Stray {
    /// Takes in what is read of it now.
    fn update(&mut self, seen: &Self) -> News {
        if seen.known.generation < self.known.generation {
            self.known.round = seen.known.round;
            return News::Expected;
        }
        // It was sealed once by the verdict and once when it was marked. A third seal is not ours.
        let is_ours = seen.known.is_sealed()
            && (!self.known.is_sealed() || self.marked.is_none() || seen.known.is_as(&self.known));
        if !self.is_evidence() || is_ours {
            *self = Self { since: self.since, ..seen.clone() };
            return News::Expected;
        }
        let is_news = self.known.is_sealed();
        // What is remembered of it stays what was written.
        let Known { generation, round, .. } = seen.known;
        self.known = Known { digest: None, is_trimmed: false, generation, round, ..self.known };
        if is_news { News::EvidenceTampered } else { News::Expected }
    }
}

impl Ledger {
    /// The reports under the name of a workload that are not about it.
    pub fn strays_of(&self, key: &Key) -> impl Iterator<Item = &Stray> {
        let placed = self.places.get(key).and_then(Place::stray);
        placed.into_iter().chain(self.others.get(key).into_iter().flatten())
    }

    /// All reports without a workload.
    pub fn strays(&self) -> impl Iterator<Item = (&Key, &Stray)> {
        let placed = self.places.iter().filter_map(|(key, place)| Some((key, place.stray()?)));
        let others =
            self.others.iter().flat_map(|(key, strays)| strays.iter().map(move |stray| (key, stray)));
        placed.chain(others)
    }

    /// A report was written.
    pub fn wrote(&mut self, key: &Key, uid: Id, mut known: Known, marked: Option<i64>, now: i64) {
        known.round = self.report_round;
        if let Some(entry) = self.get_mut(key).filter(|entry| entry.uid == uid) {
            entry.known = Some(known);
            return;
        }
        self.set_stray(key, Stray { uid, known, marked, since: now });
    }

    /// A list of reports begins.
    pub fn begin_reports(&mut self) {
        self.report_round = self.report_round.wrapping_add(1);
    }

    /// A list of reports is complete. Those that were not in it are gone: gives the workloads that they were about.
    pub fn end_reports(&mut self) -> Vec<Key> {
        let round = self.report_round;
        self.others.retain(|_, strays| {
            strays.retain(|stray| stray.known.round == round);
            !strays.is_empty()
        });
        self.places.retain(|_, place| place.stray().is_none_or(|stray| stray.known.round == round));
        let mut without = Vec::new();
        for (key, place) in &mut self.places {
            if let Some(entry) = place.workload_mut()
                && entry.known.is_some_and(|known| known.round != round)
            {
                entry.known = None;
                without.push(key.clone());
            }
        }
        without
    }

    /// All reports are gone, with their definition.
    pub fn forget_reports(&mut self) {
        self.others.clear();
        self.places.retain(|_, place| match place {
            Place::Workload(entry) => {
                entry.known = None;
                true
            }
            Place::Report(_) => false,
        });
    }

    /// A report is there, new or changed or listed again.
    pub fn report_seen(&mut self, key: &Key, uid: Id, seen: Known, marked: Option<i64>, now: i64) -> News {
        let seen = Known { round: self.report_round, ..seen };
        let Some(entry) = self.get_mut(key).filter(|entry| entry.uid == uid) else {
            return self.stray_seen(key, Stray { uid, known: seen, marked, since: now });
        };
        match &mut entry.known {
            Some(known) if known.id == seen.id => {
                known.round = seen.round;
                if seen.generation < known.generation || seen.is_as(known) {
                    return News::Expected;
                }
                // What is remembered of it stays what was written: its peak, above all.
                known.digest = None;
                known.generation = seen.generation;
                News::Tampered
            }
            known => {
                // Somebody wrote it first, or in place of ours.
                let before = known.map_or(seen, |before| Known { peak: before.peak, runs: 0, ..seen });
                *known = Some(Known { digest: None, ..before });
                News::Tampered
            }
        }
    }

    /// A report is gone: whether it is one that should be there, and could be written again.
    pub fn report_gone(&mut self, key: &Key, uid: Id, report: Id) -> bool {
        if let Some(entry) = self.get_mut(key).filter(|entry| entry.uid == uid)
            && entry.known.is_some_and(|known| known.id == report)
        {
            entry.known = None;
            return !entry.is_dying && !entry.is_covered;
        }
        if self.places.get(key).and_then(Place::stray).is_some_and(|stray| stray.known.id == report) {
            self.places.swap_remove(key);
        } else {
            self.take_other(key, |stray| stray.known.id == report);
        }
        false
    }

    /// Whether there is a report that is kept as evidence, and is this one.
    pub fn has_evidence(&self, key: &Key, report: Id) -> bool {
        self.strays_of(key).any(|stray| stray.known.id == report && stray.marked.is_some())
    }

    pub(super) fn stray_seen(&mut self, key: &Key, seen: Stray) -> News {
        if let Some(stray) = self.stray_mut(key, seen.known.id) {
            return stray.update(&seen);
        }
        self.add_stray(key, seen);
        News::Expected
    }

    fn set_stray(&mut self, key: &Key, stray: Stray) {
        match self.stray_mut(key, stray.known.id) {
            Some(known) => *known = Stray { since: known.since, ..stray },
            None => self.add_stray(key, stray),
        }
    }

    fn stray_mut(&mut self, key: &Key, report: Id) -> Option<&mut Stray> {
        let placed = self.places.get_mut(key).and_then(Place::stray_mut);
        let others = self.others.get_mut(key).into_iter().flatten();
        placed.into_iter().chain(others).find(|stray| stray.known.id == report)
    }

    fn add_stray(&mut self, key: &Key, stray: Stray) {
        if self.places.contains_key(key) {
            self.others.entry(key.clone()).or_default().push(stray);
        } else {
            self.put(key, Place::Report(stray));
        }
    }

    /// What is known of the report on a workload that comes and takes the place of its name. Another report that is
    /// there moves to the others.
    pub(super) fn make_place(&mut self, key: &Key, uid: Id) -> Option<Known> {
        let placed = self.places.get(key).and_then(Place::stray).cloned();
        match placed {
            Some(stray) if stray.uid == uid => return Some(stray.known),
            Some(stray) => self.others.entry(key.clone()).or_default().push(stray),
            None => {}
        }
        self.take_other(key, |stray| stray.uid == uid).map(|stray| stray.known)
    }

    fn take_other(&mut self, key: &Key, wanted: impl Fn(&Stray) -> bool) -> Option<Stray> {
        let others = self.others.get_mut(key)?;
        let index = others.iter().position(wanted)?;
        let stray = others.swap_remove(index);
        if others.is_empty() {
            self.others.remove(key);
        }
        Some(stray)
    }
}
