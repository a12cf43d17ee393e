// SPDX-License-Identifier: MPL-2.0
//! Looks that a preflight takes beside those of a plan: the catalogs without the registry, and a login of somebody else.

use std::collections::BTreeSet;

use super::failure::Failure;
use super::foreign::Founded;
use super::observe::{Document, forget, reader};
use super::session::{Ask, Session, Text};
use super::settings::Password;
use super::trouble::Trouble;
use super::{Postgres, connect, sql_read, wish};
use crate::facet::FacetError;
use crate::plan::Spec;
use crate::plan::postgres::{PostgresWish, Seen, quoted};

/// What the catalogs tell of an instance and of the databases beside it.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// The instance's own objects and the provider's login.
    pub seen: Seen,
    /// Databases that no instance has, by name, with what PUBLIC may do there.
    pub maintenance: Vec<Maintenance>,
    /// Logins that work for the instance and are no superusers: the provider's, and who may grant its owner role.
    pub workers: BTreeSet<String>,
    /// How many connections there may be.
    pub room: Room,
}

/// How many connections there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// What the server still takes from logins that are no superusers.
    pub free: i32,
    /// `max_connections`.
    pub most: i32,
    /// `CONNECTION LIMIT` of the provider's login; -1: none.
    pub limit: i32,
    /// Connections that the login has.
    pub used: i32,
}

/// A database that no instance has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Its name.
    pub name: String,
    /// `CONNECT`, `TEMPORARY`, `CREATE`; sorted.
    pub public: Vec<String>,
}

/// Who a session is, before and after what its login sets for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Became {
    /// `session_user`: the login.
    pub login: String,
    /// `current_user`: the role it works as.
    pub role: String,
}

// === impl Postgres ===

impl Postgres {
    /// The version of the server and the login, as one catalog look tells them, and what stands of an instance. The
    /// registry is not asked, so that what is wrong with it hides nothing here.
    pub async fn examine(&self, spec: &Spec) -> Result<Examined, FacetError> {
        let wish = wish(spec)?;
        let doing =
            || format!("Could not look at what instance {} has", quoted(&spec.names.instance));
        let session = reader(&self.link).await.map_err(|trouble| self.told(trouble))?;
        match examined(&session, spec, wish).await {
            Ok(examined) => Ok(examined),
            Err(failure) => {
                let trouble = Trouble::server(failure, doing());
                forget(&self.link, &session, &trouble).await;
                Err(self.told(trouble))
            }
        }
    }

    /// Logs in to a database as somebody else and asks who the session is; it is closed at once.
    pub async fn log_in(
        &self,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Became, FacetError> {
        let mut settings = self.link.settings().clone();
        user.clone_into(&mut settings.user);
        settings.password = Some(Password::new(password.to_owned()));
        database.clone_into(&mut settings.database);
        let asked = async {
            let session = connect::open(&settings, self.link.application_name(), database).await?;
            let rows = session.rows(sql_read::WHO, &[]).await?;
            let row = rows.first().ok_or_else(|| Failure::Driver("an empty answer".to_owned()))?;
            Ok::<_, Failure>(Became { login: row.try_get(0)?, role: row.try_get(1)? })
        };
        asked.await.map_err(|failure| {
            let doing =
                format!("Could not log in to database {} with a leased login", quoted(database));
            Trouble::server(failure, doing).into_error(&settings)
        })
    }
}

async fn examined(
    session: &Session,
    spec: &Spec,
    wish: &PostgresWish,
) -> Result<Examined, Failure> {
    let texts: [Text<'_>; 7] = [
        Some(spec.coordinate.app()),
        Some(spec.coordinate.env()),
        Some(&wish.database),
        Some(&wish.owner_role),
        None,
        None,
        Some(&spec.owner),
    ];
    let document: Document = session.ask(Ask::Read, Founded::No, &texts).await?;
    let mut maintenance = Vec::new();
    for row in session.rows(sql_read::MAINTENANCE, &[Some(&wish.database)]).await? {
        maintenance.push(Maintenance { name: row.try_get(0)?, public: row.try_get(1)? });
    }
    let mut workers = BTreeSet::new();
    for row in session.rows(sql_read::WORKERS, &[]).await? {
        workers.insert(row.try_get(0)?);
    }
    let rows = session.rows(sql_read::ROOM, &[]).await?;
    let row = rows.first().ok_or_else(|| Failure::Driver("an empty answer".to_owned()))?;
    let room = Room {
        free: row.try_get(0)?,
        most: row.try_get(1)?,
        limit: row.try_get(2)?,
        used: row.try_get(3)?,
    };
    Ok(Examined { seen: document.seen, maintenance, workers, room })
}
