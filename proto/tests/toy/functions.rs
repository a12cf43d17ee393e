// SPDX-License-Identifier: MPL-2.0
//! Functions: with a variadic parameter, with a blamed argument, with null, with no parameter.

use serde::Deserialize;
use tfplugin::function::{ArgumentError, Function, Parameter, Signature};
use tfplugin::value::{Attr, Type};

fn parameter(name: &str, ty: Type) -> Parameter {
    Parameter {
        name: name.to_owned(),
        ty,
        description: format!("The {name}."),
        allow_null: false,
        allow_unknown: false,
    }
}

fn signature(
    parameters: Vec<Parameter>,
    variadic: Option<Parameter>,
    returns: Type,
    summary: &str,
) -> Signature {
    let description = format!("{summary}.");
    Signature { parameters, variadic, returns, summary: summary.to_owned(), description }
}

/// `join(separator, parts...)`.
pub struct Join;

#[derive(Deserialize)]
pub struct JoinArguments(String, Vec<String>);

impl Function for Join {
    type Arguments = JoinArguments;
    type Output = String;
    const NAME: &'static str = "join";

    fn signature() -> Signature {
        let separator = parameter("separator", Type::String);
        let parts = parameter("parts", Type::String);
        signature(vec![separator], Some(parts), Type::String, "Joins words")
    }

    fn call(
        &self,
        JoinArguments(separator, parts): JoinArguments,
    ) -> Result<String, ArgumentError> {
        match parts.iter().position(String::is_empty) {
            Some(part) => Err(ArgumentError {
                index: Some(part + 1),
                message: "A part must not be empty.".to_owned(),
            }),
            None => Ok(parts.join(&separator)),
        }
    }
}

/// `half(number)`.
pub struct Half;

impl Function for Half {
    type Arguments = (i64,);
    type Output = i64;
    const NAME: &'static str = "half";

    fn signature() -> Signature {
        signature(vec![parameter("number", Type::Number)], None, Type::Number, "Halves a number")
    }

    fn call(&self, (number,): Self::Arguments) -> Result<i64, ArgumentError> {
        assert_ne!(number, 13, "hunter2");
        if number % 2 == 0 {
            Ok(number / 2)
        } else {
            Err(ArgumentError { index: Some(0), message: format!("{number} is odd.") })
        }
    }
}

/// `kind(value)`: takes what is null or unknown too.
pub struct Kind;

impl Function for Kind {
    type Arguments = (Attr<String>,);
    type Output = String;
    const NAME: &'static str = "kind";

    fn signature() -> Signature {
        let mut value = parameter("value", Type::String);
        (value.allow_null, value.allow_unknown) = (true, true);
        signature(vec![value], None, Type::String, "Tells null, unknown and known apart")
    }

    fn call(&self, (value,): Self::Arguments) -> Result<String, ArgumentError> {
        let kind = match value {
            Attr::Known(_) => "known",
            Attr::Null => "null",
            Attr::Unknown => "unknown",
        };
        Ok(kind.to_owned())
    }
}

/// `forty()`.
pub struct Forty;

impl Function for Forty {
    type Arguments = ();
    type Output = u8;
    const NAME: &'static str = "forty";

    fn signature() -> Signature {
        signature(Vec::new(), None, Type::Number, "Forty")
    }

    fn call(&self, (): ()) -> Result<u8, ArgumentError> {
        Ok(40)
    }
}
