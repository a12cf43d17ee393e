// SPDX-License-Identifier: MPL-2.0
//! What the author of a provider function writes: pure, and called on a provider that is not configured.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::value::Type;

/// One parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, an identifier.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// One sentence, markdown.
    pub description: String,
    /// Whether null is passed on; refused otherwise.
    pub allow_null: bool,
    /// Whether unknown is passed on; otherwise the CLI answers unknown by itself.
    pub allow_unknown: bool,
}

/// The face of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The parameter that takes what is left over.
    pub variadic: Option<Parameter>,
    /// What it returns.
    pub returns: Type,
    /// One line.
    pub summary: String,
    /// Markdown.
    pub description: String,
}

/// Why a function failed, and which argument is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// The argument, counted from zero; `None` where no single one is at fault.
    pub index: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A provider function. Same arguments, same answer: the CLI checks it.
pub trait Function: Send + Sync + 'static {
    /// The arguments in order, as a tuple or a tuple struct of two and more; a variadic one comes last, as a `Vec`.
    ///
    /// One argument alone is the tuple `(T,)`, since serde takes a struct of one field for the field itself; none
    /// are `()`.
    type Arguments: DeserializeOwned;
    /// The answer.
    type Output: Serialize;

    /// The name.
    const NAME: &'static str;

    /// The face.
    fn signature() -> Signature;

    /// Answers.
    fn call(&self, arguments: Self::Arguments) -> Result<Self::Output, ArgumentError>;
}
