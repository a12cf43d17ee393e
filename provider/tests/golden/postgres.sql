-- session
SET search_path = ''; SET standard_conforming_strings = on; SET statement_timeout = 30000; SET lock_timeout = 24000; SET idle_in_transaction_session_timeout = 30000; SET default_transaction_read_only = off; SET client_min_messages = warning;

-- what may be slow
SET statement_timeout = 599000;

-- CreateRole, PostgreSQL 15
CREATE ROLE "erp_sandbox_role" NOLOGIN; COMMENT ON ROLE "erp_sandbox_role" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp';

-- StripRole([Login, CreateRole, CreateDb, Replication, BypassRls]), PostgreSQL 15
ALTER ROLE "erp_sandbox_role" WITH NOLOGIN NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS;

-- CommentRole, PostgreSQL 15
COMMENT ON ROLE "erp_sandbox_role" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp';

-- JoinRole, PostgreSQL 15
GRANT "erp_sandbox_role" TO "prov";

-- CreateDatabase, PostgreSQL 15
CREATE DATABASE "erp-sandbox" OWNER "erp_sandbox_role" TEMPLATE "template0" ENCODING 'UTF8' LOCALE 'C' ALLOW_CONNECTIONS false;

-- OwnDatabase, PostgreSQL 15
ALTER DATABASE "erp-sandbox" OWNER TO "erp_sandbox_role";

-- RevokePublic, PostgreSQL 15
REVOKE ALL ON DATABASE "erp-sandbox" FROM PUBLIC;

-- CommentDatabase, PostgreSQL 15
COMMENT ON DATABASE "erp-sandbox" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp';

-- ConfigureDatabase, PostgreSQL 15
ALTER DATABASE "erp-sandbox" WITH ALLOW_CONNECTIONS true CONNECTION LIMIT 20;

-- GrantVaultLogin, PostgreSQL 15
GRANT "erp_sandbox_role" TO "vault" WITH ADMIN OPTION;

-- CreateRole, PostgreSQL 18
CREATE ROLE "erp_sandbox_role" NOLOGIN; COMMENT ON ROLE "erp_sandbox_role" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp';

-- StripRole([Login, CreateRole, CreateDb, Replication, BypassRls]), PostgreSQL 18
ALTER ROLE "erp_sandbox_role" WITH NOLOGIN NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS;

-- CommentRole, PostgreSQL 18
COMMENT ON ROLE "erp_sandbox_role" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp';

-- JoinRole, PostgreSQL 18
GRANT "erp_sandbox_role" TO "prov" WITH SET TRUE, INHERIT TRUE;

-- CreateDatabase, PostgreSQL 18
CREATE DATABASE "erp-sandbox" OWNER "erp_sandbox_role" TEMPLATE "template0" ENCODING 'UTF8' LOCALE 'C' ALLOW_CONNECTIONS false;

-- OwnDatabase, PostgreSQL 18
ALTER DATABASE "erp-sandbox" OWNER TO "erp_sandbox_role";

-- RevokePublic, PostgreSQL 18
REVOKE ALL ON DATABASE "erp-sandbox" FROM PUBLIC;

-- CommentDatabase, PostgreSQL 18
COMMENT ON DATABASE "erp-sandbox" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp';

-- ConfigureDatabase, PostgreSQL 18
ALTER DATABASE "erp-sandbox" WITH ALLOW_CONNECTIONS true CONNECTION LIMIT 20;

-- GrantVaultLogin, PostgreSQL 18
GRANT "erp_sandbox_role" TO "vault" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE;

-- extension, trusted
BEGIN; SET LOCAL ROLE "erp_sandbox_role"; CREATE EXTENSION IF NOT EXISTS "hstore" SCHEMA "public" CASCADE; COMMIT;

-- extension with a schema of its own
CREATE EXTENSION IF NOT EXISTS "plv8" CASCADE;

-- extension, untrusted
BEGIN; CREATE EXTENSION IF NOT EXISTS "pageinspect" SCHEMA "extensions" CASCADE; COMMIT;

-- extension, untrusted, the first
BEGIN; CREATE SCHEMA "extensions"; GRANT USAGE ON SCHEMA "extensions" TO PUBLIC; CREATE SCHEMA "tiger"; CREATE EXTENSION IF NOT EXISTS "earth" SCHEMA "extensions" CASCADE; COMMIT;

-- ended login, PostgreSQL 15
GRANT "v-erp-x" TO "prov"; REASSIGN OWNED BY "v-erp-x" TO "erp_role"; DROP OWNED BY "v-erp-x"; DROP ROLE "v-erp-x";

-- ended login, PostgreSQL 18
GRANT "v-erp-x" TO "prov" WITH SET TRUE, INHERIT TRUE; REASSIGN OWNED BY "v-erp-x" TO "erp_role"; DROP OWNED BY "v-erp-x"; DROP ROLE "v-erp-x";

-- ended login, a superuser
REASSIGN OWNED BY "v-erp-x" TO "erp_role"; DROP OWNED BY "v-erp-x"; DROP ROLE "v-erp-x";

-- rename role
ALTER ROLE "erp" RENAME TO "erp_role";

-- rename database
ALTER DATABASE "karmyq_prod" RENAME TO "karmyq_production";

-- copy database
CREATE DATABASE "karmyq_production" WITH TEMPLATE "karmyq_prod" OWNER "karmyq" ALLOW_CONNECTIONS false;

-- keep database
COMMENT ON DATABASE "karmyq_prod" IS 'appenv:v1 app=karmyq env=production owner=k kept until 2026-01-01T00:00:00Z';

-- close database
ALTER DATABASE "karmyq_prod" WITH ALLOW_CONNECTIONS false;

-- open database
ALTER DATABASE "karmyq_prod" WITH ALLOW_CONNECTIONS true;

-- drop database
DROP DATABASE IF EXISTS "erp";

-- drop database by force
DROP DATABASE IF EXISTS "erp" WITH (FORCE);

-- drop role
DROP ROLE IF EXISTS "erp_role";

-- lock
SELECT pg_catalog.pg_advisory_lock(107135549927030);

-- unlock
SELECT pg_catalog.pg_advisory_unlock(107135549927030);

-- who holds the lock
SELECT l.pid, coalesce(a.application_name, '') FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = 24944 AND l.objid = 1885695606 LIMIT 1;

-- read
SELECT json_build_object(
  'registry', (SELECT json_build_object('id', g.id, 'version', g.version) FROM appenv.registry g),
  'app_owner', (SELECT i.owner FROM appenv.instances i
    WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1),
  'entry', (SELECT row_to_json(i) FROM appenv.instances i
    WHERE i.app = $1::text AND i.env = $2::text),
  'app', (SELECT coalesce(json_object_agg(i.env, row_to_json(i)), '{}'::json)
    FROM appenv.instances i WHERE i.app = $1::text),
  'neighbours', (SELECT coalesce(json_agg(json_build_object('app', i.app, 'env', i.env,
      'production', i.production, 'database', i.database, 'owner_role', i.owner_role)
      ORDER BY i.app, i.env), '[]'::json)
    FROM appenv.instances i
    WHERE i.phase <> 'gone' AND (i.app, i.env) <> ($1::text, $2::text)
      AND (i.database = $3::text OR i.owner_role = $4::text)),
  'floor', (SELECT f.floor FROM appenv.floors f
    WHERE f.owner = coalesce((SELECT i.owner FROM appenv.instances i
      WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1), $7::text)),
  'login', (SELECT json_build_object('name', l.rolname, 'superuser', l.rolsuper,
      'createrole', l.rolcreaterole, 'createdb', l.rolcreatedb, 'version', current_setting('server_version_num')::int)
    FROM pg_catalog.pg_roles l WHERE l.rolname = current_user),
  'role', (SELECT json_build_object('login', r.rolcanlogin, 'superuser', r.rolsuper,
      'createrole', r.rolcreaterole, 'createdb', r.rolcreatedb, 'replication', r.rolreplication,
      'bypassrls', r.rolbypassrls, 'comment', shobj_description(r.oid, 'pg_authid'),
      'ours', (SELECT json_build_object('admin', bool_or(a.admin_option),
          'set', bool_or(coalesce((to_jsonb(a)->>'set_option')::bool, true)),
          'inherit', bool_or(coalesce((to_jsonb(a)->>'inherit_option')::bool,
            (SELECT m.rolinherit FROM pg_catalog.pg_roles m WHERE m.oid = a.member))))
        FROM pg_catalog.pg_auth_members a WHERE a.roleid = r.oid
          AND a.member = (SELECT m.oid FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)
        HAVING count(*) > 0))
    FROM pg_catalog.pg_roles r WHERE r.rolname = $4::text),
  'database', (SELECT json_build_object('owner', pg_get_userbyid(d.datdba),
      'connection_limit', d.datconnlimit, 'allow_connections', d.datallowconn,
      'comment', shobj_description(d.oid, 'pg_database'),
      'encoding', pg_encoding_to_char(d.encoding),
      'encoding_wished', pg_encoding_to_char(pg_char_to_encoding($6::text::name)),
      'collate', d.datcollate, 'ctype', d.datctype,
      'provider_locale', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'),
      'public', (SELECT coalesce(json_agg(x.privilege_type ORDER BY x.privilege_type), '[]'::json)
        FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x WHERE x.grantee = 0))
    FROM pg_catalog.pg_database d WHERE d.datname = $3::text),
  'vault_login', (SELECT json_build_object('superuser', v.rolsuper,
      'membership', (SELECT json_build_object('admin', bool_or(a.admin_option),
          'set', bool_or(coalesce((to_jsonb(a)->>'set_option')::bool, true)),
          'inherit', bool_or(coalesce((to_jsonb(a)->>'inherit_option')::bool, v.rolinherit)))
        FROM pg_catalog.pg_auth_members a WHERE a.member = v.oid
          AND a.roleid = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = $4::text)
        HAVING count(*) > 0))
    FROM pg_catalog.pg_roles v WHERE v.rolname = $5::text),
  'ended', (SELECT coalesce(json_agg(json_build_object('name', e.rolname,
      'here', e.here, 'elsewhere', e.elsewhere) ORDER BY e.rolname), '[]'::json)
    FROM (SELECT m.rolname, count(*) FILTER (WHERE s.dbid = d.oid) AS here,
        count(*) FILTER (WHERE s.dbid <> d.oid) AS elsewhere
      FROM pg_catalog.pg_database d
      JOIN pg_catalog.pg_roles r ON r.rolname = $4::text
      JOIN pg_catalog.pg_db_role_setting c
        ON c.setdatabase = d.oid AND 'role=' || r.rolname = ANY (c.setconfig)
      JOIN pg_catalog.pg_roles m ON m.oid = c.setrole AND NOT m.rolcanlogin AND NOT m.rolsuper
      JOIN pg_catalog.pg_shdepend s ON s.refclassid = 'pg_catalog.pg_authid'::regclass
        AND s.refobjid = m.oid AND s.deptype = 'o'
      WHERE d.datname = $3::text AND EXISTS (SELECT FROM pg_catalog.pg_auth_members a
        WHERE (a.roleid, a.member) IN ((r.oid, m.oid), (m.oid, r.oid)))
      GROUP BY m.rolname) e))::text
  WHERE ($1::text, $2::text, $7::text) IS NOT NULL;

-- read a registry of an earlier release
SELECT json_build_object(
  'registry', (SELECT json_build_object('id', g.id, 'version', g.version) FROM appenv.registry g),
  'app_owner', (SELECT i.owner FROM appenv.instances i
    WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1),
  'entry', (SELECT row_to_json(i) FROM appenv.instances i
    WHERE i.app = $1::text AND i.env = $2::text),
  'app', (SELECT coalesce(json_object_agg(i.env, row_to_json(i)), '{}'::json)
    FROM appenv.instances i WHERE i.app = $1::text),
  'neighbours', (SELECT coalesce(json_agg(json_build_object('app', i.app, 'env', i.env,
      'production', i.production, 'database', i.database, 'owner_role', i.owner_role)
      ORDER BY i.app, i.env), '[]'::json)
    FROM appenv.instances i
    WHERE i.phase <> 'gone' AND (i.app, i.env) <> ($1::text, $2::text)
      AND (i.database = $3::text OR i.owner_role = $4::text)),
  'upgraded', EXISTS (SELECT FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'appenv' AND c.relname = 'floors'),
  'login', (SELECT json_build_object('name', l.rolname, 'superuser', l.rolsuper,
      'createrole', l.rolcreaterole, 'createdb', l.rolcreatedb, 'version', current_setting('server_version_num')::int)
    FROM pg_catalog.pg_roles l WHERE l.rolname = current_user),
  'role', (SELECT json_build_object('login', r.rolcanlogin, 'superuser', r.rolsuper,
      'createrole', r.rolcreaterole, 'createdb', r.rolcreatedb, 'replication', r.rolreplication,
      'bypassrls', r.rolbypassrls, 'comment', shobj_description(r.oid, 'pg_authid'),
      'ours', (SELECT json_build_object('admin', bool_or(a.admin_option),
          'set', bool_or(coalesce((to_jsonb(a)->>'set_option')::bool, true)),
          'inherit', bool_or(coalesce((to_jsonb(a)->>'inherit_option')::bool,
            (SELECT m.rolinherit FROM pg_catalog.pg_roles m WHERE m.oid = a.member))))
        FROM pg_catalog.pg_auth_members a WHERE a.roleid = r.oid
          AND a.member = (SELECT m.oid FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)
        HAVING count(*) > 0))
    FROM pg_catalog.pg_roles r WHERE r.rolname = $4::text),
  'database', (SELECT json_build_object('owner', pg_get_userbyid(d.datdba),
      'connection_limit', d.datconnlimit, 'allow_connections', d.datallowconn,
      'comment', shobj_description(d.oid, 'pg_database'),
      'encoding', pg_encoding_to_char(d.encoding),
      'encoding_wished', pg_encoding_to_char(pg_char_to_encoding($6::text::name)),
      'collate', d.datcollate, 'ctype', d.datctype,
      'provider_locale', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'),
      'public', (SELECT coalesce(json_agg(x.privilege_type ORDER BY x.privilege_type), '[]'::json)
        FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x WHERE x.grantee = 0))
    FROM pg_catalog.pg_database d WHERE d.datname = $3::text),
  'vault_login', (SELECT json_build_object('superuser', v.rolsuper,
      'membership', (SELECT json_build_object('admin', bool_or(a.admin_option),
          'set', bool_or(coalesce((to_jsonb(a)->>'set_option')::bool, true)),
          'inherit', bool_or(coalesce((to_jsonb(a)->>'inherit_option')::bool, v.rolinherit)))
        FROM pg_catalog.pg_auth_members a WHERE a.member = v.oid
          AND a.roleid = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = $4::text)
        HAVING count(*) > 0))
    FROM pg_catalog.pg_roles v WHERE v.rolname = $5::text),
  'ended', (SELECT coalesce(json_agg(json_build_object('name', e.rolname,
      'here', e.here, 'elsewhere', e.elsewhere) ORDER BY e.rolname), '[]'::json)
    FROM (SELECT m.rolname, count(*) FILTER (WHERE s.dbid = d.oid) AS here,
        count(*) FILTER (WHERE s.dbid <> d.oid) AS elsewhere
      FROM pg_catalog.pg_database d
      JOIN pg_catalog.pg_roles r ON r.rolname = $4::text
      JOIN pg_catalog.pg_db_role_setting c
        ON c.setdatabase = d.oid AND 'role=' || r.rolname = ANY (c.setconfig)
      JOIN pg_catalog.pg_roles m ON m.oid = c.setrole AND NOT m.rolcanlogin AND NOT m.rolsuper
      JOIN pg_catalog.pg_shdepend s ON s.refclassid = 'pg_catalog.pg_authid'::regclass
        AND s.refobjid = m.oid AND s.deptype = 'o'
      WHERE d.datname = $3::text AND EXISTS (SELECT FROM pg_catalog.pg_auth_members a
        WHERE (a.roleid, a.member) IN ((r.oid, m.oid), (m.oid, r.oid)))
      GROUP BY m.rolname) e))::text
  WHERE ($1::text, $2::text, $7::text) IS NOT NULL;

-- read without a registry
SELECT json_build_object(
  'login', (SELECT json_build_object('name', l.rolname, 'superuser', l.rolsuper,
      'createrole', l.rolcreaterole, 'createdb', l.rolcreatedb, 'version', current_setting('server_version_num')::int)
    FROM pg_catalog.pg_roles l WHERE l.rolname = current_user),
  'role', (SELECT json_build_object('login', r.rolcanlogin, 'superuser', r.rolsuper,
      'createrole', r.rolcreaterole, 'createdb', r.rolcreatedb, 'replication', r.rolreplication,
      'bypassrls', r.rolbypassrls, 'comment', shobj_description(r.oid, 'pg_authid'),
      'ours', (SELECT json_build_object('admin', bool_or(a.admin_option),
          'set', bool_or(coalesce((to_jsonb(a)->>'set_option')::bool, true)),
          'inherit', bool_or(coalesce((to_jsonb(a)->>'inherit_option')::bool,
            (SELECT m.rolinherit FROM pg_catalog.pg_roles m WHERE m.oid = a.member))))
        FROM pg_catalog.pg_auth_members a WHERE a.roleid = r.oid
          AND a.member = (SELECT m.oid FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)
        HAVING count(*) > 0))
    FROM pg_catalog.pg_roles r WHERE r.rolname = $4::text),
  'database', (SELECT json_build_object('owner', pg_get_userbyid(d.datdba),
      'connection_limit', d.datconnlimit, 'allow_connections', d.datallowconn,
      'comment', shobj_description(d.oid, 'pg_database'),
      'encoding', pg_encoding_to_char(d.encoding),
      'encoding_wished', pg_encoding_to_char(pg_char_to_encoding($6::text::name)),
      'collate', d.datcollate, 'ctype', d.datctype,
      'provider_locale', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'),
      'public', (SELECT coalesce(json_agg(x.privilege_type ORDER BY x.privilege_type), '[]'::json)
        FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x WHERE x.grantee = 0))
    FROM pg_catalog.pg_database d WHERE d.datname = $3::text),
  'vault_login', (SELECT json_build_object('superuser', v.rolsuper,
      'membership', (SELECT json_build_object('admin', bool_or(a.admin_option),
          'set', bool_or(coalesce((to_jsonb(a)->>'set_option')::bool, true)),
          'inherit', bool_or(coalesce((to_jsonb(a)->>'inherit_option')::bool, v.rolinherit)))
        FROM pg_catalog.pg_auth_members a WHERE a.member = v.oid
          AND a.roleid = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = $4::text)
        HAVING count(*) > 0))
    FROM pg_catalog.pg_roles v WHERE v.rolname = $5::text),
  'ended', (SELECT coalesce(json_agg(json_build_object('name', e.rolname,
      'here', e.here, 'elsewhere', e.elsewhere) ORDER BY e.rolname), '[]'::json)
    FROM (SELECT m.rolname, count(*) FILTER (WHERE s.dbid = d.oid) AS here,
        count(*) FILTER (WHERE s.dbid <> d.oid) AS elsewhere
      FROM pg_catalog.pg_database d
      JOIN pg_catalog.pg_roles r ON r.rolname = $4::text
      JOIN pg_catalog.pg_db_role_setting c
        ON c.setdatabase = d.oid AND 'role=' || r.rolname = ANY (c.setconfig)
      JOIN pg_catalog.pg_roles m ON m.oid = c.setrole AND NOT m.rolcanlogin AND NOT m.rolsuper
      JOIN pg_catalog.pg_shdepend s ON s.refclassid = 'pg_catalog.pg_authid'::regclass
        AND s.refobjid = m.oid AND s.deptype = 'o'
      WHERE d.datname = $3::text AND EXISTS (SELECT FROM pg_catalog.pg_auth_members a
        WHERE (a.roleid, a.member) IN ((r.oid, m.oid), (m.oid, r.oid)))
      GROUP BY m.rolname) e))::text
  WHERE ($1::text, $2::text, $7::text) IS NOT NULL;

-- look
SELECT json_build_object(
  'registry', (SELECT json_build_object('id', g.id, 'version', g.version) FROM appenv.registry g),
  'app_owner', (SELECT i.owner FROM appenv.instances i
    WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1),
  'entry', (SELECT row_to_json(i) FROM appenv.instances i
    WHERE i.app = $1::text AND i.env = $2::text),
  'app', (SELECT coalesce(json_object_agg(i.env, row_to_json(i)), '{}'::json)
    FROM appenv.instances i WHERE i.app = $1::text),
  'floor', (SELECT f.floor FROM appenv.floors f
    WHERE f.owner = coalesce((SELECT i.owner FROM appenv.instances i
      WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1), $3::text)))::text WHERE ($1::text, $2::text, $3::text) IS NOT NULL;

-- look at a registry of an earlier release
SELECT json_build_object(
  'registry', (SELECT json_build_object('id', g.id, 'version', g.version) FROM appenv.registry g),
  'app_owner', (SELECT i.owner FROM appenv.instances i
    WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1),
  'entry', (SELECT row_to_json(i) FROM appenv.instances i
    WHERE i.app = $1::text AND i.env = $2::text),
  'app', (SELECT coalesce(json_object_agg(i.env, row_to_json(i)), '{}'::json)
    FROM appenv.instances i WHERE i.app = $1::text),
  'upgraded', EXISTS (SELECT FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'appenv' AND c.relname = 'floors'))::text WHERE ($1::text, $2::text, $3::text) IS NOT NULL;

-- extensions
SELECT extname::text FROM pg_catalog.pg_extension;

-- needed extensions
WITH RECURSIVE known AS MATERIALIZED (
    SELECT v.name::text, v.trusted, v.schema::text, v.requires::text[], p.nspname::text AS place
    FROM pg_catalog.pg_available_extensions e
    JOIN pg_catalog.pg_available_extension_versions v
      ON v.name = e.name AND v.version = e.default_version
    LEFT JOIN pg_catalog.pg_extension x ON x.extname = e.name
    LEFT JOIN pg_catalog.pg_namespace p ON p.oid = x.extnamespace),
  needed AS (
    SELECT k.* FROM known k WHERE k.name = $1::text
    UNION
    SELECT k.* FROM needed n JOIN known k ON n.place IS NULL AND k.name = ANY (n.requires))
  SELECT n.name, n.trusted, n.schema, n.place,
    (SELECT o.rolsuper
        AND NOT EXISTS (SELECT FROM aclexplode(coalesce(s.nspacl, acldefault('n', s.nspowner))) a
          LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
          WHERE a.privilege_type = 'CREATE' AND g.rolsuper IS NOT TRUE)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_shdepend w ON w.classid = d.classid AND w.objid = d.objid
            AND w.deptype = 'o' AND w.refclassid = 'pg_catalog.pg_authid'::regclass
            AND w.dbid = (SELECT b.oid FROM pg_catalog.pg_database b
              WHERE b.datname = current_database())
          JOIN pg_catalog.pg_roles r ON r.oid = w.refobjid AND NOT r.rolsuper
          WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = s.oid
            AND d.classid <> 'pg_catalog.pg_extension'::regclass)
      FROM pg_catalog.pg_namespace s JOIN pg_catalog.pg_roles o ON o.oid = s.nspowner
      WHERE s.nspname = coalesce(n.place, n.schema, $2::text))
  FROM needed n ORDER BY n.name;

-- end sessions
SELECT count(pg_catalog.pg_terminate_backend(a.pid))
  FROM pg_catalog.pg_stat_activity a
  LEFT JOIN pg_catalog.pg_roles m ON m.oid = a.usesysid
  WHERE a.datname = $1::text AND a.usesysid IS NOT NULL
    AND (m.oid IS NULL OR NOT m.rolcanlogin AND EXISTS (SELECT
      FROM pg_catalog.pg_db_role_setting c WHERE c.setdatabase = a.datid AND c.setrole = m.oid
        AND 'role=' || $2::text = ANY (c.setconfig)));

-- end all sessions
SELECT count(pg_catalog.pg_terminate_backend(a.pid, 5000))
  FROM pg_catalog.pg_stat_activity a WHERE a.datname = $1::text AND a.usesysid IS NOT NULL;

-- sessions
SELECT DISTINCT coalesce(usename::text, '?'), coalesce(application_name, '')
  FROM pg_catalog.pg_stat_activity
  WHERE datname = $1::text AND usesysid IS NOT NULL
    AND NOT (usename = current_user AND application_name LIKE 'appenv/%') ORDER BY 1, 2;

-- taken names
SELECT
  EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = $1::text),
  EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = $2::text);

-- standing
SELECT pg_get_userbyid(d.datdba)::text, d.datallowconn,
    coalesce(shobj_description(d.oid, 'pg_database'), '')
  FROM pg_catalog.pg_database d WHERE d.datname = $1::text;

-- members
SELECT DISTINCT m.rolname::text, m.rolcanlogin,
    EXISTS (SELECT FROM pg_catalog.pg_db_role_setting c JOIN pg_catalog.pg_database d
      ON d.oid = c.setdatabase WHERE d.datname = $1::text AND c.setrole = m.oid
      AND 'role=' || r.rolname = ANY (c.setconfig)) AS leased,
    coalesce(m.rolvaliduntil <= clock_timestamp() AND starts_with(m.comment, 'appenv:v1 ')
      AND right(m.comment, length($4::text)) = $4::text, false)
  FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles r ON r.oid IN (a.roleid, a.member)
  JOIN (SELECT o.oid, o.rolname, o.rolcanlogin, o.rolsuper, o.rolvaliduntil,
      shobj_description(o.oid, 'pg_authid') AS comment FROM pg_catalog.pg_roles o) m
    ON m.oid IN (a.roleid, a.member) AND m.oid <> r.oid AND (m.oid = a.member OR NOT m.rolcanlogin)
  WHERE r.rolname = $2::text AND NOT m.rolsuper AND m.rolname <> current_user
    AND m.rolname <> coalesce($3::text, '') ORDER BY 1;

-- dependents
SELECT coalesce(d.datname::text, ''), s.classid::regclass::text,
    CASE s.deptype WHEN 'o' THEN 'owned' ELSE 'granted' END, count(*)
  FROM pg_catalog.pg_shdepend s
  JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
  WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname = $1::text
    AND s.classid <> 'pg_catalog.pg_auth_members'::regclass
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- registry: find
SELECT pg_get_userbyid(n.nspowner)::text, n.nspowner = u.oid,
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
  WHERE n.nspname = 'appenv' AND u.rolname = current_user;

-- registry: found
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
INSERT INTO appenv.registry (version) VALUES (1);

-- registry: upgrade
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
END $upgrade$;

-- registry: identity
SELECT id::text, version FROM appenv.registry;

-- registry: entry
SELECT row_to_json(i)::text FROM appenv.instances i
  WHERE i.app = $1::text AND i.env = $2::text FOR UPDATE;

-- registry: other owner
SELECT i.owner FROM appenv.instances i
  WHERE i.app = $1::text AND i.env <> $2::text AND i.phase <> 'gone' AND i.owner <> $3::text
  ORDER BY i.recorded_at DESC LIMIT 1;

-- registry: neighbours
SELECT json_build_object('app', i.app, 'env', i.env,
    'production', i.production, 'database', i.database, 'owner_role', i.owner_role)::text
  FROM appenv.instances i WHERE i.phase <> 'gone' AND (i.app, i.env) <> ($1::text, $2::text)
    AND (i.database = $3::text OR i.owner_role = $4::text) ORDER BY i.app, i.env;

-- registry: free role
SELECT c.name
  FROM json_array_elements_text($1::text::json) WITH ORDINALITY c(name, place)
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = c.name)
    AND NOT EXISTS (SELECT FROM appenv.instances i WHERE i.owner_role = c.name AND i.phase <> 'gone')
  ORDER BY c.place LIMIT 1;

-- registry: write
INSERT INTO appenv.instances AS i
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
    recorded_at = clock_timestamp();

-- registry: copying
UPDATE appenv.instances SET copying = $3::text
  WHERE app = $1::text AND env = $2::text;

-- registry: keep
UPDATE appenv.instances SET copying = NULL, kept = $3::text::json
  WHERE app = $1::text AND env = $2::text;

-- registry: owns a database
SELECT FROM pg_catalog.pg_database d
  JOIN pg_catalog.pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1::text LIMIT 1;

-- registry: role
SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = $1::text;

-- registry: floor
SELECT f.floor::text FROM appenv.floors f WHERE f.owner = $1::text FOR UPDATE;

-- registry: write a floor
INSERT INTO appenv.floors AS f (owner, floor)
  VALUES ($1::text, $2::text::json)
  ON CONFLICT (owner) DO UPDATE SET floor = excluded.floor, recorded_at = clock_timestamp();

-- registry: floors
SELECT f.owner, f.floor::text FROM appenv.floors f;

-- registry: has an env
SELECT EXISTS (SELECT FROM appenv.instances i WHERE i.env = $1::text);

-- temporary login, PostgreSQL 15
DROP ROLE IF EXISTS "erp-sandbox_tmp_1"; CREATE ROLE "erp-sandbox_tmp_1" LOGIN INHERIT PASSWORD 'SCRAM-SHA-256$' VALID UNTIL '2026-01-01T00:00:00Z'; COMMENT ON ROLE "erp-sandbox_tmp_1" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp temporary login'; GRANT "erp_sandbox_role" TO "erp-sandbox_tmp_1"; ALTER ROLE "erp-sandbox_tmp_1" IN DATABASE "erp-sandbox" SET role TO "erp_sandbox_role";

-- shut a temporary login, PostgreSQL 15
ALTER ROLE "erp-sandbox_tmp_1" NOLOGIN; GRANT "erp-sandbox_tmp_1" TO "prov";

-- temporary login, PostgreSQL 18
DROP ROLE IF EXISTS "erp-sandbox_tmp_1"; CREATE ROLE "erp-sandbox_tmp_1" LOGIN INHERIT PASSWORD 'SCRAM-SHA-256$' VALID UNTIL '2026-01-01T00:00:00Z'; COMMENT ON ROLE "erp-sandbox_tmp_1" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp temporary login'; GRANT "erp_sandbox_role" TO "erp-sandbox_tmp_1" WITH SET TRUE, INHERIT TRUE, ADMIN FALSE; ALTER ROLE "erp-sandbox_tmp_1" IN DATABASE "erp-sandbox" SET role TO "erp_sandbox_role";

-- shut a temporary login, PostgreSQL 18
ALTER ROLE "erp-sandbox_tmp_1" NOLOGIN; GRANT "erp-sandbox_tmp_1" TO "prov" WITH SET TRUE, INHERIT TRUE;

-- temporary login, a superuser
DROP ROLE IF EXISTS "erp-sandbox_tmp_1"; CREATE ROLE "erp-sandbox_tmp_1" LOGIN INHERIT PASSWORD 'SCRAM-SHA-256$' VALID UNTIL '2026-01-01T00:00:00Z'; COMMENT ON ROLE "erp-sandbox_tmp_1" IS 'appenv:v1 app=erp env=sandbox owner=arcodange/erp temporary login'; GRANT "erp_sandbox_role" TO "erp-sandbox_tmp_1" WITH SET TRUE, INHERIT TRUE, ADMIN FALSE; ALTER ROLE "erp-sandbox_tmp_1" IN DATABASE "erp-sandbox" SET role TO "erp_sandbox_role";

-- shut a temporary login, a superuser
ALTER ROLE "erp-sandbox_tmp_1" NOLOGIN;

-- keep a temporary login
ALTER ROLE "erp-sandbox_tmp_1" VALID UNTIL '2026-01-01T00:00:00Z';

-- how its comment begins
appenv:v1 app=erp env=sandbox owner=;

-- when a temporary login ends
SELECT to_char((clock_timestamp()
    + make_interval(secs => $1::text::double precision)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- temporary logins of an instance
SELECT r.rolname::text,
    coalesce(r.rolvaliduntil <= clock_timestamp(), false) OR NOT r.rolcanlogin
  FROM pg_catalog.pg_shdescription d
  JOIN pg_catalog.pg_roles r ON r.oid = d.objoid AND NOT r.rolsuper
  WHERE d.classoid = 'pg_catalog.pg_authid'::regclass
    AND starts_with(d.description, $1::text) AND right(d.description, length($2::text)) = $2::text
  ORDER BY 1;

-- whether a login is a temporary one
SELECT FROM pg_catalog.pg_roles r
  WHERE r.rolname = $1::text AND NOT r.rolsuper
    AND starts_with(shobj_description(r.oid, 'pg_authid'), $2::text)
    AND right(shobj_description(r.oid, 'pg_authid'), length($3::text)) = $3::text;

-- sessions of a temporary login
SELECT count(pg_catalog.pg_terminate_backend(a.pid))
  FROM pg_catalog.pg_stat_activity a WHERE a.usename = $1::text;

-- the provider's login
SELECT json_build_object('name', l.rolname, 'superuser', l.rolsuper,
    'createrole', l.rolcreaterole, 'version', current_setting('server_version_num')::int)::text
  FROM pg_catalog.pg_roles l WHERE l.rolname = current_user;

-- for a user to run: read
GRANT USAGE ON SCHEMA appenv TO "prov"; GRANT SELECT ON ALL TABLES IN SCHEMA appenv TO "prov";

-- for a user to run: write
GRANT USAGE ON SCHEMA appenv TO "prov"; GRANT SELECT ON appenv.registry TO "prov"; GRANT SELECT, INSERT, UPDATE ON appenv.instances, appenv.floors TO "prov";

-- for a user to run: found
GRANT CREATE ON DATABASE "postgres" TO "prov";

-- for a user to run: roles
ALTER ROLE "prov" CREATEROLE;

-- for a user to run: databases
ALTER ROLE "prov" CREATEDB;

-- for a user to run: administer
GRANT "erp_role" TO "prov" WITH ADMIN OPTION;

