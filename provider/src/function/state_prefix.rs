// SPDX-License-Identifier: MPL-2.0
//! `state_prefix(app, env, options)`: where the state of an instance belongs.

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Type;

use super::asking::{self, Asked};

/// The function `state_prefix`.
pub struct StatePrefix;

impl Function for StatePrefix {
    type Arguments = Asked;
    type Output = String;
    const NAME: &'static str = "state_prefix";

    fn signature() -> Signature {
        Signature {
            parameters: asking::parameters(),
            variadic: None,
            returns: Type::String,
            summary: "Where the state of an instance belongs".to_owned(),
            description: "Answers what the address of the state backend ends in for an app in an env, such as \
                          `erp/sandbox`. What `names` refuses is refused here too."
                .to_owned(),
        }
    }

    fn call(&self, asked: Asked) -> Result<String, ArgumentError> {
        Ok(asking::names(&asked)?.state_prefix)
    }
}
