//! What production applies have had, raised by this one.

use tfplugin::context::Context;

use super::super::existing::Seen;
use super::super::making::stopped;
use crate::configured::Configured;
use crate::facet::FacetError;
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
        let raise = |found: Option<&Floor>| Some(policy.raised(found.or(floor), env));
        facet.facet.change_floor(spec, &spec.owner, &raise).await?;
    }
    Ok(())
}
