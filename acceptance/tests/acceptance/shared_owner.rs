// SPDX-License-Identifier: MPL-2.0
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
    for pg in acceptance::servers::postgres::Kind::all() {
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
fn one_goes_while_the_other_comes() {
    let servers = Servers::start();
    let (one, other) = (workspace(&servers), workspace(&servers));
    write(&one, &[("karmyq", "staging", "")]);
    write(&other, &[("karmyq", "dev", "")]);
    one.step();
    // Whichever is first: what was made last has its role.
    for (goes, comes, database) in [
        (&one, &other, "karmyq_dev"),
        (&other, &one, "karmyq_staging"),
        (&one, &other, "karmyq_dev"),
    ] {
        let runs = [(goes, "destroy"), (comes, "apply")];
        let runs = runs.map(|(ws, verb)| ws.start(&[verb, "-json", "-auto-approve"]));
        for run in runs.map(acceptance::workspace::Running::wait) {
            assert_eq!(run.code, Some(0), "{database}: {run}");
        }
        comes.is_settled();
        let owned = "SELECT datname FROM pg_database WHERE datdba = 'karmyq_user'::regrole";
        assert_eq!(servers.pg.sql(owned).one(), database);
        let lease = servers.bao.lease(&database.replace('_', "-"));
        lease.login(&servers.pg, database).sql("CREATE TABLE public.made (x int)");
        servers.bao.revoke(&lease);
    }
    other.destroy();
    assert!(!servers.pg.has_role("karmyq_user"));
}

#[test]
fn a_plan_says_once_what_sharing_means() {
    let servers = Servers::start();
    let told = "Role \"karmyq_user\" owns the databases of several environments";
    let times = |ws: &Workspace| {
        let said = ws.plan_to("saved.plan").diagnostics();
        said.0.iter().filter(|one| one.summary.contains(told)).count()
    };
    let ws = workspace(&servers);
    write(&ws, &[("karmyq", "staging", "")]);
    assert_eq!(times(&ws), 0, "one environment shares with none");
    write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", "")]);
    assert_eq!(times(&ws), 1);
    ws.apply_saved("saved.plan");
    assert_eq!(times(&ws), 0, "nobody is told of what is settled");
    write(&ws, &[("karmyq", "staging", "")]);
    ws.step();
    // From another state.
    let other = workspace(&servers);
    write(&other, &[("karmyq", "dev", "")]);
    assert_eq!(times(&other), 1);

    // What it says is so.
    other.apply_saved("saved.plan");
    let lease = servers.bao.lease("karmyq-staging");
    lease.login(&servers.pg, "karmyq_dev").sql("SELECT 1");
    servers.bao.revoke(&lease);
    other.destroy();
    ws.destroy();
}

#[test]
fn a_login_of_what_is_gone_is_gone_and_vaults_own_stays() {
    for servers in Servers::each() {
        let ws = workspace(&servers);
        let force = "force_disconnect = true";
        write(&ws, &[("karmyq", "staging", force), ("karmyq", "dev", "")]);
        ws.step();
        let leased = servers.bao.lease("karmyq-staging").login(&servers.pg, "karmyq_staging");
        leased.in_database("karmyq_dev").sql("SELECT 1");
        write(&ws, &[("karmyq", "dev", "")]);
        ws.step();
        leased.in_database("karmyq_dev").sql_fails("SELECT 1");
        assert!(!servers.pg.has_role(&leased.user));
        let vault = format!(
            "SELECT bool_or(a.admin_option) FROM pg_auth_members a WHERE a.roleid = 'karmyq_user'::regrole \
             AND a.member = '{}'::regrole",
            servers.pg.vault_admin().user
        );
        assert_eq!(servers.pg.sql(&vault).one(), "t");
        let lease = servers.bao.lease("karmyq-dev");
        lease.login(&servers.pg, "karmyq_dev").sql("CREATE TABLE public.made (x int)");
        servers.bao.revoke(&lease);
        ws.is_settled();
        ws.destroy();
        assert!(!servers.pg.has_role("karmyq_user"));
    }
}

#[test]
fn it_stays_with_a_database_that_is_kept() {
    let servers = Servers::start();
    let empty = Snapshot::take(&servers);
    let ws = workspace(&servers);
    let retain = "on_destroy = \"retain\"";
    write(&ws, &[("karmyq", "staging", retain), ("karmyq", "dev", "")]);
    ws.step();
    let sentinel = Sentinel::plant(&servers.pg, "karmyq_staging");
    ws.destroy();
    assert!(!servers.pg.has_database("karmyq_dev"));
    sentinel.is_still_there(&servers.pg);
    let owner = "SELECT datdba::regrole FROM pg_database WHERE datname = 'karmyq_staging'";
    assert_eq!(servers.pg.sql(owner).one(), "karmyq_user");

    // It comes back to it, and the last one removes it.
    write(&ws, &[("karmyq", "staging", "adopt = \"verify\"")]);
    ws.step();
    sentinel.is_still_there(&servers.pg);
    ws.destroy();
    Snapshot::take(&servers).since(&empty).outside(&["appenv"]).is_nothing();
}
