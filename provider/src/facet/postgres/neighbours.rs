// SPDX-License-Identifier: MPL-2.0
//! Other instances that are registered with one of our names, and what of it is refused.

use serde::Deserialize;

use super::failure::Failure;
use super::session::{Session, one};
use super::sql_registry;
use crate::facet::Refusal;
use crate::plan::Spec;
use crate::plan::postgres::{self, PostgresWish, quoted};

/// Another instance that is registered with one of our names.
#[derive(Debug, Deserialize)]
pub(super) struct Neighbour {
    pub(super) app: String,
    pub(super) env: String,
    pub(super) production: bool,
    pub(super) database: String,
    pub(super) owner_role: String,
}

/// Why an instance may not have its names beside a neighbour.
pub(super) enum Clash<'a> {
    /// The neighbour has the database.
    Database(&'a Neighbour),
    /// The neighbour has the owner role, and the two may not share it.
    Role(&'a Neighbour),
    /// They may share the role, but for one of them being a production env.
    Production(&'a Neighbour),
}

// === impl Neighbour ===

impl Neighbour {
    fn by(&self) -> String {
        format!("app {} in env {}", quoted(&self.app), quoted(&self.env))
    }
}

// === impl Clash ===

impl Clash<'_> {
    /// One line.
    pub(super) fn summary(&self, wish: &PostgresWish) -> String {
        match self {
            Self::Database(other) => {
                format!("Database {} already belongs to {}", quoted(&wish.database), other.by())
            }
            Self::Role(other) => {
                format!("Role {} already belongs to {}", quoted(&wish.owner_role), other.by())
            }
            Self::Production(_) => format!(
                "Role {} would own a production database and another env's",
                quoted(&wish.owner_role)
            ),
        }
    }

    /// Why that cannot be.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Database(_) => "two instances may not share a database".to_owned(),
            Self::Role(_) => "whoever is a member of it would reach both databases".to_owned(),
            Self::Production(other) => format!(
                "{} has the same owner role on this server, and one of the two is a production env: whoever may log \
                 in to one database would reach the other",
                other.by()
            ),
        }
    }

    /// What the user can do. `free`: a name for a role of the instance's own.
    pub(super) fn next(&self, spec: &Spec, alone: bool, free: Option<&str>) -> String {
        let id = format!("{}/{}", spec.coordinate.app(), spec.coordinate.env());
        if let Self::Database(other) = self {
            return format!(
                "Give {id} another database: names {{ database = \"…\" }}, or end {}.",
                other.by()
            );
        }
        let mut next = match free {
            Some(free) => format!(
                "Give {id} a role of its own; write in its block:\n\n  {}\n",
                postgres::own_role_block(free)
            ),
            None => format!("Give {id} a role of its own: names {{ owner_role = \"…\" }}."),
        };
        // A role that several have cannot be renamed.
        if let (Self::Production(other), true) = (self, alone) {
            let (template, other) = (postgres::OWN_ROLE_TEMPLATE, other.by());
            next = format!(
                "{next}\nOr give every instance its own; write in the provider block:\n\n  {template}\n\nThe role of \
                 {other} is then renamed."
            );
        }
        next.trim_end().to_owned()
    }
}

/// Whether another registered env of the app has the same owner role.
pub(super) fn shares(neighbours: &[Neighbour], spec: &Spec, wish: &PostgresWish) -> bool {
    neighbours
        .iter()
        .any(|other| other.app == spec.coordinate.app() && other.owner_role == wish.owner_role)
}

/// What stands against the instance's names.
pub(super) fn clashes<'a>(
    neighbours: &'a [Neighbour],
    spec: &Spec,
    wish: &PostgresWish,
) -> Vec<Clash<'a>> {
    let mut clashes = Vec::new();
    for other in neighbours {
        if other.database == wish.database {
            clashes.push(Clash::Database(other));
        }
        if other.owner_role != wish.owner_role {
            continue;
        }
        if other.app != spec.coordinate.app() || !wish.owner_role_shared {
            clashes.push(Clash::Role(other));
        } else if other.production || spec.production {
            clashes.push(Clash::Production(other));
        }
    }
    clashes
}

/// Whether just one other instance has the role.
pub(super) fn is_one(neighbours: &[Neighbour], wish: &PostgresWish) -> bool {
    neighbours.iter().filter(|other| other.owner_role == wish.owner_role).count() == 1
}

/// The same as reasons against a plan. `free`: a name for a role of the instance's own.
pub(super) fn refusals(
    neighbours: &[Neighbour],
    spec: &Spec,
    wish: &PostgresWish,
    free: Option<&str>,
) -> Vec<Refusal> {
    let alone = is_one(neighbours, wish);
    let clashes = clashes(neighbours, spec, wish);
    let refusal = |clash: &Clash<'_>| {
        let mut cause = clash.cause();
        cause[..1].make_ascii_uppercase();
        Refusal {
            summary: clash.summary(wish),
            detail: format!(
                "{cause}. Nothing was changed.\n\nNext: {}",
                clash.next(spec, alone, free)
            ),
        }
    };
    clashes.iter().map(refusal).collect()
}

/// What a new instance should know of a role that it shares. The same words for every env, so that it is said once.
pub(super) fn warning(
    neighbours: &[Neighbour],
    spec: &Spec,
    wish: &PostgresWish,
) -> Option<Refusal> {
    let shared = wish.owner_role_shared && shares(neighbours, spec, wish);
    shared
        .then(|| postgres::shared_role_warning(&wish.owner_role, spec.coordinate.app()))
        .map(|(summary, detail)| Refusal { summary, detail })
}

/// A name for a role of the instance's own: one that no role and no registered instance has.
pub(super) async fn free_role(
    session: &Session,
    spec: &Spec,
    wish: &PostgresWish,
) -> Result<Option<String>, Failure> {
    let names = serde_json::json!(postgres::own_roles(wish, &spec.coordinate)).to_string();
    let rows = session.rows(sql_registry::FREE_ROLE, &[Some(&names)]).await?;
    if rows.is_empty() { Ok(None) } else { one(&rows).map(Some) }
}
