// SPDX-License-Identifier: MPL-2.0
//! What stands in Vault or OpenBao.
//!
//! - `judge`: roles and the connection, from what was read to findings; pure. `policies`: the same of policies.

mod judge;
mod policies;

use crate::facet::vault::Vault;
use crate::facet::{Facet as _, FacetError};
use crate::finding::Finding;
use crate::plan::Spec;
use crate::plan::vault::VaultWish;
use crate::settings::Settings;

use super::run::Check;
use super::{Subject, fix};

/// Whether the server answers, is unsealed, and knows the token.
pub const CONNECTION: &str = "vault_connection";
/// What follows from that.
const OTHERS: [&str; 6] = [
    judge::DATABASE_CONNECTION,
    judge::PASSWORD_AUTHENTICATION,
    judge::DATABASE_ROLE,
    policies::RUNTIME_POLICY,
    policies::OPS_POLICY,
    judge::KUBERNETES_ROLE,
];

/// The check of the server.
pub fn check<'a>(vault: &'a Vault, subject: &'a Subject, settings: &'a Settings) -> Check<'a> {
    let server = vault.server();
    Check::new(CONNECTION, server.clone(), async move {
        if let Err(error) = vault.ping().await {
            return not_asked(&server, fix::failed(CONNECTION, &*server, &error));
        }
        let detail = "It answers, is unsealed, and knows the token.";
        let mut found = vec![Finding::ok(CONNECTION, &*server, detail)];
        let spec = subject.spec(settings, None);
        // What is wished of policies and roles depends on it; that it cannot be read has a finding of its own.
        let Ok(look) = vault.look(&spec).await else {
            let why = "Not judged: the registration, which says what is wished, cannot be read: see registry_names.";
            let others = OTHERS.into_iter().map(|check| Finding::skip(check, &*server, why));
            found.extend(others);
            return found;
        };
        let spec = subject.spec(settings, look.entry.as_ref());
        if let Some(wish) = &spec.vault {
            found.extend(Box::pin(asked(vault, &spec, wish, &server)).await);
        }
        found
    })
    .also(&OTHERS)
}

/// Everything skipped, since the server's address is not known yet.
pub fn unknown() -> Vec<Finding> {
    let detail = "The address or a credential of the server is known only after apply.";
    let skip = |check| Finding::skip(check, "Vault", detail);
    std::iter::once(CONNECTION).chain(OTHERS).map(skip).collect()
}

async fn asked(vault: &Vault, spec: &Spec, wish: &VaultWish, server: &str) -> Vec<Finding> {
    let (connection, role, runtime, ops, kubernetes) = tokio::join!(
        connection(vault, wish, server),
        database_role(vault, wish, server),
        policies::runtime(vault, spec, wish, server),
        policies::ops(vault, spec, wish, server),
        kubernetes_role(vault, wish, server),
    );
    connection.into_iter().chain([role, runtime, ops, kubernetes]).collect()
}

async fn connection(vault: &Vault, wish: &VaultWish, server: &str) -> [Finding; 2] {
    let checks = [judge::DATABASE_CONNECTION, judge::PASSWORD_AUTHENTICATION];
    let Some(database) = &wish.database else {
        return checks.map(|check| without(check, server, NO_POSTGRES));
    };
    let target = format!(
        "database connection \"{}\" at \"{}\" on {server}",
        database.connection, database.mount
    );
    match vault.connection_of_database(&database.mount, &database.connection).await {
        Ok(found) => judge::connection(found.as_ref(), database, &target),
        Err(error) => {
            let skipped = format!("Not asked: see {}.", judge::DATABASE_CONNECTION);
            [
                fix::failed(judge::DATABASE_CONNECTION, &*target, &error),
                Finding::skip(judge::PASSWORD_AUTHENTICATION, &*target, skipped),
            ]
        }
    }
}

async fn database_role(vault: &Vault, wish: &VaultWish, server: &str) -> Finding {
    let check = judge::DATABASE_ROLE;
    let Some(database) = &wish.database else { return without(check, server, NO_POSTGRES) };
    let target =
        format!("database role \"{}\" at \"{}\" on {server}", database.role, database.mount);
    let held = vault.role_of_database(&database.mount, &database.role).await;
    told(check, target, held, |held, target| judge::database_role(held, database, target))
}

async fn kubernetes_role(vault: &Vault, wish: &VaultWish, server: &str) -> Finding {
    let check = judge::KUBERNETES_ROLE;
    let Some(kubernetes) = &wish.kubernetes else {
        let why =
            "The provider has no `vault.kubernetes` block, so nobody logs in from Kubernetes.";
        return without(check, server, why);
    };
    let target = format!(
        "Kubernetes auth role \"{}\" at \"{}\" on {server}",
        kubernetes.role, kubernetes.mount
    );
    let held = vault.role_of_kubernetes(&kubernetes.mount, &kubernetes.role).await;
    told(check, target, held, |held, target| {
        judge::kubernetes_role(held, kubernetes, &wish.runtime_policy, target)
    })
}

const NO_POSTGRES: &str = "The provider has no `postgres` block, so no logins are leased.";

/// Judges what could be read.
fn told<T>(
    check: &'static str,
    target: String,
    held: Result<T, FacetError>,
    judge: impl FnOnce(T, String) -> Finding,
) -> Finding {
    match held {
        Ok(held) => judge(held, target),
        Err(error) => fix::failed(check, target, &error),
    }
}

fn without(check: &'static str, server: &str, why: &str) -> Finding {
    Finding::skip(check, server, why)
}

fn not_asked(server: &str, why: Finding) -> Vec<Finding> {
    let detail = format!("Not asked: see {CONNECTION}.");
    let skip = |check| Finding::skip(check, server, detail.clone());
    std::iter::once(why).chain(OTHERS.into_iter().map(skip)).collect()
}
