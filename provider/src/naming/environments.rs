// SPDX-License-Identifier: MPL-2.0
//! The convention and the declared envs: what a coordinate is judged by.

use std::collections::BTreeSet;

use super::ambiguity;
use super::convention::{self, Convention};
use super::coordinate::Coordinate;
use super::error::{NameError, Subject, listed, shown};
use super::grammar::{check_app, check_env, check_env_as};
use super::row;
use super::template::{Template, Values, Variable};

/// One declared env.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The env.
    pub name: String,
    /// Whether the gates guard it.
    pub production: bool,
    /// The only apps that may have it; `None`: every app may.
    pub apps: Option<BTreeSet<String>>,
}

/// The convention and the declared envs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environments {
    convention: &'static Convention,
    elided: Option<String>,
    declared: Vec<Declared>,
    templates: Vec<(&'static str, Template)>,
    /// Where names could meet although the declaration is accepted: only of a lenient one.
    doubts: Option<Vec<NameError>>,
}

// === impl Declared ===

impl Declared {
    /// Whether the app may have it.
    pub(super) fn is_open_to(&self, app: &str) -> bool {
        self.apps.as_ref().is_none_or(|apps| apps.contains(app))
    }
}

// === impl Environments ===

impl Environments {
    /// Judges a declaration; with no env declared the convention's own are taken. `elided` names the env that
    /// elides where more than one is a production env. Every problem is reported, not only the first.
    pub fn new(
        convention: &str,
        elided: Option<&str>,
        declared: Vec<Declared>,
    ) -> Result<Self, Vec<NameError>> {
        Self::judge(convention, elided, declared, true)
    }

    /// As [`new`](Self::new), but what could be read as another coordinate is accepted, and told by
    /// [`doubts`](Self::doubts). Two instances that do meet are then kept apart by the registries alone.
    pub fn lenient(
        convention: &str,
        elided: Option<&str>,
        declared: Vec<Declared>,
    ) -> Result<Self, Vec<NameError>> {
        Self::judge(convention, elided, declared, false)
    }

    fn judge(
        convention: &str,
        elided: Option<&str>,
        declared: Vec<Declared>,
        strict: bool,
    ) -> Result<Self, Vec<NameError>> {
        let mut errors = Vec::new();
        judge_each(&declared, &mut errors);
        let between = ambiguity::between_envs(&declared);
        let doubts = if strict {
            errors.extend(between);
            None
        } else {
            Some(between)
        };
        let convention = match convention::find(convention) {
            Ok(convention) => convention,
            Err(error) => {
                errors.insert(0, error);
                return Err(errors);
            }
        };
        let declared = if declared.is_empty() { defaults(convention) } else { declared };
        let elided = elision(convention, elided, &declared).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let templates = convention.templates().unwrap_or_else(|more| {
            errors.extend(more);
            Vec::new()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { convention, elided, declared, templates, doubts })
    }

    /// Judges a coordinate: the grammar, whether the env is declared and open to the app, and whether the app can be
    /// told from an instance of another. Every problem is reported.
    pub fn coordinate(&self, app: &str, env: &str) -> Result<Coordinate, Vec<NameError>> {
        let mut errors = Vec::new();
        match check_app(app) {
            Err(error) => errors.push(error),
            Ok(()) if self.is_lenient() => {}
            Ok(()) => errors.extend(ambiguity::of_app(self, app)),
        }
        match check_env(env) {
            Err(error) => errors.push(error),
            Ok(()) => errors.extend(self.undeclared(app, env)),
        }
        if errors.is_empty() { Ok(Coordinate::judged(app, env)) } else { Err(errors) }
    }

    /// What a strict declaration would refuse of a coordinate and its services; nothing of what it accepts.
    pub fn doubts(&self, coordinate: &Coordinate, services: &BTreeSet<String>) -> Vec<NameError> {
        let Some(between) = &self.doubts else { return Vec::new() };
        let services = services.iter();
        between
            .iter()
            .cloned()
            .chain(ambiguity::of_app(self, coordinate.app()))
            .chain(services.filter_map(|service| ambiguity::of_service(self, coordinate, service)))
            .collect()
    }

    /// Whether what could be read as another coordinate is accepted.
    pub(super) fn is_lenient(&self) -> bool {
        self.doubts.is_some()
    }

    /// The owner role that all envs of the app have, where the convention makes one for all.
    pub fn shared_owner_role(&self, app: &str) -> Option<String> {
        let template = self.template(row::OWNER_ROLE.key)?;
        let has_env = template.uses(Variable::Env) || template.uses(Variable::Instance);
        (!has_env).then(|| template.render(&Values::of_app(app))).flatten()
    }

    /// The env of a coordinate that names none: the production env, where there is one and the convention elides.
    pub fn default_env(&self) -> Option<&str> {
        let mut production = self.declared.iter().filter(|declared| declared.production);
        match (self.convention.elides, production.next(), production.next()) {
            (true, Some(only), None) => Some(&only.name),
            _ => None,
        }
    }

    /// Whether the env is declared a production env.
    pub fn is_production(&self, env: &str) -> bool {
        self.get(env).is_some_and(|declared| declared.production)
    }

    /// The env that elides.
    pub fn elided(&self) -> Option<&str> {
        self.elided.as_deref()
    }

    /// The convention's name.
    pub fn convention(&self) -> &'static str {
        self.convention.name
    }

    /// The declared envs, in the order of their declaration.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The declared env of that name.
    pub fn get(&self, env: &str) -> Option<&Declared> {
        self.declared.iter().find(|declared| declared.name == env)
    }

    /// How the convention writes the name with that key.
    pub fn template(&self, key: &str) -> Option<&Template> {
        self.templates.iter().find(|(known, _)| *known == key).map(|(_, template)| template)
    }

    /// Why the env is none that the app can have.
    fn undeclared(&self, app: &str, env: &str) -> Option<NameError> {
        let Some(declared) = self.get(env) else {
            return Some(NameError::new(
                Subject::Env,
                format!("Env {} is not declared", shown(env)),
                format!(
                    "An instance is made only in an env that the provider configuration declares; declared are {}. \
                     Use one of them, or add an environment block with name = {}.",
                    listed(self.declared.iter().map(|declared| declared.name.as_str())),
                    shown(env)
                ),
            ));
        };
        if declared.is_open_to(app) {
            return None;
        }
        let apps = declared.apps.iter().flatten().map(String::as_str);
        Some(NameError::new(
            Subject::Env,
            format!("Env {} is not open to app {}", shown(env), shown(app)),
            format!(
                "The environment block of {} lists the apps that may have it: {}. Use another env, or add the app to \
                 its apps.",
                shown(env),
                listed(apps)
            ),
        ))
    }
}

/// Judges each declaration by itself, and that no name is given twice.
fn judge_each(declared: &[Declared], errors: &mut Vec<NameError>) {
    let mut names = BTreeSet::new();
    for Declared { name, apps, .. } in declared {
        let subject = || Subject::Environment(name.clone());
        if let Err(error) = check_env_as(subject(), name) {
            errors.push(error);
        }
        if !names.insert(name) {
            errors.push(NameError::new(
                subject(),
                format!("Env {} is declared twice", shown(name)),
                "Which of the two environment blocks counts cannot be told. Keep one of them.",
            ));
        }
        for app in apps.iter().flatten() {
            if let Err(error) = check_app(app) {
                errors.push(NameError {
                    subject: subject(),
                    summary: format!("Apps of env {}: {}", shown(name), error.summary),
                    detail: error.detail,
                });
            }
        }
    }
}

/// The envs of a convention where none is declared.
fn defaults(convention: &Convention) -> Vec<Declared> {
    let envs = convention.envs.iter();
    envs.map(|(name, production)| Declared {
        name: (*name).to_owned(),
        production: *production,
        apps: None,
    })
    .collect()
}

/// Which env elides.
fn elision(
    convention: &Convention,
    chosen: Option<&str>,
    declared: &[Declared],
) -> Result<Option<String>, NameError> {
    let production: BTreeSet<&str> = declared
        .iter()
        .filter(|declared| declared.production)
        .map(|declared| declared.name.as_str())
        .collect();
    let refuse =
        |summary: String, detail: String| Err(NameError::new(Subject::Elided, summary, detail));
    match chosen {
        Some(env) if !convention.elides => refuse(
            format!("No env elides under {}", convention.name),
            format!(
                "Every name of {} holds its env. Remove elided = {}.",
                convention.name,
                shown(env)
            ),
        ),
        Some(env) if production.contains(env) => Ok(Some(env.to_owned())),
        Some(env) => refuse(
            format!("Env {} cannot elide", shown(env)),
            format!(
                "Under {} a production env is the one left out of names; production envs are {}. Set elided to one \
                 of them, or remove it.",
                convention.name,
                listed(production)
            ),
        ),
        None if !convention.elides => Ok(None),
        None => match production.len() {
            0 => Ok(None),
            1 => Ok(production.first().map(|env| (*env).to_owned())),
            count => refuse(
                format!("{count} production envs, and one of them elides"),
                format!(
                    "Under {} one production env is left out of names, and it is not for appenv to choose among {}. \
                     Set elided to the one whose instances are named after the app alone.",
                    convention.name,
                    listed(production)
                ),
            ),
        },
    }
}
