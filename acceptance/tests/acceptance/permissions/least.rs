// SPDX-License-Identifier: MPL-2.0
//! That it is enough, and that each right of it is used: by the audit log of the server.

use acceptance::servers::Servers;
use acceptance::servers::postgres::Kind;
use acceptance::{Postgres, Workspace};

use super::policy::{Policy, Right, Token, lines, reaches};
use super::{Texts, login, make, workspace, write};

/// Rights that leave no trace of their own in the log, each with its reason.
pub const UNSEEN: [(&str, &str, &str); 3] = [
    (
        "sys/leases/lookup/",
        "sudo",
        "goes with `list`: the server asks for both (Root protected API endpoints)",
    ),
    ("sys/leases/revoke-prefix/", "sudo", "goes with `update`, likewise"),
    ("sys/policies/acl/appenv-*", "deny", "takes away: the policies of the provider's own tokens"),
];

pub fn is_unseen((path, word): &Right) -> bool {
    UNSEEN.iter().any(|(of, unseen, _)| path.starts_with(of) && word == unseen)
}

/// What comes with policy `default`.
const DEFAULT: [&str; 3] = ["auth/token/lookup-self", "sys/internal/ui/mounts", "sys/leases/renew"];

/// Every right is used, and what is used is a right.
fn is_exact(policy: &Policy, used: &[Right], run: &str) {
    let rights = policy.rights();
    let of =
        |right: &Right| used.iter().any(|(path, word)| *word == right.1 && reaches(&right.0, path));
    let idle: Vec<_> = rights.iter().filter(|right| !is_unseen(right) && !of(right)).collect();
    assert!(idle.is_empty(), "{run}: nothing uses {idle:#?}");
    for (path, word) in used.iter().filter(|(path, _)| !DEFAULT.contains(&path.as_str())) {
        let reached = rights.iter().any(|right| right.1 == *word && reaches(&right.0, path));
        assert!(reached, "{run}: {word} at {path} is in no stanza");
    }
}

/// A whole life with the rights to apply, and plans with those to plan. Moves the secrets where they may be moved.
fn lives(texts: &Texts, servers: &Servers, renames: bool) {
    make(servers, "appenv_apply", &texts.apply.sql);
    let mut ws = workspace(servers);
    let apply = Token::new(&servers.bao, "least-apply", &texts.apply.policy);
    login(&mut ws, "appenv_apply", &apply.secret);
    let applies = |ws: &Workspace| {
        ws.apply();
        ws.is_settled();
    };
    applies(&ws);
    write(&ws, "erp", 2);
    applies(&ws);

    make(servers, "appenv_plan", &texts.plan.sql);
    let plan = Token::new(&servers.bao, "least-plan", &texts.plan.policy);
    login(&mut ws, "appenv_plan", &plan.secret);
    let from = lines(&servers.bao);
    ws.is_settled();
    write(&ws, "erp", 3);
    if renames {
        let names = "  names {\n    kv_path = \"erp_new/config\"\n  }\n\n";
        let moved = super::erp("erp", 3)
            .replace("  database {", &format!("{names}  database {{"))
            .replace("  key  ", &format!("{names}  key  "));
        ws.write("main.tf", &moved);
    }
    ws.has_changes();
    is_exact(&texts.plan.policy, &plan.used(from), "plan");

    login(&mut ws, "appenv_apply", &apply.secret);
    applies(&ws);
    ws.destroy();
    // Leases are revoked by force; without it they are looked for.
    write(&ws, "erp", super::GENTLE);
    ws.apply();
    ws.destroy();
    is_exact(&texts.apply.policy, &apply.used(0), "apply");
}

#[test]
fn of_one_instance_they_are_enough_and_no_more() {
    let texts = Texts::of(super::ERP);
    for kind in Kind::all() {
        lives(&texts, &Servers::on(Postgres::start_on(&kind)), false);
    }
}

#[test]
fn of_any_instance_they_are_enough_and_no_more() {
    let texts = Texts::of("  renames = true\n  credentials = true\n  force_disconnect = true\n");
    lives(&texts, &Servers::start(), true);
}
