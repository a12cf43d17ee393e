//! Names of a released convention, line by line. A line that is there never changes: the objects of that name exist.
//! New instances and new kinds of names are added as new lines.

use std::fmt::Write;

use appenv::naming::{Environments, RowValue};

use super::super::{defaults, derive, env};

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

    let golden = include_str!("../golden/names-elided-v1.txt");
    let changed: Vec<_> =
        golden.lines().filter(|line| !out.lines().any(|new| new == *line)).collect();
    assert!(changed.is_empty(), "names of a released convention changed:\n{}", changed.join("\n"));
    let new: Vec<_> = out.lines().filter(|line| !golden.lines().any(|old| old == *line)).collect();
    assert!(new.is_empty(), "add these lines to names-elided-v1.txt:\n{}", new.join("\n"));
}
