// SPDX-License-Identifier: MPL-2.0
//! Envs of one app side by side: what each has by name, and which differences nobody allowed. Pure; no value of a secret
//! comes here.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The name of a secret.
    Key,
    /// An extension of the database.
    Extension,
    /// A service of the app.
    Service,
    /// What runs there.
    Release,
    /// What sizes and shapes it: `connection_limit`, `encoding`.
    Option,
}

/// One thing, and what each env has of it. An env that could not be asked is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is compared.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// By env: [`PRESENT`] or [`ABSENT`], or a plain value.
    pub values: BTreeMap<String, String>,
}

/// A difference that is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// What may differ.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The envs that may differ from the others, which must be alike; none: every env may be as it is.
    pub envs: BTreeSet<String>,
}

/// It is there.
pub const PRESENT: &str = "present";
/// It is not.
pub const ABSENT: &str = "absent";
/// The name of the row of releases.
pub const RELEASE: &str = "release";
/// The check that tells of an allowance without a difference.
pub const ALLOWED_DIFFERENCE: &str = "allowed_difference";

/// Behind a key that holds the value before a rotation.
const PREVIOUS: &str = "_PREVIOUS";

/// Every kind, in the order of the matrix.
pub const KINDS: [Kind; 5] =
    [Kind::Key, Kind::Extension, Kind::Service, Kind::Release, Kind::Option];

// === impl Kind ===

impl Kind {
    /// As configurations and findings write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Extension => "extension",
            Self::Service => "service",
            Self::Release => "release",
            Self::Option => "option",
        }
    }

    /// Reads it; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.as_str() == text)
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Key => "keys",
            Self::Extension => "extensions",
            Self::Service => "services",
            Self::Release => "releases",
            Self::Option => "options",
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Self::Key => {
                "Write the key where it is absent (appenv_env_secret), or remove it where nothing reads it"
            }
            Self::Extension => {
                "Add it to `database.extensions` of the instance where it is absent, or drop it where nothing uses it"
            }
            Self::Service => "Give the instances the same `services`",
            Self::Release => "Promote the release when it is time",
            Self::Option => "Give the instances the same value",
        }
    }
}

// === impl Row ===

impl Row {
    /// Whether not all envs have the same.
    pub fn differs(&self) -> bool {
        self.values.values().collect::<BTreeSet<_>>().len() > 1
    }

    /// `present in prod; absent in dev, staging`.
    fn told(&self) -> String {
        let mut envs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (env, value) in &self.values {
            envs.entry(value).or_default().push(env);
        }
        // `present` before `absent`: descending.
        let told = envs.into_iter().rev();
        told.map(|(value, envs)| format!("{value} in {}", envs.join(", ")))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

// === impl Allowed ===

impl Allowed {
    fn is_of(&self, row: &Row) -> bool {
        (self.kind, &self.name) == (row.kind, &row.name)
            && (self.envs.is_empty() || self.envs.iter().any(|env| row.values.contains_key(env)))
    }
}

/// A row for each name that any env has: by env its names. An env that could not be asked is not in it.
pub fn rows(kind: Kind, of: &BTreeMap<String, BTreeSet<String>>) -> Vec<Row> {
    let names: BTreeSet<&String> = of.values().flatten().collect();
    let value = |there: bool| if there { PRESENT } else { ABSENT }.to_owned();
    let row = |name: &String| Row {
        kind,
        name: name.clone(),
        values: of.iter().map(|(env, has)| (env.clone(), value(has.contains(name)))).collect(),
    };
    names.into_iter().map(row).collect()
}

/// Keys without those that hold the value before a rotation: they come and go by themselves.
pub fn lasting(keys: &BTreeSet<String>) -> BTreeSet<String> {
    let is_former = |key: &String| key.strip_suffix(PREVIOUS).is_some_and(|of| keys.contains(of));
    keys.iter().filter(|key| !is_former(key)).cloned().collect()
}

/// What is to be said of the matrix: differences, and per kind without any that it was compared. A release warns only,
/// since every promotion makes it differ for a time.
pub fn judge(app: &str, rows: &[Row], allowed: &[Allowed]) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in KINDS {
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
        let differing: Vec<&&Row> = of_kind.iter().filter(|row| row.differs()).collect();
        if let (Some(row), true) = (of_kind.first(), differing.is_empty()) {
            let envs: BTreeSet<&str> =
                of_kind.iter().flat_map(|row| row.values.keys().map(String::as_str)).collect();
            let envs: Vec<&str> = envs.into_iter().collect();
            let (told, target) = (envs.join(", "), format!("{} of {app}", kind.plural()));
            found.push(if envs.len() < 2 {
                Finding::skip(
                    row.kind.as_str(),
                    target,
                    format!("Only {told} could be asked, so there is nothing to compare."),
                )
            } else {
                let alike = format!("{} alike in {told}.", of_kind.len());
                Finding::ok(row.kind.as_str(), target, alike)
            });
        }
        found.extend(differing.into_iter().map(|row| difference(app, row, allowed)));
    }
    for allowance in allowed {
        if !rows.iter().any(|row| row.differs() && allowance.is_of(row)) {
            found.push(Finding::warn(
                ALLOWED_DIFFERENCE,
                format!("{} {} of {app}", allowance.kind.as_str(), shown(&allowance.name)),
                "It is listed under `allowed_differences`, and no compared environment differs in it.",
                "Remove the block, or correct its `kind`, `name` and `envs`.",
            ));
        }
    }
    found
}

fn difference(app: &str, row: &Row, allowed: &[Allowed]) -> Finding {
    let check = row.kind.as_str();
    let target = if row.kind == Kind::Release {
        format!("release of {app}")
    } else {
        format!("{check} {} of {app}", shown(&row.name))
    };
    let told = row.told();
    let allowances: Vec<&Allowed> = allowed.iter().filter(|one| one.is_of(row)).collect();
    let is_free =
        |env: &String| allowances.iter().any(|one| one.envs.is_empty() || one.envs.contains(env));
    let rest: BTreeSet<&String> =
        row.values.iter().filter(|(env, _)| !is_free(env)).map(|(_, value)| value).collect();
    if !allowances.is_empty() && rest.len() <= 1 {
        let reasons: BTreeSet<&str> = allowances.iter().map(|one| one.reason.as_str()).collect();
        let reasons: Vec<&str> = reasons.into_iter().collect();
        return Finding::ok(check, target, format!("{told}; allowed: {}.", reasons.join("; ")));
    }
    let fix = format!(
        "{}; a difference that is meant stands under `allowed_differences` with its reason.",
        row.kind.fix()
    );
    if row.kind == Kind::Release {
        Finding::warn(check, target, format!("{told}."), fix)
    } else {
        Finding::fail(check, target, format!("{told}."), fix)
    }
}

fn shown(name: &str) -> String {
    format!("\"{}\"", name.escape_debug())
}

#[cfg(test)]
mod tests;
