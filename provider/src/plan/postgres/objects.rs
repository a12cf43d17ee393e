// SPDX-License-Identifier: MPL-2.0
//! How each object stands against the wish, and what stands in the way of a create.

use super::{PostgresWish, Seen, SeenDatabase, SeenRole, escaped, quoted};
use crate::plan::{Marker, ObjectState, Objects, UNMARKED};

/// The owner role's name in `objects`.
pub const OWNER_ROLE: &str = "postgres_owner_role";
/// The database's name in `objects`.
pub const DATABASE: &str = "postgres_database";
/// What PUBLIC may do on the database.
pub const PUBLIC_ACCESS: &str = "postgres_public_access";
/// The membership of Vault's login.
pub const VAULT_LOGIN: &str = "postgres_vault_login";
/// Revoked logins that still own something.
pub const ENDED_LOGINS: &str = "postgres_ended_logins";

/// Ended logins named in one difference; the others are counted.
const NAMED: usize = 5;

/// The name an extension has in `objects`.
pub fn extension_object(extension: &str) -> String {
    format!("postgres_extension_{extension}")
}

/// The names of every object of a wish. `with_login`: Vault leases logins on this server.
pub fn object_keys(wish: &PostgresWish, with_login: bool) -> Vec<String> {
    let always = [OWNER_ROLE, DATABASE, PUBLIC_ACCESS, ENDED_LOGINS];
    let login = with_login.then_some(VAULT_LOGIN);
    let extensions = wish.extensions.iter().map(|extension| extension_object(extension));
    always.into_iter().chain(login).map(str::to_owned).chain(extensions).collect()
}

/// Every object of the instance against the wish. What could not be seen is left out.
pub fn objects(wish: &PostgresWish, marker: &Marker, seen: &Seen) -> Objects {
    let mut objects = Objects::new();
    objects.insert(OWNER_ROLE.to_owned(), owner_role(wish, marker, seen.role.as_ref()));
    objects.insert(DATABASE.to_owned(), database(wish, marker, seen.database.as_ref()));
    objects.insert(PUBLIC_ACCESS.to_owned(), public_access(seen.database.as_ref()));
    objects.insert(ENDED_LOGINS.to_owned(), ended_logins(wish, seen));
    if let Some(login) = &wish.vault_login {
        objects.insert(VAULT_LOGIN.to_owned(), vault_login(login, seen));
    }
    for extension in &wish.extensions {
        let state = match (&seen.database, &seen.extensions) {
            (Some(_), None) => continue,
            (Some(_), Some(there)) if there.contains(extension) => ObjectState::Ok,
            _ => ObjectState::Missing,
        };
        objects.insert(extension_object(extension), state);
    }
    objects
}

/// Objects under the instance's own names, each with what its comment tells of whose it is.
pub fn occupied(wish: &PostgresWish, seen: &Seen) -> Vec<String> {
    let role = seen.role.as_ref().map(|role| {
        format!("role {} ({})", quoted(&wish.owner_role), whose(role.comment.as_deref()))
    });
    let database = seen.database.as_ref().map(|database| {
        format!(
            "database {} (owned by role {}, {})",
            quoted(&wish.database),
            quoted(&database.owner),
            whose(database.comment.as_deref())
        )
    });
    role.into_iter().chain(database).collect()
}

fn whose(comment: Option<&str>) -> String {
    match comment {
        None => "no marker".to_owned(),
        Some(text) => match Marker::parse(text) {
            Some(marker) => format!(
                "marked app={} env={} owner={}",
                quoted(&marker.app),
                quoted(&marker.env),
                quoted(&marker.owner)
            ),
            None => format!("no marker; its comment is {}", quoted(text)),
        },
    }
}

fn owner_role(wish: &PostgresWish, marker: &Marker, seen: Option<&SeenRole>) -> ObjectState {
    let Some(role) = seen else { return ObjectState::Missing };
    let mut differences: Vec<String> = [
        (role.login, "can log in"),
        (role.superuser, "is a superuser"),
        (role.createrole, "may create roles"),
        (role.createdb, "may create databases"),
        (role.replication, "may replicate"),
        (role.bypassrls, "bypasses row level security"),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, phrase)| phrase.to_owned())
    .collect();
    differences.extend(comment(role.comment.as_deref(), &wish.role_comment(marker)));
    ObjectState::from_differences(differences)
}

fn database(wish: &PostgresWish, marker: &Marker, seen: Option<&SeenDatabase>) -> ObjectState {
    let Some(database) = seen else { return ObjectState::Missing };
    let mut differences = Vec::new();
    if database.owner != wish.owner_role {
        differences.push(format!("owner is {}", quoted(&database.owner)));
    }
    if database.connection_limit != wish.connection_limit {
        differences.push(format!("connection_limit is {}", database.connection_limit));
    }
    if !database.allow_connections {
        differences.push("connections are not allowed".to_owned());
    }
    differences.extend(comment(database.comment.as_deref(), &marker.line()));
    differences.extend(super::unmendable(wish, database));
    ObjectState::from_differences(differences)
}

fn comment(is: Option<&str>, wished: &str) -> Option<String> {
    match is {
        None => Some(UNMARKED.to_owned()),
        Some(text) if text == wished => None,
        Some(text) => Some(format!("comment is {}", quoted(text))),
    }
}

fn public_access(seen: Option<&SeenDatabase>) -> ObjectState {
    match seen {
        None => ObjectState::Missing,
        Some(database) if database.public.is_empty() => ObjectState::Ok,
        Some(database) => {
            ObjectState::Differs(vec![format!("PUBLIC may {}", database.public.join(", "))])
        }
    }
}

fn vault_login(name: &str, seen: &Seen) -> ObjectState {
    let Some(login) = &seen.vault_login else {
        return ObjectState::Differs(vec![format!("login {} does not exist", quoted(name))]);
    };
    if seen.role.is_none() {
        return ObjectState::Missing;
    }
    match login.membership {
        _ if login.superuser => ObjectState::Ok,
        None => ObjectState::Missing,
        Some(membership) if membership.admin => ObjectState::Ok,
        Some(_) => ObjectState::Differs(vec![format!("{} has no admin option", quoted(name))]),
    }
}

fn ended_logins(wish: &PostgresWish, seen: &Seen) -> ObjectState {
    let mut owning: Vec<String> = Vec::new();
    for login in seen.ended.iter().filter(|login| login.here + login.elsewhere > 0) {
        let phrase = format!("{} still owns {}", escaped(&login.name), count(login.here));
        owning.push(if login.elsewhere == 0 {
            phrase
        } else {
            let (number, database) = (count(login.elsewhere), quoted(&wish.database));
            format!("{phrase} and {number} outside database {database}")
        });
    }
    let more = owning.len().saturating_sub(NAMED);
    owning.truncate(NAMED);
    if more > 0 {
        owning.push(format!("and {more} more logins own objects"));
    }
    ObjectState::from_differences(owning)
}

fn count(objects: i64) -> String {
    if objects == 1 { "1 object".to_owned() } else { format!("{objects} objects") }
}
