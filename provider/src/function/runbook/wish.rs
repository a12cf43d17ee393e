// SPDX-License-Identifier: MPL-2.0
//! The key `runbook` of the options: what no name says of an instance.

use tfplugin::value::{Path, Value};

use crate::function::options::{Reader, has_password, plain};

/// The key of the options.
pub(super) const KEY: &str = "runbook";

const KEYS: [&str; 11] = [
    "access",
    "alerts",
    "backup",
    "contacts",
    "database_host",
    "deploy",
    "health_url",
    "issues",
    "monitoring",
    "rollback",
    "server",
];
const CONTACT_KEYS: [&str; 3] = ["name", "reach", "role"];
const ISSUE_KEYS: [&str; 2] = ["fix", "symptom"];

/// What is told of an instance; all of it may be absent.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) server: Vec<String>,
    pub(super) database_host: Option<String>,
    pub(super) health_url: Option<String>,
    pub(super) access: Vec<String>,
    pub(super) backup: Vec<String>,
    pub(super) deploy: Vec<String>,
    pub(super) rollback: Vec<String>,
    pub(super) issues: Vec<Issue>,
    pub(super) monitoring: Vec<String>,
    pub(super) alerts: Vec<String>,
    pub(super) contacts: Vec<Contact>,
}

/// Something that goes wrong, and what helps.
#[derive(Debug, Default)]
pub(super) struct Issue {
    pub(super) symptom: String,
    pub(super) fix: Option<String>,
}

/// Somebody to call.
#[derive(Debug, Default)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) role: Option<String>,
    pub(super) reach: Option<String>,
}

/// Reads it; null is nothing known.
pub(super) fn read(reader: &mut Reader, value: &Value, at: &Path) -> Wish {
    let Some(given) = reader.object(value, at, &KEYS) else { return Wish::default() };
    let of = |key: &str| (given.get(key).unwrap_or(&Value::Null), at.clone().field(key));
    let mut lines = |key: &str| {
        let (value, at) = of(key);
        lines(reader, value, &at)
    };
    let (server, access, backup) = (lines("server"), lines("access"), lines("backup"));
    let (deploy, rollback) = (lines("deploy"), lines("rollback"));
    let (monitoring, alerts) = (lines("monitoring"), lines("alerts"));
    let mut text = |key: &str| {
        let (value, at) = of(key);
        reader.text(value, &at)
    };
    let (database_host, health_url) = (text("database_host"), text("health_url"));
    if health_url.as_deref().is_some_and(has_password) {
        let problem =
            "holds a password, which everybody who reads the page could use. Leave it out";
        reader.say(&at.clone().field("health_url"), problem.to_owned());
    }
    let issues = each(reader, of("issues"), "symptom", &ISSUE_KEYS, |symptom, more| Issue {
        symptom,
        fix: more("fix"),
    });
    let contacts = each(reader, of("contacts"), "name", &CONTACT_KEYS, |name, more| Contact {
        name,
        role: more("role"),
        reach: more("reach"),
    });
    Wish {
        server,
        database_host,
        health_url,
        access,
        backup,
        deploy,
        rollback,
        issues,
        monitoring,
        alerts,
        contacts,
    }
}

/// A text, or a list of texts: steps, or items.
fn lines(reader: &mut Reader, value: &Value, at: &Path) -> Vec<String> {
    match plain(value) {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::List(elements) => {
            let each = elements.iter().enumerate();
            each.filter_map(|(index, element)| {
                let at = at.clone().index(index);
                if plain(element).is_null() {
                    reader.mismatch(&at, element, "a string");
                }
                reader.text(element, &at)
            })
            .collect()
        }
        other => {
            reader.mismatch(at, other, "a string or a list of strings");
            Vec::new()
        }
    }
}

/// A list of texts, or of objects with one text that each must have.
fn each<T>(
    reader: &mut Reader,
    (value, at): (&Value, Path),
    main: &str,
    keys: &[&str],
    make: impl Fn(String, &mut dyn FnMut(&str) -> Option<String>) -> T,
) -> Vec<T> {
    let wanted = format!("a list of objects of {}", keys.join(", "));
    let elements = reader.list(value, &at, &wanted).unwrap_or_default();
    let mut all = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let at = at.clone().index(index);
        if let Value::String(text) = plain(element) {
            all.push(make(text.clone(), &mut |_| None));
            continue;
        }
        if plain(element).is_null() {
            reader.mismatch(&at, element, &format!("an object of {}", keys.join(", ")));
        }
        let Some(given) = reader.object(element, &at, keys) else { continue };
        let mut text =
            |key: &str| reader.text(given.get(key).unwrap_or(&Value::Null), &at.clone().field(key));
        match text(main) {
            Some(first) => all.push(make(first, &mut text)),
            None => reader.say(&at, format!("has no {main}. Give it one")),
        }
    }
    all
}
