// SPDX-License-Identifier: MPL-2.0
//! Reads the part of the policy language that appenv writes: comments, `path`, `capabilities`.

use std::collections::BTreeSet;

use super::{Capability, Policy};

/// Why a policy text is not one appenv could have rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Something other than what was due stands at the line.
    #[error("line {line}: {due} expected")]
    Unexpected {
        /// Counted from one.
        line: usize,
        /// What the language wants there.
        due: &'static str,
    },
    /// An attribute beside `capabilities`.
    #[error("line {line}: it has an attribute \"{}\"", name.escape_debug())]
    Attribute {
        /// Counted from one.
        line: usize,
        /// Its name.
        name: String,
    },
    /// A path that stands twice.
    #[error("path \"{}\" stands twice", .0.escape_debug())]
    Twice(String),
}

/// A place in the text.
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    header: Vec<String>,
}

pub(super) fn parse(text: &str) -> Result<Policy, ParseError> {
    let mut scanner = Scanner { rest: text, line: 1, header: Vec::new() };
    let mut policy = Policy::default();
    scanner.skip();
    policy.header = std::mem::take(&mut scanner.header);
    while !scanner.rest.is_empty() {
        if scanner.word() != "path" {
            return Err(scanner.unexpected("a path stanza"));
        }
        let path = scanner.string("a quoted path")?;
        let capabilities = scanner.stanza()?;
        if policy.grants.insert(path.clone(), capabilities).is_some() {
            return Err(ParseError::Twice(path));
        }
        scanner.skip();
    }
    Ok(policy)
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    fn unexpected(&self, due: &'static str) -> ParseError {
        ParseError::Unexpected { line: self.line, due }
    }

    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// Skips white space and line comments.
    fn skip(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.advance(blank);
            if !(self.rest.starts_with('#') || self.rest.starts_with("//")) {
                return;
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let comment = self.advance(end);
            self.header.push(comment.trim_start_matches(['#', '/']).trim().to_owned());
        }
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(self.rest.len());
        self.advance(end)
    }

    fn sign(&mut self, sign: char, due: &'static str) -> Result<(), ParseError> {
        self.skip();
        if !self.rest.starts_with(sign) {
            return Err(self.unexpected(due));
        }
        self.advance(sign.len_utf8());
        Ok(())
    }

    /// A quoted string without escapes: appenv writes none, and one in a text by another hand could hide a path.
    fn string(&mut self, due: &'static str) -> Result<String, ParseError> {
        self.skip();
        let inner = self.rest.strip_prefix('"').ok_or_else(|| self.unexpected(due))?;
        let end = inner
            .find(['"', '\\', '\n', '$'])
            .filter(|end| inner[*end..].starts_with('"'))
            .ok_or_else(|| self.unexpected("a plain string"))?;
        let text = inner[..end].to_owned();
        self.advance(end + 2);
        Ok(text)
    }

    fn stanza(&mut self) -> Result<BTreeSet<Capability>, ParseError> {
        self.sign('{', "`{`")?;
        self.skip();
        let line = self.line;
        let name = self.word();
        if name.is_empty() {
            return Err(self.unexpected("`capabilities`"));
        }
        if name != "capabilities" {
            return Err(ParseError::Attribute { line, name: name.to_owned() });
        }
        self.sign('=', "`=`")?;
        self.sign('[', "`[`")?;
        let mut capabilities = BTreeSet::new();
        loop {
            self.skip();
            if self.rest.starts_with(']') {
                break;
            }
            capabilities.insert(Capability::parse(&self.string("a capability")?));
            self.skip();
            if !self.rest.starts_with(']') {
                self.sign(',', "`,`")?;
            }
        }
        self.sign(']', "`]`")?;
        self.skip();
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let line = self.line;
            return Err(ParseError::Attribute { line, name: self.word().to_owned() });
        }
        self.sign('}', "`}`")?;
        Ok(capabilities)
    }
}
