// SPDX-License-Identifier: MPL-2.0
//! What the instances of one app share: the ops policy, of which each has its stanza, and the CI role.

use acceptance::Workspace;
use acceptance::servers::Servers;
use serde_json::Value;

use crate::rig::{self, Hcl};

const UNPROTECTED: &str = "  deletion_protection = false";

/// The app's ops policy.
fn ops(servers: &Servers, app: &str) -> String {
    servers.bao.policy(&format!("{app}-ops")).unwrap_or_default()
}

/// The app's CI role.
fn ci(servers: &Servers, app: &str) -> Option<Value> {
    servers.bao.read(&format!("auth/gitea_jwt/role/gitea_cicd_{app}"))
}

/// A state with one instance in it, applied.
fn state(servers: &Servers, hcl: &Hcl) -> Workspace {
    let ws = rig::workspace(servers);
    hcl.write(&ws);
    ws.step();
    ws
}

fn alone(app: &str, env: &str) -> Hcl {
    Hcl::new().instance(app, env, UNPROTECTED)
}

#[test]
fn two_states_share_an_app_and_see_their_own_part_only() {
    let servers = Servers::shared();
    let app = "duo";
    let prod = state(&servers, &alone(app, "prod"));
    let before = ops(&servers, app);
    assert!(before.contains("kvv2/data/duo/config") && !before.contains("duo-sandbox"));
    let sandbox = state(&servers, &alone(app, "sandbox"));
    let both = ops(&servers, app);
    for path in ["kvv2/data/duo/config", "kvv2/data/duo-sandbox/config"] {
        assert!(both.contains(&format!("path \"{path}\"")), "{both}");
    }
    assert!(!both.contains("\"delete\"") && !both.contains("sys/"), "{both}");
    // No ping-pong: neither has anything to do, and a change of one leaves the other alone.
    prod.is_settled();
    let limit = "  database {\n    connection_limit = 9\n  }";
    Hcl::new().instance(app, "prod", &format!("{UNPROTECTED}\n{limit}")).write(&prod);
    prod.step();
    sandbox.is_settled();
    assert_eq!(ops(&servers, app), both);
    // A part taken out by hand is missed by the one whose it is, and by nobody else.
    servers.bao.cli().policy_write("duo-ops", &before);
    prod.is_settled();
    let plan = sandbox.has_changes();
    assert_eq!(plan.planned(), ["appenv_app_instance.duo_sandbox: update"]);
    sandbox.step();
    assert_eq!(ops(&servers, app), both);
    // The one that goes takes its part; the last takes the rest.
    sandbox.destroy();
    assert_eq!(ops(&servers, app), before);
    assert!(ci(&servers, app).is_some());
    prod.is_settled();
    prod.destroy();
    assert_eq!((servers.bao.policy("duo-ops"), ci(&servers, app)), (None, None));
}

#[test]
fn the_ci_role_is_set_once_and_changed_by_a_higher_revision() {
    let servers = Servers::shared();
    let app = "rev";
    let claims = |more: &str, revision: u32| {
        let other = format!(
            "bound_claims = {{\n        repository = \"org/{{app}}\"\n        ref = \"{more}\"\n      }}\n      \
             revision = {revision}"
        );
        Hcl::new().ci(&other)
    };
    let prod = state(&servers, &claims("main", 1).instance(app, "prod", UNPROTECTED));
    let set = ci(&servers, app).unwrap()["data"]["bound_claims"].clone();
    assert_eq!(set["ref"], "main");

    let other = rig::workspace(&servers);
    claims("release", 1).instance(app, "sandbox", "").write(&other);
    let told = other.plan_fails();
    let error = told.error_titled("rev/sandbox: The CI role \"gitea_cicd_rev\"");
    for words in ["main", "release", "revision"] {
        assert!(error.detail.contains(words), "{error}");
    }
    assert!(!servers.pg.has_database("rev-sandbox"));

    // The same refusal for an instance that exists.
    claims("main", 1).instance(app, "sandbox", "").write(&other);
    other.step();
    claims("release", 1).instance(app, "sandbox", "").write(&other);
    other.plan_fails().error_titled("rev/sandbox: The CI role \"gitea_cicd_rev\"");

    claims("release", 2).instance(app, "sandbox", "").write(&other);
    other.step();
    assert_eq!(ci(&servers, app).unwrap()["data"]["bound_claims"]["ref"], "release");
    // The lower revision reads it as theirs, and does not put it back when it writes.
    prod.is_settled();
    let limit = "  database {\n    connection_limit = 9\n  }";
    claims("main", 1).instance(app, "prod", &format!("{UNPROTECTED}\n{limit}")).write(&prod);
    prod.step();
    assert_eq!(ci(&servers, app).unwrap()["data"]["bound_claims"]["ref"], "release");
    other.is_settled();
    other.destroy();
    prod.destroy();
    assert_eq!(ci(&servers, app), None);
}

#[test]
fn creates_and_destroys_at_once_lose_no_part_and_leave_nothing() {
    let servers = Servers::shared();
    for round in 1..=3 {
        let app = format!("race{round}");
        let both = ["prod", "sandbox"].map(|env| {
            let ws = rig::workspace(&servers);
            alone(&app, env).write(&ws);
            ws
        });
        let at_once = |verb: &str| {
            let running = both.each_ref().map(|ws| ws.start(&[verb, "-json", "-auto-approve"]));
            for run in running.map(acceptance::workspace::Running::wait) {
                assert_eq!(run.code, Some(0), "{run}");
            }
        };
        at_once("apply");
        let policy = ops(&servers, &app);
        for path in [format!("{app}/config"), format!("{app}-sandbox/config")] {
            assert!(policy.contains(&format!("\"kvv2/data/{path}\"")), "{policy}");
        }
        assert!(ci(&servers, &app).is_some());
        both.iter().for_each(Workspace::is_settled);
        at_once("destroy");
        assert_eq!((ops(&servers, &app), ci(&servers, &app)), (String::new(), None));
        let left = servers.pg.sql(&format!(
            "SELECT datname FROM pg_database WHERE datname LIKE '{app}%' UNION ALL \
             SELECT rolname FROM pg_roles WHERE rolname LIKE '{app}%'"
        ));
        assert_eq!(left.0, Vec::<Vec<String>>::new());
        for path in [format!("postgres/roles/{app}"), format!("sys/policies/acl/{app}")] {
            assert!(servers.bao.api().get(&path).is_none(), "{path}");
        }
    }
}

/// What `ops_scope` says.
fn scope(scope: &str) -> String {
    format!("{UNPROTECTED}\n  vault {{\n    ops_scope = \"{scope}\"\n  }}")
}

#[test]
fn a_family_glob_never_reaches_an_app_of_its_own() {
    let servers = Servers::shared();
    let neighbour = state(&servers, &alone("fam-shop", "sandbox"));
    let family = rig::workspace(&servers);
    Hcl::new().instance("fam", "sandbox", &scope("family")).write(&family);
    let told = family.plan_fails();
    let error = told.error_titled("fam/sandbox: ops_scope = \"family\" of app \"fam\"");
    assert!(error.summary.contains("\"fam-shop\"") && error.detail.contains("fam-*"), "{error}");
    assert!(!servers.pg.has_database("fam-sandbox"));

    neighbour.destroy();
    family.step();
    assert!(ops(&servers, "fam").contains("kvv2/data/fam-*"), "{}", ops(&servers, "fam"));
    // And the other way round: no app may come to lie within a glob that is there.
    let told = neighbour.plan_fails();
    let error = told.error_titled("fam-shop/sandbox: App \"fam-shop\" lies within");
    assert!(error.detail.contains("ops_scope = \"instances\""), "{error}");

    Hcl::new().instance("fam", "sandbox", &scope("instances")).write(&family);
    family.step();
    assert!(!ops(&servers, "fam").contains('*'), "{}", ops(&servers, "fam"));
    neighbour.step();
    family.destroy();
    neighbour.destroy();
}

#[test]
fn an_instance_can_have_an_ops_policy_of_its_own() {
    let servers = Servers::shared();
    let prod = state(&servers, &Hcl::new().instance("lone", "prod", &scope("own")));
    let sandbox = state(&servers, &Hcl::new().instance("lone", "sandbox", &scope("instances")));
    let own = servers.bao.policy("lone-prod-ops").unwrap();
    assert!(own.contains("\"kvv2/data/lone/config\""), "{own}");
    let shared = ops(&servers, "lone");
    assert!(shared.contains("lone-sandbox/config") && !shared.contains("data/lone/"), "{shared}");
    prod.is_settled();
    // Back to the shared one: the own one goes.
    Hcl::new().instance("lone", "prod", UNPROTECTED).write(&prod);
    prod.step();
    assert_eq!(servers.bao.policy("lone-prod-ops"), None);
    assert!(ops(&servers, "lone").contains("data/lone/config"));
    Hcl::new().instance("lone", "prod", &scope("own")).write(&prod);
    prod.step();
    sandbox.is_settled();
    prod.destroy();
    assert_eq!(servers.bao.policy("lone-prod-ops"), None);
    sandbox.destroy();
    assert_eq!(servers.bao.policy("lone-ops"), None);
}
