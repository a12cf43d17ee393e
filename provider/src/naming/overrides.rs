// SPDX-License-Identifier: MPL-2.0
//! Names that are written, not made by the convention.

use std::collections::{BTreeMap, BTreeSet};

use super::convention;
use super::error::{NameError, Subject};
use super::limit::{check_name, row_of};
use super::row::{self, Row};
use super::template::{Template, Variable};

/// What the `names` blocks of the provider (templates) and of a resource (names) put in the place of a convention's
/// templates. Those of the resource win.
///
/// That names of different instances stay apart is proven of conventions, not of overrides: two that meet are seen
/// by the registry of their target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    templates: BTreeMap<&'static str, Template>,
    names: BTreeMap<&'static str, String>,
    waiting: BTreeSet<&'static str>,
}

// === impl Overrides ===

impl Overrides {
    /// Judges both blocks, as key to text. A template must hold the app and, unless all envs share the name, the
    /// env; a name must be one that its target allows. Every problem is reported, with
    /// [`Subject::Template`] for the provider's block and [`Subject::Name`] for the resource's.
    pub fn new(
        provider: &BTreeMap<String, String>,
        resource: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<NameError>> {
        let mut errors = Vec::new();
        let mut overrides = Self::default();
        for (key, source) in provider {
            match template(key, source) {
                Ok((key, template)) => {
                    overrides.templates.insert(key, template);
                }
                Err(error) => errors.push(error),
            }
        }
        for (key, name) in resource {
            match literal(key, name) {
                Ok(key) => {
                    overrides.names.insert(key, name.clone());
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(overrides) } else { Err(errors) }
    }

    /// With names that will be written and are not known yet. The convention's own may be what the override is there for:
    /// they are not refused, and a part of them stands in their place, so that none is taken for theirs.
    #[must_use]
    pub fn waiting_for<'a>(mut self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.waiting.extend(keys.into_iter().filter_map(|key| Some(row_of(key).ok()?.key)));
        self
    }

    pub(super) fn waits_for(&self, row: &Row) -> bool {
        self.waiting.contains(row.key)
    }

    pub(super) fn template(&self, row: &Row) -> Option<&Template> {
        self.templates.get(row.key)
    }

    pub(super) fn name(&self, row: &Row) -> Option<&str> {
        self.names.get(row.key).map(String::as_str)
    }
}

/// Judges a template of the provider's block.
fn template(key: &str, source: &str) -> Result<(&'static str, Template), NameError> {
    let row = row_of(key)?;
    let refuse = |summary: String, detail: &str| {
        Err(NameError::new(Subject::Template(row.key.to_owned()), summary, detail))
    };
    let key = row.key;
    not_instance(row, Subject::Template(key.to_owned()))?;
    let template = convention::read(row, source)?;
    let instance = template.uses(Variable::Instance);
    if row.shared && (instance || template.uses(Variable::Env)) {
        return refuse(
            format!("Template of {key} cannot hold the env"),
            "All envs of an app share that name. Write it without {env} and {instance}.",
        );
    }
    // A values file lies in the app's own repository.
    if !(instance || template.uses(Variable::App) || key == row::VALUES_FILE.key) {
        return refuse(
            format!("Template of {key} does not hold the app"),
            "Every app would have the same name. Write {app} or {instance} into it.",
        );
    }
    if !(row.shared || instance || template.uses(Variable::Env)) {
        return refuse(
            format!("Template of {key} does not hold the env"),
            "Every env of an app would have the same name. Write {env} or {instance} into it.",
        );
    }
    if row.per_service && !template.uses(Variable::Service) {
        return refuse(
            format!("Template of {key} does not hold the service"),
            "Every service of an instance would have the same name. Write {service} into it.",
        );
    }
    Ok((key, template))
}

/// Judges a name of the resource's block.
fn literal(key: &str, name: &str) -> Result<&'static str, NameError> {
    let row = row_of(key)?;
    not_instance(row, Subject::Name(row.key))?;
    if row.per_service {
        return Err(NameError::new(
            Subject::Name(row.key),
            format!("{} cannot be one name", row.key),
            format!(
                "There is one for each service. Override {} in the names block of the provider, with {{service}} in it.",
                row.key
            ),
        ));
    }
    check_name(row.key, name)?;
    Ok(row.key)
}

fn not_instance(row: &Row, subject: Subject) -> Result<(), NameError> {
    if row.key != row::INSTANCE.key {
        return Ok(());
    }
    Err(NameError::new(
        subject,
        "The name of an instance cannot be overridden",
        "It is what addresses, import and the registry know the instance by, and what app and env are read from. \
         Override the names of its objects instead.",
    ))
}
