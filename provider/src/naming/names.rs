// SPDX-License-Identifier: MPL-2.0
//! Every name of one instance.

use std::collections::{BTreeMap, BTreeSet};

use super::ambiguity;
use super::coordinate::Coordinate;
use super::environments::Environments;
use super::error::{NameError, Subject};
use super::grammar::check_service;
use super::limit::check;
use super::overrides::Overrides;
use super::row::{self, Row, RowValue};
use super::target::{self, Rule};
use super::template::{Template, Values};

/// Every name of one instance. A name whose variable is absent is `None`. [`ROWS`](super::ROWS) says what each is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Names {
    pub instance: String,
    pub services: BTreeMap<String, String>,
    pub database: String,
    pub owner_role: String,
    pub namespace: String,
    pub service_account: String,
    pub argocd_application: String,
    pub kubernetes_role: String,
    pub vault_database_role: String,
    pub runtime_policy: String,
    pub ops_policy: String,
    pub own_ops_policy: String,
    pub ci_role: String,
    pub kv_path: String,
    pub dns_host: Option<String>,
    pub repository: Option<String>,
    pub values_file: String,
    pub state_prefix: String,
    pub app_dir: Option<String>,
    pub secrets_dir: Option<String>,
    pub parameter_path: String,
    pub iam_role: String,
    pub log_groups: BTreeMap<String, String>,
}

/// What names are made of besides the coordinate; all of it may be absent, none of it empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The organization that has the repositories.
    pub organization: Option<String>,
    /// The domain below which hosts are named.
    pub domain: Option<String>,
    /// The root directory of the host: absolute, or begins with `~/`.
    pub root: Option<String>,
}

/// Collects the names of one instance, and what is wrong with them.
struct Deriver<'a> {
    environments: &'a Environments,
    overrides: &'a Overrides,
    values: Values<'a>,
    services: BTreeSet<&'a str>,
    errors: Vec<NameError>,
}

// === impl Names ===

impl Names {
    /// Makes every name of an instance by the convention. Every problem is reported: services, inputs, and each name
    /// that its target does not allow.
    pub fn derive(
        environments: &Environments,
        coordinate: &Coordinate,
        services: &BTreeSet<String>,
        inputs: &Inputs,
    ) -> Result<Self, Vec<NameError>> {
        Self::derive_with(environments, coordinate, services, inputs, &Overrides::default())
    }

    /// As [`derive`](Self::derive), with what is overridden in the place of the convention's names.
    pub fn derive_with(
        environments: &Environments,
        coordinate: &Coordinate,
        services: &BTreeSet<String>,
        inputs: &Inputs,
        overrides: &Overrides,
    ) -> Result<Self, Vec<NameError>> {
        // The coordinate may have been judged by other declarations.
        environments.coordinate(coordinate.app(), coordinate.env())?;
        let mut errors = Vec::new();
        let inputs = [
            ("organization", &inputs.organization, &target::ORGANIZATION),
            ("domain", &inputs.domain, &target::DOMAIN),
            ("root", &inputs.root, &target::ROOT),
        ];
        let [organization, domain, root] =
            inputs.map(|(label, value, rule)| input(label, value.as_deref(), rule, &mut errors));
        let accepted = |service: &&str| {
            let refusal = check_service(service).err().or_else(|| {
                if environments.is_lenient() {
                    return None;
                }
                ambiguity::of_service(environments, coordinate, service)
            });
            let accepted = refusal.is_none();
            errors.extend(refusal);
            accepted
        };
        let services = services.iter().map(String::as_str).filter(accepted).collect();
        let instance = instance(environments, coordinate);
        let values = Values {
            organization,
            domain,
            root,
            instance: instance.as_deref(),
            ..values(environments, coordinate)
        };
        let mut derive = Deriver { environments, overrides, values, services, errors };
        let names = Self {
            instance: derive.always(&row::INSTANCE),
            services: derive.per_service(&row::SERVICES),
            database: derive.always(&row::DATABASE),
            owner_role: derive.always(&row::OWNER_ROLE),
            namespace: derive.always(&row::NAMESPACE),
            service_account: derive.always(&row::SERVICE_ACCOUNT),
            argocd_application: derive.always(&row::ARGOCD_APPLICATION),
            kubernetes_role: derive.always(&row::KUBERNETES_ROLE),
            vault_database_role: derive.always(&row::VAULT_DATABASE_ROLE),
            runtime_policy: derive.always(&row::RUNTIME_POLICY),
            ops_policy: derive.always(&row::OPS_POLICY),
            own_ops_policy: derive.always(&row::OWN_OPS_POLICY),
            ci_role: derive.always(&row::CI_ROLE),
            kv_path: derive.always(&row::KV_PATH),
            dns_host: derive.one(&row::DNS_HOST),
            repository: derive.one(&row::REPOSITORY),
            values_file: derive.always(&row::VALUES_FILE),
            state_prefix: derive.always(&row::STATE_PREFIX),
            app_dir: derive.one(&row::APP_DIR),
            secrets_dir: derive.one(&row::SECRETS_DIR),
            parameter_path: derive.always(&row::PARAMETER_PATH),
            iam_role: derive.always(&row::IAM_ROLE),
            log_groups: derive.per_service(&row::LOG_GROUPS),
        };
        if derive.errors.is_empty() { Ok(names) } else { Err(derive.errors) }
    }

    /// Key and value of every name, in the order of [`ROWS`](super::ROWS).
    pub fn rows(&self) -> Vec<(&'static str, RowValue<'_>)> {
        fn one(name: &str) -> RowValue<'_> {
            RowValue::One(Some(name))
        }
        fn may(name: Option<&String>) -> RowValue<'_> {
            RowValue::One(name.map(String::as_str))
        }
        vec![
            (row::INSTANCE.key, one(&self.instance)),
            (row::SERVICES.key, RowValue::PerService(&self.services)),
            (row::DATABASE.key, one(&self.database)),
            (row::OWNER_ROLE.key, one(&self.owner_role)),
            (row::NAMESPACE.key, one(&self.namespace)),
            (row::SERVICE_ACCOUNT.key, one(&self.service_account)),
            (row::ARGOCD_APPLICATION.key, one(&self.argocd_application)),
            (row::KUBERNETES_ROLE.key, one(&self.kubernetes_role)),
            (row::VAULT_DATABASE_ROLE.key, one(&self.vault_database_role)),
            (row::RUNTIME_POLICY.key, one(&self.runtime_policy)),
            (row::OPS_POLICY.key, one(&self.ops_policy)),
            (row::OWN_OPS_POLICY.key, one(&self.own_ops_policy)),
            (row::CI_ROLE.key, one(&self.ci_role)),
            (row::KV_PATH.key, one(&self.kv_path)),
            (row::DNS_HOST.key, may(self.dns_host.as_ref())),
            (row::REPOSITORY.key, may(self.repository.as_ref())),
            (row::VALUES_FILE.key, one(&self.values_file)),
            (row::STATE_PREFIX.key, one(&self.state_prefix)),
            (row::APP_DIR.key, may(self.app_dir.as_ref())),
            (row::SECRETS_DIR.key, may(self.secrets_dir.as_ref())),
            (row::PARAMETER_PATH.key, one(&self.parameter_path)),
            (row::IAM_ROLE.key, one(&self.iam_role)),
            (row::LOG_GROUPS.key, RowValue::PerService(&self.log_groups)),
        ]
    }
}

/// The instance's own name; `None` where the convention has no template of it.
pub(super) fn instance(environments: &Environments, coordinate: &Coordinate) -> Option<String> {
    environments.template(row::INSTANCE.key)?.render(&values(environments, coordinate))
}

/// What the coordinate alone gives.
pub(super) fn values<'a>(environments: &Environments, coordinate: &'a Coordinate) -> Values<'a> {
    Values {
        app: coordinate.app(),
        env: coordinate.env(),
        elided: environments.elided() == Some(coordinate.env()),
        service: None,
        organization: None,
        domain: None,
        root: None,
        instance: None,
        state_prefix: None,
    }
}

/// An input that its rule allows; one that it does not allow is reported, and then as if absent.
fn input<'a>(
    label: &'static str,
    value: Option<&'a str>,
    rule: &'static Rule,
    errors: &mut Vec<NameError>,
) -> Option<&'a str> {
    let value = value?;
    let next = format!("Write {label} in that form, or leave it out.");
    match check(rule, Subject::Input(label), label, value, &next) {
        Ok(()) => Some(value),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// What stands in the place of a name that is not known yet: a part of the convention's, of which no name is made, as long
/// as its target allows.
fn stand_in(row: &Row, name: &str) -> String {
    let fits = |part: &String| check(row.rule, Subject::Name(row.key), row.key, part, "").is_ok();
    let parts = || name.char_indices().map(|(end, _)| &name[..end]).rev();
    let absolute = parts().map(|part| format!("/{part}"));
    parts().map(str::to_owned).chain(absolute).find(fits).unwrap_or_else(|| name.to_owned())
}

// === impl Deriver ===

impl<'a> Deriver<'a> {
    /// A name that no input can be absent from.
    fn always(&mut self, row: &Row) -> String {
        self.one(row).unwrap_or_else(|| {
            self.errors.push(NameError::new(
                Subject::Name(row.key),
                format!("{} cannot be made", row.key),
                format!(
                    "Its template holds an input that is absent, and every instance has that name. Set \
                     organization, domain or host.root, whichever it is, or write {} without it.",
                    row.key
                ),
            ));
            String::new()
        })
    }

    /// A name; `None` where a variable of it is absent.
    fn one(&mut self, row: &Row) -> Option<String> {
        if let Some(name) = self.overrides.name(row) {
            return Some(name.to_owned());
        }
        let name = self.template(row).and_then(|template| template.render(&self.values));
        if self.overrides.waits_for(row) {
            let instance = self.values.instance.unwrap_or_default();
            return Some(stand_in(row, name.as_deref().unwrap_or(instance)));
        }
        let name = name?;
        let next = if row.key == row::INSTANCE.key {
            "Choose another app or env."
        } else {
            "Choose a shorter or another app or env."
        };
        if !self.told_of(&name) {
            self.judge(row, Subject::Name(row.key), &name, next);
        }
        Some(name)
    }

    /// Whether the name is the instance's own and was refused already: no override can mend the others.
    fn told_of(&self, name: &str) -> bool {
        self.values.instance == Some(name)
            && self.errors.iter().any(|error| error.subject == Subject::Name(row::INSTANCE.key))
    }

    /// A name for each service.
    fn per_service(&mut self, row: &Row) -> BTreeMap<String, String> {
        let Some(template) = self.template(row) else { return BTreeMap::new() };
        let services = self.services.clone();
        let mut names = BTreeMap::new();
        for service in services {
            let values = Values { service: Some(service), ..self.values };
            let Some(name) = template.render(&values) else { continue };
            let next = "Choose a shorter or another service, app or env.";
            self.judge(row, Subject::Service(service.to_owned()), &name, next);
            names.insert(service.to_owned(), name);
        }
        names
    }

    fn template(&self, row: &Row) -> Option<&'a Template> {
        self.overrides.template(row).or_else(|| self.environments.template(row.key))
    }

    fn judge(&mut self, row: &Row, subject: Subject, name: &str, next: &str) {
        if let Err(error) = check(row.rule, subject, row.key, name, next) {
            self.errors.push(error);
        }
    }
}
