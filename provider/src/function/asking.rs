// SPDX-License-Identifier: MPL-2.0
//! What the functions from a coordinate to its names have in common.

use tfplugin::function::{ArgumentError, Parameter};
use tfplugin::value::{Path, Type, Value};

use super::options::{self, Fault, Reader};
use crate::inquiry::Answer;
use crate::naming::{NameError, Names, Subject};

/// `app`, `env` and `options`, as they come.
pub type Asked = (String, Option<String>, Value);

const APP: usize = 0;
const ENV: usize = 1;
const OPTIONS: usize = 2;

/// The parameters `app`, `env` and `options`.
pub fn parameters() -> Vec<Parameter> {
    vec![
        parameter("app", Type::String, false, "The application, in kebab-case, such as `erp`."),
        parameter(
            "env",
            Type::String,
            true,
            "The environment, a declared one. Null: the one production environment, where the convention leaves it \
             out of names.",
        ),
        parameter(
            "options",
            Type::Dynamic,
            true,
            "What the provider block would say: an object of `convention`, `elided`, `environments`, `organization`, \
             `domain`, `root`, `services` and `names`, or null.",
        ),
    ]
}

/// One parameter; where a part of it is unknown, the CLI answers unknown by itself.
pub fn parameter(name: &str, ty: Type, allow_null: bool, description: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        ty,
        description: description.to_owned(),
        allow_null,
        allow_unknown: false,
    }
}

/// Every name of the instance that is asked for.
pub fn names((app, env, options): &Asked) -> Result<Names, ArgumentError> {
    let question = options::read(options).map_err(|faults| malformed(OPTIONS, &faults))?;
    question.names(app, env.as_deref()).map_err(|errors| refused(&errors, place))
}

/// The instance that is asked for, and what the options have for one function alone, below `key`.
pub fn with<T>(
    (app, env, options): &Asked,
    key: &str,
    read: impl FnOnce(&mut Reader, &Value, &Path) -> T,
) -> Result<(Answer, T), ArgumentError> {
    let (question, own) =
        options::read_with(options, key, read).map_err(|faults| malformed(OPTIONS, &faults))?;
    let answer = question.answer(app, env.as_deref()).map_err(|errors| refused(&errors, place))?;
    Ok((answer, own))
}

/// An argument of the wrong form.
pub fn malformed(index: usize, faults: &[Fault]) -> ArgumentError {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    ArgumentError { index: Some(index), message: lines.join("\n") }
}

/// What naming refuses, at the first argument that is at fault. `place` tells argument and place within it.
pub fn refused(
    errors: &[NameError],
    place: fn(&Subject) -> (Option<usize>, Option<String>),
) -> ArgumentError {
    let line = |error: &NameError| {
        let (_, within) = place(&error.subject);
        let within = within.map(|within| format!("{within}: ")).unwrap_or_default();
        // Naming speaks of environment blocks, as most users write them.
        let here = match error.subject {
            Subject::Env | Subject::Environment(_) => {
                " A function reads no provider block: here the envs are `environments` of the options."
            }
            _ => "",
        };
        format!("{within}{}. {}{here}", error.summary, error.detail)
    };
    ArgumentError {
        index: errors.first().and_then(|error| place(&error.subject).0),
        message: errors.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

/// The argument of `app`, `env` and `options` that a refusal is about. A composed name is no one argument's fault.
fn place(subject: &Subject) -> (Option<usize>, Option<String>) {
    match subject {
        Subject::App => (Some(APP), None),
        Subject::Env => (Some(ENV), None),
        Subject::Name(_) => (None, None),
        other => (Some(OPTIONS), options::place(other)),
    }
}
