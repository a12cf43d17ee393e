// SPDX-License-Identifier: MPL-2.0
//! Names of a released convention, line by line. A line that is there never changes: the objects of that name exist.
//! New instances and new kinds of names are added as new lines.

use std::fmt::Write;

use appenv::naming::{Environments, RowValue};

use super::super::{conventions, defaults, derive, env};

fn lines(out: &mut String, environments: &Environments, app: &str, env: &str, services: &[&str]) {
    let names = derive(environments, app, env, services).unwrap();
    for (key, value) in names.rows() {
        match value {
            RowValue::One(name) => {
                writeln!(out, "{app} {env} {key} = {}", name.unwrap_or("null")).unwrap();
            }
            RowValue::PerService(names) => {
                for (service, name) in names {
                    writeln!(out, "{app} {env} {key}.{service} = {name}").unwrap();
                }
            }
        }
    }
}

/// Compares with the golden file of a convention.
fn compare(convention: &str, golden: &str, out: &str) {
    let changed: Vec<_> =
        golden.lines().filter(|line| !out.lines().any(|new| new == *line)).collect();
    assert!(changed.is_empty(), "names of a released convention changed:\n{}", changed.join("\n"));
    let new: Vec<_> = out.lines().filter(|line| !golden.lines().any(|old| old == *line)).collect();
    assert!(new.is_empty(), "add these lines to names-{convention}.txt:\n{}", new.join("\n"));
}

#[test]
fn elided_v1() {
    let mut out = String::new();
    let default = defaults();
    for (app, env, services) in [
        ("erp", "prod", &["web", "worker"][..]),
        ("erp", "sandbox", &["web", "worker"]),
        ("dance-lessons-coach", "prod", &[]),
        ("dance-lessons-coach", "staging", &[]),
        ("webapp", "prod", &[]),
        ("crowdsec", "prod", &[]),
        ("plausible", "prod", &[]),
        ("cms", "prod", &[]),
        ("smartstack", "dev", &["ai-processor", "api"]),
    ] {
        lines(&mut out, &default, app, env, services);
    }
    let regions = vec![env("eu-west", true), env("us-east", true), env("eu-west-test", false)];
    let regions = Environments::new("elided-v1", Some("eu-west"), regions).unwrap();
    for env in ["eu-west", "us-east", "eu-west-test"] {
        lines(&mut out, &regions, "shop-2", env, &["api"]);
    }
    compare("elided-v1", include_str!("../golden/names-elided-v1.txt"), &out);
}

#[test]
fn suffixed_v1() {
    let mut out = String::new();
    let default = Environments::new("suffixed-v1", None, Vec::new()).unwrap();
    for (app, env, services) in [
        ("smartstack", "dev", &["ai-processor", "api"][..]),
        ("smartstack", "staging", &["ai-processor", "api"]),
        ("smartstack", "prod", &["ai-processor", "api"]),
        ("erp", "sandbox", &[]),
    ] {
        lines(&mut out, &default, app, env, services);
    }
    let regions = vec![env("eu-west", true), env("us-east", true)];
    let regions = Environments::new("suffixed-v1", None, regions).unwrap();
    for env in ["eu-west", "us-east"] {
        lines(&mut out, &regions, "shop-2", env, &["api"]);
    }
    compare("suffixed-v1", include_str!("../golden/names-suffixed-v1.txt"), &out);
}

#[test]
fn underscored_v1() {
    let mut out = String::new();
    let default = Environments::new("underscored-v1", None, Vec::new()).unwrap();
    for (app, env, services) in [
        ("karmyq", "production", &["api"][..]),
        ("karmyq", "staging", &["api"]),
        ("karmyq", "dev", &[]),
        ("dance-lessons-coach", "production", &[]),
    ] {
        lines(&mut out, &default, app, env, services);
    }
    let regions = vec![env("eu-west", true), env("eu-west-test", false)];
    let regions = Environments::new("underscored-v1", None, regions).unwrap();
    for env in ["eu-west", "eu-west-test"] {
        lines(&mut out, &regions, "shop-2", env, &["api"]);
    }
    compare("underscored-v1", include_str!("../golden/names-underscored-v1.txt"), &out);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "it reads golden files")]
fn every_convention_has_its_golden_file() {
    for name in conventions() {
        let path = format!("{}/tests/golden/names-{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        // It is empty until a test here asks for its lines.
        let begins = text.lines().next().is_some_and(|line| line.contains(" instance = "));
        assert!(begins, "{path} holds no names: write a test of {name} here, which asks for them");
    }
}
