//! Variables of which the script says the value.

use std::collections::HashMap;

use super::super::Span;

/// Longest value that is remembered.
const MAX_VALUE: usize = 64 * 1024;

/// Names of the words that a script or a function is given.
const POSITIONAL: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9", "@", "*"];

/// The words of a script, while a function of it is read.
#[derive(Debug, Default)]
pub(super) struct Positionals(Vec<(String, Option<Var>)>);

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

/// The variables that scripts begin with. Made once for all scripts of a container: they may be as many as an object
/// has room for, and the scripts too.
#[derive(Debug, Default)]
pub struct Environment {
    map: HashMap<String, Var>,
}

impl Environment {
    /// With these names and values; of equal names the last one counts.
    #[must_use]
    pub fn of(variables: &[(String, String)]) -> Self {
        let known = variables.iter().filter(|(_, value)| value.len() <= MAX_VALUE);
        let var = |value: &String| Var { value: value.clone(), ..Var::default() };
        Self { map: known.map(|(name, value)| (name.clone(), var(value))).collect() }
    }
}

/// All variables known at one point of the script.
#[derive(Debug)]
pub(super) struct Vars<'e> {
    environment: &'e Environment,
    /// What the script itself has set, or made unknown.
    map: HashMap<String, Option<Var>>,
    /// Other names: `declare -n NAME=OTHER`.
    others: HashMap<String, String>,
}

impl<'e> Vars<'e> {
    pub(super) fn of(environment: &'e Environment) -> Self {
        Self { environment, map: HashMap::new(), others: HashMap::new() }
    }

    /// Makes `name` another name of `other`.
    pub(super) fn refer(&mut self, name: &str, other: &str) {
        if name != other {
            self.others.insert(name.to_owned(), other.to_owned());
        }
    }

    /// The variable that a name stands for.
    fn meant<'n>(&'n self, name: &'n str) -> &'n str {
        if self.others.is_empty() { name } else { self.others.get(name).map_or(name, String::as_str) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Var> {
        let name = self.meant(name);
        self.map.get(name).map_or_else(|| self.environment.map.get(name), Option::as_ref)
    }

    /// Sets a variable; too long a value makes it unknown. Says whether it was kept.
    pub(super) fn set(&mut self, name: &str, mut var: Var, append: bool) -> bool {
        let name = &self.meant(name).to_owned();
        let old = if append { self.take(name) } else { None };
        if let Some(old) = old {
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
        self.map.insert(name.to_owned(), keep.then_some(var));
        keep
    }

    /// The variable, not copied where it is the script's own: a script of `a+=x` must stay linear.
    fn take(&mut self, name: &str) -> Option<Var> {
        self.map.remove(name).unwrap_or_else(|| self.environment.map.get(name).cloned())
    }

    pub(super) fn forget(&mut self, name: &str) {
        let name = self.meant(name).to_owned();
        self.map.insert(name, None);
    }

    /// Takes out the words that a script was given: those of a function are other ones. Moved, not copied.
    pub(super) fn take_positionals(&mut self) -> Positionals {
        let taken = POSITIONAL.iter().filter_map(|name| self.map.remove_entry(*name));
        Positionals(taken.collect())
    }

    /// Puts them back.
    pub(super) fn put_positionals(&mut self, taken: Positionals) {
        for name in POSITIONAL {
            self.map.remove(*name);
        }
        self.map.extend(taken.0);
    }

    /// Separators of unquoted expansions.
    pub(super) fn ifs(&self) -> String {
        match self.get("IFS") {
            Some(var) if !var.dynamic && var.value.len() <= 16 => var.value.clone(),
            _ => " \t\n".to_owned(),
        }
    }

    /// Names and values of what the script has set and is certain, sorted; nothing if that is more than 64 KiB.
    pub(super) fn into_literals(self) -> Vec<(String, String)> {
        let known =
            self.map.into_iter().filter_map(|(name, var)| Some((name, var?))).filter(|(_, var)| !var.dynamic);
        let mut list: Vec<(String, String)> = known.map(|(name, var)| (name, var.value)).collect();
        if list.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_VALUE {
            list.clear();
        }
        list.sort_unstable();
        list
    }
}
