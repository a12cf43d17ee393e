//! A model's field: known, null or unknown.

/// The value of one attribute as a model holds it.
///
/// Serde sees it through a private newtype name that only this crate's deserializer and serializer understand.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attr<T> {
    /// A value.
    Known(T),
    /// No value.
    #[default]
    Null,
    /// Known only after apply.
    Unknown,
}

impl<T> Attr<T> {
    /// The value, where it is known and not null.
    pub fn known(&self) -> Option<&T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Null | Attr::Unknown => None,
        }
    }

    /// Takes the value out, where it is known and not null.
    pub fn into_known(self) -> Option<T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Null | Attr::Unknown => None,
        }
    }

    /// Whether the value is not known yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Attr::Unknown)
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Attr::Null)
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Attr::Null, Attr::Known)
    }
}
