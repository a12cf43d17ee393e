// SPDX-License-Identifier: MPL-2.0
//! The argument `options`: what the provider block would say, as a value of any type.
//!
//! The CLI knows nothing of its keys, so a misspelt one is refused here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tfplugin::value::{Path, Value};

use crate::inquiry::{Declaration, Environment, Question};
use crate::naming::{Inputs, Subject, shown};

/// The keys of `options`.
pub const KEYS: [&str; 8] =
    ["convention", "domain", "elided", "environments", "names", "organization", "root", "services"];

/// The keys of one environment. No name is made of `log_retention_days`: it is taken so that the environments that
/// `appenv_names` tells, or one list for blocks and functions, can be given as they are.
const ENVIRONMENT_KEYS: [&str; 4] = ["apps", "log_retention_days", "name", "production"];

/// What is wrong with an argument, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    path: Path,
    problem: String,
}

/// Reads values and collects what is wrong with them; what is wrong reads as absent.
#[derive(Default)]
pub struct Reader {
    faults: Vec<Fault>,
}

/// Reads `options`; null is all defaults. Every fault is reported.
pub fn read(options: &Value) -> Result<Question, Vec<Fault>> {
    Reader::default().finish(|reader| reader.question(options, &Path::root(), &KEYS))
}

/// Reads `options` that have one key more, an object of its own.
pub fn read_with<T>(
    options: &Value,
    key: &str,
    read: impl FnOnce(&mut Reader, &Value, &Path) -> T,
) -> Result<(Question, T), Vec<Fault>> {
    let mut keys: Vec<&str> = [&KEYS[..], &[key]].concat();
    keys.sort_unstable();
    Reader::default().finish(|reader| {
        let question = reader.question(options, &Path::root(), &keys);
        let own = match plain(options) {
            Value::Map(given) => given.get(key).unwrap_or(&Value::Null),
            _ => &Value::Null,
        };
        (question, read(reader, own, &Path::attribute(key)))
    })
}

/// Reads what stands for the environments: they alone, or the options as a whole.
pub fn read_declaration(given: &Value) -> Result<Declaration, Vec<Fault>> {
    Reader::default().finish(|reader| match plain(given) {
        Value::List(_) => Declaration {
            environments: reader.environments(given, &Path::root()),
            ..Declaration::default()
        },
        Value::Null | Value::Map(_) => reader.question(given, &Path::root(), &KEYS).declaration,
        other => {
            reader.mismatch(
                &Path::root(),
                other,
                "a list of environments, or an object of options",
            );
            Declaration::default()
        }
    })
}

/// The place within `options` of what naming refuses.
pub fn place(subject: &Subject) -> Option<String> {
    match subject {
        Subject::Service(_) => Some("services".to_owned()),
        Subject::Environment(_) => Some("environments".to_owned()),
        Subject::Convention => Some("convention".to_owned()),
        Subject::Elided => Some("elided".to_owned()),
        Subject::Input(name) => Some((*name).to_owned()),
        Subject::Template(key) => Some(Path::attribute("names").field(key).to_string()),
        Subject::App | Subject::Env | Subject::Name(_) => None,
    }
}

/// The value without the type it came with.
pub fn plain(value: &Value) -> &Value {
    match value {
        Value::Dynamic(_, inner) => plain(inner),
        value => value,
    }
}

/// Whether a URL holds a password, `https://user:password@host/…`, or what may be a token: any user of `http` and `https`.
pub fn has_password(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    authority.rsplit_once('@').is_some_and(|(user, _)| is_web || user.contains(':'))
}

fn kind(value: &Value) -> &'static str {
    match plain(value) {
        Value::Null => "null",
        Value::Unknown | Value::Dynamic(..) => "not known yet",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
    }
}

// === impl Fault ===

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "`{}` ", self.path)?;
        }
        write!(f, "{}.", self.problem)
    }
}

// === impl Reader ===

impl Reader {
    fn finish<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, Vec<Fault>> {
        let value = read(&mut self);
        if self.faults.is_empty() { Ok(value) } else { Err(self.faults) }
    }

    fn question(&mut self, options: &Value, at: &Path, keys: &[&str]) -> Question {
        let Some(given) = self.object(options, at, keys) else { return Question::default() };
        let of = |key: &str| (given.get(key).unwrap_or(&Value::Null), at.clone().field(key));
        let mut text = |key: &str| {
            let (value, at) = of(key);
            self.text(value, &at)
        };
        let (convention, elided) = (text("convention"), text("elided"));
        let inputs = Inputs {
            organization: text("organization"),
            domain: text("domain"),
            root: text("root"),
        };
        let (value, at) = of("environments");
        let environments = self.environments(value, &at);
        let (value, at) = of("services");
        let services = self.texts(value, &at).unwrap_or_default();
        let (value, at) = of("names");
        let templates = self.templates(value, &at);
        let declaration = Declaration { convention, elided, environments };
        Question { declaration, inputs, services, templates }
    }

    /// A list or set of environments; null is an empty one.
    fn environments(&mut self, value: &Value, at: &Path) -> Vec<Environment> {
        let wanted = "a list of objects with name, production and apps, or of names";
        let elements = self.list(value, at, wanted).unwrap_or_default();
        let each = elements.iter().enumerate();
        each.filter_map(|(index, element)| self.environment(element, &at.clone().index(index)))
            .collect()
    }

    fn environment(&mut self, value: &Value, at: &Path) -> Option<Environment> {
        match plain(value) {
            Value::String(name) => {
                Some(Environment { name: name.clone(), production: None, apps: None })
            }
            Value::Map(_) => {
                let given = self.object(value, at, &ENVIRONMENT_KEYS)?;
                let of =
                    |key: &str| (given.get(key).unwrap_or(&Value::Null), at.clone().field(key));
                let (value, at) = of("name");
                if value.is_null() {
                    self.say(&at, "is missing: an environment has a name".to_owned());
                }
                let name = self.text(value, &at);
                let (value, at) = of("production");
                let production = self.bool(value, &at).unwrap_or(false);
                let (value, at) = of("apps");
                let apps = self.texts(value, &at);
                let (value, at) = of("log_retention_days");
                if !matches!(plain(value), Value::Null | Value::Number(_)) {
                    self.mismatch(&at, value, "a number of days");
                }
                Some(Environment { name: name?, production: Some(production), apps })
            }
            other => {
                self.mismatch(at, other, "an object with name, production and apps, or a name");
                None
            }
        }
    }

    /// Templates by the key of their name, which naming judges; those that are null are absent.
    fn templates(&mut self, value: &Value, at: &Path) -> BTreeMap<String, String> {
        let given = match plain(value) {
            Value::Null => return BTreeMap::new(),
            Value::Map(given) => given,
            other => {
                self.mismatch(at, other, "an object of templates");
                return BTreeMap::new();
            }
        };
        let each = given.iter();
        each.filter_map(|(key, value)| {
            Some((key.clone(), self.text(value, &at.clone().field(key))?))
        })
        .collect()
    }

    /// An object or a map with no other keys than these; `None` where it is null or none.
    pub fn object<'v>(
        &mut self,
        value: &'v Value,
        at: &Path,
        keys: &[&str],
    ) -> Option<&'v BTreeMap<String, Value>> {
        let given = match plain(value) {
            Value::Null => return None,
            Value::Map(given) => given,
            other => {
                self.mismatch(at, other, &format!("an object of {}", keys.join(", ")));
                return None;
            }
        };
        for key in given.keys().filter(|key| !keys.contains(&key.as_str())) {
            self.say(
                at,
                format!(
                    "has no key {}; known are {}. Correct it, or leave it out",
                    shown(key),
                    keys.join(", ")
                ),
            );
        }
        Some(given)
    }

    /// A list or set; `None` where it is null.
    pub fn list<'v>(&mut self, value: &'v Value, at: &Path, wanted: &str) -> Option<&'v [Value]> {
        match plain(value) {
            Value::Null => None,
            Value::List(elements) => Some(elements),
            other => {
                self.mismatch(at, other, wanted);
                None
            }
        }
    }

    /// A list or set of strings; `None` where it is null.
    fn texts(&mut self, value: &Value, at: &Path) -> Option<BTreeSet<String>> {
        let elements = self.list(value, at, "a list of strings")?;
        let each = elements.iter().enumerate();
        let text = |(index, element): (usize, &Value)| {
            let at = at.clone().index(index);
            if element.is_null() {
                self.mismatch(&at, element, "a string");
            }
            self.text(element, &at)
        };
        Some(each.filter_map(text).collect())
    }

    /// A string; `None` where it is null.
    pub fn text(&mut self, value: &Value, at: &Path) -> Option<String> {
        match plain(value) {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => {
                self.mismatch(at, other, "a string");
                None
            }
        }
    }

    /// A bool; `None` where it is null.
    pub fn bool(&mut self, value: &Value, at: &Path) -> Option<bool> {
        match plain(value) {
            Value::Null => None,
            Value::Bool(value) => Some(*value),
            other => {
                self.mismatch(at, other, "true or false");
                None
            }
        }
    }

    /// Says that a value is of another type than wanted.
    pub fn mismatch(&mut self, at: &Path, found: &Value, wanted: &str) {
        self.say(at, format!("is {} and must be {wanted}", kind(found)));
    }

    /// Says what is wrong at a place: `is missing: …`.
    pub fn say(&mut self, at: &Path, problem: String) {
        // A sentence about the argument itself.
        let problem = if at.is_root() { format!("It {problem}") } else { problem };
        self.faults.push(Fault { path: at.clone(), problem });
    }
}
