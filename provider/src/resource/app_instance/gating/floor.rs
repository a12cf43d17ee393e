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
        let floor = facet.observation.look.floor.as_ref();
        if floor == Some(&policy.raised(floor, env)) {
            continue;
        }
        stopped(cx)?;
        let raise = |floor: Option<&Floor>| Some(policy.raised(floor, env));
        facet.facet.change_floor(spec, &spec.owner, &raise).await?;
    }
    Ok(())
}
