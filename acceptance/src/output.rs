// SPDX-License-Identifier: MPL-2.0
//! What a run of the CLI said: exit code, text, events, diagnostics.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

/// One finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command, for messages: `terraform plan -json`.
    pub command: String,
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
    /// What the CLI and the provider wrote with `TF_LOG=TRACE`; it goes with the workspace.
    pub trace: PathBuf,
}

/// An error or a warning, as the CLI tells it to a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it is an error.
    pub is_error: bool,
    /// The title.
    pub summary: String,
    /// The text below it.
    pub detail: String,
    /// The resource it is about.
    pub address: Option<String>,
    /// The line of configuration it points to, which names the attribute.
    pub snippet: Option<String>,
}

/// Diagnostics, with questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

// === impl Run ===

impl Run {
    /// The events of `-json` output, in order.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Errors and warnings, those about the bench's own development override apart.
    pub fn diagnostics(&self) -> Diagnostics {
        let parsed = self
            .events()
            .iter()
            .filter(|event| event["type"] == "diagnostic")
            .map(|event| Diagnostic::from_json(&event["diagnostic"]))
            .filter(|diagnostic| {
                diagnostic.summary != "Provider development overrides are in effect"
            })
            .collect::<Vec<_>>();
        // Commands without `-json` draw boxes on standard error.
        let told = if parsed.is_empty() { from_boxes(&self.stderr) } else { parsed };
        Diagnostics(told)
    }

    /// Planned changes as `address: action`, no-ops left out.
    pub fn planned(&self) -> Vec<String> {
        let of = |event: &Value| {
            let change = &event["change"];
            let address = change["resource"]["addr"].as_str().unwrap_or("?").to_owned();
            format!("{address}: {}", change["action"].as_str().unwrap_or("?"))
        };
        self.events().iter().filter(|event| event["type"] == "planned_change").map(of).collect()
    }

    /// Drift found by the refresh, as `address: action`.
    pub fn drift(&self) -> Vec<String> {
        let of = |event: &Value| {
            let change = &event["change"];
            let address = change["resource"]["addr"].as_str().unwrap_or("?").to_owned();
            format!("{address}: {}", change["action"].as_str().unwrap_or("?"))
        };
        self.events().iter().filter(|event| event["type"] == "resource_drift").map(of).collect()
    }

    /// Everything it printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// What was traced.
    pub fn trace_text(&self) -> String {
        read_lossy(&self.trace)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit {code}"));
        writeln!(f, "{}: {code} after {:.1} s", self.command, self.took.as_secs_f64())?;
        let diagnostics = self.diagnostics();
        if !diagnostics.0.is_empty() {
            return write!(f, "{diagnostics}");
        }
        let events = self.events();
        let messages = events.iter().filter_map(|event| event["@message"].as_str());
        for message in messages {
            writeln!(f, "  {message}")?;
        }
        if events.is_empty() {
            write!(f, "{}", self.stdout)?;
        }
        write!(f, "{}", self.stderr)
    }
}

// === impl Diagnostic ===

impl Diagnostic {
    fn from_json(json: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            is_error: json["severity"] == "error",
            summary: text(&json["summary"]).unwrap_or_default(),
            detail: text(&json["detail"]).unwrap_or_default(),
            address: text(&json["address"]),
            snippet: text(&json["snippet"]["code"]),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.is_error { "Error" } else { "Warning" }, self.summary)?;
        if let Some(address) = &self.address {
            write!(f, "\n  with {address}")?;
        }
        if let Some(snippet) = &self.snippet {
            write!(f, "\n  at   {}", snippet.trim())?;
        }
        write!(f, "\n  {}", self.detail.replace('\n', "\n  "))
    }
}

// === impl Diagnostics ===

impl Diagnostics {
    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|diagnostic| diagnostic.is_error)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|diagnostic| !diagnostic.is_error)
    }

    /// The only error.
    pub fn error(&self) -> &Diagnostic {
        let errors: Vec<_> = self.errors().collect();
        match errors.as_slice() {
            [error] => error,
            _ => panic!("expected one error, got {}:\n{self}", errors.len()),
        }
    }

    /// The error whose title begins so.
    pub fn error_titled(&self, summary: &str) -> &Diagnostic {
        self.errors()
            .find(|error| error.summary.starts_with(summary))
            .unwrap_or_else(|| panic!("no error begins with {summary:?}:\n{self}"))
    }

    /// The warning whose title begins so.
    pub fn warning_titled(&self, summary: &str) -> &Diagnostic {
        self.warnings()
            .find(|warning| warning.summary.starts_with(summary))
            .unwrap_or_else(|| panic!("no warning begins with {summary:?}:\n{self}"))
    }

    /// Whether any of them says this in title or text.
    pub fn say(&self, words: &str) -> bool {
        self.0.iter().any(|told| told.summary.contains(words) || told.detail.contains(words))
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|diagnostic| writeln!(f, "{diagnostic}"))
    }
}

/// Reads diagnostics out of the drawn form, for commands that have no other.
fn from_boxes(text: &str) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for line in text.lines().map(|line| line.trim_start_matches(['│', '╷', '╵', ' ']).trim_end())
    {
        let (is_error, summary) =
            match (line.strip_prefix("Error: "), line.strip_prefix("Warning: ")) {
                (Some(summary), _) => (true, summary),
                (_, Some(summary)) => (false, summary),
                _ => {
                    if let Some(last) = found.last_mut()
                        && !(line.is_empty() && last.detail.is_empty())
                    {
                        last.detail.push_str(line);
                        last.detail.push('\n');
                    }
                    continue;
                }
            };
        let summary = summary.to_owned();
        found.push(Diagnostic { is_error, summary, ..Diagnostic::default() });
    }
    for diagnostic in &mut found {
        diagnostic.detail.truncate(diagnostic.detail.trim_end().len());
        let with = diagnostic.detail.lines().find_map(|line| line.strip_prefix("with "));
        diagnostic.address = with.map(|address| address.trim_end_matches(',').to_owned());
    }
    found.retain(|told| told.summary != "Provider development overrides are in effect");
    found
}

/// A file as text, whatever bytes are in it; empty where there is none.
pub(crate) fn read_lossy(path: &Path) -> String {
    std::fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_drawn_diagnostics() {
        let told = from_boxes(
            "╷\n│ Warning: Something small\n│ \n│ It may be so.\n╵\n╷\n│ Error: Cannot import\n│ \n\
             │   with x.y[\"a\"],\n│   on main.tf line 3\n│ \n│ There is\n│ no such thing.\n╵\n",
        );
        assert_eq!(told.len(), 2);
        assert!(!told[0].is_error);
        assert_eq!(told[0].detail, "It may be so.");
        assert_eq!(told[1].summary, "Cannot import");
        assert_eq!(told[1].address.as_deref(), Some("x.y[\"a\"]"));
        assert!(told[1].detail.ends_with("There is\nno such thing."));
    }
}
