// SPDX-License-Identifier: MPL-2.0
//! Applies that fail or are stopped: an error, no false state, and the next apply goes on.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use acceptance::servers::openbao::Lease;
use acceptance::servers::{OpenBao, Postgres, Servers};
use acceptance::{Fault, Proxy, Sentinel};
use serde_json::json;

use crate::site::{self, Site, at, block, plain};

/// A site whose servers can be cut off.
struct Behind {
    site: Site,
    pg: Proxy,
    bao: Proxy,
}

impl Behind {
    fn proxies() -> Self {
        let mut site = Site::shared();
        let pg = Proxy::postgres(&site.servers.pg);
        let bao = Proxy::openbao(&site.servers.bao);
        site.ws.set_envs(site.servers.pg.env_at(pg.port()));
        site.ws.set_envs(site.servers.bao.env_at(bao.port()));
        Self { site, pg, bao }
    }
}

/// A token with the rights of `docs/policies/vault-apply.hcl`, but for what `rules` say.
fn token(bao: &OpenBao, name: &str, edit: impl Fn(String) -> String) -> String {
    let text = acceptance::provider::root().join("docs/policies/vault-apply.hcl");
    let text = edit(std::fs::read_to_string(text).unwrap());
    bao.cli().policy_write(name, &text);
    let body = json!({ "policies": [name], "no_parent": true });
    let body = bao.api().put("auth/token/create", &body);
    body["auth"]["client_token"].as_str().unwrap().to_owned()
}

/// The policy with one path closed.
fn without(path: &'static str) -> impl Fn(String) -> String {
    move |text| {
        let opening = format!("path \"{path}\" {{");
        assert!(text.contains(&opening), "{path}");
        let (before, after) = text.split_once(&opening).unwrap();
        let (_, after) = after.split_once('}').unwrap();
        format!("{before}{opening}\n  capabilities = [\"deny\"]\n}}{after}")
    }
}

/// A create has failed: nothing is in the state, so nothing is tainted.
fn no_state(site: &Site) {
    assert!(site.ws.state().is_empty());
    let resources = site.ws.state_file()["resources"].clone();
    assert!(resources.is_null() || resources == json!([]), "{resources}");
}

/// Which write of a create begins so; the first is 1.
fn position(proxy: &Proxy, statement: &str) -> usize {
    let writes = proxy.writes();
    let found = writes.iter().position(|write| write.starts_with(statement));
    found.unwrap_or_else(|| panic!("no {statement} in {writes:#?}")) + 1
}

#[test]
fn a_create_without_one_of_the_servers_leaves_nothing() {
    let Behind { site, pg, bao } = Behind::proxies();
    site.write(&plain("it", "down", "sandbox"));
    for (proxy, name) in [(&pg, "PostgreSQL"), (&bao, "127.0.0.1")] {
        proxy.cut();
        let told = site.ws.apply_fails();
        assert!(told.say("down/sandbox") && told.say(name) && told.say("Next:"), "{told}");
        no_state(&site);
        assert!(!site.servers.pg.has_role("down_sandbox_role"));
        proxy.heal();
    }
    site.ws.step();
    site.ws.destroy();
}

#[test]
fn a_create_that_loses_a_server_between_its_steps_goes_on() {
    let Behind { site, pg, bao } = Behind::proxies();
    site.step(&plain("it", "midway", "staging"));
    let database = position(&pg, "CREATE DATABASE");
    site.ws.destroy();
    // OpenBao goes while PostgreSQL makes the database; PostgreSQL while OpenBao takes the registration.
    for (number, (slow, nth, lost)) in
        [(&pg, database, &bao), (&bao, 1, &pg)].into_iter().enumerate()
    {
        let env = ["sandbox", "dev"][number];
        site.write(&plain("it", "midway", env));
        bao.forget();
        slow.arm(nth, Fault::Delay(Duration::from_secs(2)));
        let mut run = site.ws.start(&["apply", "-json", "-auto-approve"]);
        run.wait_until("the slow write", |_| slow.fired().is_some());
        lost.cut();
        let run = run.wait();
        lost.heal();
        slow.forget();
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.diagnostics().say("Next:"), "{run}");
        no_state(&site);
        assert_eq!(site.registration("midway", env), "pending acme/shop 0", "{run}");
        assert_eq!(site.ws.has_changes().planned(), ["appenv_app_instance.it: create"]);
        site.ws.step();
        assert_eq!(site.registration("midway", env), "live acme/shop 1");
        site.ws.destroy();
    }
}

#[test]
fn a_create_without_the_rights_names_them_and_goes_on_with_them() {
    let mut site = Site::shared();
    site.write(&plain("it", "rights", "sandbox"));
    for (number, path) in ["sys/policies/acl/*", "postgres/roles/*"].into_iter().enumerate() {
        let poor = token(&site.servers.bao, &format!("rights-{number}"), without(path));
        site.ws.set_env("VAULT_TOKEN", &poor);
        let told = site.ws.apply_fails();
        let stem = path.trim_end_matches('*');
        assert!(told.say("rights/sandbox") || told.say("rights-sandbox"), "{told}");
        assert!(told.say(stem) && told.say("capabilit"), "{told}");
        no_state(&site);
    }
    site.ws.set_envs(site.servers.bao.env());
    site.ws.step();
    site.ws.destroy();
}

#[test]
fn a_missing_mount_is_named_and_once_there_is_used() {
    let mut site = Site::shared();
    let bao = &site.servers.bao;
    let moved = |text: String| text.replace("kvv2/", "latekv/").replace("\"postgres/", "\"latedb/");
    let moved = token(bao, "late", moved);
    let provider =
        "  vault {\n    kv_mount       = \"latekv\"\n    database_mount = \"latedb\"\n  }\n";
    let text = site::header(&site.owner, "", "").replace("  vault {}\n", provider);
    site.ws.write("main.tf", &format!("{text}{}", plain("it", "mounts", "sandbox")));
    site.ws.set_env("VAULT_TOKEN", &moved);
    let bao = &site.servers.bao;
    let missing = |mount: &str, words: &[&str]| {
        let told = site.ws.apply_fails();
        for word in words.iter().chain(&[mount, "Next:"]) {
            assert!(told.say(word), "it does not say {word:?}:\n{told}");
        }
        no_state(&site);
    };
    missing("latedb", &["bao secrets enable -path=latedb database", "Mounts seen"]);
    bao.api().put("sys/mounts/latedb", &json!({ "type": "database" }));
    missing("latedb/config/postgres", &["no connection of that name"]);
    let admin = site.servers.pg.vault_admin();
    bao.api().put(
        "latedb/config/postgres",
        &json!({
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": ["*"],
            "connection_url": format!(
                "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
                site.servers.pg.port()
            ),
            "username": admin.user,
            "password": admin.password,
            "password_authentication": "scram-sha-256",
        }),
    );
    missing("latekv", &["bao secrets enable -path=latekv -version=2 kv"]);
    bao.api().put("sys/mounts/latekv", &json!({ "type": "kv", "options": { "version": "2" } }));
    let deadline = Instant::now() + Duration::from_secs(30);
    while !bao.api().send("GET", "latekv/config", None).is_success() {
        assert!(Instant::now() < deadline, "latekv did not become ready");
    }
    site.ws.step();
    site.ws.destroy();
}

#[test]
fn a_sealed_openbao_is_named_and_unsealed_is_enough() {
    let servers = std::sync::Arc::new(Servers::start());
    let key = servers.bao.unseal_key();
    let seal = || servers.bao.cli().run(&["operator", "seal"]);
    let unseal = || servers.bao.api().put("sys/unseal", &json!({ "key": key }));
    let site = Site::on(&servers);
    site.write(&plain("it", "erp", "sandbox"));
    seal();
    let told = site.ws.apply_fails();
    assert!(told.say("sealed") && told.say("erp/sandbox"), "{told}");
    no_state(&site);
    unseal();
    site.ws.step();
    let row = Sentinel::plant(&servers.pg, "erp-sandbox");
    site.write(&block("it", "erp", "sandbox", "  database {\n    connection_limit = 9\n  }\n"));
    site.ws.plan_to("update.plan");
    seal();
    // Past the refresh, so that the apply meets it.
    let run = site.ws.run(&["apply", "-json", "update.plan"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.diagnostics().say("sealed"), "{run}");
    assert!(site.ws.state().addresses() == [at("it")]);
    unseal();
    site.ws.step();
    row.is_still_there(&servers.pg);
    seal();
    let run = site.ws.run(&["destroy", "-json", "-auto-approve", "-refresh=false"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert!(site.ws.state().addresses() == [at("it")]);
    row.is_still_there(&servers.pg);
    unseal();
    site.ws.destroy();
}

#[test]
fn an_update_that_fails_keeps_the_truth_and_the_next_mends() {
    let mut site = Site::shared();
    site.step(&plain("it", "amend", "sandbox"));
    let row = Sentinel::plant(&site.servers.pg, "amend-sandbox");
    let holder = site.holder("amend", "sandbox");
    let poor = token(&site.servers.bao, "amend-poor", |text| {
        let path = "path \"postgres/roles/*\" {\n  capabilities = [\"create\", \"update\", \"read\", \"delete\"]";
        assert!(text.contains(path));
        text.replace(path, "path \"postgres/roles/*\" {\n  capabilities = [\"read\"]")
    });
    let changed =
        "  database {\n    connection_limit = 9\n  }\n  vault {\n    default_ttl = \"30m\"\n  }\n";
    site.write(&block("it", "amend", "sandbox", changed));
    site.ws.set_env("VAULT_TOKEN", &poor);
    let told = site.ws.apply_fails();
    assert!(told.say("amend-sandbox") && told.say("Next:"), "{told}");
    assert!(site.ws.state().attribute(&at("it"), "vault").is_null(), "the state has what is not");
    assert_eq!(site.ws.has_changes().planned(), ["appenv_app_instance.it: update"]);
    site.ws.set_envs(site.servers.bao.env());
    site.ws.step();
    assert_eq!(site.holder("amend", "sandbox"), holder);
    let role = site.servers.bao.read("postgres/roles/amend-sandbox").unwrap();
    assert_eq!(role["data"]["default_ttl"], 1800);
    row.is_still_there(&site.servers.pg);
    site.ws.destroy();
}

#[test]
fn a_facet_that_an_update_could_not_finish_is_in_the_state() {
    let mut site = Site::shared();
    let both = site::header(&site.owner, "", "");
    let only = both.replace("  vault {}\n", "");
    let it = plain("it", "addend", "sandbox");
    for finishes in [true, false] {
        site.ws.write("main.tf", &format!("{only}{it}"));
        site.ws.step();
        let facets = |site: &Site| site.ws.state().attribute(&at("it"), "facets").clone();
        let policy = |site: &Site| site.servers.bao.policy("addend-sandbox");
        assert_eq!(facets(&site), json!(["postgres"]));
        site.ws.write("main.tf", &format!("{both}{it}"));

        // Refused before anything is registered there: nothing is there.
        let closed = token(&site.servers.bao, "addend-closed", without("kvv2/data/appenv/_apps/*"));
        site.ws.set_env("VAULT_TOKEN", &closed);
        site.ws.apply_fails();
        assert_eq!(facets(&site), json!(["postgres"]));

        let read_only = |text: String| {
            let path = "path \"postgres/roles/*\" {\n  capabilities = [";
            text.replace(
                &format!("{path}\"create\", \"update\", \"read\""),
                &format!("{path}\"read\""),
            )
        };
        let poor = token(&site.servers.bao, "addend-poor", read_only);
        site.ws.set_env("VAULT_TOKEN", &poor);
        let told = site.ws.apply_fails();
        assert!(told.say("addend-sandbox") && told.say("Next:"), "{told}");
        assert!(policy(&site).is_some());
        assert_eq!(facets(&site), json!(["postgres", "vault"]));
        let state = site.ws.state();
        let objects = state.attribute(&at("it"), "objects");
        assert_eq!(objects["vault_runtime_policy"], "ok");
        assert_eq!(objects["vault_database_role"], "missing");
        assert_eq!(objects["postgres_database"], "ok");
        site.ws.set_envs(site.servers.bao.env());
        // What the state says is what a read finds: nothing more to tell.
        let instance = |site: &Site| site.ws.state_file()["resources"][0]["instances"][0].clone();
        let kept = instance(&site);
        site.ws.apply_with(&["-refresh-only"]);
        assert_eq!(instance(&site), kept);
        if finishes {
            // Without a refresh, since the state is true.
            site.ws.apply_with(&["-refresh=false"]);
            site.ws.is_settled();
        }
        site.ws.destroy_with(&["-refresh=false"]);
        assert_eq!(policy(&site), None);
        assert!(!site.servers.pg.has_database("addend-sandbox"));
    }
}

#[test]
fn a_delete_that_fails_keeps_the_entry_and_the_next_finishes() {
    let mut site = Site::shared();
    let poor = token(&site.servers.bao, "half-poor", |text| {
        let path = "path \"postgres/roles/*\" {\n  capabilities = [\"create\", \"update\", \"read\", \"delete\"]";
        text.replace(
            path,
            "path \"postgres/roles/*\" {\n  capabilities = [\"create\", \"read\", \"update\"]",
        )
    });
    site.step(&plain("it", "half", "sandbox"));
    let row = Sentinel::plant(&site.servers.pg, "half-sandbox");
    for ends_it in [false, true] {
        site.ws.set_env("VAULT_TOKEN", &poor);
        let told = site.ws.destroy_fails();
        assert!(told.say("half-sandbox") && told.say("Next:"), "{told}");
        assert_eq!(site.ws.state().addresses(), [at("it")], "the entry is kept");
        assert!(site.registration("half", "sandbox").starts_with("deleting"));
        row.is_still_there(&site.servers.pg);
        site.ws.set_envs(site.servers.bao.env());
        let plan = site.ws.plan_text();
        assert!(plan.stdout.contains("a delete did not finish"), "{plan}");
        if ends_it {
            site.ws.destroy();
            assert!(site.registration("half", "sandbox").starts_with("gone"));
            assert!(!site.servers.pg.has_database("half-sandbox"));
        } else {
            // Or the other way: an apply makes it whole again.
            site.ws.step();
            assert!(site.registration("half", "sandbox").starts_with("live"));
        }
    }
}

#[test]
fn an_interrupted_apply_stops_before_its_next_write() {
    let Behind { site, pg, bao } = Behind::proxies();
    site.step(&plain("it", "halt", "staging"));
    let database = position(&pg, "CREATE DATABASE");
    site.ws.destroy();
    site.write(&plain("it", "halt", "sandbox"));
    bao.forget();
    pg.arm(database, Fault::Delay(Duration::from_secs(1)));
    let mut run = site.ws.start(&["apply", "-json", "-auto-approve"]);
    run.wait_until("the database is made", |_| pg.fired().is_some());
    let writes = bao.writes().len();
    run.interrupt();
    let asked = Instant::now();
    let run = run.wait();
    assert!(asked.elapsed() < Duration::from_secs(10), "{run}");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.diagnostics().say("interrupted"), "{run}");
    assert_eq!(bao.writes().len(), writes, "it went on writing: {:#?}", bao.writes());
    assert_eq!(pg.writes().len(), database, "it went on writing: {:#?}", pg.writes());
    no_state(&site);
    site.ws.step();

    // The same for a destroy: the first write is the one that begins it.
    let row = Sentinel::plant(&site.servers.pg, "halt-sandbox");
    pg.arm(1, Fault::Delay(Duration::from_secs(1)));
    let mut run = site.ws.start(&["destroy", "-json", "-auto-approve"]);
    run.wait_until("the destroy has begun", |_| pg.fired().is_some());
    run.interrupt();
    let run = run.wait();
    assert_eq!(run.code, Some(1), "{run}");
    row.is_still_there(&site.servers.pg);
    assert_eq!(site.ws.state().addresses(), [at("it")]);
    pg.forget();
    site.ws.step();
    row.is_still_there(&site.servers.pg);
    site.ws.destroy();
}

/// A session that stays until it is dropped.
struct Session(Child);

impl Session {
    fn open(pg: &Postgres, lease: &Lease, database: &str) -> Self {
        let child = lease.login(pg, database).command().stdin(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let asked =
            format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", lease.username);
        while pg.sql(&asked).one() != "1" {
            assert!(Instant::now() < deadline, "no session");
        }
        Self(child)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn what_is_in_use_is_not_destroyed_unless_forced() {
    let site = Site::shared();
    let Servers { pg, bao } = &*site.servers;
    site.step(&plain("it", "busy", "sandbox"));
    let row = Sentinel::plant(pg, "busy-sandbox");
    let lease = bao.lease("busy-sandbox");
    let session = Session::open(pg, &lease, "busy-sandbox");
    let before = site.snapshot("busy");
    for args in [&[][..], &["-refresh=false"]] {
        let run = site.ws.run(&[&["destroy", "-json", "-auto-approve"], args].concat());
        assert_eq!(run.code, Some(1), "{run}");
        let told = run.diagnostics();
        let error = told.error_titled("busy/sandbox: Database \"busy-sandbox\" is in use");
        assert!(error.detail.contains(&lease.username), "{told}");
        assert!(
            error.detail.contains("has a session") && error.detail.contains("force_disconnect"),
            "{told}"
        );
        assert!(told.say("1 leased login"), "{told}");
    }
    site.is_untouched(&before, "busy");
    row.is_still_there(pg);
    assert_eq!(site.registration("busy", "sandbox"), "live acme/shop 1");
    site.ws.is_settled();

    site.step(&block("it", "busy", "sandbox", "  force_disconnect = true\n"));
    site.ws.destroy();
    assert!(!pg.has_database("busy-sandbox") && !pg.has_role(&lease.username));
    drop(session);
}
