//! Numbers, exact.

/// A number as decimal text, normalised, so that equal numbers are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(String);
