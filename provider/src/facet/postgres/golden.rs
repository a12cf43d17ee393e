// SPDX-License-Identifier: MPL-2.0
//! Every text a server gets, pinned: a change of one is a change of what existing instances are.

use std::fmt::Write;

use super::foreign::Founded;
use super::{sql, sql_read, sql_registry, sql_temporary};
use crate::plan::Marker;
use crate::plan::postgres::{Effect, Login, PostgresWish, RoleAttribute};

fn wish() -> PostgresWish {
    PostgresWish {
        database: "erp-sandbox".to_owned(),
        owner_role: "erp_sandbox_role".to_owned(),
        owner_role_shared: false,
        connection_limit: 20,
        extensions: ["hstore".to_owned()].into(),
        encoding: Some("UTF8".to_owned()),
        locale: Some("C".to_owned()),
        template: "template0".to_owned(),
        vault_login: Some("vault".to_owned()),
        keep_until: None,
        over: [].into(),
    }
}

fn login(version: i32) -> Login {
    Login { name: "prov".to_owned(), superuser: false, createrole: true, createdb: true, version }
}

fn title(out: &mut String, title: &str, sql: &str) {
    // A blank at a line's end would be lost in an editor and make the file differ.
    let sql: Vec<&str> = sql.lines().map(str::trim_end).collect();
    writeln!(out, "-- {title}\n{};\n", sql.join("\n")).expect("a String takes every write");
}

fn effects(out: &mut String, version: i32) {
    let marker = Marker {
        app: "erp".to_owned(),
        env: "sandbox".to_owned(),
        owner: "arcodange/erp".to_owned(),
    };
    let all = [
        Effect::CreateRole,
        Effect::StripRole(vec![
            RoleAttribute::Login,
            RoleAttribute::CreateRole,
            RoleAttribute::CreateDb,
            RoleAttribute::Replication,
            RoleAttribute::BypassRls,
        ]),
        Effect::CommentRole,
        Effect::JoinRole,
        Effect::CreateDatabase,
        Effect::OwnDatabase,
        Effect::RevokePublic,
        Effect::CommentDatabase,
        Effect::ConfigureDatabase,
        Effect::GrantVaultLogin,
    ];
    for effect in all {
        for sql in sql::statements(&effect, &wish(), &marker, &login(version)) {
            title(out, &format!("{effect:?}, PostgreSQL {}", version / 10_000), &sql);
        }
    }
}

fn temporary(out: &mut String) {
    let marker = Marker {
        app: "erp".to_owned(),
        env: "sandbox".to_owned(),
        owner: "arcodange/erp".to_owned(),
    };
    let (name, until) = ("erp-sandbox_tmp_1", "2026-01-01T00:00:00Z");
    for (who, login) in [
        ("PostgreSQL 15", login(150_018)),
        ("PostgreSQL 18", login(180_006)),
        ("a superuser", Login { superuser: true, ..login(180_006) }),
    ] {
        let create = sql_temporary::create(name, "SCRAM-SHA-256$", until, &wish(), &marker, &login);
        title(out, &format!("temporary login, {who}"), &create);
        title(out, &format!("shut a temporary login, {who}"), &sql_temporary::shut(name, &login));
    }
    title(out, "keep a temporary login", &sql_temporary::extend(name, until));
    title(out, "how its comment begins", &sql_temporary::comment_begins(&marker));
    for (name, sql) in [
        ("when a temporary login ends", sql_temporary::LATER),
        ("temporary logins of an instance", sql_temporary::OF_INSTANCE),
        ("whether a login is a temporary one", sql_temporary::IS_OURS),
        ("sessions of a temporary login", sql_temporary::END_SESSIONS),
        ("the provider's login", sql_temporary::PROVIDER),
    ] {
        title(out, name, sql);
    }
}

fn texts() -> String {
    let mut out = String::new();
    title(&mut out, "session", &sql::session(30_000, 24_000));
    title(&mut out, "what may be slow", &sql::statement_timeout(599_000));
    effects(&mut out, 150_018);
    effects(&mut out, 180_006);
    let create = sql::create_extension("hstore", Some("public"));
    title(&mut out, "extension, trusted", &sql::under_role("erp_sandbox_role", &create));
    title(&mut out, "extension with a schema of its own", &sql::create_extension("plv8", None));
    let create = sql::create_untrusted("pageinspect", &[], Some(sql::EXTENSIONS));
    title(&mut out, "extension, untrusted", &sql::together(&create));
    let create = sql::create_untrusted("earth", &[sql::EXTENSIONS, "tiger"], Some(sql::EXTENSIONS));
    title(&mut out, "extension, untrusted, the first", &sql::together(&create));
    for (who, login) in [
        ("PostgreSQL 15", login(150_018)),
        ("PostgreSQL 18", login(180_006)),
        ("a superuser", Login { superuser: true, ..login(180_006) }),
    ] {
        title(
            &mut out,
            &format!("ended login, {who}"),
            &sql::settle("v-erp-x", "erp_role", &login),
        );
    }
    title(&mut out, "rename role", &sql::rename_role("erp", "erp_role"));
    title(&mut out, "rename database", &sql::rename_database("karmyq_prod", "karmyq_production"));
    title(
        &mut out,
        "copy database",
        &sql::copy_database("karmyq_prod", "karmyq_production", "karmyq"),
    );
    let marker =
        Marker { app: "karmyq".to_owned(), env: "production".to_owned(), owner: "k".to_owned() };
    title(
        &mut out,
        "keep database",
        &sql::comment_on_kept("karmyq_prod", &marker, "2026-01-01T00:00:00Z"),
    );
    title(&mut out, "close database", &sql::close_database("karmyq_prod"));
    title(&mut out, "open database", &sql::open_database("karmyq_prod"));
    title(&mut out, "drop database", &sql::drop_database("erp", false));
    title(&mut out, "drop database by force", &sql::drop_database("erp", true));
    title(&mut out, "drop role", &sql::drop_role("erp_role"));
    title(&mut out, "lock", &sql_read::lock());
    title(&mut out, "unlock", &sql_read::unlock());
    title(&mut out, "who holds the lock", &sql_read::lock_holder());
    title(&mut out, "read", &sql_read::read(Founded::Whole));
    title(&mut out, "read a registry of an earlier release", &sql_read::read(Founded::Earlier));
    title(&mut out, "read without a registry", &sql_read::read(Founded::No));
    title(&mut out, "look", &sql_read::look(Founded::Whole));
    title(&mut out, "look at a registry of an earlier release", &sql_read::look(Founded::Earlier));
    for (name, sql) in [
        ("extensions", sql_read::EXTENSIONS),
        ("needed extensions", sql_read::NEEDED_EXTENSIONS),
        ("end sessions", sql_read::END_SESSIONS),
        ("end all sessions", sql_read::END_ALL_SESSIONS),
        ("sessions", sql_read::SESSIONS),
        ("taken names", sql_read::TAKEN),
        ("standing", sql_read::STANDING),
        ("members", sql_read::MEMBERS),
        ("dependents", sql_read::DEPENDENTS),
        ("registry: find", sql_registry::FIND),
        ("registry: found", sql_registry::FOUND),
        ("registry: upgrade", sql_registry::UPGRADE),
        ("registry: identity", sql_registry::IDENTITY),
        ("registry: entry", sql_registry::ENTRY),
        ("registry: other owner", sql_registry::OTHER_OWNER),
        ("registry: neighbours", sql_registry::NEIGHBOURS),
        ("registry: free role", sql_registry::FREE_ROLE),
        ("registry: write", sql_registry::WRITE),
        ("registry: copying", sql_registry::COPYING),
        ("registry: keep", sql_registry::KEEP),
        ("registry: owns a database", sql_registry::OWNS_DATABASE),
        ("registry: role", sql_registry::ROLE),
        ("registry: floor", sql_registry::FLOOR),
        ("registry: write a floor", sql_registry::WRITE_FLOOR),
        ("registry: floors", sql_registry::FLOORS),
        ("registry: has an env", sql_registry::HAS_ENV),
    ] {
        title(&mut out, name, sql);
    }
    temporary(&mut out);
    for (name, sql) in [
        ("for a user to run: read", sql_registry::grant_read("prov")),
        ("for a user to run: write", sql_registry::grant_write("prov")),
        ("for a user to run: found", sql_registry::grant_found("postgres", "prov")),
        ("for a user to run: roles", sql::let_create_roles("prov")),
        ("for a user to run: databases", sql::let_create_databases("prov")),
        ("for a user to run: administer", sql::let_administer("erp_role", "prov")),
    ] {
        title(&mut out, name, sql.trim_end_matches(';'));
    }
    out
}

#[test]
fn every_statement_is_as_released() {
    let golden = include_str!("../../../tests/golden/postgres.sql");
    let texts = texts();
    for (at, (is, was)) in texts.lines().zip(golden.lines()).enumerate() {
        assert_eq!(is, was, "line {} of tests/golden/postgres.sql", at + 1);
    }
    assert_eq!(texts.lines().count(), golden.lines().count(), "the whole text is:\n{texts}");
}
