// SPDX-License-Identifier: MPL-2.0
//! The life of an instance: made whole, changed in place, ended without a trace.

use acceptance::servers::Servers;
use acceptance::{Cli, Snapshot, Workspace};
use serde_json::{Value, json};

use crate::instances::{
    BOTH, Planned, address, instance, provider, registered, true_leaves, workspace, write,
};

#[test]
fn two_environments_are_made_whole_and_leave_nothing() {
    let servers = Servers::start();
    let empty = Snapshot::take(&servers);
    let ws = workspace(&servers);
    let prod = "services = [\"api\", \"worker\"]\n database {\n connection_limit = 20\n extensions = [\"citext\"]\n }";
    write(&ws, &[("erp", "prod", prod), ("erp", "sandbox", "")]);

    let plan = Planned::of(&ws);
    for env in ["prod", "sandbox"] {
        let at = address("erp", env);
        assert_eq!(plan.actions(&at), "create");
        // Everything but the count of applies is known before anything exists.
        assert_eq!(true_leaves(plan.unknown(&at)), ["generation"]);
    }
    names_are_the_conventions(plan.after(&address("erp", "prod")), &PROD);
    names_are_the_conventions(plan.after(&address("erp", "sandbox")), &SANDBOX);
    let after = plan.after(&address("erp", "prod"));
    assert_eq!(
        after["resolved_names"]["services"],
        json!({"api": "erp-prod-api", "worker": "erp-prod-worker"})
    );
    assert_eq!(after["production"], json!(true));
    assert_eq!(after["deletion_protection"], json!(true));
    assert_eq!(after["facets"], json!(["postgres", "vault"]));
    assert!(after["spec_digest"].as_str().unwrap().starts_with("sha256:"));

    ws.apply_saved("saved.plan");
    ws.is_settled();
    is_whole(&servers, "erp", "prod", 20);
    is_whole(&servers, "erp", "sandbox", -1);
    the_ops_policy_has_a_part_of_each(&servers);
    assert_eq!(
        servers.pg.sql_in("erp", "SELECT extname FROM pg_extension WHERE extname = 'citext'").one(),
        "citext"
    );
    assert_eq!(registered(&servers, "erp", "prod"), "live 1 t");

    // What is only of the state writes nothing outside it.
    let whole = Snapshot::take(&servers);
    let open = format!("{prod}\n deletion_protection = false\n timeouts {{\n update = \"5m\"\n }}");
    write(&ws, &[("erp", "prod", &open), ("erp", "sandbox", "force_disconnect = true")]);
    let plan = Planned::of(&ws);
    for env in ["prod", "sandbox"] {
        assert_eq!(plan.actions(&address("erp", env)), "update");
        assert_eq!(plan.after(&address("erp", env))["generation"], json!(1));
    }
    ws.apply_saved("saved.plan");
    ws.is_settled();
    Snapshot::take(&servers).since(&whole).is_nothing();

    ws.destroy();
    let left = Snapshot::take(&servers).since(&empty).outside(&["appenv"]);
    left.is_nothing();
    assert_eq!(registered(&servers, "erp", "prod"), "gone 2 f");
    assert_eq!(registered(&servers, "erp", "sandbox"), "gone 2 f");
}

const PROD: [(&str, &str); 10] = [
    ("instance", "erp"),
    ("database", "erp"),
    ("owner_role", "erp_role"),
    ("ci_role", "gitea_cicd_erp"),
    ("ops_policy", "erp-ops"),
    ("kv_path", "erp/config"),
    ("dns_host", "erp.arcodange.lab"),
    ("repository", "arcodange-org/erp"),
    ("state_prefix", "erp/main"),
    ("values_file", "values.yaml"),
];

const SANDBOX: [(&str, &str); 10] = [
    ("instance", "erp-sandbox"),
    ("database", "erp-sandbox"),
    ("owner_role", "erp_sandbox_role"),
    ("ci_role", "gitea_cicd_erp"),
    ("ops_policy", "erp-ops"),
    ("kv_path", "erp-sandbox/config"),
    ("dns_host", "erp-sandbox.arcodange.lab"),
    ("repository", "arcodange-org/erp"),
    ("state_prefix", "erp/sandbox"),
    ("values_file", "values-sandbox.yaml"),
];

fn names_are_the_conventions(after: &Value, names: &[(&str, &str)]) {
    for (name, wanted) in names {
        assert_eq!(after["resolved_names"][name], json!(wanted), "{name}");
    }
    for same in
        ["namespace", "service_account", "kubernetes_role", "vault_database_role", "runtime_policy"]
    {
        assert_eq!(after["resolved_names"][same], after["instance"], "{same}");
    }
    let objects = after["objects"].as_object().unwrap();
    assert!(objects.len() >= 10 && objects.values().all(|state| state == "ok"), "{objects:?}");
}

/// Asks both servers for every object of an instance under `elided-v1`.
fn is_whole(servers: &Servers, app: &str, env: &str, connection_limit: i64) {
    let Servers { pg, bao } = servers;
    let (instance, role) = match env {
        "prod" => (app.to_owned(), format!("{app}_role")),
        env => (format!("{app}-{env}"), format!("{app}_{env}_role")),
    };
    let database = pg.sql(&format!(
        "SELECT datdba::regrole::text, datconnlimit, datallowconn, \
         EXISTS (SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0) \
         FROM pg_database WHERE datname = '{instance}'"
    ));
    assert_eq!(database.0, [[&role, &connection_limit.to_string(), "t", "f"]]);
    let attributes = pg.sql(&format!(
        "SELECT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls \
         FROM pg_roles WHERE rolname = '{role}'"
    ));
    assert_eq!(attributes.one(), "f");
    let member = pg.sql(&format!(
        "SELECT bool_or(admin_option) FROM pg_auth_members WHERE roleid = '{role}'::regrole AND member = 'vault_admin'::regrole"
    ));
    assert_eq!(member.one(), "t");

    let runtime = bao.policy(&instance).unwrap();
    for path in [format!("postgres/creds/{instance}"), format!("kvv2/data/{instance}/config")] {
        assert!(
            runtime.contains(&format!("path \"{path}\" {{\n  capabilities = [\"read\"]")),
            "{runtime}"
        );
    }
    let leased = &bao.read(&format!("postgres/roles/{instance}")).unwrap()["data"];
    assert_eq!(leased["db_name"], "postgres");
    assert!(leased["creation_statements"].to_string().contains(&role), "{leased}");
    let pod = &bao.read(&format!("auth/kubernetes/role/{instance}")).unwrap()["data"];
    assert_eq!(pod["bound_service_account_names"], json!([instance]));
    assert_eq!(pod["bound_service_account_namespaces"], json!([instance]));
    assert_eq!(pod["token_policies"], json!([instance]));
    let ci = &bao.read(&format!("auth/gitea_jwt/role/gitea_cicd_{app}")).unwrap()["data"];
    assert_eq!(ci["bound_claims"], json!({ "repository": format!("arcodange-org/{app}") }));
    assert_eq!(ci["token_policies"], json!([format!("{app}-ops")]));
}

fn the_ops_policy_has_a_part_of_each(servers: &Servers) {
    let ops = servers.bao.policy("erp-ops").unwrap();
    for instance in ["erp", "erp-sandbox"] {
        let writes = format!(
            "path \"kvv2/data/{instance}/config\" {{\n  capabilities = [\"create\", \"update\", \"patch\", \"read\"]"
        );
        let reads =
            format!("path \"kvv2/metadata/{instance}/config\" {{\n  capabilities = [\"read\"]");
        assert!(ops.contains(&writes) && ops.contains(&reads), "{ops}");
    }
    assert_eq!(ops.matches("path ").count(), 4, "{ops}");
}

/// One input of an instance, changed from one body to another, and what the servers say then.
struct Input {
    app: &'static str,
    from: &'static str,
    to: &'static str,
    /// Whether it reaches the servers, and so counts as an apply.
    outside: bool,
    holds: fn(&Servers),
}

fn inputs() -> Vec<Input> {
    vec![
        Input {
            app: "limit",
            from: "database {\n connection_limit = 5\n }",
            to: "database {\n connection_limit = 9\n }",
            outside: true,
            holds: |servers| assert_eq!(database(servers, "limit", "datconnlimit"), "9"),
        },
        Input {
            app: "unlimit",
            from: "database {\n connection_limit = 5\n }",
            to: "",
            outside: true,
            holds: |servers| assert_eq!(database(servers, "unlimit", "datconnlimit"), "-1"),
        },
        Input {
            app: "extend",
            from: "",
            to: "database {\n extensions = [\"citext\", \"hstore\"]\n }",
            outside: true,
            holds: |servers| {
                let there = servers
                    .pg
                    .sql_in("extend-sandbox", "SELECT extname FROM pg_extension ORDER BY 1");
                assert_eq!(there.column(), ["citext", "hstore", "plpgsql"]);
            },
        },
        Input {
            app: "unextend",
            from: "database {\n extensions = [\"citext\"]\n }",
            to: "",
            outside: true,
            // An extension may hold columns of the app's tables: it is no longer ours to judge, and stays.
            holds: |servers| {
                let there = servers
                    .pg
                    .sql_in("unextend-sandbox", "SELECT extname FROM pg_extension ORDER BY 1");
                assert_eq!(there.column(), ["citext", "plpgsql"]);
            },
        },
        Input {
            app: "ttl",
            from: "vault {\n default_ttl = \"1h\"\n }",
            to: "vault {\n default_ttl = \"30m\"\n max_ttl = \"24h\"\n }",
            outside: true,
            holds: |servers| {
                let role = servers.bao.read("postgres/roles/ttl-sandbox").unwrap();
                assert_eq!(
                    (&role["data"]["default_ttl"], &role["data"]["max_ttl"]),
                    (&json!(1800), &json!(86_400))
                );
            },
        },
        Input {
            app: "pods",
            from: "",
            to: "kubernetes {\n service_accounts = [\"web\", \"job\"]\n namespaces = [\"pods\"]\n }",
            outside: true,
            holds: |servers| {
                let role = servers.bao.read("auth/kubernetes/role/pods-sandbox").unwrap();
                let mut accounts: Vec<_> =
                    role["data"]["bound_service_account_names"].as_array().unwrap().clone();
                accounts.sort_by_key(Value::to_string);
                assert_eq!(json!(accounts), json!(["job", "web"]));
                assert_eq!(role["data"]["bound_service_account_namespaces"], json!(["pods"]));
            },
        },
        Input {
            app: "scope",
            from: "",
            to: "vault {\n ops_scope = \"own\"\n }",
            outside: true,
            holds: |servers| {
                assert!(servers.bao.policy("scope-ops").is_none());
                let own = servers.bao.policy("scope-sandbox-ops").unwrap();
                assert!(own.contains("kvv2/data/scope-sandbox/config"), "{own}");
            },
        },
        Input {
            app: "family",
            from: "vault {\n ops_scope = \"own\"\n }",
            to: "vault {\n ops_scope = \"family\"\n }",
            outside: true,
            holds: |servers| {
                assert!(servers.bao.policy("family-sandbox-ops").is_none());
                let ops = servers.bao.policy("family-ops").unwrap();
                for path in ["kvv2/data/family-*", "kvv2/data/family/*", "kvv2/metadata/family-*"] {
                    assert!(ops.contains(&format!("path \"{path}\"")), "{ops}");
                }
            },
        },
        Input {
            app: "narrow",
            from: "",
            to: "vault {\n ops_scope = \"own\"\n }",
            outside: true,
            holds: |servers| {
                // The app's other instance still has its part.
                let ops = servers.bao.policy("narrow-ops").unwrap();
                assert!(
                    ops.contains("kvv2/data/narrow/config") && !ops.contains("narrow-sandbox"),
                    "{ops}"
                );
            },
        },
        Input {
            app: "version",
            from: "release = \"1.0.0\"",
            to: "release = \"1.1.0\"",
            outside: true,
            holds: |servers| {
                let spec = "SELECT spec->>'release' FROM appenv.instances WHERE app = 'version'";
                assert_eq!(servers.pg.sql(spec).one(), "1.1.0");
            },
        },
        Input {
            app: "parts",
            from: "services = [\"api\"]",
            to: "services = [\"api\", \"web\"]",
            outside: true,
            holds: |servers| {
                let spec = "SELECT spec->'services' FROM appenv.instances WHERE app = 'parts'";
                assert_eq!(servers.pg.sql(spec).one(), "[\"api\",\"web\"]");
            },
        },
        Input {
            app: "guard",
            from: "",
            to: "deletion_protection = true",
            outside: false,
            holds: |_| {},
        },
        Input {
            app: "ending",
            from: "",
            to: "on_destroy = \"retain\"\n force_disconnect = true",
            outside: false,
            holds: |_| {},
        },
        Input {
            app: "slow",
            from: "timeouts {\n create = \"5m\"\n }",
            to: "timeouts {\n update = \"7m\"\n delete = \"7m\"\n }",
            outside: false,
            holds: |_| {},
        },
    ]
}

fn database(servers: &Servers, app: &str, column: &str) -> String {
    let rows = servers
        .pg
        .sql(&format!("SELECT {column} FROM pg_database WHERE datname = '{app}-sandbox'"));
    rows.one().to_owned()
}

#[test]
fn each_input_is_changed_in_place() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    let inputs = inputs();
    let blocks = |body: fn(&Input) -> &'static str| -> Vec<_> {
        let changed = inputs.iter().map(|input| (input.app, "sandbox", body(input)));
        changed.chain([("narrow", "prod", "")]).collect()
    };
    write(&ws, &blocks(|input| input.from));
    ws.step();
    let before = Snapshot::take(&servers);
    write(&ws, &blocks(|input| input.to));
    let plan = Planned::of(&ws);
    for input in &inputs {
        let at = address(input.app, "sandbox");
        assert_eq!(plan.actions(&at), "update", "{}", input.app);
        let unknown = true_leaves(plan.unknown(&at));
        let expected: &[&str] = if input.outside { &["generation"] } else { &[] };
        assert_eq!(unknown, expected, "{}", input.app);
    }
    ws.apply_saved("saved.plan");
    ws.is_settled();
    let state = ws.state();
    let diff = Snapshot::take(&servers).since(&before);
    for input in &inputs {
        (input.holds)(&servers);
        let generation = state.attribute(&address(input.app, "sandbox"), "generation");
        assert_eq!(generation, &json!(if input.outside { 2 } else { 1 }), "{}", input.app);
        if !input.outside {
            let told = diff.to_string();
            assert!(!told.contains(&format!("({},", input.app)), "{}:\n{told}", input.app);
        }
    }
    // Protection is judged before anything is deleted, and names what to do.
    let refused = ws.destroy_fails();
    let error = refused.error_titled("guard/sandbox: protected from deletion");
    assert!(error.detail.contains("deletion_protection = false"), "{error}");
}

#[test]
fn retained_objects_stay_and_the_registration_ends() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("keep", "sandbox", "on_destroy = \"retain\"")]);
    ws.step();
    let whole = Snapshot::take(&servers);
    ws.destroy();
    assert!(ws.state().is_empty());
    Snapshot::take(&servers).since(&whole).outside(&["appenv"]).is_nothing();
    assert_eq!(registered(&servers, "keep", "sandbox"), "gone 2 f");
    // What was kept is nobody's: a create does not take it silently.
    let refused = ws.plan_fails();
    let error = refused.error_titled("keep/sandbox: objects are in the way");
    for object in ["database \"keep-sandbox\"", "role \"keep_sandbox_role\""] {
        assert!(error.detail.contains(object), "{error}");
    }
    assert!(error.detail.contains("import"), "{error}");
}

#[test]
fn names_alone_need_no_server_and_a_facet_can_be_added_but_not_removed() {
    let servers = Servers::shared();
    let mut ws = Workspace::new(Cli::any());
    ws.write("provider.tf", &provider(""));
    ws.write("main.tf", &instance("desk", "sandbox", "services = [\"api\"]"));
    let at = address("desk", "sandbox");
    ws.step();
    assert_eq!(ws.state().attribute(&at, "resolved_names.owner_role"), "desk_sandbox_role");
    assert_eq!(ws.state().attribute(&at, "objects"), &json!({}));
    assert_eq!(ws.state().attribute(&at, "generation"), 0);
    ws.destroy();
    ws.step();

    ws.set_envs(servers.env());
    ws.write("provider.tf", &provider("\n  postgres {}\n"));
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions(&at), "update");
    assert_eq!(plan.before(&at)["objects"], json!({}));
    ws.apply_saved("saved.plan");
    ws.is_settled();
    assert!(servers.pg.has_database("desk-sandbox") && servers.pg.has_role("desk_sandbox_role"));
    assert_eq!(registered(&servers, "desk", "sandbox"), "live 1 t");

    ws.write("provider.tf", &provider(BOTH));
    assert_eq!(ws.has_changes().planned(), [format!("{at}: update")]);
    ws.step();
    is_whole(&servers, "desk", "sandbox", -1);

    ws.write("provider.tf", &provider("\n  postgres {}\n"));
    let refused = ws.plan_fails();
    let error = refused.error_titled("desk/sandbox: the `vault` block is gone");
    assert!(error.detail.contains("put the block back"), "{error}");
    assert_eq!(ws.destroy_fails().error().summary, error.summary);
    ws.write("provider.tf", &provider(BOTH));
    ws.destroy();
    assert!(
        !servers.pg.has_database("desk-sandbox") && servers.bao.policy("desk-sandbox").is_none()
    );
}

#[test]
fn the_owner_is_changed_by_its_holder_and_by_nobody_else() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    write(&ws, &[("desk-hand", "sandbox", "")]);
    ws.step();
    let at = address("desk-hand", "sandbox");
    let renamed = provider(BOTH).replace("arcodange/apps", "arcodange/hands");
    let stranger = workspace(&servers);
    stranger.write("provider.tf", &renamed);
    write(&stranger, &[("desk-hand", "prod", "")]);
    let refused = stranger.plan_fails();
    let error = refused.error_titled("desk-hand/prod: the app belongs to owner \"arcodange/apps\"");
    assert!(error.detail.contains("from the state that holds it"), "{error}");

    ws.write("provider.tf", &renamed);
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions(&at), "update");
    let drift = plan.drift(&at);
    assert!(
        drift.contains(&"registration: differs: owner is arcodange/apps".to_owned()),
        "{drift:?}"
    );
    ws.apply_saved("saved.plan");
    ws.is_settled();
    let owner = "SELECT owner FROM appenv.instances WHERE app = 'desk-hand'";
    assert_eq!(servers.pg.sql(owner).one(), "arcodange/hands");
    for policy in ["desk-hand-sandbox", "desk-hand-ops"] {
        assert!(servers.bao.policy(policy).unwrap().contains("owner=arcodange/hands"), "{policy}");
    }
    assert!(stranger.plan().code == Some(2), "the app is now its owner's");
    ws.destroy();
}
