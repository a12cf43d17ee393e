// SPDX-License-Identifier: MPL-2.0
//! What stands on the PostgreSQL server.
//!
//! - `judge`: from what was seen to findings; pure.

mod judge;

use crate::facet::Facet as _;
use crate::facet::postgres::Postgres;
use crate::finding::Finding;
use crate::plan::Spec;

use super::fix;
use super::run::Check;

/// Whether the server answers and lets the login in.
pub const CONNECTION: &str = "postgres_connection";
/// What follows from that.
const OTHERS: [&str; 8] = [
    judge::VERSION,
    judge::LOGIN,
    judge::ROOM,
    judge::OWNER_ROLE,
    judge::DATABASE,
    judge::DATABASE_OWNER,
    judge::DATABASE_PUBLIC,
    judge::MAINTENANCE_PUBLIC,
];

/// The check of the server: one connection answers all of it.
pub fn check(postgres: &Postgres, spec: Spec) -> Check<'_> {
    let server = postgres.server();
    Check::new(CONNECTION, server.clone(), async move {
        let Some(wish) = &spec.postgres else { return Vec::new() };
        match postgres.examine(&spec).await {
            Ok(examined) => {
                let login = &examined.seen.login.name;
                let detail = format!("It answers, and lets login \"{login}\" in.");
                let mut found = vec![Finding::ok(CONNECTION, server.clone(), detail)];
                found.extend(judge::judge(&examined, wish, &server));
                found
            }
            Err(error) => not_asked(&server, fix::failed(CONNECTION, server.clone(), &error)),
        }
    })
    .also(&OTHERS)
}

/// Everything skipped, since the server's address is not known yet.
pub fn unknown() -> Vec<Finding> {
    let detail = "The address or a credential of the server is known only after apply.";
    let skip = |check| Finding::skip(check, "PostgreSQL", detail);
    std::iter::once(CONNECTION).chain(OTHERS).map(skip).collect()
}

fn not_asked(server: &str, why: Finding) -> Vec<Finding> {
    let detail = format!("Not asked: see {CONNECTION}.");
    let skip = |check| Finding::skip(check, server, detail.clone());
    std::iter::once(why).chain(OTHERS.into_iter().map(skip)).collect()
}
