// SPDX-License-Identifier: MPL-2.0
//! Each right taken away by itself: an error names what is missing.

use acceptance::servers::Servers;
use acceptance::{Diagnostics, Workspace};

use super::least::is_unseen;
use super::policy::{Right, Token, lines};
use super::{Texts, login, make, workspace, write};

/// Rights without which a run goes on, each with its reason.
const GOES_ON: [(&str, &str, &str); 1] = [(
    "sys/leases/lookup/",
    "list",
    "who may not see leases cannot know whether any are out, and the delete is not kept for it",
)];

fn goes_on((path, word): &Right) -> bool {
    GOES_ON.iter().any(|(of, right, _)| path.starts_with(of) && word == right)
}

/// Fails the test where what is said does not name the right.
fn named(told: &Diagnostics, (path, word): &Right) {
    // A lease has an id below the path.
    let path = path.trim_end_matches('*');
    assert!(
        told.say(&format!("path \"{path}")) && told.say(&format!("\"{word}\"")),
        "{word} at {path} is missing, and is not named:\n{told}"
    );
    assert!(told.say("Next:"), "{told}");
}

#[test]
fn each_right_of_a_plan_is_named_where_it_is_missing() {
    let texts = Texts::of(super::ERP);
    let servers = Servers::start();
    let mut ws = workspace(&servers);
    ws.apply();
    make(&servers, "appenv_plan", &texts.plan.sql);
    let token = Token::new(&servers.bao, "plan", &texts.plan.policy);
    login(&mut ws, "appenv_plan", &token.secret);
    ws.is_settled();
    for right in texts.plan.policy.rights() {
        token.may(&texts.plan.policy.without(&right));
        named(&ws.plan_fails(), &right);
    }
    token.may(&texts.plan.policy);
    let grants: Vec<_> = texts.plan.sql.lines().filter(|line| line.starts_with("GRANT ")).collect();
    assert_eq!(grants.len(), 4);
    for grant in grants {
        servers.pg.sql(&grant.replace("GRANT ", "REVOKE ").replace(" TO ", " FROM "));
        let told = ws.plan_fails();
        // Of the schema's tables it names all, since a login that lacks one may lack the others.
        let named = if grant.contains(" SCHEMA ") {
            grant
        } else {
            "GRANT SELECT ON ALL TABLES IN SCHEMA appenv TO"
        };
        assert!(told.say(named.trim_end_matches(';')), "{grant}\n{told}");
        servers.pg.sql(grant);
    }
    ws.is_settled();
}

/// The parts of an instance's life.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Create,
    Change,
    Destroy,
}

#[test]
fn each_right_of_an_apply_is_named_where_it_is_missing() {
    let texts = Texts::of(super::ERP);
    let policy = &texts.apply.policy;
    let planned = texts.plan.policy.rights();
    let rights: Vec<_> =
        policy.rights().into_iter().filter(|right| !planned.contains(right)).collect();
    let parts = parts(&texts);
    let of = |part| -> Vec<Right> {
        let of = |(path, word): &&Right| {
            let used = parts.iter().find(|(used, _)| {
                super::policy::reaches(path, &used.0) && (*word == used.1 || *word == "sudo")
            });
            used.is_some_and(|(_, first)| *first == part)
        };
        let mut of: Vec<_> = rights.iter().filter(of).cloned().collect();
        // What all instances share is made once: by the first that gets so far.
        of.sort_by_key(|(path, _)| {
            !path.contains("/appenv/_registry") && !path.contains("/appenv/_floors")
        });
        of
    };
    let servers = Servers::start();
    make(&servers, "appenv_apply", &texts.apply.sql);
    let token = Token::new(&servers.bao, "apply", policy);
    let mut tried = Vec::new();

    // A create leaves a part of itself, so each is of another app, whose name is in the place of the first's.
    for (number, right) in of(Part::Create).into_iter().enumerate() {
        let app = format!("app{number}");
        let mut ws = workspace(&servers);
        login(&mut ws, "appenv_apply", &token.secret);
        write(&ws, &app, 1);
        let less = policy.without(&right).map(|path| for_app(path, &app));
        token.may(&less);
        named(&ws.apply_fails(), &(for_app(&right.0, &app), right.1.clone()));
        tried.push(right);
    }

    token.may(policy);
    let mut ws = workspace(&servers);
    login(&mut ws, "appenv_apply", &token.secret);
    ws.apply();
    let mut number = 1;
    for right in of(Part::Change) {
        number += 1;
        write(&ws, "erp", number);
        token.may(&policy.without(&right));
        named(&ws.apply_fails(), &right);
        token.may(policy);
        ws.apply();
        tried.push(right);
    }
    for right in
        of(Part::Destroy).into_iter().filter(|right| !goes_on(right) && !is_unseen_list(right))
    {
        token.may(&policy.without(&right));
        named(&ws.destroy_fails(), &right);
        token.may(policy);
        ws.destroy();
        ws.apply();
        tried.push(right);
    }
    ws.destroy();
    let missed: Vec<_> = rights
        .iter()
        .filter(|right| !tried.contains(right) && !goes_on(right) && !is_unseen_list(right))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Of what a run goes on without, the second word.
fn is_unseen_list(right: &Right) -> bool {
    is_unseen(right) && right.0.starts_with("sys/leases/lookup/")
}

/// The path that another app has in the place of `erp`'s.
fn for_app(path: &str, app: &str) -> String {
    let of = |segment: &str| match segment {
        "erp" => app.to_owned(),
        "erp-ops" => format!("{app}-ops"),
        "gitea_cicd_erp" => format!("gitea_cicd_{app}"),
        other => other.to_owned(),
    };
    path.split('/').map(of).collect::<Vec<_>>().join("/")
}

/// What is used, and in which part of a life first.
fn parts(texts: &Texts) -> Vec<(Right, Part)> {
    let servers = Servers::start();
    make(&servers, "appenv_apply", &texts.apply.sql);
    let token = Token::new(&servers.bao, "whole", &texts.apply.policy);
    let mut ws = workspace(&servers);
    login(&mut ws, "appenv_apply", &token.secret);
    let mut parts = Vec::new();
    let mut run = |part: Part, work: &dyn Fn(&Workspace)| {
        let from = lines(&servers.bao);
        work(&ws);
        parts.extend(token.used(from).into_iter().map(|right| (right, part)));
    };
    run(Part::Create, &|ws| drop(ws.apply()));
    run(Part::Change, &|ws| {
        write(ws, "erp", 2);
        ws.apply();
    });
    run(Part::Destroy, &|ws| drop(ws.destroy()));
    parts
}
