// SPDX-License-Identifier: MPL-2.0
//! The statements that only look. Every name comes in as a parameter of type text: as `name` it would be cut at
//! 63 bytes and could match another object.

use super::foreign::Founded;

/// The number the advisory lock of our writes has: `appenv` in ASCII.
const LOCK: i64 = 0x6170_7065_6e76;

/// The registry's part of a read: `$1` app, `$2` env, `$3` database, `$4` owner role.
const REGISTRY: &str = "
  'registry', (SELECT json_build_object('id', g.id, 'version', g.version) FROM appenv.registry g),
  'app_owner', (SELECT i.owner FROM appenv.instances i
    WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1),
  'entry', (SELECT row_to_json(i) FROM appenv.instances i
    WHERE i.app = $1::text AND i.env = $2::text),
  'app', (SELECT coalesce(json_object_agg(i.env, row_to_json(i)), '{}'::json)
    FROM appenv.instances i WHERE i.app = $1::text)";

/// The floor of the app's registered owner, or else of the owner in the given parameter.
fn floor(owner: &str) -> String {
    format!(
        "
  'floor', (SELECT f.floor FROM appenv.floors f
    WHERE f.owner = coalesce((SELECT i.owner FROM appenv.instances i
      WHERE i.app = $1::text AND i.phase <> 'gone' ORDER BY i.recorded_at DESC LIMIT 1), {owner}::text))"
    )
}

/// Whether a registry of an earlier release was given floors meanwhile.
const UPGRADED: &str = "
  'upgraded', EXISTS (SELECT FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'appenv' AND c.relname = 'floors')";

/// Instances that are registered with the same names.
const NEIGHBOURS: &str = "
  'neighbours', (SELECT coalesce(json_agg(json_build_object('app', i.app, 'env', i.env,
      'production', i.production, 'database', i.database, 'owner_role', i.owner_role)
      ORDER BY i.app, i.env), '[]'::json)
    FROM appenv.instances i
    WHERE i.phase <> 'gone' AND (i.app, i.env) <> ($1::text, $2::text)
      AND (i.database = $3::text OR i.owner_role = $4::text))";

/// The catalogs' part of a read: `$3` database, `$4` owner role, `$5` Vault's login, `$6` wished encoding.
/// Options a membership has from PostgreSQL 16 on are read through JSON, so that one text serves every version.
/// Memberships are looked up by both ends at once: a login that works for ten thousand instances has as many.
const CATALOGS: &str = "
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
    FROM pg_catalog.pg_roles v WHERE v.rolname = $5::text)";

/// Revoked logins that still own something: members of the owner role, or administered by it since they ended.
/// What tells them from a group of people: their sessions in this database became the owner role (`ALTER ROLE … IN
/// DATABASE … SET role`), as only a leased login's do.
const ENDED: &str = "
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
      GROUP BY m.rolname) e)";

/// Everything of one instance, as one JSON document, in one statement; beside the parameters of its parts `$7` is our
/// owner.
pub(super) fn read(registry: Founded) -> String {
    let registry = match registry {
        Founded::Whole => format!("{REGISTRY},{NEIGHBOURS},{}", floor("$7")),
        Founded::Earlier => format!("{REGISTRY},{NEIGHBOURS},{UPGRADED}"),
        Founded::No => String::new(),
    };
    let comma = if registry.is_empty() { "" } else { "," };
    // Parameters of a part that is left out keep their places.
    format!(
        "SELECT json_build_object({registry}{comma}{CATALOGS},{ENDED})::text
  WHERE ($1::text, $2::text, $7::text) IS NOT NULL"
    )
}

/// The registry alone: `$1` app, `$2` env, `$3` our owner.
pub(super) fn look(registry: Founded) -> String {
    let parts = match registry {
        Founded::Whole => format!("{REGISTRY},{}", floor("$3")),
        Founded::Earlier => format!("{REGISTRY},{UPGRADED}"),
        Founded::No => String::new(),
    };
    format!(
        "SELECT json_build_object({parts})::text WHERE ($1::text, $2::text, $3::text) IS NOT NULL"
    )
}

/// The extensions of the database one is connected to.
pub(super) const EXTENSIONS: &str = "SELECT extname::text FROM pg_catalog.pg_extension";

/// What creating an extension (`$1`) takes, in its default version: itself and, until one is there, what it requires.
/// Name; whether the owner of a database may create it; its own schema; the schema where it is; and whether the schema
/// concerned (the one where it is, its own, or `$2`) is closed: nobody but a superuser owns it, may create in it, or
/// owns anything in it but an extension, whose owner can add nothing to its schema. NULL: there is no such schema.
pub(super) const NEEDED_EXTENSIONS: &str = "WITH RECURSIVE known AS MATERIALIZED (
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
  FROM needed n ORDER BY n.name";

/// Ends sessions in the database (`$1`) of logins that are over: dropped under them, or leased, by what tells a leased
/// one (its sessions there become the owner role, `$2`), and shut.
pub(super) const END_SESSIONS: &str = "SELECT count(pg_catalog.pg_terminate_backend(a.pid))
  FROM pg_catalog.pg_stat_activity a
  LEFT JOIN pg_catalog.pg_roles m ON m.oid = a.usesysid
  WHERE a.datname = $1::text AND a.usesysid IS NOT NULL
    AND (m.oid IS NULL OR NOT m.rolcanlogin AND EXISTS (SELECT
      FROM pg_catalog.pg_db_role_setting c WHERE c.setdatabase = a.datid AND c.setrole = m.oid
        AND 'role=' || $2::text = ANY (c.setconfig)))";

/// Ends every session on a database (`$1`) that has a user.
pub(super) const END_ALL_SESSIONS: &str =
    "SELECT count(pg_catalog.pg_terminate_backend(a.pid, 5000))
  FROM pg_catalog.pg_stat_activity a WHERE a.datname = $1::text AND a.usesysid IS NOT NULL";

/// Whether there is a database (`$1`), and a role (`$2`).
pub(super) const TAKEN: &str = "SELECT
  EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = $1::text),
  EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = $2::text)";

/// Owner, openness and comment of a database (`$1`).
pub(super) const STANDING: &str = "SELECT pg_get_userbyid(d.datdba)::text, d.datallowconn,
    coalesce(shobj_description(d.oid, 'pg_database'), '')
  FROM pg_catalog.pg_database d WHERE d.datname = $1::text";

/// Whom a drop of the database (`$1`) would cut off: its sessions. The server's own workers have no user,
/// and the provider's own short looks are over before the drop gives up waiting for them.
pub(super) const SESSIONS: &str =
    "SELECT DISTINCT coalesce(usename::text, '?'), coalesce(application_name, '')
  FROM pg_catalog.pg_stat_activity
  WHERE datname = $1::text AND usesysid IS NOT NULL
    AND NOT (usename = current_user AND application_name LIKE 'appenv/%') ORDER BY 1, 2";

/// Members of the owner role (`$2`) other than Vault's login (`$3`) and our own, and roles without LOGIN that the
/// owner role is a member of, as of a revoked login that could not be dropped: name, whether it can log in,
/// whether its sessions in the database (`$1`) become the owner role, as a leased login's do, and whether it is a
/// temporary login (its comment ends with `$4`) whose time is over.
pub(super) const MEMBERS: &str = "SELECT DISTINCT m.rolname::text, m.rolcanlogin,
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
    AND m.rolname <> coalesce($3::text, '') ORDER BY 1";

/// What depends on a role (`$1`) and would block its drop: database (empty: the whole server), the objects' class
/// and their number.
pub(super) const DEPENDENTS: &str =
    "SELECT coalesce(d.datname::text, ''), s.classid::regclass::text,
    CASE s.deptype WHEN 'o' THEN 'owned' ELSE 'granted' END, count(*)
  FROM pg_catalog.pg_shdepend s
  JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
  WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname = $1::text
    AND s.classid <> 'pg_catalog.pg_auth_members'::regclass
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

/// Who the session is: its login, and the role it works as.
pub(super) const WHO: &str = "SELECT session_user::text, current_user::text";

/// Connections: how many more the server takes from logins that are no superusers, how many it takes at all, how many our
/// login may have (-1: any number), and has. From PostgreSQL 16 on some are reserved for another role, too.
pub(super) const ROOM: &str = "SELECT
    (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true), '0')::int
      - (SELECT coalesce(sum(s.numbackends), 0) FROM pg_catalog.pg_stat_database s))::int,
    current_setting('max_connections')::int, l.rolconnlimit,
    (SELECT count(*)::int FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = l.oid)
  FROM pg_catalog.pg_roles l WHERE l.rolname = current_user";

/// Databases that every server has, and the one of the registry, unless they are the instance's (`$1`): name, and what
/// PUBLIC may do there.
pub(super) const MAINTENANCE: &str = "SELECT d.datname::text, ARRAY(SELECT x.privilege_type::text
      FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
      WHERE x.grantee = 0 ORDER BY 1)
  FROM pg_catalog.pg_database d
  WHERE (d.datname IN ('postgres', 'template1') OR d.datname = current_database())
    AND d.datname <> $1::text ORDER BY 1";

/// Logins, superusers apart, that a revocation from PUBLIC must not shut out: our own, those that make or grant roles (Vault's
/// among them, before there is any role to grant), those that read the registry, and those that are there now.
pub(super) const WORKERS: &str = "SELECT m.rolname::text FROM pg_catalog.pg_roles m
  WHERE NOT m.rolsuper AND m.rolcanlogin AND (m.rolname = current_user OR m.rolcreaterole OR m.rolcreatedb
    OR EXISTS (SELECT FROM pg_catalog.pg_auth_members a WHERE a.member = m.oid AND a.admin_option)
    OR EXISTS (SELECT FROM pg_catalog.pg_namespace n
      WHERE n.nspname = 'appenv' AND has_schema_privilege(m.oid, n.oid, 'USAGE'))
    OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity s
      WHERE s.usesysid = m.oid AND s.datname IN ('postgres', 'template1', current_database()))) ORDER BY 1";

/// Waits for the lock all our writes on one server take, in the maintenance database.
pub(super) fn lock() -> String {
    format!("SELECT pg_catalog.pg_advisory_lock({LOCK})")
}

/// Gives the lock back.
pub(super) fn unlock() -> String {
    format!("SELECT pg_catalog.pg_advisory_unlock({LOCK})")
}

/// Who holds the lock: process id and application name. A 64-bit key is shown as two halves.
pub(super) fn lock_holder() -> String {
    format!(
        "SELECT l.pid, coalesce(a.application_name, '') FROM pg_catalog.pg_locks l \
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.classid = {} AND l.objid = {} LIMIT 1",
        LOCK >> 32,
        LOCK & 0xffff_ffff
    )
}
