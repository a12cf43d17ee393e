// SPDX-License-Identifier: MPL-2.0
//! `names(app, env, options)`: every name of an instance.

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Value;

use super::asking::{self, Asked};
use crate::resolved;

/// The function `names`.
pub struct Names;

impl Function for Names {
    type Arguments = Asked;
    type Output = Value;
    const NAME: &'static str = "names";

    fn signature() -> Signature {
        Signature {
            parameters: asking::parameters(),
            variadic: None,
            returns: resolved::ty(),
            summary: "Every name of an instance".to_owned(),
            description: "Answers an object with every name of an app in an env, the same as `resolved_names` of \
                          the resource. A name whose input (`domain`, `organization`, `root`) is not given is null. \
                          It reads no provider configuration: what that would say is given in `options`."
                .to_owned(),
        }
    }

    fn call(&self, asked: Asked) -> Result<Value, ArgumentError> {
        Ok(resolved::value(&asking::names(&asked)?))
    }
}
