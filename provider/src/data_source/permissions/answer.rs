// SPDX-License-Identifier: MPL-2.0
//! The texts, from the provider configuration and what the data source says of its use.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::at_instance;
use super::model::{Model, RightsModel};
use crate::inquiry;
use crate::naming::{NameError, Names, Overrides};
use crate::permission::{Run, Uses, aws, host, pattern, sql, vault};
use crate::plan::vault::OpsScope;
use crate::settings::{Settings, Target};

/// Names in PostgreSQL are cut at this many bytes (manual, "Identifiers and Key Words").
const LONGEST: usize = 63;

/// Names that the rights are for.
enum Asked {
    /// Those of any app, one set a declared env.
    Any(Vec<Names>),
    /// App and names of each instance.
    These(Vec<(String, Names)>),
}

/// Whether PostgreSQL takes it as a name, whole.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.contains(char::is_control)
}

/// The word of the configuration.
pub(super) fn ops_scope(word: &str) -> Option<OpsScope> {
    match word {
        "instances" => Some(OpsScope::Instances),
        "family" => Some(OpsScope::Family),
        "own" => Some(OpsScope::Own),
        _ => None,
    }
}

/// The rights of a plan, and of an apply.
pub(super) fn rights(
    settings: &Settings,
    config: &Model,
) -> Result<(RightsModel, RightsModel), Errors> {
    let asked = asked(settings, config)?;
    let uses = uses(settings, config);
    let database = database(settings, config)?;
    let text =
        |value: &Attr<String>, or: &str| value.known().cloned().unwrap_or_else(|| or.to_owned());
    let plan_login = text(&config.plan_login, "appenv_plan");
    let apply_login = text(&config.apply_login, "appenv_apply");
    let of = |run: Run| RightsModel {
        vault_policy: vault_layout(settings)
            .map(|layout| vault::policy(&layout, &asked.scope(), uses, run))
            .into(),
        sql: database
            .as_ref()
            .map(|database| {
                let name = if run == Run::Plan { &plan_login } else { &apply_login };
                let login = sql::Login {
                    name: name.clone(),
                    database: database.clone(),
                    applies: apply_login.clone(),
                };
                sql::script(&login, uses, run)
            })
            .into(),
        aws_policy: asked.aws(settings).map(|layout| aws::policy(&layout, uses, run)).into(),
        host: asked.host(settings).map(|layout| host::rights(&layout, uses, run)).into(),
    };
    Ok((of(Run::Plan), of(Run::Apply)))
}

fn uses(settings: &Settings, config: &Model) -> Uses {
    let or = |value: &Attr<bool>, default| value.known().copied().unwrap_or(default);
    let scope = config.ops_scope.known().and_then(|scope| ops_scope(scope));
    Uses {
        secrets: or(&config.secrets, true),
        renames: or(&config.renames, false),
        credentials: or(&config.credentials, false),
        force_disconnect: or(&config.force_disconnect, false),
        promotion: settings.policy.envs.values().any(|env| env.promotion.is_some()),
        ops_scope: scope.unwrap_or(OpsScope::Instances),
    }
}

/// What the names are: of those instances, or of any.
fn asked(settings: &Settings, config: &Model) -> Result<Asked, Errors> {
    let environments = &settings.environments;
    let located = |found: Vec<NameError>, index: Option<usize>| {
        let mut errors = Errors::new();
        for error in found {
            errors.push(match index {
                Some(index) => at_instance(&error, index),
                None => Diagnostic::error(error.summary, error.detail),
            });
        }
        errors
    };
    let overrides = Overrides::new(&settings.templates, &BTreeMap::new())
        .map_err(|found| located(found, None))?;
    // What an instance was called before is known to no configuration.
    let renames = config.renames.known().copied().unwrap_or(false);
    let Some(instances) = config.instances.known().filter(|_| !renames) else {
        let names = pattern::instances(environments, &settings.inputs, &overrides)
            .map_err(|found| located(found, None))?;
        return Ok(Asked::Any(names));
    };
    let mut these = Vec::new();
    for (index, instance) in instances.iter().enumerate() {
        let Some(instance) = instance.known() else { continue };
        let app = instance.app.known().map(String::as_str).unwrap_or_default();
        let env = instance.env.known().map(String::as_str);
        let names = inquiry::coordinate(environments, app, env).and_then(|coordinate| {
            let services = BTreeSet::default();
            Names::derive_with(environments, &coordinate, &services, &settings.inputs, &overrides)
        });
        these.push((app.to_owned(), names.map_err(|found| located(found, Some(index)))?));
    }
    Ok(Asked::These(these))
}

/// The database of the registry; `None` where there is no PostgreSQL.
fn database(settings: &Settings, config: &Model) -> Result<Option<String>, Errors> {
    match (&settings.postgres, config.database.known()) {
        (Target::Off, _) => Ok(None),
        (_, Some(given)) => Ok(Some(given.clone())),
        (Target::Known(postgres), None) => Ok(Some(postgres.database.clone())),
        (Target::Unknown, None) => Err(Errors::from(
            Diagnostic::error(
                "The database of the registry is not known yet",
                "The provider's `postgres` block is made of values that are known only after apply, and the grants are in \
                 its database.\n\nNext: set `database` here, or apply what the block is made of first.",
            )
            .at(Path::attribute("database")),
        )),
    }
}

fn vault_layout(settings: &Settings) -> Option<vault::Layout> {
    let layout = settings.layout.as_ref()?;
    Some(vault::Layout {
        kv_mount: layout.kv_mount.clone(),
        database: settings
            .postgres
            .is_configured()
            .then(|| (layout.database_mount.clone(), layout.database_connection.clone())),
        kubernetes: layout.kubernetes.clone(),
        ci: layout.ci.as_ref().map(|ci| ci.mount.clone()),
    })
}

// === impl Asked ===

impl Asked {
    fn scope(&self) -> vault::Scope {
        match self {
            Self::Any(names) => vault::Scope::Any {
                kv_paths: names.iter().map(|names| pattern::segments(&names.kv_path)).collect(),
            },
            Self::These(these) => vault::Scope::These(these.clone()),
        }
    }

    /// A name of each, `*` for any app in it; those that are not configured are left out.
    fn each<'a, C: FromIterator<String>>(
        &'a self,
        name: impl Fn(&'a Names) -> Option<&'a str>,
    ) -> C {
        match self {
            Self::Any(all) => all.iter().filter_map(name).map(pattern::glob).collect(),
            Self::These(these) => {
                these.iter().filter_map(|(_, names)| name(names)).map(str::to_owned).collect()
            }
        }
    }

    fn aws(&self, settings: &Settings) -> Option<aws::Layout> {
        let known = match &settings.aws {
            Target::Off => return None,
            Target::Unknown => None,
            Target::Known(known) => Some(known),
        };
        Some(aws::Layout {
            region: known.and_then(|known| known.region.clone()),
            account: known.and_then(|known| known.expected_account.clone()),
            kms_key: known.and_then(|known| known.kms_key.clone()),
            paths: self.each(|names| Some(names.parameter_path.as_str())),
        })
    }

    fn host(&self, settings: &Settings) -> Option<host::Layout> {
        let known = settings.host.as_ref()?;
        let expanded = |dirs: Vec<String>| dirs.iter().map(|dir| known.expand(dir)).collect();
        Some(host::Layout {
            root: known.root.clone(),
            app_dirs: expanded(self.each(|names| names.app_dir.as_deref())),
            secrets_dirs: expanded(self.each(|names| names.secrets_dir.as_deref())),
        })
    }
}
