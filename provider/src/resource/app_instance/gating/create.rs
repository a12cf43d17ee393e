// SPDX-License-Identifier: MPL-2.0
//! Creates before the gate, and what a replacement ends first.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;

use super::super::model::Model;
use super::super::{planned, wish as wishes};
use super::sides::{after, becomes, before, document, names, reaches_others, resumed, wish};
use super::start::Start;
use super::{complete, known};
use crate::configured::Configured;
use crate::facet::Limit;
use crate::gate::Operation as Kind;
use crate::gate::instance::{Change, Side};
use crate::guard::{self, Case, Phase, Verdict};
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::registry::Phase as Registered;
use crate::run::Ending;

/// What a create comes to.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    /// What is to be.
    pub planned: &'a Model,
    /// The same, wholly known; `None` where an input is unknown.
    pub spec: Option<&'a Spec>,
    /// Whether something that is there is taken over.
    pub adopts: bool,
    /// Whether this run ends the registration first.
    pub replaces: bool,
}

/// Judges a create whose targets cannot be asked yet.
pub async fn unseen(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    planned: &Model,
    limit: Limit,
) -> Result<(), Errors> {
    let creation = Creation { planned, spec: None, adopts: false, replaces: false };
    let start = Start::default();
    create(configured, cx, coordinate, &start, creation, Phase::Plan, limit).await.map(drop)
}

/// Judges the delete of what this run replaces.
pub fn replaced(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    phase: Phase,
) -> Result<(), Errors> {
    let noted = configured.run().ending(coordinate);
    let Some(Ending { document, standing, was_production }) = noted else { return Ok(()) };
    let case = Case {
        coordinate,
        standing: &standing,
        was_production,
        reaches_others: false,
        operations: [Kind::Delete].into(),
        unknown: Vec::new(),
        document,
        resumed: None,
    };
    guard::judge(configured, cx, case, phase).map(drop)
}

/// Judges a create.
pub async fn create(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    start: &Start<'_>,
    creation: Creation<'_>,
    phase: Phase,
    limit: Limit,
) -> Result<Verdict, Errors> {
    let Creation { planned, spec, adopts, replaces } = creation;
    guard::holds_the_floor(configured, coordinate, &start.standing)?;
    let (wanted, unknown) = known(configured, planned);
    let spec = if let Some(spec) = spec {
        let was = start.entry.is_some_and(|entry| !entry.is_gone() && entry.production);
        Box::pin(complete(configured, coordinate, start, spec.clone(), was, limit)).await?
    } else {
        wishes::known(coordinate, planned, &configured.settings)?
    };
    let spec = &spec;
    let wished = planned::object_keys(spec);
    let live = start.entry.filter(|entry| !entry.is_gone());
    let taken = live.filter(|entry| entry.phase != Registered::Pending && !replaces);
    let was = taken.map(|entry| {
        let of = Start { entry: Some(entry), ..start.clone() };
        Side { names: names(planned), ..before(&of, planned, &wished) }
    });
    let of_create = || {
        let told = wished.iter().map(|name| (name.clone(), wish(spec, name)));
        told.filter(|(_, wish)| !wish.is_string()).collect()
    };
    let objects = was.as_ref().map_or_else(of_create, |was| becomes(spec, &wished, was));
    let change = Change {
        adopts: adopts || was.is_some(),
        unmarked: start.unmarked.clone(),
        before: was,
        after: Some(after(planned, spec, &wanted, objects)),
        objects: wished,
        ..Change::default()
    };
    let generation = start.generation + u64::from(replaces && live.is_some());
    let document = document(coordinate, start, &spec.owner, generation, &change);
    let pending = live.and_then(|entry| entry.pending.as_ref());
    let mut operations = change.operations();
    if taken.is_some() && !unknown.is_empty() {
        operations.insert(Kind::Update);
    }
    let case = Case {
        coordinate,
        standing: &start.standing,
        was_production: live.is_some_and(|entry| entry.production),
        reaches_others: reaches_others(start, spec),
        operations,
        unknown: unknown.clone(),
        resumed: pending.and_then(|pending| {
            Some((
                resumed(&document, pending, change.after.as_ref(), change.effects())?,
                pending.clone(),
            ))
        }),
        document,
    };
    let verdict = guard::judge(configured, cx, case, phase)?;
    let was = taken.map(|entry| entry.spec_digest.as_str());
    let digest = unknown.is_empty().then(|| wanted.digest());
    guard::promoted(configured, coordinate, &start.standing, was, digest.as_deref(), spec, limit)
        .await?;
    Ok(verdict)
}
