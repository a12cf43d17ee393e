// SPDX-License-Identifier: MPL-2.0
//! `runbook(app, env, options)`: the page of an instance for those who run it, in Markdown.
//!
//! # Layout
//!
//! - `wish`: the key `runbook` of the options. `page`: the sections. `markdown`: texts of others made harmless.

mod markdown;
mod page;
mod wish;

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Type;

use super::asking::{self, Asked};

/// The function `runbook`.
pub struct Runbook;

impl Function for Runbook {
    type Arguments = Asked;
    type Output = String;
    const NAME: &'static str = "runbook";

    fn signature() -> Signature {
        Signature {
            parameters: asking::parameters(),
            variadic: None,
            returns: Type::String,
            summary: "The runbook of an instance".to_owned(),
            description: "Answers a page in Markdown for those who run an instance: server, database, locations, access, \
                          backup, deploy, roll back, issues, alerts, contacts. Names come from the convention, the rest \
                          from the key `runbook` of the options; a section of which nothing is known says what to give."
                .to_owned(),
        }
    }

    fn call(&self, asked: Asked) -> Result<String, ArgumentError> {
        let (answer, wish) = asking::with(&asked, wish::KEY, wish::read)?;
        Ok(page::of(&answer, &wish))
    }
}
