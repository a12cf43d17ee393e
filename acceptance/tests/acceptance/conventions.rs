// SPDX-License-Identifier: MPL-2.0
//! The golden file of each convention, line by line what names must be; no line of this crate's subject writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use acceptance::provider;
use serde_json::{Value, json};

/// The envs of a shop in several regions, and whether each is a production one.
const REGIONS: [(&str, bool); 3] = [("eu-west", true), ("us-east", true), ("eu-west-test", false)];

/// One coordinate of the golden file.
pub struct Row {
    pub convention: String,
    pub app: String,
    pub env: String,
    pub services: Vec<String>,
    /// `resolved_names` as it must be, with organization, domain and root given.
    pub names: Value,
}

/// Every convention: each has its golden file, as the tests of naming see to.
pub fn conventions() -> BTreeSet<String> {
    let folder = provider::root().join("provider/tests/golden");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: BTreeSet<String> = files
        .filter_map(|file| {
            let name = file.to_str()?.strip_prefix("names-")?.strip_suffix(".txt")?;
            (name != "refusals").then(|| name.to_owned())
        })
        .collect();
    assert!(names.contains("elided-v1") && names.len() >= 3, "{names:?}");
    names
}

/// The envs of a convention where none is declared, and whether each is a production one.
fn default_environments(convention: &str) -> &'static [(&'static str, bool)] {
    match convention {
        "elided-v1" | "suffixed-v1" => {
            &[("prod", true), ("staging", false), ("sandbox", false), ("dev", false)]
        }
        "underscored-v1" => &[("production", true), ("staging", false), ("dev", false)],
        other => panic!("no default environments are written here of {other}"),
    }
}

/// The golden file of each convention by coordinate.
pub fn golden() -> Vec<Row> {
    conventions().iter().flat_map(|convention| golden_of(convention)).collect()
}

fn golden_of(convention: &str) -> Vec<Row> {
    let file = provider::root().join(format!("provider/tests/golden/names-{convention}.txt"));
    let mut all: BTreeMap<(String, String), Value> = BTreeMap::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let (left, name) = line.split_once(" = ").unwrap();
        let [app, env, key] = left.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let names = all
            .entry((app.to_owned(), env.to_owned()))
            .or_insert_with(|| json!({ "services": {}, "log_groups": {} }));
        let name = if name == "null" { Value::Null } else { name.into() };
        match key.split_once('.') {
            Some((key, service)) => names[key][service] = name,
            None => names[key] = name,
        }
    }
    let row = |((app, env), names): ((String, String), Value)| {
        let services = names["services"].as_object().unwrap().keys().cloned().collect();
        Row { convention: convention.to_owned(), app, env, services, names }
    };
    all.into_iter().map(row).collect()
}

impl Row {
    /// Whether it was written under envs of its own: two production regions, of which one elides.
    pub fn has_regions(&self) -> bool {
        self.app == "shop-2"
    }

    /// The envs under which it was written, in their order, and whether each is a production one.
    pub fn environments(&self) -> &'static [(&'static str, bool)] {
        if self.has_regions() { &REGIONS } else { default_environments(&self.convention) }
    }

    /// The alias of a provider block under which it was written.
    pub fn alias(&self) -> String {
        format!("{}{}", self.convention, if self.has_regions() { "-regions" } else { "" })
    }

    /// That provider block.
    pub fn provider(&self) -> String {
        let mut hcl = format!(
            "provider \"appenv\" {{\n  alias = \"{}\"\n  convention = \"{}\"\n  organization = \
             \"arcodange-org\"\n  domain = \"arcodange.lab\"\n",
            self.alias(),
            self.convention
        );
        if self.has_regions() {
            for (name, production) in REGIONS {
                writeln!(
                    hcl,
                    "  environment {{\n    name = \"{name}\"\n    production = {production}\n  }}"
                )
                .unwrap();
            }
            if self.convention == "elided-v1" {
                hcl.push_str("  elided = \"eu-west\"\n");
            }
        }
        hcl + "}\n"
    }

    /// The `options` of the functions; JSON is an expression of the configuration language too.
    pub fn options(&self) -> Value {
        let mut options = json!({
            "convention": self.convention,
            "organization": "arcodange-org",
            "domain": "arcodange.lab",
            "root": "/opt",
            "services": self.services,
        });
        if self.has_regions() {
            let envs =
                REGIONS.map(|(name, production)| json!({ "name": name, "production": production }));
            options["environments"] = json!(envs);
            if self.convention == "elided-v1" {
                options["elided"] = "eu-west".into();
            }
        }
        options
    }

    /// The same for the command.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["names", &self.app, &self.env];
        arguments.extend(["--organization", "arcodange-org", "--domain", "arcodange.lab"]);
        arguments.extend(["--root", "/opt", "--convention", &self.convention]);
        arguments.extend(self.services.iter().flat_map(|service| ["--service", service]));
        if self.has_regions() {
            arguments.extend(["--env", "eu-west:production", "--env", "us-east:production"]);
            arguments.extend(["--env", "eu-west-test"]);
            if self.convention == "elided-v1" {
                arguments.extend(["--elided", "eu-west"]);
            }
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    /// The names where no root directory is given, as the provider block has none.
    pub fn without_root(&self) -> Value {
        let mut names = self.names.clone();
        names["app_dir"] = Value::Null;
        names["secrets_dir"] = Value::Null;
        names
    }
}
