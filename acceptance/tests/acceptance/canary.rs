// SPDX-License-Identifier: MPL-2.0
//! The canary scan finds what it is there to find, in every sink.

use acceptance::canary::watch::{Activity, CommandLines};
use acceptance::random;
use acceptance::servers::Servers;
use acceptance::{Canaries, Cli, Sinks, Workspace};
use serde_json::json;

#[test]
fn a_secret_is_found_in_state_backup_plan_output_and_trace() {
    for cli in Cli::all() {
        let secret = random::canary();
        let other = random::canary();
        let ws = Workspace::without_provider(cli)
            .with_env([("TF_VAR_secret".to_owned(), secret.clone())]);
        let clean = "resource \"terraform_data\" \"a\" {\n  input = sha256(var.secret)\n}\nvariable \"secret\" {}\n";
        let mut canaries = Canaries::new();
        canaries.register("the variable", &secret).register("another", &other);
        ws.write("main.tf", &clean.replace("var.secret", "\"x\""));
        ws.plan_to("saved.plan");
        ws.apply_saved("saved.plan");
        // The plan file holds variables; without a use the secret is nowhere else.
        let places: Vec<_> =
            canaries.scan(&Sinks::of(&ws)).into_iter().map(|hit| hit.place).collect();
        assert!(places.iter().all(|place| place.contains("saved.plan")), "{places:?}");

        ws.write("main.tf", &clean.replace("sha256(var.secret)", "jsonencode({ k = var.secret })"));
        ws.plan_text();
        ws.plan_to("saved.plan");
        ws.apply_saved("saved.plan");
        ws.write("main.tf", clean);
        ws.plan_to("later.plan");
        ws.apply_saved("later.plan");
        let hits = canaries.scan(&Sinks::of(&ws));
        assert!(hits.iter().all(|hit| hit.secret == "the variable"), "{hits:?}");
        let found = |what: &str| hits.iter().any(|hit| hit.place.contains(what));
        assert!(found("terraform.tfstate.backup"), "{hits:?}");
        assert!(found("saved.plan, entry tfplan"), "{hits:?}");
        assert!(found("later.plan, entry tfstate"), "{hits:?}");
        assert!(found(".stdout"), "{hits:?}");
    }
}

#[test]
fn a_secret_is_found_in_what_the_servers_log_and_show() {
    let servers = Servers::start();
    let Servers { pg, bao } = &servers;
    let secret = random::canary();
    let mut canaries = Canaries::new();
    canaries.register("the password", &secret).register_servers(&servers);
    let ws = Workspace::without_provider(Cli::any());
    let activity = Activity::of(pg);
    let lines = CommandLines::start();
    let sinks =
        || Sinks::of(&ws).with_servers(&servers).with_path(activity.saw()).with_path(lines.saw());
    bao.api().put("kvv2/data/canary", &json!({ "data": { "password": secret } }));
    canaries.are_nowhere(&sinks());

    let literal = secret.replace('\'', "''");
    pg.admin().sql(&format!("SELECT pg_sleep(0.2), '{literal}'"));
    let hits = canaries.scan(&sinks());
    let found = |what: &str| hits.iter().any(|hit| hit.place.contains(what));
    assert!(found("postgres.log"), "{hits:?}");
    assert!(found("pg_stat_activity"), "{hits:?}");
    // `psql -c` has it on its command line.
    assert!(found("command_lines"), "{hits:?}");
    assert!(!found("audit.log") && !found("server.log"), "{hits:?}");

    // A path is not hashed in the audit log.
    bao.api().get(&format!("kvv2/data/{}", random::hex(secret.as_bytes())));
    let hits = canaries.scan(&sinks());
    assert!(
        hits.iter().any(|hit| hit.place.contains("audit.log") && hit.form == "hex"),
        "{hits:?}"
    );
}

#[test]
#[should_panic(expected = "too short")]
fn a_short_secret_is_refused() {
    Canaries::new().register("pin", "1234");
}
