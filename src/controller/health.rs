//! What probes ask.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::workload::Kind;

/// After this time without a turn of the loop the process counts as hung.
pub const HUNG_AFTER: Duration = Duration::from_secs(60);

/// The state of the controller for `/livez` and `/readyz`.
#[derive(Debug)]
pub struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    last_turn: Instant,
    reports_known: bool,
    listed: [bool; Kind::ALL.len()],
}

impl Default for Health {
    fn default() -> Self {
        let state =
            State { last_turn: Instant::now(), reports_known: false, listed: [false; Kind::ALL.len()] };
        Self { state: Mutex::new(state) }
    }
}

impl Health {
    /// The loop of the controller made a turn.
    pub fn turn(&self) {
        self.with(|state| state.last_turn = Instant::now());
    }

    /// The reports that exist are known.
    pub fn reports_known(&self) {
        self.with(|state| state.reports_known = true);
    }

    /// A kind was listed to the end.
    pub fn listed(&self, kind: Kind) {
        self.with(|state| {
            for (known, listed) in Kind::ALL.iter().zip(state.listed.iter_mut()) {
                *listed |= *known == kind;
            }
        });
    }

    /// Why the process counts as hung, if it does.
    pub fn not_live(&self) -> Option<String> {
        let idle = self.with(|state| state.last_turn.elapsed());
        (idle > HUNG_AFTER).then(|| format!("the controller has not moved for {} s", idle.as_secs()))
    }

    /// What is missing until everything has been seen once, if something is.
    pub fn not_ready(&self) -> Option<String> {
        self.with(|state| {
            if !state.reports_known {
                return Some("jobriskreports are not listed yet".to_owned());
            }
            let missing: Vec<&str> = Kind::ALL
                .iter()
                .zip(state.listed)
                .filter(|(_, listed)| !listed)
                .map(|(kind, _)| kind.plural())
                .collect();
            (!missing.is_empty()).then(|| format!("not listed yet: {}", missing.join(", ")))
        })
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        // A poisoned lock holds plain values that are right all the same.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        read(&mut state)
    }
}
