// SPDX-License-Identifier: MPL-2.0
//! What is refused, and how it is said: one diagnostic that a tired person understands, and nothing written.
//!
//! Many cases share one run of the CLI: each has a provider configuration or a resource of its own name, and the
//! diagnostics tell which they are about.

pub mod book;
mod servers;
mod words;

use std::fmt::Write as _;

use acceptance::{Diagnostic, Diagnostics, Workspace};

/// One mistake.
pub struct Case {
    /// Name of its resource and, where it has one, of its provider configuration.
    name: &'static str,
    /// Arguments of its own provider configuration; `None`: the default one.
    provider: Option<String>,
    /// Arguments of its resource.
    resource: String,
    /// What must be said: attempted what, on what, why, what next.
    says: &'static [&'static str],
    /// The line of configuration that is pointed to, where there is one.
    at: Option<&'static str>,
}

impl Case {
    /// A mistake in a resource.
    fn resource(name: &'static str, body: &str, says: &'static [&'static str]) -> Self {
        Self { name, provider: None, resource: body.to_owned(), says, at: None }
    }

    /// A mistake in a provider configuration; the resource is a sound one of its own app.
    fn provider(
        name: &'static str,
        body: impl Into<String>,
        says: &'static [&'static str],
    ) -> Self {
        let app = name.replace('_', "-");
        let resource = format!("app = \"{app}\"\nenv = \"sandbox\"");
        Self { name, provider: Some(body.into()), resource, says, at: None }
    }

    /// With the line that is pointed to.
    fn at(mut self, line: &'static str) -> Self {
        self.at = Some(line);
        self
    }

    /// With a name of its own, which is pointed to.
    fn named(mut self, name: &'static str) -> Self {
        write!(self.resource, "\nnames {{\n  {name}\n}}").unwrap();
        self.at(name)
    }

    fn is_about(&self, told: &Diagnostic) -> bool {
        let address = told.address.as_deref().unwrap_or_default();
        address == format!("appenv_app_instance.{}", self.name)
            || (address.starts_with("provider[") && address.ends_with(&format!("].{}", self.name)))
    }
}

/// What every configuration begins with.
pub const REQUIRED: &str = "terraform {\n  required_providers {\n    appenv = {\n      source = \"arcodange/appenv\"\n    }\n  }\n}\n";

/// The configuration of all cases, with the arguments of the default provider configuration.
fn hcl(default: &str, cases: &[Case]) -> String {
    let mut hcl = format!("{REQUIRED}\nprovider \"appenv\" {{\n{default}\n}}\n");
    for Case { name, provider, resource, .. } in cases {
        let mut body = resource.clone();
        if let Some(arguments) = provider {
            writeln!(hcl, "\nprovider \"appenv\" {{\nalias = \"{name}\"\n{arguments}\n}}").unwrap();
            write!(body, "\nprovider = appenv.{name}").unwrap();
        }
        writeln!(hcl, "\nresource \"appenv_app_instance\" \"{name}\" {{\n{body}\n}}").unwrap();
    }
    hcl
}

/// Fails the test where a case is not refused as it should be, or anything else is; writes it into the book.
fn judge(cases: &[Case], told: &Diagnostics, book: &mut book::Book) {
    for case in cases {
        let said: Vec<_> = told.0.iter().filter(|told| case.is_about(told)).cloned().collect();
        assert!(said.iter().any(|told| told.is_error), "{} is not refused:\n{told}", case.name);
        for words in case.says {
            let is_said =
                said.iter().any(|told| told.summary.contains(words) || told.detail.contains(words));
            assert!(
                is_said,
                "{} does not say {words:?}:\n{}",
                case.name,
                Diagnostics(said.clone())
            );
        }
        if let Some(line) = case.at {
            let points = |told: &Diagnostic| told.snippet.as_deref().map(str::trim) == Some(line);
            assert!(
                said.iter().any(points),
                "{} does not point to {line:?}:\n{}",
                case.name,
                Diagnostics(said.clone())
            );
        }
        // A warning about a server comes once a run, with whichever resource was first.
        book.says(case.name, said.into_iter().filter(|told| told.is_error));
    }
    let strange: Vec<_> = told
        .errors()
        .filter(|told| !cases.iter().any(|case| case.is_about(told)))
        .cloned()
        .collect();
    assert!(strange.is_empty(), "refused for no reason:\n{}", Diagnostics(strange));
    assert!(!told.say("panicked") && !told.say("Plugin did not respond"), "{told}");
}

/// Applies what must be refused as a whole; nothing may come into the state.
fn refuse(ws: &Workspace, default: &str, cases: &[Case], book: &mut book::Book) {
    ws.write("main.tf", &hcl(default, cases));
    let told = ws.apply_fails();
    judge(cases, &told, book);
    assert!(ws.state().is_empty(), "{:?}", ws.state().addresses());
}
