//! The strings of an object: what of it can match a search over its JSON.

use std::collections::BTreeMap;
use std::ops::Range;

use super::tree::{Budget, NodeId, Tree, Value};

/// Calls `visit` for every key and string in what a client sends of an object: `apiVersion`, `kind`, `metadata` without
/// `managedFields`, and `spec`. Of equal keys only the last one's value, as in the JSON that kubectl makes.
///
/// # Errors
/// When aliases make the object larger than the budget allows.
pub(super) fn visit(
    tree: &Tree<'_>,
    object: NodeId,
    budget: &Budget,
    visit: &mut dyn FnMut(&str),
) -> Result<(), &'static str> {
    let mut open = Vec::new();
    for (key, value) in sent(tree, object, budget)? {
        visit(key);
        open.push(value);
    }
    while let Some(node) = open.pop() {
        match tree.value(node) {
            Value::Text(text) => {
                budget.spend(text.len())?;
                visit(text);
            }
            Value::Merge => visit("<<"),
            Value::List(range) => {
                for element in tree.children(range) {
                    budget.step()?;
                    open.push(*element);
                }
            }
            Value::Map(range) => {
                for (key, value) in members(tree, range, budget)? {
                    visit(key);
                    open.push(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Number | Value::Alias(_) => {}
        }
    }
    Ok(())
}

/// The parts of an object that a client sends, with what is left of its metadata in place of that.
fn sent<'a>(
    tree: &'a Tree<'_>,
    object: NodeId,
    budget: &Budget,
) -> Result<Vec<(&'a str, NodeId)>, &'static str> {
    let Value::Map(range) = tree.value(object) else { return Ok(Vec::new()) };
    let mut parts = Vec::new();
    for (key, value) in members(tree, range, budget)? {
        match (key, tree.value(value)) {
            ("metadata", Value::Map(range)) => {
                parts.extend(
                    members(tree, range, budget)?.into_iter().filter(|(key, _)| *key != "managedFields"),
                );
            }
            ("apiVersion" | "kind" | "spec", _) => parts.push((key, value)),
            _ => {}
        }
    }
    Ok(parts)
}

/// The members of a map. Keys that are numbers or the like have no name here: nothing is searched for in them.
fn members<'a>(
    tree: &'a Tree<'_>,
    range: &Range<u32>,
    budget: &Budget,
) -> Result<Vec<(&'a str, NodeId)>, &'static str> {
    let mut named = BTreeMap::new();
    let mut others = Vec::new();
    let mut entries = tree.entries(range, budget);
    while let Some((key, value)) = entries.next()? {
        match tree.text(key) {
            Some(name) => drop(named.insert(name, value)),
            None => others.push(("", value)),
        }
    }
    others.extend(named);
    Ok(others)
}
