-- What appenv needs in PostgreSQL to apply: a login that is no superuser. Run it as one, in the database that the
-- provider's `postgres` block names ("postgres"), then set a password: \password "appenv_apply"

-- CREATEROLE and CREATEDB: owner roles and databases, those it makes itself.
CREATE ROLE "appenv_apply" LOGIN CREATEROLE CREATEDB;

-- The first create founds the registry there: schema `appenv`, closed to everyone else.
GRANT CREATE ON DATABASE "postgres" TO "appenv_apply";

-- A login that did not found it writes there with
-- GRANT USAGE ON SCHEMA appenv TO "appenv_apply";
-- GRANT SELECT ON appenv.registry TO "appenv_apply";
-- GRANT SELECT, INSERT, UPDATE ON appenv.instances, appenv.floors TO "appenv_apply";
-- A registry of an earlier release is added to by the login that owns it, once.

-- Temporary logins (the ephemeral resource appenv_database_credentials without Vault) take no more: the login that made
-- one may end it.

-- To end sessions of others, with force_disconnect or where one outlived its leased login, it takes:
-- GRANT pg_signal_backend TO "appenv_apply";

-- Objects that others made are taken over only where this login may act for their owners, on PostgreSQL 16 and
-- later: GRANT some_owner TO "appenv_apply" WITH ADMIN OPTION;
