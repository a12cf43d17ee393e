// SPDX-License-Identifier: MPL-2.0
//! What production applies have had cannot be loosened in a configuration.

use serde_json::{Value, json};

use super::{CREATES, Gates, Guarded, limit};
use crate::site::{self, block};

/// The floor of an owner, as PostgreSQL has it; Vault has the same.
fn floor(it: &Guarded) -> Value {
    let sql = format!("SELECT floor FROM appenv.floors WHERE owner = '{}'", it.site.owner);
    let rows = it.site.servers.pg.sql(&sql);
    let postgres: Value = serde_json::from_str(rows.one()).unwrap();
    let document = it.site.servers.bao.api().get("kvv2/data/appenv/_floors").unwrap();
    assert!(document.to_string().contains(&it.site.owner), "{document}");
    postgres
}

/// A plan of a configuration is refused because it is looser; each phrase is told.
fn is_looser(it: &Guarded, id: &str, phrases: &[&str]) {
    let told = it.site.ws.plan_fails();
    let error = told.error();
    assert_eq!(error.summary, format!("{id}: the gates are looser than they were"), "{told}");
    for phrase in phrases {
        assert!(error.detail.contains(phrase), "{phrase:?} is not told:\n{told}");
    }
    assert!(error.detail.contains("Next:") && error.detail.contains("floor set"), "{told}");
    let before = it.snapshot();
    it.site.ws.apply_fails();
    it.is_untouched(&before);
}

#[test]
fn a_looser_configuration_is_refused_even_without_a_change() {
    let it = Guarded::made("floor-looser", &CREATES, "");
    assert_eq!(
        floor(&it)["envs"]["prod"],
        json!({ "production": true, "mode": "noop", "allow": ["create"] })
    );
    let id = "floor-looser/prod";
    for mode in ["review", "open"] {
        it.instance(&Gates { mode, ..CREATES }, "");
        is_looser(&it, id, &[&format!("`gates.production` is {mode}, it was noop")]);
    }
    it.instance(&Gates { allow: &["create", "delete"], ..CREATES }, "");
    is_looser(&it, id, &["`allow` of env prod has delete, it had create"]);
    // Relabelled.
    let relabelled = CREATES.lines().replace("production = true", "production = false");
    let header = site::header(&it.site.owner, "", &relabelled);
    it.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "prod", &limit(3))));
    is_looser(&it, id, &["env prod is not a production one, it was"]);
    it.instance(&CREATES, "");
    it.site.ws.is_settled();
}

#[test]
fn a_tighter_configuration_raises_it_with_the_next_apply() {
    let loose = Gates { mode: "open", allow: &["create"], more: "" };
    let mut it = Guarded::made("floor-raise", &loose, "");
    assert_eq!(floor(&it)["envs"]["prod"]["mode"], "open");
    let tight = Gates {
        mode: "noop",
        allow: &["create", "release"],
        more: "    promote_from = \"sandbox\"\n    soak = \"1h\"\n",
    };
    // The app has a sandbox nowhere, and others have.
    it.instance(&tight, &limit(3));
    it.site.ws.plan_fails();
    it.approved("update");
    assert_eq!(
        floor(&it)["envs"]["prod"],
        json!({ "production": true, "mode": "noop", "allow": ["create", "release"], "promote_from": "sandbox", "soak": 3600 })
    );
    let id = "floor-raise/prod";
    it.instance(&Gates { more: "", ..tight }, &limit(3));
    is_looser(&it, id, &["`promote_from` of env prod is nothing, it was sandbox"]);
    it.instance(
        &Gates { more: "    promote_from = \"sandbox\"\n    soak = \"1m\"\n", ..tight },
        &limit(3),
    );
    is_looser(&it, id, &["`soak` of env prod is 60 seconds, it was 3600"]);
    it.instance(&loose, &limit(3));
    is_looser(&it, id, &["`gates.production` is open, it was noop", "`promote_from`"]);
}

#[test]
fn an_aliased_provider_and_another_address_of_the_server_have_the_same_floor() {
    let it = Guarded::made("floor-alias", &CREATES, "");
    let open = Gates { mode: "open", ..CREATES };
    let port = it.site.servers.pg.port();
    // The same server by its other name, and a change that the first gate would refuse.
    let alias = format!(
        "provider \"appenv\" {{\n  alias = \"open\"\n  owner = \"{}\"\n{}  postgres {{\n    host = \"localhost\"\n    port = {port}\n  \
         }}\n  vault {{}}\n}}\n",
        it.site.owner,
        open.lines()
    );
    let with = format!("  provider = appenv.open\n{}", limit(3));
    it.write(&CREATES, &format!("{alias}{}", block("it", &it.app, "prod", &with)));
    is_looser(&it, "floor-alias/prod", &["`gates.production` is open, it was noop"]);
}

#[test]
fn another_production_env_does_not_take_its_names() {
    let it = Guarded::made("floor-renamed", &CREATES, "");
    let beside = Guarded { site: it.site.beside().owned_by(&it.site.owner), app: it.app.clone() };
    let live = CREATES.lines().replace("\"prod\"", "\"live\"");
    let header = site::header(&it.site.owner, "", &live);
    // Its names are production's, which has them.
    beside.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "live", "")));
    let before = it.snapshot();
    let told = beside.site.ws.apply_fails();
    assert!(told.errors().all(|error| error.summary.starts_with("floor-renamed/live: ")), "{told}");
    assert!(told.say("already belongs to app \"floor-renamed\" in env \"prod\""), "{told}");
    it.is_untouched(&before);
    // Those of another app are free, and would be production's.
    beside.site.ws.write("main.tf", &format!("{header}{}", block("it", "floor-again", "live", "")));
    let phrase = "the env that names leave out is live, it was prod";
    is_looser(&beside, "floor-again/live", &[phrase]);
}

#[test]
fn each_owner_has_his_own() {
    let shut = Guarded::made("floor-one", &CREATES, "");
    let open = Guarded::made("floor-two", &Gates { mode: "open", ..CREATES }, "");
    assert_eq!(floor(&shut)["envs"]["prod"]["mode"], "noop");
    assert_eq!(floor(&open)["envs"]["prod"]["mode"], "open");
    open.instance(&Gates { mode: "open", ..CREATES }, &limit(3));
    open.site.ws.step();
}

#[test]
fn it_goes_with_the_app_to_its_new_owner() {
    let it = Guarded::made("floor-moves", &CREATES, "");
    let open = Gates { mode: "open", ..CREATES };
    let write = |gates: &Gates<'_>| {
        let header = site::header("team/floor-heir", "", &gates.lines());
        it.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "prod", "")));
    };
    // The new owner has no floor yet; the app's is that of the one before.
    write(&open);
    is_looser(&it, "floor-moves/prod", &["`gates.production` is open, it was noop"]);
    write(&CREATES);
    let told = it.site.ws.plan_fails();
    let digest = super::digest(&told, "floor-moves/prod", "update");
    let mut it = it;
    it.approve(&[&digest]);
    it.site.ws.step();
    let heir = "SELECT floor -> 'envs' -> 'prod' ->> 'mode' FROM appenv.floors WHERE owner = 'team/floor-heir'";
    assert_eq!(it.site.servers.pg.sql(heir).one(), "noop");
    it.approve(&[]);
    let header = site::header("team/floor-heir", "", &open.lines());
    it.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "prod", "")));
    is_looser(&it, "floor-moves/prod", &["`gates.production` is open, it was noop"]);
}
