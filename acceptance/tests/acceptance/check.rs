//! Snapshots see every kind of change, and name it.

use acceptance::servers::Servers;
use acceptance::{Sentinel, Snapshot};
use serde_json::json;

#[test]
fn nothing_done_is_no_difference() {
    for servers in Servers::each() {
        let before = Snapshot::take(&servers);
        Snapshot::take(&servers).since(&before).is_nothing();
    }
}

#[test]
fn each_change_is_seen_under_its_objects_name() {
    for servers in Servers::each() {
        let Servers { pg, bao } = &servers;
        pg.admin().sql("CREATE ROLE erp_role");
        pg.sql("CREATE DATABASE erp OWNER erp_role TEMPLATE template0");
        bao.api().put("kvv2/data/erp/config", &json!({ "data": { "A": "1" } }));
        let changes: [(&dyn Fn(), &str); 12] = [
            (&|| drop(pg.sql("ALTER DATABASE erp CONNECTION LIMIT 7")), "pg database erp"),
            (&|| drop(pg.sql("REVOKE ALL ON DATABASE erp FROM PUBLIC")), "pg database erp"),
            (&|| drop(pg.sql("COMMENT ON ROLE erp_role IS 'hello'")), "pg role erp_role"),
            (&|| drop(pg.sql("ALTER ROLE erp_role PASSWORD 'x'")), "pg role erp_role"),
            (
                &|| drop(pg.sql("ALTER ROLE erp_role IN DATABASE erp SET role = 'erp_role'")),
                "pg setting of erp_role in erp",
            ),
            (
                &|| drop(pg.admin().sql("GRANT erp_role TO vault_admin WITH ADMIN OPTION")),
                "pg member vault_admin of erp_role by appenv_admin",
            ),
            (&|| drop(pg.sql_in("erp", "CREATE SCHEMA app")), "pg in erp: schema app"),
            (
                &|| drop(pg.sql_in("erp", "CREATE EXTENSION citext SCHEMA app")),
                "pg in erp: extension citext",
            ),
            (
                &|| {
                    drop(pg.sql_in(
                        "erp",
                        "CREATE TABLE app.t (n int); INSERT INTO app.t VALUES (1), (1)",
                    ))
                },
                "pg in erp: row of app.t: (1)",
            ),
            (&|| bao.cli().policy_write("erp", "path \"x\" {}"), "bao policy erp"),
            (
                &|| {
                    drop(bao.api().put("auth/kubernetes/role/erp", &json!({ "bound_service_account_names": ["a"], "bound_service_account_namespaces": ["b"] })))
                },
                "bao kubernetes role erp",
            ),
            (
                &|| drop(bao.api().put("kvv2/data/erp/config", &json!({ "data": { "A": "2" } }))),
                "bao kv erp/config",
            ),
        ];
        for (change, object) in changes {
            let before = Snapshot::take(&servers);
            change();
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
