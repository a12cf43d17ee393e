// SPDX-License-Identifier: MPL-2.0
//! What the gates guard: `gates.production`, and `allow`, `promote_from`, `soak` and `evidence` of each env.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::Known;
use super::model::{EnvironmentModel, Model};
use super::signed;
use crate::gate::{EnvPolicy, Evidence, Mode, Operation, Policy, Promotion};
use crate::naming::{Environments, shown};
use crate::plan::duration;
use crate::world::World;

/// What is written of one env.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    allow: Option<BTreeSet<Operation>>,
    promote_from: Option<String>,
    soak: Option<String>,
    evidence: Option<String>,
}

/// What is written of each env, once it is known.
pub(super) fn written(model: &Model, need: &mut Known<'_>) -> BTreeMap<String, Written> {
    let mut written = BTreeMap::new();
    for (index, environment) in model.environment.iter().enumerate() {
        let Some(name) = environment.name.known().cloned() else { continue };
        let of = Written {
            allow: allow(environment, index, need),
            promote_from: need.text(&environment.promote_from, at(index, "promote_from")),
            soak: need.text(&environment.soak, at(index, "soak")),
            evidence: need.text(&environment.evidence, at(index, "evidence")),
        };
        written.insert(name, of);
    }
    written
}

fn at(index: usize, name: &str) -> Path {
    Path::attribute("environment").index(index).field(name)
}

/// Operations that are allowed; `None`: nothing is said.
fn allow(
    environment: &EnvironmentModel,
    index: usize,
    need: &mut Known<'_>,
) -> Option<BTreeSet<Operation>> {
    let written = need.known(&environment.allow, at(index, "allow"))?;
    let mut operations = BTreeSet::new();
    for text in &written {
        let Some(text) = need.text(text, at(index, "allow")) else { continue };
        match Operation::parse(&text) {
            Some(operation) => {
                operations.insert(operation);
            }
            None => need.errors.push(no_operation(&text).at(at(index, "allow"))),
        }
    }
    Some(operations)
}

fn no_operation(text: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{} is no operation", shown(text)),
        format!(
            "`allow` lists operations that need no approval in this environment: {}.",
            Operation::ALL.map(Operation::name).join(", ")
        ),
    )
}

/// The mode of the production gate.
pub(super) fn mode(written: Option<&str>) -> Result<Mode, Diagnostic> {
    let Some(text) = written else { return Ok(Mode::default()) };
    Mode::parse(text).ok_or_else(|| {
        Diagnostic::error(
            format!("`gates.production` cannot be {}", shown(text)),
            "`gates.production` must be `noop`, `review` or `open`.",
        )
        .at(mode_at())
    })
}

/// Where the mode is written.
pub(super) fn mode_at() -> Path {
    Path::attribute("gates").field("production")
}

/// Judges what is known before the provider is configured.
pub(super) fn validate(model: &Model, errors: &mut Errors) {
    let gates = model.gates.as_ref().and_then(|gates| gates.production.known());
    let mut found: Vec<Diagnostic> = Vec::new();
    found.extend(mode(gates.map(String::as_str)).err());
    for (index, environment) in model.environment.iter().enumerate() {
        for text in environment.allow.known().into_iter().flatten().filter_map(Attr::known) {
            if Operation::parse(text).is_none() {
                found.push(no_operation(text).at(at(index, "allow")));
            }
        }
        let text = |value: &Attr<String>| value.known().cloned();
        let (from, soak) = (text(&environment.promote_from), text(&environment.soak));
        if let Some(soak) = &soak {
            found.extend(seconds(soak, index).err());
        }
        if environment.promote_from.is_null() {
            for (name, given) in [
                ("soak", !environment.soak.is_null()),
                ("evidence", !environment.evidence.is_null()),
            ] {
                found.extend(given.then(|| alone(name, index)));
            }
        }
        let name = text(&environment.name);
        if from.is_some() && from == name {
            found.push(
                Diagnostic::error(
                    format!("Env {} is promoted from itself", shown(&name.unwrap_or_default())),
                    "`promote_from` names another environment: where a version is applied before it comes here.",
                )
                .at(at(index, "promote_from")),
            );
        }
    }
    for error in found {
        errors.push(error);
    }
}

fn alone(name: &str, index: usize) -> Diagnostic {
    Diagnostic::error(
        format!("`{name}` without `promote_from`"),
        format!(
            "`{name}` says more of where versions come from, and `promote_from` names no environment.\n\nNext: add \
             `promote_from`, or leave `{name}` out."
        ),
    )
    .at(at(index, name))
}

fn seconds(text: &str, index: usize) -> Result<u64, Diagnostic> {
    duration::parse(text).map(|duration| duration.as_secs()).ok_or_else(|| {
        Diagnostic::error(
            format!("`soak` cannot be {}", shown(text)),
            "`soak` is a duration such as \"30m\", \"24h\" or \"7d\".",
        )
        .at(at(index, "soak"))
    })
}

/// What the gates guard, and by env the evidence of what was applied in another registry.
pub(super) fn read(
    mode: Mode,
    environments: &Environments,
    written: &BTreeMap<String, Written>,
    keys: BTreeSet<String>,
    world: &World,
    errors: &mut Errors,
) -> (Policy, BTreeMap<String, (String, Evidence)>) {
    let mut evidence = BTreeMap::new();
    let mut envs = BTreeMap::new();
    for (index, declared) in environments.declared().iter().enumerate() {
        let of = written.get(&declared.name).cloned().unwrap_or_default();
        let promotion = of.promote_from.map(|from| Promotion {
            from,
            soak: of
                .soak
                .as_deref()
                .and_then(|soak| seconds(soak, index).map_err(|error| errors.push(error)).ok()),
        });
        if let Some(promotion) = &promotion {
            if environments.get(&promotion.from).is_none() {
                errors.push(
                    Diagnostic::error(
                        format!("Env {} is not declared", shown(&promotion.from)),
                        format!(
                            "Versions come to env {} from there, and it is none of the declared environments.\n\nNext: add an \
                             `environment` block for it.",
                            declared.name
                        ),
                    )
                    .at(at(index, "promote_from")),
                );
            }
            if !declared.production {
                errors.push(
                    Diagnostic::error(
                        format!("Env {} is no production environment", shown(&declared.name)),
                        "`promote_from` guards production environments only.\n\nNext: set `production = true`, or leave \
                         `promote_from` out.",
                    )
                    .at(at(index, "promote_from")),
                );
            }
        }
        if let Some(path) = of.evidence {
            match read_evidence(&path, &keys, world) {
                Ok(found) => drop(evidence.insert(declared.name.clone(), (path, found))),
                Err(error) => errors.push(error.at(at(index, "evidence"))),
            }
        }
        let allow = of.allow.unwrap_or_else(|| BTreeSet::from([Operation::Create]));
        let production = declared.production;
        envs.insert(declared.name.clone(), EnvPolicy { production, allow, promotion });
    }
    let elided = environments.elided().map(str::to_owned);
    (Policy { mode, elided, envs, keys }, evidence)
}

fn read_evidence(
    path: &str,
    keys: &BTreeSet<String>,
    world: &World,
) -> Result<Evidence, Diagnostic> {
    let refused = |why: String| {
        let sign = if keys.is_empty() {
            ""
        } else {
            " Where `approval_keys` are set it is signed with one of them: ssh-keygen -Y sign -n appenv -f KEY FILE."
        };
        Diagnostic::error(
            format!("The evidence {} cannot be used", shown(path)),
            format!(
                "The file was read to see what was applied in the environment that versions come from: {why}. Nothing is \
                 promoted by it.\n\nNext: put back the file that the other side wrote, or ask for a new one.{sign}"
            ),
        )
    };
    let (bytes, _) = signed::read(path, keys, world).map_err(|error| refused(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refused("it is no UTF-8".to_owned()))?;
    Evidence::parse(&text).map_err(refused)
}
