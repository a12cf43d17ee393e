// SPDX-License-Identifier: MPL-2.0
//! Objects that are there without a registration: what `adopt` lets a create do about them, and how an import finds them.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::claim::Refused;
use super::existing::{self, Seen};
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::{report, wish};
use crate::configured::Configured;
use crate::naming::Coordinate;
use crate::plan::ObjectState;

/// What a create does about objects that nobody registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopt {
    /// Refuses, and names them.
    Refuse,
    /// Takes over what equals the wish, and lists the differences otherwise.
    Verify,
}

impl Adopt {
    /// As the configuration says.
    pub fn of(model: &Model) -> Self {
        match model.adopt.known().map(String::as_str) {
            Some("verify") => Self::Verify,
            _ => Self::Refuse,
        }
    }
}

/// The look that the plan of an import takes where nobody registered the instance: against what is wished, which a read does
/// not know. `None`: it is registered, or its targets cannot be asked yet.
pub async fn look(
    configured: &Configured,
    coordinate: &Coordinate,
    planned: &Model,
    held: &Held,
) -> Result<Option<Vec<Seen>>, Errors> {
    let settings = &configured.settings;
    if !held.is_unregistered_import() || settings.has_unknown_target() {
        return Ok(None);
    }
    let spec = wish::known(coordinate, planned, settings)?;
    let seen = existing::observe(configured, &spec, Operation::Read.limit(planned)).await;
    seen.map(Some).map_err(|error| report::failure(coordinate, &error))
}

/// Whether a create may take over objects that nobody registered.
pub fn judge(
    coordinate: &Coordinate,
    adopt: Adopt,
    owner: &str,
    seen: &[Seen],
    unregistered: &[String],
) -> Result<(), Errors> {
    if adopt == Adopt::Refuse {
        let refused = Refused::Occupied { objects: unregistered.to_vec() };
        return Err(report::refused(coordinate, owner, &refused));
    }
    match differences(seen) {
        none if none.is_empty() => Ok(()),
        differences => Err(refuse(coordinate, &differences)),
    }
}

/// Every object that is not as wished, its marker aside: one line each.
fn differences(seen: &[Seen]) -> Vec<String> {
    let objects = seen.iter().flat_map(|facet| &facet.observation.objects);
    objects
        .filter(|(_, state)| **state != ObjectState::Ok && !state.lacks_only_its_marker())
        .map(|(name, state)| format!("{name}: {state}"))
        .collect()
}

/// What the plan says that takes over objects without a registration.
pub fn announce(coordinate: &Coordinate, objects: &[String]) -> Diagnostic {
    let id = report::id(coordinate);
    Diagnostic::warning(
        format!("{id}: exists unregistered, and equals what is wished"),
        format!(
            "`adopt` is `verify`, and these objects are as this configuration wishes them:\n{}This plan does not make \
             them: it registers {id} and writes our marker on each (operation adopt). No data and no right changes.",
            report::list(objects)
        ),
    )
}

/// What differs, and how to go on.
fn refuse(coordinate: &Coordinate, differences: &[String]) -> Errors {
    let id = report::id(coordinate);
    Errors::at(
        Path::attribute("adopt"),
        format!("{id}: exists, but not as wished"),
        format!(
            "`adopt` is `verify`, which takes over only what equals this configuration, and this differs:\n{}Nothing was \
             changed.\n\nNext: write the configuration so that it says what is there; or change the objects by hand; or \
             import the instance (terraform import ADDRESS {id}): the first plan after that names each difference, and \
             its apply mends them.",
            report::list(differences)
        ),
    )
}
