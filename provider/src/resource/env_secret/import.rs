// SPDX-License-Identifier: MPL-2.0
//! Import: from an id to the stub of a state. The value does not enter it.

use std::collections::BTreeMap;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::ImportTarget;
use tfplugin::value::Attr;

use super::held::Held;
use super::model::Model;
use crate::configured::Configured;
use crate::naming::{ROWS, row, shown};
use crate::settings::names::NamesModel;

/// The stub of the secret that is imported; the read that follows fills it in.
pub fn import(
    configured: &Configured,
    cx: &mut Context,
    target: ImportTarget,
) -> Result<Model, Errors> {
    let ImportTarget::Id(id) = target else {
        return Err(Errors::one(
            "A secret has no identity",
            "It is imported by its id, `app/env/KEY`.",
        ));
    };
    let model = read(&id).ok_or_else(|| {
        Errors::one(
            "Not the id of a secret",
            format!(
                "{} was given to import; the id of a secret is `app/env/KEY`, such as `erp/sandbox/DB_PASSWORD`. Behind a \
                 `?` can stand `store=`, `file=`, `parameter_name=` and names of the `names` block: \
                 `erp/prod/DB_PASSWORD?store=ssm&parameter_name=db-password`.",
                shown(&id)
            ),
        )
    })?;
    model.named().map_err(super::report::not_known)?.site(configured)?;
    Held { import: Some(configured.world.random_id()), ..Held::default() }.store(&mut cx.private);
    Ok(model)
}

fn read(id: &str) -> Option<Model> {
    let (path, query) = id.split_once('?').unwrap_or((id, ""));
    let [app, env, key] = path.split('/').collect::<Vec<_>>().try_into().ok()?;
    crate::dotenv::key::check(key).ok()?;
    let known = |text: &str| Attr::Known(text.to_owned());
    let mut model = Model { app: known(app), env: known(env), key: known(key), ..Model::default() };
    let mut names = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        match name {
            "store" => model.store = known(value),
            "file" => model.file = known(value),
            "parameter_name" => model.parameter_name = known(value),
            _ if ROWS.iter().any(|row| row.key == name && row.key != row::INSTANCE.key) => {
                names.insert(name.to_owned(), value.to_owned());
            }
            _ => return None,
        }
    }
    model.names = NamesModel::of(&names);
    Some(model)
}
