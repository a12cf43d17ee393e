// SPDX-License-Identifier: MPL-2.0
//! Import: from an id or an identity to the stub of a state. Writes nothing.

use std::collections::BTreeMap;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::ImportTarget;
use tfplugin::value::{Attr, Value};

use super::held::Held;
use super::model::Model;
use super::wish;
use crate::configured::Configured;
use crate::naming::{Overrides, ROWS, row, shown};
use crate::settings::names::NamesModel;

/// What an id names.
struct Named {
    app: String,
    env: String,
    names: BTreeMap<String, String>,
}

/// The identity of a state: its coordinate.
pub fn identity(state: &Model) -> Option<Value> {
    let (app, env) = (state.app.known()?, state.env.known()?);
    Some(Value::Map(BTreeMap::from([
        ("app".to_owned(), app.as_str().into()),
        ("env".to_owned(), env.as_str().into()),
    ])))
}

/// The stub of the instance that is imported; the read that follows fills it in.
pub fn import(
    configured: &Configured,
    cx: &mut Context,
    target: ImportTarget,
) -> Result<Model, Errors> {
    let Named { app, env, names } = match target {
        ImportTarget::Id(id) => read(&id)?,
        ImportTarget::Identity(identity) => of_identity(&identity)?,
    };
    let settings = &configured.settings;
    let coordinate =
        settings.environments.coordinate(&app, &env).map_err(|found| wish::at_resource(&found))?;
    Overrides::new(&settings.templates, &names).map_err(|found| wish::at_names(&found))?;
    // Names alone are registered nowhere, so there is nothing to adopt.
    let names_only = settings.facets().is_empty();
    let id = Some(configured.world.random_id());
    let (holder, import) = if names_only { (id, None) } else { (None, id) };
    Held { holder, import, ..Held::default() }.store(&mut cx.private);
    Ok(Model {
        app: Attr::Known(coordinate.app().to_owned()),
        env: Attr::Known(coordinate.env().to_owned()),
        names: NamesModel::of(&names),
        ..Model::default()
    })
}

/// Reads `app/env` and `app/env?database=karmyq_prod&owner_role=karmyq_prod`.
fn read(id: &str) -> Result<Named, Errors> {
    let (coordinate, query) = match id.split_once('?') {
        Some((coordinate, query)) => (coordinate, Some(query)),
        None => (id, None),
    };
    let wrong = || {
        Errors::one(
            "Not the id of an instance",
            format!(
                "{} was given to import; the id of an instance is `app/env`, such as `erp/sandbox`, and where it has \
                 names of its own `app/env?database=…&owner_role=…`.",
                shown(id)
            ),
        )
    };
    let (app, env) = coordinate.split_once('/').ok_or_else(wrong)?;
    let mut names = BTreeMap::new();
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        let (key, name) = pair.split_once('=').ok_or_else(wrong)?;
        if !ROWS.iter().any(|row| row.key == key && row.key != row::INSTANCE.key) {
            return Err(unknown(id, key));
        }
        if names.insert(key.to_owned(), name.to_owned()).is_some() {
            return Err(Errors::one(
                format!("{} stands twice in the id", shown(key)),
                format!(
                    "{} was given to import, and which of the two names counts cannot be told. Keep one of them.",
                    shown(id)
                ),
            ));
        }
    }
    Ok(Named { app: app.to_owned(), env: env.to_owned(), names })
}

fn unknown(id: &str, key: &str) -> Errors {
    let written = ROWS.iter().filter(|row| row.key != row::INSTANCE.key && !row.per_service);
    let keys: Vec<_> = written.map(|row| row.key).collect();
    Errors::one(
        format!("{} is no name that an id can give", shown(key)),
        format!(
            "{} was given to import; behind the `?` stand names of the `names` block: {}.",
            shown(id),
            keys.join(", ")
        ),
    )
}

fn of_identity(identity: &Value) -> Result<Named, Errors> {
    let text = |key: &str| match identity {
        Value::Map(fields) => match fields.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    match (text("app"), text("env")) {
        (Some(app), Some(env)) => Ok(Named { app, env, names: BTreeMap::new() }),
        _ => Err(Errors::one(
            "Not the identity of an instance",
            "The identity of an instance is its `app` and its `env`, both known.",
        )),
    }
}
