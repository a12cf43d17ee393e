// SPDX-License-Identifier: MPL-2.0
//! What is changed by hand is named by the plan, object by object, and mended by the apply.

use acceptance::Snapshot;
use acceptance::servers::Servers;
use serde_json::json;

use crate::instances::{Planned, address, registered, workspace, write};

/// One thing done by hand.
enum Deed {
    /// As superuser.
    Sql(&'static str),
    /// As superuser in the instance's database.
    Within(&'static str),
    /// `bao write`.
    Put(&'static str, serde_json::Value),
    /// `bao delete`.
    Delete(&'static str),
}

impl Deed {
    fn is_done(&self, Servers { pg, bao }: &Servers, database: &str) {
        match self {
            Self::Sql(statements) => drop(pg.sql(statements)),
            Self::Within(statements) => drop(pg.sql_in(database, statements)),
            Self::Put(path, body) => drop(bao.api().put(path, body)),
            Self::Delete(path) => bao.api().delete(path),
        }
    }
}

/// Deeds done at once, and the lines of the plan that tell them.
type Round = (Vec<Deed>, Vec<&'static str>);

const BODY: &str = "database {\n connection_limit = 5\n extensions = [\"citext\"]\n }\n vault {\n default_ttl = \"1h\"\n }";

/// Makes an instance, and after each round of deeds has them told, mended and forgotten.
fn told_and_mended(app: &str, rounds: Vec<Round>) {
    let servers = Servers::start();
    servers.pg.admin().sql("CREATE ROLE other");
    servers.pg.sql("GRANT other TO appenv_admin WITH INHERIT TRUE, SET TRUE");
    let ws = workspace(&servers);
    write(&ws, &[(app, "sandbox", BODY)]);
    ws.step();
    let at = address(app, "sandbox");
    let database = format!("{app}-sandbox");
    let whole = Snapshot::take(&servers);
    for (round, (deeds, lines)) in rounds.into_iter().enumerate() {
        for deed in deeds {
            deed.is_done(&servers, &database);
        }
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at), "update", "round {round}");
        assert_eq!(plan.drift(&at), lines, "round {round}");
        ws.apply_saved("saved.plan");
        ws.is_settled();
        // Nothing but the count of applies tells that it ever was otherwise.
        Snapshot::take(&servers).since(&whole).outside(&["appenv"]).is_nothing();
        assert_eq!(registered(&servers, app, "sandbox"), format!("live {} t", round + 2));
    }
}

#[test]
fn postgres_objects() {
    use Deed::{Sql, Within};
    told_and_mended(
        "erp",
        vec![
            (
                vec![
                    Sql("ALTER DATABASE \"erp-sandbox\" CONNECTION LIMIT 77"),
                    Sql("ALTER ROLE erp_sandbox_role LOGIN CREATEDB"),
                    Sql("GRANT CONNECT, TEMPORARY ON DATABASE \"erp-sandbox\" TO PUBLIC"),
                    Sql(
                        "REVOKE ADMIN OPTION FOR erp_sandbox_role FROM vault_admin GRANTED BY appenv_admin",
                    ),
                    Within("DROP EXTENSION citext"),
                ],
                vec![
                    "postgres_database: differs: connection_limit is 77",
                    "postgres_extension_citext: missing",
                    "postgres_owner_role: differs: can log in; may create databases",
                    "postgres_public_access: differs: PUBLIC may CONNECT, TEMPORARY",
                    "postgres_vault_login: differs: \"vault_admin\" has no admin option",
                ],
            ),
            (
                vec![
                    // One that the provider's login made, so that it may take from it.
                    Sql("ALTER DATABASE \"erp-sandbox\" OWNER TO other"),
                    Sql("COMMENT ON ROLE erp_sandbox_role IS 'mine'"),
                    Sql("REVOKE erp_sandbox_role FROM vault_admin GRANTED BY appenv_admin"),
                ],
                vec![
                    "postgres_database: differs: owner is \"other\"",
                    "postgres_owner_role: differs: comment is \"mine\"",
                    "postgres_vault_login: missing",
                ],
            ),
            (
                vec![
                    Sql("ALTER DATABASE \"erp-sandbox\" ALLOW_CONNECTIONS false"),
                    Sql("COMMENT ON DATABASE \"erp-sandbox\" IS NULL"),
                    Sql("COMMENT ON ROLE erp_sandbox_role IS NULL"),
                    Sql("ALTER ROLE erp_sandbox_role CREATEROLE"),
                ],
                vec![
                    "postgres_database: differs: connections are not allowed; has no comment",
                    "postgres_owner_role: differs: may create roles; has no comment",
                ],
            ),
            (
                vec![Sql("DROP DATABASE \"erp-sandbox\""), Sql("DROP ROLE erp_sandbox_role")],
                vec![
                    "postgres_database: missing",
                    "postgres_extension_citext: missing",
                    "postgres_owner_role: missing",
                    "postgres_public_access: missing",
                    "postgres_vault_login: missing",
                ],
            ),
        ],
    );
}

#[test]
fn vault_objects() {
    use Deed::{Delete, Put};
    told_and_mended(
        "crm",
        vec![
            (
                vec![
                    Put(
                        "sys/policies/acl/crm-sandbox",
                        json!({ "policy": "path \"kvv2/*\" {\n  capabilities = [\"read\"]\n}\n" }),
                    ),
                    Put(
                        "sys/policies/acl/crm-ops",
                        json!({ "policy": "path \"kvv2/data/crm-sandbox/config\" {\n  capabilities = [\"read\"]\n}\n" }),
                    ),
                    Put(
                        "postgres/roles/crm-sandbox",
                        json!({ "db_name": "other", "default_ttl": 60 }),
                    ),
                    Put(
                        "auth/kubernetes/role/crm-sandbox",
                        json!({ "bound_service_account_names": ["other"], "token_policies": ["root-like"] }),
                    ),
                    Put(
                        "auth/gitea_jwt/role/gitea_cicd_crm",
                        json!({ "role_type": "jwt", "user_claim": "sub", "bound_claims": { "repository": "org/other" } }),
                    ),
                ],
                vec![
                    "vault_ci_role: differs: bound_claims is {\"repository\":\"org/other\"}",
                    "vault_database_role: differs: db_name is \"other\"; default_ttl is 60",
                    "vault_kubernetes_role: differs: bound_service_account_names is [\"other\"]; token_policies is [\"root-like\"]",
                    "vault_ops_policy: differs: path \"kvv2/data/crm-sandbox/config\" lacks create, update, patch; path \
                     \"kvv2/metadata/crm-sandbox/config\" lacks read",
                    "vault_runtime_policy: differs: path \"kvv2/*\" also grants read; path \
                     \"kvv2/data/crm-sandbox/config\" lacks read; path \"postgres/creds/crm-sandbox\" lacks read",
                ],
            ),
            (
                vec![
                    Put(
                        "postgres/roles/crm-sandbox",
                        json!({
                            "db_name": "postgres",
                            "creation_statements": ["CREATE ROLE \"{{name}}\" SUPERUSER LOGIN PASSWORD '{{password}}'"],
                        }),
                    ),
                    Put(
                        "auth/kubernetes/role/crm-sandbox",
                        json!({
                            "bound_service_account_names": ["crm-sandbox"],
                            "bound_service_account_namespaces": ["*"],
                            "token_policies": ["crm-sandbox"],
                        }),
                    ),
                    Put(
                        "sys/policies/acl/crm-sandbox",
                        json!({ "policy": "path \"kvv2/data/crm-sandbox/config\" {\n  policy = \"write\"\n}\n" }),
                    ),
                ],
                vec![
                    "vault_database_role: differs: creation_statements is not the convention's",
                    "vault_kubernetes_role: differs: bound_service_account_namespaces is [\"*\"]",
                    "vault_runtime_policy: differs: the text is not one that appenv writes: line 2: it has an attribute \"policy\"",
                ],
            ),
            (
                vec![
                    Delete("sys/policies/acl/crm-sandbox"),
                    Delete("sys/policies/acl/crm-ops"),
                    Delete("postgres/roles/crm-sandbox"),
                    Delete("auth/kubernetes/role/crm-sandbox"),
                    Delete("auth/gitea_jwt/role/gitea_cicd_crm"),
                ],
                vec![
                    "vault_ci_role: missing",
                    "vault_database_role: missing",
                    "vault_kubernetes_role: missing",
                    "vault_ops_policy: missing",
                    "vault_runtime_policy: missing",
                ],
            ),
        ],
    );
}

#[test]
fn another_environments_part_is_never_a_difference() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    let other = workspace(&servers);
    write(&ws, &[("shop", "sandbox", "")]);
    ws.step();
    write(&other, &[("shop", "prod", "deletion_protection = false")]);
    other.step();
    ws.is_settled();
    // Its own part is.
    let ops = servers.bao.policy("shop-ops").unwrap();
    let without = ops.split("\npath \"kvv2/data/shop-sandbox/config\"").next().unwrap();
    let rest = ops.split("\npath \"kvv2/data/shop/config\"").nth(1).unwrap();
    let rest = rest.split("\npath \"kvv2/metadata/shop-sandbox").next().unwrap();
    let kept = if without.contains("shop/config") {
        without.to_owned()
    } else {
        format!("{without}\npath \"kvv2/data/shop/config\"{rest}")
    };
    servers.bao.api().put("sys/policies/acl/shop-ops", &json!({ "policy": kept }));
    let plan = Planned::of(&ws);
    let drift = plan.drift(&address("shop", "sandbox"));
    assert_eq!(drift.len(), 1, "{drift:?}");
    assert!(
        drift[0].starts_with("vault_ops_policy: differs: ") && !drift[0].contains("shop/config"),
        "{drift:?}"
    );
    ws.apply_saved("saved.plan");
    ws.is_settled();
    other.is_settled();
    assert_eq!(servers.bao.policy("shop-ops").unwrap(), ops);
    ws.destroy();
    other.is_settled();
    let left = servers.bao.policy("shop-ops").unwrap();
    assert!(left.contains("shop/config") && !left.contains("shop-sandbox"), "{left}");
    other.destroy();
    assert!(servers.bao.policy("shop-ops").is_none());
    assert!(servers.bao.read("auth/gitea_jwt/role/gitea_cicd_shop").is_none());
}

#[test]
fn the_registration_itself() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("hub", "sandbox", "")]);
    ws.step();
    let at = address("hub", "sandbox");
    let Servers { pg, bao } = &servers;

    // Vault's copy is lost: the entry that decides is still there.
    let path = "kvv2/data/appenv/_apps/hub";
    let document = bao.api().get(path).unwrap()["data"]["data"].clone();
    let mut lost = document.clone();
    lost["instances"] = json!({});
    bao.api().put(path, &json!({ "data": lost }));
    let plan = Planned::of(&ws);
    let drift = plan.drift(&at);
    assert!(
        drift.contains(&"registration: differs: vault has no registration".to_owned()),
        "{drift:?}"
    );
    ws.apply_saved("saved.plan");
    ws.is_settled();
    let now = bao.api().get(path).unwrap()["data"]["data"].clone();
    assert_eq!(now["instances"]["sandbox"]["phase"], "live");
    assert_eq!(now["instances"]["sandbox"]["holder"], document["instances"]["sandbox"]["holder"]);

    // A run that was killed left it half made.
    pg.sql("UPDATE appenv.instances SET phase = 'pending' WHERE app = 'hub'");
    let drift = Planned::of(&ws).drift(&at);
    assert_eq!(drift.len(), 1, "{drift:?}");
    assert!(drift[0].starts_with("registration: differs: a create did not finish"), "{drift:?}");
    ws.apply_saved("saved.plan");
    ws.is_settled();
    assert!(registered(&servers, "hub", "sandbox").starts_with("live "));

    // Another entry took it over: this one may only go.
    pg.sql("UPDATE appenv.instances SET holder = 'another' WHERE app = 'hub'");
    write(&ws, &[("hub", "sandbox", "database {\n connection_limit = 3\n }")]);
    let refused = ws.plan_fails();
    let error = refused.error_titled("hub/sandbox: held twice");
    assert!(error.detail.contains("state rm"), "{error}");
    ws.write("main.tf", "");
    let told = ws.apply().diagnostics();
    told.warning_titled("hub/sandbox: only the entry");
    assert!(ws.state().is_empty() && pg.has_database("hub-sandbox"));
    write(&ws, &[("hub", "sandbox", "")]);

    // Objects with our marker and no row are an error that says how to go on.
    pg.sql("DELETE FROM appenv.instances WHERE app = 'hub'");
    let refused = ws.plan_fails();
    let error = refused.error_titled("hub/sandbox: objects are in the way");
    assert!(error.detail.contains("marked app=\"hub\" env=\"sandbox\""), "{error}");
}
