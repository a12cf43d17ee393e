// SPDX-License-Identifier: MPL-2.0
//! Which state entry holds an instance: renames, twins, second states, saved plans.

use acceptance::{Fault, Proxy, Sentinel, Snapshot};

use crate::site::{self, Site, at, block, moved, plain};

const TAKEN_OVER: &str = "appenv_app_instance.it";

fn module(app: &str) -> String {
    format!("module \"inner\" {{\n  source = \"./inner\"\n  app    = \"{app}\"\n}}\n")
}

fn write_module(site: &Site) {
    let text = format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         variable \"app\" {{}}\n{}",
        plain("it", "${var.app}", "sandbox")
    );
    site.ws.write("inner/main.tf", &text);
}

fn each(app: &str, key: &str) -> String {
    block("it", app, "sandbox", &format!("  for_each = toset([\"{key}\"])\n"))
}

#[test]
fn a_renamed_block_needs_moved() {
    let site = Site::shared();
    let app = "renamed";
    site.step(&plain("it", app, "sandbox"));
    let row = Sentinel::plant(&site.servers.pg, "renamed-sandbox");
    let before = site.snapshot(app);
    let titled = "renamed/sandbox: one block is created, another deleted";
    write_module(&site);
    for blocks in [plain("other", app, "sandbox"), module(app), each(app, "a")] {
        site.write(&blocks);
        site.ws.run(&["get"]);
        for args in [&[][..], &["-refresh=false"], &["-parallelism=1"]] {
            site::refused(
                &site.ws.plan_fails_with(args),
                titled,
                &["moved {", "data would be lost"],
            );
        }
    }
    for (from, to, blocks) in [
        ("appenv_app_instance.it", "appenv_app_instance.other", plain("other", app, "sandbox")),
        ("appenv_app_instance.other", "module.inner.appenv_app_instance.it", module(app)),
        ("module.inner.appenv_app_instance.it", "appenv_app_instance.it[\"a\"]", each(app, "a")),
        ("appenv_app_instance.it[\"a\"]", "appenv_app_instance.it[\"b\"]", each(app, "b")),
    ] {
        site.write(&blocks);
        if !to.ends_with("[\"a\"]") {
            site.ws.run(&["get"]);
        }
        site::refused(&site.ws.plan_fails(), titled, &["moved"]);
        site.write(&format!("{blocks}{}", moved(from, to)));
        site.ws.step();
        assert_eq!(site.ws.state().addresses(), [to]);
    }
    site.is_untouched(&before, app);
    row.is_still_there(&site.servers.pg);
    site.ws.destroy();
}

#[test]
fn two_blocks_of_one_coordinate_are_refused() {
    let site = Site::shared();
    let titled = "twins/sandbox: two blocks of one coordinate";
    let both = format!("{}{}", plain("a", "twins", "sandbox"), plain("b", "twins", "sandbox"));
    let before = site.snapshot("twins");
    write_module(&site);
    let inside = format!("{}{}", plain("a", "twins", "sandbox"), module("twins"));
    let counted = block("a", "twins", "sandbox", "  count = 2\n");
    for blocks in [&both, &inside, &counted] {
        site.write(blocks);
        site.ws.run(&["get"]);
        site::refused(&site.ws.plan_fails(), titled, &["twins/sandbox", "moved"]);
        site.ws.apply_fails();
    }
    site.is_untouched(&before, "twins");

    site.step(&plain("a", "twins", "sandbox"));
    let row = Sentinel::plant(&site.servers.pg, "twins-sandbox");
    let before = site.snapshot("twins");
    for blocks in [&both, &inside] {
        site.write(blocks);
        site.ws.run(&["get"]);
        for args in [&[][..], &["-refresh=false"]] {
            site::refused(&site.ws.plan_fails_with(args), titled, &["moved"]);
        }
    }
    site.is_untouched(&before, "twins");

    // Looked at alone, the second block takes it over, and says so; then the first no longer holds it.
    site.write(&both);
    let target = format!("-target={}", at("b"));
    let run = site.ws.apply_with(&[&target]);
    run.diagnostics().warning_titled("twins/sandbox: exists, held since");
    site::refused(&site.ws.plan_fails(), "twins/sandbox: held twice", &["remove this entry"]);
    site.write(&plain("b", "twins", "sandbox"));
    let run = site.ws.apply();
    assert!(run.diagnostics().say("only the entry"), "{run}");
    site.ws.is_settled();
    row.is_still_there(&site.servers.pg);
    site.ws.destroy();
}

#[test]
fn sandbox_and_prod_live_in_two_states_of_one_owner() {
    let (prod, sandbox) = (Site::shared(), Site::shared());
    prod.write_at(
        "prod.tfstate",
        &block("it", "paired", "prod", "  deletion_protection = false\n"),
    );
    prod.ws.step();
    sandbox.write_at("sandbox.tfstate", &plain("it", "paired", "sandbox"));
    sandbox.ws.step();
    prod.ws.is_settled();
    let row = Sentinel::plant(&prod.servers.pg, "paired");
    sandbox.ws.destroy();
    row.is_still_there(&prod.servers.pg);
    prod.ws.is_settled();
    prod.ws.destroy();
}

#[test]
fn a_second_state_with_a_known_address_is_refused() {
    let first = Site::shared();
    first.write_at("first.tfstate", &plain("it", "known", "sandbox"));
    first.ws.step();
    let row = Sentinel::plant(&first.servers.pg, "known-sandbox");
    let before = first.snapshot("known");
    let second = first.beside();
    second.write_at("second.tfstate", &plain("it", "known", "sandbox"));
    let theirs = format!("local:{}/first.tfstate", first.ws.dir().display());
    let ours = format!("local:{}/second.tfstate", second.ws.dir().display());
    let words = [theirs.as_str(), ours.as_str(), "import", "removed"];
    site::refused(&second.ws.plan_fails(), "known/sandbox: held by another state", &words);
    site::refused(&second.ws.apply_fails(), "known/sandbox: held by another state", &words);
    first.is_untouched(&before, "known");
    assert!(second.ws.state().is_empty());

    // The way the message names: forget it there, import it here.
    first.ws.state_rm(&at("it"));
    second.ws.import(&at("it"), "known/sandbox");
    second.ws.step();
    row.is_still_there(&first.servers.pg);
    second.ws.destroy();
}

#[test]
fn a_second_state_without_an_address_adopts_and_the_first_is_told() {
    let first = Site::shared();
    first.step(&plain("it", "taken", "sandbox"));
    let holder = first.holder("taken", "sandbox");
    let row = Sentinel::plant(&first.servers.pg, "taken-sandbox");
    let second = first.beside();
    second.write(&plain("it", "taken", "sandbox"));
    let plan = second.ws.plan();
    let said = plan.diagnostics();
    let warning = said.warning_titled("taken/sandbox: exists, held since");
    for word in ["moved", "adopt", "takes it over"] {
        assert!(warning.summary.contains(word) || warning.detail.contains(word), "{warning}");
    }
    second.ws.step();
    assert_ne!(first.holder("taken", "sandbox"), holder);
    assert_eq!(second.generation(TAKEN_OVER), 2);

    let before = first.snapshot("taken");
    let titled = "taken/sandbox: held twice";
    let words = ["another entry took it over", "generation 2", "state rm", "import"];
    site::refused(&first.ws.plan_fails(), titled, &words);
    site::refused(&first.ws.apply_fails(), titled, &words);
    first.write(&block("it", "taken", "sandbox", "  database {\n    connection_limit = 9\n  }\n"));
    site::refused(&first.ws.apply_fails(), titled, &words);
    first.ws.apply_fails_with(&["-refresh=false"]);
    first.ws.apply_fails_with(&[&format!("-replace={}", at("it"))]);
    first.ws.apply_fails_with(&["-refresh=false", &format!("-replace={}", at("it"))]);
    assert_eq!(first.ws.state().addresses(), [TAKEN_OVER], "the entry is kept");
    // Without the block the entry goes, and only that.
    first.write("");
    let run = first.ws.apply();
    assert!(run.diagnostics().say("only the entry"), "{run}");
    assert!(first.ws.state().is_empty());
    first.is_untouched(&before, "taken");
    row.is_still_there(&first.servers.pg);
    second.ws.is_settled();
    second.ws.destroy();
}

#[test]
fn destroying_what_another_state_took_over_touches_nothing() {
    let first = Site::shared();
    first.step(&plain("it", "doomed", "sandbox"));
    let row = Sentinel::plant(&first.servers.pg, "doomed-sandbox");
    let second = first.beside();
    second.step(&plain("it", "doomed", "sandbox"));
    let before = first.snapshot("doomed");
    let run = first.ws.destroy_with(&["-refresh=false"]);
    let said = run.diagnostics();
    said.warning_titled("doomed/sandbox: only the entry went");
    assert!(first.ws.state().is_empty());
    first.is_untouched(&before, "doomed");
    row.is_still_there(&first.servers.pg);
    second.ws.is_settled();
    second.ws.destroy();
}

#[test]
fn a_saved_plan_is_refused_once_the_registration_is_another() {
    let first = Site::shared();
    first.step(&plain("it", "saved", "sandbox"));
    let limit = block("it", "saved", "sandbox", "  database {\n    connection_limit = 9\n  }\n");
    first.write(&limit);
    first.ws.plan_to("update.plan");
    first.ws.plan_with(&["-destroy", "-out=destroy.plan"]);
    let second = first.beside();
    second.step(&plain("it", "saved", "sandbox"));
    let row = Sentinel::plant(&first.servers.pg, "saved-sandbox");
    let before = first.snapshot("saved");
    let run = first.ws.run(&["apply", "-json", "update.plan"]);
    assert_eq!(run.code, Some(1), "{run}");
    let words = ["not the one that the plan saw", "generation 2", "plan again"];
    site::refused(&run.diagnostics(), "saved/sandbox: changed since the plan", &words);
    first.is_untouched(&before, "saved");
    row.is_still_there(&first.servers.pg);
    second.ws.destroy();

    // The plan of an update, of what is gone meanwhile.
    let third = first.beside();
    third.step(&plain("it", "saved", "sandbox"));
    third.write(&limit);
    third.ws.plan_to("update.plan");
    let fourth = first.beside();
    fourth.step(&plain("it", "saved", "sandbox"));
    fourth.ws.destroy();
    let run = third.ws.run(&["apply", "-json", "update.plan"]);
    assert_eq!(run.code, Some(1), "{run}");
    site::refused(&run.diagnostics(), "saved/sandbox: changed since the plan", &["plan again"]);
    assert!(!first.servers.pg.has_database("saved-sandbox"));
}

#[test]
fn a_saved_create_is_refused_once_another_state_has_it_and_both_can_be_told_apart() {
    let first = Site::shared();
    let it = plain("it", "raced", "sandbox");
    first.write_at("first.tfstate", &it);
    first.ws.plan_to("create.plan");
    let second = first.beside();
    second.write_at("second.tfstate", &it);
    second.ws.step();
    let row = Sentinel::plant(&first.servers.pg, "raced-sandbox");
    let before = first.snapshot("raced");
    let run = first.ws.run(&["apply", "-json", "create.plan"]);
    assert_eq!(run.code, Some(1), "{run}");
    site::refused(&run.diagnostics(), "raced/sandbox: held by another state", &["second.tfstate"]);
    first.is_untouched(&before, "raced");
    row.is_still_there(&first.servers.pg);
    second.ws.is_settled();
    second.ws.destroy();
}

#[test]
fn refresh_only_and_target_keep_to_themselves() {
    let site = Site::shared();
    let both = format!("{}{}", plain("a", "aimed", "sandbox"), plain("b", "aimed", "staging"));
    site.write(&both);
    site.ws.apply_with(&[&format!("-target={}", at("a"))]);
    assert!(
        site.servers.pg.has_database("aimed-sandbox")
            && !site.servers.pg.has_database("aimed-staging")
    );
    site.ws.step();
    site.servers.pg.sql("ALTER DATABASE \"aimed-sandbox\" CONNECTION LIMIT 77");
    let before = site.snapshot("aimed");
    site.ws.apply_with(&["-refresh-only"]);
    site.is_untouched(&before, "aimed");
    // What the refresh has noted is mended without another.
    site.ws.apply_with(&["-refresh=false"]);
    site.ws.is_settled();
    site.ws.destroy_with(&[&format!("-target={}", at("b"))]);
    assert!(
        site.servers.pg.has_database("aimed-sandbox")
            && !site.servers.pg.has_database("aimed-staging")
    );
    site.ws.destroy();
}

#[test]
fn the_generation_survives_a_delete() {
    let site = Site::shared();
    for generation in [1, 2] {
        site.step(&plain("it", "phoenix", "sandbox"));
        assert_eq!(
            site.registration("phoenix", "sandbox"),
            format!("live acme/shop {}", 2 * generation - 1)
        );
        assert_eq!(site.generation(TAKEN_OVER), 2 * generation - 1);
        site.ws.destroy();
        assert_eq!(
            site.registration("phoenix", "sandbox"),
            format!("gone acme/shop {}", 2 * generation)
        );
        let document = site.servers.bao.read("kvv2/data/appenv/_apps/phoenix").unwrap();
        assert_eq!(document["data"]["data"]["instances"]["sandbox"]["generation"], 2 * generation);
    }
    assert!(!site.servers.pg.has_role("phoenix_sandbox_role"));
}

#[test]
fn a_tainted_entry_that_another_has_taken_over_is_not_replaced() {
    let first = Site::shared();
    first.step(&plain("it", "stained", "sandbox"));
    let row = Sentinel::plant(&first.servers.pg, "stained-sandbox");
    let second = first.beside();
    second.step(&plain("it", "stained", "sandbox"));
    let before = first.snapshot("stained");
    let run = first.ws.run(&["taint", &at("it")]);
    assert_eq!(run.code, Some(0), "{run}");
    site::refused(
        &first.ws.apply_fails(),
        "stained/sandbox: held twice",
        &["state rm", "destroy -refresh=false"],
    );
    first.ws.destroy_with(&["-refresh=false"]);
    first.is_untouched(&before, "stained");
    row.is_still_there(&first.servers.pg);
    second.ws.destroy();
}

#[test]
fn a_tainted_entry_that_another_is_taking_over_is_not_replaced() {
    let first = Site::shared();
    let bao = Proxy::openbao(&first.servers.bao);
    for (app, imports) in [("seized", false), ("fetched", true)] {
        first.step(&plain("it", app, "sandbox"));
        let row = Sentinel::plant(&first.servers.pg, &format!("{app}-sandbox"));
        let mut second = first.beside();
        second.ws.set_envs(first.servers.bao.env_at(bao.port()));
        second.write(&plain("it", app, "sandbox"));
        if imports {
            second.ws.import(&at("it"), &format!("{app}/sandbox"));
        }
        // Killed as it begins: the claim stands in PostgreSQL, and nothing was made.
        bao.arm(1, Fault::KillBefore(second.ws.victim()));
        let run = second.ws.run(&["apply", "-json", "-auto-approve"]);
        assert_eq!(run.code, Some(1), "{run}");
        assert!(bao.fired().is_some(), "{run}");
        bao.forget();
        // A replacement by taint knows its own registration by the generation alone.
        let run = first.ws.run(&["taint", &at("it")]);
        assert_eq!(run.code, Some(0), "{run}");
        let run = first.ws.apply_with(&["-refresh=false"]);
        let said = run.diagnostics();
        said.warning_titled(&format!("{app}/sandbox: only the entry went"));
        said.warning_titled(&format!("{app}/sandbox: exists, held since"));
        row.is_still_there(&first.servers.pg);
        first.ws.is_settled();
        first.ws.destroy();
    }
}

#[test]
fn a_state_that_names_a_neighbours_database_drops_nothing() {
    let site = Site::shared();
    site.step(&format!(
        "{}{}",
        plain("it", "forger", "sandbox"),
        plain("other", "robbed", "sandbox")
    ));
    let row = Sentinel::plant(&site.servers.pg, "robbed-sandbox");
    let file = site.ws.dir().join("terraform.tfstate");
    let mut state = site.ws.state_file();
    for resource in state["resources"].as_array_mut().unwrap() {
        if resource["name"] == "it" {
            let names = &mut resource["instances"][0]["attributes"]["resolved_names"];
            names["database"] = "robbed-sandbox".into();
            names["owner_role"] = "robbed_sandbox_role".into();
        }
    }
    std::fs::write(file, state.to_string()).unwrap();
    let only = "-target=appenv_app_instance.it";
    let told = site.ws.apply_fails_with(&["-destroy", "-refresh=false", only]);
    assert!(told.say("registered under other names") && told.say("forger-sandbox"), "{told}");
    // An apply goes by the registry: the state says again what is, and nothing of the neighbour's is touched.
    let before = Snapshot::of_app(&site.servers, "robbed");
    site.ws.apply();
    site.ws.is_settled();
    Snapshot::of_app(&site.servers, "robbed").since(&before).is_nothing();
    let state = site.ws.state();
    let names = &state.resource("appenv_app_instance.it")["resolved_names"];
    assert_eq!(names["database"], "forger-sandbox");
    assert!(site.servers.pg.has_database("forger-sandbox"));
    row.is_still_there(&site.servers.pg);
}
