//! One owner role for all environments of an app: made once, shared by those that may share it, gone with the last.

use acceptance::servers::Servers;
use acceptance::{Cli, Sentinel, Snapshot, Workspace};

use crate::instances::{BOTH, registered, write};
use crate::rename::under;

fn workspace(servers: &Servers) -> Workspace {
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write("provider.tf", &under("underscored-v1", BOTH));
    ws
}

const ROLE: &str =
    "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'karmyq_user'";

#[test]
fn two_environments_share_it_and_the_last_one_removes_it() {
    for pg in acceptance::servers::postgres::Install::all() {
        let servers = Servers::on(acceptance::servers::Postgres::start_on(&pg));
        let empty = Snapshot::take(&servers);
        let ws = workspace(&servers);
        write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", "")]);
        ws.step();
        // Whose it is says owner and app, and no env.
        assert_eq!(servers.pg.sql(ROLE).one(), "appenv:v1 app=karmyq owner=arcodange/apps");
        for env in ["staging", "dev"] {
            let owner =
                format!("SELECT datdba::regrole FROM pg_database WHERE datname = 'karmyq_{env}'");
            assert_eq!(servers.pg.sql(&owner).one(), "karmyq_user");
            assert_eq!(registered(&servers, "karmyq", env), "live 1 t");
        }
        let sentinel = Sentinel::plant(&servers.pg, "karmyq_dev");

        // One goes, by a state that knows only itself: the other is as it was.
        let dev = Snapshot::of_app(&servers, "karmyq-dev");
        write(&ws, &[("karmyq", "dev", "")]);
        ws.step();
        assert!(!servers.pg.has_database("karmyq_staging"));
        // But for staging's part of the ops policy, and the registry's word of it.
        let changed = Snapshot::of_app(&servers, "karmyq-dev").since(&dev);
        changed.outside(&["karmyq-ops", "appenv"]).is_nothing();
        sentinel.is_still_there(&servers.pg);
        let lease = servers.bao.lease("karmyq-dev");
        lease.login(&servers.pg, "karmyq_dev").sql("CREATE TABLE public.made (x int)");
        servers.bao.revoke(&lease);

        // It comes back beside it, and nothing of it is anew.
        write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", "")]);
        ws.step();
        assert_eq!(servers.pg.sql(ROLE).one(), "appenv:v1 app=karmyq owner=arcodange/apps");
        ws.destroy();
        assert!(!servers.pg.has_role("karmyq_user"));
        let left = Snapshot::take(&servers).since(&empty);
        left.outside(&["appenv"]).is_nothing();
    }
}

#[test]
fn both_go_at_once_and_leave_nothing() {
    let servers = Servers::start();
    let (one, other) = (workspace(&servers), workspace(&servers));
    for round in 0..3 {
        write(&one, &[("karmyq", "staging", "")]);
        write(&other, &[("karmyq", "dev", "")]);
        let at_once = |verb: &'static str| {
            let mut runs = [&one, &other].map(|ws| ws.start(&[verb, "-json", "-auto-approve"]));
            while runs.iter_mut().any(|run| !run.has_ended()) {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            for run in runs {
                let run = run.wait();
                assert_eq!(run.code, Some(0), "round {round}: {run}");
            }
        };
        at_once("apply");
        one.is_settled();
        other.is_settled();
        assert_eq!(servers.pg.sql(ROLE).one(), "appenv:v1 app=karmyq owner=arcodange/apps");
        at_once("destroy");
        for database in ["karmyq_staging", "karmyq_dev"] {
            assert!(!servers.pg.has_database(database), "round {round}");
        }
        assert!(!servers.pg.has_role("karmyq_user"), "round {round}");
    }
}

#[test]
fn it_never_owns_production_and_another_environment() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("karmyq", "production", "")]);
    ws.step();
    let sentinel = Sentinel::plant(&servers.pg, "karmyq_production");
    let before = Snapshot::take(&servers);

    write(&ws, &[("karmyq", "production", ""), ("karmyq", "staging", "")]);
    let refused = ws.plan_fails();
    let error = refused.error();
    assert!(
        error.summary.contains("would own a production database and another env's"),
        "{error:?}"
    );
    Snapshot::take(&servers).since(&before).is_nothing();

    // What the message prints mends it, as it stands.
    let (_, printed) = error.detail.split_once("names { ").unwrap();
    let (printed, _) = printed.split_once(" }").unwrap();
    let names = format!("names {{\n  {printed}\n}}");
    write(&ws, &[("karmyq", "production", ""), ("karmyq", "staging", &names)]);
    ws.step();
    let owner = "SELECT datdba::regrole FROM pg_database WHERE datname = 'karmyq_staging'";
    let own = servers.pg.sql(owner).one().to_owned();
    assert_ne!(own, "karmyq_user");

    // A login leased for staging does not see production.
    let lease = servers.bao.lease("karmyq-staging");
    let login = lease.login(&servers.pg, "karmyq_staging");
    login.sql("SELECT 1");
    let refused = login.in_database("karmyq_production").sql_fails("SELECT 1").to_string();
    assert!(refused.contains("permission denied for database"), "{refused}");
    assert!(login.sql_fails("SET ROLE karmyq_user").is_forbidden());
    assert!(login.sql_fails("GRANT karmyq_user TO CURRENT_USER").is_forbidden());
    servers.bao.revoke(&lease);

    // The other way round, from another state: production comes to an environment that shares its role.
    let other = Servers::start();
    let (dev, production) = (workspace(&other), workspace(&other));
    write(&dev, &[("karmyq", "dev", "")]);
    dev.step();
    write(&production, &[("karmyq", "production", "")]);
    let refused = production.plan_fails();
    assert!(refused.say("would own a production database and another env's"), "{refused}");

    // Between plan and apply as well: judged again before the first write.
    let late = Servers::start();
    let (first, second) = (workspace(&late), workspace(&late));
    write(&first, &[("karmyq", "production", "")]);
    write(&second, &[("karmyq", "staging", "")]);
    first.plan_to("saved.plan");
    second.step();
    let before = Snapshot::take(&late);
    let refused = first.run(&["apply", "-json", "saved.plan"]).diagnostics();
    assert!(refused.say("would own a production database and another env's"), "{refused}");
    Snapshot::take(&late).since(&before).is_nothing();
    sentinel.is_still_there(&servers.pg);
}
