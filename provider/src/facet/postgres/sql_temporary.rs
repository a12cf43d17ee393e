// SPDX-License-Identifier: MPL-2.0
//! Every text about temporary logins. Pure; golden files pin each of them.

use super::quote::{identifier, literal};
use super::sql;
use crate::plan::Marker;
use crate::plan::postgres::{Login, PostgresWish};

/// By which a temporary login is known: its comment ends so.
pub(super) const TEMPORARY: &str = " temporary login";

/// When so many seconds (`$1`) are over, by the server's clock, which is the one that ends a login: RFC 3339 in UTC.
pub(super) const LATER: &str = "SELECT to_char((clock_timestamp()
    + make_interval(secs => $1::text::double precision)) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";

/// Temporary logins of an instance (its marker up to the owner, who may have changed: `$1`; the comment's end: `$2`):
/// name, and whether its time is over or it is shut.
pub(super) const OF_INSTANCE: &str = "SELECT r.rolname::text,
    coalesce(r.rolvaliduntil <= clock_timestamp(), false) OR NOT r.rolcanlogin
  FROM pg_catalog.pg_shdescription d
  JOIN pg_catalog.pg_roles r ON r.oid = d.objoid AND NOT r.rolsuper
  WHERE d.classoid = 'pg_catalog.pg_authid'::regclass
    AND starts_with(d.description, $1::text) AND right(d.description, length($2::text)) = $2::text
  ORDER BY 1";

/// Whether a login (`$1`) is a temporary one of ours, by its comment's beginning (`$2`) and end (`$3`), and may be ended.
pub(super) const IS_OURS: &str = "SELECT FROM pg_catalog.pg_roles r
  WHERE r.rolname = $1::text AND NOT r.rolsuper
    AND starts_with(shobj_description(r.oid, 'pg_authid'), $2::text)
    AND right(shobj_description(r.oid, 'pg_authid'), length($3::text)) = $3::text";

/// The provider's own login.
pub(super) const PROVIDER: &str =
    "SELECT json_build_object('name', l.rolname, 'superuser', l.rolsuper,
    'createrole', l.rolcreaterole, 'version', current_setting('server_version_num')::int)::text
  FROM pg_catalog.pg_roles l WHERE l.rolname = current_user";

/// Ends the sessions of a login (`$1`), in whichever database; answers how many there were.
pub(super) const END_SESSIONS: &str = "SELECT count(pg_catalog.pg_terminate_backend(a.pid))
  FROM pg_catalog.pg_stat_activity a WHERE a.usename = $1::text";

/// The beginning of the comment of every temporary login of an instance, whoever manages the app.
pub(super) fn comment_begins(marker: &Marker) -> String {
    format!("appenv:v1 app={} env={} owner=", marker.app, marker.env)
}

/// Makes the login, all or nothing: there is none without its marker, nor without its end. A try whose answer was lost is
/// undone first. It has the owner role's rights and becomes it at login, so that what it makes belongs to the owner role;
/// it cannot hand the membership on.
pub(super) fn create(
    name: &str,
    verifier: &str,
    until: &str,
    wish: &PostgresWish,
    marker: &Marker,
    login: &Login,
) -> String {
    let (role, owner) = (identifier(name), identifier(&wish.owner_role));
    let comment = literal(&format!("{}{TEMPORARY}", marker.line()));
    let options = if login.has_membership_options() {
        " WITH SET TRUE, INHERIT TRUE, ADMIN FALSE"
    } else {
        ""
    };
    format!(
        "DROP ROLE IF EXISTS {role}; \
         CREATE ROLE {role} LOGIN INHERIT PASSWORD {} VALID UNTIL {}; \
         COMMENT ON ROLE {role} IS {comment}; \
         GRANT {owner} TO {role}{options}; \
         ALTER ROLE {role} IN DATABASE {} SET role TO {owner}",
        literal(verifier),
        literal(until),
        identifier(&wish.database)
    )
}

/// Lets it live longer.
pub(super) fn extend(name: &str, until: &str) -> String {
    format!("ALTER ROLE {} VALID UNTIL {}", identifier(name), literal(until))
}

/// Lets nobody in with it any more, and the provider's login act for it: to end its sessions, and what it owns.
pub(super) fn shut(name: &str, login: &Login) -> String {
    let shut = format!("ALTER ROLE {} NOLOGIN", identifier(name));
    if login.superuser { shut } else { format!("{shut}; {}", sql::join_role(name, login)) }
}
