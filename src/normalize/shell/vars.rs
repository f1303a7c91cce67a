//! Variables of which the script says the value.

use std::collections::HashMap;

use super::super::Span;

/// Longest value that is remembered.
const MAX_VALUE: usize = 64 * 1024;

/// A variable that was assigned.
#[derive(Debug, Clone, Default)]
pub(super) struct Var {
    pub(super) value: String,
    /// The value holds an unresolved expansion.
    pub(super) dynamic: bool,
    /// Commands whose output went into it.
    pub(super) reads: Vec<Span>,
    /// Assigned with `name=(…)`, elements joined by a blank.
    pub(super) array: bool,
}

/// All variables known at one point of the script.
#[derive(Debug, Default)]
pub(super) struct Vars {
    map: HashMap<String, Var>,
}

impl Vars {
    pub(super) fn get(&self, name: &str) -> Option<&Var> {
        self.map.get(name)
    }

    /// Sets a variable; too long a value makes it unknown. Says whether it was kept.
    pub(super) fn set(&mut self, name: &str, mut var: Var, append: bool) -> bool {
        if append && let Some(old) = self.map.remove(name) {
            if old.array {
                var.value.insert(0, ' ');
            }
            // Not `old + new` into a fresh string: a script of `a+=x` must stay linear.
            let mut value = old.value;
            value.push_str(&var.value);
            var.value = value;
            var.dynamic |= old.dynamic;
            var.array |= old.array;
            for span in old.reads {
                Span::add(&mut var.reads, span);
            }
        }
        let keep = var.value.len() <= MAX_VALUE;
        if keep {
            self.map.insert(name.to_owned(), var);
        } else {
            self.map.remove(name);
        }
        keep
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.map.remove(name);
    }

    /// Separators of unquoted expansions.
    pub(super) fn ifs(&self) -> String {
        match self.map.get("IFS") {
            Some(var) if !var.dynamic && var.value.len() <= 16 => var.value.clone(),
            _ => " \t\n".to_owned(),
        }
    }

    /// Names and values of what is certain, sorted; nothing if that is more than 64 KiB.
    pub(super) fn into_literals(self) -> Vec<(String, String)> {
        let known = self.map.into_iter().filter(|(_, var)| !var.dynamic);
        let mut list: Vec<(String, String)> = known.map(|(name, var)| (name, var.value)).collect();
        if list.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_VALUE {
            list.clear();
        }
        list.sort_unstable();
        list
    }
}
