// SPDX-License-Identifier: MPL-2.0
//! `examples/arcodange`: five applications that were made by hand, and one with a sandbox, in one state for all and in a
//! state for each environment.

use acceptance::servers::{Servers, States};
use acceptance::{Cli, Sentinel, Snapshot, Workspace};

use super::{approve, follow, options, said};
use crate::adopt::{by_hand, only_markers};
use crate::instances::registered;

/// What runs before the provider comes.
const FIVE: [&str; 5] = ["cms", "crowdsec", "dance-lessons-coach", "plausible", "webapp"];

/// Everything that the two instances of `erp` have.
const ERP: [&str; 6] =
    ["erp", "erp_role", "erp-sandbox", "erp_sandbox_role", "erp-ops", "gitea_cicd_erp"];

/// A root of the example, whose states a server here keeps in the place of the bucket.
struct Root {
    ws: Workspace,
    states: States,
}

impl Root {
    fn new(servers: &Servers, root: &str) -> Self {
        let ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
        ws.copy_from(&format!("examples/arcodange/{root}"));
        ws.write("backend_override.tf", "terraform {\n  backend \"http\" {}\n}\n");
        Self { ws, states: States::start() }
    }

    /// Goes to the state with this prefix.
    fn at(&self, prefix: &str) {
        let address = format!("-backend-config=address=http://{}/{prefix}", self.states.host());
        self.ws.init(&["-reconfigure", &address]);
    }

    /// Fails the test where the README's commands do not say this prefix.
    fn is_told(&self, instance: &str, prefix: &str) {
        let asked = format!("prefix=$(\"$appenv\" names {instance} ");
        let commands = said("arcodange", &["appenv=", &asked]) + "echo \"$prefix\"";
        assert_eq!(follow(&self.ws, &commands).trim(), prefix);
    }
}

fn owned(servers: &Servers, database: &str) -> String {
    let asked = format!(
        "SELECT datdba::regrole || ' ' || datconnlimit FROM pg_database WHERE datname = '{database}'"
    );
    servers.pg.sql(&asked).column().join("")
}

#[test]
fn in_one_state_for_all() {
    let servers = Servers::start();
    for app in FIVE {
        by_hand(&servers, app);
    }
    let sentinels: Vec<_> = FIVE.iter().map(|app| Sentinel::plant(&servers.pg, app)).collect();
    let before = Snapshot::take(&servers);
    let mut root = Root::new(&servers, "shared");
    root.at("factory/main");

    options(&mut root.ws, "-var=taking_over=true");
    let plan = root.ws.plan().diagnostics();
    for app in FIVE {
        let summary = format!("{app}/prod: exists unregistered, and equals what is wished");
        assert!(plan.say(&summary), "{summary}: {plan}");
    }
    Snapshot::take(&servers).since(&before).is_nothing();

    root.ws.step();
    options(&mut root.ws, "");
    root.ws.is_settled();
    let diff = Snapshot::take(&servers).since(&before);
    only_markers(&diff.outside(&ERP));
    for (app, sentinel) in FIVE.into_iter().zip(&sentinels) {
        sentinel.is_still_there(&servers.pg);
        assert_eq!(registered(&servers, app, "prod"), "live 1 t", "{app}");
    }
    assert_eq!(owned(&servers, "erp"), "erp_role 20");
    assert_eq!(owned(&servers, "erp-sandbox"), "erp_sandbox_role 20");
    assert_eq!(owned(&servers, "webapp"), "webapp_role -1");
    assert_eq!(root.states.paths(), ["/factory/main"]);

    // The chain of the sandbox resolves to its end, and reaches nothing of production's.
    let lease = servers.bao.lease("erp-sandbox");
    let login = lease.login(&servers.pg, "erp-sandbox");
    assert_eq!(login.sql("SELECT current_user").one(), "erp_sandbox_role");
    assert!(lease.login(&servers.pg, "erp").try_sql("SELECT 1").is_err());
    servers.bao.revoke(&lease);
    let outputs = root.ws.state().output("instances").clone();
    assert_eq!(outputs["erp-sandbox"]["database_credentials"], "postgres/creds/erp-sandbox");
    assert_eq!(outputs["erp-sandbox"]["secrets"], "kvv2/erp-sandbox/config");
    assert_eq!(outputs["erp"]["host"], "erp.arcodange.lab");

    // The sandbox goes by a word of the tfvars; production by two approved applies.
    let adopted = Snapshot::take(&servers);
    let envs = "    envs             = [\"prod\", \"sandbox\"]\n";
    root.ws.edit("terraform.tfvars", envs, "");
    root.ws.step();
    assert_eq!(owned(&servers, "erp-sandbox"), "");
    assert_eq!(owned(&servers, "erp"), "erp_role 20");
    root.ws.edit("terraform.tfvars", "  erp = {\n", "  erp = {\n    deletion_protection = false\n");
    let refused = root.ws.plan_fails();
    approve(&mut root.ws, &refused, &["erp/prod update"], "");
    root.ws.step();
    let tfvars = std::fs::read_to_string(root.ws.dir().join("terraform.tfvars")).unwrap();
    let (five, _) = tfvars.split_once("\n  erp = {").unwrap();
    root.ws.write("terraform.tfvars", &format!("{five}}}\n"));
    let refused = root.ws.plan_fails();
    approve(&mut root.ws, &refused, &["erp/prod delete"], "");
    root.ws.step();
    assert_eq!(owned(&servers, "erp"), "");
    let ended = Snapshot::take(&servers);
    ended.since(&adopted).concerns_only(&[&ERP[..], &["appenv"]].concat());
    only_markers(&ended.since(&before));

    // One more that was made by hand takes an approval by now, by a create as by an import.
    by_hand(&servers, "blog");
    root.ws.write("terraform.tfvars", &format!("{five}  blog = {{}}\n}}\n"));
    let refused = root.ws.plan_fails();
    approve(&mut root.ws, &refused, &["blog/prod adopt"], "");
    root.ws.set_env("APPENV_APPROVALS", "");
    root.ws.import("appenv_app_instance.this[\"blog\"]", "blog/prod");
    let refused = root.ws.plan_fails();
    approve(&mut root.ws, &refused, &["blog/prod adopt"], "");
    root.ws.step();
    assert_eq!(registered(&servers, "blog", "prod"), "live 1 t");
}

#[test]
fn in_a_state_for_each_environment() {
    let servers = Servers::start();
    let empty = Snapshot::take(&servers);
    by_hand(&servers, "webapp");
    let sentinel = Sentinel::plant(&servers.pg, "webapp");
    let before = Snapshot::take(&servers);
    let mut root = Root::new(&servers, "per-env");

    // A state that is another instance's is refused.
    root.at("erp/main");
    options(&mut root.ws, "-var=app=erp -var=env=sandbox");
    let refused = root.ws.plan_fails();
    assert!(refused.error().summary.starts_with("erp/sandbox: this state is not its state"));
    root.is_told("erp sandbox", "erp/sandbox");
    root.at("erp/sandbox");
    root.ws.step();
    assert_eq!(owned(&servers, "erp-sandbox"), "erp_sandbox_role -1");

    // What runs is imported, and adopted by an approved apply that writes markers only.
    root.is_told("webapp prod", "webapp/main");
    root.at("webapp/main");
    options(&mut root.ws, "-var=app=webapp -var=env=prod");
    let imported = Snapshot::take(&servers);
    root.ws.import("appenv_app_instance.this", "webapp/prod");
    Snapshot::take(&servers).since(&imported).is_nothing();
    let refused = root.ws.plan_fails();
    approve(&mut root.ws, &refused, &["webapp/prod adopt"], "");
    root.ws.step();
    assert_eq!(root.ws.state().output("instance"), "webapp");
    sentinel.is_still_there(&servers.pg);
    only_markers(&Snapshot::take(&servers).since(&before).outside(&ERP));
    assert_eq!(root.states.paths(), ["/erp/sandbox", "/webapp/main"]);

    // The sandbox ends alone.
    root.at("erp/sandbox");
    options(&mut root.ws, "-var=app=erp -var=env=sandbox");
    root.ws.destroy();
    only_markers(&Snapshot::take(&servers).since(&before));
    assert_eq!(registered(&servers, "webapp", "prod"), "live 1 t");

    // Production ends by two approved applies.
    root.at("webapp/main");
    options(&mut root.ws, "-var=app=webapp -var=env=prod -var=deletion_protection=false");
    let refused = root.ws.plan_fails();
    approve(&mut root.ws, &refused, &["webapp/prod update"], "");
    root.ws.step();
    let refused = root.ws.destroy_fails();
    approve(&mut root.ws, &refused, &["webapp/prod delete"], "");
    root.ws.destroy();
    assert_eq!(owned(&servers, "webapp"), "");
    // The document of its secrets was not made by the provider, and stays.
    Snapshot::take(&servers).since(&empty).outside(&["appenv", "webapp/config"]).is_nothing();
}
