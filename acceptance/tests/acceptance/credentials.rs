// SPDX-License-Identifier: MPL-2.0
//! What a leased login, a pod and a CI job can do, and what they cannot.

use acceptance::servers::Servers;
use acceptance::servers::openbao::Api;
use acceptance::servers::postgres::Login;
use serde_json::json;

use crate::instances::{Planned, address, registered, workspace, write};

#[test]
fn a_leased_login_works_in_its_own_database_and_nowhere_else() {
    for servers in Servers::each() {
        let ws = workspace(&servers);
        let open = "deletion_protection = false";
        write(&ws, &[("erp", "prod", open), ("erp", "sandbox", ""), ("crm", "sandbox", "")]);
        ws.step();
        let Servers { pg, bao } = &servers;
        let lease = bao.lease("erp-sandbox");
        let login = lease.login(pg, "erp-sandbox");
        assert_eq!(login.sql("SELECT current_user").one(), "erp_sandbox_role");
        login.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
        let owner = "SELECT relowner::regrole FROM pg_class WHERE relname = 't'";
        assert_eq!(pg.sql_in("erp-sandbox", owner).one(), "erp_sandbox_role");

        for database in ["erp", "crm-sandbox"] {
            let refused = login.in_database(database).sql_fails("SELECT 1");
            assert!(refused.message.contains("permission denied for database"), "{refused}");
        }
        what_decides_is_out_of_reach(&login);
        ws.is_settled();

        // As itself it may put words on what the owner role owns; they inform, and decide nothing.
        login.sql(
            "COMMENT ON DATABASE \"erp-sandbox\" IS 'appenv:v1 app=crm env=sandbox owner=mallory'",
        );
        let at = address("erp", "sandbox");
        let drift = Planned::of(&ws).drift(&at);
        assert_eq!(
            drift,
            [
                "postgres_database: differs: comment is \"appenv:v1 app=crm env=sandbox owner=mallory\""
            ]
        );
        ws.apply_saved("saved.plan");
        ws.is_settled();

        bao.revoke(&lease);
        assert!(!pg.has_role(&lease.username));
        assert!(login.try_sql("SELECT 1").is_err());
        assert_eq!(
            bao.lease("erp-sandbox").login(pg, "erp-sandbox").sql("SELECT n FROM t").one(),
            "7"
        );
    }
}

/// The registry, the roles, the database's own owner, its privileges and its name.
fn what_decides_is_out_of_reach(login: &Login) {
    let registry = login.in_database("postgres");
    for statement in [
        "SELECT * FROM appenv.instances",
        "UPDATE appenv.instances SET owner = 'mallory'",
        "SELECT * FROM appenv.floors",
        "UPDATE appenv.floors SET floor = '{\"envs\": {}}'",
        "CREATE TABLE appenv.t ()",
        "DROP SCHEMA appenv CASCADE",
    ] {
        let refused = registry.sql_fails(statement);
        let owner = refused.message.contains("must be owner");
        assert!(refused.is_forbidden() || owner, "{statement}: {refused}");
    }
    for statement in [
        "ALTER ROLE erp_sandbox_role LOGIN PASSWORD 'x'",
        "ALTER ROLE erp_sandbox_role SUPERUSER",
        "CREATE ROLE mallory",
        "GRANT erp_sandbox_role TO vault_admin",
        "GRANT erp_role TO erp_sandbox_role",
        "SET ROLE erp_role",
        "SET ROLE appenv_admin",
        "COMMENT ON ROLE erp_sandbox_role IS 'mine'",
        "ALTER DATABASE \"erp-sandbox\" OWNER TO vault_admin",
        "ALTER DATABASE \"erp-sandbox\" RENAME TO mine",
        "ALTER DATABASE erp CONNECTION LIMIT 0",
        "COMMENT ON DATABASE erp IS 'mine'",
        "SELECT pg_read_file('postgresql.conf')",
    ] {
        let refused = login.sql_fails(statement);
        assert!(refused.is_forbidden(), "{statement}: {refused}");
    }
}

#[test]
fn a_login_that_made_objects_as_itself_is_ended_listed_and_settled() {
    for servers in Servers::each() {
        let ws = workspace(&servers);
        write(&ws, &[("erp", "sandbox", "")]);
        ws.step();
        let Servers { pg, bao } = &servers;
        let lease = bao.lease("erp-sandbox");
        let login = lease.login(pg, "erp-sandbox");
        login.sql("CREATE SCHEMA own");
        login.sql("GRANT CREATE ON SCHEMA own TO PUBLIC; SET ROLE NONE; CREATE TABLE own.stray AS SELECT 7 AS n");
        bao.revoke(&lease);
        // It cannot be dropped while it owns something; it cannot log in either.
        assert!(pg.has_role(&lease.username));
        assert!(login.try_sql("SELECT 1").is_err());

        let at = address("erp", "sandbox");
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at), "update");
        let told =
            format!("postgres_ended_logins: differs: {} still owns 1 object", lease.username);
        assert_eq!(plan.drift(&at), [told]);
        ws.apply_saved("saved.plan");
        ws.is_settled();
        assert!(!pg.has_role(&lease.username));
        let stray = "SELECT relowner::regrole, (SELECT n FROM own.stray) FROM pg_class WHERE relname = 'stray'";
        assert_eq!(pg.sql_in("erp-sandbox", stray).0, [["erp_sandbox_role", "7"]]);
        assert_eq!(registered(&servers, "erp", "sandbox"), "live 2 t");
        ws.destroy();
        assert!(!pg.has_database("erp-sandbox") && !pg.has_role("erp_sandbox_role"));
    }
}

#[test]
fn a_pod_reads_its_own_document_and_leases_its_own_login() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    write(&ws, &[("web", "sandbox", ""), ("bank", "sandbox", "")]);
    ws.step();
    let bao = &servers.bao;
    for path in ["web-sandbox", "bank-sandbox"] {
        bao.api().put(&format!("kvv2/data/{path}/config"), &json!({ "data": { "A": "1" } }));
    }
    let jwt = bao.issuer().pod_token("web-sandbox", "web-sandbox");
    let pod = log_in(bao.api(), "kubernetes", "web-sandbox", &jwt).unwrap();
    assert!(log_in(bao.api(), "kubernetes", "bank-sandbox", &jwt).is_none());
    assert!(pod.get("kvv2/data/web-sandbox/config").is_some());
    assert!(pod.get("postgres/creds/web-sandbox").is_some());
    for (method, path) in [
        ("GET", "kvv2/data/bank-sandbox/config"),
        ("GET", "kvv2/data/web/config"),
        ("GET", "postgres/creds/bank-sandbox"),
        ("PUT", "kvv2/data/web-sandbox/config"),
        ("GET", "kvv2/data/appenv/_apps/web"),
        ("GET", "sys/policies/acl/web-sandbox"),
    ] {
        is_forbidden(&pod, method, path);
    }
}

#[test]
fn a_ci_job_writes_the_documents_of_its_app_and_nothing_else() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    let open = "deletion_protection = false";
    write(&ws, &[("mail", "prod", open), ("mail", "sandbox", ""), ("pay", "sandbox", "")]);
    ws.step();
    let bao = &servers.bao;
    let jwt = bao.issuer().ci_token("arcodange-org/mail");
    let job = log_in(bao.api(), "gitea_jwt", "gitea_cicd_mail", &jwt).unwrap();
    assert!(log_in(bao.api(), "gitea_jwt", "gitea_cicd_pay", &jwt).is_none());
    for path in ["mail", "mail-sandbox"] {
        job.put(&format!("kvv2/data/{path}/config"), &json!({ "data": { "A": "1" } }));
        assert_eq!(job.get(&format!("kvv2/data/{path}/config")).unwrap()["data"]["data"]["A"], "1");
        assert!(job.get(&format!("kvv2/metadata/{path}/config")).is_some());
    }
    for (method, path) in [
        ("GET", "kvv2/data/pay-sandbox/config"),
        ("PUT", "kvv2/data/pay-sandbox/config"),
        ("DELETE", "kvv2/data/mail/config"),
        ("DELETE", "kvv2/metadata/mail/config"),
        ("PUT", "kvv2/metadata/mail/config"),
        ("PUT", "kvv2/destroy/mail/config"),
        ("GET", "kvv2/data/appenv/_apps/mail"),
        ("PUT", "kvv2/data/appenv/_apps/mail"),
        ("PUT", "kvv2/data/appenv/mail"),
        ("LIST", "kvv2/metadata/"),
        ("PUT", "sys/policies/acl/mail-ops"),
        ("PUT", "postgres/roles/mail"),
        ("GET", "postgres/creds/mail"),
        ("PUT", "auth/gitea_jwt/role/gitea_cicd_mail"),
    ] {
        is_forbidden(&job, method, path);
    }
}

fn log_in(api: &Api, mount: &str, role: &str, jwt: &str) -> Option<Api> {
    let body = json!({ "role": role, "jwt": jwt });
    let answer = api.with_token("").send("PUT", &format!("auth/{mount}/login"), Some(&body));
    let token = answer.body["auth"]["client_token"].as_str()?;
    Some(api.with_token(token))
}

fn is_forbidden(api: &Api, method: &str, path: &str) {
    let body = json!({ "data": { "A": "2" } });
    let answer = api.send(method, path, (method == "PUT").then_some(&body));
    assert!(answer.is_forbidden(), "{method} {path}: {answer:?}");
}
