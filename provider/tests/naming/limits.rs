// SPDX-License-Identifier: MPL-2.0
//! No name over a limit or outside an alphabet is ever derived, by a table of its own.

use appenv::naming::{Declared, Environments, Inputs, Names, ROWS, RowValue, Subject, check_name};
use proptest::prelude::*;

use super::super::{defaults, derive, env};

fn words(bytes: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,4}",
        Just("x".repeat(bytes)),
        Just("x".repeat(bytes - 1)),
    ]
    .prop_map(move |text| text.chars().take(bytes).collect::<String>())
    .prop_map(|text| text.trim_end_matches('-').to_owned())
}

fn label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn segments(text: &str, bytes: usize) -> bool {
    text.len() <= bytes
        && text.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        })
}

/// Whether the target of that name takes it.
fn allowed(key: &str, name: &str) -> bool {
    match key {
        "database" | "owner_role" => {
            name.len() <= 63
                && !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
                && match key {
                    "database" => !["postgres", "template0", "template1"].contains(&name),
                    _ => {
                        !["postgres", "public", "none"].contains(&name) && !name.starts_with("pg_")
                    }
                }
        }
        "runtime_policy" | "ops_policy" | "own_ops_policy" => {
            segments(name, 254)
                && !name.contains('/')
                && name == name.to_lowercase()
                && !["default", "root"].contains(&name)
        }
        "kubernetes_role" | "vault_database_role" | "ci_role" => {
            segments(name, 254) && !name.contains('/')
        }
        "instance" | "services" | "namespace" | "service_account" | "argocd_application" => {
            label(name) && name != "default" && !(key == "namespace" && name.starts_with("kube-"))
        }
        "dns_host" => name.len() <= 253 && name.split('.').all(label),
        "kv_path" => segments(name, 512) && !name.starts_with("appenv/"),
        "repository" => segments(name, 255),
        "values_file" => segments(name, 255) && !name.contains('/'),
        "state_prefix" => segments(name, 1024),
        "app_dir" | "secrets_dir" => {
            (name.starts_with('/') || name.starts_with("~/"))
                && name.len() <= 4095
                && name.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."))
                && name.split('/').all(|part| part.len() <= 255)
                && !name.chars().any(char::is_control)
        }
        "parameter_path" => {
            let Some(path) = name.strip_prefix('/') else { return false };
            segments(path, 1011) && !path.starts_with("aws") && !path.starts_with("ssm")
        }
        "iam_role" => {
            (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
        }
        "log_groups" => {
            name.len() <= 512
                && name.starts_with('/')
                && segments(&name[1..].replace('#', "_"), 511)
        }
        other => panic!("no limit known of {other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_derived_is_allowed(
        app in words(40),
        env in words(20),
        service in words(30),
        production: bool,
        organization in prop::option::of("[A-Za-z0-9._/-]{0,120}"),
        domain in prop::option::of("[a-zA-Z0-9-]{0,70}(\\.[a-z0-9-]{0,70}){0,3}"),
        root in prop::option::of("[~/.]{0,3}[a-z/. ]{0,20}|/[a-z]{200,300}|\\PC{0,10}|/.{0,20}"),
    ) {
        let declared = vec![Declared { name: env.clone(), production, apps: None }];
        let Ok(environments) = Environments::new("elided-v1", None, declared) else { return Ok(()) };
        let Ok(coordinate) = environments.coordinate(&app, &env) else { return Ok(()) };
        let inputs = Inputs { organization, domain, root };
        match Names::derive(&environments, &coordinate, &[service].into(), &inputs) {
            Err(errors) => prop_assert!(!errors.is_empty()),
            Ok(names) => for (key, value) in names.rows() {
                let values = match value {
                    RowValue::One(name) => name.into_iter().collect(),
                    RowValue::PerService(names) => names.values().map(String::as_str).collect::<Vec<_>>(),
                };
                for name in values {
                    prop_assert!(allowed(key, name), "{key} = {name:?}");
                }
            },
        }
    }

    #[test]
    fn what_is_checked_is_allowed(row in 0..ROWS.len(), name in prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9._/~-]{0,300}",
        "(/|~/)?[a-z_]{1,40}(/[a-z]{1,5}){0,16}",
        "(default|root|postgres|template|pg_|kube-|appenv|aws|ssm|public|none|/aws|/ssm|/appenv)[a-z0-9/-]{0,3}",
    ]) {
        let key = ROWS[row].key;
        if check_name(key, &name).is_ok() {
            prop_assert!(allowed(key, &name), "{key} = {name:?}");
        }
    }
}

#[test]
fn each_character_is_taken_only_where_its_target_takes_it() {
    let lead = ["", "a", "/a", "~/a", "/", "~/"];
    for key in ROWS.map(|row| row.key) {
        let mut taken = 0;
        for c in
            ('\0'..='\u{2ff}').chain(['\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{ff0f}'])
        {
            for (lead, tail) in lead.iter().flat_map(|lead| [(lead, ""), (lead, "a")]) {
                let name = format!("{lead}{c}{tail}");
                if check_name(key, &name).is_ok() {
                    assert!(allowed(key, &name), "{key} = {name:?}");
                    taken += 1;
                }
            }
        }
        assert!(taken > 30, "{key}: {taken}");
    }
}

#[test]
fn the_last_byte_counts() {
    for (key, limit, make) in [
        ("database", 63, (|n| "a".repeat(n)) as fn(usize) -> String),
        ("owner_role", 63, |n| "a".repeat(n)),
        ("namespace", 63, |n| "a".repeat(n)),
        ("services", 63, |n| "a".repeat(n)),
        ("runtime_policy", 254, |n| "a".repeat(n)),
        ("kubernetes_role", 254, |n| "a".repeat(n)),
        ("kv_path", 512, |n| {
            format!("{}/{}", "a".repeat(250), "b/".repeat(n)).split_at(n).0.to_owned()
        }),
        ("dns_host", 63, |n| "a".repeat(n)),
        ("dns_host", 253, |n| format!("{}{}", "a.".repeat(100), "b".repeat(n - 200))),
        ("values_file", 255, |n| "a".repeat(n)),
        ("app_dir", 256, |n| format!("/{}", "a".repeat(n - 1))),
        ("parameter_path", 782, |n| format!("/{}", "a".repeat(n - 1))),
        ("iam_role", 64, |n| "a".repeat(n)),
        ("log_groups", 512, |n| format!("/{}", "a".repeat(n - 1))),
        ("state_prefix", 255, |n| "a".repeat(n)),
        ("repository", 100, |n| "a".repeat(n)),
    ] {
        // A cut path may end in a slash; the letter in its place changes no length.
        let name = |n| make(n).strip_suffix('/').map_or_else(|| make(n), |cut| format!("{cut}c"));
        assert_eq!((name(limit).len(), name(limit + 1).len()), (limit, limit + 1), "{key}");
        check_name(key, &name(limit)).unwrap();
        let error = check_name(key, &name(limit + 1)).unwrap_err();
        assert_eq!(
            error.subject,
            Subject::Name(ROWS.iter().find(|row| row.key == key).unwrap().key)
        );
        assert!(error.summary.contains("too long"), "{}", error.summary);
    }
}

#[test]
fn bytes_are_counted_not_characters() {
    let error = check_name("app_dir", &format!("/{}", "\u{e9}".repeat(128))).unwrap_err();
    assert!(error.detail.contains("has 256 bytes"), "{}", error.detail);
}

#[test]
fn iam_is_the_first_target_that_two_long_words_overflow() {
    let declared = vec![env(&"e".repeat(20), false)];
    let environments = Environments::new("elided-v1", None, declared).unwrap();
    let errors = derive(&environments, &"a".repeat(40), &"e".repeat(20), &[]).unwrap_err();
    // 40 + 1 + 20 + 5 bytes; the owner role has as many.
    let subjects: Vec<_> = errors.into_iter().map(|error| error.subject).collect();
    assert_eq!(subjects, [Subject::Name("owner_role"), Subject::Name("iam_role")]);
}

#[test]
fn names_of_the_targets_themselves_are_never_derived() {
    for app in ["default", "root", "postgres", "kube-system", "template0", "aws-tools", "ssm"] {
        derive(&defaults(), app, "prod", &[]).unwrap_err();
    }
    for (key, names) in [
        (
            "database",
            &["postgres", "Postgres", "template0", "template_x", "pg_toast", "root", "default"][..],
        ),
        ("owner_role", &["public", "none", "PUBLIC", "pg_monitor", "postgres", "root"]),
        ("namespace", &["default", "kube-public"]),
        ("runtime_policy", &["default", "root"]),
        ("ops_policy", &["default", "root"]),
        ("kv_path", &["appenv", "appenv/erp", "../sys", "a//b", "a/./b", "/a", "a/"]),
        ("parameter_path", &["/aws/x", "/SSM-x", "/awsx", "/appenv/x", "a", "/a/", "//a", "/a b"]),
        (
            "app_dir",
            &["opt", "~", "~/", "/", "/opt/", "/opt/../etc", "/opt//x", "~root/x", "/a\u{202e}b"],
        ),
    ] {
        for name in names {
            assert!(check_name(key, name).is_err(), "{key} = {name}");
        }
    }
    check_name("database", "karmyq_prod").unwrap();
    check_name("parameter_path", &format!("/{}", ["a"; 14].join("/"))).unwrap();
    check_name("parameter_path", &format!("/{}", ["a"; 15].join("/"))).unwrap_err();
}
