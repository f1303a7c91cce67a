//! From YAML text to trees, one for each document.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};

use super::scalar::resolve;
use super::tree::{Builder, MAX_DEPTH, NodeId, Tree};
use super::{Position, Problem};

/// The namespace of YAML's own tags.
const OWN_TAGS: &str = "tag:yaml.org,2002:";

/// Calls `visit` for every document of `text` that is not empty; `first_line` is the number of its first line.
///
/// A document with a problem is one call with that problem. After a syntax error nothing can be said about the rest
/// of the text.
pub(super) fn documents<'t>(
    text: &'t str,
    first_line: u32,
    visit: &mut dyn FnMut(Result<Tree<'t>, Problem>),
) {
    let mut reader = Reader { builder: Builder::default(), anchors: HashMap::new(), first_line };
    for event in Parser::new_from_str_with_options(text, options()) {
        match event {
            Ok((Event::DocumentEnd, _)) => {
                reader.anchors.clear();
                if let Some(document) = std::mem::take(&mut reader.builder).finish().transpose() {
                    visit(document);
                }
            }
            Ok((event, span)) => reader.event(event, &span),
            Err(error) => {
                let marker = error.marker();
                let position = reader.position(marker.line(), marker.col());
                return visit(Err(Problem { position: Some(position), message: error.info() }));
            }
        }
        if reader.builder.is_too_large() {
            if let Err(problem) = reader.builder.finish() {
                visit(Err(problem));
            }
            return;
        }
    }
}

fn options() -> Options {
    let mut options =
        granit_parser::options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    options.set_emit_comments(false);
    options
}

struct Reader<'t> {
    builder: Builder<'t>,
    anchors: HashMap<usize, NodeId>,
    first_line: u32,
}

impl<'t> Reader<'t> {
    fn event(&mut self, event: Event<'t>, span: &Span) {
        let at = self.position(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value =
                    resolve(text, style == ScalarStyle::Plain, tag.as_deref().map(tag_name).as_deref());
                let node = match value {
                    Ok(value) => self.builder.scalar(value, at),
                    Err(message) => {
                        self.builder.fail(at, || message.to_owned());
                        return;
                    }
                };
                self.anchor(anchor, node);
            }
            Event::SequenceStart(_, anchor, _) => {
                let node = self.builder.open(false, at);
                self.anchor(anchor, node);
            }
            Event::MappingStart(_, anchor, _) => {
                let node = self.builder.open(true, at);
                self.anchor(anchor, node);
            }
            Event::SequenceEnd | Event::MappingEnd => self.builder.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(target) => self.builder.alias(*target, at),
                None => self.builder.fail(at, || "unknown anchor".to_owned()),
            },
            _ => {}
        }
    }

    fn anchor(&mut self, anchor: usize, node: NodeId) {
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
    }

    /// The parser counts lines from one, columns from zero.
    fn position(&self, line: usize, column: usize) -> Position {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Position {
            line: self.first_line.saturating_add(number(line.saturating_sub(1))),
            column: number(column).saturating_add(1),
        }
    }
}

/// The name of a tag of YAML's own, or the whole tag for another one.
fn tag_name(tag: &Tag) -> Cow<'_, str> {
    tag.suffix_in_namespace(OWN_TAGS)
        .unwrap_or_else(|| Cow::Owned(format!("{}{}", tag.handle(), tag.suffix())))
}
