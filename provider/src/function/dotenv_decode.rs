// SPDX-License-Identifier: MPL-2.0
//! `dotenv_decode(text)`: the values of a dotenv file.

use std::collections::BTreeMap;

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Type;

use super::asking::parameter;
use crate::dotenv;

/// The function `dotenv_decode`.
pub struct DotenvDecode;

impl Function for DotenvDecode {
    type Arguments = (String,);
    type Output = BTreeMap<String, String>;
    const NAME: &'static str = "dotenv_decode";

    fn signature() -> Signature {
        Signature {
            parameters: vec![parameter(
                "text",
                Type::String,
                false,
                "The file, as `file` reads it; at most 1 MiB.",
            )],
            variadic: None,
            returns: Type::map(Type::String),
            summary: "The values of a dotenv file".to_owned(),
            description: "Answers the values of a dotenv file by key: quotes, `export` and comments are understood, \
                          nothing is expanded, and of a key that stands twice the last counts. What is none is an \
                          error, which names the line and never what stands there."
                .to_owned(),
        }
    }

    fn call(&self, (text,): Self::Arguments) -> Result<Self::Output, ArgumentError> {
        dotenv::decode(&text).map_err(|error| ArgumentError {
            index: Some(0),
            message: format!("This is no dotenv file: {error}. Correct the line."),
        })
    }
}
