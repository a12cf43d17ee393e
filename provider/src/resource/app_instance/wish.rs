// SPDX-License-Identifier: MPL-2.0
//! From the model and the settings to the [`Spec`], wholly known.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::directories;
use super::model::{Model, ResolvedNames};
use super::wanted::Wanted;
use crate::naming::{
    Coordinate, Declared, NameError, Names, Overrides, Subject, parse_instance, row, shown,
};
use crate::plan::Spec;
use crate::settings::names::NamesModel;
use crate::settings::{NamingGate, Settings, Target, names};
pub use crate::wish::spec_named;

/// The coordinate that a model names; `env` by default the one that elides.
pub fn coordinate(model: &Model, settings: &Settings) -> Result<Coordinate, Errors> {
    let mut errors = Errors::new();
    let mut need = |value: &Attr<String>, name: &str| {
        if value.is_unknown() {
            errors.push(not_known(name));
        }
        value.known().cloned()
    };
    let app = need(&model.app, "app");
    let env = need(&model.env, "env");
    errors.into_result()?;
    let Some(env) = env.or_else(|| settings.environments.default_env().map(str::to_owned)) else {
        return Err(no_env(settings));
    };
    settings
        .environments
        .coordinate(app.as_deref().unwrap_or_default(), &env)
        .map_err(|found| at_resource(&found))
}

/// An `env` that is left out where nothing can stand for it.
fn no_env(settings: &Settings) -> Errors {
    let environments = &settings.environments;
    let of = |wanted: fn(&Declared) -> bool| {
        let names = environments.declared().iter().filter(|declared| wanted(declared));
        names.map(|declared| format!("\"{}\"", declared.name)).collect::<Vec<_>>()
    };
    let production = of(|declared| declared.production);
    let why = match production.as_slice() {
        [] => "no declared environment is a production one".to_owned(),
        [_] => format!("under {} every name holds its env", environments.convention()),
        several => format!("{} are all production environments", several.join(", ")),
    };
    Errors::at(
        Path::attribute("env"),
        "`env` is missing",
        format!(
            "`env` is left out, and nothing can stand for it: {why}. Set `env` to a declared environment: {}.",
            of(|_| true).join(", ")
        ),
    )
}

/// Every name of an instance; the keys of those that are written and not known yet are `waiting`.
fn names(
    coordinate: &Coordinate,
    wanted: &Wanted,
    waiting: &[&str],
    settings: &Settings,
) -> Result<Names, Errors> {
    let overrides = Overrides::new(&settings.templates, &wanted.names)
        .map_err(|found| at_names(&found))?
        .waiting_for(waiting.iter().copied());
    let names = Names::derive_with(
        &settings.environments,
        coordinate,
        &wanted.services,
        &settings.inputs,
        &overrides,
    )
    .map_err(|found| at_resource(&found))?;
    not_our_own(&names, wanted, waiting, settings)?;
    directories::not_our_own(&names, coordinate, wanted, waiting, settings)?;
    not_anothers(coordinate, wanted, settings)?;
    Ok(names)
}

/// Refuses the logins and the database that the provider itself works with.
fn not_our_own(
    names: &Names,
    wanted: &Wanted,
    waiting: &[&str],
    settings: &Settings,
) -> Result<(), Errors> {
    let mut errors = Errors::new();
    let mut refuse = |key: &str, name: &str, whose: &str| {
        if waiting.contains(&key) {
            return;
        }
        let place =
            if wanted.names.contains_key(key) { names::at(key) } else { Path::attribute("app") };
        errors.push(
            Diagnostic::error(
                format!("{key} {} is {whose}", shown(name)),
                format!(
                    "The instance would own, change and in the end drop it. Nothing was changed.\n\nNext: give the \
                     instance another name: names {{ {key} = \"…\" }}, or another `app`."
                ),
            )
            .at(place),
        );
    };
    if let Target::Known(postgres) = &settings.postgres {
        if names.owner_role == postgres.user {
            refuse("owner_role", &names.owner_role, "the provider's own login");
        }
        if names.database == postgres.database {
            refuse(
                "database",
                &names.database,
                "the maintenance database, which keeps the registry",
            );
        }
    }
    let login = settings.layout.as_ref().and_then(|layout| layout.database_login.as_ref());
    if login == Some(&names.owner_role) {
        refuse("owner_role", &names.owner_role, "the login of Vault's database connection");
    }
    errors.into_result()
}

/// Refuses the path that the convention gives another instance's secrets: it may come later, and nothing would stand
/// there to tell.
fn not_anothers(
    coordinate: &Coordinate,
    wanted: &Wanted,
    settings: &Settings,
) -> Result<(), Errors> {
    let path =
        wanted.names.get(row::KV_PATH.key).filter(|_| settings.naming == NamingGate::Enforce);
    let named = path.and_then(|path| path.strip_suffix("/config"));
    let other = named.and_then(|name| parse_instance(name, &settings.environments).ok());
    let (Some(path), Some(other)) = (path, other.filter(|other| other != coordinate)) else {
        return Ok(());
    };
    Err(Errors::at(
        names::at(row::KV_PATH.key),
        format!("kv_path {} is that of {}/{}", shown(path), other.app(), other.env()),
        "The convention gives that path to another instance, whose secrets this one's policies would read and write. \
         Nothing was changed.\n\nNext: choose another path, or leave `kv_path` out. If no such instance is to be, gates { naming = \"warn\" } \
         lets the registry alone decide."
            .to_owned(),
    ))
}

/// What is to be, in the given facets.
pub fn spec(
    coordinate: &Coordinate,
    wanted: &Wanted,
    settings: &Settings,
    facets: &[&str],
) -> Result<Spec, Errors> {
    waiting_spec(coordinate, wanted, &[], settings, facets)
}

/// The same as far as the inputs are known, in every configured facet.
pub fn known(
    coordinate: &Coordinate,
    planned: &Model,
    settings: &Settings,
) -> Result<Spec, Errors> {
    let (wanted, _) = Wanted::read_known(planned);
    let entries = planned.names.as_ref().map(NamesModel::entries);
    let waiting: Vec<&str> = entries
        .into_iter()
        .flatten()
        .filter_map(|(key, name)| name.is_unknown().then_some(key))
        .collect();
    waiting_spec(coordinate, &wanted, &waiting, settings, &settings.facets())
}

fn waiting_spec(
    coordinate: &Coordinate,
    wanted: &Wanted,
    waiting: &[&str],
    settings: &Settings,
    facets: &[&str],
) -> Result<Spec, Errors> {
    let names = names(coordinate, wanted, waiting, settings)?;
    let production = settings.environments.is_production(coordinate.env());
    Ok(spec_named(coordinate, names, production, wanted, settings, facets))
}

/// The names as the state has them.
pub fn resolved(names: &Names) -> ResolvedNames {
    let known = |text: &String| Attr::Known(text.clone());
    let map = |map: &BTreeMap<String, String>| {
        Attr::Known(map.iter().map(|(key, name)| (key.clone(), known(name))).collect())
    };
    ResolvedNames {
        instance: known(&names.instance),
        services: map(&names.services),
        database: known(&names.database),
        owner_role: known(&names.owner_role),
        namespace: known(&names.namespace),
        service_account: known(&names.service_account),
        argocd_application: known(&names.argocd_application),
        kubernetes_role: known(&names.kubernetes_role),
        vault_database_role: known(&names.vault_database_role),
        runtime_policy: known(&names.runtime_policy),
        ops_policy: known(&names.ops_policy),
        own_ops_policy: known(&names.own_ops_policy),
        ci_role: known(&names.ci_role),
        kv_path: known(&names.kv_path),
        dns_host: names.dns_host.clone().into(),
        repository: names.repository.clone().into(),
        values_file: known(&names.values_file),
        state_prefix: known(&names.state_prefix),
        app_dir: names.app_dir.clone().into(),
        secrets_dir: names.secrets_dir.clone().into(),
        parameter_path: known(&names.parameter_path),
        iam_role: known(&names.iam_role),
        log_groups: map(&names.log_groups),
    }
}

/// Attaches the place in the resource to what the naming rules found.
pub fn at_resource(found: &[NameError]) -> Errors {
    let mut errors = Errors::new();
    for error in found {
        let diagnostic = Diagnostic::error(error.summary.clone(), error.detail.clone());
        errors.push(match &error.subject {
            Subject::Env | Subject::Environment(_) => diagnostic.at(Path::attribute("env")),
            Subject::Service(_) => diagnostic.at(Path::attribute("services")),
            _ => diagnostic.at(Path::attribute("app")),
        });
    }
    errors
}

/// Attaches the place in the `names` block.
pub fn at_names(found: &[NameError]) -> Errors {
    let mut errors = Errors::new();
    for error in found {
        let diagnostic = Diagnostic::error(error.summary.clone(), error.detail.clone());
        errors.push(match &error.subject {
            Subject::Name(key) => diagnostic.at(names::at(key)),
            Subject::Template(key) => diagnostic.at(names::at(key)),
            _ => diagnostic.at(Path::attribute("names")),
        });
    }
    errors
}

fn not_known(name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("`{name}` is not known yet"),
        format!(
            "Every name of the instance is derived from `app` and `env`, so both must be known at plan, but \
             `{name}` comes from something that is only known after apply. Write it as a literal or a variable, \
             or apply what it comes from first (`-target`)."
        ),
    )
    .at(Path::attribute(name))
}
