// SPDX-License-Identifier: MPL-2.0
//! Guides with a PostgreSQL and an OpenBao.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use acceptance::servers::postgres::Login;
use acceptance::servers::{Servers, choice};
use acceptance::{Canaries, Sentinel, Sinks, provider, random};

use serde_json::json;

use crate::adopt::by_hand;

use super::walk::Walk;

/// Servers that all guides share, each with apps of its own.
fn servers() -> Arc<Servers> {
    static SHARED: Mutex<Weak<Servers>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let servers = Arc::new(Servers::start());
        *shared = Arc::downgrade(&servers);
        servers
    })
}

/// Production on PostgreSQL, of an app of its own.
fn production(walk: &Walk, app: &str, more: &str) {
    let provider =
        format!("provider \"appenv\" {{\n  owner = \"acme/{app}\"\n{more}\n  postgres {{}}\n}}\n");
    walk.ws.write("provider.tf", &provider);
    limit(walk, app, 20);
    walk.does("terraform apply -auto-approve");
}

fn limit(walk: &Walk, app: &str, connections: u32) {
    let block = format!(
        "resource \"appenv_app_instance\" \"prod\" {{\n  app = \"{app}\"\n  env = \"prod\"\n\n  database {{\n    \
         connection_limit = {connections}\n  }}\n}}\n"
    );
    walk.ws.write("instance.tf", &block);
}

pub fn production_gate(mut walk: Walk) -> Walk {
    let servers = servers();
    walk = walk.on(&servers);
    let allow = "  environment {\n    name = \"prod\"\n    production = true\n    allow = [\"create\", \"release\"]\n  }\n";
    production(&walk, "shop", allow);
    limit(&walk, "shop", 50);
    walk.follow_to_the_end();
    let sql = "SELECT datconnlimit FROM pg_database WHERE datname = 'shop'";
    assert_eq!(servers.pg.sql(sql).one(), "50");
    walk
}

pub fn floor(mut walk: Walk) -> Walk {
    let servers = servers();
    walk = walk.on(&servers);
    walk.does("ssh-keygen -q -t ed25519 -N '' -C approver -f approver");
    production(&walk, "crm", "  approval_keys = [trimspace(file(\"approver.pub\"))]\n");
    let editor = walk.ws.root().join("bin/editor");
    std::fs::write(
        &editor,
        "#!/bin/sh\nexec sed -i 's/\"create\"/\"create\", \"release\"/' \"$1\"\n",
    )
    .unwrap();
    walk.does(&format!("chmod +x {}", editor.display()));
    walk.set_env("EDITOR", "editor");
    walk.follow_to_the_end();
    let sql =
        "SELECT floor -> 'envs' -> 'prod' ->> 'allow' FROM appenv.floors WHERE owner = 'acme/crm'";
    assert_eq!(servers.pg.sql(sql).one(), r#"["create","release"]"#);
    walk
}

pub fn first_steps(mut walk: Walk) -> Walk {
    let servers = servers();
    walk.ws.use_mirror();
    walk.ws.remove("versions.tf");
    walk.until("With PostgreSQL and OpenBao");
    assert!(!walk.home().join("apps/erp").exists());
    walk = walk.on(&servers);
    walk.follow_to_the_end();
    assert!(!servers.pg.has_database("erp-sandbox") && !servers.pg.has_role("erp_sandbox_role"));
    assert_eq!(servers.bao.policy("erp-sandbox"), None);
    walk
}

pub fn adopting(mut walk: Walk) -> Walk {
    let servers = servers();
    let pg = &servers.pg;
    let apps = [("webapp", 20), ("cms", 5)];
    let of = |app| {
        format!("SELECT oid, datdba, datconnlimit, datacl FROM pg_database WHERE datname = '{app}'")
    };
    for (app, connections) in apps {
        by_hand(&servers, app);
        pg.sql(&format!("ALTER DATABASE {app} CONNECTION LIMIT {connections}"));
    }
    let before = pg.sql(&of("webapp"));
    walk = walk.on(&servers);
    walk.follow_to_the_end();
    assert_eq!(pg.sql(&of("webapp")), before);
    let limit = "SELECT datconnlimit FROM pg_database WHERE datname = 'cms'";
    assert_eq!(pg.sql(limit).one(), "10");
    assert!(pg.has_database("cms-sandbox"));
    let ops = servers.bao.policy("cms-ops").unwrap();
    assert!(ops.contains("kvv2/data/cms/config") && ops.contains("kvv2/data/cms-sandbox/config"));
    walk
}

pub fn renaming(mut walk: Walk) -> Walk {
    let servers = servers();
    let admin = servers.pg.admin();
    admin.sql("CREATE ROLE karmyq_prod");
    admin.sql("GRANT karmyq_prod TO CURRENT_USER");
    admin.sql("CREATE DATABASE karmyq_prod OWNER karmyq_prod TEMPLATE template0");
    admin.sql("REVOKE ALL ON DATABASE karmyq_prod FROM PUBLIC");
    let sentinel = Sentinel::plant(&servers.pg, "karmyq_prod");
    walk = walk.on(&servers);
    let pg = &servers.pg;
    walk.until("Going back");
    assert!(sentinel.is_in(pg, "karmyq_production"));
    assert!(!pg.has_database("karmyq_prod") && !pg.has_role("karmyq_prod"));
    walk.until("By copy");
    assert!(sentinel.is_in(pg, "karmyq_prod"));
    assert!(!pg.has_database("karmyq_production") && !pg.has_role("karmyq_user"));
    walk.follow_to_the_end();
    assert!(pg.has_database("karmyq_prod"));
    // After its time, and opened again.
    pg.admin().sql(
        "UPDATE appenv.instances SET kept = '{\"karmyq_prod\": \"2020-01-01T00:00:00Z\"}' WHERE app = 'karmyq'; \
         ALTER DATABASE karmyq_prod ALLOW_CONNECTIONS true",
    );
    let refused = walk.ends_with(1, "terraform plan -var old=false -var how=copy").text();
    assert!(refused.contains("karmyq/production delete a1-"), "{refused}");
    let approved = "terraform plan -var old=false -var how=copy -json > events.jsonl || true\n\
        export APPENV_APPROVALS=$(terraform-provider-appenv approval show events.jsonl --json | jq -r '.approvals[].digest')\n\
        terraform apply -auto-approve -var old=false -var how=copy";
    let refused = walk.ends_with(1, approved).text();
    assert!(refused.contains("The kept database \"karmyq_prod\" is open again"), "{refused}");
    assert!(pg.has_database("karmyq_prod"));
    assert!(sentinel.is_in(&servers.pg, "karmyq_production"));
    walk
}

/// A password, which psql would ask for at a terminal.
fn password(servers: &Servers, walk: &mut Walk, login: &str, variable: &str) {
    let password = random::password();
    servers.pg.sql(&format!("ALTER ROLE {login} PASSWORD '{password}'"));
    walk.set_env(variable, &password);
}

pub fn least_privilege(mut walk: Walk) -> Walk {
    // Its logins are the first of their server.
    let servers = Servers::start();
    let root = servers.pg.root();
    walk = walk.on(&servers).with_env([
        ("PGUSER".to_owned(), root.user.clone()),
        ("PGPASSWORD".to_owned(), root.password.clone()),
        ("VAULT_TOKEN".to_owned(), servers.bao.root_token().to_owned()),
    ]);
    walk.does(&format!("cp -r {}/docs/policies .", provider::root().display()));
    walk.until_not_run();
    password(&servers, &mut walk, "appenv_apply", "APPLY_PASSWORD");
    walk.until_not_run();
    password(&servers, &mut walk, "appenv_plan", "PLAN_PASSWORD");
    walk.follow_to_the_end();
    let limit = "SELECT datconnlimit FROM pg_database WHERE datname = 'plausible-sandbox'";
    assert_eq!(servers.pg.sql(limit).one(), "-1");
    // Tokens are for one user, and outside of what is committed.
    let kept = walk.does("find \"$TOKENS\" -type f -perm 0600 | wc -l").stdout;
    assert_eq!(kept.trim(), "2");
    walk.does("! grep -rqFf \"$TOKENS/apply\" . && ! grep -rqFf \"$TOKENS/plan\" .");
    walk
}

pub fn high_availability(mut walk: Walk) -> Walk {
    if choice::left_out(
        "guides::high_availability",
        "a container's data cannot be copied to a standby",
    ) {
        return walk.left_out();
    }
    let mut servers = Servers::start();
    walk = walk.with_env(servers.bao.env());
    // Nothing is replicated here: the standby is a copy of what the apply has made.
    let url = |hosts: &str, admin: &Login| {
        format!("postgres://{}@{hosts}/postgres?connect_timeout=3&sslmode=disable", admin.user)
    };
    walk.set_env("PGPASSWORD", &servers.pg.admin().password);
    let first = format!("127.0.0.1:{}", servers.pg.port());
    walk.set_env("TF_VAR_database_url", &url(&first, servers.pg.admin()));
    walk.until("The primary is down");
    let mut canaries = Canaries::new();
    canaries.register_servers(&servers).register("the variable", &url(&first, servers.pg.admin()));
    assert!(walk.ws.dir().join("plan.bin").exists());
    canaries.are_nowhere(&Sinks::of(&walk.ws));
    let standby = servers.pg.standby();
    let both = format!("127.0.0.1:{},{first}", standby.port());
    walk.set_env("TF_VAR_database_url", &url(&both, servers.pg.admin()));
    // The primary is found behind a standby.
    walk.does("terraform plan -detailed-exitcode");
    servers.pg.crash();
    walk.until("The standby is promoted");
    standby.sql("SELECT pg_promote()");
    walk.until("Vault and OpenBao");
    assert!(standby.has_database("erp-sandbox") && standby.has_database("erp-dev"));
    servers.bao.api().put("sys/seal", &json!({}));
    walk.follow_to_the_end();
    canaries.are_nowhere(&Sinks::of(&walk.ws));
    walk
}
