// SPDX-License-Identifier: MPL-2.0
//! What stands in the way of a write, as what a user can act on.

use super::note::Obstacle;
use super::place::{PREVIOUS, Place};
use crate::facet::{FacetError, Fault};

/// An obstacle to a change of a secret, in a store that is told as `server`.
pub fn obstacle(place: &Place, server: &str, path: &str, obstacle: Obstacle) -> FacetError {
    let (app, env, key) = (place.coordinate.app(), place.coordinate.env(), &place.key);
    let previous = format!("{}{PREVIOUS}", place.parameter_name.as_ref().unwrap_or(key));
    let attempted = format!("Writing {key} at {path} on {server}, only if nobody else did.");
    let (fault, summary, cause, next) = match obstacle {
        Obstacle::Changed => (
            Fault::Conflict,
            format!("{key} is not as it was seen"),
            "another run or another state wrote it since; nothing was written".to_owned(),
            "plan again and look at what it says.".to_owned(),
        ),
        Obstacle::Occupied => (
            Fault::Occupied,
            format!("{key} is there already"),
            "it has a value that no state holds; nothing was written".to_owned(),
            match &place.parameter_name {
                None => format!(
                    "to manage the value that stands, import it (terraform import ADDRESS {app}/{env}/{key}); else remove \
                     it, or choose another `key`."
                ),
                Some(own) => format!(
                    "to manage the value that stands, import it (terraform import ADDRESS \
                     {app}/{env}/{key}?parameter_name={own}); else remove it, or choose another `parameter_name`."
                ),
            },
        ),
        Obstacle::PreviousOccupied => (
            Fault::Occupied,
            format!("{previous} is there already"),
            "the value before is to stay readable under that name for `rotation.grace`, and something else put a value \
             there; nothing was written"
                .to_owned(),
            format!("remove {previous}, or leave `rotation.grace` out."),
        ),
        Obstacle::Missing => (
            Fault::Missing,
            format!("{key} has no value"),
            "there is no value to take over; nothing was written".to_owned(),
            "give a value: raise `value_wo_version`, or apply again with `generate`.".to_owned(),
        ),
    };
    FacetError { fault, summary, attempted, cause, next, attribute: None }
}
