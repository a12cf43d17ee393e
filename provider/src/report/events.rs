// SPDX-License-Identifier: MPL-2.0
//! The events of `plan -json`, read line by line.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::action::Action;
use super::line::{self, LINE_BYTES, Line};
use super::told::{Raw, Told};
use super::unreadable::Unreadable;

/// What the events of one plan say.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// `Terraform 1.11.4` or `OpenTofu 1.10.6`.
    pub tool: String,
    /// What changes.
    pub changes: Vec<EventChange>,
    /// What was found changed; not a change of the plan.
    pub drift: Vec<EventChange>,
    /// How many actions without a resource would run.
    pub invocations: usize,
    /// Whether something is left for another plan.
    pub incomplete: bool,
    /// How many outputs change, by what happens to them.
    pub outputs: BTreeMap<String, usize>,
    /// Every diagnostic.
    pub told: Vec<Told>,
}

/// One resource that changes.
#[derive(Clone, Debug)]
pub struct EventChange {
    pub address: String,
    pub action: Action,
    pub resource_type: String,
    /// The provider's local name by the type, such as `appenv`.
    pub provider: String,
}

/// Reads them.
///
/// # Errors
///
/// Another format, another command's, lines missing. The reason repeats nothing of them.
pub fn read_events(mut from: impl BufRead) -> Result<Events, Unreadable> {
    let mut reading = Reading::default();
    let mut number = 0_usize;
    loop {
        number += 1;
        let why = match line::next(&mut from) {
            Ok(Line::Whole(line)) => match reading.line(&line) {
                Ok(()) => continue,
                Err(why) => why,
            },
            Ok(Line::End) => break,
            Ok(Line::Cut) => Wrong::told("the file ends within it"),
            Ok(Line::TooLong) => Wrong::told(format!("it is longer than {LINE_BYTES} bytes")),
            Err(error) => Wrong::told(format!("it cannot be read: {}", error.kind())),
        };
        let unreadable = Unreadable::events(format!("line {number}: {}", why.why));
        return Err(why.next.iter().fold(unreadable, |told, next| told.with_next(next)));
    }
    reading.finish()
}

/// Why a line cannot be taken.
struct Wrong {
    why: String,
    next: Option<&'static str>,
}

/// Events as they come.
#[derive(Default)]
struct Reading {
    events: Events,
    started: bool,
    summary: Option<Summary>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "@level")]
    level: Option<String>,
    #[serde(rename = "@message")]
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    ui: Option<&'a RawValue>,
    #[serde(borrow)]
    terraform: Option<&'a RawValue>,
    #[serde(borrow)]
    tofu: Option<&'a RawValue>,
    #[serde(borrow)]
    change: Option<&'a RawValue>,
    #[serde(borrow)]
    changes: Option<&'a RawValue>,
    #[serde(borrow)]
    outputs: Option<&'a RawValue>,
    #[serde(borrow)]
    diagnostic: Option<&'a RawValue>,
    format_version: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ChangeBody {
    resource: Resource,
    action: String,
}

#[derive(Deserialize)]
struct Resource {
    addr: String,
    #[serde(rename = "resource_type", default)]
    kind: String,
    #[serde(default)]
    implied_provider: String,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    add: usize,
    #[serde(default)]
    change: usize,
    #[serde(default)]
    remove: usize,
    operation: String,
}

#[derive(Deserialize)]
struct Output {
    action: Option<String>,
}

#[derive(Deserialize)]
struct Diagnostic {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
    address: Option<String>,
    range: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    filename: String,
    start: Start,
}

#[derive(Deserialize)]
struct Start {
    line: u64,
}

// === impl Wrong ===

impl Wrong {
    fn told(why: impl Into<String>) -> Self {
        Self { why: why.into(), next: None }
    }

    fn newer(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            next: Some("use a release of this provider that knows the events of your CLI."),
        }
    }
}

// === impl Reading ===

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), Wrong> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let event: Event<'_> = serde_json::from_slice(line)
            .map_err(|_| Wrong::told("it is no event of `plan -json`"))?;
        let kind = event.kind.as_deref().unwrap_or_default();
        if event.format_version.is_some() {
            let next =
                "give the events first and the plan's JSON second: gate EVENTS.jsonl PLAN.json.";
            return Err(Wrong {
                why: "it is the JSON of `show` or `validate`".to_owned(),
                next: Some(next),
            });
        }
        if !self.started && kind != "version" {
            return Err(Wrong::told("the events do not begin with the CLI's version"));
        }
        match kind {
            "version" => self.version(&event)?,
            "planned_change" => {
                let change = change(event.change)?;
                self.events.changes.extend(change);
            }
            "resource_drift" => {
                let drift = change(event.change)?;
                self.events.drift.extend(drift);
            }
            "deferred_change" => self.events.incomplete = true,
            "planned_action_invocation" => self.events.invocations += 1,
            "change_summary" => self.summary(read(event.changes)?)?,
            "outputs" => {
                for (_, output) in read::<BTreeMap<String, Output>>(event.outputs)? {
                    let action = output.action.ok_or_else(another_command)?;
                    if action != "noop" {
                        *self.events.outputs.entry(action).or_default() += 1;
                    }
                }
            }
            "diagnostic" => self.diagnostic(read(event.diagnostic)?),
            kind if of_an_apply(kind) => return Err(another_command()),
            // Progress, and what later CLIs add; an error is one, whatever it is called.
            _ if event.level.as_deref() == Some("error") => {
                let summary = event.message.unwrap_or_default();
                self.events.told.push(Told::of(Raw { is_error: true, summary, ..Raw::default() }));
            }
            _ => {}
        }
        Ok(())
    }

    fn version(&mut self, event: &Event<'_>) -> Result<(), Wrong> {
        if self.started {
            return Err(Wrong::told("a second run begins there"));
        }
        let (tool, version) = match (event.terraform, event.tofu) {
            (Some(version), None) => ("Terraform", version),
            (None, Some(version)) => ("OpenTofu", version),
            _ => return Err(Wrong::newer("it names neither Terraform nor OpenTofu")),
        };
        let ui: String = read(event.ui)?;
        if ui.split('.').next() != Some("1") {
            return Err(Wrong::newer(
                "the format of the events is not 1.x, the only one that is known here",
            ));
        }
        let version: String = read(Some(version))?;
        self.events.tool = format!("{tool} {version}");
        self.started = true;
        Ok(())
    }

    fn summary(&mut self, summary: Summary) -> Result<(), Wrong> {
        if summary.operation != "plan" {
            return Err(another_command());
        }
        if self.summary.replace(summary).is_some() {
            return Err(Wrong::told("a second summary stands there"));
        }
        Ok(())
    }

    fn diagnostic(&mut self, found: Diagnostic) {
        let is_error = found.severity != "warning";
        // The same words in both tools, for -exclude too.
        self.events.incomplete |= !is_error && found.summary == "Resource targeting is in effect";
        let place = found.range.map(|range| format!("{}:{}", range.filename, range.start.line));
        self.events.told.push(Told::of(Raw {
            is_error,
            summary: found.summary,
            detail: found.detail,
            address: found.address,
            place,
        }));
    }

    fn finish(self) -> Result<Events, Unreadable> {
        let events = self.events;
        if !self.started {
            return Err(Unreadable::events("it is empty"));
        }
        let failed = events.told.iter().any(|told| told.is_error() || told.is_refusal());
        let Some(summary) = self.summary else {
            if failed {
                return Ok(events);
            }
            return Err(Unreadable::events(
                "it ends early: neither a summary nor an error is in it",
            ));
        };
        let of = |actions: &[Action]| {
            events.changes.iter().filter(|change| actions.contains(&change.action)).count()
        };
        let Summary { add, change, remove, .. } = summary;
        let counted = (
            of(&[Action::Create, Action::Replace]),
            of(&[Action::Update]),
            of(&[Action::Delete, Action::Replace]),
        );
        if !failed && counted != (add, change, remove) {
            return Err(Unreadable::events(
                "lines are missing: its summary counts other changes than it has",
            ));
        }
        Ok(events)
    }
}

fn read<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Result<T, Wrong> {
    let value = value.and_then(|value| serde_json::from_str(value.get()).ok());
    value.ok_or_else(|| Wrong::newer("it is an event of another shape than is known here"))
}

fn change(value: Option<&RawValue>) -> Result<Option<EventChange>, Wrong> {
    let body: ChangeBody = read(value)?;
    let action = Action::of_event(&body.action)
        .map_err(|()| Wrong::newer("it has an action that is not known here"))?;
    Ok(action.map(|action| EventChange {
        address: body.resource.addr,
        action,
        resource_type: body.resource.kind,
        provider: body.resource.implied_provider,
    }))
}

fn of_an_apply(kind: &str) -> bool {
    ["apply_", "provision_", "applied_", "action_"].iter().any(|prefix| kind.starts_with(prefix))
}

fn another_command() -> Wrong {
    Wrong {
        why: "the events are not a plan's: an apply, a destroy or a refresh has printed them"
            .to_owned(),
        next: Some(
            "give what terraform plan -json (or tofu) prints; what an apply prints comes too late for a gate.",
        ),
    }
}
