// SPDX-License-Identifier: MPL-2.0
//! Leased logins on every PostgreSQL at hand: whose objects they make, and how they end.

use appenv::facet::vault::Vault;
use appenv::facet::{Facet, Fault};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::bao::Bao;
use crate::postgres::Postgres;
use crate::servers::postgres_bindirs;
use crate::wish::{create, delete, spec, wishing};

struct Lease {
    id: String,
    user: String,
    password: String,
}

async fn lease(bao: &Bao, role: &str) -> Lease {
    let leased = bao.ok("GET", &format!("postgres/creds/{role}"), Value::Null).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Lease {
        id: text(&leased["lease_id"]),
        user: text(&leased["data"]["username"]),
        password: text(&leased["data"]["password"]),
    }
}

async fn revoke(bao: &Bao, lease: &Lease) {
    bao.ok("POST", "sys/leases/revoke", json!({ "lease_id": lease.id, "sync": true })).await;
}

async fn value(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// `gone`, `shut` or `open`.
async fn login_of(root: &Client, user: &str) -> &'static str {
    let row = root.query_opt("SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", &[&user]).await;
    match row.unwrap().map(|row| row.get::<_, bool>(0)) {
        None => "gone",
        Some(false) => "shut",
        Some(true) => "open",
    }
}

async fn sessions(root: &Client, user: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1";
    root.query_one(sql, &[&user]).await.unwrap().get(0)
}

#[tokio::test]
async fn leases_on_every_postgres() {
    for bindir in postgres_bindirs() {
        let (bao, postgres) = (Bao::start().await, Postgres::start(&bindir).await);
        postgres.prepare("erp-sandbox", "erp_sandbox_role").await;
        postgres.join(&bao).await;
        let vault = bao.facet().await;
        let spec = spec("erp", "sandbox");
        create(&vault, &spec).await.unwrap();
        let root = postgres.superuser("erp-sandbox").await;
        ownership(&bao, &postgres, &root).await;
        endings(&bao, &postgres, &root).await;
        pooling(&bao, &postgres, &root).await;
        concurrency(&bao, &root).await;
        dismantling(&bao, &vault, &postgres, &root).await;
    }
}

/// What a leased login makes belongs to the owner role, and it cannot change what decides that.
async fn ownership(bao: &Bao, postgres: &Postgres, root: &Client) {
    let lease = lease(bao, "erp-sandbox").await;
    let session = postgres.connect(&lease.user, &lease.password, "erp-sandbox").await.unwrap();
    assert_eq!(value(&session, "SELECT current_user::text").await, "erp_sandbox_role");
    session.batch_execute("CREATE TABLE made (x int)").await.unwrap();
    session.batch_execute("RESET ROLE; CREATE TABLE made_after_reset (x int)").await.unwrap();
    session.batch_execute("RESET ALL").await.unwrap();
    session.batch_execute("DISCARD ALL").await.unwrap();
    assert_eq!(value(&session, "SELECT current_user::text").await, "erp_sandbox_role");
    for table in ["made", "made_after_reset"] {
        let sql = format!("SELECT tableowner::text FROM pg_tables WHERE tablename = '{table}'");
        assert_eq!(value(root, &sql).await, "erp_sandbox_role");
    }
    let user = &lease.user;
    let attempts = [
        format!("ALTER ROLE \"{user}\" VALID UNTIL 'infinity'"),
        format!("ALTER ROLE \"{user}\" CREATEROLE"),
        format!("ALTER ROLE \"{user}\" SUPERUSER"),
        format!("GRANT erp_sandbox_role TO \"{user}\" WITH ADMIN OPTION"),
        "GRANT erp_sandbox_role TO provider".to_owned(),
        "ALTER ROLE erp_sandbox_role LOGIN".to_owned(),
        "ALTER ROLE vault_admin PASSWORD 'x'".to_owned(),
        "CREATE ROLE x".to_owned(),
        "DROP ROLE erp_sandbox_role".to_owned(),
        "ALTER DATABASE \"erp-sandbox\" OWNER TO provider".to_owned(),
        format!("ALTER DATABASE \"erp-sandbox\" OWNER TO \"{user}\""),
    ];
    for role in ["RESET ROLE", "SET ROLE NONE"] {
        session.batch_execute(role).await.unwrap();
        for attempt in &attempts {
            assert!(session.batch_execute(attempt).await.is_err(), "{role}: {attempt}");
        }
    }
    revoke(bao, &lease).await;
    assert_eq!(login_of(root, &lease.user).await, "gone");
    assert!(postgres.connect(&lease.user, &lease.password, "erp-sandbox").await.is_none());
    // Nor into another database.
    let other = self::lease(bao, "erp-sandbox").await;
    root.batch_execute("CREATE DATABASE other").await.unwrap();
    root.batch_execute("REVOKE ALL ON DATABASE other FROM PUBLIC").await.unwrap();
    assert!(postgres.connect(&other.user, &other.password, "other").await.is_none());
    revoke(bao, &other).await;
}

/// A revocation ends sessions, drops what can be dropped, shuts what cannot, and can be repeated.
async fn endings(bao: &Bao, postgres: &Postgres, root: &Client) {
    let used = lease(bao, "erp-sandbox").await;
    let session = postgres.connect(&used.user, &used.password, "erp-sandbox").await.unwrap();
    session.batch_execute("BEGIN; SELECT * FROM made").await.unwrap();
    let busy = postgres.connect(&used.user, &used.password, "erp-sandbox").await.unwrap();
    let sleeping = tokio::spawn(async move { busy.batch_execute("SELECT pg_sleep(60)").await });
    while sessions(root, &used.user).await < 2 {
        tokio::task::yield_now().await;
    }
    revoke(bao, &used).await;
    assert_eq!(login_of(root, &used.user).await, "gone");
    assert_eq!(sessions(root, &used.user).await, 0);
    assert!(sleeping.await.unwrap().is_err());
    assert!(session.batch_execute("SELECT 1").await.is_err());

    let owning = lease(bao, "erp-sandbox").await;
    let session = postgres.connect(&owning.user, &owning.password, "erp-sandbox").await.unwrap();
    session.batch_execute("SET ROLE NONE; CREATE TABLE own (x int)").await.unwrap();
    revoke(bao, &owning).await;
    assert_eq!(login_of(root, &owning.user).await, "shut");
    assert_eq!(sessions(root, &owning.user).await, 0);
    assert!(postgres.connect(&owning.user, &owning.password, "erp-sandbox").await.is_none());
    // It is no longer a member of the owner role: the owner role administers it, so that an apply can settle it.
    let member =
        |who: &str, of: &str| format!("SELECT pg_has_role('{who}', '{of}', 'member')::text");
    let owner = "erp_sandbox_role";
    assert_eq!(value(root, &member(&owning.user, owner)).await, "false");
    assert_eq!(value(root, &member(owner, &owning.user)).await, "true");

    // Its role dropped by hand: the lease ends all the same.
    let gone = lease(bao, "erp-sandbox").await;
    root.batch_execute(&format!("DROP ROLE \"{}\"", gone.user)).await.unwrap();
    revoke(bao, &gone).await;
}

/// A pool that reconnects as fast as it can, until it is refused, keeps no session of a login that was ended.
async fn pooling(bao: &Bao, postgres: &Postgres, root: &Client) {
    const POOL: i64 = 8;
    let lease = lease(bao, "erp-sandbox").await;
    let oid = format!("SELECT oid FROM pg_roles WHERE rolname = '{}'", lease.user);
    let oid: u32 = root.query_one(&oid, &[]).await.unwrap().get(0);
    let pool = (0..POOL).map(|_| async {
        while let Some(session) =
            postgres.connect(&lease.user, &lease.password, "erp-sandbox").await
        {
            let ended = session.batch_execute("SELECT pg_sleep(20)").await;
            assert!(ended.is_err(), "a session outlived its login");
        }
    });
    let end = async {
        while sessions(root, &lease.user).await < POOL {
            tokio::task::yield_now().await;
        }
        revoke(bao, &lease).await;
        // By number: the login itself is gone.
        let left = format!("SELECT count(*) FROM pg_stat_activity WHERE usesysid = {oid}");
        root.query_one(&left, &[]).await.unwrap().get::<_, i64>(0)
    };
    let (left, _) = tokio::join!(end, futures_util::future::join_all(pool));
    assert_eq!((left, login_of(root, &lease.user).await), (0, "gone"));
}

/// Logins are leased and ended side by side.
async fn concurrency(bao: &Bao, root: &Client) {
    let leases = futures_util::future::join_all((0..12).map(|_| lease(bao, "erp-sandbox"))).await;
    futures_util::future::join_all(leases.iter().map(|lease| revoke(bao, lease))).await;
    for lease in &leases {
        assert_eq!(login_of(root, &lease.user).await, "gone");
    }
}

/// Leases that are out stand in the way of a delete, unless it is forced.
async fn dismantling(bao: &Bao, vault: &Vault, postgres: &Postgres, root: &Client) {
    let spec = spec("erp", "sandbox");
    let out = lease(bao, "erp-sandbox").await;
    let _session = postgres.connect(&out.user, &out.password, "erp-sandbox").await.unwrap();
    let error = delete(vault, &spec, false).await.unwrap_err();
    assert_eq!(
        (error.fault, error.attribute),
        (Fault::Occupied, Some("force_disconnect")),
        "{error}"
    );
    assert!(error.cause.contains("1 leased logins"), "{error}");
    assert!(bao.get("postgres/roles/erp-sandbox").await.is_some());
    assert!(bao.get("auth/kubernetes/role/erp-sandbox").await.is_some());

    // Who may not list leases cannot know, and is not kept.
    delete(vault, &spec, true).await.unwrap();
    assert_eq!(login_of(root, &out.user).await, "gone");
    assert_eq!(bao.get("postgres/roles/erp-sandbox").await, None);

    create(vault, &spec).await.unwrap();
    let out = lease(bao, "erp-sandbox").await;
    let text =
        crate::servers::read("docs/policies/vault-apply.hcl").replace("sys/leases/", "sys/none/");
    let blind = Vault::new(bao.settings(&bao.token("blind", &text).await), "blind");
    delete(&blind, &spec, false).await.unwrap();
    // The lease carries its own revocation and still ends.
    revoke(bao, &out).await;
    assert_eq!(login_of(root, &out.user).await, "gone");
}

#[tokio::test]
async fn the_connection_is_looked_at() {
    let (bao, postgres) = (Bao::start().await, Postgres::start(&postgres_bindirs()[0]).await);
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    let error = vault.database_login("postgres", "postgres").await.unwrap_err();
    assert_eq!(
        (error.fault, error.attribute),
        (Fault::Missing, Some("provider.vault.database_connection"))
    );
    let warnings = vault.observe(&spec).await.unwrap().warnings;
    assert!(warnings[0].summary.starts_with("There is no database connection"), "{warnings:?}");

    postgres.prepare("erp-sandbox", "erp_sandbox_role").await;
    postgres.join(&bao).await;
    let vault = Vault::new(bao.settings(&bao.plan_token().await), "plan");
    assert_eq!(vault.database_login("postgres", "postgres").await.unwrap(), "vault_admin");
    assert!(vault.observe(&spec).await.unwrap().warnings.is_empty());
    let outside = wishing(spec, |wish| wish.database.as_mut().unwrap().role = "cms".to_owned());
    let warnings = vault.observe(&outside).await.unwrap().warnings;
    assert!(warnings[0].summary.contains("does not admit the role \"cms\""), "{warnings:?}");

    bao.ok(
        "POST",
        "postgres/config/bare",
        json!({
            "plugin_name": "postgresql-database-plugin",
            "verify_connection": false,
            "connection_url": "postgresql://someone@127.0.0.1:1/postgres",
        }),
    )
    .await;
    let every =
        bao.token("every", "path \"postgres/config/*\" { capabilities = [\"read\"] }").await;
    let vault = Vault::new(bao.settings(&every), "run");
    let error = vault.database_login("postgres", "bare").await.unwrap_err();
    assert!(error.next.contains("vault.database_login"), "{error:?}");
}
