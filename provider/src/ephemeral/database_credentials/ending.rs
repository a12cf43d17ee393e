// SPDX-License-Identifier: MPL-2.0
//! Renewal and close. Neither looks at the stop signal: what was opened is kept while it is used, and given back.

use std::time::SystemTime;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;

use super::kept::{Kept, Login};
use super::{renew_at, report};
use crate::configured::Configured;
use crate::facet::vault::Ended;

/// Asks for another time.
pub(super) async fn renew(
    configured: &Configured,
    cx: &mut Context,
) -> Result<Option<SystemTime>, Errors> {
    let kept = Kept::load(&cx.private)?;
    let failed = |error| report::failure(&kept.id, &error);
    let world = &configured.world;
    match &kept.login {
        Login::Temporary(login) => {
            let Some(postgres) = configured.clients.postgres() else {
                return Err(report::no_server());
            };
            postgres.keep_login(login, kept.ttl).await.map_err(failed)?;
            Ok(Some(renew_at(world, kept.ttl)))
        }
        Login::Lease(lease_id) => {
            let Some(vault) = configured.clients.vault() else {
                return Err(report::unknown_server("vault"));
            };
            let granted = vault.renew_lease(lease_id, kept.ttl).await.map_err(failed)?;
            // What is said of a renewal is not shown by every CLI: the close tells of a life that ended.
            Ok((!granted.last).then(|| renew_at(world, granted.time)))
        }
    }
}

/// Ends it.
pub(super) async fn close(configured: &Configured, cx: &mut Context) -> Result<(), Errors> {
    let kept = Kept::load(&cx.private)?;
    match &kept.login {
        Login::Temporary(login) => {
            let Some(postgres) = configured.clients.postgres() else {
                return Err(report::no_server());
            };
            let left = postgres.close_login(login).await;
            let left = left.map_err(|error| report::failure(&kept.id, &error))?;
            if !left.is_empty() {
                cx.warn(
                    format!("{}: a temporary login is shut but not dropped", kept.id),
                    format!(
                        "Role \"{}\" still has {}, outside of the instance's database, where it is not ours to give away. \
                         Nobody can log in with it.\n\nNext: REASSIGN OWNED BY or DROP OWNED BY it there; the next \
                         opening, deletion or renaming of the instance drops it.",
                        login.name,
                        left.join(", ")
                    ),
                );
            }
            Ok(())
        }
        Login::Lease(lease_id) => {
            let Some(vault) = configured.clients.vault() else {
                return Err(report::unknown_server("vault"));
            };
            let ended = vault.give_back(lease_id).await;
            match ended.map_err(|error| report::failure(&kept.id, &error))? {
                Ended::GivenBack => {}
                Ended::AtLongest => cx.warn(
                    format!("{}: the leased login reached its longest life", kept.id),
                    "Vault lets it live no longer, and it ended before the run was over.\n\nNext: if something of the run \
                     lost its login, raise `max_ttl` of the instance's `vault` block, or that of the database mount.",
                ),
                Ended::Unrenewed => cx.warn(
                    format!("{}: the leased login was not renewed in time", kept.id),
                    "Its time was over before the run was: no renewal came through, and the provider's log says why \
                     (TF_LOG=WARN).\n\nNext: if something of the run lost its login, run it again; a longer `ttl` leaves \
                     more time for a renewal.",
                ),
            }
            Ok(())
        }
    }
}
