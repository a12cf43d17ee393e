// SPDX-License-Identifier: MPL-2.0
//! Names to the letter, every refusal with its message, and the properties that hold for all declarations.
#![allow(clippy::unwrap_used)]

mod naming {
    mod golden;
    mod grammar;
    mod injective;
    mod limits;
    mod refusals;
    mod told;
    mod waiting;
    mod worked;
}

use std::collections::BTreeSet;

use appenv::naming::{Declared, Environments, Inputs, NameError, Names};

/// A declared env that every app may have.
fn env(name: &str, production: bool) -> Declared {
    Declared { name: name.to_owned(), production, apps: None }
}

/// A declared env that only these apps may have.
fn env_of(name: &str, apps: &[&str]) -> Declared {
    Declared { apps: Some(set(apps)), ..env(name, false) }
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The default envs of elided-v1.
fn defaults() -> Environments {
    Environments::new("elided-v1", None, Vec::new()).unwrap()
}

/// Every convention: the refusal of one that does not exist lists those that do.
fn conventions() -> Vec<String> {
    let refused = Environments::new("none", None, Vec::new()).unwrap_err();
    let text = refused.iter().map(|error| error.detail.as_str()).collect::<String>();
    let (_, listed) = text.split_once("Known here: ").unwrap();
    let listed = listed.split('.').next().unwrap();
    let conventions: Vec<_> = listed.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(conventions.iter().any(|name| name == "elided-v1"), "{listed}");
    conventions
}

fn inputs() -> Inputs {
    Inputs {
        organization: Some("arcodange-org".to_owned()),
        domain: Some("arcodange.lab".to_owned()),
        root: Some("/opt".to_owned()),
    }
}

fn derive(
    environments: &Environments,
    app: &str,
    env: &str,
    services: &[&str],
) -> Result<Names, Vec<NameError>> {
    let coordinate = environments.coordinate(app, env)?;
    Names::derive(environments, &coordinate, &set(services), &inputs())
}
