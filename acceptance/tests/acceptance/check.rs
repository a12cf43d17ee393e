// SPDX-License-Identifier: MPL-2.0
//! Snapshots see every kind of change, and name it.

use acceptance::servers::Servers;
use acceptance::{Sentinel, Snapshot};
use serde_json::{Value, json};

#[test]
fn nothing_done_is_no_difference() {
    for servers in Servers::each() {
        let before = Snapshot::take(&servers);
        Snapshot::take(&servers).since(&before).is_nothing();
    }
}

/// Something an operator does.
enum Change {
    /// A statement of the superuser's.
    Root(&'static str),
    /// The same in database `erp`.
    Within(&'static str),
    /// A statement of the provider's login.
    Admin(&'static str),
    /// A request to OpenBao.
    Put(&'static str, Value),
}

impl Change {
    fn make(&self, Servers { pg, bao }: &Servers) {
        match self {
            Self::Root(statement) => drop(pg.sql(statement)),
            Self::Within(statement) => drop(pg.sql_in("erp", statement)),
            Self::Admin(statement) => drop(pg.admin().sql(statement)),
            Self::Put(path, body) => drop(bao.api().put(path, body)),
        }
    }
}

/// Changes, each with the object under whose name it must be seen.
fn changes() -> Vec<(Change, &'static str)> {
    use Change::{Admin, Put, Root, Within};
    let pod = json!({
        "bound_service_account_names": ["a"], "bound_service_account_namespaces": ["b"],
    });
    vec![
        (Root("ALTER DATABASE erp CONNECTION LIMIT 7"), "pg database erp"),
        (Root("REVOKE ALL ON DATABASE erp FROM PUBLIC"), "pg database erp"),
        (Root("COMMENT ON ROLE erp_role IS 'hello'"), "pg role erp_role"),
        (Root("ALTER ROLE erp_role PASSWORD 'x'"), "pg role erp_role"),
        (
            Root("ALTER ROLE erp_role IN DATABASE erp SET role = 'erp_role'"),
            "pg setting of erp_role in erp",
        ),
        (
            Admin("GRANT erp_role TO vault_admin WITH ADMIN OPTION"),
            "pg member vault_admin of erp_role by appenv_admin",
        ),
        (Within("CREATE SCHEMA app"), "pg in erp: schema app"),
        (Within("CREATE EXTENSION citext SCHEMA app"), "pg in erp: extension citext"),
        (
            Within("CREATE TABLE app.t (n int); INSERT INTO app.t VALUES (1), (1)"),
            "pg in erp: row of app.t: (1)",
        ),
        (Put("sys/policies/acl/erp", json!({ "policy": "path \"x\" {}" })), "bao policy erp"),
        (Put("auth/kubernetes/role/erp", pod), "bao kubernetes role erp"),
        (Put("kvv2/data/erp/config", json!({ "data": { "A": "2" } })), "bao kv erp/config"),
    ]
}

#[test]
fn each_change_is_seen_under_its_objects_name() {
    for servers in Servers::each() {
        let Servers { pg, bao } = &servers;
        pg.admin().sql("CREATE ROLE erp_role");
        pg.sql("CREATE DATABASE erp OWNER erp_role TEMPLATE template0");
        bao.api().put("kvv2/data/erp/config", &json!({ "data": { "A": "1" } }));
        for (change, object) in changes() {
            let before = Snapshot::take(&servers);
            change.make(&servers);
            let diff = Snapshot::take(&servers).since(&before);
            let names = diff.added.contains_key(object) || diff.changed.contains_key(object);
            // On PostgreSQL 15 the superuser is recorded as grantor of what a CREATEROLE login grants.
            let by_root = object.replace("by appenv_admin", "by postgres");
            assert!(names || diff.added.contains_key(&by_root), "{object} is not in:\n{diff}");
            diff.concerns_only(&["erp", "erp_role"]);
        }
        let before = Snapshot::take(&servers);
        pg.sql("CREATE ROLE stranger");
        let diff = Snapshot::take(&servers).since(&before);
        assert!(diff.outside(&["erp"]).added.contains_key("pg role stranger"));
    }
}

#[test]
fn a_sentinel_tells_a_kept_database_from_a_new_one() {
    let servers = Servers::start();
    let pg = &servers.pg;
    pg.sql("CREATE DATABASE kept");
    let sentinel = Sentinel::plant(pg, "kept");
    sentinel.is_still_there(pg);
    pg.sql("ALTER DATABASE kept RENAME TO renamed");
    assert!(sentinel.is_in(pg, "renamed") && !sentinel.is_in(pg, "kept"));
    pg.sql("CREATE DATABASE kept");
    assert!(!sentinel.is_in(pg, "kept"));
}

#[test]
fn files_are_seen_with_mode_and_content() {
    let scratch = acceptance::scratch::Scratch::new("files");
    let file = scratch.join(".env");
    std::fs::write(&file, "A=1").unwrap();
    let take = || Snapshot::default().with_files(scratch.path());
    let before = take();
    std::fs::write(&file, "A=2").unwrap();
    let diff = take().since(&before);
    assert_eq!(diff.changed.len(), 1);
    assert!(!diff.to_string().contains("A=2"));
    let before = take();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    assert!(take().since(&before).to_string().contains("mode 600"));
}
