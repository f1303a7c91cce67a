//! Decodes the values of a [`Tree`] with serde, into the same thin types as objects from an API server.

use serde::de::value::{BorrowedStrDeserializer, Error};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::tree::{Budget, Entries, NodeId, Tree, Value};

/// One value, to be decoded.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, 't> {
    pub(super) tree: &'a Tree<'t>,
    pub(super) node: NodeId,
    pub(super) budget: &'a Budget,
}

impl<'de> Deserializer<'de> for Source<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.tree.value(self.node) {
            Value::Null | Value::Alias(_) => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Number => visitor.visit_f64(f64::NAN),
            Value::Merge => visitor.visit_borrowed_str("<<"),
            Value::Text(text) => {
                self.budget.spend(text.len()).map_err(Error::custom)?;
                visitor.visit_borrowed_str(text)
            }
            Value::List(range) => {
                visitor.visit_seq(Elements { parent: self, rest: self.tree.children(range).iter() })
            }
            Value::Map(range) => visitor.visit_map(Members {
                parent: self,
                entries: self.tree.entries(range, self.budget),
                value: None,
            }),
        }
    }

    /// What nobody wants is not walked, so that it costs nothing however large its aliases make it.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

struct Elements<'a, 't> {
    parent: Source<'a, 't>,
    rest: std::slice::Iter<'a, NodeId>,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        self.parent.budget.step().map_err(Error::custom)?;
        seed.deserialize(Source { node: *node, ..self.parent }).map(Some)
    }
}

struct Members<'a, 't> {
    parent: Source<'a, 't>,
    entries: Entries<'a, 't>,
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.entries.next().map_err(Error::custom)? else { return Ok(None) };
        self.value = Some(value);
        // Numbers and booleans become text in JSON, but no field that is read is named like one.
        let key = self.parent.tree.text(key).unwrap_or_default();
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let node = self.value.take().ok_or_else(|| Error::custom("a value before its key"))?;
        seed.deserialize(Source { node, ..self.parent })
    }
}
