// SPDX-License-Identifier: MPL-2.0
//! What tells of the conventions by hand: sentences of the schema, the table of the provider's page, and a refusal.

use appenv::naming::{Environments, Names, Subject, parse_instance};
use appenv::provider::Appenv;
use tfplugin::provider::Provider;

use super::super::{conventions, derive, inputs, set};

const PAGE: &str = include_str!("../../pages/index.md");

/// A convention with its own envs.
fn environments(convention: &str) -> Environments {
    Environments::new(convention, None, Vec::new()).unwrap()
}

/// What is quoted as code.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_sentence_of_the_convention_lists_them_all() {
    let told = Appenv::schema().block.attributes["convention"].description.clone();
    for convention in conventions() {
        assert!(told.contains(&format!("`{convention}`")), "without {convention}: {told}");
    }
}

/// Default envs that are not those of `elided-v1` are told with the convention that has them.
#[test]
fn the_default_environments_of_each_convention_are_told() {
    let told = Appenv::schema().block.blocks["environment"].block.description.clone();
    let listed = |convention: &str| {
        let envs = environments(convention);
        let envs = envs.declared().iter().map(|env| {
            format!("`{}`{}", env.name, if env.production { ", a production one" } else { "" })
        });
        envs.collect::<Vec<_>>().join(", ")
    };
    let default = listed("elided-v1");
    assert!(told.contains(&format!("the default ({default};")), "not {default}: {told}");
    for convention in conventions() {
        let envs = listed(&convention);
        if envs != default {
            let envs = format!("under `{convention}` {envs}");
            let whole = [";", ")"].iter().any(|end| told.contains(&format!("{envs}{end}")));
            assert!(whole, "without {envs}: {told}");
        }
    }
}

/// The name of each line of the table.
fn name(names: &Names, line: &str) -> String {
    match line {
        "instance, and what is named like it" => &names.instance,
        "database" => &names.database,
        "owner role" => &names.owner_role,
        "state prefix" => &names.state_prefix,
        "CI role, one for all environments" => &names.ci_role,
        "ops policy, one for all environments" => &names.ops_policy,
        "secrets" => &names.kv_path,
        "values file" => &names.values_file,
        "service `api`" => &names.services["api"],
        other => panic!("of which name is the line {other}?"),
    }
    .clone()
}

/// The first line names instances, and the others are theirs.
#[test]
fn the_table_of_the_page_has_the_names_of_each_convention() {
    let (_, table) = PAGE.split_once("\n## Conventions\n\n").unwrap();
    let mut lines = table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| -> Vec<&str> { line.trim_matches('|').split('|').map(str::trim).collect() });
    let head = lines.next().unwrap().join(" ");
    let columns = quoted(&head);
    assert_eq!(columns, conventions(), "columns of provider/pages/index.md");
    let lines: Vec<_> = lines.skip(1).collect();
    assert_eq!(lines.len(), 9);
    for (index, convention) in columns.into_iter().enumerate() {
        let environments = environments(convention);
        let instances: Vec<Names> = quoted(lines[0][index + 1])
            .into_iter()
            .map(|instance| {
                let coordinate = parse_instance(instance, &environments).unwrap();
                derive(&environments, coordinate.app(), coordinate.env(), &["api"]).unwrap()
            })
            .collect();
        assert!(!instances.is_empty(), "{convention}");
        for line in &lines {
            let mut names: Vec<_> = instances.iter().map(|names| name(names, line[0])).collect();
            names.dedup();
            assert_eq!(quoted(line[index + 1]), names, "{convention}: {}", line[0]);
        }
    }
}

/// The name that is told is the one that the service would have.
#[test]
fn a_refused_service_is_told_by_the_name_that_its_convention_makes() {
    for convention in conventions() {
        let environments = Environments::lenient(&convention, None, Vec::new()).unwrap();
        let [env, service, ..] = environments.declared() else { panic!("{convention}") };
        let coordinate = environments.coordinate("erp", &env.name).unwrap();
        let services = set(&[&service.name]);
        let names = Names::derive(&environments, &coordinate, &services, &inputs()).unwrap();
        let told = environments.doubts(&coordinate, &services);
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(told.subject, Subject::Service(service.name.clone()));
        let name = format!("\"{}\"", names.services[&service.name]);
        assert!(told.detail.contains(&name), "{convention}: not {name}: {}", told.detail);
    }
}
