// SPDX-License-Identifier: MPL-2.0
//! Everything that is checked is broken, found, and mended as it is told.

use acceptance::servers::Servers;
use acceptance::servers::postgres::{Kind, Postgres};
use acceptance::{Canaries, Cli, Sinks, Workspace};
use serde_json::json;

use super::{Found, asks, follow};
use crate::rig::{Hcl, workspace};

const KEYS: &str = "  required_keys = [\"DB_PASSWORD\"]\n  env_example   = \".env.example\"\n";

/// What no run may show: a value in the store, and one in the example.
const VALUE: &str = "canary-value-of-a-secret";
const EXAMPLE: &str = "canary-value-of-an-example";

/// What a server says when it was told nothing yet.
fn applied(servers: &Servers) -> Workspace {
    let ws = workspace(servers);
    Hcl::new().instance("erp", "sandbox", "").instance("erp", "prod", "").write(&ws);
    ws.step();
    let path = "kvv2/data/erp-sandbox/config";
    servers.bao.api().put(path, &json!({ "data": { "DB_PASSWORD": VALUE, "API_KEY": VALUE } }));
    ws
}

fn break_postgres(servers: &Servers) {
    for sql in [
        "ALTER DATABASE \"erp-sandbox\" OWNER TO postgres",
        "ALTER DATABASE \"erp-sandbox\" ALLOW_CONNECTIONS false",
        "GRANT TEMPORARY ON DATABASE \"erp-sandbox\" TO PUBLIC",
        "GRANT CONNECT ON DATABASE template1 TO PUBLIC",
        "GRANT CONNECT ON DATABASE postgres TO PUBLIC",
        "ALTER ROLE erp_sandbox_role LOGIN CREATEDB",
        "ALTER ROLE appenv_admin CONNECTION LIMIT 4",
    ] {
        servers.pg.sql(sql);
    }
}

fn break_vault(servers: &Servers) {
    let bao = servers.bao.cli();
    let role = servers.bao.read("postgres/roles/erp-sandbox").unwrap()["data"].clone();
    let statements = role["creation_statements"].to_string();
    let statements = statements.replace("erp_sandbox_role", "erp_role");
    bao.write(
        "postgres/roles/erp-sandbox",
        &json!({ "creation_statements": serde_json::from_str::<serde_json::Value>(&statements).unwrap() }),
    );
    bao.policy_write(
        "erp-sandbox",
        "path \"kvv2/data/erp-sandbox/config\" {\n  capabilities = [\"read\"]\n}\n",
    );
    let ops = servers.bao.policy("erp-ops").unwrap();
    // The other env's part stays.
    let (head, own) = ops.split_once("path \"kvv2/data/erp-sandbox/config\"").unwrap();
    let own = own.replacen("\"create\", \"update\", \"patch\", \"read\"", "\"read\"", 1);
    let ops = format!("{head}path \"kvv2/data/erp-sandbox/config\"{own}");
    bao.policy_write("erp-ops", &ops);
    bao.write(
        "auth/kubernetes/role/erp-sandbox",
        &json!({
            "bound_service_account_names": "erp-sandbox",
            "bound_service_account_namespaces": "default",
            "token_policies": "erp-sandbox",
        }),
    );
    bao.run(&[
        "write",
        "postgres/config/postgres",
        "allowed_roles=another",
        "password_authentication=password",
    ]);
    servers.bao.api().put("kvv2/data/erp-sandbox/config", &json!({ "data": { "OTHER": VALUE } }));
}

#[test]
fn everything_is_found_and_mended_as_it_is_told() {
    let servers = Servers::start();
    let instance = applied(&servers);
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write(".env.example", &format!("# what it takes\nAPI_KEY={EXAMPLE}\nDB_PASSWORD=\n"));
    asks(KEYS).write(&ws);

    // A server as it comes lets everybody into the databases that no instance has.
    let found = Found::by(&ws);
    assert_eq!(found.wrong(), ["maintenance_public: warn"; 2], "{found:#?}");
    assert!(found.ok, "a warning is no failure");
    found.mend(&servers);
    // Nobody who works there was shut out, neither the login that applies nor Vault's own.
    for login in ["appenv_admin", "vault_admin"] {
        let may = format!(
            "SELECT bool_and(has_database_privilege('{login}', datname, 'CONNECT')) FROM pg_database WHERE datname = 'postgres'"
        );
        assert_eq!(servers.pg.sql(&may).one(), "t", "{login}");
    }
    let good = Found::by(&ws);
    assert_eq!(good.wrong(), [""; 0], "{good:#?}");
    assert_eq!(good.skipped(), [""; 0]);
    let checks: Vec<_> = good.findings.iter().map(|f| f["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        [
            "names",
            "registry_names",
            "registry_names",
            "postgres_connection",
            "postgres_version",
            "postgres_login",
            "postgres_connections",
            "owner_role",
            "database",
            "database_owner",
            "database_public",
            "maintenance_public",
            "maintenance_public",
            "vault_connection",
            "vault_database_connection",
            "vault_password_authentication",
            "vault_database_role",
            "vault_runtime_policy",
            "vault_ops_policy",
            "vault_kubernetes_role",
            "env_example",
            "secret_store",
            "env_example_key",
            "required_key",
        ]
    );
    // What is not written is not asked again: the same facts are the same state.
    ws.is_settled();

    break_postgres(&servers);
    break_vault(&servers);
    let found = Found::by(&ws);
    assert!(!found.ok);
    assert_eq!(
        found.wrong(),
        [
            "postgres_connections: warn",
            "owner_role: fail",
            "database: fail",
            "database_owner: fail",
            "database_public: fail",
            "maintenance_public: warn",
            "maintenance_public: warn",
            "vault_database_connection: fail",
            "vault_password_authentication: warn",
            "vault_database_role: fail",
            "vault_runtime_policy: fail",
            "vault_ops_policy: fail",
            "vault_kubernetes_role: fail",
            "env_example_key: fail",
            "required_key: fail",
        ],
        "{found:#?}"
    );
    let port = servers.pg.port();
    assert_eq!(
        found.one("database_owner")["target"],
        format!("database \"erp-sandbox\" on PostgreSQL at 127.0.0.1:{port}")
    );
    assert!(found.one("vault_kubernetes_role")["detail"].as_str().unwrap().contains("default"));
    in_conditions(&servers, false);
    found.mend(&servers);
    let mended = Found::by(&ws);
    assert_eq!(mended.wrong(), [""; 0], "{mended:#?}");
    in_conditions(&servers, true);
    // And nothing of it was a change to the instance, nor to the other env's part of the shared policy.
    instance.is_settled();

    // Not there at all.
    servers.pg.sql("DROP DATABASE \"erp-sandbox\"");
    servers.pg.sql("DROP OWNED BY erp_sandbox_role");
    servers.pg.sql("DROP ROLE erp_sandbox_role");
    for path in [
        "postgres/roles/erp-sandbox",
        "sys/policies/acl/erp-sandbox",
        "sys/policies/acl/erp-ops",
        "auth/kubernetes/role/erp-sandbox",
    ] {
        servers.bao.cli().delete(path);
    }
    let found = Found::by(&ws);
    assert_eq!(
        found.wrong(),
        [
            "owner_role: fail",
            "database: fail",
            "vault_database_role: fail",
            "vault_runtime_policy: fail",
            "vault_ops_policy: fail",
            "vault_kubernetes_role: fail",
        ]
    );
    assert_eq!(found.skipped(), ["database_owner: skip", "database_public: skip"]);
    found.mend(&servers);
    assert_eq!(Found::by(&ws).wrong(), [""; 0]);

    let mut canaries = Canaries::new();
    canaries.register_servers(&servers).register("a secret", VALUE).register("an example", EXAMPLE);
    std::fs::remove_file(ws.dir().join(".env.example")).unwrap();
    canaries.are_nowhere(&Sinks::of(&ws).with_servers(&servers));
}

/// A check tells and lets pass; a postcondition stops.
fn in_conditions(servers: &Servers, good: bool) {
    let data =
        "  data \"appenv_preflight\" \"it\" {\n    app = \"erp\"\n    env = \"sandbox\"\n  }\n";
    let says = "error_message = join(\", \", [for f in data.appenv_preflight.it.findings : f.check if f.status == \"fail\"])";
    let ws = workspace(servers);
    let check = format!(
        "check \"preflight\" {{\n{data}  assert {{\n    condition = data.appenv_preflight.it.ok\n    {says}\n  }}\n}}\n"
    );
    Hcl::new().text(&check).write(&ws);
    let told = ws.plan_with(&[]).diagnostics();
    assert_eq!(told.say("database_owner, database_public"), !good, "{told}");

    let postcondition = "data \"appenv_preflight\" \"it\" {\n  app = \"erp\"\n  env = \"sandbox\"\n  lifecycle {\n    \
                         postcondition {\n      condition     = self.ok\n      error_message = \"not fit to deploy\"\n    \
                         }\n  }\n}\n";
    Hcl::new().text(postcondition).write(&ws);
    if good {
        ws.plan();
    } else {
        let told = ws.plan_fails();
        assert!(told.say("not fit to deploy"), "{told}");
    }
}

#[test]
fn names_and_registries() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    let named = "  names {\n    database = \"desk_old\"\n  }\n";
    Hcl::new().instance("desk", "sandbox", named).write(&ws);
    ws.step();
    let ask = |app: &str, more: &str| {
        let it = workspace(&servers);
        let text = asks(more).render().replace("\"erp\"", &format!("\"{app}\""));
        it.write("main.tf", &text);
        Found::by(&it)
    };

    let found = ask("desk", "");
    let told = found.of_check("registry_names");
    for finding in &told {
        assert_eq!(finding["status"], "fail", "{finding}");
        let fix = finding["fix"].as_str().unwrap();
        let (_, block) = fix.split_once(": ").unwrap();
        let mended = ask("desk", &format!("{block}\n"));
        assert!(
            mended.of_check("registry_names").iter().all(|f| f["status"] == "ok"),
            "{mended:#?}"
        );
        let detail = mended.one("names")["detail"].as_str().unwrap();
        assert!(
            detail.contains("database is \"desk_old\", elided-v1 would say \"desk-sandbox\""),
            "{detail}"
        );
    }
    assert_eq!(told.len(), 2);

    // Another team's.
    let other = workspace(&servers);
    let text = asks(named).render().replace("\"erp\"", "\"desk\"");
    other.write("main.tf", &text.replace("\"team/one\"", "\"team/two\""));
    let found = Found::by(&other);
    for finding in found.of_check("registry_names") {
        assert_eq!(finding["status"], "fail", "{finding}");
        assert!(finding["fix"].as_str().unwrap().contains("owner = \"team/one\""), "{finding}");
    }

    // A create that was cut off.
    servers.pg.sql("UPDATE appenv.instances SET phase = 'pending' WHERE app = 'desk'");
    let found = ask("desk", named);
    assert_eq!(found.of_check("registry_names")[0]["status"], "warn", "{found:#?}");
    ws.apply();
    let found = ask("desk", named);
    assert_eq!(found.of_check("registry_names")[0]["status"], "ok", "{found:#?}");

    // Nobody's yet.
    let found = ask("void", "");
    assert!(found.of_check("registry_names").iter().all(|f| f["status"] == "skip"), "{found:#?}");
    assert!(!found.ok);

    // Names that cannot be are a finding, and nothing is asked.
    let long = "  services = [\"abcdefghijklmnopqrstuvwxyz\"]\n";
    let found = ask("abcdefghijklmnopqrstuvwxyz-abcdefghij", long);
    assert!(
        found.findings.iter().all(|f| f["check"] == "names" && f["status"] == "fail"),
        "{found:#?}"
    );
    ws.destroy();
}

#[test]
fn the_login_and_its_server() {
    let header = "terraform {\n  required_providers {\n    appenv = {\n      source = \"arcodange/appenv\"\n    }\n  }\n}\n\
                  provider \"appenv\" {\n  owner = \"team/one\"\n  gates {\n    production = \"open\"\n  }\n  postgres {}\n}\n";
    let asking = asks("  probe = true\n").render();
    let (_, asking) = asking.split_once("data \"").unwrap();
    for kind in Kind::all() {
        let pg = Postgres::start_on(&kind);
        let ws = Workspace::new(Cli::any()).without_trace().with_env(pg.env());
        ws.write("main.tf", &format!("{header}data \"{asking}"));
        let found = Found::by(&ws);
        let expected = if pg.major() < 16 { "warn" } else { "ok" };
        assert_eq!(found.one("postgres_login")["status"], expected, "{found:#?}");
        assert_eq!(found.one("postgres_version")["status"], "ok");
        // Before there is any role that Vault's login may grant, it is let in by name as well.
        for told in found.of_check("maintenance_public") {
            assert!(told["fix"].as_str().unwrap().contains("\"vault_admin\""), "{told}");
        }
        assert!(
            found.one("postgres_version")["detail"]
                .as_str()
                .unwrap()
                .contains(&pg.major().to_string())
        );
        // Without Vault there is nothing to lease.
        assert_eq!(found.one("probe_lease")["status"], "skip");

        pg.sql("ALTER ROLE appenv_admin NOCREATEDB");
        let found = Found::by(&ws);
        let told = found.one("postgres_login");
        assert_eq!(told["status"], "warn");
        assert!(told["detail"].as_str().unwrap().contains("lacks CREATEDB"), "{told}");
        let fix = told["fix"].as_str().unwrap();
        pg.sql(fix.strip_prefix("Run in psql as a superuser: ").unwrap());
        assert_eq!(Found::by(&ws).one("postgres_login")["status"], expected);
    }
}

#[test]
fn a_file_store_is_asked_by_name_too() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    let root = ws.root().join("machine");
    let hcl = |more: &str| {
        let text = Hcl::new().instance("till", "sandbox", "").text(more).render();
        text.replace(
            "  postgres {}\n",
            &format!("  host {{\n    root = \"{}\"\n  }}\n  postgres {{}}\n", root.display()),
        )
    };
    let data = "data \"appenv_preflight\" \"it\" {\n  app = appenv_app_instance.till_sandbox.app\n  env = \"sandbox\"\n  \
                required_keys = [\"TOKEN\"]\n  store = \"file\"\n  depends_on = [appenv_app_instance.till_sandbox]\n}\n\
                output \"ok\" {\n  value = data.appenv_preflight.it.ok\n}\noutput \"findings\" {\n  value = \
                data.appenv_preflight.it.findings\n}\n";
    ws.write("main.tf", &hcl(data));
    let found = Found::by(&ws);
    let told = found.one("required_key");
    assert_eq!(told["status"], "fail", "{found:#?}");
    let path = root.join("till/secrets/sandbox/.env");
    let fix = told["fix"].as_str().unwrap();
    assert!(fix.contains(&format!("TOKEN=value of {}", path.display())), "{fix}");
    std::fs::write(&path, "TOKEN=value\n").unwrap();
    assert_eq!(Found::by(&ws).one("required_key")["status"], "ok");
    std::fs::remove_file(&path).unwrap();
    ws.destroy();
}

/// A fix that is not run here is at least one that runs.
#[test]
fn a_connection_that_is_gone_is_told_with_a_command() {
    let servers = Servers::start();
    let _instance = applied(&servers);
    let ws = workspace(&servers);
    asks("").write(&ws);
    servers.bao.cli().delete("postgres/config/postgres");
    let found = Found::by(&ws);
    let told = found.one("vault_database_connection");
    assert_eq!(told["status"], "fail");
    assert_eq!(found.one("vault_password_authentication")["status"], "skip");
    let login = servers.pg.vault_admin();
    let fix = told["fix"].as_str().unwrap();
    let fix = fix
        .replace(
            "HOST:5432/postgres",
            &format!("127.0.0.1:{}/postgres?sslmode=disable", servers.pg.port()),
        )
        .replace("LOGIN", &login.user)
        .replace("PASSWORD", &login.password);
    follow(&servers, &fix);
    let found = Found::by(&ws);
    assert_eq!(found.one("vault_database_connection")["status"], "ok", "{found:#?}");
    assert_eq!(found.one("vault_password_authentication")["status"], "ok");
}
