// SPDX-License-Identifier: MPL-2.0
//! PostgreSQL's catalogs as lines.

use crate::servers::Postgres;
use crate::servers::postgres::Rows;

/// Shared objects: roles, memberships, databases, settings. JSON of the catalog's own row keeps it complete on every
/// version; what changes by itself (transaction ids, object ids) is taken out, and a password is a digest.
const CLUSTER: &str = "
SELECT 'pg role ' || rolname,
       (to_jsonb(r) - 'oid' || jsonb_build_object(
         'rolpassword', md5(rolpassword),
         'comment', shobj_description(oid, 'pg_authid')))::text
FROM pg_authid r
UNION ALL
SELECT format('pg member %s of %s by %s', m.rolname, r.rolname, g.rolname),
       (to_jsonb(a) - 'oid' - 'roleid' - 'member' - 'grantor')::text
FROM pg_auth_members a
JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member JOIN pg_roles g ON g.oid = grantor
UNION ALL
SELECT 'pg database ' || datname,
       (to_jsonb(d) - 'oid' - 'datfrozenxid' - 'datminmxid' || jsonb_build_object(
         'datdba', datdba::regrole, 'comment', shobj_description(oid, 'pg_database')))::text
FROM pg_database d
UNION ALL
SELECT format('pg setting of %s in %s', coalesce(setrole::regrole::text, '-'), coalesce(datname, '-')),
       setconfig::text
FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase";

/// Objects of one database.
const DATABASE: &str = "
SELECT 'schema ' || nspname, (to_jsonb(n) - 'oid' || jsonb_build_object('nspowner', nspowner::regrole))::text
FROM pg_namespace n WHERE nspname !~ '^pg_(toast|temp)'
UNION ALL
SELECT 'extension ' || extname,
       (to_jsonb(e) - 'oid' - 'extconfig' || jsonb_build_object('extowner', extowner::regrole, 'extnamespace', extnamespace::regnamespace))::text
FROM pg_extension e
UNION ALL
SELECT format('relation %I.%I', n.nspname, relname),
       jsonb_build_object('kind', relkind, 'owner', relowner::regrole, 'acl', relacl, 'comment', obj_description(c.oid, 'pg_class'))::text
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
UNION ALL
SELECT format('function %s', p.oid::regprocedure),
       jsonb_build_object('owner', proowner::regrole, 'acl', proacl, 'source', md5(prosrc))::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
UNION ALL
SELECT format('default privileges of %s in %s for %s', defaclrole::regrole, coalesce(nspname, '-'), defaclobjtype),
       defaclacl::text
FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace";

/// Tables whose rows are lines too.
const TABLES: &str = "
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";

/// Every object of the server, and those inside of the databases for which a condition holds.
pub(super) fn lines(pg: &Postgres, databases: &str) -> Vec<(String, String)> {
    let mut lines = pairs(pg.sql(CLUSTER));
    let databases = pg.sql(&format!(
        "SELECT datname FROM pg_database WHERE datallowconn AND ({databases}) ORDER BY 1"
    ));
    for database in databases.column() {
        let login = pg.root().in_database(database);
        let within =
            |(object, what): (String, String)| (format!("pg in {database}: {object}"), what);
        lines.extend(pairs(login.sql(DATABASE)).into_iter().map(within));
        let tables = login.sql(TABLES);
        let rows: Vec<_> = tables
            .column()
            .into_iter()
            .map(|table| {
                let name = table.replace('\'', "''");
                format!(
                    "(SELECT 'row of {name}: ' || t::text, count(*) || ' times' FROM {table} t GROUP BY t::text)"
                )
            })
            .collect();
        if !rows.is_empty() {
            let rows = login.sql(&rows.join(" UNION ALL "));
            lines.extend(pairs(rows).into_iter().map(within));
        }
    }
    lines
}

fn pairs(rows: Rows) -> Vec<(String, String)> {
    rows.0
        .into_iter()
        .map(|row| {
            let [object, what] =
                <[String; 2]>::try_from(row).expect("every statement here has two columns");
            (object, what)
        })
        .collect()
}
