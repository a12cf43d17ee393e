// SPDX-License-Identifier: MPL-2.0
//! Every statement on roles and databases, as text. Pure; golden files pin each of them.

use std::fmt::Write;

use super::quote::{identifier, literal};
use crate::plan::Marker;
use crate::plan::postgres::{Effect, Login, PostgresWish, RoleAttribute};

/// The schema of the extensions that only a superuser may create, in an instance's database.
pub(super) const EXTENSIONS: &str = "extensions";

/// What a session sets for itself before anything else. `search_path` is empty because the databases of others
/// may hold functions named like the server's own (CVE-2018-1058).
pub(super) fn session(statement_timeout_ms: u128, lock_timeout_ms: u128) -> String {
    format!(
        "SET search_path = ''; SET standard_conforming_strings = on; \
         SET statement_timeout = {statement_timeout_ms}; SET lock_timeout = {lock_timeout_ms}; \
         SET idle_in_transaction_session_timeout = {statement_timeout_ms}; \
         SET default_transaction_read_only = off; SET client_min_messages = warning"
    )
}

/// How long a statement of this session may take from now on.
pub(super) fn statement_timeout(milliseconds: u128) -> String {
    format!("SET statement_timeout = {milliseconds}")
}

/// What an effect runs on the maintenance connection, one statement at a time; empty for those that run in the
/// instance's database.
pub(super) fn statements(
    effect: &Effect,
    wish: &PostgresWish,
    marker: &Marker,
    login: &Login,
) -> Vec<String> {
    let role = identifier(&wish.owner_role);
    let database = identifier(&wish.database);
    match effect {
        // Statements sent together are one transaction: there is no role of ours without its marker.
        Effect::CreateRole => {
            vec![format!("{}; {}", create_role(wish), comment_on_role(wish, marker))]
        }
        Effect::StripRole(attributes) => {
            vec![format!("ALTER ROLE {role} WITH {}", without(attributes))]
        }
        Effect::CommentRole => vec![comment_on_role(wish, marker)],
        Effect::JoinRole => vec![join_role(&wish.owner_role, login)],
        Effect::CreateDatabase => vec![create_database(wish)],
        Effect::OwnDatabase => vec![own_database(wish)],
        Effect::RevokePublic => vec![format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")],
        Effect::CommentDatabase => {
            vec![format!("COMMENT ON DATABASE {database} IS {}", literal(&marker.line()))]
        }
        Effect::ConfigureDatabase => vec![format!(
            "ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT {}",
            wish.connection_limit
        )],
        Effect::GrantVaultLogin => wish
            .vault_login
            .iter()
            .map(|vault| grant_with_admin(&role, &identifier(vault), login))
            .collect(),
        Effect::CreateExtension(_) | Effect::SettleEndedLogin(_) => Vec::new(),
    }
}

/// `CREATE ROLE`, with nothing but membership to give.
pub(super) fn create_role(wish: &PostgresWish) -> String {
    format!("CREATE ROLE {} NOLOGIN", identifier(&wish.owner_role))
}

/// The marker on the role.
pub(super) fn comment_on_role(wish: &PostgresWish, marker: &Marker) -> String {
    format!(
        "COMMENT ON ROLE {} IS {}",
        identifier(&wish.owner_role),
        literal(&wish.role_comment(marker))
    )
}

/// Gives a role another name; its members, what it owns and what it may do go with it.
pub(super) fn rename_role(from: &str, to: &str) -> String {
    format!("ALTER ROLE {} RENAME TO {}", identifier(from), identifier(to))
}

/// Gives a database another name; nobody may be connected to it.
pub(super) fn rename_database(from: &str, to: &str) -> String {
    format!("ALTER DATABASE {} RENAME TO {}", identifier(from), identifier(to))
}

/// Makes a database of all that is in another one; closed until PUBLIC is revoked.
pub(super) fn copy_database(from: &str, to: &str, owner_role: &str) -> String {
    format!(
        "CREATE DATABASE {} WITH TEMPLATE {} OWNER {} ALLOW_CONNECTIONS false",
        identifier(to),
        identifier(from),
        identifier(owner_role)
    )
}

/// By which a kept database is known.
pub(super) const KEPT_UNTIL: &str = " kept until ";

/// What a kept database says of itself.
pub(super) fn comment_on_kept(name: &str, marker: &Marker, until: &str) -> String {
    let comment = format!("{}{KEPT_UNTIL}{until}", marker.line());
    format!("COMMENT ON DATABASE {} IS {}", identifier(name), literal(&comment))
}

/// Lets others into a database again.
pub(super) fn open_database(name: &str) -> String {
    format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", identifier(name))
}

/// Lets nobody but those who are in into a database.
pub(super) fn close_database(name: &str) -> String {
    format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", identifier(name))
}

/// `DROP ROLE`.
pub(super) fn drop_role(name: &str) -> String {
    format!("DROP ROLE IF EXISTS {}", identifier(name))
}

/// `DROP DATABASE`; with `force` the server ends the sessions on it (PostgreSQL 13 and later).
pub(super) fn drop_database(name: &str, force: bool) -> String {
    let how = if force { " WITH (FORCE)" } else { "" };
    format!("DROP DATABASE IF EXISTS {}{how}", identifier(name))
}

/// `CREATE EXTENSION`, with what it requires. `schema` is `None` where the extension names its own.
pub(super) fn create_extension(name: &str, schema: Option<&str>) -> String {
    let schema = schema.map(|schema| format!(" SCHEMA {}", identifier(schema)));
    format!(
        "CREATE EXTENSION IF NOT EXISTS {}{} CASCADE",
        identifier(name),
        schema.unwrap_or_default()
    )
}

/// What a superuser runs for an extension that only he may create: in schemas made here and now, or found to be closed.
pub(super) fn create_untrusted(name: &str, missing: &[&str], schema: Option<&str>) -> String {
    let mut sql = String::new();
    for missing in missing {
        let quoted = identifier(missing);
        write!(sql, "CREATE SCHEMA {quoted}; ").expect("a String takes every write");
        if *missing == EXTENSIONS {
            write!(sql, "GRANT USAGE ON SCHEMA {quoted} TO PUBLIC; ")
                .expect("a String takes every write");
        }
    }
    sql + &create_extension(name, schema)
}

/// Statements, all or nothing.
pub(super) fn together(sql: &str) -> String {
    format!("BEGIN; {sql}; COMMIT")
}

/// Statements under another role, all or nothing.
pub(super) fn under_role(name: &str, sql: &str) -> String {
    format!("BEGIN; SET LOCAL ROLE {}; {sql}; COMMIT", identifier(name))
}

/// What a revoked login owns in this database goes to the owner role, what it was granted here is taken back, and
/// it is dropped; all or nothing. Acting for it takes a membership, which ends with the role.
pub(super) fn settle(ended: &str, owner_role: &str, login: &Login) -> String {
    let (ended, owner) = (identifier(ended), identifier(owner_role));
    let join = if login.superuser {
        String::new()
    } else {
        format!("{}; ", join(&ended, &identifier(&login.name), login))
    };
    format!("{join}REASSIGN OWNED BY {ended} TO {owner}; DROP OWNED BY {ended}; DROP ROLE {ended}")
}

/// The provider's login becomes a member of the owner role.
pub(super) fn join_role(owner_role: &str, login: &Login) -> String {
    join(&identifier(owner_role), &identifier(&login.name), login)
}

/// `ALTER DATABASE … OWNER TO`.
pub(super) fn own_database(wish: &PostgresWish) -> String {
    format!(
        "ALTER DATABASE {} OWNER TO {}",
        identifier(&wish.database),
        identifier(&wish.owner_role)
    )
}

fn create_database(wish: &PostgresWish) -> String {
    let mut sql = format!(
        "CREATE DATABASE {} OWNER {} TEMPLATE {}",
        identifier(&wish.database),
        identifier(&wish.owner_role),
        identifier(&wish.template)
    );
    for (word, wished) in [(" ENCODING ", &wish.encoding), (" LOCALE ", &wish.locale)] {
        if let Some(wished) = wished {
            sql.push_str(word);
            sql.push_str(&literal(wished));
        }
    }
    sql.push_str(" ALLOW_CONNECTIONS false");
    sql
}

fn without(attributes: &[RoleAttribute]) -> String {
    let words: Vec<&str> = attributes
        .iter()
        .map(|attribute| match attribute {
            RoleAttribute::Login => "NOLOGIN",
            RoleAttribute::CreateRole => "NOCREATEROLE",
            RoleAttribute::CreateDb => "NOCREATEDB",
            RoleAttribute::Replication => "NOREPLICATION",
            RoleAttribute::BypassRls => "NOBYPASSRLS",
        })
        .collect();
    words.join(" ")
}

/// From PostgreSQL 16 on the creator of a role has ADMIN on it and no more; SET and INHERIT are granted apart.
fn join(role: &str, member: &str, login: &Login) -> String {
    let options = if login.has_membership_options() { " WITH SET TRUE, INHERIT TRUE" } else { "" };
    format!("GRANT {role} TO {member}{options}")
}

/// Vault's login hands the role on; it has no use for what the role may do.
fn grant_with_admin(role: &str, member: &str, login: &Login) -> String {
    let options = if login.has_membership_options() {
        "ADMIN TRUE, INHERIT FALSE, SET TRUE"
    } else {
        "ADMIN OPTION"
    };
    format!("GRANT {role} TO {member} WITH {options}")
}

/// Lets a login create roles, for a user to run.
pub(super) fn let_create_roles(login: &str) -> String {
    format!("ALTER ROLE {} CREATEROLE;", identifier(login))
}

/// Lets a login create databases, for a user to run.
pub(super) fn let_create_databases(login: &str) -> String {
    format!("ALTER ROLE {} CREATEDB;", identifier(login))
}

/// Lets a login administer a role, for a user to run.
pub(super) fn let_administer(role: &str, login: &str) -> String {
    format!("GRANT {} TO {} WITH ADMIN OPTION;", identifier(role), identifier(login))
}
