// SPDX-License-Identifier: MPL-2.0
//! The object-safe twin of [`Function`].

use crate::function::{ArgumentError, Function, Signature};
use crate::value::{Path, Step, Value, ValueError, from_value, to_value};

/// A function without its argument types. The methods are those of [`Function`].
pub(in crate::server) trait AnyFunction: Send + Sync {
    fn signature(&self) -> &Signature;
    /// Answers; the arguments are in order, what a variadic parameter takes is one list at the end.
    fn call(&self, arguments: Vec<Value>) -> Result<Value, ArgumentError>;
}

/// A function beside its signature.
pub(in crate::server) struct TypedFunction<F> {
    inner: F,
    signature: Signature,
}

impl<F: Function> TypedFunction<F> {
    /// Takes a function's argument types away.
    pub(in crate::server) fn new(inner: F) -> Self {
        Self { inner, signature: F::signature() }
    }

    /// Says which argument a place in the argument list belongs to.
    fn blame(&self, error: &ValueError) -> ArgumentError {
        let fixed = self.signature.parameters.len();
        let (index, within) = match error.path.0.as_slice() {
            [Step::Index(at), Step::Index(extra), rest @ ..] if *at == fixed => {
                (Some(at + extra), rest)
            }
            [Step::Index(at), rest @ ..] => (Some(*at), rest),
            rest => (None, rest),
        };
        let place = ValueError { path: Path(within.to_vec()), problem: error.problem.clone() };
        ArgumentError { index, message: format!("{place}.") }
    }
}

impl<F: Function> AnyFunction for TypedFunction<F> {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, ArgumentError> {
        let arguments = from_value(Value::List(arguments)).map_err(|error| self.blame(&error))?;
        let output = self.inner.call(arguments)?;
        to_value(&output, &self.signature.returns).map_err(|error| ArgumentError {
            index: None,
            message: format!(
                "Bug in the provider: what {} answered is not of the type it declares: {error}. Please \
                 report it to the provider's developers.",
                F::NAME
            ),
        })
    }
}
