// SPDX-License-Identifier: MPL-2.0
//! A policy taken apart and put together again, and what the server's audit log says of its use.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use acceptance::servers::OpenBao;
use serde_json::{Value, json};

/// Path and capability.
pub type Right = (String, String);

/// A policy, in the order in which it is written.
#[derive(Clone, Debug)]
pub struct Policy(pub Vec<(String, Vec<String>)>);

/// A token whose policy can be written over.
pub struct Token<'a> {
    bao: &'a OpenBao,
    name: String,
    /// The token itself.
    pub secret: String,
}

// === impl Policy ===

impl Policy {
    /// Reads the form in which the data source writes.
    pub fn parse(text: &str) -> Self {
        let mut stanzas = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let words: Vec<_> = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            if line.starts_with("path ") {
                stanzas.push((words[0].clone(), Vec::new()));
            } else if line.starts_with("capabilities ") {
                stanzas.last_mut().unwrap().1 = words;
            } else {
                assert!(line.is_empty() || line == "}", "{line}");
            }
        }
        assert!(
            !stanzas.is_empty() && stanzas.iter().all(|(_, words)| !words.is_empty()),
            "{text}"
        );
        Self(stanzas)
    }

    /// Every path with every capability of it.
    pub fn rights(&self) -> Vec<Right> {
        let each = self.0.iter();
        each.flat_map(|(path, words)| words.iter().map(|word| (path.clone(), word.clone())))
            .collect()
    }

    /// Without one right.
    pub fn without(&self, (path, word): &Right) -> Self {
        let mut less = self.clone();
        for (of, words) in &mut less.0 {
            words.retain(|other| of != path || other != word);
        }
        less.0.retain(|(_, words)| !words.is_empty());
        less
    }

    /// The same with other paths.
    pub fn map(&self, path: impl Fn(&str) -> String) -> Self {
        Self(self.0.iter().map(|(of, words)| (path(of), words.clone())).collect())
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (path, words) in &self.0 {
            writeln!(text, "path \"{path}\" {{ capabilities = {} }}", json!(words)).unwrap();
        }
        text
    }
}

// === impl Token ===

impl<'a> Token<'a> {
    /// A token with this policy and no other right.
    pub fn new(bao: &'a OpenBao, name: &str, policy: &Policy) -> Self {
        let mut token = Self { bao, name: name.to_owned(), secret: String::new() };
        token.may(policy);
        let body = json!({ "policies": [name], "no_parent": true, "period": "1h" });
        let made = bao.api().put("auth/token/create", &body);
        made["auth"]["client_token"].as_str().unwrap().clone_into(&mut token.secret);
        token
    }

    /// What it may from now on.
    pub fn may(&self, policy: &Policy) {
        let body = json!({ "policy": policy.text() });
        self.bao.api().put(&format!("sys/policies/acl/{}", self.name), &body);
    }

    /// Every path asked for with it since the log had `from` lines, each with what was done there, in the order of the
    /// first time.
    pub fn used(&self, from: usize) -> Vec<Right> {
        let log = std::fs::read_to_string(self.bao.audit_log()).unwrap();
        let mut seen = BTreeSet::new();
        let mut used = Vec::new();
        for line in log.lines().skip(from) {
            let entry: Value = serde_json::from_str(line).unwrap();
            let policies = entry["auth"]["policies"].as_array();
            let ours =
                policies.is_some_and(|all| all.iter().any(|policy| policy == self.name.as_str()));
            if entry["type"] != "response" || !ours || entry["error"].is_string() {
                continue;
            }
            let text = |key: &str| entry["request"][key].as_str().unwrap().to_owned();
            let right = (text("path"), text("operation"));
            if seen.insert(right.clone()) {
                used.push(right);
            }
        }
        used
    }
}

/// How many lines the audit log has.
pub fn lines(bao: &OpenBao) -> usize {
    std::fs::read_to_string(bao.audit_log()).unwrap().lines().count()
}

/// Whether a policy's path reaches a path: `+` is any one segment, a `*` at the end anything (manual, "Policies").
pub fn reaches(pattern: &str, path: &str) -> bool {
    let (stem, is_glob) = match pattern.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (pattern, false),
    };
    let (wanted, mut there) = (stem.split('/').collect::<Vec<_>>(), path.split('/'));
    for (at, segment) in wanted.iter().enumerate() {
        let Some(found) = there.next() else { return false };
        let is_last = at + 1 == wanted.len();
        if is_last && is_glob && found.starts_with(segment) {
            return true;
        }
        if *segment != "+" && *segment != found {
            return false;
        }
    }
    there.next().is_none()
}
