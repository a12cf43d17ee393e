// SPDX-License-Identifier: MPL-2.0
//! Secrets over time, by a clock that is set: due, rotated, kept for the time of grace, gone.

use std::path::PathBuf;
use std::sync::Arc;

use acceptance::Workspace;
use acceptance::servers::Servers;
use serde_json::Value;

use crate::site::{Site, block};

/// Debian's `faketime` package.
fn library() -> PathBuf {
    let found = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|arch| PathBuf::from(format!("/usr/lib/{arch}/faketime/libfaketime.so.1")))
        .into_iter()
        .find(|path| path.exists());
    found.expect("libfaketime is missing: apt-get install faketime (`make tools` does)")
}

/// Sets the clock of the provider so many days ahead. The CLI asks the kernel itself and keeps the real time.
pub fn days(ws: &mut Workspace, days: u32) {
    ws.set_env("LD_PRELOAD", library().to_str().unwrap());
    ws.set_env("FAKETIME", &format!("+{days}d"));
    ws.set_env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

fn secret(env: &str, more: &str) -> String {
    format!(
        "{}resource \"appenv_env_secret\" \"k\" {{\n  app = appenv_app_instance.erp.app\n  env = \"{env}\"\n  key = \"K\"\n  \
         {more}\n}}\n",
        block("erp", "erp", env, "")
    )
}

const MONTHLY: &str = "generate {}\n  rotation {\n    every = \"30d\"\n    grace = \"7d\"\n  }";

fn values(site: &Site, instance: &str) -> Value {
    let read = site.servers.bao.api().get(&format!("kvv2/data/{instance}/config")).unwrap();
    read["data"]["data"].clone()
}

fn attribute(site: &Site, attribute: &str) -> Value {
    site.ws.state().attribute("appenv_env_secret.k", attribute).clone()
}

#[test]
fn due_rotated_and_the_one_before_gone() {
    let mut site = Site::on(&Arc::new(Servers::start()));
    site.write(&secret("sandbox", MONTHLY));
    site.ws.step();
    let first = values(&site, "erp-sandbox")["K"].clone();

    days(&mut site.ws, 29);
    site.ws.is_settled();
    // A plan that was made before the time is applied after it: what was planned is done, and nothing else.
    site.ws.plan_to("early.plan");
    days(&mut site.ws, 31);
    site.ws.apply_saved("early.plan");
    assert_eq!(values(&site, "erp-sandbox"), serde_json::json!({ "K": first }));

    let plan = site.ws.plan_text().text();
    assert!(plan.contains("rotation_due") && plan.contains("true -> false"), "{plan}");
    site.ws.step();
    let after = values(&site, "erp-sandbox");
    assert_eq!(after["K_PREVIOUS"], first);
    assert_ne!(after["K"], first);
    assert_eq!(attribute(&site, "version"), 2);

    days(&mut site.ws, 37);
    site.ws.is_settled();
    days(&mut site.ws, 39);
    let plan = site.ws.plan_text().text();
    assert!(plan.contains("grace_over"), "{plan}");
    site.ws.step();
    assert_eq!(values(&site, "erp-sandbox"), serde_json::json!({ "K": after["K"] }));
    assert_eq!(attribute(&site, "version"), 2);
    site.ws.destroy();
}

/// Writes a secret of production, guarded, with what needs no approval there.
fn guarded(site: &Site, allow: &str, secret: &str) {
    let gates = format!(
        "  gates {{\n    production = \"noop\"\n  }}\n  environment {{\n    name = \"prod\"\n    production = true\n    \
         allow = [{allow}]\n  }}\n"
    );
    let header = crate::site::header(&site.owner, "", &gates);
    site.ws.write("main.tf", &format!("{header}{secret}"));
}

#[test]
fn in_production_it_waits_for_leave_and_is_refused_when_overdue() {
    let mut site = Site::on(&Arc::new(Servers::start()));
    let create = "\"create\"";
    guarded(&site, create, &secret("prod", MONTHLY));
    site.ws.step();
    let first = values(&site, "erp");

    days(&mut site.ws, 31);
    let plan = site.ws.plan_with(&["-json", "-detailed-exitcode"]);
    assert_eq!(plan.code, Some(0), "{plan}");
    let told = plan.diagnostics();
    let waits = told.warnings().find(|warning| {
        warning.summary.starts_with("erp/prod/K rotate a1-")
            && warning.summary.ends_with("rotation is due and not allowed")
    });
    assert!(waits.is_some(), "{told}");
    site.ws.apply();
    assert_eq!(values(&site, "erp"), first);

    days(&mut site.ws, 38);
    let overdue = |site: &Site| {
        let told = site.ws.plan_fails();
        let error = told.error();
        assert!(error.summary.ends_with("rotation is overdue"), "{told}");
        error.summary.split([' ', ':']).nth(2).unwrap().to_owned()
    };
    overdue(&site);
    // The other way out that it names: nothing is written.
    guarded(&site, create, &secret("prod", &MONTHLY.replace("30d", "60d")));
    site.ws.step();
    assert_eq!(values(&site, "erp"), first);
    guarded(&site, create, &secret("prod", MONTHLY));
    site.ws.apply();

    let digest = overdue(&site);
    site.ws.set_env("APPENV_APPROVALS", &digest);
    site.ws.step();
    assert_eq!(values(&site, "erp")["K_PREVIOUS"], first["K"]);
}

#[test]
fn in_production_it_is_done_where_it_is_allowed() {
    let mut site = Site::on(&Arc::new(Servers::start()));
    guarded(&site, "\"create\", \"rotate\"", &secret("prod", MONTHLY));
    site.ws.step();
    let first = values(&site, "erp");
    days(&mut site.ws, 31);
    site.ws.step();
    assert_eq!(values(&site, "erp")["K_PREVIOUS"], first["K"]);
}

#[test]
fn a_given_value_keeps_the_one_before_for_the_time_of_grace() {
    let mut site = Site::on(&Arc::new(Servers::start()));
    let given = |value: &str, version: u32| {
        secret(
            "sandbox",
            &format!(
                "value_wo = \"{value}\"\n  value_wo_version = {version}\n  rotation {{\n    grace = \"2d\"\n  }}"
            ),
        )
    };
    site.write(&given("one", 1));
    site.ws.step();
    site.write(&given("two", 2));
    site.ws.step();
    assert_eq!(
        values(&site, "erp-sandbox"),
        serde_json::json!({ "K": "two", "K_PREVIOUS": "one" })
    );
    days(&mut site.ws, 3);
    site.ws.step();
    assert_eq!(values(&site, "erp-sandbox"), serde_json::json!({ "K": "two" }));
}
