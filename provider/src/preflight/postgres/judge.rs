// SPDX-License-Identifier: MPL-2.0
//! From what was seen on a PostgreSQL server to findings. Pure.

use crate::facet::postgres::{Examined, Maintenance, Room, identifier};
use crate::finding::Finding;
use crate::plan::postgres::{Login, PostgresWish, SeenRole, quoted};

use super::super::fix;

/// Whether the server is of a version that appenv works with.
pub(super) const VERSION: &str = "postgres_version";
/// What the provider's login may do.
pub(super) const LOGIN: &str = "postgres_login";
/// Whether there may be more connections.
pub(super) const ROOM: &str = "postgres_connections";
/// Whether the owner role is there, and only a role.
pub(super) const OWNER_ROLE: &str = "owner_role";
/// Whether the database is there and open.
pub(super) const DATABASE: &str = "database";
/// Whether the database belongs to the owner role.
pub(super) const DATABASE_OWNER: &str = "database_owner";
/// Whether the database is closed to everybody else.
pub(super) const DATABASE_PUBLIC: &str = "database_public";
/// Whether databases that no instance has are closed to everybody else.
pub(super) const MAINTENANCE_PUBLIC: &str = "maintenance_public";

/// The oldest version that appenv works with.
const OLDEST: i32 = 150_000;

/// Connections that one process of the provider may have at a time: one that reads, one that writes, two into databases of
/// instances.
const NEEDED: i32 = 4;

/// Every finding but that the server answered.
pub(super) fn judge(examined: &Examined, wish: &PostgresWish, server: &str) -> Vec<Finding> {
    let login = &examined.seen.login;
    let mut found = vec![
        version(login.version, server),
        self::login(login, server),
        room(examined.room, login, server),
        owner_role(examined.seen.role.as_ref(), wish, server),
    ];
    found.extend(database(examined, wish, server));
    found.extend(examined.maintenance.iter().map(|at| maintenance(at, examined, server)));
    found
}

fn version(version: i32, server: &str) -> Finding {
    let (major, minor) = (version / 10_000, version % 10_000);
    let detail = format!("It is PostgreSQL {major}.{minor}.");
    if version >= OLDEST {
        return Finding::ok(VERSION, server, detail);
    }
    let fix = "Upgrade the server to PostgreSQL 15 or later, 16 or later best.";
    Finding::warn(VERSION, server, format!("{detail} appenv is made for 15 and later."), fix)
}

fn login(login: &Login, server: &str) -> Finding {
    let name = quoted(&login.name);
    let target = format!("login {name} on {server}");
    if login.superuser {
        return Finding::ok(LOGIN, target, "It is a superuser.");
    }
    let lacks: Vec<&str> = [(login.createrole, "CREATEROLE"), (login.createdb, "CREATEDB")]
        .into_iter()
        .filter_map(|(has, what)| (!has).then_some(what))
        .collect();
    if lacks.len() == 2 {
        // As a login that plans should be; to make it one that applies would be no mending.
        return Finding::warn(
            LOGIN,
            target,
            "It lacks CREATEROLE and CREATEDB: it can plan and not apply.",
            "Apply with another login, one that docs/policies/postgres-apply.sql or appenv_permissions describes.",
        );
    }
    if !lacks.is_empty() {
        let lacks = lacks.join(" and ");
        return Finding::warn(
            LOGIN,
            target,
            format!("It lacks {lacks}: it can plan and not apply."),
            fix::sql(format!("ALTER ROLE {} CREATEROLE CREATEDB;", identifier(&login.name))),
        );
    }
    if login.has_membership_options() {
        return Finding::ok(LOGIN, target, "It has CREATEROLE and CREATEDB, and is no superuser.");
    }
    Finding::warn(
        LOGIN,
        target,
        "Before PostgreSQL 16 a login with CREATEROLE may reset the password of any role that is no superuser and grant \
         itself any such role: it could take over every other role of this server.",
        "Use PostgreSQL 16 or later, or a server for these apps alone.",
    )
}

fn room(room: Room, login: &Login, server: &str) -> Finding {
    let Room { free, most, limit, used } = room;
    if free < NEEDED {
        return Finding::warn(
            ROOM,
            server,
            format!("It takes {free} more of its {most} connections, and a run may need {NEEDED}."),
            "End idle sessions, let applications pool theirs, or raise max_connections and restart the server.",
        );
    }
    let left = limit.saturating_sub(used);
    if login.superuser || limit < 0 || left >= NEEDED {
        return Finding::ok(ROOM, server, "There is room for the connections of a run.");
    }
    let name = identifier(&login.name);
    Finding::warn(
        ROOM,
        server,
        format!(
            "Login {name} may have {left} more of its {limit} connections, and a run may need {NEEDED}."
        ),
        fix::sql(format!("ALTER ROLE {name} CONNECTION LIMIT -1;")),
    )
}

/// What stands behind statements that make by hand what an apply makes.
const BY_HAND: &str = "-- An apply makes it too, and marks it. Where the instance is not registered yet, a create takes what was made by hand \
                       only with adopt = \"verify\".";

fn owner_role(seen: Option<&SeenRole>, wish: &PostgresWish, server: &str) -> Finding {
    let role = identifier(&wish.owner_role);
    let target = format!("role {role} on {server}");
    let Some(seen) = seen else {
        let fix = fix::sql(format!("CREATE ROLE {role} NOLOGIN;\n{BY_HAND}"));
        return Finding::fail(
            OWNER_ROLE,
            target,
            "It is not there. An apply of the instance makes it.",
            fix,
        );
    };
    let excess: Vec<&str> = [
        (seen.login, "LOGIN"),
        (seen.superuser, "SUPERUSER"),
        (seen.createrole, "CREATEROLE"),
        (seen.createdb, "CREATEDB"),
        (seen.replication, "REPLICATION"),
        (seen.bypassrls, "BYPASSRLS"),
    ]
    .into_iter()
    .filter_map(|(has, what)| has.then_some(what))
    .collect();
    if excess.is_empty() {
        return Finding::ok(OWNER_ROLE, target, "It is there and nobody logs in as it.");
    }
    let less: Vec<String> = excess.iter().map(|what| format!("NO{what}")).collect();
    Finding::fail(
        OWNER_ROLE,
        target,
        format!("It has {}, and should only own the database.", excess.join(", ")),
        fix::sql(format!(
            "ALTER ROLE {role} {};\n-- Whoever logs in as it is shut out then: give them logins of their own before.",
            less.join(" ")
        )),
    )
}

fn database(examined: &Examined, wish: &PostgresWish, server: &str) -> [Finding; 3] {
    let (database, role) = (identifier(&wish.database), identifier(&wish.owner_role));
    let target = format!("database {database} on {server}");
    let Some(seen) = &examined.seen.database else {
        let fix = fix::sql(format!(
            "CREATE DATABASE {database} OWNER {role} TEMPLATE template0;\nREVOKE ALL ON DATABASE {database} FROM PUBLIC;\n{BY_HAND}"
        ));
        let detail = "It is not there. An apply of the instance makes it.";
        let skip = |check| Finding::skip(check, &*target, format!("Not asked: see {DATABASE}."));
        return [
            Finding::fail(DATABASE, &*target, detail, fix),
            skip(DATABASE_OWNER),
            skip(DATABASE_PUBLIC),
        ];
    };
    let there = if seen.allow_connections {
        Finding::ok(DATABASE, &*target, "It is there and takes connections.")
    } else {
        let fix = fix::sql(format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true;"));
        Finding::fail(DATABASE, &*target, "It takes no connections.", fix)
    };
    let owner = if seen.owner == wish.owner_role {
        Finding::ok(DATABASE_OWNER, &*target, format!("Its owner is role {role}."))
    } else {
        let fix = fix::sql(format!(
            "ALTER DATABASE {database} OWNER TO {role};\n-- What the owner of before did there it may do no more."
        ));
        let detail = format!("Its owner is role {}, and should be {role}.", quoted(&seen.owner));
        Finding::fail(DATABASE_OWNER, &*target, detail, fix)
    };
    let public = if seen.public.is_empty() {
        Finding::ok(DATABASE_PUBLIC, &*target, "PUBLIC may nothing there.")
    } else {
        let fix = fix::sql(format!(
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC;\n-- Whoever else works there (backup, monitoring) needs GRANT \
             CONNECT before."
        ));
        let detail = format!(
            "PUBLIC, which is every login of the server, may {} there.",
            seen.public.join(", ")
        );
        Finding::fail(DATABASE_PUBLIC, &*target, detail, fix)
    };
    [there, owner, public]
}

/// Whoever makes roles, reads the registry or is there now is let in by name first; the others are for the reader to know.
fn maintenance(at: &Maintenance, examined: &Examined, server: &str) -> Finding {
    let database = identifier(&at.name);
    let target = format!("database {database} on {server}");
    if at.public.is_empty() {
        return Finding::ok(MAINTENANCE_PUBLIC, target, "PUBLIC may nothing there.");
    }
    let detail = format!(
        "PUBLIC may {} there, so a login leased for any instance may too.",
        at.public.join(", ")
    );
    let workers: Vec<String> = examined.workers.iter().map(|name| identifier(name)).collect();
    let grant = if workers.is_empty() {
        String::new()
    } else {
        format!("GRANT CONNECT ON DATABASE {database} TO {};\n", workers.join(", "))
    };
    let fix = fix::sql(format!(
        "{grant}REVOKE ALL ON DATABASE {database} FROM PUBLIC;\n-- Any other login that works there needs GRANT CONNECT, too."
    ));
    Finding::warn(MAINTENANCE_PUBLIC, target, detail, fix)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::finding::Status;

    fn told(version: i32, createrole: bool, createdb: bool, superuser: bool) -> Finding {
        login(
            &Login { name: "prov".to_owned(), superuser, createrole, createdb, version },
            "PostgreSQL at db",
        )
    }

    #[test]
    fn what_a_login_may_do_depends_on_the_version() {
        for (version, createrole, createdb, superuser, status) in [
            (180_000, true, true, false, Status::Ok),
            (150_018, true, true, false, Status::Warn),
            (150_018, false, false, true, Status::Ok),
            (180_000, false, true, false, Status::Warn),
            (180_000, true, false, false, Status::Warn),
        ] {
            let found = told(version, createrole, createdb, superuser);
            assert_eq!(found.status, status, "{found:?}");
        }
        assert!(
            told(180_000, true, false, false)
                .fix
                .ends_with("ALTER ROLE \"prov\" CREATEROLE CREATEDB;")
        );
    }

    #[test]
    fn a_server_or_a_login_with_no_room_is_told() {
        let status = |free, limit, used, superuser| {
            let login = Login { superuser, ..Login::default() };
            room(Room { free, most: 100, limit, used }, &login, "x").status
        };
        assert_eq!(status(4, -1, 90, false), Status::Ok);
        assert_eq!(status(3, -1, 1, false), Status::Warn);
        assert_eq!(status(-2, -1, 1, true), Status::Warn);
        assert_eq!(status(90, 5, 1, false), Status::Ok);
        assert_eq!(status(90, 5, 2, false), Status::Warn);
        assert_eq!(status(90, 5, 2, true), Status::Ok);
    }

    #[test]
    fn an_old_server_is_told() {
        assert_eq!(version(140_012, "x").status, Status::Warn);
        assert_eq!(version(150_000, "x").status, Status::Ok);
        assert!(version(180_001, "x").detail.contains("18.1"));
    }
}
