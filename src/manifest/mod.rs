//! Manifest files: the objects in them, as kubectl would read them, with their places.
//!
//! ```text
//! bytes ──▶ text ──▶ chunks ──▶ yaml or json ──▶ tree ──▶ items ──▶ object ──▶ Job or CronJob
//!          (UTF-16)  (lines     (events)         (with    (lists    (thin types)
//!                     `---`)                      places)  opened)
//! ```
//!
//! Whatever kubectl would send to an API server has to be seen here, or a manifest could hide something from the
//! scan: YAML 1.1 booleans, merge keys, duplicate keys, `!!binary`, U+2028 as a line break. Where kubectl stops or
//! ignores (a second document without `---` on its own line), this reads on. Pure, but for [`walk`].

mod items;
mod json;
mod object;
mod other;
mod position;
mod scalar;
mod strings;
mod text;
mod tree;
pub mod walk;
mod yaml;

pub use other::Other;
use serde::Serialize;

use crate::workload::Kind;
use crate::workload::decode::Object;
use tree::{Budget, NodeId, Tree};

/// A place in a file. Columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl Position {
    /// The first character.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, unless it is about the file as a whole.
    pub position: Option<Position>,
    /// What is wrong. May hold text of the file.
    pub message: String,
}

/// What stands in a file.
#[derive(Debug)]
pub enum Item<'a> {
    /// A Job or CronJob.
    Workload(Manifest<'a>),
    /// An object of another kind, or something that is no object (with an empty kind).
    Other(Other<'a>),
    /// A document, or the rest of the file, that could not be read.
    Unreadable(Problem),
}

/// A Job or CronJob in a file.
#[derive(Debug)]
pub struct Manifest<'a> {
    /// Which of the two.
    pub kind: Kind,
    /// The object, decoded as one from an API server.
    pub object: Object,
    /// `metadata.generateName`, which a manifest may have in place of a name.
    pub generate_name: Option<&'a str>,
    /// The number of its document in the file, from 1.
    pub document: u32,
    /// Where in a list it stands, `items[2]`; empty outside of lists.
    pub item: String,
    tree: &'a Tree<'a>,
    node: NodeId,
    budget: &'a Budget,
}

impl Manifest<'_> {
    /// Where the object begins.
    pub fn position(&self) -> Position {
        self.tree.place(self.node)
    }

    /// Where a field stands, by its path in the object (`spec.template.spec.containers[0].image`); for a field that
    /// is not there, the nearest one above it that is.
    pub fn locate(&self, path: &str) -> Position {
        position::locate(self.tree, self.node, path, &Budget::for_text(0))
    }

    /// The text of the field with this path, if it is there and text. Not escaped, and secrets in it are not masked.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.tree.text(position::find(self.tree, self.node, path, &Budget::for_text(0))?)
    }

    /// Calls `visit` for every key and string in the JSON that a client would send of the object: without its status
    /// and `metadata.managedFields`, and not escaped.
    ///
    /// # Errors
    /// When aliases make it too large. The message is for the user.
    pub fn strings(&self, visit: &mut dyn FnMut(&str)) -> Result<(), &'static str> {
        strings::visit(self.tree, self.node, self.budget, visit)
    }
}

/// Calls `visit` for all that stands in a file, in order.
///
/// Nothing is left out in silence: what cannot be read is an [`Item::Unreadable`], and reading goes on behind the
/// next line `---`.
pub fn read(bytes: &[u8], visit: &mut dyn FnMut(Item<'_>)) {
    let text = match text::decode(bytes) {
        Ok(text) => text,
        Err(problem) => return visit(Item::Unreadable(problem)),
    };
    let mut document = 0;
    let mut each = |tree: Result<Tree<'_>, Problem>, length: usize| {
        document += 1;
        match tree {
            Ok(tree) => items::visit(&tree, document, &Budget::for_text(length), visit),
            Err(problem) => visit(Item::Unreadable(problem)),
        }
    };
    let mut rest = text.as_ref();
    let mut first_line = 1;
    if text.trim_start().starts_with('{') {
        let outcome = json::documents(rest, &mut |tree| each(tree, rest.len()));
        let Some(offset) = outcome.rest else { return };
        // As for kubectl: two objects in a row make it JSON, so that what follows is wrong JSON.
        if outcome.objects > 1
            && let Some(problem) = outcome.problem
        {
            each(Err(problem), 0);
        }
        first_line += text::count_lines(rest.get(..offset).unwrap_or_default());
        rest = rest.get(offset..).unwrap_or_default();
    }
    for chunk in text::chunks(rest, first_line) {
        let text = text::yaml_lines(chunk.text);
        yaml::documents(&text, chunk.first_line, &mut |tree| each(tree, text.len()));
    }
}

#[cfg(test)]
mod tests;
