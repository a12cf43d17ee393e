// SPDX-License-Identifier: MPL-2.0
//! The SQL with which Vault makes and ends a leased login. Frozen with the convention's version.
//!
//! Vault runs each list in one transaction, which a `COMMIT AND CHAIN` in it divides, as its own login: CREATEROLE,
//! ADMIN OPTION on the owner role, and membership in `pg_signal_backend`; never a superuser. It fills in `{{name}}`,
//! `{{password}}` and `{{expiration}}` as plain text, and splits a statement at `;` unless the word `END` stands in it.

/// A name that must not reach a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name \"{}\" cannot stand in a statement of the database role", .0.escape_debug())]
pub struct StatementError(pub String);

/// The statements that make a login.
///
/// It is a member of the owner role and becomes it at login, so that what it makes belongs to the owner role, and
/// `RESET ROLE` leads back there. It gets no ADMIN OPTION and no CREATEROLE: a lease cannot pass the membership on,
/// outlive its expiry or change the owner role. As any PostgreSQL login it may still `SET ROLE NONE`; what it then
/// makes is its own, and [`revocation`] keeps such a login, shut, for the next apply to reassign.
pub fn creation(database: &str, owner_role: &str) -> Result<Vec<String>, StatementError> {
    let database = identifier(database)?;
    let owner_role = identifier(owner_role)?;
    Ok(vec![
        format!(
            "CREATE ROLE \"{{{{name}}}}\" LOGIN INHERIT PASSWORD '{{{{password}}}}' \
             VALID UNTIL '{{{{expiration}}}}' IN ROLE {owner_role}"
        ),
        format!("ALTER ROLE \"{{{{name}}}}\" IN DATABASE {database} SET role TO {owner_role}"),
    ])
}

/// The statements that end a login: shut, sessions ended, dropped.
///
/// Shut comes first and is committed, while Vault's transaction goes on in a new one: a pool that reconnects would
/// else be let in until the end, and keep the owner role in a session that nobody ends. Sessions are then ended until
/// two looks 50 ms apart find none, since one that was let in before may show only after the first; such as last
/// longer than 5 s fail the revocation, which Vault repeats.
///
/// Vault repeats a revocation whose answer it lost, too: a login that is gone is no error. One that still owns objects
/// cannot be dropped; it stays without LOGIN, so that the lease ends. Its membership is turned around: the owner
/// role, and with it the provider's login, administers it, since from PostgreSQL 16 on nobody but its maker could
/// reassign what it owns and drop it.
pub fn revocation(owner_role: &str) -> Result<Vec<String>, StatementError> {
    let name = owner_role;
    let owner_role = identifier(owner_role)?;
    let shut = "\
DO $appenv$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{name}}') THEN
    ALTER ROLE \"{{name}}\" NOLOGIN;
  END IF;
END
$appenv$";
    let end = format!(
        "\
DO $appenv$
DECLARE
  quiet integer := 0;
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{{{name}}}}') THEN
    FOR look IN 1..100 LOOP
      PERFORM pg_catalog.pg_stat_clear_snapshot();
      PERFORM pg_catalog.pg_terminate_backend(pid)
        FROM pg_catalog.pg_stat_activity WHERE usename = '{{{{name}}}}';
      quiet := CASE WHEN FOUND THEN 0 ELSE quiet + 1 END;
      EXIT WHEN quiet = 2;
      PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
    IF quiet < 2 THEN
      RAISE EXCEPTION 'sessions of \"{{{{name}}}}\" do not end' USING ERRCODE = 'object_in_use';
    END IF;
    BEGIN
      DROP ROLE \"{{{{name}}}}\";
    EXCEPTION WHEN dependent_objects_still_exist THEN
      IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{name}') THEN
        REVOKE {owner_role} FROM \"{{{{name}}}}\";
        GRANT \"{{{{name}}}}\" TO {owner_role} WITH ADMIN OPTION;
      END IF;
    END;
  END IF;
END
$appenv$"
    );
    Ok(vec![shut.to_owned(), "COMMIT AND CHAIN".to_owned(), end])
}

/// Quotes an identifier. Braces would be filled in by Vault, `;` split, quotes closed: none is in the grammar of
/// names.
fn identifier(name: &str) -> Result<String, StatementError> {
    let plain = !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if plain { Ok(format!("\"{name}\"")) } else { Err(StatementError(name.to_owned())) }
}
