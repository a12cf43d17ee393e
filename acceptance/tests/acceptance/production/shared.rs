// SPDX-License-Identifier: MPL-2.0
//! What the app's instances share is production's too, whichever of them changes it.

use std::sync::Arc;

use acceptance::servers::Servers;

use super::{CREATES, Gates, digest};
use crate::site::{Site, block};

/// A configuration with a CI role of this revision.
fn write(site: &Site, gates: &Gates<'_>, revision: u32, branch: &str, blocks: &str) {
    let ci = format!(
        "  organization = \"org\"\n{}  postgres {{}}\n  vault {{\n    ci {{\n      mount = \"gitea_jwt\"\n      revision = \
         {revision}\n      bound_claims = {{\n        repository = \"{{organization}}/{{app}}\"\n        ref        = \"{branch}\"\n      \
         }}\n    }}\n  }}\n",
        gates.lines()
    );
    let header = format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\nprovider \
         \"appenv\" {{\n  owner = \"{}\"\n{ci}}}\n",
        site.owner
    );
    site.ws.write("main.tf", &format!("{header}{blocks}"));
}

#[test]
fn a_shared_object_is_not_changed_from_another_env_without_leave() {
    let mut site = Site::on(&Arc::new(Servers::start()));
    let prod = block("prod", "erp", "prod", "");
    write(&site, &CREATES, 1, "refs/heads/main", &prod);
    site.ws.step();
    let servers = Arc::clone(&site.servers);
    let read =
        || servers.bao.api().get("auth/gitea_jwt/role/gitea_cicd_erp").unwrap()["data"].clone();
    let role = read();
    // Its own part is no production change.
    let sandbox = block("sandbox", "erp", "sandbox", "");
    write(&site, &CREATES, 1, "refs/heads/main", &format!("{prod}{sandbox}"));
    site.ws.step();
    // From a state of the sandbox alone.
    site.ws.state_rm("appenv_app_instance.prod");
    write(&site, &CREATES, 2, "refs/heads/any", &sandbox);
    let told = site.ws.plan_fails();
    let change = digest(&told, "erp/sandbox", "update");
    assert!(told.error().detail.contains("vault_ci_role"), "{told}");
    site.ws.apply_fails();
    assert_eq!(read(), role);
    // A gate that the sandbox's configuration opens is looser than production had it.
    let open = Gates { mode: "open", allow: &["create"], more: "" };
    write(&site, &open, 2, "refs/heads/any", &sandbox);
    let told = site.ws.plan_fails();
    assert_eq!(told.error().summary, "erp/sandbox: the gates are looser than they were", "{told}");
    write(&site, &CREATES, 2, "refs/heads/any", &sandbox);
    site.ws.set_env("APPENV_APPROVALS", &change);
    site.ws.step();
    assert_ne!(read(), role);
}

#[test]
fn the_owner_of_an_app_with_production_is_not_changed_from_another_env_without_leave() {
    let site = Site::shared().owned_by("team/gate-owner");
    let write = |owner: &str, blocks: &str| {
        let header = crate::site::header(owner, "", &CREATES.lines());
        site.ws.write("main.tf", &format!("{header}{blocks}"));
    };
    let (prod, sandbox) =
        (block("prod", "gate-owner", "prod", ""), block("sandbox", "gate-owner", "sandbox", ""));
    write(&site.owner, &format!("{prod}{sandbox}"));
    site.ws.step();
    site.ws.state_rm("appenv_app_instance.prod");
    write("team/taken", &sandbox);
    let told = site.ws.plan_fails();
    digest(&told, "gate-owner/sandbox", "update");
    assert!(
        told.error().detail.contains("hand over from owner team/gate-owner to team/taken"),
        "{told}"
    );
}
