// SPDX-License-Identifier: MPL-2.0
//! Ways around the gates, each refused. Others are told of where they belong: a floor that is to be loosened (`floor`),
//! an edited state (`tampered`), a replayed approval (`changes`), a shared object (`shared`).

use serde_json::json;

use super::{CREATES, Guarded, digest, limit};

#[test]
fn a_leased_login_writes_nothing_of_the_registry() {
    let it = Guarded::made("attack-lease", &CREATES, "");
    let (pg, bao) = (&it.site.servers.pg, &it.site.servers.bao);
    let login = bao.lease("attack-lease").login(pg, "attack-lease");
    let registry = login.in_database("postgres");
    for sql in [
        "INSERT INTO appenv.floors (owner, floor) VALUES ('team/attack-lease', '{}')",
        "UPDATE appenv.floors SET floor = '{}'",
        "UPDATE appenv.instances SET production = false",
        "DELETE FROM appenv.instances",
        "SELECT * FROM appenv.floors",
        "COMMENT ON DATABASE postgres IS 'appenv:v1 app=attack-lease env=dev owner=x'",
    ] {
        assert!(registry.try_sql(sql).is_err(), "{sql} went through");
    }
    // The comment on its own database may be written by its owner; it decides nothing.
    let forged = "COMMENT ON DATABASE \"attack-lease\" IS 'appenv:v1 app=attack-lease env=sandbox owner=team/other'";
    login.sql(forged);
    it.instance(&CREATES, &limit(3));
    let told = it.site.ws.plan_fails();
    digest(&told, "attack-lease/prod", "update");
}

#[test]
fn the_ci_role_writes_nothing_of_the_registry() {
    let it = Guarded::made("attack-ci", &CREATES, "");
    let bao = &it.site.servers.bao;
    let policies = json!({ "policies": ["attack-ci-ops"] });
    let made = bao.api().send("POST", "auth/token/create", Some(&policies));
    let api = bao.api().with_token(made.body["auth"]["client_token"].as_str().unwrap());
    let document = json!({ "data": { "forged": true } });
    for path in [
        "kvv2/data/appenv/_floors",
        "kvv2/data/appenv/_apps/attack-ci",
        "kvv2/data/appenv/_registry",
        "kvv2/data/appenv/attack-ci",
        "kvv2/metadata/attack-ci/config",
        "sys/policies/acl/attack-ci-ops",
        "postgres/roles/attack-ci",
    ] {
        assert_eq!(api.send("POST", path, Some(&document)).status, 403, "{path}");
    }
    assert_eq!(api.send("POST", "kvv2/data/attack-ci/config", Some(&document)).status, 200);
}
