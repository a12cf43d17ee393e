// SPDX-License-Identifier: MPL-2.0
//! Renewal and close. Neither looks at the stop signal: what was opened is kept while it is used, and given back.

use std::time::SystemTime;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;

use super::kept::{Kept, Login};
use super::life::Lives;
use super::{renew_at, report};
use crate::configured::Configured;
use crate::facet::Fault;

/// Asks for another time.
pub(super) async fn renew(
    configured: &Configured,
    lives: &Lives,
    cx: &mut Context,
) -> Result<Option<SystemTime>, Errors> {
    let kept = Kept::load(&cx.private)?;
    let world = &configured.world;
    let granted = match &kept.login {
        Login::Temporary(login) => match configured.clients.postgres() {
            Some(postgres) => postgres.keep_login(login, kept.ttl).await.map(|_| (kept.ttl, false)),
            None => return Err(report::no_server()),
        },
        Login::Lease(lease_id) => match configured.clients.vault() {
            Some(vault) => {
                let granted = vault.renew_lease(lease_id, kept.ttl).await;
                granted.map(|granted| (granted.time, granted.last))
            }
            None => return Err(report::unknown_server("vault")),
        },
    };
    match granted {
        Ok((time, last)) => {
            lives.note(&kept.login, world.time(), time, last);
            Ok((!last).then(|| renew_at(world, time)))
        }
        Err(error) => {
            tracing::warn!(id = %kept.id, %error, "a login could not be renewed");
            let passes = error.fault == Fault::Unreachable;
            let why = error.to_string();
            match lives.note_failed(&kept.login, world.time(), why, passes) {
                // After an error no CLI asks again.
                Some(rest) => Ok(Some(world.moment_after(rest))),
                None => Err(report::failure(&kept.id, &error)),
            }
        }
    }
}

/// Ends it.
pub(super) async fn close(
    configured: &Configured,
    lives: &Lives,
    cx: &mut Context,
) -> Result<(), Errors> {
    let kept = Kept::load(&cx.private)?;
    let ended = lives.end(&kept.login, configured.world.time());
    // Before it is given back: where that fails, this may be why.
    cx.warnings.extend(report::ended(&kept.id, ended));
    match &kept.login {
        Login::Temporary(login) => {
            let Some(postgres) = configured.clients.postgres() else {
                return Err(report::no_server());
            };
            let left = postgres.close_login(login).await;
            let left = left.map_err(|error| report::failure(&kept.id, &error))?;
            if !left.is_empty() {
                cx.warnings.push(report::left(&kept.id, &login.name, &left));
            }
        }
        Login::Lease(lease_id) => {
            let Some(vault) = configured.clients.vault() else {
                return Err(report::unknown_server("vault"));
            };
            let given_back = vault.give_back(lease_id).await;
            given_back.map_err(|error| report::failure(&kept.id, &error))?;
        }
    }
    Ok(())
}
