// SPDX-License-Identifier: MPL-2.0
//! Within each target's name space a name has one owner, over all coordinates that a declaration accepts.
//!
//! Words are few, so that every way two names could meet does occur: envs of up to three words, apps and services
//! that spell them, apps narrowed, any env the one that elides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use appenv::naming::{
    Coordinate, Declared, Environments, Names, RowValue, Subject, parse_instance,
};
use proptest::prelude::*;

use super::super::{conventions, env, inputs};

/// Every text of one to `most` of these words.
fn texts(words: &[&str], most: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut last = vec![String::new()];
    for _ in 0..most {
        last = last
            .iter()
            .flat_map(|head| {
                words.iter().map(move |word| {
                    if head.is_empty() { (*word).to_owned() } else { format!("{head}-{word}") }
                })
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// A declaration, with every app and service to try on it.
#[derive(Clone, Debug)]
struct World {
    convention: String,
    apps: Vec<String>,
    services: Vec<String>,
    declared: Vec<Declared>,
}

fn worlds() -> impl Strategy<Value = World> {
    let shapes = prop::sample::select(vec![
        (&["a", "b"][..], 4, 3),
        (&["a", "b", "ops"], 3, 2),
        (&["a", "role", "c2"], 3, 2),
        (&["a", "main", "secrets", "backup"], 2, 1),
    ]);
    shapes.prop_flat_map(|(words, app_words, service_words)| {
        let apps = texts(words, app_words);
        let services = texts(words, service_words);
        let open = prop_oneof![
            2 => Just(None),
            1 => prop::sample::subsequence(apps.clone(), 1..=apps.len().min(8))
                .prop_map(|apps| Some(apps.into_iter().collect::<BTreeSet<_>>())),
        ];
        let envs = prop_oneof![
            prop::sample::select(texts(words, 1)),
            prop::sample::select(texts(words, 3)),
        ];
        let declared = (envs, any::<bool>(), open).prop_map(|(name, production, apps)| Declared {
            name,
            production,
            apps,
        });
        let convention = prop::sample::select(conventions());
        (prop::collection::vec(declared, 1..=4), convention).prop_map(
            move |(declared, convention)| World {
                convention,
                apps: apps.clone(),
                services: services.clone(),
                declared,
            },
        )
    })
}

fn elides(convention: &str) -> bool {
    Environments::new(convention, Some("prod"), vec![env("prod", true)]).is_ok()
}

/// Drops what is refused at declaration, one env after another, so that every world has a declaration.
fn accepted(world: &World) -> Option<Environments> {
    let mut declared: Vec<Declared> = Vec::new();
    let judge = |declared: &[Declared]| {
        let may_elide = elides(&world.convention);
        let elided =
            declared.iter().find(|env| env.production && may_elide).map(|env| env.name.clone());
        Environments::new(&world.convention, elided.as_deref(), declared.to_vec())
    };
    for env in &world.declared {
        declared.push(env.clone());
        if judge(&declared).is_err() {
            declared.pop();
        }
    }
    if declared.is_empty() { None } else { judge(&declared).ok() }
}

/// The names of a coordinate with every service that is accepted.
fn names(
    environments: &Environments,
    coordinate: &Coordinate,
    services: &[String],
) -> Option<Names> {
    let mut services: BTreeSet<String> = services.iter().cloned().collect();
    for _ in 0..2 {
        match Names::derive(environments, coordinate, &services, &inputs()) {
            Ok(names) => return Some(names),
            Err(errors) => {
                for error in errors {
                    let Subject::Service(service) = error.subject else { return None };
                    services.remove(&service);
                }
            }
        }
    }
    panic!("services that were refused alone are accepted together")
}

/// Who has which name, in each name space.
#[derive(Default)]
struct Claims(HashMap<(&'static str, String), String>);

impl Claims {
    fn claim(&mut self, space: &'static str, name: &str, owner: &str) -> Result<(), TestCaseError> {
        let before = self.0.insert((space, name.to_owned()), owner.to_owned());
        match before {
            Some(before) if before != owner => {
                Err(TestCaseError::fail(format!("{space} {name} is of {before} and of {owner}")))
            }
            _ => Ok(()),
        }
    }

    /// Of paths none lies inside another.
    fn not_nested(&self, space: &str) -> Result<(), TestCaseError> {
        let paths: BTreeMap<&str, &str> = self
            .0
            .iter()
            .filter(|((claimed, _), _)| *claimed == space)
            .map(|((_, path), owner)| (path.as_str(), owner.as_str()))
            .collect();
        for (path, owner) in &paths {
            for (at, _) in path.match_indices('/') {
                if let Some(outer) = paths.get(&path[..at]) {
                    let text =
                        format!("{space} {path} of {owner} lies inside {} of {outer}", &path[..at]);
                    return Err(TestCaseError::fail(text));
                }
            }
        }
        Ok(())
    }
}

/// The name space of each key; `None`: of each repository its own, or none.
fn space(key: &str) -> &'static str {
    match key {
        "instance" => "instance",
        "services" => "service",
        "database" => "postgres database",
        "owner_role" => "postgres role",
        "namespace" => "kubernetes namespace",
        "service_account" => "kubernetes service account",
        "argocd_application" => "argo cd application",
        "kubernetes_role" => "vault kubernetes role",
        "vault_database_role" => "vault database role",
        "runtime_policy" | "ops_policy" | "own_ops_policy" => "vault policy",
        "ci_role" => "vault jwt role",
        "kv_path" => "vault kv path",
        "dns_host" => "dns",
        "repository" => "repository",
        "values_file" => "values file",
        "state_prefix" => "state prefix",
        "app_dir" | "secrets_dir" => "directory",
        "parameter_path" => "parameter path",
        "iam_role" => "iam role",
        "log_groups" => "log group",
        other => panic!("no name space known of {other}"),
    }
}

fn claim_all(
    claims: &mut Claims,
    environments: &Environments,
    coordinate: &Coordinate,
    names: &Names,
) -> Result<(), TestCaseError> {
    let (app, env) = (coordinate.app(), coordinate.env());
    for (key, value) in names.rows() {
        match (key, value) {
            ("ops_policy" | "ci_role" | "repository", RowValue::One(Some(name))) => {
                claims.claim(space(key), name, &format!("{key} of {app}"))?;
            }
            ("owner_role", RowValue::One(Some(name)))
                if environments.convention() == "underscored-v1" =>
            {
                claims.claim(space(key), name, &format!("{key} of {app}"))?;
            }
            ("values_file", RowValue::One(Some(name))) => {
                claims.claim(space(key), &format!("{app}:{name}"), &format!("{app}/{env}"))?;
            }
            (_, RowValue::One(Some(name))) => {
                claims.claim(space(key), name, &format!("{key} of {app}/{env}"))?;
            }
            (_, RowValue::One(None)) => {}
            (_, RowValue::PerService(names)) => {
                for (service, name) in names {
                    claims.claim(space(key), name, &format!("{service} of {app}/{env}"))?;
                }
            }
        }
    }
    claims.claim("directory", &format!("/opt/{app}/backup"), &format!("backups of {app}"))
}

const PATHS: [&str; 5] =
    ["vault kv path", "state prefix", "directory", "parameter path", "log group"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_name_has_one_owner_and_parse_inverts(world in worlds()) {
        let Some(environments) = accepted(&world) else { return Ok(()) };
        let mut claims = Claims::default();
        claims.claim("vault kv path", "appenv", "the registry")?;
        claims.claim("parameter path", "/appenv", "the registry")?;
        claims.claim("directory", "/opt/.appenv", "the registry")?;
        for app in &world.apps {
            for declared in environments.declared() {
                let Ok(coordinate) = environments.coordinate(app, &declared.name) else { continue };
                let Some(names) = names(&environments, &coordinate, &world.services) else { continue };
                claim_all(&mut claims, &environments, &coordinate, &names)?;
                prop_assert_eq!(parse_instance(&names.instance, &environments).ok(), Some(coordinate));
            }
        }
        for space in PATHS {
            claims.not_nested(space)?;
        }
    }

    #[test]
    fn what_is_parsed_derives_the_same_name(world in worlds()) {
        let Some(environments) = accepted(&world) else { return Ok(()) };
        for name in &world.apps {
            let Ok(coordinate) = parse_instance(name, &environments) else { continue };
            let names = names(&environments, &coordinate, &[]).unwrap();
            prop_assert_eq!(&names.instance, name);
        }
    }
}

#[test]
fn the_worlds_are_worth_trying() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut coordinates, mut refused, mut services, mut envs) = (0_u32, 0_u32, 0_u32, 0_u32);
    for _ in 0..100 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        let Some(environments) = accepted(&world) else { continue };
        envs += u32::try_from(environments.declared().len()).unwrap();
        for app in &world.apps {
            for declared in environments.declared() {
                match environments.coordinate(app, &declared.name) {
                    Err(_) => refused += 1,
                    Ok(coordinate) => {
                        coordinates += 1;
                        let names = names(&environments, &coordinate, &world.services);
                        services +=
                            u32::try_from(names.map_or(0, |names| names.services.len())).unwrap();
                    }
                }
            }
        }
    }
    let conventions = conventions();
    assert!(
        conventions.iter().any(|name| elides(name)) && conventions.iter().any(|name| !elides(name))
    );
    assert!(
        envs > 100 && coordinates > 1000 && refused > 500 && services > 5000,
        "{envs} envs, {coordinates} coordinates, {refused} refused, {services} services"
    );
}

use proptest::strategy::ValueTree;
