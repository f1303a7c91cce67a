//! A document as a tree, each value with its place in the text.
//!
//! The values lie in one vector and refer to each other by number: building, walking and dropping take no recursion,
//! however deep the document is nested. Anchors stay references, so an alias bomb is small until somebody walks it,
//! and walking is bounded by [`Budget`].

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use super::{Position, Problem};

/// The number of a value in its tree.
pub(super) type NodeId = u32;

/// The most values of one document.
const MAX_NODES: usize = 8_000_000;
/// How deep a document may be nested; as deep as for kubectl.
pub(super) const MAX_DEPTH: usize = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'t> {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is not an `i64`. Nothing needs its value.
    Number,
    Text(Cow<'t, str>),
    /// A plain `<<`: as a key it merges, elsewhere it is text.
    Merge,
    List(Range<u32>),
    /// Keys and values in turn.
    Map(Range<u32>),
    /// Always to a value that is complete, so there are no cycles.
    Alias(NodeId),
}

#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) value: Value<'t>,
    pub(super) at: Position,
}

/// A whole document.
#[derive(Debug)]
pub(super) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    links: Vec<NodeId>,
}

impl<'t> Tree<'t> {
    pub(super) const ROOT: NodeId = 0;

    /// The node with aliases followed.
    pub(super) fn node(&self, id: NodeId) -> &Node<'t> {
        match self.raw(id) {
            Node { value: Value::Alias(target), .. } => self.raw(*target),
            node => node,
        }
    }

    /// The place where a value is used, not where its anchor is.
    pub(super) fn place(&self, id: NodeId) -> Position {
        self.raw(id).at
    }

    pub(super) fn value(&self, id: NodeId) -> &Value<'t> {
        &self.node(id).value
    }

    fn raw(&self, id: NodeId) -> &Node<'t> {
        static NOTHING: Node<'static> = Node { value: Value::Null, at: Position { line: 1, column: 1 } };
        self.nodes.get(id as usize).unwrap_or(&NOTHING)
    }

    pub(super) fn children(&self, range: &Range<u32>) -> &[NodeId] {
        self.links.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The text of a value, if it is text.
    pub(super) fn text(&self, id: NodeId) -> Option<&str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            Value::Merge => Some("<<"),
            _ => None,
        }
    }

    /// The entries of a map in the order in which kubectl applies them: the last one of a key wins. What `<<` merges
    /// stands where the `<<` does, so that it replaces earlier entries and is replaced by later ones.
    pub(super) fn entries<'a>(&'a self, range: &Range<u32>, budget: &'a Budget) -> Entries<'a, 't> {
        Entries { tree: self, current: range.clone(), later: Vec::new(), budget }
    }
}

/// How much work the walks over one document may still do. Only aliases can use it up: without them every value is
/// met a bounded number of times.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    /// Enough for a text of this length without aliases, and for any use of aliases that an API server, with its 3 MB
    /// for a request, could take.
    pub(super) fn for_text(length: usize) -> Self {
        Self(Cell::new((3 << 20) + 8 * length as u64))
    }

    /// Spends what one more element or entry costs: in JSON it takes three bytes at least, in memory far more.
    pub(super) fn step(&self) -> Result<(), &'static str> {
        self.spend(3)
    }

    pub(super) fn spend(&self, amount: usize) -> Result<(), &'static str> {
        let left = self.0.get().checked_sub(amount as u64);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or("document contains excessive aliasing")
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.0.get() == 0
    }
}

/// See [`Tree::entries`].
pub(super) struct Entries<'a, 't> {
    tree: &'a Tree<'t>,
    current: Range<u32>,
    later: Vec<Range<u32>>,
    budget: &'a Budget,
}

impl Entries<'_, '_> {
    /// The next key and value.
    ///
    /// # Errors
    /// When something other than a map is merged, or the budget is used up.
    pub(super) fn next(&mut self) -> Result<Option<(NodeId, NodeId)>, &'static str> {
        loop {
            self.budget.step()?;
            if self.current.is_empty() {
                match self.later.pop() {
                    Some(range) => self.current = range,
                    None => return Ok(None),
                }
                continue;
            }
            let &[key, value] = self.tree.children(&(self.current.start..self.current.start + 2)) else {
                return Ok(None);
            };
            self.current.start += 2;
            if self.tree.raw(key).value != Value::Merge {
                return Ok(Some((key, value)));
            }
            self.merge(value)?;
        }
    }

    fn merge(&mut self, value: NodeId) -> Result<(), &'static str> {
        const WANT_MAP: &str = "map merge requires map or sequence of maps as the value";
        self.later.push(self.current.clone());
        match self.tree.value(value) {
            Value::Map(range) => self.later.push(range.clone()),
            // The first of a list takes precedence, so it is applied last.
            Value::List(range) => {
                for &element in self.tree.children(range) {
                    self.budget.step()?;
                    let Value::Map(range) = self.tree.value(element) else { return Err(WANT_MAP) };
                    self.later.push(range.clone());
                }
            }
            _ => return Err(WANT_MAP),
        }
        self.current = 0..0;
        Ok(())
    }
}

/// Builds a tree from events in document order.
#[derive(Default)]
pub(super) struct Builder<'t> {
    nodes: Vec<Node<'t>>,
    links: Vec<NodeId>,
    open: Vec<Open>,
    /// Children of the open collections that are complete or open themselves; those of the innermost come last.
    pending: Vec<NodeId>,
    problem: Option<Problem>,
}

struct Open {
    node: NodeId,
    first_child: usize,
    is_map: bool,
}

impl<'t> Builder<'t> {
    /// Adds a scalar.
    pub(super) fn scalar(&mut self, value: Value<'t>, at: Position) -> NodeId {
        if value == Value::Null && self.at_key() {
            self.fail(at, || "null cannot be a key".to_owned());
        }
        self.add(value, at)
    }

    /// Adds a reference to an earlier value.
    pub(super) fn alias(&mut self, target: NodeId, at: Position) {
        if self.open.iter().any(|open| open.node == target) {
            self.fail(at, || "the value of an anchor contains itself".to_owned());
        }
        let is_scalar = self
            .nodes
            .get(target as usize)
            .is_some_and(|node| !matches!(node.value, Value::List(_) | Value::Map(_)));
        if !is_scalar && self.at_key() {
            self.fail_key(at);
        }
        self.add(Value::Alias(target), at);
    }

    /// Opens a list or map.
    pub(super) fn open(&mut self, is_map: bool, at: Position) -> NodeId {
        if self.at_key() {
            self.fail_key(at);
        }
        if self.open.len() >= MAX_DEPTH {
            self.fail(at, || format!("nested deeper than {MAX_DEPTH} levels"));
        }
        let node = self.add(if is_map { Value::Map(0..0) } else { Value::List(0..0) }, at);
        self.open.push(Open { node, first_child: self.pending.len(), is_map });
        node
    }

    /// Closes the innermost list or map.
    pub(super) fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let start = count(self.links.len());
        self.links.extend(self.pending.drain(open.first_child..));
        let range = start..count(self.links.len());
        if let Some(node) = self.nodes.get_mut(open.node as usize) {
            node.value = if open.is_map { Value::Map(range) } else { Value::List(range) };
        }
    }

    /// Notes what makes the document one that kubectl would not read. The first problem stays.
    pub(super) fn fail(&mut self, at: Position, message: impl FnOnce() -> String) {
        self.problem.get_or_insert_with(|| Problem { position: Some(at), message: message() });
    }

    /// Whether there is no use in going on.
    pub(super) fn is_too_large(&self) -> bool {
        self.nodes.len() >= MAX_NODES || self.open.len() > MAX_DEPTH
    }

    /// The tree, or nothing for an empty document.
    pub(super) fn finish(mut self) -> Result<Option<Tree<'t>>, Problem> {
        if self.nodes.len() >= MAX_NODES {
            let at = self.nodes.last().map_or(Position::START, |node| node.at);
            self.fail(at, || format!("more than {MAX_NODES} values in one document"));
        }
        match self.problem {
            Some(problem) => Err(problem),
            None if self.nodes.is_empty() => Ok(None),
            None => Ok(Some(Tree { nodes: self.nodes, links: self.links })),
        }
    }

    fn fail_key(&mut self, at: Position) {
        self.fail(at, || "a list or map cannot be a key (an unquoted {{ template }}?)".to_owned());
    }

    fn at_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.is_map && (self.pending.len() - open.first_child).is_multiple_of(2))
    }

    fn add(&mut self, value: Value<'t>, at: Position) -> NodeId {
        let id = count(self.nodes.len());
        self.nodes.push(Node { value, at });
        self.pending.push(id);
        id
    }
}

/// A count of nodes, which [`MAX_NODES`] keeps far below the limit of the type.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
