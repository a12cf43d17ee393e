// SPDX-License-Identifier: MPL-2.0
//! `dotenv_encode(values)`: a dotenv file that every reader reads alike.

use std::collections::BTreeMap;

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Type;

use super::asking::parameter;
use crate::dotenv;

/// The function `dotenv_encode`.
pub struct DotenvEncode;

impl Function for DotenvEncode {
    type Arguments = (BTreeMap<String, Option<String>>,);
    type Output = String;
    const NAME: &'static str = "dotenv_encode";

    fn signature() -> Signature {
        Signature {
            parameters: vec![parameter(
                "values",
                Type::map(Type::String),
                false,
                "Values by key; a key is capital letters, digits and underscores, and none that changes how programs run.",
            )],
            variadic: None,
            returns: Type::String,
            summary: "A dotenv file".to_owned(),
            description: "Answers a dotenv file, a line a key, sorted, that POSIX `sh`, Docker Compose and \
                          python-dotenv read back alike. A value for which there is no such line is an error, which \
                          names the key and the reason and never the value."
                .to_owned(),
        }
    }

    fn call(&self, (values,): Self::Arguments) -> Result<String, ArgumentError> {
        let refused = |message: String| ArgumentError { index: Some(0), message };
        let mut known = BTreeMap::new();
        for (key, value) in values {
            let Some(value) = value else {
                let key = key.escape_debug();
                return Err(refused(format!("The value of \"{key}\" is null. Leave the key out.")));
            };
            known.insert(key, value);
        }
        dotenv::render(&known).map_err(|error| {
            let error = error.to_string();
            let (first, rest) = error.split_at(error.chars().next().map_or(0, char::len_utf8));
            refused(format!(
                "{}{rest}. Write it otherwise, such as in base64, or leave the key out.",
                first.to_uppercase()
            ))
        })
    }
}
