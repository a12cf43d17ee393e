// SPDX-License-Identifier: MPL-2.0
//! What production applies have had, raised by this one.

use std::sync::atomic::{AtomicBool, Ordering};

use tfplugin::context::Context;

use super::super::existing::Seen;
use super::super::making::stopped;
use crate::configured::Configured;
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::registry::Floor;

/// What this production apply has cannot be loosened from now on.
pub async fn raise(
    configured: &Configured,
    cx: &Context,
    spec: &Spec,
    seen: &[Seen],
) -> Result<(), FacetError> {
    let (policy, env) = (&configured.settings.policy, spec.coordinate.env());
    if !policy.is_production(env) {
        return Ok(());
    }
    for facet in seen {
        let look = &facet.observation.look;
        // The floor that was looked at is that of the app's owner, who hands it over with the app.
        let floor = look.floor.as_ref();
        let is_theirs = look.app_owner.as_ref().is_some_and(|owner| *owner != spec.owner);
        if !is_theirs && floor == Some(&policy.raised(floor, env)) {
            continue;
        }
        stopped(cx)?;
        let is_looser = AtomicBool::new(false);
        let raise = |found: Option<&Floor>| {
            // Another apply may have raised it since it was looked at.
            let looser = found.is_some_and(|found| !policy.looser_than(found, env).is_empty());
            is_looser.store(looser, Ordering::Relaxed);
            (!looser).then(|| policy.raised(found.or(floor), env))
        };
        facet.facet.change_floor(spec, &spec.owner, &raise).await?;
        if is_looser.into_inner() {
            return Err(outrun(&facet.facet.server()));
        }
    }
    Ok(())
}

/// Another apply was faster, with tighter gates.
fn outrun(server: &str) -> FacetError {
    FacetError {
        fault: Fault::Conflict,
        summary: "the gates are looser than they are by now".to_owned(),
        attempted: format!("Before the first object the floor of this owner was raised on {server}."),
        cause: "another production apply raised it since this one began, and this configuration is looser".to_owned(),
        next: "plan again: it tells what is looser".to_owned(),
        attribute: None,
    }
}
