// SPDX-License-Identifier: MPL-2.0
//! What to do, in order, to make an instance as wished.

use super::{PostgresWish, Seen, SeenDatabase, SeenRole, quoted};
use crate::plan::Marker;

/// One write, each of them idempotent when planned from a fresh look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `CREATE ROLE … NOLOGIN` and its comment, in one transaction.
    CreateRole,
    /// `ALTER ROLE`: takes away what an owner role must not have, naming nothing it does not have (naming
    /// `NOSUPERUSER` or `NOREPLICATION` is itself a privilege).
    StripRole(Vec<RoleAttribute>),
    /// `COMMENT ON ROLE`.
    CommentRole,
    /// The provider's own login becomes a member: without it, it may neither give the role a database nor mend
    /// one. Superusers need none.
    JoinRole,
    /// `CREATE DATABASE`, closed to connections until PUBLIC is revoked.
    CreateDatabase,
    /// `ALTER DATABASE … OWNER TO`.
    OwnDatabase,
    /// `REVOKE ALL ON DATABASE … FROM PUBLIC`.
    RevokePublic,
    /// `COMMENT ON DATABASE`.
    CommentDatabase,
    /// `ALTER DATABASE … ALLOW_CONNECTIONS true CONNECTION LIMIT n`.
    ConfigureDatabase,
    /// Vault's login becomes a member with admin option.
    GrantVaultLogin,
    /// `CREATE EXTENSION`, in the instance's database.
    CreateExtension(String),
    /// A revoked login's objects go to the owner role, and the login is dropped. One that owns objects elsewhere
    /// too is left alone.
    SettleEndedLogin(String),
}

/// What an owner role must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleAttribute {
    /// `LOGIN`.
    Login,
    /// `CREATEROLE`.
    CreateRole,
    /// `CREATEDB`.
    CreateDb,
    /// `REPLICATION`.
    Replication,
    /// `BYPASSRLS`.
    BypassRls,
}

/// What no effect of ours may mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The owner role is a superuser: those are never touched.
    SuperuserRole,
    /// The login Vault uses does not exist on this server.
    VaultLoginMissing(String),
}

/// The effects that turn what was seen into what is wished, in the order they are to be done.
///
/// With `seen.extensions` `None` no extension is planned: the caller looks into the database first.
pub fn effects(wish: &PostgresWish, marker: &Marker, seen: &Seen) -> Result<Vec<Effect>, Blocked> {
    let mut effects = role(wish, marker, seen)?;
    effects.extend(database(wish, marker, seen.database.as_ref()));
    if let Some(name) = &wish.vault_login {
        let login = seen.vault_login.ok_or_else(|| Blocked::VaultLoginMissing(name.clone()))?;
        let admin = login.membership.is_some_and(|membership| membership.admin);
        if !login.superuser && (seen.role.is_none() || !admin) {
            effects.push(Effect::GrantVaultLogin);
        }
    }
    if let Some(there) = &seen.extensions {
        effects.extend(wish.extensions.difference(there).cloned().map(Effect::CreateExtension));
    }
    let settled = seen.ended.iter().filter(|login| login.elsewhere == 0);
    effects.extend(settled.map(|login| Effect::SettleEndedLogin(login.name.clone())));
    Ok(effects)
}

/// Differences that only dump and restore mend: what a database keeps from its creation.
pub fn unmendable(wish: &PostgresWish, seen: &SeenDatabase) -> Vec<String> {
    let mut differences = Vec::new();
    if let Some(wished) = &wish.encoding
        && seen.encoding_wished.as_deref() != Some(seen.encoding.as_str())
    {
        differences.push(format!(
            "encoding is {}, {} needs a dump and restore",
            quoted(&seen.encoding),
            quoted(wished)
        ));
    }
    if let Some(wished) = &wish.locale {
        let same = |is: &str| locale_form(is) == locale_form(wished);
        let libc = same(&seen.collate) && same(&seen.ctype);
        if !libc && !seen.provider_locale.as_deref().is_some_and(same) {
            differences.push(format!(
                "locale is {}, {} needs a dump and restore",
                quoted(seen.provider_locale.as_deref().unwrap_or(&seen.collate)),
                quoted(wished)
            ));
        }
    }
    differences
}

fn role(wish: &PostgresWish, marker: &Marker, seen: &Seen) -> Result<Vec<Effect>, Blocked> {
    let mut effects = Vec::new();
    match &seen.role {
        None => effects.push(Effect::CreateRole),
        Some(role) if role.superuser => return Err(Blocked::SuperuserRole),
        Some(role) => {
            let excess = excess(role);
            if !excess.is_empty() {
                effects.push(Effect::StripRole(excess));
            }
            if role.comment.as_deref() != Some(wish.role_comment(marker).as_str()) {
                effects.push(Effect::CommentRole);
            }
        }
    }
    let ours = seen.role.as_ref().and_then(|role| role.ours).unwrap_or_default();
    if !seen.login.superuser && !ours.is_whole() {
        effects.push(Effect::JoinRole);
    }
    Ok(effects)
}

fn excess(role: &SeenRole) -> Vec<RoleAttribute> {
    [
        (role.login, RoleAttribute::Login),
        (role.createrole, RoleAttribute::CreateRole),
        (role.createdb, RoleAttribute::CreateDb),
        (role.replication, RoleAttribute::Replication),
        (role.bypassrls, RoleAttribute::BypassRls),
    ]
    .into_iter()
    .filter_map(|(has, attribute)| has.then_some(attribute))
    .collect()
}

fn database(wish: &PostgresWish, marker: &Marker, seen: Option<&SeenDatabase>) -> Vec<Effect> {
    let Some(database) = seen else {
        return vec![
            Effect::CreateDatabase,
            Effect::RevokePublic,
            Effect::CommentDatabase,
            Effect::ConfigureDatabase,
        ];
    };
    let limit = database.connection_limit != wish.connection_limit;
    [
        (database.owner != wish.owner_role, Effect::OwnDatabase),
        (!database.public.is_empty(), Effect::RevokePublic),
        (database.comment.as_deref() != Some(marker.line().as_str()), Effect::CommentDatabase),
        (limit || !database.allow_connections, Effect::ConfigureDatabase),
    ]
    .into_iter()
    .filter_map(|(needed, effect)| needed.then_some(effect))
    .collect()
}

/// `en_US.UTF-8` and `en_US.utf8` are one locale.
fn locale_form(name: &str) -> String {
    name.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect()
}
