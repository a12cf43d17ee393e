// SPDX-License-Identifier: MPL-2.0
//! The registry's tables and the statements that write them.

/// The version of the tables below.
pub(super) const VERSION: i32 = 1;

/// Who owns the schema, where there is one; whether that is us; whether the registry's table is in it; and who owns
/// the schema or a table of ours in it and could not have founded it: neither we, a superuser, nor the database's
/// owner, nor a role that may create roles and databases, as a founder must. Last, whether it has what releases since the
/// first have added, see [`UPGRADE`].
pub(super) const FIND: &str = "SELECT pg_get_userbyid(n.nspowner)::text, n.nspowner = u.oid,
    EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'registry'),
    (SELECT min(pg_get_userbyid(o.owner)::text)
      FROM (SELECT n.nspowner AS owner UNION ALL SELECT c.relowner FROM pg_catalog.pg_class c
        WHERE c.relnamespace = n.oid AND c.relname IN ('registry', 'instances', 'floors')) o
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = o.owner
        AND (r.oid = u.oid OR r.rolsuper OR r.rolcreaterole AND r.rolcreatedb
          OR r.oid = (SELECT d.datdba FROM pg_catalog.pg_database d
            WHERE d.datname = current_database())))),
    (SELECT count(*) = 2 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = n.oid AND c.relname = 'instances' AND a.attname IN ('applied', 'pending'))
      AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'floors')
  FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles u
  WHERE n.nspname = 'appenv' AND u.rolname = current_user";

/// Makes the schema and its tables, closed to everyone else, and the registry's random id.
pub(super) const FOUND: &str = "\
CREATE SCHEMA IF NOT EXISTS appenv;
REVOKE ALL ON SCHEMA appenv FROM PUBLIC;
CREATE TABLE appenv.registry (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  version integer NOT NULL,
  founded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE appenv.instances (
  app text NOT NULL,
  env text NOT NULL,
  owner text NOT NULL,
  phase text NOT NULL CHECK (phase IN ('pending', 'live', 'deleting', 'gone')),
  holder text,
  generation bigint NOT NULL CHECK (generation >= 0),
  state_address text,
  production boolean NOT NULL,
  spec_digest text NOT NULL,
  spec json NOT NULL,
  written_at text NOT NULL,
  database text NOT NULL,
  owner_role text NOT NULL,
  copying text,
  kept json NOT NULL DEFAULT '{}',
  applied json NOT NULL DEFAULT '{}',
  pending json,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (app, env)
);
CREATE INDEX ON appenv.instances (database);
CREATE INDEX ON appenv.instances (owner_role);
CREATE TABLE appenv.floors (
  owner text PRIMARY KEY,
  floor json NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON appenv.registry, appenv.instances, appenv.floors FROM PUBLIC;
COMMENT ON SCHEMA appenv IS 'Instances managed by terraform-provider-appenv. Written by it alone.';
INSERT INTO appenv.registry (version) VALUES (1)";

/// Adds what a registry of an earlier release has not. The version stays: that release goes on to read and write what it
/// knows. Whoever owns, reads or writes the instances does so with the floors, and nobody else.
pub(super) const UPGRADE: &str = "\
ALTER TABLE appenv.instances ADD COLUMN IF NOT EXISTS applied json NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS pending json;
CREATE TABLE IF NOT EXISTS appenv.floors (
  owner text PRIMARY KEY,
  floor json NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON appenv.floors FROM PUBLIC;
DO $upgrade$
DECLARE granted record;
BEGIN
  EXECUTE format('ALTER TABLE appenv.floors OWNER TO %s', (SELECT c.relowner::regrole
    FROM pg_catalog.pg_class c WHERE c.oid = 'appenv.instances'::regclass));
  FOR granted IN SELECT a.privilege_type, a.grantee::regrole AS login
    FROM pg_catalog.pg_class c, LATERAL aclexplode(c.relacl) a
    WHERE c.oid = 'appenv.instances'::regclass AND a.grantee NOT IN (0, c.relowner)
      AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE')
  LOOP
    EXECUTE format('GRANT %s ON appenv.floors TO %s', granted.privilege_type, granted.login);
  END LOOP;
END $upgrade$";

/// The registry's id and version.
pub(super) const IDENTITY: &str = "SELECT id::text, version FROM appenv.registry";

/// The instance's entry, held until the transaction ends: `$1` app, `$2` env.
pub(super) const ENTRY: &str = "SELECT row_to_json(i)::text FROM appenv.instances i
  WHERE i.app = $1::text AND i.env = $2::text FOR UPDATE";

/// Owners of the app's other instances: `$1` app, `$2` env, `$3` our owner.
pub(super) const OTHER_OWNER: &str = "SELECT i.owner FROM appenv.instances i
  WHERE i.app = $1::text AND i.env <> $2::text AND i.phase <> 'gone' AND i.owner <> $3::text
  ORDER BY i.recorded_at DESC LIMIT 1";

/// Other instances with one of our names: `$1` app, `$2` env, `$3` database, `$4` owner role.
pub(super) const NEIGHBOURS: &str = "SELECT json_build_object('app', i.app, 'env', i.env,
    'production', i.production, 'database', i.database, 'owner_role', i.owner_role)::text
  FROM appenv.instances i WHERE i.phase <> 'gone' AND (i.app, i.env) <> ($1::text, $2::text)
    AND (i.database = $3::text OR i.owner_role = $4::text) ORDER BY i.app, i.env";

/// The first of some names (`$1`, a JSON array) that no role and no living instance's role has.
pub(super) const FREE_ROLE: &str = "SELECT c.name
  FROM json_array_elements_text($1::text::json) WITH ORDINALITY c(name, place)
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = c.name)
    AND NOT EXISTS (SELECT FROM appenv.instances i WHERE i.owner_role = c.name AND i.phase <> 'gone')
  ORDER BY c.place LIMIT 1";

/// Writes an entry. The generation and the flag travel as text, so that every parameter is one.
pub(super) const WRITE: &str = "INSERT INTO appenv.instances AS i
    (app, env, owner, phase, holder, generation, state_address, production, spec_digest, spec,
     written_at, database, owner_role, applied, pending)
  VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text::bigint, $7::text,
    $8::text::boolean, $9::text, $10::text::json, $11::text, $12::text, $13::text,
    $14::text::json, $15::text::json)
  ON CONFLICT (app, env) DO UPDATE SET owner = excluded.owner, phase = excluded.phase,
    holder = excluded.holder, generation = excluded.generation,
    state_address = excluded.state_address, production = excluded.production,
    spec_digest = excluded.spec_digest, spec = excluded.spec, written_at = excluded.written_at,
    database = excluded.database, owner_role = excluded.owner_role,
    applied = excluded.applied, pending = excluded.pending,
    recorded_at = clock_timestamp()";

/// Notes the database that is being copied to: `$1` app, `$2` env, `$3` its name.
pub(super) const COPYING: &str = "UPDATE appenv.instances SET copying = $3::text
  WHERE app = $1::text AND env = $2::text";

/// Notes what is kept, by database the time until when: `$1` app, `$2` env, `$3` the whole as JSON.
pub(super) const KEEP: &str = "UPDATE appenv.instances SET copying = NULL, kept = $3::text::json
  WHERE app = $1::text AND env = $2::text";

/// The floor of an owner (`$1`), held until the transaction ends.
pub(super) const FLOOR: &str =
    "SELECT f.floor::text FROM appenv.floors f WHERE f.owner = $1::text FOR UPDATE";

/// Writes a floor: `$1` owner, `$2` the floor as JSON.
pub(super) const WRITE_FLOOR: &str = "INSERT INTO appenv.floors AS f (owner, floor)
  VALUES ($1::text, $2::text::json)
  ON CONFLICT (owner) DO UPDATE SET floor = excluded.floor, recorded_at = clock_timestamp()";

/// Every floor, by owner.
pub(super) const FLOORS: &str = "SELECT f.owner, f.floor::text FROM appenv.floors f";

/// Whether any app was ever registered in an env (`$1`).
pub(super) const HAS_ENV: &str =
    "SELECT EXISTS (SELECT FROM appenv.instances i WHERE i.env = $1::text)";

/// Whether a role is there (`$1`), and whether it is a superuser.
pub(super) const ROLE: &str =
    "SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = $1::text";

/// Whether a role (`$1`) owns a database.
pub(super) const OWNS_DATABASE: &str = "SELECT FROM pg_catalog.pg_database d
  JOIN pg_catalog.pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1::text LIMIT 1";

/// Lets a login read the registry, for a user to run; one of an earlier release too, which has fewer tables.
pub(super) fn grant_read(login: &str) -> String {
    let login = super::quote::identifier(login);
    format!(
        "GRANT USAGE ON SCHEMA appenv TO {login}; \
         GRANT SELECT ON ALL TABLES IN SCHEMA appenv TO {login};"
    )
}

/// Lets a login write the registry, for a user to run.
pub(super) fn grant_write(login: &str) -> String {
    let login = super::quote::identifier(login);
    format!(
        "GRANT USAGE ON SCHEMA appenv TO {login}; \
         GRANT SELECT ON appenv.registry TO {login}; \
         GRANT SELECT, INSERT, UPDATE ON appenv.instances, appenv.floors TO {login};"
    )
}

/// Lets a login found the registry, for a user to run.
pub(super) fn grant_found(database: &str, login: &str) -> String {
    format!(
        "GRANT CREATE ON DATABASE {} TO {};",
        super::quote::identifier(database),
        super::quote::identifier(login)
    )
}
