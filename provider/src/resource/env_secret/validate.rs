// SPDX-License-Identifier: MPL-2.0
//! What can be judged of a configuration alone, before the provider is configured.

use std::collections::BTreeMap;

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::model::Model;
use super::recipe;
use crate::dotenv::key;
use crate::naming::{self, Overrides, shown};
use crate::plan::duration;
use crate::store::{PREVIOUS, SecretValue, value};

/// Collects every mistake of form.
pub fn validate(cx: &Context, config: &Model) -> Result<(), Errors> {
    let mut errors = Errors::new();
    let mut wrong = |path: Path, summary: String, detail: String| {
        errors.push(Diagnostic::error(summary, detail).at(path));
    };
    if let Some(text) = config.key.known() {
        if let Err(error) = key::check(text) {
            wrong(
                Path::attribute("key"),
                format!("`key` cannot be {}", shown(text)),
                format!(
                    "{error}. The key is the name of the environment variable that the secret becomes."
                ),
            );
        } else if text.ends_with(PREVIOUS) {
            wrong(
                Path::attribute("key"),
                format!("`key` cannot be {}", shown(text)),
                format!(
                    "Keys that end in {PREVIOUS} are kept for the values before, which `rotation.grace` leaves readable. \
                     Choose another key."
                ),
            );
        }
    }
    if let Some(text) = config.parameter_name.known().filter(|text| text.ends_with(PREVIOUS)) {
        wrong(
            Path::attribute("parameter_name"),
            format!("`parameter_name` cannot be {}", shown(text)),
            format!(
                "Names that end in {PREVIOUS} are kept for the values before, which `rotation.grace` leaves readable. \
                 Choose another name."
            ),
        );
    }
    values(config, &mut wrong);
    rotation(config, &mut wrong);
    if let Some(timeouts) = &config.timeouts {
        for (name, value) in [
            ("create", &timeouts.create),
            ("read", &timeouts.read),
            ("update", &timeouts.update),
            ("delete", &timeouts.delete),
        ] {
            is_duration(value, &Path::attribute("timeouts").field(name), &mut wrong);
        }
    }
    if !cx.write_only_allowed && config.value_wo.known().is_some() {
        wrong(
            Path::attribute("value_wo"),
            "This CLI has no write-only attributes".to_owned(),
            "`value_wo` is never stored, which needs Terraform 1.11 or OpenTofu 1.11 at least. Update the CLI, or let the \
             provider make the value: generate {}."
                .to_owned(),
        );
    }
    for found in [
        config.app.known().and_then(|app| naming::check_app(app).err()).map(|e| ("app", e)),
        config.env.known().and_then(|env| naming::check_env(env).err()).map(|e| ("env", e)),
    ]
    .into_iter()
    .flatten()
    {
        wrong(Path::attribute(found.0), found.1.summary, found.1.detail);
    }
    if let Some(names) = &config.names {
        let (known, _) = names.read();
        let found = Overrides::new(&BTreeMap::new(), &known).err().unwrap_or_default();
        for error in found {
            wrong(Path::attribute("names"), error.summary, error.detail);
        }
    }
    errors.extend(recipe::judge(config.generate.as_ref()).err().unwrap_or_default());
    errors.into_result()
}

fn values(config: &Model, wrong: &mut impl FnMut(Path, String, String)) {
    let (given, made) = (!config.value_wo.is_null(), config.generate.is_some());
    if given && made {
        wrong(
            Path::attribute("generate"),
            "Both `value_wo` and `generate`".to_owned(),
            "The value is either given (`value_wo`) or made (`generate`). Keep one of them."
                .to_owned(),
        );
    }
    if !given && !made {
        wrong(
            Path::attribute("value_wo"),
            "Neither `value_wo` nor `generate`".to_owned(),
            "The secret has no value: give one (`value_wo` with `value_wo_version`), or have one made (`generate {}`)."
                .to_owned(),
        );
    }
    if given && config.value_wo_version.is_null() {
        wrong(
            Path::attribute("value_wo_version"),
            "`value_wo_version` is missing".to_owned(),
            "`value_wo` is stored nowhere, so nothing tells whether it changed: it is written when `value_wo_version` is \
             raised. Set it to 1."
                .to_owned(),
        );
    }
    if !given && !config.value_wo_version.is_null() {
        wrong(
            Path::attribute("value_wo_version"),
            "`value_wo_version` without `value_wo`".to_owned(),
            "There is no value for it to write. Remove it, or add `value_wo`.".to_owned(),
        );
    }
    if config.value_wo_version.known().is_some_and(|version| *version < 1) {
        wrong(
            Path::attribute("value_wo_version"),
            "`value_wo_version` is less than 1".to_owned(),
            "It begins at 1 and is raised for each new value.".to_owned(),
        );
    }
    if let Some(text) = config.value_wo.known() {
        if text.expose().is_empty() {
            wrong(
                Path::attribute("value_wo"),
                "`value_wo` is empty".to_owned(),
                "An empty secret is none. Give a value, or remove the resource.".to_owned(),
            );
        } else if let Err(error) = value::check(&SecretValue::new(text.expose().clone())) {
            wrong(
                Path::attribute("value_wo"),
                error.summary,
                format!("{}\n\nWhy: {}\n\nNext: {}", error.attempted, error.cause, error.next),
            );
        }
    }
}

fn rotation(config: &Model, wrong: &mut impl FnMut(Path, String, String)) {
    let Some(rotation) = &config.rotation else { return };
    let at = |name: &str| Path::attribute("rotation").field(name);
    is_duration(&rotation.every, &at("every"), wrong);
    is_duration(&rotation.grace, &at("grace"), wrong);
    if !rotation.every.is_null() && config.generate.is_none() {
        wrong(
            at("every"),
            "`rotation.every` without `generate`".to_owned(),
            "When the time is over the provider makes another value, and `generate` says how. A value that is given changes \
             when `value_wo_version` is raised; `rotation.grace` alone keeps the one before."
                .to_owned(),
        );
    }
    let seconds = |text: &Attr<String>| text.known().and_then(|text| duration::parse(text));
    if let (Some(every), Some(grace)) = (seconds(&rotation.every), seconds(&rotation.grace))
        && grace >= every
    {
        wrong(
            at("grace"),
            "`rotation.grace` is not shorter than `rotation.every`".to_owned(),
            "There is one value before, so its time must be over when the next one is due."
                .to_owned(),
        );
    }
    if seconds(&rotation.every).is_some_and(|every| every.is_zero()) {
        wrong(
            at("every"),
            "`rotation.every` is zero".to_owned(),
            "Each apply would make another value. Write how long a value lives, such as `30d`."
                .to_owned(),
        );
    }
}

fn is_duration(text: &Attr<String>, path: &Path, wrong: &mut impl FnMut(Path, String, String)) {
    if let Some(text) = text.known()
        && duration::parse(text).is_none()
    {
        wrong(
            path.clone(),
            format!("`{path}` cannot be {}", shown(text)),
            "It must be a time such as `30d`, `12h` or `1h30m`.".to_owned(),
        );
    }
}
