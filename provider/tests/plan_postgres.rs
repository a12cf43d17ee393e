// SPDX-License-Identifier: MPL-2.0
//! PostgreSQL: what was seen against the wish, as tables.

#![allow(clippy::unwrap_used)]

use appenv::plan::Marker;
use appenv::plan::postgres::{
    Blocked, Effect, EndedLogin, Login, PostgresWish, RoleAttribute, Seen, SeenDatabase,
    SeenMembership, SeenRole, SeenVaultLogin, effects, objects, occupied,
};

fn marker() -> Marker {
    Marker { app: "erp".to_owned(), env: "sandbox".to_owned(), owner: "arcodange/erp".to_owned() }
}

fn wish() -> PostgresWish {
    PostgresWish {
        database: "erp-sandbox".to_owned(),
        owner_role: "erp_sandbox_role".to_owned(),
        owner_role_shared: false,
        connection_limit: 20,
        extensions: ["cube", "hstore"].map(str::to_owned).into(),
        encoding: Some("UTF8".to_owned()),
        locale: Some("en_US.UTF-8".to_owned()),
        template: "template0".to_owned(),
        vault_login: Some("vault".to_owned()),
        keep_until: None,
        over: [].into(),
    }
}

const WHOLE: SeenMembership = SeenMembership { admin: true, set: true, inherit: true };

/// A whole instance, seen by a login with CREATEROLE.
fn whole() -> Seen {
    Seen {
        login: Login {
            name: "prov".to_owned(),
            superuser: false,
            createrole: true,
            createdb: true,
            version: 180_006,
        },
        role: Some(SeenRole {
            comment: Some(marker().line()),
            ours: Some(WHOLE),
            ..SeenRole::default()
        }),
        database: Some(SeenDatabase {
            owner: "erp_sandbox_role".to_owned(),
            connection_limit: 20,
            allow_connections: true,
            comment: Some(marker().line()),
            encoding: "UTF8".to_owned(),
            encoding_wished: Some("UTF8".to_owned()),
            collate: "en_US.utf8".to_owned(),
            ctype: "en_US.utf8".to_owned(),
            provider_locale: None,
            public: Vec::new(),
        }),
        vault_login: Some(SeenVaultLogin { superuser: false, membership: Some(WHOLE) }),
        ended: Vec::new(),
        extensions: Some(["cube", "hstore", "plpgsql"].map(str::to_owned).into()),
    }
}

/// What differs, as `object: state` lines.
fn told(seen: &Seen) -> Vec<String> {
    objects(&wish(), &marker(), seen)
        .into_iter()
        .filter(|(_, state)| state.to_string() != "ok")
        .map(|(object, state)| format!("{object}: {state}"))
        .collect()
}

fn done(seen: &Seen) -> Vec<Effect> {
    effects(&wish(), &marker(), seen).unwrap()
}

#[test]
fn a_whole_instance_is_ok_and_wants_nothing() {
    assert_eq!(told(&whole()), Vec::<String>::new());
    assert_eq!(done(&whole()), []);
    let names: Vec<String> = objects(&wish(), &marker(), &whole()).into_keys().collect();
    assert_eq!(
        names,
        [
            "postgres_database",
            "postgres_ended_logins",
            "postgres_extension_cube",
            "postgres_extension_hstore",
            "postgres_owner_role",
            "postgres_public_access",
            "postgres_vault_login",
        ]
    );
}

#[test]
fn from_nothing_everything_is_made_in_order() {
    let seen = Seen {
        role: None,
        database: None,
        extensions: None,
        vault_login: Some(SeenVaultLogin::default()),
        ..whole()
    };
    assert_eq!(
        done(&seen),
        [
            Effect::CreateRole,
            Effect::JoinRole,
            Effect::CreateDatabase,
            Effect::RevokePublic,
            Effect::CommentDatabase,
            Effect::ConfigureDatabase,
            Effect::GrantVaultLogin,
        ]
    );
    assert_eq!(
        told(&seen),
        [
            "postgres_database: missing",
            "postgres_extension_cube: missing",
            "postgres_extension_hstore: missing",
            "postgres_owner_role: missing",
            "postgres_public_access: missing",
            "postgres_vault_login: missing",
        ]
    );
}

/// One change by hand, what is told of it, and what mends it.
type Row = (fn(&mut Seen), &'static [&'static str], fn() -> Vec<Effect>);

fn role(seen: &mut Seen) -> &mut SeenRole {
    seen.role.as_mut().unwrap()
}

fn database(seen: &mut Seen) -> &mut SeenDatabase {
    seen.database.as_mut().unwrap()
}

#[test]
fn each_difference_has_its_phrase_and_its_effect() {
    let rows: &[Row] = &[
        (
            |seen| role(seen).login = true,
            &["postgres_owner_role: differs: can log in"],
            || vec![Effect::StripRole(vec![RoleAttribute::Login])],
        ),
        (
            |seen| {
                role(seen).createrole = true;
                role(seen).createdb = true;
                role(seen).replication = true;
                role(seen).bypassrls = true;
            },
            &[
                "postgres_owner_role: differs: may create roles; may create databases; may replicate; \
               bypasses row level security",
            ],
            || {
                vec![Effect::StripRole(vec![
                    RoleAttribute::CreateRole,
                    RoleAttribute::CreateDb,
                    RoleAttribute::Replication,
                    RoleAttribute::BypassRls,
                ])]
            },
        ),
        (
            |seen| role(seen).comment = None,
            &["postgres_owner_role: differs: has no comment"],
            || vec![Effect::CommentRole],
        ),
        (|seen| role(seen).ours = None, &[], || vec![Effect::JoinRole]),
        (
            |seen| role(seen).ours = Some(SeenMembership { inherit: false, ..WHOLE }),
            &[],
            || vec![Effect::JoinRole],
        ),
        (
            |seen| {
                role(seen).ours = None;
                seen.login.superuser = true;
            },
            &[],
            Vec::new,
        ),
        (
            |seen| database(seen).owner = "karl".to_owned(),
            &["postgres_database: differs: owner is \"karl\""],
            || vec![Effect::OwnDatabase],
        ),
        (
            |seen| database(seen).connection_limit = 77,
            &["postgres_database: differs: connection_limit is 77"],
            || vec![Effect::ConfigureDatabase],
        ),
        (
            |seen| database(seen).allow_connections = false,
            &["postgres_database: differs: connections are not allowed"],
            || vec![Effect::ConfigureDatabase],
        ),
        (
            |seen| database(seen).comment = Some("a\u{202e}b".to_owned()),
            &["postgres_database: differs: comment is \"a\\u{202e}b\""],
            || vec![Effect::CommentDatabase],
        ),
        (
            |seen| database(seen).public = vec!["CONNECT".to_owned(), "TEMPORARY".to_owned()],
            &["postgres_public_access: differs: PUBLIC may CONNECT, TEMPORARY"],
            || vec![Effect::RevokePublic],
        ),
        (
            |seen| database(seen).encoding = "SQL_ASCII".to_owned(),
            &[
                "postgres_database: differs: encoding is \"SQL_ASCII\", \"UTF8\" needs a dump and restore",
            ],
            Vec::new,
        ),
        (
            |seen| database(seen).collate = "C".to_owned(),
            &[
                "postgres_database: differs: locale is \"C\", \"en_US.UTF-8\" needs a dump and restore",
            ],
            Vec::new,
        ),
        (
            |seen| {
                database(seen).collate = "C".to_owned();
                database(seen).provider_locale = Some("en-US.UTF-8".to_owned());
            },
            &[
                "postgres_database: differs: locale is \"en-US.UTF-8\", \"en_US.UTF-8\" needs a dump \
               and restore",
            ],
            Vec::new,
        ),
        (
            |seen| seen.vault_login = Some(SeenVaultLogin::default()),
            &["postgres_vault_login: missing"],
            || vec![Effect::GrantVaultLogin],
        ),
        (
            |seen| {
                seen.vault_login = Some(SeenVaultLogin {
                    superuser: false,
                    membership: Some(SeenMembership { admin: false, ..WHOLE }),
                });
            },
            &["postgres_vault_login: differs: \"vault\" has no admin option"],
            || vec![Effect::GrantVaultLogin],
        ),
        (
            |seen| {
                seen.vault_login = Some(SeenVaultLogin { superuser: true, membership: None });
            },
            &[],
            Vec::new,
        ),
        (
            |seen| seen.extensions = Some(["cube".to_owned()].into()),
            &["postgres_extension_hstore: missing"],
            || vec![Effect::CreateExtension("hstore".to_owned())],
        ),
        (
            |seen| {
                seen.ended = vec![EndedLogin { name: "v-1".to_owned(), here: 2, elsewhere: 0 }];
            },
            &["postgres_ended_logins: differs: v-1 still owns 2 objects"],
            || vec![Effect::SettleEndedLogin("v-1".to_owned())],
        ),
        (
            |seen| {
                seen.ended = vec![EndedLogin { name: "v-1".to_owned(), here: 1, elsewhere: 3 }];
            },
            &[
                "postgres_ended_logins: differs: v-1 still owns 1 object and 3 objects outside database \
               \"erp-sandbox\"",
            ],
            Vec::new,
        ),
    ];
    for (at, (change, phrases, mends)) in rows.iter().enumerate() {
        let mut seen = whole();
        change(&mut seen);
        assert_eq!(told(&seen), *phrases, "row {at}");
        assert_eq!(done(&seen), mends(), "row {at}");
    }
}

#[test]
fn what_was_not_seen_is_left_out() {
    let seen = Seen { extensions: None, ..whole() };
    let objects = objects(&wish(), &marker(), &seen);
    assert!(!objects.keys().any(|object| object.starts_with("postgres_extension_")));
    assert_eq!(done(&seen), []);
}

#[test]
fn without_vault_there_is_no_object_of_it() {
    let wish = PostgresWish { vault_login: None, ..wish() };
    let seen = Seen { vault_login: None, ..whole() };
    assert!(!objects(&wish, &marker(), &seen).contains_key("postgres_vault_login"));
    assert_eq!(effects(&wish, &marker(), &seen), Ok(Vec::new()));
}

#[test]
fn many_ended_logins_are_counted() {
    let login = |at| EndedLogin { name: format!("v-{at}"), here: 1, elsewhere: 0 };
    let seen = Seen { ended: (0..16_867).map(login).collect(), ..whole() };
    let [line] = <[String; 1]>::try_from(told(&seen)).unwrap();
    assert!(line.ends_with("v-4 still owns 1 object; and 16862 more logins own objects"), "{line}");
}

#[test]
fn nothing_is_done_to_a_superuser_or_for_a_login_that_is_not_there() {
    let mut seen = whole();
    role(&mut seen).superuser = true;
    assert_eq!(effects(&wish(), &marker(), &seen), Err(Blocked::SuperuserRole));
    let seen = Seen { vault_login: None, ..whole() };
    let missing = Blocked::VaultLoginMissing("vault".to_owned());
    assert_eq!(effects(&wish(), &marker(), &seen), Err(missing));
    assert_eq!(told(&seen), ["postgres_vault_login: differs: login \"vault\" does not exist"]);
}

#[test]
fn a_shared_role_is_marked_for_the_app_alone() {
    let wish = PostgresWish { owner_role_shared: true, ..wish() };
    let line = "appenv:v1 app=erp owner=arcodange/erp";
    assert_eq!(wish.role_comment(&marker()), line);
    let mut seen = whole();
    role(&mut seen).comment = Some(line.to_owned());
    assert_eq!(effects(&wish, &marker(), &seen), Ok(Vec::new()));
}

#[test]
fn what_is_in_the_way_is_described_by_its_comment() {
    let mut seen = whole();
    database(&mut seen).comment = Some("the books".to_owned());
    assert_eq!(
        occupied(&wish(), &seen),
        [
            "role \"erp_sandbox_role\" (marked app=\"erp\" env=\"sandbox\" owner=\"arcodange/erp\")",
            "database \"erp-sandbox\" (owned by role \"erp_sandbox_role\", no marker; its comment is \
             \"the books\")",
        ]
    );
    assert!(occupied(&wish(), &Seen { role: None, database: None, ..whole() }).is_empty());
}
