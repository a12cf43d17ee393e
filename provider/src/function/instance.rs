// SPDX-License-Identifier: MPL-2.0
//! `instance(app, env, options)`: the name of an instance.

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Type;

use super::asking::{self, Asked};

/// The function `instance`.
pub struct Instance;

impl Function for Instance {
    type Arguments = Asked;
    type Output = String;
    const NAME: &'static str = "instance";

    fn signature() -> Signature {
        Signature {
            parameters: asking::parameters(),
            variadic: None,
            returns: Type::String,
            summary: "Name of an instance".to_owned(),
            description: "Answers the name of an app in an env, such as `erp-sandbox`. What `names` refuses is \
                          refused here too."
                .to_owned(),
        }
    }

    fn call(&self, asked: Asked) -> Result<String, ArgumentError> {
        Ok(asking::names(&asked)?.instance)
    }
}
