// SPDX-License-Identifier: MPL-2.0
//! Changes of a secret before the production gate. Of values only that there is another one is approved.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

use super::model::Model;
use super::times;
use crate::configured::Configured;
use crate::gate::document::Document;
use crate::gate::{Operation, Standing};
use crate::guard::{self, Answer, Case, Phase};
use crate::registry::Look;
use crate::secrets::Site;
use crate::settings::Target;
use crate::store::Record;

/// What is done to a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// It is made.
    pub creates: bool,
    /// What another entry or nobody held is taken over.
    pub adopts: bool,
    /// Another value is written.
    pub writes: bool,
    /// The value before goes.
    pub ends_grace: bool,
    /// It goes where the instance's names have it by now.
    pub moves: bool,
    /// Only what is noted of it differs.
    pub mends: bool,
    /// It is removed.
    pub deletes: bool,
}

/// Where a change begins, and what the registry knows.
#[derive(Clone, Debug, Default)]
pub struct Start<'a> {
    /// What the registry knows of the instance's app.
    pub standing: Standing,
    /// The record.
    pub record: Option<&'a Record>,
    /// How the value stands.
    pub status: String,
    /// The identity of the store's target.
    pub target: Option<&'a str>,
}

// === impl Intent ===

impl Intent {
    /// What kinds of change it is.
    fn operations(self) -> BTreeSet<Operation> {
        [
            (self.creates, Operation::Create),
            (self.adopts, Operation::Adopt),
            (self.writes || self.ends_grace, Operation::Rotate),
            (self.moves, Operation::Rename),
            (self.mends, Operation::Update),
            (self.deletes, Operation::Delete),
        ]
        .into_iter()
        .filter_map(|(is, operation)| is.then_some(operation))
        .collect()
    }

    /// What is written, in order.
    fn effects(self, site: &Site, planned: Option<&Model>) -> Vec<String> {
        let path = site.path().unwrap_or_default();
        let key = &site.place.key;
        let previous = site.place.previous_key();
        let grace = planned.filter(|_| self.writes).and_then(times::grace);
        [
            self.creates.then(|| format!("make {key} at {path}")),
            self.adopts.then(|| format!("take {key} at {path} over")),
            self.moves.then(|| format!("move {key} to {path}")),
            self.writes.then(|| format!("write another value of {key}")),
            grace.map(|grace| {
                format!("keep the one before as {previous} for {} seconds", grace.as_secs())
            }),
            self.ends_grace.then(|| format!("remove {previous}")),
            self.mends.then(|| format!("write what is noted of {key}")),
            self.deletes.then(|| format!("remove {key} from {path}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What the registries know of the instance, for an entry to keep.
pub fn standing(look: &Look) -> Standing {
    Standing::of([look], None)
}

/// What is approved of a change. `planned`: none where it is removed.
fn document(
    configured: &Configured,
    site: &Site,
    start: &Start<'_>,
    planned: Option<&Model>,
    intent: Intent,
) -> Document {
    let coordinate = &site.place.coordinate;
    let known = start.target.filter(|id| !configured.run().has_founded(id));
    let target = known.map(|id| (site.facet().to_owned(), id.to_owned()));
    let operations = intent.operations();
    let order = [
        Operation::Delete,
        Operation::Create,
        Operation::Adopt,
        Operation::Rotate,
        Operation::Rename,
    ];
    let first = order.into_iter().find(|operation| operations.contains(operation));
    let prefix = format!("{}/{}/", coordinate.app(), coordinate.env());
    let id = site.id();
    Document {
        target: target.into_iter().collect(),
        owner: configured.settings.owner.clone().unwrap_or_default(),
        app: coordinate.app().to_owned(),
        env: coordinate.env().to_owned(),
        secret: Some(id.strip_prefix(&prefix).unwrap_or(&id).to_owned()),
        generation: start.record.map_or(0, |record| record.version),
        operation: first.unwrap_or(Operation::Update),
        before: start.record.map(|record| before(record, &start.status)),
        after: planned.map(|planned| after(configured, site, planned)),
        effects: intent.effects(site, planned),
    }
}

fn before(record: &Record, status: &str) -> Value {
    json!({
        "owner": record.owner,
        "version": record.version,
        "written": record.time,
        "previous_until": record.previous_until,
        "status": status,
    })
}

fn after(configured: &Configured, site: &Site, planned: &Model) -> Value {
    // Who may read it is decided by the key that it is encrypted with.
    let kms_key = match &configured.settings.aws {
        Target::Known(aws) if site.store_name == "ssm" => aws.kms_key.clone(),
        _ => None,
    };
    let text = |value: &Attr<String>| value.known().cloned();
    let generate = planned.generate.as_ref().map(|generate| {
        json!({
            "kind": text(&generate.kind),
            "length": generate.length.known(),
            "lower": generate.lower.known(),
            "upper": generate.upper.known(),
            "digits": generate.digits.known(),
            "symbols": text(&generate.symbols),
        })
    });
    let rotation = planned
        .rotation
        .as_ref()
        .map(|rotation| json!({ "every": text(&rotation.every), "grace": text(&rotation.grace) }));
    json!({
        "store": site.store_name,
        "path": site.path(),
        "generate": generate,
        "rotation": rotation,
        "value_wo_version": planned.value_wo_version.known(),
        "kms_key": kms_key,
    })
}

fn case<'a>(
    site: &'a Site,
    standing: &'a Standing,
    document: Document,
    intent: Intent,
    unknown: Vec<String>,
) -> Case<'a> {
    Case {
        coordinate: &site.place.coordinate,
        standing,
        was_production: false,
        reaches_others: false,
        operations: intent.operations(),
        unknown,
        document,
        resumed: None,
    }
}

/// What of a secret is not known yet and would be approved.
fn unknown(site: &Site, planned: Option<&Model>) -> Vec<String> {
    let mut unknown = Vec::new();
    if site.store.is_none() {
        unknown.push("an address or a credential of the provider block".to_owned());
    }
    let Some(planned) = planned else { return unknown };
    let texts = [
        planned.generate.as_ref().map(|generate| ("generate.kind", generate.kind.is_unknown())),
        planned.generate.as_ref().map(|generate| ("generate.length", generate.length.is_unknown())),
        planned.rotation.as_ref().map(|rotation| ("rotation.every", rotation.every.is_unknown())),
        planned.rotation.as_ref().map(|rotation| ("rotation.grace", rotation.grace.is_unknown())),
        Some(("value_wo_version", planned.value_wo_version.is_unknown())),
    ];
    let texts = texts.into_iter().flatten().filter(|(_, is_unknown)| *is_unknown);
    unknown.extend(texts.map(|(name, _)| name.to_owned()));
    unknown
}

/// Judges a change.
pub fn judge(
    configured: &Configured,
    cx: &mut Context,
    site: &Site,
    start: &Start<'_>,
    planned: Option<&Model>,
    intent: Intent,
    phase: Phase,
) -> Result<(), Errors> {
    guard::holds_the_floor(configured, &site.place.coordinate, &start.standing)?;
    let document = document(configured, site, start, planned, intent);
    let case = case(site, &start.standing, document, intent, unknown(site, planned));
    guard::judge(configured, cx, case, phase).map(drop)
}

/// Whether what the clock alone asks for may be.
pub fn asks(
    configured: &Configured,
    cx: &mut Context,
    site: &Site,
    start: &Start<'_>,
    planned: &Model,
    intent: Intent,
    overdue: bool,
) -> Result<Answer, Errors> {
    let document = document(configured, site, start, Some(planned), intent);
    let case = case(site, &start.standing, document, intent, unknown(site, Some(planned)));
    guard::answer(configured, cx, case, overdue)
}
