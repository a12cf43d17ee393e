// SPDX-License-Identifier: MPL-2.0
//! The conventions, as data. A released convention never changes: its names are those of objects that exist.

use super::error::{NameError, Subject, listed, shown};
use super::row::{self, ROWS, Row};
use super::template::{Template, Variable};

/// A versioned rule set that turns a coordinate into names.
#[derive(Debug)]
pub(super) struct Convention {
    /// The name, with its version.
    pub(super) name: &'static str,
    /// Whether the one production env elides.
    pub(super) elides: bool,
    /// The envs where none is declared; the flag is for production.
    pub(super) envs: &'static [(&'static str, bool)],
    /// How each row is written.
    templates: &'static [(Row, &'static str)],
}

/// Every convention. To add one is to add an entry and its golden file.
const CONVENTIONS: &[Convention] = &[ELIDED_V1, SUFFIXED_V1, UNDERSCORED_V1];

/// Arcodange's: the production env has no suffix, so that names older than the second env stay as they are.
const ELIDED_V1: Convention = Convention {
    name: "elided-v1",
    elides: true,
    envs: &[("prod", true), ("staging", false), ("sandbox", false), ("dev", false)],
    templates: &[
        (row::INSTANCE, "{app}[-{env}]"),
        (row::SERVICES, "{app}-{env}-{service}"),
        (row::DATABASE, "{app}[-{env}]"),
        (row::OWNER_ROLE, "{app}[_{env}]_role"),
        (row::NAMESPACE, "{instance}"),
        (row::SERVICE_ACCOUNT, "{instance}"),
        (row::ARGOCD_APPLICATION, "{instance}"),
        (row::KUBERNETES_ROLE, "{instance}"),
        (row::VAULT_DATABASE_ROLE, "{instance}"),
        (row::RUNTIME_POLICY, "{instance}"),
        (row::OPS_POLICY, "{app}-ops"),
        (row::OWN_OPS_POLICY, "{app}-{env}-ops"),
        (row::CI_ROLE, "gitea_cicd_{app}"),
        (row::KV_PATH, "{instance}/config"),
        (row::DNS_HOST, "{instance}.{domain}"),
        (row::REPOSITORY, "{organization}/{app}"),
        (row::VALUES_FILE, "values[-{env}].yaml"),
        (row::STATE_PREFIX, "{app}/{env:main}"),
        (row::APP_DIR, "{root}/{app}/{env}"),
        (row::SECRETS_DIR, "{root}/{app}/secrets/{env}"),
        (row::PARAMETER_PATH, "/{app}/{env}"),
        (row::IAM_ROLE, "{app}-{env}-role"),
        (row::LOG_GROUPS, "/aws/lambda/{app}-{env}-{service}"),
    ],
};

/// Smartstack's: every name holds its env, with dashes.
const SUFFIXED_V1: Convention = Convention {
    name: "suffixed-v1",
    elides: false,
    envs: &[("prod", true), ("staging", false), ("sandbox", false), ("dev", false)],
    templates: &[
        (row::INSTANCE, "{app}-{env}"),
        (row::SERVICES, "{app}-{env}-{service}"),
        (row::DATABASE, "{app}-{env}-db"),
        (row::OWNER_ROLE, "{app}-{env}-role"),
        (row::NAMESPACE, "{instance}"),
        (row::SERVICE_ACCOUNT, "{instance}"),
        (row::ARGOCD_APPLICATION, "{instance}"),
        (row::KUBERNETES_ROLE, "{instance}"),
        (row::VAULT_DATABASE_ROLE, "{instance}"),
        (row::RUNTIME_POLICY, "{instance}"),
        (row::OPS_POLICY, "{app}-ops"),
        (row::OWN_OPS_POLICY, "{app}-{env}-ops"),
        (row::CI_ROLE, "cicd_{app}"),
        (row::KV_PATH, "{instance}/config"),
        (row::DNS_HOST, "{instance}.{domain}"),
        (row::REPOSITORY, "{organization}/{app}"),
        (row::VALUES_FILE, "values-{env}.yaml"),
        (row::STATE_PREFIX, "{app}/{env}"),
        (row::APP_DIR, "{root}/{app}/{env}"),
        (row::SECRETS_DIR, "{root}/{app}/secrets/{env}"),
        (row::PARAMETER_PATH, "/{app}/{env}"),
        (row::IAM_ROLE, "{app}-{env}-role"),
        (row::LOG_GROUPS, "/aws/lambda/{app}-{env}-{service}"),
    ],
};

/// Karmyq's: databases with an underscore before the env, and one owner role for all envs of an app.
const UNDERSCORED_V1: Convention = Convention {
    name: "underscored-v1",
    elides: false,
    envs: &[("production", true), ("staging", false), ("dev", false)],
    templates: &[
        (row::INSTANCE, "{app}-{env}"),
        (row::SERVICES, "{app}-{env}-{service}"),
        (row::DATABASE, "{app}_{env}"),
        (row::OWNER_ROLE, "{app}_user"),
        (row::NAMESPACE, "{instance}"),
        (row::SERVICE_ACCOUNT, "{instance}"),
        (row::ARGOCD_APPLICATION, "{instance}"),
        (row::KUBERNETES_ROLE, "{instance}"),
        (row::VAULT_DATABASE_ROLE, "{instance}"),
        (row::RUNTIME_POLICY, "{instance}"),
        (row::OPS_POLICY, "{app}-ops"),
        (row::OWN_OPS_POLICY, "{app}-{env}-ops"),
        (row::CI_ROLE, "cicd_{app}"),
        (row::KV_PATH, "{instance}/config"),
        (row::DNS_HOST, "{instance}.{domain}"),
        (row::REPOSITORY, "{organization}/{app}"),
        (row::VALUES_FILE, "values-{env}.yaml"),
        (row::STATE_PREFIX, "{app}/{env}"),
        (row::APP_DIR, "{root}/{app}/{env}"),
        (row::SECRETS_DIR, "{root}/{app}/secrets/{env}"),
        (row::PARAMETER_PATH, "/{app}/{env}"),
        (row::IAM_ROLE, "{app}-{env}-role"),
        (row::LOG_GROUPS, "/aws/lambda/{app}-{env}-{service}"),
    ],
};

/// The convention of that name; the error lists those there are.
pub(super) fn find(name: &str) -> Result<&'static Convention, NameError> {
    CONVENTIONS.iter().find(|convention| convention.name == name).ok_or_else(|| {
        NameError::new(
            Subject::Convention,
            format!("There is no convention {}", shown(name)),
            format!(
                "Names are made by a convention, and one that is unknown makes none. Known here: {}. Set convention \
                 to one of them, or use a release of the provider that knows it.",
                listed(CONVENTIONS.iter().map(|convention| convention.name))
            ),
        )
    })
}

// === impl Convention ===

impl PartialEq for Convention {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Convention {}

impl Convention {
    /// Reads every template; all errors are collected.
    pub(super) fn templates(&self) -> Result<Vec<(&'static str, Template)>, Vec<NameError>> {
        let mut errors = Vec::new();
        let mut templates = Vec::new();
        for row in &ROWS {
            match self.templates.iter().find(|(known, _)| known.key == row.key) {
                None => errors.push(NameError::new(
                    Subject::Template(row.key.to_owned()),
                    format!("Convention {} has no template of {}", self.name, row.key),
                    "This is a defect of the provider: please report it.",
                )),
                Some((_, source)) => match read(row, source) {
                    Ok(template) => templates.push((row.key, template)),
                    Err(error) => errors.push(error),
                },
            }
        }
        if errors.is_empty() { Ok(templates) } else { Err(errors) }
    }
}

/// Reads the template of a row; a variable that the row cannot have is an error.
pub(super) fn read(row: &Row, source: &str) -> Result<Template, NameError> {
    let template = Template::parse(row.key, source)?;
    let stray = if template.uses(Variable::Service) && !row.per_service {
        Some((Variable::Service, "there is one for each service only of services and log_groups"))
    } else if template.uses(Variable::Instance) && row.key == row::INSTANCE.key {
        Some((Variable::Instance, "the instance cannot be made of itself"))
    } else if template.uses(Variable::StatePrefix) {
        Some((Variable::StatePrefix, "only `state.prefix` can"))
    } else {
        None
    };
    match stray {
        None => Ok(template),
        Some((variable, why)) => Err(NameError::new(
            Subject::Template(row.key.to_owned()),
            format!("Template of {} cannot hold {{{}}}", row.key, variable.as_str()),
            format!("{}: {why}. Write it with other variables.", shown(source)),
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CONVENTIONS, ROWS, read, row};

    #[test]
    fn every_convention_writes_every_row_once_in_order() {
        for convention in CONVENTIONS {
            let keys: Vec<_> = convention.templates.iter().map(|(row, _)| row.key).collect();
            assert_eq!(keys, ROWS.map(|row| row.key), "{}", convention.name);
            let templates = convention.templates().unwrap();
            assert_eq!(templates.len(), ROWS.len());
        }
        let names: BTreeSet<_> = CONVENTIONS.iter().map(|convention| convention.name).collect();
        assert_eq!(names.len(), CONVENTIONS.len());
    }

    #[test]
    fn refuses_a_variable_that_the_row_cannot_have() {
        for (row, source, summary) in [
            (row::DATABASE, "{app}-{service}", "Template of database cannot hold {service}"),
            (row::KV_PATH, "{app}[-{service}]", "Template of kv_path cannot hold {service}"),
            (row::INSTANCE, "{instance}-x", "Template of instance cannot hold {instance}"),
        ] {
            assert_eq!(read(&row, source).unwrap_err().summary, summary);
        }
        read(&row::LOG_GROUPS, "/{instance}/{service}").unwrap();
    }
}
