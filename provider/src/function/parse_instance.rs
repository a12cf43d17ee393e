// SPDX-License-Identifier: MPL-2.0
//! `parse_instance(name, envs)`: from the name of an instance back to its coordinate.

use serde::Serialize;
use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::{Type, Value};

use super::asking::{malformed, parameter, refused};
use super::options;
use crate::naming::{Subject, parse_instance};

const NAME: usize = 0;
const ENVS: usize = 1;

/// The function `parse_instance`.
pub struct ParseInstance;

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parsed {
    /// The app.
    pub app: String,
    /// The env.
    pub env: String,
}

impl Function for ParseInstance {
    type Arguments = (String, Value);
    type Output = Parsed;
    const NAME: &'static str = "parse_instance";

    fn signature() -> Signature {
        Signature {
            parameters: vec![
                parameter("name", Type::String, false, "The name, such as `erp-sandbox`."),
                parameter(
                    "envs",
                    Type::Dynamic,
                    true,
                    "The environments, as in `environments` of the options of `names`; or those options as a whole, \
                     of which `convention`, `elided` and `environments` count; or null.",
                ),
            ],
            variadic: None,
            returns: Type::object([("app", Type::String), ("env", Type::String)]),
            summary: "App and env of an instance's name".to_owned(),
            description: "Answers the one app and env whose instance has this name: the inverse of `instance`. A \
                          name that is none of an instance is an error."
                .to_owned(),
        }
    }

    fn call(&self, (name, envs): Self::Arguments) -> Result<Parsed, ArgumentError> {
        let declaration =
            options::read_declaration(&envs).map_err(|faults| malformed(ENVS, &faults))?;
        let environments = declaration.environments().map_err(|errors| refused(&errors, place))?;
        let coordinate = parse_instance(&name, &environments)
            .map_err(|error| ArgumentError { index: Some(NAME), ..refused(&[error], place) })?;
        Ok(Parsed { app: coordinate.app().to_owned(), env: coordinate.env().to_owned() })
    }
}

fn place(subject: &Subject) -> (Option<usize>, Option<String>) {
    (Some(ENVS), options::place(subject))
}
