//! The objects of a document: itself, or what is in it if it is a list.

use serde::Deserialize as _;

use super::object::Source;
use super::tree::{Budget, NodeId, Tree, Value};
use super::{Item, Manifest, Other, Problem};
use crate::workload::Kind;
use crate::workload::decode::Object;

/// Something to look at.
struct Candidate<'a> {
    node: NodeId,
    path: String,
    /// What the list says its items are.
    implied_kind: Option<&'a str>,
    implied_version: Option<&'a str>,
}

/// Calls `visit` for every object of a document.
///
/// As for kubectl, anything with `items` is a list, whatever its kind; but it is also judged itself, so that a Job
/// does not get lost by having `items`. A document that is a sequence, which kubectl refuses, is taken for a list.
pub(super) fn visit(tree: &Tree<'_>, document: u32, budget: &Budget, visit: &mut dyn FnMut(Item<'_>)) {
    let root = Candidate { node: Tree::ROOT, path: String::new(), implied_kind: None, implied_version: None };
    let mut candidates = vec![root];
    while let Some(candidate) = candidates.pop() {
        match one(tree, document, budget, &candidate, visit) {
            Ok(mut items) => {
                items.reverse();
                candidates.append(&mut items);
            }
            Err(message) => {
                let position = Some(tree.place(candidate.node));
                visit(Item::Unreadable(Problem { position, message }));
                if budget.is_used_up() {
                    return;
                }
            }
        }
    }
}

/// Visits one object and returns the items in it.
fn one<'a>(
    tree: &'a Tree<'_>,
    document: u32,
    budget: &Budget,
    candidate: &Candidate<'a>,
    visit: &mut dyn FnMut(Item<'_>),
) -> Result<Vec<Candidate<'a>>, String> {
    let Candidate { node, path, .. } = candidate;
    let Some(head) = Head::read(tree, *node, budget)? else {
        return match tree.value(*node) {
            Value::Null => Ok(Vec::new()),
            Value::List(_) if path.is_empty() => items(tree, *node, budget, path, None, None),
            _ => {
                visit(Item::Other(Other { kind: "", tree, node: *node, budget }));
                Ok(Vec::new())
            }
        };
    };
    let kind = head.kind.or(candidate.implied_kind).unwrap_or_default();
    let version = head.version.or(candidate.implied_version);
    let workload = workload_kind(kind, version.unwrap_or_default());
    if let Some(kind) = workload {
        let source = Source { tree, node: *node, budget };
        let object = Object::deserialize(source).map_err(|error| error.to_string())?;
        let generate_name = head.generate_name(tree, budget)?;
        let item = path.clone();
        visit(Item::Workload(Manifest {
            kind,
            object,
            generate_name,
            document,
            item,
            tree,
            node: *node,
            budget,
        }));
    } else if head.items.is_none() {
        visit(Item::Other(Other { kind, tree, node: *node, budget }));
    }
    match head.items {
        Some(list) => {
            let path = if path.is_empty() { "items".to_owned() } else { format!("{path}.items") };
            items(tree, list, budget, &path, kind.strip_suffix("List"), version)
        }
        None => Ok(Vec::new()),
    }
}

fn items<'a>(
    tree: &'a Tree<'_>,
    list: NodeId,
    budget: &Budget,
    path: &str,
    implied_kind: Option<&'a str>,
    implied_version: Option<&'a str>,
) -> Result<Vec<Candidate<'a>>, String> {
    let Value::List(range) = tree.value(list) else { return Ok(Vec::new()) };
    // `kind: List` says nothing about its items.
    let implied_kind = implied_kind.filter(|kind| !kind.is_empty());
    let nodes = tree.children(range);
    // Their paths are what grows: a long list deep in lists.
    budget.spend(nodes.len().saturating_mul(path.len() + 1))?;
    let candidate = |(index, node): (usize, &NodeId)| Candidate {
        node: *node,
        path: format!("{path}[{index}]"),
        implied_kind,
        implied_version: implied_kind.and(implied_version),
    };
    Ok(nodes.iter().enumerate().map(candidate).collect())
}

/// What an object says about itself.
#[derive(Default)]
struct Head<'a> {
    kind: Option<&'a str>,
    version: Option<&'a str>,
    metadata: Option<NodeId>,
    items: Option<NodeId>,
}

impl<'a> Head<'a> {
    /// Nothing for what is not a map.
    fn read(tree: &'a Tree<'_>, node: NodeId, budget: &Budget) -> Result<Option<Self>, String> {
        let Value::Map(range) = tree.value(node) else { return Ok(None) };
        let mut head = Self::default();
        let mut entries = tree.entries(range, budget);
        while let Some((key, value)) = entries.next()? {
            match tree.text(key) {
                Some("kind") => head.kind = tree.text(value),
                Some("apiVersion") => head.version = tree.text(value),
                Some("metadata") => head.metadata = Some(value),
                Some("items") => {
                    head.items = Some(value).filter(|value| matches!(tree.value(*value), Value::List(_)));
                }
                _ => {}
            }
        }
        Ok(Some(head))
    }

    fn generate_name(&self, tree: &'a Tree<'_>, budget: &Budget) -> Result<Option<&'a str>, String> {
        let Some(Value::Map(range)) = self.metadata.map(|node| tree.value(node)) else { return Ok(None) };
        let mut found = None;
        let mut entries = tree.entries(range, budget);
        while let Some((key, value)) = entries.next()? {
            if tree.text(key) == Some("generateName") {
                found = tree.text(value);
            }
        }
        Ok(found)
    }
}

/// Jobs of other groups, Volcano's for one, have other specs. A missing group is no reason to look away.
fn workload_kind(kind: &str, version: &str) -> Option<Kind> {
    let group = version.split_once('/').map_or("", |(group, _)| group);
    Kind::parse(kind).filter(|_| matches!(group, "batch" | "extensions" | ""))
}
