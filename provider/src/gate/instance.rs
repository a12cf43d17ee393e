// SPDX-License-Identifier: MPL-2.0
//! What a change does to an instance: both sides of it, the operations it is, and its effects in order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::operation::Operation;
use crate::plan::REGISTRATION;
use crate::plan::postgres::ENDED_LOGINS;

/// One side of a change. What both sides have alike is no part of the change, but of what is approved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What was, or is, asked for: the arguments of the resource.
    pub inputs: Value,
    /// Who manages the app.
    pub owner: String,
    /// Whether it is registered as a production instance.
    pub production: bool,
    /// Names of its objects, by key.
    pub names: BTreeMap<String, String>,
    /// Before: objects that are not as wished, and how they are. After: what the same shall be.
    pub objects: BTreeMap<String, Value>,
    /// Whether it is protected from deletion.
    pub deletion_protection: bool,
    /// Whether its objects go with it: `delete` or `retain`.
    pub on_destroy: String,
}

/// A change of an instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Before it; `None`: nothing is registered.
    pub before: Option<Side>,
    /// After it; `None`: the instance ends.
    pub after: Option<Side>,
    /// Whether the entry takes over what it does not hold yet.
    pub adopts: bool,
    /// Objects that are as wished but for our marker, which a takeover writes.
    pub unmarked: BTreeSet<String>,
    /// Every object that it shall have, or has: what a create makes and a delete removes.
    pub objects: BTreeSet<String>,
    /// What was kept of renamed objects and goes now.
    pub over: BTreeSet<String>,
    /// How a renaming is done (`copy, old kept 7d`); empty where nothing is renamed or it is in place.
    pub renaming: String,
    /// Whether sessions and leases in the way are ended.
    pub ends_sessions: bool,
}

// === impl Change ===

impl Change {
    /// What kinds of change it is.
    pub fn operations(&self) -> BTreeSet<Operation> {
        let (before, after) = match (&self.before, &self.after) {
            (Some(before), Some(after)) => (before, after),
            (None, Some(_)) if self.adopts => return [Operation::Adopt].into(),
            (None, Some(_)) => return [Operation::Create].into(),
            (_, None) => return [Operation::Delete].into(),
        };
        let changed = changed(&before.inputs, &after.inputs);
        let is_release = |path: &String| path == "release";
        let updates =
            changed.iter().any(|(path, ..)| !is_release(path) && !path.starts_with("names."))
                || before.objects.keys().any(|object| !self.is_takeover(object))
                || hands_over(before, after)
                || before.production != after.production
                || loosens(before, after)
                || after.objects.keys().any(|object| !before.objects.contains_key(object));
        [
            (self.adopts, Operation::Adopt),
            (updates, Operation::Update),
            (changed.iter().any(|(path, ..)| is_release(path)), Operation::Release),
            (renames(before, after), Operation::Rename),
            (!self.over.is_empty(), Operation::Delete),
        ]
        .into_iter()
        .filter_map(|(is, operation)| is.then_some(operation))
        .collect()
    }

    /// The operation that it is called by: of several, the one that says most.
    pub fn operation(&self) -> Operation {
        let operations = self.operations();
        let order = [
            Operation::Create,
            Operation::Adopt,
            Operation::Rename,
            Operation::Update,
            Operation::Release,
            Operation::Delete,
        ];
        let first = order.into_iter().find(|operation| operations.contains(operation));
        first.unwrap_or(Operation::Update)
    }

    /// Whether a line of `objects` is the takeover itself, which writes the registration and the markers.
    fn is_takeover(&self, object: &str) -> bool {
        self.adopts && (object == REGISTRATION || self.unmarked.contains(object))
    }

    /// What is written outside the state, and what protection goes, in order. One line each.
    pub fn effects(&self) -> Vec<String> {
        match (&self.before, &self.after) {
            (_, None) => self.ending(),
            (None, Some(after)) => self.making(after),
            (Some(before), Some(after)) => self.changing(before, after),
        }
    }

    fn making(&self, after: &Side) -> Vec<String> {
        let verb = if self.adopts { "take over" } else { "make" };
        let objects = self.objects.iter().filter(|object| !is_left_over(object));
        objects.map(|object| format!("{verb} {}", told_in(object, after))).collect()
    }

    fn ending(&self) -> Vec<String> {
        let none = Side::default();
        let before = self.before.as_ref().unwrap_or(&none);
        if before.on_destroy == "retain" {
            return vec!["give the registration up, keep every object".to_owned()];
        }
        let mut effects = Vec::new();
        effects.extend(self.ends_sessions.then(|| "end sessions and leases".to_owned()));
        let objects = self.objects.iter().filter(|object| !is_left_over(object));
        effects.extend(objects.map(|object| format!("remove {}", told(object, &before.names))));
        effects.extend(self.over.iter().map(|name| format!("drop {name}, which was kept")));
        effects
    }

    fn changing(&self, before: &Side, after: &Side) -> Vec<String> {
        let mut effects = Vec::new();
        if self.adopts {
            effects.push("take the registration over".to_owned());
        }
        if hands_over(before, after) {
            effects.push(format!("hand over from owner {} to {}", before.owner, after.owner));
        }
        match (before.production, after.production) {
            (true, false) => effects.push("register it as no production instance".to_owned()),
            (false, true) => effects.push("register it as a production instance".to_owned()),
            _ => {}
        }
        let renamed = before.names.iter().filter_map(|(key, was)| {
            let now = after.names.get(key).filter(|now| *now != was)?;
            Some(format!("rename {key} \"{was}\" to \"{now}\""))
        });
        let renamed: Vec<String> = renamed.collect();
        if !renamed.is_empty() {
            effects.extend(self.ends_sessions.then(|| "end sessions and leases".to_owned()));
            effects.extend(renamed);
            effects.extend((!self.renaming.is_empty()).then(|| self.renaming.clone()));
        }
        for (object, is) in &before.objects {
            let told = told_in(object, after);
            effects.push(match (is.as_str(), after.objects.get(object)) {
                (_, None) => format!("remove {told}"),
                (Some("missing" | "absent"), Some(_)) => format!("make {told}"),
                (is, Some(_)) => format!("mend {told}: {}", is.unwrap_or_default()),
            });
        }
        for (path, was, now) in changed(&before.inputs, &after.inputs) {
            effects.push(format!("set {path}: {was} -> {now}"));
        }
        if before.deletion_protection && !after.deletion_protection {
            effects.push("lift the protection from deletion".to_owned());
        }
        if before.on_destroy == "retain" && after.on_destroy != "retain" {
            effects.push("let a destroy delete the objects".to_owned());
        }
        effects.extend(self.over.iter().map(|name| format!("drop {name}, which was kept")));
        effects
    }
}

/// Whether anything is called otherwise than before; what it had no name for yet is made.
fn renames(before: &Side, after: &Side) -> bool {
    let mut names = before.names.iter();
    names.any(|(key, was)| after.names.get(key).is_some_and(|now| now != was))
}

/// Whether the app gets another owner; what nobody has registered has none.
fn hands_over(before: &Side, after: &Side) -> bool {
    !before.owner.is_empty() && before.owner != after.owner
}

/// Whether protection goes.
fn loosens(before: &Side, after: &Side) -> bool {
    (before.deletion_protection && !after.deletion_protection)
        || (before.on_destroy == "retain" && after.on_destroy != "retain")
}

/// The line of `objects` that is none of an object: what others left is settled, not made.
fn is_left_over(object: &str) -> bool {
    object == ENDED_LOGINS
}

/// An object with its name, where it has one: `postgres_database "erp"`.
fn told(object: &str, names: &BTreeMap<String, String>) -> String {
    let short = object.split_once('_').map_or(object, |(_, rest)| rest);
    match names.get(object).or_else(|| names.get(short)) {
        Some(name) => format!("{object} \"{name}\""),
        None => object.to_owned(),
    }
}

/// The same where it is wished, with the login that it lets in.
fn told_in(object: &str, after: &Side) -> String {
    let login = after.objects.get(object).and_then(|wish| wish.get("login")?.as_str());
    match login {
        Some(login) => format!("{object} \"{login}\""),
        None => told(object, &after.names),
    }
}

/// Leaves that differ: path, before, after. A list is one leaf; before what nobody registered nothing differs.
pub fn changed(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    if before.is_null() {
        return found;
    }
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<(String, Value, Value)>) {
    if before == after {
        return;
    }
    let empty = Map::new();
    let (was, now) = match (before, after) {
        (Value::Object(was), Value::Object(now)) => (was, now),
        (Value::Object(was), Value::Null) if !path.is_empty() => (was, &empty),
        (Value::Null, Value::Object(now)) if !path.is_empty() => (&empty, now),
        _ => {
            found.push((path.to_owned(), before.clone(), after.clone()));
            return;
        }
    };
    let keys: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    for key in keys {
        let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let of = |side: &Map<String, Value>| side.get(key).cloned().unwrap_or_default();
        compare(&at, &of(was), &of(now), found);
    }
}

#[cfg(test)]
mod tests;
