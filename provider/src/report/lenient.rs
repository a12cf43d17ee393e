// SPDX-License-Identifier: MPL-2.0
//! Values of a plan as they stream by: the scalars that may be shown are kept, all else is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A scalar as text; `None` for everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(pub Option<String>);

/// The scalars of a map as text; empty for everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub BTreeMap<String, String>);

/// Which attributes are marked sensitive, wholly or in part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sensitive {
    all: bool,
    attributes: BTreeSet<String>,
}

/// Whether anything within is `true`.
struct Anything(bool);

// === impl Sensitive ===

impl Sensitive {
    /// Whether an attribute, or a part of it, is marked.
    pub fn marks(&self, attribute: &str) -> bool {
        self.all || self.attributes.contains(attribute)
    }
}

impl<'de> Deserialize<'de> for Sensitive {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Marks;
        impl<'de> Visitor<'de> for Marks {
            type Value = Sensitive;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("marks of sensitive values")
            }
            fn visit_bool<E>(self, all: bool) -> Result<Sensitive, E> {
                Ok(Sensitive { all, ..Sensitive::default() })
            }
            fn visit_unit<E>(self) -> Result<Sensitive, E> {
                Ok(Sensitive::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sensitive, A::Error> {
                let mut found = Sensitive::default();
                while let Some((attribute, marked)) = map.next_entry::<String, Anything>()? {
                    if marked.0 {
                        found.attributes.insert(attribute);
                    }
                }
                Ok(found)
            }
        }
        from.deserialize_any(Marks)
    }
}

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Search;
        impl<'de> Visitor<'de> for Search {
            type Value = Anything;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("marks of sensitive values")
            }
            fn visit_bool<E>(self, marked: bool) -> Result<Anything, E> {
                Ok(Anything(marked))
            }
            fn visit_unit<E>(self) -> Result<Anything, E> {
                Ok(Anything(false))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Anything, A::Error> {
                let mut any = false;
                while let Some((_, marked)) = map.next_entry::<IgnoredAny, Anything>()? {
                    any |= marked.0;
                }
                Ok(Anything(any))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Anything, A::Error> {
                let mut any = false;
                while let Some(marked) = list.next_element::<Anything>()? {
                    any |= marked.0;
                }
                Ok(Anything(any))
            }
        }
        from.deserialize_any(Search)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Scalar)
    }
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Word;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Word, E> {
        Ok(Word(Some(value.to_string())))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Word, E> {
        Ok(Word(Some(value.to_string())))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Word, E> {
        Ok(Word(Some(value.to_string())))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Word, E> {
        Ok(Word(Some(value.to_string())))
    }
    fn visit_str<E>(self, value: &str) -> Result<Word, E> {
        Ok(Word(Some(value.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Word, E> {
        Ok(Word(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Word, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_bool<E>(self, _: bool) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_str<E>(self, _: &str) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_unit<E>(self) -> Result<Words, E> {
                Ok(Words::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                let mut words = Words::default();
                while let Some((key, word)) = map.next_entry::<String, Word>()? {
                    if let Some(word) = word.0 {
                        words.0.insert(key, word);
                    }
                }
                Ok(words)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Words, A::Error> {
                Scalar.visit_seq(list).map(|_| Words::default())
            }
        }
        from.deserialize_any(Map)
    }
}
