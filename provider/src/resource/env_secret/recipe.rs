// SPDX-License-Identifier: MPL-2.0
//! From `generate` to how a value is made.

use tfplugin::diagnostic::Errors;
use tfplugin::value::{Attr, Path};

use super::model::GenerateModel;
use crate::naming::shown;
use crate::plan::generate::{Kind, LENGTH, Recipe, RecipeError};
use crate::store::SecretValue;
use crate::world::World;

/// Judges a block, where all of it is known.
pub fn judge(block: Option<&GenerateModel>) -> Result<(), Errors> {
    match block {
        Some(block) if is_known(block) => read(block).map(drop),
        _ => Ok(()),
    }
}

fn is_known(block: &GenerateModel) -> bool {
    let GenerateModel { kind, length, lower, upper, digits, symbols } = block;
    !(kind.is_unknown()
        || length.is_unknown()
        || lower.is_unknown()
        || upper.is_unknown()
        || digits.is_unknown()
        || symbols.is_unknown())
}

/// The recipe of a block.
fn read(block: &GenerateModel) -> Result<Recipe, Errors> {
    let kind = match block.kind.known() {
        None => Kind::Password,
        Some(text) => Kind::parse(text).ok_or_else(|| {
            wrong("kind", &format!("{} is none of {}", shown(text), Kind::NAMES.join(", ")))
        })?,
    };
    let length = block.length.known().map_or(Ok(LENGTH), |length| usize::try_from(*length));
    let is = |class: &Attr<bool>| class.known().copied().unwrap_or(true);
    let recipe = Recipe {
        kind,
        length: length.unwrap_or(0),
        lower: is(&block.lower),
        upper: is(&block.upper),
        digits: is(&block.digits),
        symbols: block.symbols.known().cloned().unwrap_or_default(),
    };
    let at = |error: RecipeError| {
        let name = match error {
            RecipeError::Symbols => "symbols",
            RecipeError::Classes => "lower",
            RecipeError::Length | RecipeError::Weak => "length",
        };
        wrong(name, &error.to_string())
    };
    recipe.check().map_err(at)?;
    Ok(recipe)
}

fn wrong(name: &str, told: &str) -> Errors {
    Errors::at(
        Path::attribute("generate").field(name),
        format!("`generate.{name}` cannot be used"),
        format!("{told}. No value was made."),
    )
}

/// Makes a value.
pub fn make(block: &GenerateModel, world: &World) -> Result<SecretValue, Errors> {
    let recipe = read(block)?;
    let made = recipe.make(|bytes| world.fill_random(bytes));
    made.map(|text| SecretValue::new(&**text)).ok_or_else(|| {
        Errors::one(
            "No value could be made",
            "The system gave no randomness, so nothing was written.\n\nNext: look at the system's log, and apply again.",
        )
    })
}
