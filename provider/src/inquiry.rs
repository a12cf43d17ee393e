// SPDX-License-Identifier: MPL-2.0
//! The names of a coordinate, asked without a provider configuration: the question, and its answer. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::naming::{
    Coordinate, Declared, Environments, Inputs, NameError, Names, Overrides, Subject, shown,
};

/// The convention where none is named.
pub const DEFAULT_CONVENTION: &str = "elided-v1";

/// What a coordinate is judged by, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declaration {
    /// The convention; `None`: the default one.
    pub convention: Option<String>,
    /// The env that elides where several are production envs.
    pub elided: Option<String>,
    /// The envs; none: those of the convention.
    pub environments: Vec<Environment>,
}

/// One env, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The env.
    pub name: String,
    /// Whether it is a production env; `None`: as the convention's own env of that name, else not.
    pub production: Option<bool>,
    /// The only apps that may have it; `None`: every app may.
    pub apps: Option<BTreeSet<String>>,
}

/// What is asked besides the coordinate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// What the coordinate is judged by.
    pub declaration: Declaration,
    /// What names are made of besides it.
    pub inputs: Inputs,
    /// Services with names of their own.
    pub services: BTreeSet<String>,
    /// Templates in the place of the convention's, by the key of their name.
    pub templates: BTreeMap<String, String>,
}

/// What there is of an instance without making it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// App and env.
    pub coordinate: Coordinate,
    /// Whether the env is a production one.
    pub production: bool,
    /// Every name.
    pub names: Names,
}

// === impl Declaration ===

impl Declaration {
    /// Judges it. Every problem is reported.
    pub fn environments(&self) -> Result<Environments, Vec<NameError>> {
        let convention = self.convention.as_deref().unwrap_or(DEFAULT_CONVENTION);
        let own = Environments::new(convention, None, Vec::new())?;
        let declared = self.environments.iter().map(|environment| Declared {
            name: environment.name.clone(),
            production: environment
                .production
                .unwrap_or_else(|| own.is_production(&environment.name)),
            apps: environment.apps.clone(),
        });
        Environments::new(convention, self.elided.as_deref(), declared.collect())
    }
}

// === impl Question ===

impl Question {
    /// Every name of the instance; without an env, of the one that [`coordinate`] takes. Every problem is reported.
    pub fn names(&self, app: &str, env: Option<&str>) -> Result<Names, Vec<NameError>> {
        self.answer(app, env).map(|answer| answer.names)
    }

    /// The same with the coordinate and what its env is.
    pub fn answer(&self, app: &str, env: Option<&str>) -> Result<Answer, Vec<NameError>> {
        let overrides = Overrides::new(&self.templates, &BTreeMap::new());
        let environments = match (self.declaration.environments(), &overrides) {
            (Ok(environments), _) => environments,
            (Err(mut errors), overrides) => {
                errors.extend(overrides.as_ref().err().cloned().unwrap_or_default());
                return Err(errors);
            }
        };
        let coordinate = coordinate(&environments, app, env)?;
        let names = Names::derive_with(
            &environments,
            &coordinate,
            &self.services,
            &self.inputs,
            &overrides?,
        )?;
        let production = environments.is_production(coordinate.env());
        Ok(Answer { coordinate, production, names })
    }
}

/// The coordinate of an app in an env, or in the one production env where the convention leaves it out.
pub fn coordinate(
    environments: &Environments,
    app: &str,
    env: Option<&str>,
) -> Result<Coordinate, Vec<NameError>> {
    match env.or_else(|| environments.default_env()) {
        Some(env) => environments.coordinate(app, env),
        None => Err(vec![no_env(environments)]),
    }
}

/// An env that is left out where nothing can stand for it.
fn no_env(environments: &Environments) -> NameError {
    let of = |wanted: fn(&Declared) -> bool| -> Vec<String> {
        let declared = environments.declared().iter();
        declared.filter(|declared| wanted(declared)).map(|declared| shown(&declared.name)).collect()
    };
    let production = of(|declared| declared.production);
    let why = match production.as_slice() {
        [] => "no declared env is a production env".to_owned(),
        [_] => format!("under {} every name holds its env", environments.convention()),
        several => format!("{} are all production envs", several.join(", ")),
    };
    NameError {
        subject: Subject::Env,
        summary: "The env is missing".to_owned(),
        detail: format!(
            "It is left out, and nothing can stand for it: {why}. Give a declared env: {}.",
            of(|_| true).join(", ")
        ),
    }
}
