// SPDX-License-Identifier: MPL-2.0
//! Servers that cannot be reached, do not know us, or hold what is not ours.

use std::net::TcpListener;

use acceptance::servers::Servers;
use acceptance::{Cli, Snapshot, Workspace, daemon};
use serde_json::json;

use super::book::Book;
use super::{Case, hcl, judge, refuse};

const OWNER: &str = "owner = \"arcodange/erp\"\norganization = \"arcodange-org\"\n";

/// A sound `postgres` block with some arguments of its own.
fn postgres(arguments: &str) -> String {
    format!("{OWNER}postgres {{\n{arguments}\n}}")
}

/// A sound `vault` block with some arguments of its own.
fn vault(arguments: &str) -> String {
    format!("{OWNER}vault {{\n{arguments}\n}}")
}

/// Both, the latter with arguments of its own.
fn both(arguments: &str) -> String {
    format!("{OWNER}postgres {{}}\nvault {{\n{arguments}\n}}")
}

#[test]
fn servers_that_do_not_answer_are_named() {
    // Takes connections and never speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().port();
    let refused = daemon::free_port();
    let login = "user = \"u\"\npassword = \"p\"\nhost = \"127.0.0.1\"";
    let cases = [
        Case::provider(
            "postgres_refused",
            postgres(&format!("{login}\nport = {refused}")),
            &[
                "Could not",
                "127.0.0.1",
                "refused",
                "Check that a server listens",
                "`host` and `port`",
                "PGPORT",
            ],
        ),
        Case::provider(
            "postgres_silent",
            postgres(&format!("{login}\nport = {silent}")),
            &["Could not", "127.0.0.1", "no answer within 2 s", "frozen, overloaded or cut off"],
        ),
        Case::provider(
            "vault_refused",
            vault(&format!("token = \"t\"\naddress = \"http://127.0.0.1:{refused}\"")),
            &["Could not", "127.0.0.1", "refused", "address is right", "`vault.address`"],
        ),
        Case::provider(
            "vault_silent",
            vault(&format!("token = \"t\"\naddress = \"http://127.0.0.1:{silent}\"")),
            &["Could not", "127.0.0.1", "no answer within", "`vault.address`"],
        ),
        Case::provider(
            "vault_plain_http",
            vault("token = \"t\"\naddress = \"http://bao.example.org:8200\""),
            &["https"],
        ),
    ];
    let mut ws = Workspace::new(Cli::any()).without_trace();
    ws.set_env("PGCONNECT_TIMEOUT", "2").set_env("VAULT_CLIENT_TIMEOUT", "3s");
    let mut book = Book::section("unreachable");
    refuse(&ws, "", &cases, &mut book);
    book.close();
}

/// What an operator has not done, or has done otherwise.
fn misconfigured() -> Vec<Case> {
    vec![
        Case::provider(
            "postgres_password",
            postgres("password = \"not-the-password\""),
            &["Could not", "password authentication failed", "PGPASSWORD", "`postgres.password`"],
        ),
        Case::provider(
            "postgres_user",
            postgres("user = \"nobody_here\""),
            &["nobody_here", "password authentication failed"],
        ),
        Case::provider(
            "postgres_database",
            postgres("database = \"no_such\""),
            &["no_such", "does not exist", "`postgres.database`"],
        ),
        Case::provider(
            "vault_token",
            vault("token = \"not-a-token\""),
            &["the server does not know the token", "Log in again", "`vault.token`"],
        ),
        Case::provider(
            "vault_expired",
            vault("token = var.expired"),
            &["the server does not know the token", "expired", "`vault.token`"],
        ),
        Case::provider(
            "kv_missing",
            vault("kv_mount = \"no-kv\""),
            &[
                "\"no-kv\"",
                "bao secrets enable -path=no-kv -version=2 kv",
                "kvv2/",
                "`vault.kv_mount`",
            ],
        ),
        Case::provider(
            "kv_version_1",
            vault("kv_mount = \"kv1\""),
            &["KV version 1", "enable-versioning kv1", "`vault.kv_mount`"],
        ),
        Case::provider(
            "kv_other_type",
            vault("kv_mount = \"postgres\""),
            &["of type \"database\"", "`vault.kv_mount`"],
        ),
        Case::provider(
            "database_missing",
            both("database_mount = \"no-db\""),
            &["\"no-db\"", "bao secrets enable -path=no-db database", "`vault.database_mount`"],
        ),
        Case::provider(
            "connection_missing",
            both("database_connection = \"no-connection\""),
            &["no-connection", "bao write postgres/config/no-connection", "database_connection"],
        ),
        Case::provider(
            "connection_closed",
            both("database_connection = \"closed\""),
            &[
                "permission denied",
                "path \"postgres/config/closed\"",
                "`vault.database_connection`",
            ],
        ),
        Case::provider(
            "kubernetes_missing",
            vault("kubernetes {\n  mount = \"no-k8s\"\n}"),
            &["auth/no-k8s", "bao auth enable -path=no-k8s kubernetes", "`vault.kubernetes.mount`"],
        ),
        Case::provider(
            "jwt_missing",
            vault("ci {\n  mount = \"no-jwt\"\n}"),
            &["auth/no-jwt", "bao auth enable -path=no-jwt jwt", "`vault.ci.mount`"],
        ),
    ]
}

/// Objects of someone else's under the names of ours, each in the way of its own app.
fn occupied(Servers { pg, bao }: &Servers) -> Vec<Case> {
    pg.sql("CREATE ROLE \"role-app_sandbox_role\"");
    pg.sql("CREATE ROLE legacy");
    pg.sql("CREATE DATABASE \"database-app-sandbox\" OWNER legacy");
    let policy = json!({ "policy": "path \"kvv2/data/x\" { capabilities = [\"read\"] }" });
    bao.api().put("sys/policies/acl/policy-app-sandbox", &policy);
    bao.api().put("sys/policies/acl/ops-app-ops", &policy);
    bao.api().put(
        "postgres/roles/lease-app-sandbox",
        &json!({ "db_name": "postgres", "creation_statements": ["CREATE ROLE \"{{name}}\""] }),
    );
    bao.api().put(
        "auth/kubernetes/role/pod-app-sandbox",
        &json!({ "bound_service_account_names": ["a"], "bound_service_account_namespaces": ["b"] }),
    );
    bao.api().put(
        "auth/gitea_jwt/role/gitea_cicd_ci-app",
        &json!({ "role_type": "jwt", "user_claim": "sub", "bound_claims": { "repository": "x/y" } }),
    );
    let case = |name, says| {
        let app = str::replace(name, '_', "-");
        Case::resource(name, &format!("app = \"{app}\"\nenv = \"sandbox\""), says)
    };
    vec![
        case("role_app", &["objects are in the way", "role-app_sandbox_role", "import"]),
        case(
            "database_app",
            &["objects are in the way", "database-app-sandbox", "legacy", "import"],
        ),
        case(
            "policy_app",
            &["objects are in the way", "policy \"policy-app-sandbox\"", "no marker"],
        ),
        case("lease_app", &["objects are in the way", "database role \"lease-app-sandbox\""]),
        case("pod_app", &["objects are in the way", "Kubernetes auth role \"pod-app-sandbox\""]),
        case("ops_app", &["objects are in the way", "policy \"ops-app-ops\"", "no marker"]),
        case("ci_app", &["objects are in the way", "CI role \"gitea_cicd_ci-app\""]),
    ]
}

#[test]
fn what_the_servers_refuse_or_hold_is_named_and_left_as_it_is() {
    let servers = Servers::start();
    let Servers { pg, bao } = &servers;
    bao.api().put("sys/mounts/kv1", &json!({ "type": "kv", "options": { "version": "1" } }));
    // The provider's token sees only mounts its policies reach.
    bao.cli().policy_write(
        "more-mounts",
        "path \"kv1/*\" { capabilities = [\"read\"] }\npath \"no-kv/*\" { capabilities = [\"read\"] }\n\
         path \"postgres/config/no-connection\" { capabilities = [\"read\"] }",
    );
    let token = bao.api().put(
        "auth/token/create",
        &json!({ "policies": ["appenv-apply", "more-mounts"], "no_parent": true }),
    );
    let token = token["auth"]["client_token"].as_str().unwrap();
    let expired = bao
        .api()
        .put("auth/token/create", &json!({ "policies": ["appenv-apply"], "no_parent": true }));
    let expired = expired["auth"]["client_token"].as_str().unwrap();
    bao.api().put("auth/token/revoke", &json!({ "token": expired }));

    let mut ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
    ws.set_env("VAULT_TOKEN", token).set_env("TF_VAR_expired", expired);
    ws.write("variables.tf", "variable \"expired\" {\n  sensitive = true\n}\n");
    let mut cases = misconfigured();
    cases.extend(occupied(&servers));
    let default = both("kubernetes {}\nci {\n  mount = \"gitea_jwt\"\n}");

    let before = Snapshot::take(&servers);
    let mut book = Book::section("servers");
    refuse(&ws, &default, &cases, &mut book);
    Snapshot::take(&servers).since(&before).is_nothing();

    // A warning alone: the plan goes on.
    bao.api().put("postgres/config/postgres", &json!({ "allowed_roles": ["crm"] }));
    let before = Snapshot::take(&servers);
    let lease = Case::resource("erp", "app = \"erp\"\nenv = \"sandbox\"", &[]);
    ws.write("main.tf", &hcl(&default, &[lease]));
    let told = ws.plan().diagnostics();
    let warning = told.warning_titled("The database connection \"postgres\" does not admit");
    assert!(
        warning.detail.contains("allowed_roles") && warning.detail.contains("erp-sandbox"),
        "{told}"
    );
    book.says("allowed_roles", told.0);
    Snapshot::take(&servers).since(&before).is_nothing();
    bao.api().put("postgres/config/postgres", &json!({ "allowed_roles": ["*"] }));

    // The block of a facet that an instance has.
    ws.step();
    let before = Snapshot::take(&servers);
    let erp = || {
        Case::resource(
            "erp",
            "app = \"erp\"\nenv = \"sandbox\"",
            &["`vault` block is gone", "put the block back", "state rm"],
        )
    };
    ws.write("main.tf", &hcl(&format!("{OWNER}postgres {{}}"), &[erp()]));
    let told = ws.plan_fails();
    let gone = Case { name: "erp", ..erp() };
    judge(&[gone], &told, &mut book);
    assert_eq!(ws.apply_fails(), told);
    Snapshot::take(&servers).since(&before).is_nothing();

    bao.api().put("sys/seal", &json!({}));
    let pg_before = Snapshot::default().with_postgres(pg);
    let sealed = Case::provider("sealed", vault(""), &["sealed", "operator unseal"]);
    let ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
    refuse(&ws, "", &[sealed], &mut book);
    Snapshot::default().with_postgres(pg).since(&pg_before).is_nothing();
    book.close();
}
