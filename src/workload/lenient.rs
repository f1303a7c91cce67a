//! The building blocks of lenient decoding: a value of any JSON type is accepted everywhere.
//!
//! Whoever may create a Job chooses much of its JSON. A strict decoder turns one odd value into an error
//! for the object, and for a list into an error for every object beside it. Here a value of the wrong type
//! becomes [`Field::Wrong`], which later turns into a finding, and decoding goes on.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What stood where something else was expected. Only the type is kept, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// `true` or `false`.
    Bool,
    /// A number, or an integer outside the range of `i64`.
    Number,
    /// A string.
    Text,
    /// An array.
    List,
    /// An object.
    Object,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

/// A field that may be absent (or `null`, which Kubernetes treats alike), present, or of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// There, and of the expected type.
    Present(T),
    /// There, but of another type.
    Wrong(Found),
}

impl<T> Field<T> {
    /// The value, if there is one of the expected type.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Wrong(_) => None,
        }
    }
}

/// A type that can be decoded from any JSON value, without an error for a value of another type.
///
/// Each method says what a value of that JSON type becomes; by default it is of the wrong type and skipped.
pub trait Lenient: Sized {
    /// What is expected, for messages: "a string".
    const EXPECTED: &'static str;

    /// Decodes a boolean.
    fn from_bool(_: bool) -> Field<Self> {
        Field::Wrong(Found::Bool)
    }
    /// Decodes an integer within `i64`.
    fn from_integer(_: i64) -> Field<Self> {
        Field::Wrong(Found::Number)
    }
    /// Decodes a string.
    fn from_text(_: &str) -> Field<Self> {
        Field::Wrong(Found::Text)
    }
    /// Decodes a list; every element has to be consumed.
    ///
    /// # Errors
    /// Only those of the underlying parser (malformed JSON).
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong(Found::List))
    }
    /// Decodes an object; every entry has to be consumed.
    ///
    /// # Errors
    /// Only those of the underlying parser (malformed JSON).
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Wrong(Found::Object))
    }
}

impl<'de, T: Lenient> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Total(PhantomData))
    }
}

/// A visitor that has an answer for every type.
struct Total<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for Total<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::from_bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(T::from_integer(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Field::Wrong(Found::Number), T::from_integer))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Wrong(Found::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(value))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_list(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::from_object(object)
    }
}

impl Lenient for bool {
    const EXPECTED: &'static str = "a boolean";
    fn from_bool(value: bool) -> Field<Self> {
        Field::Present(value)
    }
}

impl Lenient for i64 {
    const EXPECTED: &'static str = "an integer";
    fn from_integer(value: i64) -> Field<Self> {
        Field::Present(value)
    }
}

impl Lenient for String {
    const EXPECTED: &'static str = "a string";
    fn from_text(value: &str) -> Field<Self> {
        Field::Present(value.to_owned())
    }
}

/// A list whose elements keep their position, also those of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    /// The elements, at most [`MAX_ELEMENTS`].
    pub elements: Vec<Field<T>>,
    /// How many elements followed and were not read.
    pub unread: usize,
}

/// The most elements of one list that are kept.
///
/// An API server refuses a request above 3 MB; 5 000 containers in one pod template fit and are evaluated.
/// Beyond this limit the list is reported as partly unread, so that it cannot be used to hide something.
pub const MAX_ELEMENTS: usize = 1 << 16;

impl<T: Lenient> Lenient for List<T> {
    const EXPECTED: &'static str = "a list";
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < MAX_ELEMENTS {
            match list.next_element::<Field<T>>()? {
                Some(element) => elements.push(element),
                None => return Ok(Field::Present(Self { elements, unread: 0 })),
            }
        }
        let mut unread = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            unread += 1;
        }
        Ok(Field::Present(Self { elements, unread }))
    }
}

impl<T: Lenient> Lenient for Box<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Field<Self>, A::Error> {
        T::from_list(list).map(boxed)
    }
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Field<Self>, A::Error> {
        T::from_object(object).map(boxed)
    }
}

fn boxed<T>(field: Field<T>) -> Field<Box<T>> {
    match field {
        Field::Absent => Field::Absent,
        Field::Present(value) => Field::Present(Box::new(value)),
        Field::Wrong(found) => Field::Wrong(found),
    }
}

/// Reads a key as one of the known names, or nothing for any other, without allocating.
pub(crate) struct KnownKey(pub(crate) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KnownKey {
    type Value = Option<&'static str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KnownKey {
    type Value = Option<&'static str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().copied().find(|known| *known == key))
    }
}

/// Declares structs whose fields are all lenient. Unknown keys are skipped, the last of duplicate keys wins.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $key:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name { $($(#[$field_doc])* pub $field: Field<$type>,)* }

        impl Lenient for $name {
            const EXPECTED: &'static str = "an object";
            fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
                let mut found = Self::default();
                while let Some(key) = object.next_key_seed(KnownKey(&[$($key),*]))? {
                    match key {
                        $(Some($key) => found.$field = object.next_value()?,)*
                        _ => { object.next_value::<IgnoredAny>()?; }
                    }
                }
                Ok(Field::Present(found))
            }
        }
    )*};
}
pub(crate) use objects;
