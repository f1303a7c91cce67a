//! From field paths to places in the file.

use super::Position;
use super::tree::{Budget, NodeId, Tree, Value};

/// The place of the field `path` under `root`, or of the nearest field above it that is there.
///
/// `path` is one of the paths in findings: `spec.template.spec.containers[0].args[2]`. A key with dots in it is found
/// too, since keys are compared with what is left of the path.
pub(super) fn locate(tree: &Tree<'_>, root: NodeId, path: &str, budget: &Budget) -> Position {
    tree.place(nearest(tree, root, path, budget).0)
}

/// The field `path` under `root`, if it is there.
pub(super) fn find(tree: &Tree<'_>, root: NodeId, path: &str, budget: &Budget) -> Option<NodeId> {
    let (node, rest) = nearest(tree, root, path, budget);
    rest.is_empty().then_some(node)
}

/// The field `path`, or the nearest one above it that is there, and what is left of the path.
fn nearest<'p>(tree: &Tree<'_>, root: NodeId, path: &'p str, budget: &Budget) -> (NodeId, &'p str) {
    let mut node = root;
    let mut rest = path;
    while !rest.is_empty() {
        let Some((child, after)) = step(tree, node, rest, budget) else { break };
        node = child;
        rest = after;
    }
    (node, rest)
}

fn step<'p>(tree: &Tree<'_>, node: NodeId, rest: &'p str, budget: &Budget) -> Option<(NodeId, &'p str)> {
    match tree.value(node) {
        Value::List(range) => {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            Some((*tree.children(range).get(index.parse::<usize>().ok()?)?, after))
        }
        Value::Map(range) => {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            let mut entries = tree.entries(range, budget);
            let mut found: Option<(NodeId, &str)> = None;
            while let Ok(Some((key, value))) = entries.next() {
                let after = tree.text(key).and_then(|key| rest.strip_prefix(key));
                // The last of equal keys wins, and the longest of those that fit.
                if let Some(after) = after
                    && (after.is_empty() || after.starts_with(['.', '[']))
                    && found.is_none_or(|(_, best)| after.len() <= best.len())
                {
                    found = Some((value, after));
                }
            }
            found
        }
        _ => None,
    }
}
