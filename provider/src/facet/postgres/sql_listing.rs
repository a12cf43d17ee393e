// SPDX-License-Identifier: MPL-2.0
//! The statements that look at all instances at once.

/// Every registration with whether its database and its owner role are there, and the logins of it that are over: leased
/// or temporary ones, told from people by that their sessions in its database become the owner role.
pub(super) const REGISTERED: &str = "SELECT json_build_object(
  'instances', (SELECT coalesce(json_agg(json_build_object('app', i.app, 'env', i.env,
      'row', row_to_json(i), 'has_database', d.oid IS NOT NULL, 'has_role', r.oid IS NOT NULL)
      ORDER BY i.app, i.env), '[]'::json)
    FROM appenv.instances i
    LEFT JOIN pg_catalog.pg_database d ON d.datname::text = i.database
    LEFT JOIN pg_catalog.pg_roles r ON r.rolname::text = i.owner_role),
  'overdue', (SELECT coalesce(json_agg(json_build_object('app', o.app, 'env', o.env,
      'login', o.login, 'until', o.until, 'shut', o.shut) ORDER BY o.app, o.env, o.login), '[]'::json)
    FROM (SELECT i.app, i.env, m.rolname::text AS login, NOT m.rolcanlogin AS shut,
        CASE WHEN isfinite(m.rolvaliduntil) THEN to_char(m.rolvaliduntil AT TIME ZONE 'UTC',
          'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') END AS until
      FROM appenv.instances i
      JOIN pg_catalog.pg_database d ON d.datname::text = i.database
      JOIN pg_catalog.pg_db_role_setting c
        ON c.setdatabase = d.oid AND 'role=' || i.owner_role = ANY (c.setconfig)
      JOIN pg_catalog.pg_roles m ON m.oid = c.setrole AND NOT m.rolsuper
      WHERE i.phase <> 'gone'
        AND (m.rolvaliduntil <= clock_timestamp() OR NOT m.rolcanlogin)) o)
  )::text";

/// Databases and roles with our marker, temporary logins left out (their comments end with `$1`): what, name, comment.
pub(super) const MARKED: &str = "SELECT 'database', d.datname::text, s.description
  FROM pg_catalog.pg_shdescription s
  JOIN pg_catalog.pg_database d ON d.oid = s.objoid
  WHERE s.classoid = 'pg_catalog.pg_database'::regclass AND starts_with(s.description, 'appenv:v1 ')
UNION ALL SELECT 'role', r.rolname::text, s.description
  FROM pg_catalog.pg_shdescription s
  JOIN pg_catalog.pg_roles r ON r.oid = s.objoid
  WHERE s.classoid = 'pg_catalog.pg_authid'::regclass AND starts_with(s.description, 'appenv:v1 ')
    AND right(s.description, length($1::text)) <> $1::text
ORDER BY 1, 2";
