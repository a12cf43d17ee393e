// SPDX-License-Identifier: MPL-2.0
//! `examples/quickstart`: one application in two environments, applied and ended.

use acceptance::servers::Servers;
use acceptance::{Cli, Snapshot, Workspace};
use serde_json::json;

use super::approve;

#[test]
fn it_is_applied_and_ended_as_its_readme_says() {
    let servers = Servers::start();
    let before = Snapshot::take(&servers);
    let mut ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
    ws.copy_from("examples/quickstart");
    ws.step();
    let owned = "SELECT datname || ' ' || datdba::regrole || ' ' || datconnlimit FROM pg_database WHERE datname LIKE \
                 'erp%' ORDER BY 1";
    assert_eq!(
        servers.pg.sql(owned).column(),
        ["erp erp_role 20", "erp-sandbox erp_sandbox_role 5"]
    );
    for policy in ["erp", "erp-sandbox", "erp-ops"] {
        assert!(servers.bao.policy(policy).is_some(), "{policy}");
    }
    let ci = servers.bao.read("auth/gitea_jwt/role/gitea_cicd_erp").unwrap();
    assert_eq!(ci["data"]["bound_claims"], json!({ "repository": "arcodange-org/erp" }));
    assert_eq!(ws.state().output("names")["sandbox"]["dns_host"], "erp-sandbox.arcodange.lab");

    // Production is ended by two applies, each approved.
    ws.edit("main.tf", "env = \"prod\"\n", "env = \"prod\"\n\n  deletion_protection = false\n");
    let refused = ws.plan_fails();
    approve(&mut ws, &refused, &["erp/prod update"], "");
    ws.step();
    let refused = ws.destroy_fails();
    approve(&mut ws, &refused, &["erp/prod delete"], "");
    ws.destroy();
    Snapshot::take(&servers).since(&before).outside(&["appenv"]).is_nothing();
}
